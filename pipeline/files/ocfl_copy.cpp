// What a storage root takes from a second one, byte for byte: whole objects, versions, single files. The staging folders are
// those of put(), so that recover() puts right what a death leaves.

#include <algorithm>
#include <set>
#include <utility>

#include "pipeline/files/ocfl.h"
#include "pipeline/files/ocfl_inventory.h"

namespace recto {

using namespace ocfl;

namespace {

constexpr std::string_view kPutBack = "repair"; ///< Its staging folder; to recover() a stray that is removed.

/// Copies the files to `target`; `prefix` is left out of their paths there.
Result<void> copy_files(FileSystem& fs, const OcflCopy& copy, const std::string& target, std::size_t prefix) {
    for (const auto& [path, sha512] : copy.files) {
        const std::string from = join_path(copy.source, path), to = join_path(target, path.substr(prefix));
        RECTO_TRY(fs.make_folders(parent_path(to)));
        RECTO_ASSIGN(const std::string seen, fs.copy(from, to, DigestAlgorithm::Sha512));
        if (seen != sha512)
            return fail("store.digest_mismatch", "expected sha512 " + sha512 + ", file has " + seen, from);
        if (!copy.copied) continue;
        RECTO_ASSIGN(const FileStat s, fs.stat(to));
        RECTO_TRY(copy.copied(s.size));
    }
    return {};
}

} // namespace

Result<void> OcflStore::recover_stale(const std::string& name) {
    RECTO_ASSIGN(const auto names, names_in_staging());
    std::vector<std::string> ignored;
    if (std::find(names.begin(), names.end(), name) != names.end()) RECTO_TRY(recover_one(name, ignored));
    return {};
}

void OcflStore::give_up(const OcflStaged& staged) {
    (void)prune_empty_parents(staged.object);
    (void)close_staging(staged.name);
}

Result<OcflStaged> OcflStore::stage_object(const OcflCopy& copy, int head) {
    const std::string object = join_path(root_, copy.object);
    RECTO_ASSIGN(const FileStat there, fs_->stat(object));
    if (there.exists) return fail("io.exists", "something lies at the object's place", object);
    OcflStaged staged{copy.object, file_name(copy.object) + "-" + version_name(head), {}};
    RECTO_TRY(recover_stale(staged.name));
    const std::string stage = join_path(staging(), staged.name);
    const auto fill = [&]() -> Result<void> {
        RECTO_TRY(open_staging(staged.name, staged.to_sync));
        return copy_files(*fs_, copy, join_path(join_path(staging(), staged.name), "object"), 0);
    };
    if (auto filled = fill(); !filled) {
        give_up(staged);
        return tl::unexpected(filled.error());
    }
    return staged;
}

std::vector<Result<void>> OcflStore::place_objects(std::span<const OcflStaged> staged) {
    std::vector<Result<void>> out(staged.size());
    std::vector<std::string> to_sync;
    const auto sync_once = [&]() -> Result<void> { // Folders are shared by many.
        std::set<std::string> seen;
        std::erase_if(to_sync, [&](const std::string& path) { return !seen.insert(path).second; });
        return fs_->sync_all(to_sync);
    };
    // (1) The notes that work is under way and all bytes last, before (2) anything is seen at its place, and (3) that lasts.
    const auto gather = [&]() -> Result<void> {
        for (const OcflStaged& one : staged) {
            RECTO_TRY(tree_to_sync(*fs_, join_path(staging(), one.name), to_sync));
            to_sync.insert(to_sync.end(), one.to_sync.begin(), one.to_sync.end());
        }
        return sync_once();
    };
    const Result<void> lasting = gather();
    to_sync.clear();
    const auto place = [&](const OcflStaged& one) -> Result<void> {
        RECTO_TRY(lasting);
        const std::string object = join_path(root_, one.object);
        RECTO_TRY(make_folders(*fs_, parent_path(object), to_sync));
        RECTO_TRY(fs_->rename(join_path(join_path(staging(), one.name), "object"), object));
        to_sync.push_back(parent_path(object));
        return {};
    };
    for (std::size_t i = 0; i < staged.size(); ++i)
        if (out[i] = place(staged[i]); !out[i]) give_up(staged[i]);
    // What was given up took its empty folders along.
    std::erase_if(to_sync, [&](const std::string& path) {
        const auto s = fs_->stat(path);
        return s && !s->exists;
    });
    const Result<void> seen = sync_once();
    for (std::size_t i = 0; i < staged.size(); ++i) {
        if (!out[i]) continue;
        if (!seen) out[i] = seen; // It is there, and so is its note: recover() looks at it.
        else (void)close_staging(staged[i].name);
    }
    return out;
}

Result<void> OcflStore::take_object(const OcflCopy& copy, int head) {
    RECTO_ASSIGN(const OcflStaged staged, stage_object(copy, head));
    return place_objects({&staged, 1}).front();
}

Result<void> OcflStore::take_version(const OcflCopy& copy, int n) {
    const std::string object = join_path(root_, copy.object), version = version_name(n);
    const std::string name = file_name(copy.object) + "-" + version;
    const std::string stage = join_path(staging(), name), folder = join_path(stage, "version");
    RECTO_TRY(recover_stale(name));
    RECTO_ASSIGN(const FileStat there, fs_->stat(join_path(object, version)));
    if (there.exists) return fail("io.exists", "the version is there", join_path(object, version));
    const auto take = [&]() -> Result<void> {
        RECTO_TRY(open_staging(name));
        RECTO_TRY(copy_files(*fs_, copy, folder, version.size() + 1));
        for (const std::string_view file : {kInventory, kSidecar}) {
            RECTO_ASSIGN(const std::string bytes, fs_->read(join_path(folder, file)));
            RECTO_TRY(fs_->write(join_path(stage, file), bytes));
        }
        RECTO_TRY(sync_tree(*fs_, stage));
        return fs_->rename(folder, join_path(object, version));
    };
    if (auto taken = take(); !taken) {
        (void)close_staging(name);
        return taken;
    }
    RECTO_TRY(fs_->sync(object)); // Before the inventory that speaks of it.
    RECTO_TRY(fs_->rename(join_path(stage, kInventory), join_path(object, kInventory)));
    RECTO_TRY(fs_->rename(join_path(stage, kSidecar), join_path(object, kSidecar)));
    RECTO_TRY(fs_->sync(object));
    (void)close_staging(name);
    return {};
}

Result<void> OcflStore::put_back(const std::string& source, const std::string& path, const std::string& sha512,
                                 const std::function<Result<void>(const std::string& target)>& set_aside) {
    const std::string name(kPutBack), target = join_path(root_, path);
    const std::string fresh = join_path(join_path(staging(), name), "file");
    RECTO_TRY(recover_stale(name));
    const auto put = [&]() -> Result<void> {
        RECTO_TRY(open_staging(name));
        RECTO_ASSIGN(const std::string seen, fs_->copy(source, fresh, DigestAlgorithm::Sha512));
        if (seen != sha512)
            return fail("store.digest_mismatch", "expected sha512 " + sha512 + ", file has " + seen, source);
        RECTO_TRY(fs_->sync(fresh));
        RECTO_TRY(make_folders_synced(*fs_, parent_path(target)));
        RECTO_TRY(set_aside(target));
        RECTO_TRY(fs_->rename(fresh, target));
        return fs_->sync(parent_path(target));
    };
    const auto done = put();
    (void)close_staging(name);
    return done;
}

} // namespace recto
