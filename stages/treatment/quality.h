#pragma once

/// What a person should know about the scan while the paper is at hand: blur, contrast, exposure, text cut off.

#include <opencv2/core.hpp>

#include "pipeline/core/raster.h"
#include "stages/treatment/analysis.h"

namespace recto::treat {

struct Quality {
    double sharpness = 1; ///< 0 to 1: share of an ink edge's height that lies within one source pixel step, scaled.
    double contrast = 1;  ///< 0 to 1: (paper - ink) / 255 of the levels of paper and strokes.
    double paper_level = 255, ink_level = 0; ///< 0 to 255.
    double clipped_white =
        0;                 ///< Share of paper at full white in a grey or colour scan (burnt out when text fades too).
    double dark_share = 0; ///< Share of the region darker than a quarter: underexposed or black page.
    bool cut[4] = {false, false, false, false}; ///< Text runs into the image frame: top, right, bottom, left.
    bool measured = false;                      ///< There was enough ink to measure sharpness and contrast.
};

/// `raster` is the full image (sharpness is measured on tiles of it), `region` as in check_blank().
[[nodiscard]] Quality measure_quality(const Raster& raster, const Analysis& analysis, const cv::Mat& region);

} // namespace recto::treat
