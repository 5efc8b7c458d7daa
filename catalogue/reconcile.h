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

/// A page as the check of separator sheets sees it.
struct PageMark {
    int order = 0; ///< Page of the item, from 1.
    std::string file;
    bool counts = false; ///< As 页.
    bool sheet = false;  ///< A separator sheet.
    bool unread = false; ///< It looks like a separator sheet whose code could not be read.
};

/// What reconciliation needs of an item; small, so that a whole run's fit in memory.
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
    std::vector<PageMark> pages;
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

/// Something about separator sheets that the catalogue and the scans together show.
struct SheetRemark {
    Finding finding;  ///< "reconcile.sheet..."
    std::string code; ///< 档号 of the catalogue whose sheet is missing; empty for other remarks.
    int scanned = -1; ///< Index of the scanned item that it is about; -1 when about a delivery.
};

struct Reconciliation {
    std::vector<ReconciledItem> items; ///< In the catalogue's order, then what it does not hold.
    std::vector<SheetRemark> sheets;   ///< See check_sheets.
    int matching = 0, missing_pages = 0, extra_pages = 0, not_scanned = 0, not_in_catalogue = 0, no_page_count = 0;
    [[nodiscard]] bool clean() const { return missing_pages + extra_pages + not_scanned + not_in_catalogue == 0; }
    /// What is known of the missing sheet of a 档号; null when nothing is.
    [[nodiscard]] const SheetRemark* missing_sheet(const std::string& code) const;
};

/// `scanned`: the items of a delivery in the order of their pages.
[[nodiscard]] Reconciliation reconcile(const Catalogue& catalogue, const std::vector<ScannedItem>& scanned);
[[nodiscard]] Reconciliation reconcile(const Catalogue& catalogue, const std::vector<Item>& items);

/// The separator sheets of every delivery against the rows of the catalogue that belong to it: a lost sheet lets two items
/// run together. Says for each row without a sheet where its pages may be, and which sheets are too many. Rows belong to a
/// delivery when they stand between two of its sheets, or beside one in the same box or volume; a gap of more rows than the
/// delivery has sheets is another part of the catalogue and no loss. Empty where nothing was cut by sheets.
[[nodiscard]] std::vector<SheetRemark> check_sheets(const Catalogue& catalogue, const Reconciliation& r,
                                                    const std::vector<ScannedItem>& scanned);

/// 勘误表: each disagreement of catalogue and scans, refused catalogue rows included, with room for what was done.
[[nodiscard]] std::string errata_csv(const Catalogue& catalogue, const Reconciliation& r,
                                     const std::vector<ScannedItem>& scanned);
/// Pages to scan again, worst first within the order of the items, and items with pages missing.
[[nodiscard]] std::string rescan_csv(const Reconciliation& r, const std::vector<ScannedItem>& scanned);
/// Every catalogue row and every item with its state and page counts by class.
[[nodiscard]] std::string inventory_csv(const Reconciliation& r, const std::vector<ScannedItem>& scanned);

} // namespace recto::catalogue
