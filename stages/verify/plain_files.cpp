#include "stages/verify/plain_files.h"

#include <algorithm>

namespace recto::verify {

namespace {

void gather(FileSystem& fs, const std::string& folder, const std::string& relative, int depth, const char* link_code,
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
        else if (s->is_symlink) issues.error(path, link_code);
        else if (s->is_directory) gather(fs, folder, path, depth + 1, link_code, files, issues);
        else files.emplace(path, s->size);
    }
}

} // namespace

bool leads_outside(std::string_view path) {
    if (path.empty() || path.front() == '/') return true;
    for (std::size_t from = 0; from <= path.size();) {
        const std::size_t slash = std::min(path.find('/', from), path.size());
        const std::string_view part = path.substr(from, slash - from);
        if (part.empty() || part == "." || part == "..") return true;
        from = slash + 1;
    }
    return false;
}

std::map<std::string, std::uint64_t> plain_files(FileSystem& fs, const std::string& folder, const char* link_code,
                                                 Issues& issues) {
    std::map<std::string, std::uint64_t> files;
    gather(fs, folder, "", 0, link_code, files, issues);
    return files;
}

} // namespace recto::verify
