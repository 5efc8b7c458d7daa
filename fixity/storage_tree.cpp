#include "fixity/storage_tree.h"

#include <algorithm>

#include "pipeline/files/ocfl_inventory.h"

namespace recto::fixity {

namespace {

bool is_tuple(const std::string& name) {
    return name.size() == static_cast<std::size_t>(ocfl::kTupleSize) &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool belongs_to_root(const std::string& path) {
    const auto files = ocfl::root_files();
    return std::any_of(files.begin(), files.end(), [&](const ocfl::RootFile& f) { return f.path == path; }) ||
           (path.starts_with("ocfl_") && (path.ends_with(".txt") || path.ends_with(".html"))) ||
           (path.find('/') == std::string::npos && path.ends_with(".md"));
}

class TreeWalk {
  public:
    TreeWalk(FileSystem& fs, const std::string& root, Side side, StorageTree& out)
        : fs_(fs), root_(root), side_(side), out_(out) {}

    void folder(const std::string& at, int depth) {
        for (const std::string& name : list(at)) {
            const std::string path = at.empty() ? name : at + "/" + name;
            const auto s = fs_.stat(join_path(root_, path));
            if (!s) {
                unreadable(path, s.error().reason);
            } else if (!s->is_directory || s->is_symlink) {
                if (s->exists && !belongs_to_root(path)) out_.strays.push_back(path);
            } else if (depth == 0 && name == "extensions") {
                extensions();
            } else if (depth == ocfl::kTuples) {
                out_.objects.push_back(path);
            } else if (is_tuple(name)) {
                folder(path, depth + 1);
            } else {
                out_.strays.push_back(path);
            }
        }
    }

  private:
    std::vector<std::string> list(const std::string& at) {
        auto names = fs_.list(join_path(root_, at));
        if (names) return std::move(*names);
        unreadable(at, names.error().reason);
        return {};
    }
    void unreadable(const std::string& path, const std::string& why) {
        out_.unreadable.push_back({side_, "", path, "fixity.unreadable", why, Outcome::Stays, {}});
    }
    void extensions() {
        for (const std::string& name : list("extensions")) {
            const std::string path = "extensions/" + name;
            if (name == "recto-staging") continue; // a version under way, or what a death left: recover() sees to it
            const auto s = fs_.stat(join_path(root_, path));
            if (s && s->is_directory && name == OcflStore::kLayout) {
                for (const std::string& file : list(path))
                    if (!belongs_to_root(path + "/" + file)) out_.strays.push_back(path + "/" + file);
            } else {
                out_.strays.push_back(path);
            }
        }
    }

    FileSystem& fs_;
    const std::string& root_;
    const Side side_;
    StorageTree& out_;
};

} // namespace

StorageTree look_at_storage(FileSystem& fs, const std::string& root, Side side) {
    StorageTree out;
    TreeWalk(fs, root, side, out).folder("", 0);
    std::sort(out.objects.begin(), out.objects.end());
    return out;
}

} // namespace recto::fixity
