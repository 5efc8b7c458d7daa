#pragma once

/// The bi-level picture of a page image: for OCR, printing and G4.
///
/// binarize(): the background is estimated from the pixels that are no ink and divided out; on the even page Sauvola's
/// local threshold (Sauvola and Pietikäinen 2000) finds the strokes and Otsu's global one says which of them are real
/// (hysteresis); what shines through from the other side is told by its flat flanks and dropped.

#include <opencv2/core.hpp>

#include "pipeline/core/raster.h"

namespace recto::treat {

struct BinarizeOptions {
    double sensitivity = 0.7; ///< 0 keeps only certain ink, 1 keeps the faintest strokes.
    bool drop_show_through = true;
    int speck_area = 0; ///< Pixels; smaller marks are dropped. 0: from the stroke width.
};

/// `grey`: CV_8UC1, any resolution. Result CV_8UC1 of equal size, 0 = ink, 255 = paper.
[[nodiscard]] cv::Mat binarize(const cv::Mat& grey, const BinarizeOptions& options = {});

/// The estimated paper under the ink: CV_8UC1, size of `grey`.
[[nodiscard]] cv::Mat paper_background(const cv::Mat& grey);

/// Bi-level raster of a page; colour becomes grey by the channel in which seals weigh least (the red one where a red
/// seal lies over black print). The input's resolution is kept; a bi-level input is returned as it is.
[[nodiscard]] Raster to_bilevel(const Raster& page, const BinarizeOptions& options = {});

} // namespace recto::treat
