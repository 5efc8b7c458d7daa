#pragma once

/// Long straight lines that are barely darker than what lies beside them, or barely part two levels: what a sheet of paper
/// leaves on a bed of its own colour.
///
/// The picture is cut into strips across the sought direction, each averaged along it: grain falls by four, a line of a few
/// levels stands out. The strips' answers, cut off at a level that noise seldom reaches so that length counts and darkness
/// does not, are summed along all directions within 10 degrees (a Hough transform over strips); each sum that stands out is
/// measured again by its strips to a fraction of a pixel.

#include <cstdint>
#include <vector>

#include <opencv2/core.hpp>

namespace recto::treat {

/// `at` = offset + slope * along, in work pixels; for lines across the picture `along` is x and `at` is y, for lines down
/// it the other way round.
struct WeakLine {
    double offset = 0, slope = 0;
    double from = 0, to = 0; ///< Where it begins and ends, along.
    double support = 0;      ///< Share of the strips between that show it.
    double beyond = 0;       ///< Share of the strips outside of these that show it.
    double depth = 0;    ///< Levels darker than the lighter of what lies before and behind, as printed; 0: a step only.
    double evenness = 0; ///< 1: as dark everywhere; 0: as uneven as print.
    double width = 0;    ///< Where it is half as dark, work pixels.
    double before_foot = 0, behind_foot = 0; ///< From its core to where it ends (four fifths), work pixels.
    double lean = 0;       ///< Middle of its foot from the middle of its core, > 0: softer behind (at greater `at`).
    double jump = 0;       ///< Level behind less level before, measured 1 to 3 mm off.
    double jump_error = 0; ///< Standard error of that.
    [[nodiscard]] double at(double along) const { return offset + slope * along; }
};

/// Where something is drawn, in cells of kStrip work pixels.
inline constexpr int kStrip = 16;

class WeakLines {
  public:
    /// `down`: lines that run down the picture instead of across. `work`: CV_8UC1.
    WeakLines(const cv::Mat& work, bool down);

    /// Those that stand out, ordered by `at` in the middle of the picture.
    [[nodiscard]] std::vector<WeakLine> find() const;
    /// Adds the cells in which a strip shows a line clearly; `cells`: CV_8UC1, one a kStrip by kStrip pixels.
    void mark(cv::Mat& cells) const;
    [[nodiscard]] int strips() const { return strips_; }

  private:
    struct Peak {
        double middle = 0, slope = 0;
    };
    void add_rows(const cv::Mat& work);
    void add_columns(const cv::Mat& work);
    [[nodiscard]] cv::Mat votes() const;
    [[nodiscard]] std::vector<Peak> peaks() const;
    bool follow(WeakLine& line, double band, std::vector<cv::Point2d>& points) const;
    bool take_run(const std::vector<double>& shows, WeakLine& out) const;
    bool take_profile(std::vector<double>& shows, WeakLine& out) const;
    [[nodiscard]] bool measure(const Peak& peak, WeakLine& out) const;

    bool down_;
    int strips_ = 0, length_ = 0;
    // One row a strip, CV_16SC1, sixteenths of a level.
    cv::Mat raw_, soft_, ridge_; ///< As it is; smoothed over three; how much darker than the darker of both sides.
    int noise_ = 4;              ///< Standard deviation of a strip's answer.
};

} // namespace recto::treat
