#include "stages/encode/outside_paper.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::encode {
namespace {

constexpr double kWorkMm = 0.35; ///< Size of a pixel in which is looked.

int paper_grey(const cv::Mat& grey) {
    int bins[256] = {}, v = 255;
    for (int y = 0; y < grey.rows; ++y)
        for (int x = 0; x < grey.cols; ++x) ++bins[grey.at<std::uint8_t>(y, x)];
    const int wanted = static_cast<int>(grey.total() * 2 / 5); // the brighter part: the bed may be large
    for (int seen = bins[v]; v > 0 && seen < wanted; seen += bins[--v]) {}
    return v;
}

/// True where the grey under the mask is the bed's even black and not a picture's.
bool is_even(const cv::Mat& grey, const cv::Mat& mask) {
    cv::Mat inner;
    cv::erode(mask, inner, cv::Mat::ones(3, 3, CV_8UC1));
    if (cv::countNonZero(inner) < 20) inner = mask;
    cv::Scalar mean, deviation;
    cv::meanStdDev(grey, mean, deviation, inner);
    return deviation[0] < 14;
}

cv::Mat border_of(const cv::Mat& grey, int paper, const cv::Mat& beside) {
    cv::Mat dark = grey < paper * 0.4, labels, out;
    cv::morphologyEx(dark, dark, cv::MORPH_OPEN, cv::Mat::ones(3, 3, CV_8UC1)); // rules and print that touch the edge
    const int pad = 2;
    cv::copyMakeBorder(dark, dark, pad, pad, pad, pad, cv::BORDER_CONSTANT, cv::Scalar(255));
    cv::connectedComponents(dark, labels, 8, CV_32S);
    out = labels == labels.at<int>(0, 0);
    out = out(cv::Rect(pad, pad, grey.cols, grey.rows)).clone();
    const int deep = cvRound(15 / kWorkMm);
    if (beside.empty()) { // Without the paper's outline only a rim may be bed.
        const cv::Rect middle(deep, deep, std::max(0, grey.cols - 2 * deep), std::max(0, grey.rows - 2 * deep));
        if (middle.area() > 0 && cv::countNonZero(out(middle)) > 0) return {};
    } else out &= beside;
    if (cv::countNonZero(out) < 60 || !is_even(grey, out)) return {};
    cv::dilate(out, out, cv::Mat::ones(3, 3, CV_8UC1));
    return out;
}

struct Hole {
    cv::Point2d centre; ///< Millimetres.
    double diameter = 0;
    int label = 0;
};

std::vector<Hole> round_marks(const cv::Mat& grey, int paper, cv::Mat& labels) {
    cv::Mat stats, centres;
    const cv::Mat dark = grey < paper * 0.5;
    const int n = cv::connectedComponentsWithStats(dark, labels, stats, centres, 8, CV_32S);
    std::vector<Hole> out;
    for (int i = 1; i < n; ++i) {
        const int* s = stats.ptr<int>(i);
        const double w = s[cv::CC_STAT_WIDTH] * kWorkMm, h = s[cv::CC_STAT_HEIGHT] * kWorkMm;
        const double round = s[cv::CC_STAT_AREA] * kWorkMm * kWorkMm / (w * h); // a disc fills 0.785 of its square
        if (std::min(w, h) < 4 || std::max(w, h) > 8 || std::abs(w - h) > 1 || std::abs(round - 0.785) > 0.07) continue;
        const cv::Rect box(s[cv::CC_STAT_LEFT], s[cv::CC_STAT_TOP], s[cv::CC_STAT_WIDTH], s[cv::CC_STAT_HEIGHT]);
        if (!is_even(grey(box), labels(box) == i)) continue;
        // Nothing touches it: no dark within a millimetre and a half around.
        const int rim = cvCeil(1.5 / kWorkMm);
        const cv::Rect around =
            cv::Rect(box.x - rim, box.y - rim, box.width + 2 * rim, box.height + 2 * rim) & cv::Rect({}, grey.size());
        if (cv::countNonZero(dark(around)) > s[cv::CC_STAT_AREA]) continue;
        const double x = centres.at<double>(i, 0) * kWorkMm, y = centres.at<double>(i, 1) * kWorkMm;
        const double edge = std::min({x, y, grey.cols * kWorkMm - x, grey.rows * kWorkMm - y});
        if (edge <= 20) out.push_back({{x, y}, (w + h) / 2, i});
    }
    return out;
}

} // namespace

