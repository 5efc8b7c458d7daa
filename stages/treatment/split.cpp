#include "stages/treatment/split.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {
std::vector<double> smooth(const std::vector<double>& in, int radius) {
    std::vector<double> out(in.size());
    const int n = static_cast<int>(in.size());
    for (int i = 0; i < n; ++i) {
        double sum = 0;
        int count = 0;
        for (int k = std::max(0, i - radius); k <= std::min(n - 1, i + radius); ++k, ++count)
            sum += in[static_cast<std::size_t>(k)];
        out[static_cast<std::size_t>(i)] = sum / count;
    }
    return out;
}

/// Share of the rows in which ink runs without a gap over the columns [from, to]: rules and print that cross a gutter.
double crossing_share(const cv::Mat& ink, int from, int to) {
    int crossed = 0;
    for (int y = 0; y < ink.rows; ++y) {
        const auto* row = ink.ptr<std::uint8_t>(y);
        bool all = true;
        for (int x = from; x <= to && all; ++x) all = row[x] > 60;
        crossed += all;
    }
    return static_cast<double>(crossed) / std::max(1, ink.rows);
}
/// Share of sixteen bands of rows, top to bottom, in which the valley at `x` is at least 0.4 of `depth` deep: a gutter runs through,
/// something dark in a photograph does not.
double running_share(const cv::Mat& background, int x, int reach, double depth) {
    constexpr int kBands = 16;
    const int slack = std::max(2, background.cols / 80);
    int seen = 0;
    for (int k = 0; k < kBands; ++k) {
        cv::Mat mean;
        cv::reduce(background.rowRange(background.rows * k / kBands, background.rows * (k + 1) / kBands), mean, 0,
                   cv::REDUCE_AVG, CV_32F);
        const auto extreme = [&](int from, int to, bool lightest) {
            double low = 0, high = 0;
            cv::minMaxLoc(mean.colRange(std::max(0, from), std::min(mean.cols, to)), &low, &high);
            return lightest ? high : low;
        };
        const double sides = std::min(extreme(x - reach, x, true), extreme(x + 1, x + reach, true));
        seen += sides - extreme(x - slack, x + slack + 1, false) >= 0.4 * depth;
    }
    return static_cast<double>(seen) / kBands;
}
} // namespace

