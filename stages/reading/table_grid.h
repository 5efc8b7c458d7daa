#pragma once

/// Tables that are drawn with rules: where their cells are. Looks at the picture alone, not at the text.

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/page_text.h"

namespace recto::reading {

struct TableGrid {
    Box box;                      ///< Page pixels.
    std::vector<TableCell> cells; ///< By rows, in each from the left; they tile the table.
};

/// The tables of a page, from the top: at least two rows and two columns whose rules meet. Rules may lean up to a degree, have
/// gaps of 3 mm of A4, and miss at the table's two sides. Where a rule is missing between two cells they are one that
/// spans. Single boxes, frames around a page, ruled writing paper, underlines and brackets are no tables.
///
/// `grey`: CV_8UC1, print darker than paper, upright, the whole page. Pure function, any thread; about 10 ms a million pixels.
[[nodiscard]] std::vector<TableGrid> find_tables(const cv::Mat& grey);

} // namespace recto::reading
