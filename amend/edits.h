#pragma once

/// The ledger of what people changed (Item::edits), and how it outlives a later run of the same delivery: the run makes
/// the item anew from the delivery, and what was changed since is put on top of it again. Pure functions, any thread.

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "pipeline/core/item.h"
#include "pipeline/core/result.h"

namespace recto::amend {

/// Absolute path of a logical file of the stored version.
using ContentPath = std::function<Result<std::string>(const std::string& logical_path)>;

/// Puts the edits of `stored` (item.json of the head version) on `item`, as grouping made it from the delivery: replaced
/// pages show their new scan, inserted pages are back in their places, the ledger goes on. Masters that came with an edit
/// are read from the archive. A page that the delivery no longer has is a finding "amend.lost", and the item is held.
/// Without edits nothing changes. Errors: those of item.json.
Result<void> put_on(Item& item, const nlohmann::json& stored, const ContentPath& content_path);

/// Puts the corrections of Item::edits on the text of the pages as reading just gave it: a line is found by its name and
/// old text, else by its place. One that is no longer there is a finding "amend.correction_lost" of its page.
void put_corrections_on(Item& item);

/// Decides again what grouping decided about holding, after pages changed: only pages that still have an error hold.
void decide_hold(Item& item);

/// Replaces source `source` of `page` by `with`: in its place when no other page shows it, else as a further source.
/// Returns its index.
int exchange_source(Item& item, std::size_t page, Source with);

/// Numbers the pages' logical order from 1 as they lie in the list. Nothing else is numbered again.
void number_order(Item& item);

} // namespace recto::amend
