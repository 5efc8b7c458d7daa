#pragma once

/// The number at the foot of a page and the dashes around it ("— 7 —"), which are thin and stand far off: the detector often finds the
/// number alone, and the networks overlook them. Pure functions, any thread.

#include <optional>
#include <string>

#include <opencv2/core.hpp>

#include "pipeline/core/page_text.h"

namespace recto::reading {

/// A line that is a number of one to four figures, with dashes around it or not.
struct PageNumber {
    std::u32string figures;             ///< Empty: the line is something else.
    bool before = false, after = false; ///< A dash is there, or the figure one of Chinese, which looks like it.
};
[[nodiscard]] PageNumber page_number(const TextLine& line);
/// True when it is nothing but a dash.
[[nodiscard]] bool is_dash(const TextLine& line);

/// Two level strokes of one length at one height, before and behind a number.
struct DashesAround {
    cv::Rect before, after;
    cv::Rect number; ///< What stands between them.
};

/// `strip`: CV_8UC1, a line of print with paper around it; `figures`: where the number was read there, which may take in a dash.
/// Nothing where one of the two is missing or there is more than them beside the number.
[[nodiscard]] std::optional<DashesAround> find_dashes(const cv::Mat& strip, const cv::Rect& figures);

} // namespace recto::reading
