#pragma once

/// Separator sheets with known codes, drawn turned, skewed, blurred, faint or speckled at any resolution.

#include <cstdint>
#include <string>

#include "pipeline/core/raster.h"

namespace recto::test {

struct SheetSpec {
    std::string kind = "code128"; ///< "code128" "code39" "qr" "datamatrix", or "patch-t" (no value).
    std::string value = "LZ01-WS-2023-D30-0012";
    double module_mm = 0; ///< Width of the narrowest bar or module; 0: 0.5 mm for bars, 1 mm for a matrix.
    double dpi = 300;
    int quarters = 0;          ///< Clockwise quarter turns of the sheet.
    double skew_deg = 0;       ///< > 0: content turned clockwise.
    double blur_mm = 0;        ///< Standard deviation of the blur.
    int paper = 250, ink = 15; ///< Levels.
    double noise = 3;          ///< Standard deviation of grain.
    double speckle = 0;        ///< Share of the sheet covered by specks of 0.17 mm, black and white alike.
    int text_lines = 2;        ///< Lines of print-like marks above the code; 40 fill the page.
    bool sticker = false;      ///< The code stands small in the upper right corner, as a label on a letter.
    std::string damage;   ///< "torn" "smeared" "overwritten": what happened to the code after printing; "": nothing.
    double damaged = 0.4; ///< Share of the code that it took, 0 to 1.
    std::uint32_t seed = 1;
};

/// A4 upright (before the turn).
[[nodiscard]] Raster draw_sheet(const SheetSpec& spec);

} // namespace recto::test
