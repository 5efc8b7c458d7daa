#include "stages/reading/rule_lines.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::reading {
namespace {

constexpr int kTouches = 3; ///< Fewer may be chance, or a table that is filled in neatly.
constexpr int kBeside = 2;  ///< Pixels from a rule at which its soft edge is over.
constexpr std::size_t kMost = 400;
constexpr double kLook = 1200; ///< Pixels of the longest side in which the first look is taken.
constexpr int kShortest = 18;  ///< A rule is at least that part of the longest side: 16 mm of A4.

/// Runs of ink along the rows, `length` or longer, with gaps of one pixel at most and few of them: serifs along a baseline stand
/// close, but not as close as that.
cv::Mat long_runs(const cv::Mat& dark, int length) {
    cv::Mat out = cv::Mat::zeros(dark.size(), CV_8UC1);
    for (int y = 0; y < dark.rows; ++y) {
        const auto* d = dark.ptr<std::uint8_t>(y);
        int start = -1, end = -1, ink = 0;
        const auto close = [&] {
            if (start >= 0 && end - start >= length && 100 * ink >= 98 * (end - start))
                std::fill_n(out.ptr<std::uint8_t>(y) + start, end - start, 255);
            start = -1;
        };
        for (int x = 0; x < dark.cols; ++x) {
            if (d[x] == 0) {
                if (start >= 0 && x - end >= 1) close();
                continue;
            }
            if (start < 0) start = x, ink = 0;
            ++ink;
            end = x + 1;
        }
        close();
    }
    return out;
}

cv::Mat dark_of(const cv::Mat& grey, int window) {
    cv::Mat dark;
    cv::adaptiveThreshold(grey, dark, 255, cv::ADAPTIVE_THRESH_MEAN_C, cv::THRESH_BINARY_INV, window | 1, 24);
    return dark;
}

/// Rules that run across `dark` (255 = ink).
std::vector<TouchingRule> rules_across(const cv::Mat& dark, int length, int thickest, int letter) {
    std::vector<TouchingRule> out;
    const cv::Mat runs = long_runs(dark, length);
    cv::Mat near, labels, stats, centres;
    if (cv::countNonZero(runs) == 0) return out;
    cv::dilate(runs, near, cv::Mat::ones(3, 5, CV_8UC1)); // the steps of one that leans
    const int n = cv::connectedComponentsWithStats(near, labels, stats, centres, 8, CV_32S);
    for (int i = 1; i < n && out.size() < kMost; ++i) {
        const int* s = stats.ptr<int>(i);
        const cv::Rect box(s[cv::CC_STAT_LEFT], s[cv::CC_STAT_TOP], s[cv::CC_STAT_WIDTH], s[cv::CC_STAT_HEIGHT]);
        if (box.width < length || box.height > box.width / 8 + 2 * thickest) continue;
        TouchingRule rule;
        rule.from = box.x;
        std::vector<int> thickness;
        int first = -1, last = -1;
        for (int x = box.x; x < box.x + box.width; ++x) {
            int a = -1, b = -1;
            for (int y = box.y; y < box.y + box.height; ++y)
                if (runs.at<std::uint8_t>(y, x) != 0 && labels.at<int>(y, x) == i) {
                    if (a < 0) a = y;
                    b = y;
                }
            if (a >= 0) first = a, last = b, thickness.push_back(b - a + 1);
            rule.first.push_back(first);
            rule.last.push_back(last);
        }
        if (thickness.empty()) continue;
        const auto mid = thickness.begin() + static_cast<std::ptrdiff_t>(thickness.size() / 2);
        std::nth_element(thickness.begin(), mid, thickness.end());
        const int usual = *mid;
        if (usual > thickest) continue;
        for (std::size_t k = rule.first.size(); k-- > 0;) // the ends, before anything was seen
            if (rule.first[k] < 0) rule.first[k] = rule.first[k + 1], rule.last[k] = rule.last[k + 1];
        // Where another thick run lies on the rule, it is as thick as elsewhere.
        for (std::size_t k = 0; k < rule.first.size(); ++k)
            if (rule.last[k] - rule.first[k] + 1 > usual + 2) rule.last[k] = rule.first[k] + usual;
        int touches = 0, run = 0;
        for (std::size_t k = 0; k <= rule.first.size(); ++k) {
            bool ink = false;
            if (k < rule.first.size()) {
                const int x = rule.from + static_cast<int>(k), above = rule.first[k] - kBeside,
                          below = rule.last[k] + kBeside;
                ink = (above >= 0 && dark.at<std::uint8_t>(above, x) != 0) ||
                      (below < dark.rows && dark.at<std::uint8_t>(below, x) != 0);
            }
            if (ink) ++run;
            else {
                if (run > 0 && run <= letter) ++touches; // longer is another rule, or a double one
                run = 0;
            }
        }
        if (touches >= kTouches) out.push_back(std::move(rule));
    }
    return out;
}

/// Brightness of a pixel of one or three channels.
int brightness(const std::uint8_t* p, int channels) { return channels == 1 ? p[0] : (p[0] + 2 * p[1] + p[2]) / 4; }

} // namespace

