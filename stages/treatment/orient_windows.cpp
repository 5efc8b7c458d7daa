#include "stages/treatment/orient_windows.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {
constexpr double kSmallHalved = 6; ///< Pixels of the halved image: letters below run into each other there.

struct Mark {
    cv::Rect box;
    int longer, shorter; ///< Sides.
};

/// Connected ink that may be a letter, or several that touch: neither a speck, nor a rule, nor a solid block.
std::vector<Mark> find_marks(const cv::Mat& mask) {
    cv::Mat labels, stats, centroids;
    const int n = cv::connectedComponentsWithStats(mask, labels, stats, centroids, 8, CV_32S);
    const int most = std::max(40, std::max(mask.cols, mask.rows) / 9);
    std::vector<Mark> marks;
    for (int i = 1; i < n; ++i) {
        const auto* s = stats.ptr<int>(i);
        const int w = s[cv::CC_STAT_WIDTH], h = s[cv::CC_STAT_HEIGHT], longer = std::max(w, h),
                  shorter = std::min(w, h);
        if (longer < 4 || longer > most || longer > 12 * shorter) continue;
        if (longer > 16 && s[cv::CC_STAT_AREA] > 0.9 * w * h) continue;
        marks.push_back({{s[cv::CC_STAT_LEFT], s[cv::CC_STAT_TOP], w, h}, longer, shorter});
    }
    return marks;
}

/// The shorter side that splits the marks, laid end to end by their longer sides, at 6 tenths: specks are many but weigh
/// little, and a word whose letters touch is as high as a letter.
double typical_size(std::vector<Mark>& marks) {
    std::sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.shorter < b.shorter; });
    std::int64_t total = 0, sum = 0;
    for (const Mark& m : marks) total += m.longer;
    for (const Mark& m : marks)
        if ((sum += m.longer) * 10 >= total * 6) return m.shorter;
    return 0;
}
} // namespace

Print::Print(const cv::Mat& ink, double skew_deg, bool join) {
    if (ink.cols < 8 || ink.rows < 8) return;
    // Letters are found on the image halved unless it is small or they are.
    bool halve = ink.total() > 700'000;
    cv::Mat half;
    if (halve) cv::resize(ink, half, {ink.cols / 2, ink.rows / 2}, 0, 0, cv::INTER_AREA);
    cv::Mat mask = (halve ? half : ink) > (halve ? 70 : 90);
    std::vector<Mark> marks = find_marks(mask);
    double size = typical_size(marks);
    if (halve && !marks.empty() && size < kSmallHalved) {
        halve = false;
        mask = ink > 90;
        marks = find_marks(mask);
        size = typical_size(marks);
    }
    if (join && size > 0) {
        const int reach = std::min(static_cast<int>(size) + 1, 24);
        cv::copyMakeBorder(mask, mask, reach, reach, reach, reach, cv::BORDER_CONSTANT, cv::Scalar(0));
        cv::morphologyEx(mask, mask, cv::MORPH_CLOSE, cv::getStructuringElement(cv::MORPH_RECT, {reach, reach}));
        marks = find_marks(mask(cv::Rect(reach, reach, mask.cols - 2 * reach, mask.rows - 2 * reach)));
        size = typical_size(marks);
    }
    if (marks.size() < 4 || size <= 2) return;
    const double step = halve ? 2 : 1;
    letter_ = size * step;
    // Places in the order of the page, so that a choice of them is spread over it.
    std::sort(marks.begin(), marks.end(),
              [](const Mark& a, const Mark& b) { return a.box.y != b.box.y ? a.box.y < b.box.y : a.box.x < b.box.x; });
    for (const Mark& m : marks) {
        if (m.longer < 0.7 * size || m.shorter < 0.3 * size || m.shorter > 2.5 * size) continue;
        // Letters that touch are looked at one by one.
        const int parts = std::max(1, static_cast<int>(std::lround(m.longer / (1.8 * size))));
        const bool across = m.box.width >= m.box.height;
        for (int p = 0; p < parts; ++p) {
            const double along = (p + 0.5) / parts;
            centres_.emplace_back(static_cast<float>(step * (m.box.x + m.box.width * (across ? along : 0.5))),
                                  static_cast<float>(step * (m.box.y + m.box.height * (across ? 0.5 : along))));
        }
    }
    const double angle = std::abs(skew_deg) > 0.3 ? skew_deg * CV_PI / 180 : 0;
    cosine_ = std::cos(angle);
    sine_ = std::sin(angle);
    level_ = ink;
    while (letter_ * level_scale_ > 1.5 * kLetterInWindow && std::min(level_.cols, level_.rows) >= 2 * kWindow) {
        cv::Mat smaller = half;
        if (smaller.empty()) cv::resize(level_, smaller, {level_.cols / 2, level_.rows / 2}, 0, 0, cv::INTER_AREA);
        half.release();
        level_ = smaller;
        level_scale_ /= 2;
    }
}

bool Print::window(std::size_t i, int quarters, double wider, Window& out) const {
    const double pace = wider * letter_ * level_scale_ / kLetterInWindow; // pixels of `level_` for one of the window
    double c = cosine_ * pace, s = sine_ * pace;
    for (; quarters > 0; --quarters) { // what is up becomes right
        std::swap(c, s);
        s = -s;
    }
    constexpr double middle = (kWindow - 1) / 2.0;
    const double x = centres_[i].x * level_scale_ - 0.5, y = centres_[i].y * level_scale_ - 0.5;
    // Content turned clockwise by the skew is turned back: a step right in the window goes along its lines.
    const cv::Matx23d from_window(c, -s, x - (c - s) * middle, s, c, y - (s + c) * middle);
    cv::Mat small;
    cv::warpAffine(level_, small, from_window, {kWindow, kWindow}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                   cv::BORDER_CONSTANT, cv::Scalar(0));
    int sum = 0, squares = 0;
    const auto* ink = small.ptr<std::uint8_t>();
    for (int k = 0; k < kWindowPixels; ++k) {
        sum += ink[k];
        squares += ink[k] * ink[k];
    }
    const double mean = static_cast<double>(sum) / kWindowPixels,
                 variance = static_cast<double>(squares) / kWindowPixels - mean * mean;
    if (mean < 6 || variance < 300) return false;
    const auto shift = static_cast<float>(mean), scale = static_cast<float>(1 / std::sqrt(variance));
    for (std::size_t k = 0; k < kWindowPixels; ++k) out[k] = (static_cast<float>(ink[k]) - shift) * scale;
    return true;
}

} // namespace recto::treat
