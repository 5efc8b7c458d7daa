#pragma once

/// What is on the image of a page but not on its paper: the scanner's bed, punch holes, lines of dirt on the glass.

#include <opencv2/core.hpp>

#include "stages/encode/access_clean.h"

namespace recto::encode {

struct OutsidePaper {
    cv::Mat mask;      ///< CV_8UC1, 255 where no paper is; empty when there is nothing.
    double border = 0; ///< Share of the image.
    int holes = 0;
};

/// Even black that reaches in from the edge, at most 15 mm deep or outside of the known paper; and punch holes: two or
/// more round black marks of one size between 4 and 8 mm, in one line within 20 mm of an edge, 60 to 120 mm apart with
/// nothing around them. `grey`: CV_8UC1.
[[nodiscard]] OutsidePaper find_outside(const cv::Mat& grey, double dpi, const KnownMarks& known);

/// Paints each streak over from its two sides, row by row, so that ink that crosses it stays. Rows in which it is darker
/// than the streak mostly is have print on it and are left alone; so are, where the streak is as dark as print, rows with print
/// within 3 mm. `grey`: the image before. Returns the mask of what was painted, empty when nothing was.
[[nodiscard]] cv::Mat paint_streaks(cv::Mat& image, const cv::Mat& grey, double dpi, const std::vector<Quad>& streaks);

} // namespace recto::encode
