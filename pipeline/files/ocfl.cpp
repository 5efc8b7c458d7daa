// The storage root and its objects: making versions, finding and recovering them. How ids become folders and what an
// inventory says is in ocfl_inventory.cpp.

#include "pipeline/files/ocfl.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "pipeline/core/messages.h"
#include "pipeline/files/ocfl_inventory.h"
#include "pipeline/files/strict_json.h"

namespace recto {

using nlohmann::json;

using namespace ocfl;

namespace {

/// Logical paths of one version: allowed, none twice, none a folder of another.
Result<void> check_logical_paths(const std::vector<OcflFile>& files) {
    std::set<std::string> paths;
    for (const OcflFile& file : files) {
        const std::string_view fault = ocfl_path_fault(file.logical_path);
        if (!fault.empty()) return fail("store.bad_name", std::string(fault), file.logical_path);
        if (!paths.insert(file.logical_path).second)
            return fail("store.bad_name", "path given twice", file.logical_path);
    }
    for (const std::string& path : paths) {
        for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
            if (paths.contains(path.substr(0, slash)))
                return fail("store.bad_name", "a file lies where another needs a folder", path);
        }
    }
    return {};
}

} // namespace

struct OcflStore::Shared {
    std::mutex mutex;
    std::set<std::string> busy; ///< Staging names of put() calls under way.
};

OcflStore::OcflStore(std::shared_ptr<FileSystem> fs, std::string root)
    : fs_(std::move(fs)), root_(std::move(root)), shared_(std::make_shared<Shared>()) {}

std::string OcflStore::staging() const { return join_path(root_, "extensions/recto-staging"); }

std::string OcflStore::object_path(const std::string& id) const { return path_of_folder(folder_of_id(id)); }

Result<void> OcflStore::create() {
    RECTO_ASSIGN(const FileStat declaration, fs_->stat(join_path(root_, kRootDeclaration)));
    if (declaration.exists) return open();
    RECTO_TRY(make_folders_synced(*fs_, root_));
    RECTO_ASSIGN(const auto names, fs_->list(root_));
    const auto leftover = [](const std::string& name) { return name.find(".tmp-") != std::string::npos; };
    for (const std::string& name : names) { // A creation that was cut short leaves these.
        if (name != "extensions" && name != "ocfl_layout.json" && !leftover(name))
            return fail("store.not_ocfl", "the folder is not empty and is no OCFL storage root", root_);
    }
    const std::string extension = join_path(root_, "extensions/" + std::string(kLayout));
    RECTO_TRY(make_folders_synced(*fs_, extension));
    const std::vector<RootFile> files = root_files();
    RECTO_TRY(write_atomically(*fs_, join_path(root_, files[0].path), files[0].bytes));
    RECTO_TRY(write_atomically(*fs_, join_path(root_, files[1].path), files[1].bytes));
    for (const std::string& name : names) {
        if (leftover(name)) RECTO_TRY(fs_->remove(join_path(root_, name)));
    }
    // The declaration comes last: what has it is a whole storage root.
    RECTO_ASSIGN(const auto strays, fs_->list(extension));
    for (const std::string& name : strays) {
        if (name != "config.json") RECTO_TRY(fs_->remove(join_path(extension, name)));
    }
    return write_atomically(*fs_, join_path(root_, files[2].path), files[2].bytes);
}

