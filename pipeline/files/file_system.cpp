// What every file system can do by the calls of its interface, and paths.

#include "pipeline/files/file_system.h"

#include <algorithm>
#include <atomic>

#include <unistd.h>

namespace recto {
namespace {

Result<void> list_files_into(FileSystem& fs, const std::string& folder, const std::string& prefix,
                             std::vector<std::string>& out, int depth) {
    if (depth > 256) return fail("io.read", "folders nested too deep", folder);
    RECTO_ASSIGN(const auto names, fs.list(folder));
    for (const std::string& name : names) {
        const std::string path = join_path(folder, name);
        RECTO_ASSIGN(const FileStat s, fs.stat(path));
        const std::string relative = prefix.empty() ? name : prefix + "/" + name;
        if (s.is_directory && !s.is_symlink) RECTO_TRY(list_files_into(fs, path, relative, out, depth + 1));
        else out.push_back(relative);
    }
    return {};
}

} // namespace

Result<void> FileSystem::sync_all(std::span<const std::string> paths) {
    for (const std::string& path : paths) RECTO_TRY(sync(path));
    return {};
}

Result<void> FileSystem::read_blocks(const std::string& path, const std::function<void(std::string_view)>& visit) {
    RECTO_ASSIGN(const std::string bytes, read(path));
    visit(bytes);
    return {};
}

Result<std::vector<std::string>> FileSystem::digests(const std::string& path, std::span<const DigestAlgorithm> kinds) {
    std::vector<std::string> list;
    for (const DigestAlgorithm kind : kinds) {
        RECTO_ASSIGN(std::string hex, digest(path, kind));
        list.push_back(std::move(hex));
    }
    return list;
}

Result<std::vector<std::string>> FileSystem::copy(const std::string& from, const std::string& to,
                                                  std::span<const DigestAlgorithm> kinds) {
    if (kinds.empty()) return fail("io.write", "no digest asked for", to);
    RECTO_ASSIGN(std::string first, copy(from, to, kinds[0]));
    RECTO_ASSIGN(auto rest, digests(to, kinds.subspan(1)));
    rest.insert(rest.begin(), std::move(first));
    return rest;
}

Result<FileSystemKind> FileSystem::kind(const std::string&) { return FileSystemKind{}; }

Result<void> refuse_network_file_system(FileSystem& fs, const std::string& folder) {
    RECTO_ASSIGN(const FileSystemKind kind, fs.kind(folder));
    if (kind.network) return fail("store.network_file_system", "the folder lies on " + kind.name, folder);
    return {};
}

Result<void> write_atomically(FileSystem& fs, const std::string& path, std::string_view bytes) {
    static std::atomic<unsigned> counter{0};
    const std::string temporary = path + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    auto step = fs.write(temporary, bytes);
    if (step) step = fs.sync(temporary);
    if (step) step = fs.rename(temporary, path);
    if (!step) {
        (void)fs.remove(temporary);
        return step;
    }
    return fs.sync(parent_path(path).empty() ? "." : parent_path(path));
}

Result<void> make_folders(FileSystem& fs, const std::string& path, std::vector<std::string>& to_sync) {
    std::vector<std::string> fresh;
    for (std::string at = path; !at.empty() && at != "/"; at = parent_path(at)) {
        RECTO_ASSIGN(const FileStat s, fs.stat(at));
        if (s.exists) break;
        fresh.push_back(at);
    }
    RECTO_TRY(fs.make_folders(path));
    for (auto at = fresh.rbegin(); at != fresh.rend(); ++at) {
        const std::string parent = parent_path(*at);
        to_sync.push_back(parent.empty() ? "." : parent);
    }
    return {};
}

Result<void> make_folders_synced(FileSystem& fs, const std::string& path) {
    std::vector<std::string> parents;
    RECTO_TRY(make_folders(fs, path, parents));
    return fs.sync_all(parents);
}

Result<void> tree_to_sync(FileSystem& fs, const std::string& folder, std::vector<std::string>& to_sync) {
    RECTO_ASSIGN(const auto names, fs.list(folder));
    for (const std::string& name : names) {
        const std::string path = join_path(folder, name);
        RECTO_ASSIGN(const FileStat s, fs.stat(path));
        if (s.is_symlink) continue;
        if (s.is_directory) RECTO_TRY(tree_to_sync(fs, path, to_sync));
        else to_sync.push_back(path);
    }
    to_sync.push_back(folder);
    return {};
}

Result<void> sync_tree(FileSystem& fs, const std::string& folder) {
    std::vector<std::string> paths;
    RECTO_TRY(tree_to_sync(fs, folder, paths));
    return fs.sync_all(paths);
}

Result<std::vector<std::string>> list_files(FileSystem& fs, const std::string& folder) {
    std::vector<std::string> out;
    RECTO_TRY(list_files_into(fs, folder, "", out, 0));
    std::sort(out.begin(), out.end());
    return out;
}

std::string join_path(std::string_view a, std::string_view b) {
    if (a.empty()) return std::string(b);
    while (!b.empty() && b.front() == '/') b.remove_prefix(1);
    if (b.empty()) return std::string(a);
    std::string path(a);
    if (path.back() != '/') path += '/';
    path += b;
    return path;
}

std::string parent_path(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {};
    std::string_view parent = path.substr(0, slash);
    while (!parent.empty() && parent.back() == '/') parent.remove_suffix(1);
    return parent.empty() ? std::string("/") : std::string(parent);
}

std::string file_name(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    const std::size_t slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

} // namespace recto
