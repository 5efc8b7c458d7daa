#pragma once

/// CSV as offices deliver it and as Excel opens it. Functions are pure and re-entrant.

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/result.h"

namespace recto {

/// One record. Records without any text are left out, but counted.
struct CsvRow {
    int row = 0;                    ///< As a spreadsheet numbers it, from 1.
    int line = 0;                   ///< Line of the file on which it begins, from 1.
    std::vector<std::string> cells; ///< UTF-8, as written (no trimming).
    std::string problem;            ///< Empty, or why the record cannot be trusted ("catalogue.bad_quote").
};

struct CsvTable {
    std::vector<CsvRow> rows;
    char separator = ',';
    std::string encoding; ///< "UTF-8", "UTF-16LE", "UTF-16BE", "GB18030".
};

/// RFC 4180, and what is found in the field: UTF-8 with or without BOM, UTF-16 with BOM, else GB18030; separators
/// comma, semicolon or tab (the one the heading row uses most, or Excel's "sep=;" line); quoted cells with separators,
/// quotes and newlines; CRLF, LF or CR. An apostrophe that csv_row put before a formula sign is taken off again.
/// Errors: "catalogue.not_csv" (a workbook, binary data), "catalogue.encoding", "catalogue.unclosed_quote" (page =
/// row where the quote opens), "catalogue.empty".
Result<CsvTable> read_csv(std::string_view bytes, const std::string& file);

/// One record with CRLF: cells quoted where needed; a leading = + - @ tab or CR (their full-width forms too) gets an
/// apostrophe, so that no spreadsheet runs it.
[[nodiscard]] std::string csv_row(const std::vector<std::string>& cells);
inline constexpr std::string_view kBom = "\xEF\xBB\xBF"; ///< Written once at the start, for Excel.

} // namespace recto
