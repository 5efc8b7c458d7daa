#pragma once

/// Lines that the scanner draws: a speck of dirt on the glass of a sheet feeder is dragged over the whole scan, always at the
/// same place of the sensor. Print, folds and rules do not run from one edge of the image to the other in one column.

#include <vector>

#include <opencv2/core.hpp>

namespace recto::treat {

struct Streak {
    bool down = true; ///< Runs down the image as it lies; else across.
    double at = 0;    ///< Work pixels from the left (from the top for one that runs across), its middle.
    double width = 1; ///< Work pixels.
    bool dark = true; ///< Darker than what is around it.
};

/// `work`: CV_8UC1, about 150 dpi. The outermost 1.5 % are left out: the paper's own edge runs there.
[[nodiscard]] std::vector<Streak> find_streaks(const cv::Mat& work);

} // namespace recto::treat
