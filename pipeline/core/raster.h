#pragma once

/// Pixels in memory with what belongs to them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <opencv2/core.hpp>

namespace recto {

enum class ColourMode { Bilevel, Grey, Colour };
[[nodiscard]] std::string_view to_string(ColourMode mode); ///< "bilevel", "grey", "colour".

/// Where a resolution comes from.
enum class DpiSource { File, Inferred, Assumed };
[[nodiscard]] std::string_view to_string(DpiSource source); ///< "file", "inferred", "assumed".

struct Dpi {
    double x = 0, y = 0; ///< Pixels per inch, > 0 once known.
    DpiSource source = DpiSource::Assumed;
};

/// A decoded image. Bilevel and Grey: CV_8UC1 (bilevel holds only 0 = ink and 255 = paper); Colour: CV_8UC3 in
/// **R, G, B** order (not OpenCV's BGR). Rows from the top as stored in the file: an EXIF or TIFF orientation tag is
/// reported beside the image, never applied. Copying shares the pixels (cv::Mat); treat them as read only.
struct Raster {
    cv::Mat pixels;
    ColourMode mode = ColourMode::Grey;
    Dpi dpi;
    std::vector<std::uint8_t> icc; ///< Embedded ICC profile that still describes `pixels`; empty when none.

    [[nodiscard]] int width() const { return pixels.cols; }
    [[nodiscard]] int height() const { return pixels.rows; }
    [[nodiscard]] bool empty() const { return pixels.empty(); }
};

/// Grey view of a raster (shares pixels when it already is single-channel); ITU-R BT.601 weights.
[[nodiscard]] cv::Mat to_grey(const Raster& raster);

} // namespace recto
