#pragma once

/// Single dark pixels strewn over the paper and light ones over the print: noise of a sensor, of a bad line, of dust. Too small for the
/// letters to be hurt, but the network takes them for dots, thins out brackets by them and overlooks what is small itself.

#include <opencv2/core.hpp>

namespace recto::reading {

/// Share of the pixels that are a dark dot, one to three pixels wide, on lighter ground. `grey`: CV_8UC1, print darker than
/// paper. Looks at some rows only: about 1 ms a page. Pure function, any thread.
[[nodiscard]] double salt_density(const cv::Mat& grey);

/// True when there are so many dots that they are none of the print's own, and letters of `text_height` pixels (0: not known) are
/// large enough to be told from them.
[[nodiscard]] bool is_salt(double density, double text_height);

/// The density below which no page is salted, whatever its letters.
inline constexpr double kLeastSalt = 5e-5;

/// A copy without dots; strokes of two pixels and more stay. CV_8UC1 or CV_8UC3.
[[nodiscard]] cv::Mat without_salt(const cv::Mat& picture);

} // namespace recto::reading
