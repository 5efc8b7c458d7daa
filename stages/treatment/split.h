#pragma once

/// Does one image hold two facing pages, and where is the fold? The gutter is looked for, never the half: a shadow or a
/// line from top to bottom near the middle that no print crosses, or, without a shadow, an empty band as wide as two
/// inner margins. Landscape pages and wide tables have rules or print across the middle and stay whole.

#include <opencv2/core.hpp>

namespace recto::treat {

struct Gutter {
    bool found = false;
    double x = 0;          ///< Where it lies, in pixels of the images given.
    double confidence = 0; ///< 0 to 1; split only when >= kSureGutter, look at it when >= 0.2.
    bool shadow = false;   ///< Seen by a shadow or line (true) or by the empty band alone.
};

inline constexpr double kSureGutter = 0.5;

/// `background` and `ink`: CV_8UC1 of equal size, upright and straight, of the paper alone (about 75 dpi).
/// `ink` as normalised_ink() makes it.
[[nodiscard]] Gutter find_gutter(const cv::Mat& background, const cv::Mat& ink);

} // namespace recto::treat