Result<void> OcflStore::open() {
    RECTO_ASSIGN(const FileStat folder, fs_->stat(root_));
    if (!folder.exists || !folder.is_directory) return fail("store.not_ocfl", "no such folder", root_);
    RECTO_ASSIGN(const FileStat declaration, fs_->stat(join_path(root_, kRootDeclaration)));
    if (!declaration.exists) {
        RECTO_ASSIGN(const auto names, fs_->list(root_));
        for (const std::string& name : names) {
            if (name.starts_with("0=ocfl_") && name > kRootDeclaration)
                return fail("store.newer_format", "storage root declares " + name.substr(2), root_);
        }
        return fail("store.not_ocfl", "no declaration 0=ocfl_1.1", root_);
    }
    const auto layout_bytes = fs_->read(join_path(root_, "ocfl_layout.json"));
    if (!layout_bytes) return fail("store.other_layout", "no ocfl_layout.json", root_);
    const auto config_bytes = fs_->read(join_path(root_, "extensions/" + std::string(kLayout) + "/config.json"));
    const auto layout = parse_strict_json(*layout_bytes);
    const std::string ours = root_files()[0].bytes;
    const auto config = parse_strict_json(config_bytes ? *config_bytes : ours);
    if (!layout || !layout->value.is_object() || layout->value.value("extension", json()) != kLayout || !config ||
        config->value != json::parse(ours))
        return fail("store.other_layout", "the layout is not " + std::string(kLayout) + " with its default values",
                    root_);
    return {};
}

