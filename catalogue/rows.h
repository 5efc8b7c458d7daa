#pragma once

/// The rows of a mapped sheet, each checked by itself: kept, or refused with column and reason. Pure functions.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/mapping.h"
#include "catalogue/workbook.h"
#include "pipeline/core/finding.h"
#include "pipeline/core/settings.h"

namespace recto::catalogue {

inline const Setting<std::string> kColumns{
    "catalogue.columns", std::string(),
    "Further headings: heading=id pairs separated by semicolons, e.g. \"归档编码=reference_code\".",
    "补充的表头对照:以分号分隔的“表头=标识”,如“归档编码=reference_code”。"};
inline const Setting<std::string> kCompose{
    "catalogue.compose", std::string(),
    "How the 档号 is put together in sheets that have no column for it: ids of columns in braces, with \":4\" for "
    "zeros "
    "in front, e.g. \"{fonds_code}-{list_number}-{volume_number}-{item_number:4}\".",
    "无档号列的目录如何组成档号:花括号内为字段标识,“:4”表示补零位数,如“{fonds_code}-{list_number}-{volume_number}-{"
    "item_number:4}”。"};
inline const Setting<std::string> kRequired{
    "catalogue.required", std::string("reference_code"),
    "Fields that a catalogue row must have, separated by commas; a row without is refused.",
    "目录每行必须填写的字段,以逗号分隔;缺少者拒收。"};

using Fields = std::map<std::string, std::string>;

/// One catalogue row.
struct Entry {
    int row = 0;      ///< Row of the sheet, from 1.
    std::string code; ///< 档号, NFC and trimmed, otherwise as written.
    /// Values as written (NFC, trimmed) by English id ("title", "page_count", ...); columns we do not know by their heading.
    Fields fields;
    std::string sheet;          ///< Empty for CSV.
    std::string level = "item"; ///< "item" or "volume".
};

/// Something to say about a row or a column.
struct Remark {
    int row = 0;
    std::string column; ///< Heading as written; empty when the whole row is meant.
    std::string code;   ///< "catalogue.duplicate", "catalogue.no_code", "catalogue.too_many_cells", ...
    std::vector<std::string> args;
    bool refused = false;                  ///< The row is not in the catalogue.
    std::string sheet;                     ///< Empty for CSV.
    [[nodiscard]] Finding finding() const; ///< Sentence with row and column in front.
};

struct ReadRow {
    Entry entry;
    std::vector<Remark> remarks;
    bool refused = false;
};

/// Hands every row below the headings to `sink`, in order. What a row alone can be refused for: text behind a quote, more
/// cells than headings, a required field missing, a 档号 that a spreadsheet turned into a date or a power of ten, a date
/// that does not exist, headings once more.
void read_rows(const Sheet& sheet, const SheetMapping& mapping, const Settings& settings,
               const std::function<void(ReadRow&&)>& sink);

/// Brings a second row of one 档号 into the first: values that the first lacks are added, remarks are joined. Nothing is
/// changed when the two contradict each other; then the id of the first field that differs is returned.
[[nodiscard]] std::optional<std::string> merge_fields(Fields& into, const Fields& from);

// ---- what fields mean ------------------------------------------------------------------------------------------------

/// EDTF of a date as catalogues write it: one day, month or year; "a/b" for a span; Excel's day numbers (45000).
/// Nullopt for what is no date; `impossible` is set when it has the form of one that does not exist.
[[nodiscard]] std::optional<std::string> edtf_of(std::string_view value, bool* impossible = nullptr);

/// "永久", "30年", "10年", ... from 永久, Y, 30, D30, 30年, 定期30年, 长期, 短期; as written when it is none of these.
[[nodiscard]] std::string retention_of(std::string_view value);

/// What reports group by: from the row's columns, else from a 档号 of the form of DA/T 22 (0025-WS·2012-Y-BGS-0001).
struct Grouping {
    std::string fonds, volume, year, retention;
};
/// `volume`: the volume's 档号 where the sheet has it, else fonds, list and volume number joined by "-"; "" when the item
/// belongs to none. For a row of level "volume" its own 档号.
[[nodiscard]] Grouping grouping_of(const Entry& entry);

} // namespace recto::catalogue
