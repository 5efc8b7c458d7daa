#pragma once

/// What on a page is ink and what only shines through, for the clean-up of access images and for its veto.

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/raster.h"

namespace recto::encode {

/// The paper under what is on it, at the image's own size and with its channels: nothing narrower than `reach` millimetres is left
/// (closing, then a median, on a picture of at most `per_mm` pixels a millimetre). Edges of stains stay where they are.
[[nodiscard]] cv::Mat paper_under(const cv::Mat& pixels, double dpi, double reach, double per_mm);

/// A page seen as paper with something on it, at the image's own size. All maps are CV_8UC1.
struct PageLook {
    cv::Mat paper;  ///< The local paper's grey: nothing narrower than about 4 mm is in it.
    cv::Mat depth;  ///< 250 times the share of the paper's light that a pixel lacks, smoothed over 3 x 3.
    cv::Mat chroma; ///< 250 times how far the colour is from the paper's; empty for grey pages.
    double dpi = 200;
};
[[nodiscard]] PageLook look_at(const Raster& page);

/// Connected marks of certain ink: deep, or coloured otherwise than the paper, or faint with flanks as steep as print's
/// (pencil). What is blurred and faint is not in it.
struct Ink {
    cv::Mat labels; ///< CV_32S; 0 = none.
    struct Mark {
        int area = 0;
        double depth = 0, chroma = 0; ///< Means over the mark, of PageLook's maps.
    };
    std::vector<Mark> marks; ///< By label; the first is none.
};
[[nodiscard]] Ink find_ink(const PageLook& look);

/// 255 for the connected parts of `marks` (not 0) in which there is certain ink: with it, hairlines that hang on broad strokes, which
/// are not certain themselves.
[[nodiscard]] cv::Mat around_ink(const Ink& ink, const cv::Mat& marks);

/// The least share of its contrast (of depth, or of chroma for coloured ink) that any mark keeps in `after`. Pixels of
/// `painted` (255; may be empty) are left out: they are no paper. Marks under `smallest` square millimetres are not judged.
[[nodiscard]] double ink_kept(const Ink& ink, const PageLook& after, const cv::Mat& painted, double smallest = 0.05);

/// Marks that shine through from the other side, 255, else 0: paper-coloured, far fainter than the page's print and with
/// flanks less than half as steep. Empty when they are too few to be a text, when the page has too little print to compare
/// with, or when marks between the two kinds make it unsure (a carbon copy, a blurred scan).
[[nodiscard]] cv::Mat find_show_through(const PageLook& look, const Ink& ink);

} // namespace recto::encode
