#pragma once

/// Pages with exact truth for the tests of treatment: print-like marks drawn at any angle as polygons (never by turning
/// pixels), so that the angle and every position are known exactly.

#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/raster.h"
#include "pipeline/core/transform.h"

namespace recto::test {

enum class Script { Latin, Han, HanVertical };

struct PageSpec {
    Script script = Script::Latin;
    double angle_deg = 0; ///< Content (and paper) turned clockwise.
    bool bed = false;     ///< Paper on a dark bed, with a border of bed all around.
    double bed_level = 40, paper_level = 235, ink_level = 30;
    int lines = 36;                  ///< Text lines (columns for vertical script).
    double fill = 1.0;               ///< Share of the line that is written, at most.
    double noise = 3;                ///< Standard deviation of grain.
    int width = 1240, height = 1754; ///< Paper, pixels; 150 dpi A4 by default.
    std::uint32_t seed = 1;
};

struct DrawnPage {
    Raster raster;
    Quad paper{}; ///< Exact corners of the paper in the image, content's top left clockwise.
};

[[nodiscard]] DrawnPage draw_page(const PageSpec& spec);

/// Rows of a CSV file as fields; the heading left out. Empty when the file is absent.
[[nodiscard]] std::vector<std::vector<std::string>> read_csv(const std::string& path);

/// Path below the shared data folder; empty when that is absent.
[[nodiscard]] std::string shared_data(const std::string& name);

} // namespace recto::test
