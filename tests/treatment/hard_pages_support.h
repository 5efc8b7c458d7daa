#pragma once

/// Pages on which skew is easily found wrong, drawn at twice their size upright and turned by a known angle.

#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/raster.h"

namespace recto::test {

enum class HardPage {
    Table,         ///< Rules and a few figures.
    Form,          ///< Boxes, dotted lines to write on, few words.
    ThreeLines,    ///< Three lines of print and nothing else.
    Photograph,    ///< Halftone (screen of 45 degrees) over the whole page, with edges in all directions.
    TiltedHorizon, ///< A photograph on an upright page: its one long edge leans by 4 to 12 degrees.
    Stamp,         ///< Print, and an oblong stamp across it that leans by 8 to 30 degrees.
    Signature,     ///< A short letter, and a large signature that climbs by 6 to 14 degrees.
    Watermark,     ///< Print over a large grey watermark along the diagonal.
    DotLeaders,    ///< A table of contents: short words, leaders of dots, page numbers.
    Staves,        ///< Music: five lines a stave, notes with stems.
    GraphPaper,    ///< A grid of 5 mm and a curve.
    Hatching,      ///< A drawing of outlines, hatched at 10 degrees off the page.
    Columns,       ///< Two columns whose lines are not level with each other.
    SlantedHand,   ///< A paragraph of print and lines written by hand that climb by 3 to 6 degrees.
};
inline constexpr int kHardPages = 14;
[[nodiscard]] std::string to_string(HardPage kind);

/// A4 at 150 dpi, grey. `angle_deg`: the page's lean, > 0 clockwise.
[[nodiscard]] Raster draw_hard_page(HardPage kind, double angle_deg, std::uint32_t seed);

} // namespace recto::test
