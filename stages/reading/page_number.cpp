#include "stages/reading/page_number.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

/// What is read of the dash of a page number.
constexpr std::u32string_view kDashes = U"-‐‑‒–—―−－﹣一ー_";

// In heights of the figures:
constexpr double kShortestDash = 0.5, kLongestDash = 2.4, kThickestDash = 0.25, kWidestGap = 1.8;
constexpr double kHigherDash = 0.15;  ///< One than the other.
constexpr double kSpeck = 0.02;       ///< Area, of the square of that height.
constexpr double kAlike = 1.4;        ///< Most that one is longer.
constexpr double kInkOfNumber = 0.02; ///< Least share of its place, which may be wide, that a thin figure covers.
constexpr int kLeastContrast = 25;    ///< Grey levels between print and paper.

bool looks_like_dash(char32_t c) { return kDashes.find(c) != std::u32string_view::npos; }

/// The level that a share of the pixels is darker than.
int level_at(const cv::Mat& grey, double share) {
    std::array<int, 256> bins{};
    for (int y = 0; y < grey.rows; ++y)
        for (int x = 0; x < grey.cols; ++x) ++bins[grey.at<std::uint8_t>(y, x)];
    const double wanted = share * static_cast<double>(grey.total());
    int level = 0;
    for (double below = bins[0]; level < 255 && below <= wanted; below += bins[static_cast<std::size_t>(++level)]) {}
    return level;
}

} // namespace

PageNumber page_number(const TextLine& line) {
    PageNumber out;
    std::u32string text = decode_utf8(line.text);
    std::erase(text, U' ');
    if (!text.empty() && looks_like_dash(text.front())) text.erase(0, 1), out.before = true;
    if (!text.empty() && looks_like_dash(text.back())) text.pop_back(), out.after = true;
    const auto is_figure = [](char32_t c) { return c >= U'0' && c <= U'9'; };
    if (text.empty() || text.size() > 4 || !std::ranges::all_of(text, is_figure)) return {};
    out.figures = std::move(text);
    return out;
}

bool is_dash(const TextLine& line) {
    const std::u32string text = decode_utf8(line.text);
    return text.size() == 1 && looks_like_dash(text[0]);
}

std::optional<DashesAround> find_dashes(const cv::Mat& strip, const cv::Rect& figures) {
    const cv::Rect inside = figures & cv::Rect(0, 0, strip.cols, strip.rows);
    if (inside.width < 2 || inside.height < 8) return std::nullopt;
    const int paper = level_at(strip, 0.6), print = level_at(strip(inside), kInkOfNumber);
    if (paper - print < kLeastContrast) return std::nullopt;
    const int between = (paper + print) / 2;
    cv::Mat labels, stats, centres;
    const int n = cv::connectedComponentsWithStats(strip < between, labels, stats, centres, 8, CV_32S);
    const double h = inside.height;
    const auto middle = [](const cv::Rect& r) { return r.y + r.height / 2.0; };
    std::vector<cv::Rect> bars;
    cv::Rect number;
    for (int i = 1; i < n; ++i) {
        const int* s = stats.ptr<int>(i);
        const cv::Rect box(s[cv::CC_STAT_LEFT], s[cv::CC_STAT_TOP], s[cv::CC_STAT_WIDTH], s[cv::CC_STAT_HEIGHT]);
        if (s[cv::CC_STAT_AREA] < kSpeck * h * h) continue;
        const bool level = box.width >= kShortestDash * h && box.width <= kLongestDash * h &&
                           box.height <= kThickestDash * h && std::abs(middle(box) - middle(inside)) <= h / 4;
        if (level) bars.push_back(box);
        else if ((box & inside).empty()) return std::nullopt; // print goes on
        else number |= box;
    }
    if (bars.size() != 2 || number.empty()) return std::nullopt;
    DashesAround out{bars[0], bars[1], number};
    if (out.before.x > out.after.x) std::swap(out.before, out.after);
    const int gap_before = number.x - out.before.br().x, gap_after = out.after.x - number.br().x;
    if (std::min(gap_before, gap_after) < 0 || std::max(gap_before, gap_after) > kWidestGap * h) return std::nullopt;
    const auto [shorter, longer] = std::minmax(out.before.width, out.after.width);
    if (longer > kAlike * shorter || std::abs(middle(out.before) - middle(out.after)) > kHigherDash * h)
        return std::nullopt;
    return out;
}

} // namespace recto::reading
