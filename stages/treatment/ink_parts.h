#pragma once

/// Connected pieces of a bi-level image, found by its runs: a page of print has some hundred thousand runs where it has nine
/// million pixels, and nothing else is visited.

#include <cstddef>
#include <vector>

#include <opencv2/core.hpp>

namespace recto::treat {

/// Columns [begin, end) of row `y`, all of them ink; `part` counts from 0.
struct InkRun {
    int y = 0, begin = 0, end = 0, part = 0;
};

struct InkParts {
    std::vector<InkRun> runs; ///< By row, from left to right.
    std::size_t count = 0;    ///< Of pieces; pixels that touch by a side or a corner are of one.
};

/// `ink`: CV_8UC1, 0 is paper, any other value ink.
[[nodiscard]] InkParts find_ink_parts(const cv::Mat& ink);

} // namespace recto::treat
