#pragma once

/// A vertical line with its characters side by side, as a level line has them: networks read those better than characters that
/// lie on their sides.

#include <optional>
#include <vector>

#include <opencv2/core.hpp>

#include "stages/reading/ppocr_recognize.h"

namespace recto::reading {

/// A character's place (or that of two small ones) in the column and in the level strip.
struct UprightCell {
    double from = 0, to = 0; ///< Down the column, pixels of the picture of the column.
    int left = 0, width = 0; ///< In the strip, pixels.
};

struct UprightLine {
    cv::Mat strip; ///< As cut_strip makes it.
    int width = 0; ///< Pixels of it that show characters.
    std::vector<UprightCell> cells;
    double top = 0, bottom = 0; ///< Rows of the picture of the column that have ink.
    StripGeometry column;       ///< Where the picture of the column lies on the page.
};

/// Nothing where it has no ink, or more characters than a strip has room for.
[[nodiscard]] std::optional<UprightLine> set_upright(Pyramid& pyramid, const Quad& quad);

/// Boxes of a line that was read from the strip, in pixels of it, brought to the page.
void to_page(TextLine& line, const UprightLine& upright, cv::Size page);

} // namespace recto::reading
