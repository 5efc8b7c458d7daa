#pragma once

/// Columns of running text. Pure functions, any thread.

#include <vector>

#include "stages/reading/line_rows.h"

namespace recto::reading {

struct Gutter {
    bool found = false;
    double x = 0, top = 0, bottom = 0; ///< An empty stripe right of x, between heights (of line middles).
    std::vector<bool>
        inset; ///< Of the lines: stands in the stripe, as the legend of a picture that both columns run around.
    std::vector<bool> bridge; ///< Of the lines: two lines that were found as one, because the stripe is narrow.
    double cut = 0;           ///< Where a bridge parts: the middle of the stripe.
};

/// The gutter that divides most rows of running text. `em`: height of the type, pixels.
[[nodiscard]] Gutter find_gutter(const Lines& lines, double em);

} // namespace recto::reading
