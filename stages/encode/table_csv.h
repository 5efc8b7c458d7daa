#pragma once

/// A table of a page as a spreadsheet opens it. Pure function, any thread.

#include <string>

#include "pipeline/core/page_text.h"

namespace recto::encode {

/// CSV with a byte order mark: a record a row, a field a column (table_rows() of running_text.h), fields that a spreadsheet
/// would run as formulas disarmed (csv_row() of files/csv.h). Empty for a block that is no table with known cells.
[[nodiscard]] std::string table_csv(const TextBlock& block);

} // namespace recto::encode
