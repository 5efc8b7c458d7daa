#pragma once

/// A 64-bit perceptual hash of a page, for finding pages scanned twice: signs of the lowest 8 x 8 cosine coefficients
/// of a 32 x 32 reduction, against their median (the scheme known as pHash).

#include <cstdint>
#include <string>

#include <opencv2/core.hpp>

namespace recto::treat {

/// `page`: grey, upright and cropped; any size.
[[nodiscard]] std::uint64_t signature_of(const cv::Mat& page);
[[nodiscard]] std::string to_hex(std::uint64_t signature);              ///< 16 lower-case digits.
[[nodiscard]] int signature_distance(std::uint64_t a, std::uint64_t b); ///< Differing bits, 0 to 64.

} // namespace recto::treat
