#pragma once

/// Levelling of stains, shadows and yellowing, for engines that binarize by one threshold.

#include <opencv2/core.hpp>

namespace recto::reading {

/// `grey` (CV_8UC1) divided by its own background, when that background is uneven; otherwise `grey` itself (shared).
/// The background is the upper part of the grey values in the neighbourhood (about 1/60 of the long side), so strokes
/// keep their contrast to the paper: unlike local thresholds it does not break faded text. Pure function, any thread.
[[nodiscard]] cv::Mat even_background(const cv::Mat& grey);

} // namespace recto::reading
