#pragma once

/// The number at the foot of a page and the dashes around it ("— 7 —"), which are thin and stand far off: the detector often finds the
/// number alone, and the networks overlook them. Any thread.

#include <optional>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/page_text.h"
#include "stages/reading/ppocr_detect.h"
#include "stages/reading/ppocr_recognize.h"

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

/// Of a page number that of its figures, for dashes are doubtful by themselves. Of another line its own.
[[nodiscard]] double confidence_of_figures(const TextLine& line);

/// Numbers that have a stripe of the page to themselves get the dashes that stand beside them. `regions`: one a line, where it was
/// found; lines of less confidence than `least_confidence` are no print.
void complete_page_numbers(std::vector<ReadLine>& lines, const std::vector<TextRegion>& regions, Pyramid& pyramid,
                           double least_confidence);

} // namespace recto::reading
