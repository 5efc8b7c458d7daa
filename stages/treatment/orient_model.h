#pragma once

/// A very small classifier of print: a square window of a text line in, the evidence for each of four turns out. One
/// hidden layer; its weights (orient_weights.inc) are made by bench/train_orientation.cpp from rendered Chinese and
/// Latin type, so they can be made again from the fonts alone.

#include <array>
#include <vector>

#include <opencv2/core.hpp>

namespace recto::treat {

inline constexpr int kWindow = 20; ///< Side of a window, pixels.
inline constexpr int kWindowPixels = kWindow * kWindow;
inline constexpr int kHidden = 48;
using Window = std::array<float, kWindowPixels>; ///< Ink, mean 0, deviation 1.
using Evidence = std::array<double, 4>;          ///< Probability that the print is turned clockwise by 0, 90, 180, 270.

/// Cuts a horizontal band of print (CV_8UC1 ink, tight around it) into windows as high as the band; at most `most` are
/// added to `out`. Windows that hold next to nothing are left out.
void cut_windows(const cv::Mat& band, int most, std::vector<Window>& out);

[[nodiscard]] Evidence judge(const Window& window);

} // namespace recto::treat
