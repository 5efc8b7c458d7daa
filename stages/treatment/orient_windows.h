#pragma once

/// Finds the letters of a page, whichever way it lies, and cuts windows around them for the classifier. Lines are not
/// looked for: a letter is a piece of connected ink of the page's typical size, and its window, some letters wide, shows
/// what stands around it as well, in lines or in columns.

#include <vector>

#include <opencv2/core.hpp>

#include "stages/treatment/orient_model.h"

namespace recto::treat {

inline constexpr double kLetterInWindow = 10; ///< Pixels of a window that the shorter side of a typical letter takes.

/// Where the letters of a page are.
class Print {
  public:
    /// `ink`: normalised_ink() of the page at about 150 dpi, kept by reference; `skew_deg`: of the content; `join`: what lies
    /// closer than a typical piece of ink is wide counts as one, for letters of dots or in pieces.
    Print(const cv::Mat& ink, double skew_deg, bool join = false);

    [[nodiscard]] double letter() const {
        return letter_;
    } ///< Typical shorter side, pixels of `ink`; 0: too little print.
    [[nodiscard]] std::size_t count() const { return centres_.size(); } ///< Places to look at.
    /// The window around place `i`, below count(), turned clockwise by quarters (0 to 3) and `wider` times as wide as
    /// usual; false where it holds next to nothing.
    [[nodiscard]] bool window(std::size_t i, int quarters, double wider, Window& out) const;

  private:
    double letter_ = 0, cosine_ = 1, sine_ = 0;
    std::vector<cv::Point2f> centres_; ///< Pixels of `ink`.
    cv::Mat level_;                    ///< The ink, halved until a letter is little larger than in a window.
    double level_scale_ = 1;           ///< Pixels of `level_` for one of `ink`.
};

} // namespace recto::treat
