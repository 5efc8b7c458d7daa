#pragma once

/// Which column of a sheet is which field: found from the headings, shown to people, kept for the next sheet of the same
/// form. Headings may stand below a title, in two rows, in Chinese, English or pinyin codes. Pure functions.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/workbook.h"
#include "pipeline/core/result.h"

namespace recto::catalogue {

/// English id of a heading: Chinese ("题名", "文件 题名(正)"), an English id, or a pinyin code ("TM"); "" when unknown.
[[nodiscard]] std::string field_of_heading(std::string_view heading);
/// The usual Chinese heading of an id ("题名"); the id itself when it is none of ours.
[[nodiscard]] std::string heading_of_field(std::string_view id);
/// All ids that field_of_heading can give.
[[nodiscard]] std::vector<std::string> known_fields();

using HeadingMap = std::map<std::string, std::string>; ///< Heading (NFC, trimmed) to id; id "" = leave the column out.

/// "heading=id" pairs separated by semicolons. Errors: "catalogue.bad_columns".
Result<HeadingMap> parse_heading_map(std::string_view text);

struct Column {
    std::string heading; ///< As written; two-row headings joined by a space.
    std::string id;      ///< English id; the heading itself when it is not known; "" when left out.
    std::string by;      ///< "known", "given", "saved", "double" (a second column for a field), "unknown", "left-out".
};

struct SheetMapping {
    std::size_t heading = 0;      ///< Index into Sheet::rows of the first heading row.
    std::size_t heading_rows = 1; ///< 1 or 2.
    std::vector<Column> columns;
    std::string signature; ///< SHA-256 of the headings: sheets of one form have one signature.
    std::string compose;   ///< Pattern of the 档号 where no column has it; else empty.
    std::string level;     ///< "item" (归档文件目录, 卷内目录) or "volume" (案卷目录).
    [[nodiscard]] int column(std::string_view id) const; ///< -1 when there is none.
};

struct MappingOptions {
    HeadingMap given; ///< Of this call: beats all.
    std::function<std::optional<HeadingMap>(const std::string& signature)>
        saved;           ///< From earlier imports; may be null.
    std::string compose; ///< Pattern for sheets without a 档号 column; "" = such sheets are no catalogues.
    std::string level;   ///< "item" or "volume"; "" = found from the headings.
};

/// A 档号 put together from other columns: "{fonds_code}-{list_number}-{item_number:4}"; ":4" pads digits with zeros.
struct CodePattern {
    struct Part {
        std::string text;  ///< Stands as it is, when `field` is empty.
        std::string field; ///< English id.
        std::size_t width = 0;
    };
    std::vector<Part> parts;
    /// Errors: "catalogue.bad_pattern" (an unknown id, a brace without its pair).
    static Result<CodePattern> parse(std::string_view text);
    /// Nullopt with `missing` when a column of the row is empty.
    [[nodiscard]] std::optional<std::string> code(const std::map<std::string, std::string>& fields,
                                                  std::string& missing) const;
};

/// Nullopt when no row of the sheet's first twenty has a 档号 column, or all columns of the pattern.
[[nodiscard]] std::optional<SheetMapping> map_sheet(const Sheet& sheet, const MappingOptions& options);

} // namespace recto::catalogue
