#pragma once

#include <opencv2/core.hpp>

namespace recto::reading {

/// Height of letters, pixels, where it is not known: 12 pt at 300 dpi.
inline constexpr double kUsualTextHeight = 50;

/// The page as if its print were equally strong everywhere: paper white, and each stroke as dark against it as the strokes around
/// it are on average. Brings back what is faint in a part of a page (mimeographs that ran out of ink, carbon copies,
/// photocopies); dirt where nothing is printed comes up too, so this is a second look at pages that were read badly and no
/// cleaning. `grey`: CV_8UC1, print darker than paper. `height`: of the letters, pixels, above 0. Pure function, any
/// thread.
[[nodiscard]] cv::Mat even_contrast(const cv::Mat& grey, double height);

/// A page of black and white only, as a photocopier or a fax leaves it, with its strokes a twentieth of the letters' height broader:
/// they are broken, not faint. Any other page as it is, the same pixels. `grey` itself is not changed; else as above.
[[nodiscard]] cv::Mat with_broader_strokes(const cv::Mat& grey, double height);

} // namespace recto::reading
