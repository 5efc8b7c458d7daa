#pragma once

/// Levelling of stains, shadows and yellowing, for engines that binarize by one threshold.

#include <opencv2/core.hpp>

namespace recto::reading {

/// `grey` (CV_8UC1) divided by its own background, when that background is uneven; otherwise `grey` itself (shared).
/// The background is what is wider than 1/75 of the long side (4 mm of A4), so strokes keep their contrast to the paper: unlike
/// local thresholds it does not break faded text. Pure function, any thread.
[[nodiscard]] cv::Mat even_background(const cv::Mat& grey);

} // namespace recto::reading
