#include "stages/verify/folder_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "pipeline/files/link_table.h"
#include "stages/verify/checksums.h"

namespace recto::verify {

namespace {

bool climbs_out(std::string_view path) {
    if (path.empty() || path.front() == '/') return true;
    for (std::size_t from = 0; from <= path.size();) {
        const std::size_t slash = std::min(path.find('/', from), path.size());
        const std::string_view part = path.substr(from, slash - from);
        if (part.empty() || part == "." || part == "..") return true;
        from = slash + 1;
    }
    return false;
}

/// All files below, by their paths from there, with sizes.
void walk(FileSystem& fs, const std::string& folder, const std::string& relative, int depth,
          std::map<std::string, std::uint64_t>& files, Issues& issues) {
    const auto names = fs.list(join_path(folder, relative));
    if (!names || depth > 8) {
        issues.error(relative, "unreadable", names ? "too deep" : names.error().reason);
        return;
    }
    for (const std::string& name : *names) {
        const std::string path = relative.empty() ? name : join_path(relative, name);
        const auto s = fs.stat(join_path(folder, path));
        if (!s) issues.error(path, "unreadable", s.error().reason);
        else if (s->is_symlink) issues.error(path, "folder.link");
        else if (s->is_directory) walk(fs, folder, path, depth + 1, files, issues);
        else files.emplace(path, s->size);
    }
}

} // namespace

void check_folder(FileSystem& fs, const std::string& folder, const BagCheckOptions& options, Report& report,
                  Issues& issues) {
    ++report.objects;
    const auto bytes = fs.read(join_path(folder, kLinksFile));
    if (!bytes) return issues.error(std::string(kLinksFile), "unreadable", bytes.error().reason);
    const auto rows = read_links(*bytes, std::string(kLinksFile));
    if (!rows) return issues.error(std::string(kLinksFile), "folder.table", rows.error().reason);
    std::map<std::string, std::uint64_t> files;
    walk(fs, folder, "", 0, files, issues);

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
        if (climbs_out(path)) {
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
