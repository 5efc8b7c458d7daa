#pragma once

/// The parts that write_report puts together. For review/ only.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/engine/run.h"
#include "pipeline/files/file_system.h"
#include "review/outliers.h"

namespace recto::report {

inline constexpr std::size_t kFiguresAPage = 60, kLinesAPage = 50, kItemsAPage = 300;
inline constexpr std::size_t kOutliers = 20; ///< Pages shown as unlike the rest.

/// Where things of a page lie, relative to the report's folder; "" when there is no such picture.
struct PagePlace {
    std::string before, after, lines; ///< Pictures.
    std::string address;              ///< Of its figure: "items/0003-2.html#<page id>".
};

/// A run being reported: items worst first, with their places.
struct Book {
    FileSystem& fs;
    const std::string& folder;
    const RunReport& run;
    std::vector<const ItemReport*> items;                   ///< Worst first.
    std::map<const PageReport*, PagePlace> places;          ///< Of every page.
    std::vector<std::pair<std::string, std::string>> links; ///< Navigation of every page of the report.
};

/// A line that the reader was not sure of, or that says what cannot be.
struct Doubt {
    const ItemReport* item;
    const PageReport* page;
    std::string id, text;
    double confidence;
    int y, width, height;               ///< In the page's picture of lines; width 0: it has none there.
    std::vector<std::string> remarks{}; ///< What checks of the text say of it, with their proposals.
};

[[nodiscard]] Severity worst(const PageReport& page);
[[nodiscard]] Severity worst(const ItemReport& item); ///< Of its findings and pages; Error when held or failed.

/// Copies the pictures that are still there into the report's folder.
[[nodiscard]] Result<void> take_pictures(Book& book);
/// The same, and says where every page's figure will stand.
[[nodiscard]] Result<void> place_pages(Book& book);

/// The scan as it came beside the page as treated, what was measured, what was found. `to_top`: "" or "../". `remark`: HTML
/// under the pictures. `anchor`: it is the page's own place, to which links lead.
[[nodiscard]] std::string page_figure(const Book& book, const PageReport& page, const std::string& to_top,
                                      const std::string& remark = {}, bool anchor = true);

/// The message `id` in the reader's language, not escaped.
[[nodiscard]] std::string plain(std::string_view id);
/// Files that gave no page and files that were passed over.
[[nodiscard]] std::string not_taken(const RunReport& run);
/// What was found how often, the gravest first.
[[nodiscard]] std::string finding_counts(const RunReport& run);
/// Pages unlike the rest, as a table.
[[nodiscard]] std::string outlier_part(const Book& book, const std::vector<Outlier>& list);
/// items/0001.html, items/0001-2.html, ...
[[nodiscard]] Result<void> write_item_pages(const Book& book);
/// Address of an item's first page, relative to the report's folder.
[[nodiscard]] std::string item_address(const Book& book, const ItemReport& item);

/// Doubtful lines of the whole run, worst first.
[[nodiscard]] std::vector<Doubt> collect_doubts(const RunReport& run);
/// doubts.html, doubts-2.html, ... and corrections.csv, filled in but for the new text.
[[nodiscard]] Result<void> write_doubts(const Book& book, const std::vector<Doubt>& lines);

} // namespace recto::report