Gutter find_gutter(const cv::Mat& background, const cv::Mat& ink) {
    Gutter g;
    const int w = ink.cols, h = ink.rows;
    if (w < 100 || h < 60 || static_cast<double>(w) / h < 1.12 || static_cast<double>(w) / h > 2.3) return g;
    // The rim (a twentieth at top and bottom) is left out: clips, fingers and bed lie there.
    const cv::Rect body(0, h / 20, w, h - h / 10);
    const cv::Mat b = background(body), i = ink(body);
    std::vector<double> light(static_cast<std::size_t>(w)), dark(static_cast<std::size_t>(w)),
        filled(static_cast<std::size_t>(w));
    std::vector<std::uint8_t> column(static_cast<std::size_t>(b.rows));
    for (int x = 0; x < w; ++x) {
        double sum = 0;
        int inked = 0;
        for (int y = 0; y < b.rows; ++y) {
            column[static_cast<std::size_t>(y)] = b.at<std::uint8_t>(y, x);
            const int v = i.at<std::uint8_t>(y, x);
            sum += v;
            inked += v > 60;
        }
        auto mid = column.begin() + b.rows / 2;
        std::nth_element(column.begin(), mid, column.end());
        light[static_cast<std::size_t>(x)] = *mid;
        dark[static_cast<std::size_t>(x)] = sum / b.rows / 200.0;
        filled[static_cast<std::size_t>(x)] = static_cast<double>(inked) / b.rows;
    }
    double left_ink = 0, right_ink = 0;
    for (int x = 0; x < w; ++x) (x < w / 2 ? left_ink : right_ink) += filled[static_cast<std::size_t>(x)];
    const double all_ink = left_ink + right_ink;
    const int lo = static_cast<int>(0.34 * w), hi = static_cast<int>(0.66 * w);

    // A shadow: the paper itself grows darker towards a line and lighter again, on both sides.
    const auto paper = smooth(light, std::max(1, w / 300));
    const int reach = std::max(6, w / 9);
    const auto lightest = [&](int from, int to) {
        double v = 0;
        for (int x = std::max(0, from); x < std::min(w, to); ++x) v = std::max(v, paper[static_cast<std::size_t>(x)]);
        return v;
    };
    // The deepest place, not the darkest: a picture on one of the pages is darker, but has no other side near.
    int valley = lo;
    double depth = -255;
    for (int x = lo; x < hi; ++x) {
        const double d =
            std::min(lightest(x - reach, x), lightest(x + 1, x + reach)) - paper[static_cast<std::size_t>(x)];
        if (d <= depth) continue;
        depth = d;
        valley = x;
    }

    // A line: one to three columns inked from top to bottom.
    int line = lo;
    for (int x = lo; x < hi; ++x)
        if (filled[static_cast<std::size_t>(x)] > filled[static_cast<std::size_t>(line)]) line = x;
    const double line_fill = filled[static_cast<std::size_t>(line)];

    // An empty band. The line of the gutter itself (inked from top to bottom) may lie in it.
    int band_from = 0, band_to = -1;
    for (int x = lo, from = -1; x <= hi; ++x) {
        const double f = x < hi ? filled[static_cast<std::size_t>(x)] : 1;
        const bool empty = x < hi && (f < 0.004 || f > 0.9);
        if (empty && from < 0) from = x;
        if (!empty && from >= 0) {
            if (x - from > band_to - band_from + 1) {
                band_from = from;
                band_to = x - 1;
            }
            from = -1;
        }
    }
    const double band = static_cast<double>(std::max(0, band_to - band_from + 1)) / w;

    const auto print_across = [&](int x) {
        const int half = std::max(4, w / 60);
        return crossing_share(i, std::max(0, x - half), std::min(w - 1, x + half));
    };
    const auto near_middle = [&](double x) { return std::max(0.0, 1 - std::abs(x / w - 0.5) / 0.16); };

    double best = 0;
    const auto consider = [&](double x, double strength, bool shadow) {
        const double across = print_across(static_cast<int>(x));
        const double c = strength * std::sqrt(near_middle(x)) * std::exp(-across * 300);
        if (c <= best) return;
        best = c;
        g.x = x;
        g.confidence = std::min(1.0, c);
        g.shadow = shadow;
        g.found = true;
    };
    const double local = filled[static_cast<std::size_t>(valley)];
    if (depth >= 10) {
        const double running = std::clamp((running_share(b, valley, reach, depth) - 0.5) / 0.25, 0.0, 1.0);
        const double alone = local < 0.06 || local > 0.85 ? 1.0 : 0.4;
        consider(valley + 0.5, std::clamp((depth - 8) / 16, 0.0, 1.0) * alone * running, true);
    }
    // A ruled line in a table has cells, that is print or blanks, but rules cross it; a fold or the edge of the
    // upper sheet is alone in an empty band.
    if (line_fill > 0.9) {
        const int gap = std::max(3, w / 50);
        double near = 0;
        for (int x = line - gap; x <= line + gap; ++x)
            if (std::abs(x - line) > 3 && x >= 0 && x < w) near = std::max(near, filled[static_cast<std::size_t>(x)]);
        consider(line + 0.5, near < 0.02 ? 0.9 : 0.3, true);
    }
    // Without shadow: two inner margins (a column gap on one sheet is hardly ever 6 % of its width), print on both sides.
    const double balance = all_ink > 0 ? std::min(left_ink, right_ink) / all_ink : 0;
    if (band >= 0.045 && balance > 0.12) {
        const double strength =
            std::clamp((band - 0.045) / 0.03, 0.0, 1.0) * std::clamp((balance - 0.12) / 0.1, 0.0, 1.0);
        const double x = (band_from + band_to + 1) / 2.0;
        const double aspect = static_cast<double>(w) / h;
        const double like_spread = aspect > 1.2 && aspect < 1.75 ? 1.0 : 0.5;
        // Only when the band is the middle of the sheet; a ragged right margin is not.
        const double centred = std::clamp(1.6 - std::abs(x / w - 0.5) / 0.03, 0.0, 1.0);
        consider(x, 0.75 * strength * like_spread * centred, false);
    }
    return g;
}

} // namespace recto::treat
