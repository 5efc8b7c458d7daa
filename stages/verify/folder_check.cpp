#include "stages/verify/folder_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "pipeline/files/link_table.h"
#include "stages/verify/checksums.h"
#include "stages/verify/plain_files.h"

namespace recto::verify {

void check_folder(FileSystem& fs, const std::string& folder, const BagCheckOptions& options, Report& report,
                  Issues& issues) {
    ++report.objects;
    const auto bytes = fs.read(join_path(folder, kLinksFile));
    if (!bytes) return issues.error(std::string(kLinksFile), "unreadable", bytes.error().reason);
    const auto rows = read_links(*bytes, std::string(kLinksFile));
    if (!rows) return issues.error(std::string(kLinksFile), "folder.table", rows.error().reason);
    const std::map<std::string, std::uint64_t> files = plain_files(fs, folder, "folder.link", issues);

    // Paths are told from the folder of all packages; in one package by itself they go on behind its name.
    std::string prefix;
    if (std::ranges::none_of(*rows, [&](const LinkRow& r) { return files.contains(r.file); })) {
        for (const LinkRow& row : *rows)
            for (std::size_t slash = row.file.find('/'); slash != std::string::npos && prefix.empty();
                 slash = row.file.find('/', slash + 1))
                if (files.contains(row.file.substr(slash + 1))) prefix = row.file.substr(0, slash + 1);
    }
    std::set<std::string> named;
    std::vector<ChecksumJob> jobs;
    std::vector<std::pair<std::string, const LinkRow*>> claims; // of each job: path and row
    for (const LinkRow& row : *rows) {
        const std::string path = row.file.starts_with(prefix) ? row.file.substr(prefix.size()) : row.file;
        if (leads_outside(path)) {
            issues.error(std::string(kLinksFile), "folder.outside", row.file);
            continue;
        }
        if (!named.insert(path).second) issues.error(path, "folder.twice");
        const auto at = files.find(path);
        if (at == files.end()) {
            issues.error(path, "folder.missing", row.code);
            continue;
        }
        ++report.files;
        report.bytes += at->second;
        if (at->second != row.size)
            issues.error(path, "folder.size", std::to_string(row.size), std::to_string(at->second));
        jobs.push_back({join_path(folder, path), {"sha512"}, {}, 0});
        claims.emplace_back(path, &row);
    }
    for (const auto& [path, size] : files) {
        const bool table = path == kLinksFile || path.ends_with("/" + std::string(kLinksFile));
        if (!table && !named.contains(path)) issues.error(path, "folder.unlisted");
    }
    if (!options.digests) return;
    run_checksums(fs, jobs, options.threads);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const auto& [path, row] = claims[i];
        if (!jobs[i].values) issues.error(path, "unreadable", jobs[i].values.error().reason);
        else if (jobs[i].values->front() != row->sha512)
            issues.error(path, "folder.digest", row->sha512, jobs[i].values->front());
    }
}

} // namespace recto::verify
