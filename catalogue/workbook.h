#pragma once

/// A delivered list as a table of cells: CSV in any of its dialects, or an XLSX workbook. What the cells mean is decided
/// in mapping.h. Functions are pure and re-entrant.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/result.h"

namespace recto::catalogue {

struct Cell {
    enum class Kind : std::uint8_t { Text, Number, Date, Error };
    std::string text;       ///< UTF-8, as a person sees it: "0025" where the format says 0000, dates as 2023-03-17.
    Kind kind = Kind::Text; ///< How the workbook stores it; always Text in CSV.
};

/// One row that has any text.
struct SheetRow {
    int row = 0;             ///< As a spreadsheet numbers it, from 1.
    std::vector<Cell> cells; ///< Column A first.
    std::string problem;     ///< Empty, or why the row cannot be trusted ("catalogue.bad_quote").
};

/// Merged cells; the value stands in the first.
struct Merge {
    int first_row = 0, last_row = 0;       ///< From 1, inclusive.
    int first_column = 0, last_column = 0; ///< From 0, inclusive.
};

struct Sheet {
    std::string name; ///< Empty for CSV.
    std::vector<SheetRow> rows;
    std::vector<Merge> merges;
};

struct Workbook {
    std::string format;   ///< "csv" or "xlsx".
    std::string encoding; ///< Of CSV.
    std::vector<Sheet> sheets;
};

/// Tells the format by content. Errors: those of read_csv and read_xlsx, "catalogue.old_workbook" (xls, or locked by a
/// password).
Result<Workbook> read_workbook(std::string_view bytes, const std::string& file);

/// Visible sheets of an XLSX workbook, read as a stream of bounded size. Errors: "catalogue.workbook" (broken zip or
/// XML, a part that is missing, a DTD; the reason names the part), "catalogue.workbook_size" (a zip bomb, or larger
/// than any list: 1 GiB unpacked, 1024 columns, 1048576 rows).
Result<Workbook> read_xlsx(std::string_view bytes, const std::string& file);

/// What a cell says: without blanks around it, in Unicode's composed form.
[[nodiscard]] std::string clean_cell(std::string_view text);

} // namespace recto::catalogue
