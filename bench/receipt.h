#pragma once

/// Sets receipts and slips as small printers make them: characters of needle or thermal dots on a coarse grid or smooth
/// ones, in cells of one width, mostly capitals and figures, few on a line; and what wears them: faint and missing rows of
/// dots, strokes that only their rims are left of.

#include <string>
#include <vector>

#include <ft2build.h>
#include FT_FREETYPE_H

#include <opencv2/core.hpp>

#include "bench/chance.h"

namespace recto::bench {

/// Draws a receipt into `canvas` (0 = paper). `latin` sets it, `han` (null: none) some of its lines with characters out of
/// `characters`. Returns the size of a character, pixels from line to line without lead.
[[nodiscard]] int set_receipt(FT_Face latin, FT_Face han, const std::vector<char32_t>& characters, Chance& chance,
                              cv::Mat& canvas);

/// Its text without Han characters, a line: a heading, an article with its price, a sum, a date, a row of dashes.
[[nodiscard]] std::u32string receipt_line(Chance& chance, int cells);

} // namespace recto::bench
