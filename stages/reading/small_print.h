#pragma once

/// Small print is read from a larger picture of the page, rendered from the scan for it: what cleans and reads a page was made
/// for letters of 300 dpi, and pixels that were turned before they are enlarged have lost detail that words hang on.

#include "pipeline/core/page_text.h"
#include "pipeline/core/raster.h"

namespace recto::reading {

/// Pixels that a page made larger for reading has at most: those of an A4 page at 300 dpi, which bounds memory and time.
inline constexpr double kMostEnlarged = 8.7e6;
/// A page of more pixels is never made larger: there is room for less than 1.3 times, which gains hardly anything.
inline constexpr double kMostToEnlarge = kMostEnlarged / (1.3 * 1.3);

/// How many times as large as `page` the picture should be that is read: 1 where letters are large enough or too few to tell
/// their size, else 2, or as much as there is room for. About 10 ms a million pixels; nothing for pages that could hardly be made larger. Any thread.
[[nodiscard]] double reading_scale(const Raster& page);

/// Brings what was read from a picture `scale` times as large to the page, which is `width` x `height` pixels.
void put_on_page(PageText& text, double scale, int width, int height);

} // namespace recto::reading