Result<OcflState> OcflStore::state_at(const std::string& object) {
    const std::string folder = join_path(root_, object);
    RECTO_ASSIGN(const FileStat there, fs_->stat(join_path(folder, kInventory)));
    if (!there.exists) {
        RECTO_ASSIGN(const FileStat declared, fs_->stat(join_path(folder, kObjectDeclaration)));
        if (declared.exists) return damaged("the object has no inventory", folder);
        OcflState none;
        none.path = object;
        return none;
    }
    for (int attempt = 0;; ++attempt) {
        auto state = read_inventory(*fs_, folder, nullptr);
        if (state) {
            state->path = object;
            return state;
        }
        // Another process may be between the two renames of put(): then its staging folder is there, and it counts only
        // if it stays so.
        const auto writing = fs_->stat(staging());
        if (state.error().code != "store.damaged" || attempt == 3 || !writing || !writing->exists) return state;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

Result<OcflState> OcflStore::state(const std::string& id) {
    RECTO_ASSIGN(OcflState state, state_at(object_path(id)));
    if (state.head == 0) state.id = id;
    else if (state.id != id) return damaged("the object at this place is " + state.id, join_path(root_, state.path));
    return state;
}

Result<std::vector<std::string>> OcflStore::object_paths() {
    std::vector<std::string> found, todo{""};
    while (!todo.empty()) {
        const std::string at = todo.back();
        todo.pop_back();
        if (std::count(at.begin(), at.end(), '/') > 16) continue;
        RECTO_ASSIGN(const auto names, fs_->list(join_path(root_, at)));
        const bool object = !at.empty() && std::any_of(names.begin(), names.end(), [](const std::string& name) {
            return name.starts_with("0=ocfl_object_");
        });
        if (object) {
            found.push_back(at);
            continue;
        }
        for (const std::string& name : names) {
            if (at.empty() && name == "extensions") continue;
            const std::string child = at.empty() ? name : at + "/" + name;
            RECTO_ASSIGN(const FileStat s, fs_->stat(join_path(root_, child)));
            if (s.is_directory && !s.is_symlink) todo.push_back(child);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

Result<std::string> OcflStore::content_path(const OcflState& state, const std::string& logical_path) const {
    const auto file = state.files.find(logical_path);
    if (file == state.files.end()) return fail("store.no_such_file", "not in this version: " + logical_path, state.id);
    const auto content = state.content.find(file->second);
    if (content == state.content.end()) return damaged("no content for " + logical_path, state.id);
    return join_path(join_path(root_, state.path), content->second);
}

// ---- Writing -----------------------------------------------------------------------------------------------------

Result<void> OcflStore::open_staging(const std::string& name) {
    std::vector<std::string> parents;
    RECTO_TRY(open_staging(name, parents));
    return fs_->sync_all(parents);
}

Result<void> OcflStore::open_staging(const std::string& name, std::vector<std::string>& to_sync) {
    const std::lock_guard lock(shared_->mutex);
    return make_folders(*fs_, join_path(staging(), name), to_sync);
}

Result<std::vector<std::string>> OcflStore::names_in_staging() {
    const std::lock_guard lock(shared_->mutex); // or another thread's version, done just now, takes the folder away
    RECTO_ASSIGN(const FileStat there, fs_->stat(staging()));
    if (!there.exists) return std::vector<std::string>{};
    return fs_->list(staging());
}

Result<void> OcflStore::close_staging(const std::string& name) {
    const std::lock_guard lock(shared_->mutex);
    RECTO_TRY(fs_->remove_tree(join_path(staging(), name)));
    RECTO_ASSIGN(const auto left, fs_->list(staging()));
    if (left.empty()) RECTO_TRY(fs_->remove(staging()));
    return {};
}

Result<void> OcflStore::prune_empty_parents(const std::string& object) {
    for (std::string at = parent_path(object); !at.empty() && at != "/"; at = parent_path(at)) {
        const std::string folder = join_path(root_, at);
        RECTO_ASSIGN(const FileStat s, fs_->stat(folder));
        if (!s.exists) continue;
        RECTO_ASSIGN(const auto names, fs_->list(folder));
        if (!names.empty()) return {};
        RECTO_TRY(fs_->remove(folder));
    }
    return {};
}

Result<OcflState> OcflStore::put(const std::string& id, const std::vector<OcflFile>& files,
                                 const OcflVersionInfo& info) {
    if (id.empty()) return fail("store.bad_name", "empty object identifier");
    RECTO_TRY(check_logical_paths(files));
    const std::string folder = folder_of_id(id);
    {
        const std::lock_guard lock(shared_->mutex);
        if (!shared_->busy.insert(folder).second) return fail_retry("store.busy", "a version is being written", id);
    }
    struct Guard {
        Shared& shared;
        const std::string& folder;
        ~Guard() {
            const std::lock_guard lock(shared.mutex);
            shared.busy.erase(folder);
        }
    } const guard{*shared_, folder};

    // What an earlier death or failure left of this very object is put right first.
    RECTO_ASSIGN(const auto stale, names_in_staging());
    std::vector<std::string> ignored;
    for (const std::string& name : stale) {
        if (name.substr(0, name.rfind("-v")) == folder) RECTO_TRY(recover_one(name, ignored));
    }
    RECTO_ASSIGN(const OcflState before, state(id));
    return put_guarded(before, files, info, folder + "-" + version_name(before.head + 1));
}

Result<OcflState> OcflStore::put_guarded(const OcflState& before, const std::vector<OcflFile>& files,
                                         const OcflVersionInfo& info, const std::string& name) {
    const bool first = before.head == 0;
    const std::string version = version_name(before.head + 1);
    const std::string object = join_path(root_, before.path);
    const std::string stage = join_path(staging(), name);
    const std::string stage_object = join_path(stage, "object"); ///< Whole object, first version.
    const std::string stage_version = first ? join_path(stage_object, version) : join_path(stage, "version");

    OcflState after = before;
    after.head = before.head + 1;
    after.files.clear();
    std::map<std::string, const OcflFile*> sorted; // So that neither names nor bytes depend on the caller's order.
    for (const OcflFile& file : files) sorted[file.logical_path] = &file;

    // Digests, and a look at everything that can be wrong before anything is moved.
    struct Intake {
        const OcflFile* file;
        std::string digest, content; ///< Content path relative to the version folder.
    };
    std::vector<Intake> intake;
    for (const auto& [logical, file] : sorted) {
        std::string digest = file->sha512;
        if (digest.empty() || (!after.content.contains(digest) && !file->copy)) {
            if (file->staged_path.empty()) return fail("store.missing_content", "no file for new content", logical);
            RECTO_ASSIGN(std::string seen, fs_->digest(file->staged_path, DigestAlgorithm::Sha512));
            if (!digest.empty() && seen != digest)
                return fail("store.digest_mismatch", "expected sha512 " + digest + ", file has " + seen,
                            file->staged_path);
            digest = std::move(seen);
        }
        after.files[logical] = digest;
        if (after.content.contains(digest)) continue;
        if (file->staged_path.empty()) return fail("store.missing_content", "no file for new content", logical);
        after.content[digest] = version + "/content/" + logical;
        intake.push_back({file, digest, "content/" + logical});
    }
    if (!first && after.files == before.files) return before;

    std::vector<std::pair<std::string, std::string>> moved; ///< From, to.
    std::vector<std::string> copied_moves;                  ///< Sources to remove after a copy across devices.
    const auto build = [&]() -> Result<void> {
        RECTO_TRY(open_staging(name));
        RECTO_TRY(fs_->make_folders(stage_version));
        for (const Intake& in : intake) {
            const std::string target = join_path(stage_version, in.content);
            RECTO_TRY(fs_->make_folders(parent_path(target)));
            RECTO_ASSIGN(const FileStat source, fs_->stat(in.file->staged_path));
            if (!source.exists) return fail("io.not_found", "no such file", in.file->staged_path);
            bool copy = in.file->copy || source.is_symlink; // A link's target is taken in, never the link.
            if (!copy) {
                const auto done = fs_->rename(in.file->staged_path, target);
                if (done) moved.emplace_back(in.file->staged_path, target);
                else if (done.error().code != "io.cross_device") return tl::unexpected(done.error());
                else copied_moves.push_back(in.file->staged_path);
                copy = !done;
            }
            if (copy) {
                RECTO_ASSIGN(const std::string seen, fs_->copy(in.file->staged_path, target, DigestAlgorithm::Sha512));
                if (seen != in.digest)
                    return fail("store.digest_mismatch", "expected sha512 " + in.digest + ", file has " + seen,
                                in.file->staged_path);
            }
        }
        json inventory;
        if (first) {
            inventory = {{"digestAlgorithm", "sha512"},
                         {"id", before.id},
                         {"type", kInventoryType},
                         {"manifest", json::object()},
                         {"versions", json::object()}};
        } else {
            RECTO_TRY(read_inventory(*fs_, object, &inventory));
        }
        inventory["head"] = version;
        for (const Intake& in : intake) inventory["manifest"][in.digest] = {version + "/" + in.content};
        json& block = inventory["versions"][version];
        block = {{"created", info.created}, {"message", info.message}, {"state", json::object()}};
        if (!info.user_name.empty()) {
            block["user"]["name"] = info.user_name;
            if (!info.user_address.empty()) block["user"]["address"] = info.user_address;
        }
        for (const auto& [logical, digest] : after.files) block["state"][digest].push_back(logical);
        std::string bytes;
        try {
            bytes = inventory.dump(2) + "\n";
        } catch (const json::exception& e) { // dump refuses names that are not UTF-8
            return fail("store.bad_name", e.what(), before.id);
        }
        const std::string sidecar = sidecar_line(digest_hex(DigestAlgorithm::Sha512, bytes));
        std::vector<std::string> places{stage_version, first ? stage_object : stage};
        for (const std::string& place : places) {
            RECTO_TRY(fs_->write(join_path(place, kInventory), bytes));
            RECTO_TRY(fs_->write(join_path(place, kSidecar), sidecar));
        }
        if (first) RECTO_TRY(fs_->write(join_path(stage_object, kObjectDeclaration), "ocfl_object_1.1\n"));
        if (first) RECTO_TRY(make_folders_synced(*fs_, parent_path(object)));
        return sync_tree(*fs_, stage);
    };
    auto built = build();
    if (built)
        built = first ? fs_->rename(stage_object, object) : fs_->rename(stage_version, join_path(object, version));
    if (!built) {
        // Nothing is visible yet: give staged files back and leave no trace. What fails here recover() does later.
        for (auto at = moved.rbegin(); at != moved.rend(); ++at) (void)fs_->rename(at->second, at->first);
        if (first) (void)prune_empty_parents(before.path);
        (void)close_staging(name);
        return tl::unexpected(built.error());
    }
    if (first) {
        RECTO_TRY(fs_->sync(parent_path(object)));
    } else {
        RECTO_TRY(fs_->sync(object)); // Before the inventory that speaks of it.
        RECTO_TRY(fs_->rename(join_path(stage, kInventory), join_path(object, kInventory)));
        RECTO_TRY(fs_->rename(join_path(stage, kSidecar), join_path(object, kSidecar)));
        RECTO_TRY(fs_->sync(object));
    }
    for (const std::string& path : copied_moves) (void)fs_->remove(path);
    (void)close_staging(name); // The version lasts already; a leftover is removed by recover().
    return after;
}

Result<std::vector<std::string>> OcflStore::recover() {
    std::vector<std::string> done;
    RECTO_ASSIGN(const auto names, names_in_staging());
    for (const std::string& name : names) {
        {
            const std::lock_guard lock(shared_->mutex);
            if (shared_->busy.contains(name.substr(0, name.rfind("-v")))) continue;
        }
        RECTO_TRY(recover_one(name, done));
    }
    // An empty folder is left when a death came between the last two steps of close_staging().
    const std::lock_guard lock(shared_->mutex);
    RECTO_ASSIGN(const FileStat still, fs_->stat(staging()));
    if (still.exists) {
        RECTO_ASSIGN(const auto left, fs_->list(staging()));
        if (left.empty()) RECTO_TRY(fs_->remove(staging()));
    }
    return done;
}

Result<void> OcflStore::recover_one(const std::string& name, std::vector<std::string>& done) {
    const std::size_t dash = name.rfind("-v");
    const int n = dash == std::string::npos || dash == 0 ? 0 : version_number(std::string_view(name).substr(dash + 1));
    if (n == 0) { // Not of our making, in a folder that is ours.
        RECTO_TRY(close_staging(name));
        done.push_back(tr("store.recovered_stray", name));
        return {};
    }
    const std::string path = path_of_folder(name.substr(0, dash)), object = join_path(root_, path);
    const std::string version = version_name(n), stage = join_path(staging(), name);
    RECTO_ASSIGN(const FileStat declared, fs_->stat(join_path(object, kObjectDeclaration)));
    if (!declared.exists) {
        RECTO_TRY(prune_empty_parents(path));
        RECTO_TRY(close_staging(name));
        done.push_back(tr("store.recovered_back", version, path));
        return {};
    }
    RECTO_ASSIGN(const FileStat placed, fs_->stat(join_path(object, version)));
    if (placed.exists) {
        // The version folder was whole and synced before it got its name, so going forward is safe, and is checked.
        const std::string folder = join_path(object, version);
        RECTO_ASSIGN(const OcflState whole, read_inventory(*fs_, folder, nullptr));
        if (whole.head != n) return damaged("the version's inventory has another head", folder);
        RECTO_ASSIGN(const std::string inventory, fs_->read(join_path(folder, kInventory)));
        RECTO_ASSIGN(const std::string sidecar, fs_->read(join_path(folder, kSidecar)));
        const auto root_inventory = fs_->read(join_path(object, kInventory));
        const auto root_sidecar = fs_->read(join_path(object, kSidecar));
        // A removed note can come back after a power cut, when the object is long past that version.
        if (root_inventory) {
            const auto head = state_of_inventory(*root_inventory, object, nullptr);
            if (head && head->head > n) return close_staging(name);
        }
        if (root_inventory && root_sidecar && *root_inventory == inventory && *root_sidecar == sidecar)
            return close_staging(name);
        for (const auto& [file, bytes] : {std::pair{kInventory, &inventory}, std::pair{kSidecar, &sidecar}}) {
            const std::string fresh = join_path(stage, file);
            RECTO_TRY(fs_->write(fresh, *bytes));
            RECTO_TRY(fs_->sync(fresh));
        }
        RECTO_TRY(fs_->sync(object));
        RECTO_TRY(fs_->rename(join_path(stage, kInventory), join_path(object, kInventory)));
        RECTO_TRY(fs_->rename(join_path(stage, kSidecar), join_path(object, kSidecar)));
        RECTO_TRY(fs_->sync(object));
        RECTO_TRY(close_staging(name));
        done.push_back(tr("store.recovered_forward", version, path));
        return {};
    }
    RECTO_TRY(close_staging(name));
    done.push_back(tr("store.recovered_back", version, path));
    return {};
}

} // namespace recto
