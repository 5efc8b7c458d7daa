#include "stages/verify/verify.h"

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "pipeline/files/link_table.h"
#include "pipeline/files/ocfl.h"
#include "stages/verify/bag_check.h"
#include "stages/verify/eark_check.h"
#include "stages/verify/folder_check.h"
#include "stages/verify/handover_check.h"
#include "stages/verify/item_check.h"
#include "stages/verify/ocfl_check.h"
#include "stages/verify/ofd_check.h"

namespace recto::verify {

namespace {

Kind recognise(FileSystem& fs, const std::string& path) {
    const auto names = fs.list(path);
    if (!names) return Kind::Unknown;
    const auto has = [&](std::string_view name) {
        return std::find(names->begin(), names->end(), name) != names->end();
    };
    const auto begins = [&](std::string_view name) {
        return std::any_of(names->begin(), names->end(), [&](const std::string& n) { return n.starts_with(name); });
    };
    if (begins("0=ocfl_object_")) return Kind::OcflObject;
    if (begins("0=ocfl_")) return Kind::OcflRoot;
    if (has("archive.yaml") && has("storage")) return Kind::Archive;
    // What has lost its declaration is still looked at, so that the report can say so.
    if (has("bagit.txt") || (has("data") && begins("manifest-"))) return Kind::Bag;
    if (has("inventory.json")) return Kind::OcflObject;
    if (has(kLinksFile)) {
        const auto table = fs.read(join_path(path, kLinksFile));
        if (table && is_link_table(*table)) return Kind::Folder;
    }
    if (has("METS.xml") && has("representations")) return Kind::Eark;
    if (is_handover(*names)) return Kind::Handover;
    return Kind::Unknown;
}

class Verifier {
  public:
    Verifier(FileSystem& fs, bool real_files, const Options& options, Report& report)
        : fs_(fs), real_files_(real_files), options_(options), report_(report), schemas_(schema_folder(options)) {}

    void run() {
        const std::string& path = report_.path;
        switch (report_.kind) {
        case Kind::Archive: root(join_path(path, "storage"), "storage"); break;
        case Kind::OcflRoot: root(path, ""); break;
        case Kind::OcflObject: object(path, ""); break;
        case Kind::Bag: bag(path); break;
        case Kind::Folder: check_folder(fs_, path, {options_.digests, options_.threads}, report_, issues_); break;
        case Kind::Eark: check_eark(fs_, path, schemas_, report_, issues_); break;
        case Kind::Handover: check_handover(fs_, path, {options_.digests, options_.threads}, report_, issues_); break;
        case Kind::Ofd: check_ofd(fs_, path, real_files_, report_, issues_); break;
        case Kind::Unknown: issues_.error("", "unknown_kind"); break;
        }
        report_.issues = issues_.take_sorted();
    }

  private:
    static std::string schema_folder(const Options& options) {
        if (!options.schema_folder.empty()) return options.schema_folder;
        const char* set = std::getenv("RECTO_SCHEMAS");
        return set != nullptr && *set != '\0' ? set : options.default_schema_folder;
    }

    void root(const std::string& path, const std::string& name) {
        Issues inner;
        const auto objects = check_ocfl_root(fs_, path, report_, inner);
        for (Issue& issue : inner.take_sorted()) {
            issue.path = join_path(name, issue.path);
            issues_.add(std::move(issue));
        }
        for (const std::string& at : objects) object(join_path(path, at), join_path(name, at));
    }

    void object(const std::string& path, const std::string& name) {
        check_ocfl_object(fs_, path, name, {options_.digests, options_.threads}, report_, issues_);
        if (!options_.content) return;
        // Read as the store reads it; when that fails the check above has said why.
        OcflStore store(std::shared_ptr<FileSystem>(std::shared_ptr<void>(), &fs_), path);
        const auto state = store.state_at("");
        if (!state || state->head == 0) return;
        ItemTree tree{name, {}, state->files};
        for (const auto& [logical, digest] : state->files) {
            const auto content = store.content_path(*state, logical);
            const auto s = content ? fs_.stat(*content) : Result<FileStat>(FileStat{});
            if (s && s->exists && !s->is_directory && !s->is_symlink) tree.files.emplace(logical, *content);
        }
        check_item(fs_, real_files_, tree, options_, schemas_, report_, issues_);
    }

    void bag(const std::string& path) {
        check_bag(fs_, path, {options_.digests, options_.threads}, report_, issues_);
        const std::string data = join_path(path, "data");
        if (const auto s = fs_.stat(data); !options_.content || !s || !s->exists || !s->is_directory || s->is_symlink)
            return;
        const auto files = list_files(fs_, data);
        if (!files) return;
        ItemTree tree{"data", {}, {}};
        for (const std::string& file : *files) {
            const auto s = fs_.stat(join_path(data, file));
            if (s && !s->is_symlink) tree.files.emplace(file, join_path(data, file));
        }
        if (!tree.files.contains("metadata/item.json")) return; // a bag of someone else's
        if (const auto manifest = fs_.read(join_path(path, "manifest-sha512.txt"))) {
            // Only plain entries: the digests themselves were compared above.
            std::size_t at = 0;
            while (at < manifest->size()) {
                const std::size_t end = std::min(manifest->find('\n', at), manifest->size());
                const std::string line = manifest->substr(at, end - at);
                if (line.size() > 135 && line.compare(128, 7, "  data/") == 0 && line.find('%') == std::string::npos)
                    tree.sha512[line.substr(135)] = line.substr(0, 128);
                at = end + 1;
            }
        }
        check_item(fs_, real_files_, tree, options_, schemas_, report_, issues_);
    }

    FileSystem& fs_;
    const bool real_files_;
    const Options& options_;
    Report& report_;
    Schemas schemas_;
    Issues issues_;
};

} // namespace

Report verify_path(const std::string& path, const Options& options, FileSystem* fs) {
    const auto posix = posix_file_system();
    FileSystem& files = fs != nullptr ? *fs : *posix;
    Report report;
    report.path = path;
    const auto only = [&](const char* code, const std::string& argument) {
        Issues issues;
        issues.error("", code, argument);
        report.issues = issues.take_sorted();
        return report;
    };
    const auto s = files.stat(path);
    if (!s) return only("unreadable", s.error().reason);
    if (!s->exists) return only("no_input", path);
    try {
        if (s->is_directory) report.kind = recognise(files, path);
        else if (is_ofd(files, path, fs == nullptr)) report.kind = Kind::Ofd;
        Verifier(files, fs == nullptr, options, report).run();
    } catch (const std::exception& e) { // out of memory and the like: the parent goes on with the next path
        return only("unreadable", e.what());
    }
    return report;
}

} // namespace recto::verify
