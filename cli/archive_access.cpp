#include "cli/archive_access.h"

#include "pipeline/core/messages.h"
#include "pipeline/files/ocfl.h"

namespace recto::cli {

void ArchiveIdentity::add_to(CLI::App& app) {
    app.add_option("--repository", code, tr("cli.opt.repository"))->capture_default_str();
    app.add_option("--name", name, tr("cli.opt.name"));
    app.add_option("--fonds", fonds, tr("cli.opt.fonds"));
    app.add_option("--database", database, tr("cli.opt.database"));
}

Result<ArchiveConfig> look_at_archive(const std::string& path) {
    auto fs = posix_file_system();
    const ArchivePaths paths(path);
    RECTO_ASSIGN(const auto stat, fs->stat(paths.settings()));
    if (!stat.exists) return fail("init.none", "no archive.yaml there", path);
    return read_archive_config(*fs, paths.settings());
}

Result<void> create_archive(const std::string& path, const ArchiveIdentity& identity) {
    auto fs = posix_file_system();
    const ArchivePaths paths(path);
    RECTO_ASSIGN(const auto stat, fs->stat(path));
    if (stat.exists) {
        if (!stat.is_directory) return fail("init.exists", "it is a file", path);
        RECTO_ASSIGN(const auto names, fs->list(path));
        // What an interrupted init left is fine: archive.yaml comes last.
        for (const auto& n : names) {
            if (n == "archive.yaml") return fail("init.exists", "it is an archive already", path);
            if (n != "storage" && n != "events" && n != "work" && n != "reports" && n != "rescan" && n != "lock.json" &&
                n != "catalogue.csv" && n != "catalogue" && !n.starts_with("catalogue.db"))
                return fail("init.exists", "the folder holds other things (" + n + ")", path);
        }
    }
    RECTO_TRY(make_archive_folders(*fs, paths));
    RECTO_TRY(OcflStore(fs, paths.storage()).create());
    ArchiveConfig config;
    config.code = identity.code;
    config.name = identity.name;
    config.fonds = identity.fonds;
    config.database = identity.database;
    return write_archive_config(*fs, paths.settings(), config);
}

Result<std::unique_ptr<OpenArchive>> open_archive(const std::string& path, const ArchiveIdentity* create,
                                                  const std::string& what) {
    auto fs = posix_file_system();
    RECTO_ASSIGN(const auto stat, fs->stat(ArchivePaths(path).settings()));
    if (!stat.exists) {
        if (!create) return fail("init.none", "no archive.yaml there", path);
        RECTO_TRY(create_archive(path, *create));
    }
    auto archive = std::make_unique<OpenArchive>(OpenArchive{ArchivePaths(path), {}, nullptr, nullptr});
    RECTO_ASSIGN(archive->identity, read_archive_config(*fs, archive->paths.settings()));
    if (!archive->identity.work.empty())
        archive->paths.work =
            archive->identity.work[0] == '/' ? archive->identity.work : join_path(path, archive->identity.work);
    RECTO_ASSIGN(archive->lock, ArchiveLock::acquire(archive->paths.lock(), what));
    RECTO_TRY(make_archive_folders(*fs, archive->paths));
    archive->events = std::make_unique<EventLog>(fs, archive->paths.events(), default_clock());
    return archive;
}

} // namespace recto::cli
