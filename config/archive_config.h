#pragma once

/// archive.yaml: what an archive is, as opposed to how a run works (profiles, config.h).

#include <string>
#include <vector>

#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

namespace recto {

struct ArchiveConfig {
    int format = 1;
    std::string code, name; ///< Repository (档案馆代码, 档案馆名称). `code` is part of every identity: never changes.
    std::vector<std::string> fonds; ///< 全宗号, as far as named.
    std::string profile;            ///< Default profile of runs; empty = defaults.
    std::string work;               ///< Work folder, when not <archive>/work. Absolute or relative to the archive.
    /// Of the catalogue store: "postgresql://...", or a file for SQLite (absolute or relative to the archive); empty =
    /// catalogue.db in the archive.
    std::string database;
};

/// Errors: "config.archive" (file, line, key), "config.archive_newer" for a format above ours, "io.*".
Result<ArchiveConfig> read_archive_config(FileSystem& fs, const std::string& path);
/// Written atomically.
Result<void> write_archive_config(FileSystem& fs, const std::string& path, const ArchiveConfig& config);

} // namespace recto
