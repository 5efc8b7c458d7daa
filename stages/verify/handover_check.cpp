#include "stages/verify/handover_check.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "pipeline/files/handover_names.h"
#include "stages/verify/checksums.h"
#include "stages/verify/plain_files.h"
#include "stages/verify/xml_check.h"

namespace recto::verify {

namespace {

struct Entry {
    std::string number, code, name;
};

std::string child_text(const xmlNode* node, const char* name) {
    for (const xmlNode* child = node->children; child != nullptr; child = child->next)
        if (xml_named(child, name) && child->children != nullptr && child->children->content != nullptr)
            return reinterpret_cast<const char*>(child->children->content);
    return "";
}

/// Rows of the catalogue, also those within a volume.
void entries_of(const xmlNode* node, std::vector<Entry>& out) {
    for (const xmlNode* child = node->children; child != nullptr; child = child->next) {
        if (xml_named(child, "文件"))
            out.push_back({child_text(child, "顺序号"), child_text(child, "档号"), child_text(child, "电子档案名称")});
        else if (xml_named(child, "案卷")) entries_of(child, out);
    }
}

void check_catalogue(FileSystem& fs, const std::string& folder, const std::map<std::string, std::uint64_t>& files,
                     Report& report, Issues& issues) {
    const std::string name(files.contains(std::string(kHandoverVolumes)) ? kHandoverVolumes : kHandoverItems);
    const auto bytes = fs.read(join_path(folder, name));
    if (!bytes) return issues.error(name, "handover.catalogue", bytes.error().reason);
    const auto doc = parse_xml(*bytes, name);
    if (!doc) return issues.error(name, "handover.catalogue", doc.error().reason);
    ++report.xml_files;
    std::vector<Entry> entries;
    if (const xmlNode* root = xmlDocGetRootElement(doc->get())) entries_of(root, entries);
    if (entries.empty()) return issues.error(name, "handover.catalogue", "no entry");
    std::set<std::string> unnamed; // records that no entry has named yet
    for (const auto& [path, size] : files)
        if (path.starts_with(std::string(kHandoverRecords) + "/")) unnamed.insert(path);
    long before = 0;
    for (const Entry& entry : entries) {
        const long number = std::strtol(entry.number.c_str(), nullptr, 10);
        if (number < 1 || (before != 0 && number != before + 1))
            issues.error(name, "handover.order", entry.number, std::to_string(before));
        before = number;
        if (leads_outside(entry.name)) {
            issues.error(name, "handover.outside", entry.name);
            continue;
        }
        ++report.objects;
        // A file, or a folder of files.
        std::size_t found = unnamed.erase(entry.name);
        const std::string below = entry.name + "/";
        for (auto at = unnamed.lower_bound(below); at != unnamed.end() && at->starts_with(below); ++found)
            at = unnamed.erase(at);
        if (found == 0) issues.error(name, "handover.no_record", entry.code, entry.name);
    }
    for (const std::string& path : unnamed) issues.error(path, "handover.no_entry");
}

} // namespace

bool is_handover(const std::vector<std::string>& names) {
    const auto has = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
    return has(kHandoverRecords) && (has(kHandoverItems) || has(kHandoverVolumes) || has(kHandoverNotes));
}

void check_handover(FileSystem& fs, const std::string& folder, const BagCheckOptions& options, Report& report,
                    Issues& issues) {
    const auto files = plain_files(fs, folder, "handover.link", issues);
    if (!files.contains(std::string(kHandoverNotes))) issues.error(std::string(kHandoverNotes), "handover.no_notes");
    check_catalogue(fs, folder, files, report, issues);

    const std::string begin = join_path(std::string(kHandoverOther), std::string(kHandoverListBegin));
    std::string list, algorithm;
    for (auto at = files.lower_bound(begin); at != files.end() && at->first.starts_with(begin); ++at)
        if (at->first.ends_with(kHandoverListEnd)) {
            list = at->first;
            algorithm = list.substr(begin.size(), list.size() - begin.size() - kHandoverListEnd.size());
        }
    if (list.empty() || checksum_length(algorithm) == 0)
        return issues.error(join_path(std::string(kHandoverOther), "digests-*.txt"), "handover.digests", algorithm);
    const auto lines = fs.read(join_path(folder, list));
    if (!lines) return issues.error(list, "handover.digests", lines.error().reason);
    std::set<std::string> named{list};
    std::vector<ChecksumJob> jobs;
    std::vector<std::pair<std::string, std::string>> claims; // of each job: path and digest
    for (std::size_t from = 0; from < lines->size();) {
        const std::size_t end = std::min(lines->find('\n', from), lines->size());
        const std::string line = lines->substr(from, end - from);
        from = end + 1;
        const std::size_t length = checksum_length(algorithm);
        if (line.size() < length + 3 || line.compare(length, 2, "  ") != 0) {
            issues.error(list, "handover.digests", line.substr(0, 80));
            continue;
        }
        const std::string path = line.substr(length + 2);
        if (leads_outside(path)) {
            issues.error(list, "handover.outside", path);
            continue;
        }
        named.insert(path);
        const auto at = files.find(path);
        if (at == files.end()) {
            issues.error(path, "handover.missing");
            continue;
        }
        ++report.files;
        report.bytes += at->second;
        jobs.push_back({join_path(folder, path), {algorithm}, {}, 0});
        claims.emplace_back(path, line.substr(0, length));
    }
    for (const auto& [path, size] : files)
        if (!named.contains(path)) issues.error(path, "handover.unlisted");
    if (!options.digests) return;
    run_checksums(fs, jobs, options.threads);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const auto& [path, digest] = claims[i];
        if (!jobs[i].values) issues.error(path, "unreadable", jobs[i].values.error().reason);
        else if (jobs[i].values->front() != digest)
            issues.error(path, "handover.digest", digest, jobs[i].values->front());
    }
}

} // namespace recto::verify
