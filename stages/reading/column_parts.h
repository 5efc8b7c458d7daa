#pragma once

/// Where the characters of a vertical line part. Pure functions, any thread.

#include <utility>
#include <vector>

namespace recto::reading {

using ColumnParts = std::vector<std::pair<int, int>>; ///< From and to, pixels down the column, ascending.

/// Where the characters of a column part: ascending places with the least ink in a distance near the usual one. `ink`: how much
/// stands at each pixel down the column, from 0 for paper; `em`: width of the characters, pixels. Pairs of from and to.
[[nodiscard]] ColumnParts part_column(const std::vector<float>& ink, double em);

/// The median length of parts: marks are shorter, and gaps longer. There must be one.
[[nodiscard]] int usual_length(const ColumnParts& parts);

} // namespace recto::reading
