#include "stages/treatment/matrix_remains.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {

constexpr double kSolid = 0.6; ///< Share of a solid side that is left.

struct Grid {
    double angle = 0;    ///< Direction of the rows of modules, degrees, -45 to 45.
    double strength = 0; ///< See grid_strength.
};

/// Edges of modules have one direction and its right angle only. `step`: every how many rows.
Grid grid_of(const cv::Mat& grey, int step) {
    double re = 0, im = 0, all = 0;
    for (int y = 1; y + 1 < grey.rows; y += step) {
        const auto *up = grey.ptr<std::uint8_t>(y - 1), *row = grey.ptr<std::uint8_t>(y),
                   *down = grey.ptr<std::uint8_t>(y + 1);
        for (int x = 1; x + 1 < grey.cols; ++x) {
            const double gx = row[x + 1] - row[x - 1], gy = down[x] - up[x];
            const double weight = gx * gx + gy * gy;
            if (weight < 1) continue;
            // The fourth power of the gradient's direction, so that all four right angles are one.
            const double a = gx * gx - gy * gy, b = 2 * gx * gy;
            re += (a * a - b * b) / weight;
            im += 2 * a * b / weight;
            all += weight;
        }
    }
    return {std::atan2(im, re) / 4 * 180 / std::numbers::pi, all > 0 ? std::hypot(re, im) / all : 0};
}

/// Dark pixels 1, in a mask turned so that the rows of modules lie level.
cv::Mat level_mask(const cv::Mat& grey) {
    cv::Mat soft, mask;
    const double angle = grid_of(grey, 1).angle;
    const int side = static_cast<int>(std::ceil(std::hypot(grey.cols, grey.rows)));
    cv::Mat m = cv::getRotationMatrix2D({grey.cols / 2.0F, grey.rows / 2.0F}, angle, 1);
    m.at<double>(0, 2) += (side - grey.cols) / 2.0;
    m.at<double>(1, 2) += (side - grey.rows) / 2.0;
    cv::warpAffine(grey, soft, m, {side, side}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    cv::medianBlur(soft, soft, 3);
    cv::threshold(soft, mask, 0, 1, cv::THRESH_BINARY_INV | cv::THRESH_OTSU);
    return mask;
}

/// A solid side: lines [from, to) of the mask in which most of [0, length) behind the corner is dark.
struct Side {
    int from = 0, to = 0;
    [[nodiscard]] double thickness() const { return to - from; }
};

int changes(const std::uint8_t* line, int length) {
    int n = 0;
    for (int i = 1; i < length; ++i) n += line[i] != line[i - 1];
    return n;
}

/// The sides of a square that begins at its top left corner with two solid ones. `square`: the mask from there on, `lines`
/// its transpose.
class Corner {
  public:
    Corner(const cv::Mat& square, double module) : square_(square), columns_(square.t()), module_(module) {}

    [[nodiscard]] bool is_code() const {
        const int n = static_cast<int>(std::lround(square_.cols / module_));
        if (n < 8 || n > 150) return false;
        const int below = alternations(square_), beside = alternations(columns_);
        // Sides that alternate at every module; one of them may be gone.
        if (std::max(below, beside) < 0.6 * n || solid(square_) || solid(columns_)) return false;
        return like_data(square_, n) && like_data(columns_, n);
    }

  private:
    /// Changes along the line of the far side that has most of them.
    [[nodiscard]] int alternations(const cv::Mat& m) const {
        int most = 0;
        for (int y = std::max(0, static_cast<int>(m.rows - 2.2 * module_)); y < m.rows; ++y)
            most = std::max(most, changes(m.ptr<std::uint8_t>(y), m.cols));
        return most;
    }
    /// A frame has four solid sides.
    [[nodiscard]] bool solid(const cv::Mat& m) const {
        for (int y = std::max(0, static_cast<int>(m.rows - 1.5 * module_)); y < m.rows; ++y)
            if (cv::countNonZero(m.row(y)) > 0.85 * m.cols) return true;
        return false;
    }
    /// Modules of data change at about every other place, in most lines; writing and ruling do not.
    static bool like_data(const cv::Mat& m, int n) {
        int lines = 0, good = 0;
        for (int y = m.rows / 8; y < m.rows * 7 / 8; ++y, ++lines) {
            const double share = changes(m.ptr<std::uint8_t>(y), m.cols) / static_cast<double>(n);
            good += share > 0.25 && share < 0.8;
        }
        return good * 2 > lines;
    }
    cv::Mat square_, columns_;
    double module_;
};

/// Lines of `mask` that are dark for most of the way from column `from` on: where solid sides may lie, level.
std::vector<Side> solid_lines(const cv::Mat& mask, int from, int to) {
    std::vector<Side> out;
    for (int y = 0; y < mask.rows; ++y) {
        if (cv::countNonZero(mask.row(y).colRange(from, to)) < kSolid * (to - from)) continue;
        if (!out.empty() && out.back().to == y) ++out.back().to;
        else out.push_back({y, y + 1});
    }
    return out;
}

/// Extent of the largest dark mass, its light modules filled.
cv::Rect extent(const cv::Mat& mask, int gap) {
    cv::Mat closed, labels, stats, centroids;
    cv::morphologyEx(mask, closed, cv::MORPH_CLOSE, cv::getStructuringElement(cv::MORPH_RECT, {gap, gap}));
    const int n = cv::connectedComponentsWithStats(closed, labels, stats, centroids, 8, CV_32S);
    int best = 0;
    for (int i = 1; i < n; ++i)
        if (best == 0 || stats.at<int>(i, cv::CC_STAT_AREA) > stats.at<int>(best, cv::CC_STAT_AREA)) best = i;
    if (best == 0) return {};
    return {stats.at<int>(best, cv::CC_STAT_LEFT), stats.at<int>(best, cv::CC_STAT_TOP),
            stats.at<int>(best, cv::CC_STAT_WIDTH), stats.at<int>(best, cv::CC_STAT_HEIGHT)};
}

/// The corner at the top left of `box`.
bool top_left(const cv::Mat& mask, const cv::Rect& box) {
    const cv::Mat part = mask(box), columns = part.t();
    const std::vector<Side> level = solid_lines(part, 0, part.cols), upright = solid_lines(columns, 0, part.rows);
    for (const Side& top : level) {
        if (top.from > part.rows / 4) break;
        for (const Side& left : upright) {
            if (left.from > part.cols / 4) break;
            const double a = top.thickness(), b = left.thickness();
            if (std::min(a, b) < 2 || std::max(a, b) > 2 * std::min(a, b) + 1) continue;
            const int side = std::min(part.cols - left.from, part.rows - top.from);
            if (Corner(part(cv::Rect(left.from, top.from, side, side)), (a + b) / 2).is_code()) return true;
        }
    }
    return false;
}

} // namespace

double grid_strength(const cv::Mat& grey) { return grid_of(grey, 2).strength; }

bool has_solid_corner(const cv::Mat& grey) {
    if (std::min(grey.cols, grey.rows) < 24) return false;
    cv::Mat mask = level_mask(grey);
    for (const int gap : {9, 17}) {
        const cv::Rect box = extent(mask, gap);
        if (box.width < 20 || box.height < 20) continue;
        for (int turn = 0; turn < 4; ++turn) {
            cv::Mat turned;
            if (turn == 0) turned = mask(box);
            else cv::rotate(mask(box), turned, turn - 1); // 0, 1, 2: by 90, 180, 270 degrees
            if (top_left(turned, cv::Rect({0, 0}, turned.size()))) return true;
        }
    }
    return false;
}

} // namespace recto::treat
