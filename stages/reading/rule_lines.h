#pragma once

/// Rules of forms and tables that cut through text, taken out of the picture that the engine reads. A rule with clear space
/// to the text stays: engines read tables by it.

#include <vector>

#include <opencv2/core.hpp>

namespace recto::reading {

/// A long thin straight line with print on it. Where it lies is given place by place along it, so that it may lean.
struct TouchingRule {
    bool across = true;           ///< Runs from left to right; else from top to bottom.
    int from = 0;                 ///< First place along it: the left end's x, or the upper end's y.
    std::vector<int> first, last; ///< At each place, its first and last pixel in the other direction.
};

/// A quick look (about 30 ms a page): false where no long line is.
[[nodiscard]] bool may_have_rules(const cv::Mat& grey);

/// Rules at least six letters and 16 mm of A4 long and at most a third of a letter thick (`letter_height`: pixels, 0 when not known) that print
/// touches in three places or more. `grey`: CV_8UC1, print darker than paper. Pure function, any thread; about 35 ms a million pixels.
[[nodiscard]] std::vector<TouchingRule> find_touching_rules(const cv::Mat& grey, double letter_height);

/// A copy of `image` (one or three channels) without the rules: paper where nothing crosses them, and the stroke, straight or
/// slanting, where one goes in on one side and comes out on the other.
[[nodiscard]] cv::Mat without_rules(const cv::Mat& image, const std::vector<TouchingRule>& rules);

} // namespace recto::reading
