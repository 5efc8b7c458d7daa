#pragma once

/// Keeps the text index equal to what the store says is stored: each item's head version, its item.json and its text file.

#include <memory>

#include "catalogue/rebuild.h"
#include "catalogue/search_index.h"
#include "catalogue/store.h"

namespace recto::catalogue {

/// What the index takes of a stored version. Nothing but counts of an item that is held as classified. Errors: those of
/// item_record and of the OCFL store.
Result<IndexedItem> indexed_item(OcflStore& objects, FileSystem& fs, const std::string& object_path);

struct IndexUpdate {
    int items = 0, pages = 0, removed = 0;
    std::vector<Error> problems; ///< Items that could not be read; they are tried again next time.
};

/// True when the items changed since the index was last brought up to them.
Result<bool> index_is_behind(Store& store, SearchIndex& index);

/// Brings the index up to the store, some items a transaction: a death in between costs nothing that was done.
/// `progress`: (done, of) items.
Result<IndexUpdate> update_index(Store& store, SearchIndex& index, const ArchiveParts& archive,
                                 const RebuildProgress& progress = {});

} // namespace recto::catalogue
