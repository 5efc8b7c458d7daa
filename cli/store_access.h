#pragma once

/// Opening the catalogue store of an archive: made, migrated, brought up to date or made again as needed.

#include <memory>
#include <string>

#include "catalogue/rebuild.h"
#include "catalogue/store.h"
#include "cli/archive_access.h"

namespace recto::cli {

[[nodiscard]] std::string catalogue_folder(const ArchivePaths& paths); ///< Kept imports: <archive>/catalogue.
[[nodiscard]] catalogue::ArchiveParts archive_parts(const ArchivePaths& paths);

/// Where the store of this archive is.
[[nodiscard]] catalogue::DatabaseOptions database_of(const ArchivePaths& paths, const ArchiveConfig& config);

/// For a command that holds the archive's lock. Says on stderr what had to be put right.
Result<std::unique_ptr<catalogue::Store>> open_store(const ArchivePaths& paths, const ArchiveConfig& config);

/// For a command that only reads. Where the store is missing or behind and nobody writes, it is put right first.
Result<std::unique_ptr<catalogue::Store>> read_store(const std::string& archive);

/// False when its SQLite file is not there yet: a command that writes nothing then does without.
Result<bool> has_store(const std::string& archive);

/// Progress of a rebuild on stderr once it takes longer than two seconds.
[[nodiscard]] catalogue::RebuildProgress show_rebuild();

} // namespace recto::cli
