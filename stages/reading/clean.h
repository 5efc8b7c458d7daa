#pragma once

/// Cleaning for recognition, decided page by page by what is found on it: speckle of bad photocopies, streaks that a scanner
/// drew over the whole page, letters too small for the engine. These pictures go to the engine and nowhere else.

#include <vector>

#include <opencv2/core.hpp>

namespace recto::reading {

/// The marks of a page, counted once.
struct Marks {
    double letter_height = 0; ///< Median height of marks of a letter's size, pixels; 0 when there are fewer than 30.
    int letters = 0;
    int specks = 0; ///< Marks smaller than the dot of an i.
};

/// `grey`: CV_8UC1, print darker than paper. Pure function, any thread; about 10 ms a million pixels.
[[nodiscard]] Marks count_marks(const cv::Mat& grey);

/// Black that reaches in from the edge of the picture (an open lid, a dark bed) painted as paper; `grey` itself (shared) where
/// there is none, and where it is more than half of the picture. Lines and print that touch the edge are too thin for it.
[[nodiscard]] cv::Mat without_black_borders(const cv::Mat& grey);

/// True when specks outnumber letters, so that letters and lines are no longer found among them.
[[nodiscard]] bool is_speckled(const Marks& marks);

/// Specks, and pinholes in strokes, removed by a median narrower than the strokes.
[[nodiscard]] cv::Mat without_speckle(const cv::Mat& grey, const Marks& marks);

/// How much larger the engine should see a page with these marks: 1 to 2; 1 where letters are large enough or unknown.
[[nodiscard]] double enlargement(const Marks& marks);

/// A line that the scanner drew from the top edge of the picture to the bottom one; it leans where the page was straightened.
struct ScannerStreak {
    double top = 0, bottom = 0; ///< Its middle at both edges, pixels.
    double width = 0;           ///< Pixels.
};

/// Dark streaks, at most as wide as the twentieth of an inch. Rules of a form end at the margin and are none. At most
/// eight: more are the lines of a table that fills the picture, and nothing is returned. Pure function, any thread.
[[nodiscard]] std::vector<ScannerStreak> find_scanner_streaks(const cv::Mat& grey);

/// A copy in which each streak is painted over from its two sides, so that ink that crosses it stays.
[[nodiscard]] cv::Mat without_streaks(const cv::Mat& grey, const std::vector<ScannerStreak>& streaks);

} // namespace recto::reading
