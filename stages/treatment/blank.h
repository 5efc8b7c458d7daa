#pragma once

/// Is there anything on this page? A faint pencil line is ink; the blurred shadow of the other side is not.

#include <opencv2/core.hpp>

#include "stages/treatment/analysis.h"

namespace recto::treat {

struct BlankCheck {
    bool blank = false;
    double confidence = 0;     ///< 0 to 1.
    double ink_ratio = 0;      ///< Share of ink pixels in the region, 0 to 1.
    bool show_through = false; ///< Soft, faint marks only: the other side shines through.
};

/// `region` (CV_8UC1, size of analysis.work, 255 = the page) limits the look to the paper; empty = the whole image.
[[nodiscard]] BlankCheck check_blank(const Analysis& analysis, const cv::Mat& region);

} // namespace recto::treat