OutsidePaper find_outside(const cv::Mat& grey, double dpi, const KnownMarks& known) {
    OutsidePaper out;
    const double factor = 25.4 / dpi / kWorkMm;
    if (factor >= 1 || std::min(grey.cols, grey.rows) * factor < 100) return out;
    cv::Mat small, beside, labels;
    cv::resize(grey, small, cv::Size(), factor, factor, cv::INTER_AREA);
    if (known.has_paper) {
        beside = cv::Mat(small.size(), CV_8UC1, cv::Scalar(255));
        std::vector<cv::Point> corners;
        for (const Point& p : known.paper) corners.emplace_back(cvRound(p.x * factor), cvRound(p.y * factor));
        cv::fillConvexPoly(beside, corners, cv::Scalar(0));
    }
    const int paper = paper_grey(small);
    if (paper < 100) return out; // dark paper, or no paper at all
    cv::Mat mask = border_of(small, paper, beside);
    if (mask.empty()) mask = cv::Mat::zeros(small.size(), CV_8UC1);
    out.border = static_cast<double>(cv::countNonZero(mask)) / static_cast<double>(mask.total());
    if (out.border > 0.3) return {};
    const std::vector<Hole> round = round_marks(small, paper, labels);
    std::vector<bool> hole(round.size(), false);
    for (std::size_t i = 0; i < round.size(); ++i)
        for (std::size_t j = i + 1; j < round.size(); ++j) {
            const cv::Point2d d = round[i].centre - round[j].centre;
            const double along = std::max(std::abs(d.x), std::abs(d.y)), off = std::min(std::abs(d.x), std::abs(d.y));
            if (along < 60 || along > 120 || off > 2 || std::abs(round[i].diameter - round[j].diameter) > 0.8) continue;
            hole[i] = hole[j] = true;
        }
    cv::Mat holes = cv::Mat::zeros(small.size(), CV_8UC1);
    for (std::size_t i = 0; i < round.size(); ++i) {
        if (!hole[i]) continue;
        holes.setTo(255, labels == round[i].label);
        ++out.holes;
    }
    if (out.holes > 0) cv::dilate(holes, holes, cv::getStructuringElement(cv::MORPH_ELLIPSE, {5, 5})); // its shadow
    mask |= holes;
    if (out.holes > 0 || out.border > 0) {
        cv::resize(mask, out.mask, grey.size(), 0, 0, cv::INTER_LINEAR);
        out.mask = out.mask > 127;
    }
    return out;
}

namespace {
/// One streak in an image, whichever way it runs: steps along it, places across it.
class StreakPainter {
  public:
    StreakPainter(cv::Mat& image, const cv::Mat& grey, const Quad& q) : image_(image), grey_(grey) {
        const double down = std::hypot(q[3].x - q[0].x, q[3].y - q[0].y);
        const double across = std::hypot(q[1].x - q[0].x, q[1].y - q[0].y);
        const bool first = down > across; // the quad's long direction is the streak's
        a_ = {(q[0].x + (first ? q[1].x : q[3].x)) / 2, (q[0].y + (first ? q[1].y : q[3].y)) / 2};
        b_ = {(q[2].x + (first ? q[3].x : q[1].x)) / 2, (q[2].y + (first ? q[3].y : q[1].y)) / 2};
        half_ = std::min(down, across) / 2 + 1;
        vertical_ = std::abs(b_.y - a_.y) >= std::abs(b_.x - a_.x);
        length_ = vertical_ ? b_.y - a_.y : b_.x - a_.x;
        steps_ = vertical_ ? grey.rows : grey.cols;
        most_ = vertical_ ? grey.cols : grey.rows;
    }

