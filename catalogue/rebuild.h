#pragma once

/// The store made again from the archive: imports from catalogue/, items from the item.json of each head version in
/// storage/. What events/ records lies outside versions and is no part of the store.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalogue/store.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/ocfl.h"

namespace recto::catalogue {

/// Where the parts of an archive lie.
struct ArchiveParts {
    std::shared_ptr<FileSystem> fs;
    std::string storage;   ///< OCFL root.
    std::string catalogue; ///< Kept imports.
};

struct RebuildResult {
    int imports = 0, items = 0, removed = 0;
    std::vector<Error> problems; ///< Objects that could not be read; they are not in the store.
};
/// (done, of) objects; may be called often.
using RebuildProgress = std::function<void(std::int64_t done, std::int64_t of)>;

/// Record of a stored object's head version. Errors: "catalogue.item_json", those of the OCFL store.
Result<ItemRecord> stored_item(OcflStore& objects, FileSystem& fs, const OcflState& state);

/// Empties the store and fills it again, in one transaction: readers see the old one until the new one is whole.
Result<RebuildResult> rebuild(Store& store, const ArchiveParts& archive, const RebuildProgress& progress = {});

/// Brings the store up to what the archive holds: imports and item versions it lacks. Reads the inventory of every object.
Result<RebuildResult> catch_up(Store& store, const ArchiveParts& archive, const RebuildProgress& progress = {});

} // namespace recto::catalogue
