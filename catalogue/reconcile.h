#pragma once

/// The catalogue against what was scanned, by page class: covers, 卷内目录, 备考表 and blank pages are not counted as 页.
/// Pure functions; the lists they write are CSV for Excel (UTF-8 with BOM, CRLF, no formulas), headings Chinese / English.

#include <map>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "pipeline/core/item.h"

namespace recto::catalogue {

/// A page to look at or to scan again.
struct PageRemark {
    int order = 0; ///< Page of the item, from 1.
    std::string printed_number;
    std::string file; ///< Source file as delivered.
    int image = 0;    ///< Image in that file, from 1.
    Finding finding;  ///< Severity Rescan or Error; an Error of a page becomes one.
};

/// What reconciliation needs of an item; small, so that a whole archive's fit in memory.
struct ScannedItem {
    Uuid id;
    std::string code; ///< 档号; empty while provisional.
    std::string name; ///< What messages call it.
    std::string delivery;
    int counted = 0; ///< Pages that count as 页.
    std::map<PageClass, int> classes;
    bool held = false;
    std::vector<Finding> findings;  ///< Of the item: "reconcile.*", "describe.*", "group.*".
    std::vector<PageRemark> rescan; ///< Pages with findings of severity Rescan or Error.
};
[[nodiscard]] ScannedItem summarise(const Item& item);

/// Persisted in reports by name.
enum class Verdict { Match, MissingPages, ExtraPages, NoPageCount, NotScanned, NotInCatalogue };
[[nodiscard]] std::string_view
to_string(Verdict verdict); ///< "match" "missing-pages" "extra-pages" "no-page-count" "not-scanned" "not-in-catalogue"

struct ReconciledItem {
    Verdict verdict = Verdict::Match;
    int row = 0;       ///< Row of the catalogue, 0 when it has none.
    std::string code;  ///< 档号, or the provisional name.
    std::string title; ///< Of the catalogue.
    int expected = -1; ///< Catalogue's 页数; -1 when not given or not a number.
    int counted = -1;  ///< Pages that count; -1 when not scanned.
    int scanned = -1;  ///< Index into the scanned items, -1 when not scanned.
};

struct Reconciliation {
    std::vector<ReconciledItem> items; ///< In the catalogue's order, then what it does not hold.
    int matching = 0, missing_pages = 0, extra_pages = 0, not_scanned = 0, not_in_catalogue = 0, no_page_count = 0;
    [[nodiscard]] bool clean() const { return missing_pages + extra_pages + not_scanned + not_in_catalogue == 0; }
};

[[nodiscard]] Reconciliation reconcile(const Catalogue& catalogue, const std::vector<ScannedItem>& scanned);
[[nodiscard]] Reconciliation reconcile(const Catalogue& catalogue, const std::vector<Item>& items);

/// 勘误表: each disagreement of catalogue and scans, refused catalogue rows included, with room for what was done.
[[nodiscard]] std::string errata_csv(const Catalogue& catalogue, const Reconciliation& r,
                                     const std::vector<ScannedItem>& scanned);
/// Pages to scan again, worst first within the order of the items, and items with pages missing.
[[nodiscard]] std::string rescan_csv(const Reconciliation& r, const std::vector<ScannedItem>& scanned);
/// Every catalogue row and every item with its state and page counts by class.
[[nodiscard]] std::string inventory_csv(const Reconciliation& r, const std::vector<ScannedItem>& scanned);

} // namespace recto::catalogue