    void paint(double dpi, cv::Mat& painted) {
        if (std::abs(length_) < 1 || half_ > dpi / 12) return;
        // How dark the streak is against its sides, mostly: what is darker has print on it.
        std::vector<int> depths(static_cast<std::size_t>(steps_), -1), sorted;
        for (int s = 0; s < steps_; ++s)
            if (int from = 0, to = 0; place(s, from, to) && sides_alike(s, from, to)) {
                depths[static_cast<std::size_t>(s)] = depth(s, from, to);
                sorted.push_back(depths[static_cast<std::size_t>(s)]);
            }
        if (sorted.size() * 2 < static_cast<std::size_t>(steps_)) return;
        std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2));
        const int usual = sorted[sorted.size() / 2];
        const bool like_print = usual > 90; // print on it would not be seen
        const int reach = cvRound(3 * dpi / 25.4);
        for (int s = 0; s < steps_; ++s) {
            int from = 0, to = 0;
            if (!place(s, from, to) || depths[static_cast<std::size_t>(s)] < 0) continue;
            if (depths[static_cast<std::size_t>(s)] > usual + 25) continue;
            if (like_print && print_beside(s, from, to, reach)) continue;
            row(s, from, to, painted);
        }
    }

  private:
    int value(int s, int k) const { return vertical_ ? grey_.at<std::uint8_t>(s, k) : grey_.at<std::uint8_t>(k, s); }
    bool place(int s, int& from, int& to) const {
        const double t = (s + 0.5 - (vertical_ ? a_.y : a_.x)) / length_;
        const double at = vertical_ ? a_.x + t * (b_.x - a_.x) : a_.y + t * (b_.y - a_.y);
        from = cvFloor(at - half_), to = cvCeil(at + half_) - 1;
        return t >= 0 && t <= 1 && from >= 1 && to + 1 < most_;
    }
    /// Sides that differ are the flank of a letter or the paper's edge: not to be bridged.
    bool sides_alike(int s, int from, int to) const { return std::abs(value(s, from - 1) - value(s, to + 1)) <= 30; }
    int depth(int s, int from, int to) const {
        int darkest = 255;
        for (int k = from; k <= to; ++k) darkest = std::min(darkest, value(s, k));
        return std::max(0, std::min(value(s, from - 1), value(s, to + 1)) - darkest);
    }
    bool print_beside(int s, int from, int to, int reach) const {
        const int paper = std::max(value(s, from - 1), value(s, to + 1));
        for (int k = std::max(0, from - reach); k <= std::min(most_ - 1, to + reach); ++k)
            if ((k < from || k > to) && value(s, k) < paper - 50) return true;
        return false;
    }
    void row(int s, int from, int to, cv::Mat& painted) {
        const int channels = image_.channels();
        const auto pixel = [&](int k) {
            return vertical_ ? image_.ptr<std::uint8_t>(s) + std::ptrdiff_t{k} * channels
                             : image_.ptr<std::uint8_t>(k) + std::ptrdiff_t{s} * channels;
        };
        const auto *left = pixel(from - 1), *right = pixel(to + 1);
        for (int k = from; k <= to; ++k) {
            auto* o = pixel(k);
            for (int c = 0; c < channels; ++c)
                o[c] =
                    cv::saturate_cast<std::uint8_t>(left[c] + (right[c] - left[c]) * (k - from + 1) / (to - from + 2));
            (vertical_ ? painted.at<std::uint8_t>(s, k) : painted.at<std::uint8_t>(k, s)) = 255;
        }
    }

    cv::Mat& image_;
    const cv::Mat& grey_;
    Point a_, b_;
    double half_ = 0, length_ = 0;
    bool vertical_ = true;
    int steps_ = 0, most_ = 0;
};
} // namespace

cv::Mat paint_streaks(cv::Mat& image, const cv::Mat& grey, double dpi, const std::vector<Quad>& streaks) {
    if (streaks.empty()) return {};
    cv::Mat painted = cv::Mat::zeros(image.size(), CV_8UC1);
    for (const Quad& q : streaks) StreakPainter(image, grey, q).paint(dpi, painted);
    if (cv::countNonZero(painted) == 0) return {};
    return painted;
}

} // namespace recto::encode
