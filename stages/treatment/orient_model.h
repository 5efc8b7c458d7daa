#pragma once

/// A small convolutional classifier of print: a square window around a letter in, the evidence for each of four turns
/// out. Its weights (orient_weights.inc) are made by bench/train_orientation.cpp from rendered Chinese and Latin type,
/// so they can be made again from the fonts alone.

#include <array>

namespace recto::treat {

inline constexpr int kWindow = 28; ///< Side of a window, pixels.
inline constexpr int kWindowPixels = kWindow * kWindow;
using Window = std::array<float, kWindowPixels>; ///< Ink, mean 0, deviation 1.
using Evidence = std::array<double, 4>;          ///< Probability that the print is turned clockwise by 0, 90, 180, 270.

/// Shape of the network: two layers of 3 x 3 filters, each followed by the maximum of 2 x 2, a third layer of 3 x 3
/// filters, and one weighted sum for each turn. Weights lie as [filter pixel][channel in][channel out].
namespace net {
inline constexpr int kOne = 8, kTwo = 32, kThree = 32; ///< Channels.
inline constexpr int kSideOne = (kWindow - 2) / 2;     ///< After the first layer and its maximum: 13.
inline constexpr int kSideTwo = (kSideOne - 2) / 2;    ///< 5.
inline constexpr int kSideThree = kSideTwo - 2;        ///< 3.
inline constexpr int kFlat = kSideThree * kSideThree * kThree;
inline constexpr int kWeightsOne = 9 * kOne, kWeightsTwo = 9 * kOne * kTwo, kWeightsThree = 9 * kTwo * kThree,
                     kWeightsOut = kFlat * 4;
} // namespace net

/// Thread-safe; about 0.03 ms.
[[nodiscard]] Evidence judge(const Window& window);

} // namespace recto::treat
