#include "station/sheet.h"

#include "pipeline/core/ids.h"

namespace recto::station {
namespace {
constexpr std::string_view kMark = "RECTO1-";
constexpr std::size_t kUuid = 36;
} // namespace

std::string sheet_value(const SheetTarget& target) {
    return std::string(kMark) + target.item + (target.page.empty() ? "" : "-" + target.page);
}

std::optional<SheetTarget> parse_sheet(std::string_view value) {
    if (!value.starts_with(kMark)) return std::nullopt;
    value.remove_prefix(kMark.size());
    Uuid id;
    if (value.size() != kUuid && (value.size() != 2 * kUuid + 1 || value[kUuid] != '-')) return std::nullopt;
    if (!Uuid::parse(value.substr(0, kUuid), id)) return std::nullopt;
    SheetTarget out{id.to_string(), {}};
    if (value.size() == kUuid) return out;
    if (!Uuid::parse(value.substr(kUuid + 1), id)) return std::nullopt;
    out.page = id.to_string();
    return out;
}

} // namespace recto::station