bool may_have_rules(const cv::Mat& grey) {
    const int longest = std::max(grey.cols, grey.rows);
    if (std::min(grey.cols, grey.rows) < 200) return false;
    cv::Mat small;
    cv::resize(grey, small, cv::Size(), std::min(1.0, kLook / longest), std::min(1.0, kLook / longest), cv::INTER_AREA);
    const cv::Mat dark = dark_of(small, 25);
    const int length = std::max(small.cols, small.rows) / kShortest;
    return cv::countNonZero(long_runs(dark, length)) > 0 || cv::countNonZero(long_runs(cv::Mat(dark.t()), length)) > 0;
}

std::vector<TouchingRule> find_touching_rules(const cv::Mat& grey, double letter_height) {
    std::vector<TouchingRule> out;
    if (std::min(grey.cols, grey.rows) < 200 || letter_height <= 0) return out;
    const int letter = std::max(8, cvRound(letter_height));
    const cv::Mat dark = dark_of(grey, 4 * letter);
    const int length = std::max({120, 6 * letter, std::max(grey.cols, grey.rows) / kShortest});
    const int thickest = std::clamp(letter / 3, 3, 12);
    out = rules_across(dark, length, thickest, 2 * letter);
    std::vector<TouchingRule> down = rules_across(cv::Mat(dark.t()), length, thickest, 2 * letter);
    for (TouchingRule& rule : down) {
        rule.across = false;
        out.push_back(std::move(rule));
    }
    return out;
}

cv::Mat without_rules(const cv::Mat& image, const std::vector<TouchingRule>& rules) {
    cv::Mat out = image.clone();
    const int channels = image.channels();
    for (const TouchingRule& rule : rules) {
        const int along = rule.across ? out.cols : out.rows, depth = rule.across ? out.rows : out.cols;
        const auto pixel = [&](int place, int at) {
            return rule.across ? out.ptr<std::uint8_t>(at) + std::ptrdiff_t{place} * channels
                               : out.ptr<std::uint8_t>(place) + std::ptrdiff_t{at} * channels;
        };
        const int n = static_cast<int>(rule.first.size());
        for (int k = 0; k < n; ++k) {
            const int place = rule.from + k;
            const int first = rule.first[static_cast<std::size_t>(k)], last = rule.last[static_cast<std::size_t>(k)];
            if (first - kBeside < 0 || last + kBeside >= depth) continue;
            // A stroke that goes in at place - d and comes out at place + d: the darkest of them, as dark as its paler end.
            const int reach = (last - first + 1) / 2 + 1;
            int best = 1000, lean = 0;
            for (int step = 0; step <= 2 * reach; ++step) {
                const int d = (step % 2 == 0 ? 1 : -1) * ((step + 1) / 2);
                const int i = place - d, j = place + d;
                if (i < 0 || j < 0 || i >= along || j >= along) continue;
                // Beside a neighbour that leans, its own rows are taken.
                const int paler = std::max(brightness(pixel(i, first - kBeside), channels),
                                           brightness(pixel(j, last + kBeside), channels));
                if (paler < best - 8) best = paler, lean = d;
            }
            const auto *a = pixel(place - lean, first - kBeside), *b = pixel(place + lean, last + kBeside);
            const auto* value = brightness(a, channels) > brightness(b, channels) ? a : b;
            std::array<std::uint8_t, 3> colour{};
            std::copy(value, value + channels, colour.begin());
            for (int at = first - kBeside + 1; at < last + kBeside; ++at)
                std::copy(colour.begin(), colour.begin() + channels, pixel(place, at));
        }
    }
    return out;
}

} // namespace recto::reading
