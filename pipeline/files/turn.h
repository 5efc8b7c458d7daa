#pragma once

/// Turning by a small angle at unchanged scale, the commonest resampling of a page, by three shears (Paeth 1986; Unser,
/// Thévenaz and Yaroslavsky 1995): every shear only shifts rows or columns by a fraction of a pixel, so the six weights of a
/// windowed sinc (Lanczos, 3 lobes) are the same for a whole row or column, and none is rounded to a grid of positions.

#include <opencv2/core.hpp>

namespace recto::files {

/// True when `back` (page pixels to source pixels) is a turn by at most 20 degrees with a shift: no scale, mirror or
/// perspective.
[[nodiscard]] bool is_small_turn(const cv::Matx33d& back);

/// Fills `page` (allocated, same type as `source`, CV_8UC1 or CV_8UC3) from `source` by `back`, which maps pixel *centres* of
/// the page to those of the source and must be a small turn. Outside the source: `fill`, 0 to 255. Works in tiles; a few
/// MiB of memory besides. Any thread.
void turn_pixels(const cv::Mat& source, cv::Mat& page, const cv::Matx33d& back, int fill);

} // namespace recto::files
