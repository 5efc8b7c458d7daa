#pragma once

/// Broken print made whole: what a photocopier left of strokes is completed, what it added is taken away, by a small network that
/// learnt it from pairs of clean and worn print (bench/train_restoration.sh). For eyes of networks only: what it draws was never
/// on the page, so it is read, and not kept.

#include <functional>

#include <opencv2/core.hpp>

#include "stages/reading/ocr_engine.h"

namespace recto::reading {

/// Side of the pictures that the network sees, pixels: one size, because every size costs memory.
inline constexpr int kRestoredTile = 320;

/// Print of a tile (CV_8UC1, kRestoredTile square, black on white) made whole: likewise, the caller's own.
using RestoreTile = std::function<cv::Mat(const cv::Mat& tile)>;

/// The page (CV_8UC1, contrast evened, see even_contrast.h) with its print made whole, of the same size. `height`: of the
/// letters, pixels, above 0. Errors: read.time_limit, read.cancelled. Throws what `tile` throws. Any thread.
[[nodiscard]] Result<cv::Mat> restore_print(const cv::Mat& page, double height, const RestoreTile& tile,
                                            const Limits& limits);

} // namespace recto::reading
