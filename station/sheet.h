#pragma once

/// What a separator sheet made by Recto says: "RECTO1-<item>" or "RECTO1-<item>-<page>", UUIDs. Frozen: sheets lie in drawers.

#include <optional>
#include <string>
#include <string_view>

namespace recto::station {

struct SheetTarget {
    std::string item; ///< UUID.
    std::string page; ///< UUID of the page that the next scan replaces; "": the next scans are appended.
};

[[nodiscard]] std::string sheet_value(const SheetTarget& target);
/// Nothing when `value` is not of such a sheet.
[[nodiscard]] std::optional<SheetTarget> parse_sheet(std::string_view value);

} // namespace recto::station
