#pragma once

/// The masks of the compact form: which pixels of a page are print, seals and handwriting, and of which kind of ink.

#include <opencv2/core.hpp>

#include "pipeline/core/raster.h"
#include "stages/encode/page_ink.h"

namespace recto::encode {

/// One kind of ink: 255 where it is, and how much each of its pixels says of its colour.
struct InkPart {
    cv::Mat mask, weight;
};
struct InkParts {
    InkPart grey, coloured;
    cv::Mat all;
};

/// `page`: sRGB or grey at the resolution that the masks are to have. `look` and `ink` are of the same page, coarser. Certain ink
/// (find_ink) and what hangs together with it is cut where it is half as deep as its nearest ridge, so that a hairline beside a
/// broad stroke has its own edge; soft edges (stains, what shines through) and photographs are left out. Pure, any thread; at its
/// peak some 20 bytes a pixel.
[[nodiscard]] InkParts part_page(const Raster& page, const PageLook& look, const Ink& ink);

} // namespace recto::encode
