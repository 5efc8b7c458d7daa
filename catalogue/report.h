#pragma once

/// Digitization rates (数字化率): what the inventory says exists on paper against what is stored. A rate that the
/// inventory does not allow is not guessed: it comes with the reason why it cannot be computed.

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "catalogue/store.h"

namespace recto::catalogue {

/// One count of things done out of things that exist.
struct Rate {
    std::int64_t done = 0, of = 0;
    std::string why;          ///< Message id of the reason when it cannot be computed ("rates.no_inventory"); else "".
    std::int64_t unknown = 0; ///< Things whose size the inventory does not give (items without 页数).
    [[nodiscard]] bool known() const { return why.empty(); }
    [[nodiscard]] double value() const { return of > 0 ? static_cast<double>(done) / static_cast<double>(of) : 0; }
};

/// A line of the report.
struct ReportRow {
    std::string key;   ///< "永久", a fonds, a year, a volume or an item; "" = not given in the inventory.
    std::string title; ///< Of volumes and items.
    Rate volumes, items, pages;
    std::int64_t held = 0; ///< Items stored but held: not counted as done.
};

struct DigitizationReport {
    std::string by; ///< "total", "retention", "fonds", "year", "volume", "item".
    ReportRow total;
    std::vector<ReportRow> rows;       ///< Sorted: 永久 first, then periods by length; codes in natural order.
    std::int64_t not_in_inventory = 0; ///< Stored items that no row of the inventory names; in no rate.
    std::int64_t provisional = 0;      ///< Of these, items without a 档号.
    std::int64_t stored_items = 0, stored_pages = 0;
};

/// `by`: "total", "retention", "fonds", "year", "volume", "item". An item counts as digitized when it is stored and not
/// held; its pages up to the number that the inventory gives (pages that count as 页). A volume counts when all its items
/// do; one without item rows when the pages of its stored items reach its 页数.
Result<DigitizationReport> digitization_report(Store& store, const std::string& by);

/// Stored pages by class (body, cover, blank, ...), which of them count as 页.
struct PageClassCount {
    std::string page_class;
    bool counted = false;
    std::int64_t pages = 0;
};
Result<std::vector<PageClassCount>> page_classes(Store& store);

[[nodiscard]] nlohmann::json report_json(const DigitizationReport& report);
[[nodiscard]] std::string report_csv(const DigitizationReport& report);
/// Typed cells: numbers as numbers, everything else as text, so that no cell is a formula. Errors: io.*.
Result<void> write_report_xlsx(const DigitizationReport& report, const std::string& path);

} // namespace recto::catalogue
