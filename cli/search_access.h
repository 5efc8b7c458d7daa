#pragma once

/// Opening the text index of an archive, brought up to what is stored.

#include <memory>
#include <string>

#include "catalogue/search_index.h"
#include "catalogue/store.h"
#include "cli/archive_access.h"

namespace recto::cli {

struct OpenIndex {
    std::unique_ptr<catalogue::Store> store;
    std::unique_ptr<catalogue::SearchIndex> index;
    bool behind = false; ///< Somebody writes just now, or items could not be read: not all that is stored is in it.
};

/// For reading. What is stored and not yet in the index is taken into it first, unless another program holds the archive.
Result<OpenIndex> open_index(const std::string& archive);

/// Brings the index of a store up to it; for whoever holds the archive's lock. Problems of single items are said on
/// stderr. `again`: made from nothing. Returns the number of problems.
Result<int> refresh_index(catalogue::Store& store, const ArchivePaths& paths, bool again = false);

} // namespace recto::cli
