// What a storage root takes from a second one, byte for byte: whole objects, versions, single files. The staging folders are
// those of put(), so that recover() puts right what a death leaves.

#include <algorithm>
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

Result<void> OcflStore::take_object(const OcflCopy& copy, int head) {
    const std::string object = join_path(root_, copy.object);
    RECTO_ASSIGN(const FileStat there, fs_->stat(object));
    if (there.exists) return fail("io.exists", "something lies at the object's place", object);
    const std::string name = file_name(copy.object) + "-" + version_name(head);
    const std::string stage = join_path(staging(), name), whole = join_path(stage, "object");
    RECTO_TRY(recover_stale(name));
    const auto take = [&]() -> Result<void> {
        RECTO_TRY(open_staging(name));
        RECTO_TRY(copy_files(*fs_, copy, whole, 0));
        RECTO_TRY(make_folders_synced(*fs_, parent_path(object)));
        RECTO_TRY(sync_tree(*fs_, stage));
        return fs_->rename(whole, object);
    };
    if (auto taken = take(); !taken) { // What fails here recover() does later.
        (void)prune_empty_parents(copy.object);
        (void)close_staging(name);
        return taken;
    }
    RECTO_TRY(fs_->sync(parent_path(object)));
    (void)close_staging(name);
    return {};
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
