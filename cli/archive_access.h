#pragma once

/// Opening an archive from the command line: its settings, its lock, its event log.

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "config/archive_config.h"
#include "pipeline/core/result.h"
#include "pipeline/engine/archive.h"

namespace recto::cli {

/// What --create and `recto init` need to know of a new archive.
struct ArchiveIdentity {
    std::string code = "ARCHIVE", name;
    std::vector<std::string> fonds;
    std::string database; ///< postgresql://..., empty = SQLite in the archive.
    void add_to(CLI::App& app);
};

/// An archive that this process may change: its lock is held as long as this lives.
struct OpenArchive {
    ArchivePaths paths;
    ArchiveConfig identity;
    std::unique_ptr<ArchiveLock> lock;
    std::unique_ptr<EventLog> events;
};

/// Opens `path` for writing. With `create` a missing archive is made; without, "init.none" says how to make one.
Result<std::unique_ptr<OpenArchive>> open_archive(const std::string& path, const ArchiveIdentity* create,
                                                  const std::string& what);
/// Reads archive.yaml without locking, for commands that only look.
Result<ArchiveConfig> look_at_archive(const std::string& path);
/// Makes a new archive; "init.exists" when there is one or the folder holds anything else.
Result<void> create_archive(const std::string& path, const ArchiveIdentity& identity);

} // namespace recto::cli
