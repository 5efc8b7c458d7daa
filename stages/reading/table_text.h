#pragma once

/// Text put into the cells of drawn tables. Pure functions, any thread.

#include <vector>

#include "stages/reading/line_rows.h"
#include "stages/reading/table_grid.h"

namespace recto::reading {

/// Takes what stands in `tables` out of the `groups` of lines: a Table each that has text, in the order of `tables`, its cells
/// those of the grid, its lines in the cells' order (in a cell from the top). A line that runs over a cell's border is cut there,
/// between two characters; what stands outside the table stays in its group. A grid whose borders most of the text runs over
/// is no table (ruled paper), and leaves everything as it is.
[[nodiscard]] std::vector<TextBlock> take_tables(const std::vector<Lines*>& groups,
                                                 const std::vector<TableGrid>& tables);

} // namespace recto::reading
