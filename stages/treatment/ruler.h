#pragma once

/// The marks of a ruler: strokes that follow each other at one millimetre, or a sixteenth of an inch, for centimetres on end.
/// Nothing else that is written or printed keeps that pace.

#include <vector>

#include <opencv2/core.hpp>

#include "stages/treatment/analysis.h"

namespace recto::treat {

/// Where such marks stand, along the rows or the columns of `work` (CV_8UC1, leaning by no more than about 10 degrees), each
/// place a box around marks of one ruler's edge. Ruled paper and tints at that pace, which fill areas, are left out. `dpi`: of
/// `work`; nothing where it is not known (0) or marks would be too fine to be seen.
[[nodiscard]] std::vector<cv::Rect> find_ruler_marks(const cv::Mat& work, double dpi);
/// The same on a page, in pixels of analysis.small; `dpi`: of analysis.work.
[[nodiscard]] std::vector<cv::Rect> find_ruler_marks(const Analysis& analysis, double dpi);

} // namespace recto::treat
