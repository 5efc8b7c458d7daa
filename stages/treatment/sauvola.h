#pragma once

/// Sauvola's local threshold (Sauvola and Pietikainen, Adaptive document image binarization, Pattern Recognition 33, 2000).

#include <opencv2/core.hpp>

namespace recto::treat {

/// Ink (255) where v < m (1 + k (s / range - 1)), m and s the mean and the deviation of a square window of odd side `window`
/// about the pixel, and v <= `lightest`; 0 elsewhere. `image`: CV_8UC1, mirrored at its edges. `window` at most 181.
[[nodiscard]] cv::Mat sauvola(const cv::Mat& image, int window, double k, double range, int lightest = 255);

} // namespace recto::treat
