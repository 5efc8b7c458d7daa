#pragma once

/// The figure zero of Chinese print (〇), which the networks leave out where it begins a line or stands twice: 二〇〇八年 became
/// 二八年. It is found by its shape.

#include <opencv2/core.hpp>

#include "stages/reading/ppocr_recognize.h"

namespace recto::reading {

/// Middles (x, pixels) of the rings in the picture of a line, CV_8UC1, whose characters are `em` pixels high: outlines as wide as
/// high, round within, as large as a character. Neither 口 nor full stops. Ascending. Pure function, any thread.
[[nodiscard]] std::vector<double> find_rings(const cv::Mat& picture, double em);

/// Adds 〇 to a line with Chinese figures wherever a ring stands beside one of them and nothing was read. `quad`: the line's
/// region on the page.
void add_zero_rings(ReadLine& line, Pyramid& pyramid, const Quad& quad);

} // namespace recto::reading
