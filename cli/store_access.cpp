#include "cli/store_access.h"

#include "catalogue/imports.h"
#include "cli/cli.h"
#include "cli/count_progress.h"
#include "pipeline/core/clock.h"

namespace recto::cli {

catalogue::DatabaseOptions database_of(const ArchivePaths& paths, const ArchiveConfig& config) {
    catalogue::DatabaseOptions o;
    if (config.database.find("://") != std::string::npos) o.url = config.database;
    else if (config.database.empty()) o.path = join_path(paths.root, "catalogue.db");
    else o.path = config.database[0] == '/' ? config.database : join_path(paths.root, config.database);
    return o;
}

namespace {

catalogue::StoreOptions store_options(const ArchivePaths& paths, const ArchiveConfig& config) {
    catalogue::StoreOptions o;
    o.database = database_of(paths, config);
    o.repository = config.code;
    o.agent = agent();
    o.now = rfc3339(default_clock()->now());
    return o;
}

/// A database file that is none any more is put aside, never deleted: somebody may want to look at it.
Result<std::unique_ptr<catalogue::Store>> open_or_replace(const ArchivePaths& paths, const ArchiveConfig& config) {
    const auto options = store_options(paths, config);
    auto store = catalogue::Store::open(options);
    if (store || store.error().code != "catalogue.damaged" || !options.database.url.empty()) return store;
    (void)report_error(store.error());
    auto fs = posix_file_system();
    const std::string aside = options.database.path + ".damaged-" + std::to_string(std::time(nullptr));
    for (const char* part : {"-wal", "-shm", ""}) {
        RECTO_ASSIGN(const auto stat, fs->stat(options.database.path + part));
        if (stat.exists) RECTO_TRY(fs->rename(options.database.path + part, aside + part));
    }
    return catalogue::Store::open(options);
}

/// An archive made before there was a store keeps the catalogue last given as catalogue.csv.
Result<void> take_old_catalogue(catalogue::Store& store, const ArchivePaths& paths) {
    auto fs = posix_file_system();
    const std::string old = join_path(paths.root, "catalogue.csv");
    RECTO_ASSIGN(const auto stat, fs->stat(old));
    RECTO_ASSIGN(const auto folder, fs->stat(catalogue_folder(paths)));
    if (!stat.exists || folder.exists) return {};
    RECTO_ASSIGN(const auto bytes, fs->read(old));
    catalogue::ImportOptions options;
    options.agent = agent();
    options.now = rfc3339(default_clock()->now());
    const auto plan = catalogue::import_file(store, *fs, catalogue_folder(paths), bytes, old, Settings{}, options);
    if (!plan) return tl::unexpected(plan.error());
    return {};
}

} // namespace

std::string catalogue_folder(const ArchivePaths& paths) { return join_path(paths.root, "catalogue"); }

catalogue::ArchiveParts archive_parts(const ArchivePaths& paths) {
    return {posix_file_system(), paths.storage(), catalogue_folder(paths)};
}

Result<bool> has_store(const std::string& archive) {
    RECTO_ASSIGN(const auto config, look_at_archive(archive));
    const auto options = store_options(ArchivePaths(archive), config);
    if (!options.database.url.empty()) return true;
    RECTO_ASSIGN(const auto stat, posix_file_system()->stat(options.database.path));
    return stat.exists;
}

catalogue::RebuildProgress show_rebuild() { return show_counts("catalogue.rebuild.progress"); }

Result<std::unique_ptr<catalogue::Store>> open_store(const ArchivePaths& paths, const ArchiveConfig& config) {
    RECTO_ASSIGN(auto store, open_or_replace(paths, config));
    const auto parts = archive_parts(paths);
    const auto again = [&]() -> Result<void> {
        const auto made = catalogue::rebuild(*store, parts, show_rebuild());
        if (!made) return tl::unexpected(made.error());
        for (const Error& e : made->problems) (void)report_error(e);
        return {};
    };
    RECTO_ASSIGN(const std::string behind, store->meta("behind"));
    if (store->is_new()) {
        RECTO_TRY(again());
    } else if (!behind.empty()) {
        const auto caught = catalogue::catch_up(*store, parts, show_rebuild());
        if (!caught && caught.error().code != "catalogue.behind") return tl::unexpected(caught.error());
        if (!caught) RECTO_TRY(again());
        else
            for (const Error& e : caught->problems) (void)report_error(e);
    } else if (const auto replayed = catalogue::replay_imports(*store, *parts.fs, parts.catalogue); !replayed) {
        if (replayed.error().code != "catalogue.behind") return tl::unexpected(replayed.error());
        (void)report_error(replayed.error());
        RECTO_TRY(again());
    }
    RECTO_TRY(take_old_catalogue(*store, paths));
    return store;
}

Result<std::unique_ptr<catalogue::Store>> read_store(const std::string& archive) {
    RECTO_ASSIGN(const auto config, look_at_archive(archive));
    const ArchivePaths paths(archive);
    auto store = catalogue::Store::open(store_options(paths, config));
    bool wanting = !store && store.error().code == "catalogue.damaged";
    if (!store && !wanting) return store;
    if (store) {
        RECTO_ASSIGN(const std::string behind, (*store)->meta("behind"));
        wanting = (*store)->is_new() || !behind.empty();
    }
    if (!wanting) return store;
    const bool empty = !store || (*store)->is_new();
    if (store) store->reset(); // the tables are seen again under the lock
    auto lock = ArchiveLock::acquire(paths.lock(), "recto");
    if (!lock) {
        // Somebody writes: what the store has by now is the answer, unless it has nothing.
        if (empty) return tl::unexpected(lock.error());
        return catalogue::Store::open(store_options(paths, config));
    }
    RECTO_ASSIGN(auto opened, open_or_replace(paths, config));
    RECTO_TRY(opened->set_meta("behind", "unknown"));
    opened.reset();
    return open_store(paths, config);
}

} // namespace recto::cli
