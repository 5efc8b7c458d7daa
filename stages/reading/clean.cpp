#include "stages/reading/clean.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::reading {

namespace {

/// Fewer letters say nothing about the size of the text.
constexpr int kFewLetters = 30;
/// Below this median height of marks (pixels) Tesseract reads better from an enlarged picture, and up to which it gains.
constexpr double kSmallLetters = 17, kGoodLetters = 24;

constexpr double kBorderWork =
    600; ///< Pixels of the longest side where borders are looked for: half a millimetre of A4.
constexpr int kBlack = 70;

constexpr int kStreakBands = 48;
constexpr int kStreakStep = 10;       ///< Grey levels darker than both sides.
constexpr int kStreakSidesAlike = 40; ///< Grey levels; else one of the sides is print.
constexpr int kStreakWork = 1100;     ///< Pixels of the picture's width in which streaks are looked for.
constexpr std::size_t kMostStreaks = 8;

enum class Seen : std::uint8_t { No, Yes, Hidden };

/// For each band and column: whether a dark line runs there.
cv::Mat seen_in_bands(const cv::Mat& work, int reach) {
    cv::Mat out(kStreakBands, work.cols, CV_8UC1, cv::Scalar(static_cast<int>(Seen::Hidden)));
    std::vector<int> looked(static_cast<std::size_t>(work.cols)), hits(looked.size());
    for (int b = 0; b < kStreakBands; ++b) {
        std::ranges::fill(looked, 0);
        std::ranges::fill(hits, 0);
        const int first = b * work.rows / kStreakBands, end = (b + 1) * work.rows / kStreakBands;
        for (int y = first; y < end; ++y) {
            const auto* row = work.ptr<std::uint8_t>(y);
            for (int x = reach; x < work.cols - reach; ++x) {
                const int left = row[x - reach], right = row[x + reach];
                const auto at = static_cast<std::size_t>(x);
                const bool fit = std::abs(left - right) <= kStreakSidesAlike && left > 60;
                looked[at] += fit;
                hits[at] += fit && std::min(left, right) - row[x] >= kStreakStep;
            }
        }
        for (int x = 0; x < work.cols; ++x) {
            const auto at = static_cast<std::size_t>(x);
            if (4 * looked[at] < end - first) continue; // print or a black border beside it
            out.at<std::uint8_t>(b, x) =
                static_cast<std::uint8_t>(4 * hits[at] >= 3 * looked[at] ? Seen::Yes : Seen::No);
        }
    }
    return out;
}

/// Share of the bands that can show the line and do; 0 where it does not reach both edges.
double streak_score(const cv::Mat& seen, double top, double bottom) {
    int told = 0, hit = 0;
    for (int b = 0; b < kStreakBands; ++b) {
        const int x = cvRound(top + (bottom - top) * (b + 0.5) / kStreakBands);
        if (x < 0 || x >= seen.cols) return 0;
        const auto what = static_cast<Seen>(seen.at<std::uint8_t>(b, x));
        if (what == Seen::Hidden) continue;
        if ((b == 0 || b == kStreakBands - 1) && what == Seen::No) return 0;
        ++told;
        hit += what == Seen::Yes;
    }
    return told >= kStreakBands / 2 ? static_cast<double>(hit) / told : 0;
}

} // namespace

Marks count_marks(const cv::Mat& grey) {
    Marks out;
    cv::Mat dark, labels, stats, centres;
    cv::threshold(grey, dark, 0, 255, cv::THRESH_BINARY_INV | cv::THRESH_OTSU);
    const int count = cv::connectedComponentsWithStats(dark, labels, stats, centres, 8, CV_32S);
    std::vector<int> heights;
    for (int i = 1; i < count; ++i) {
        const int* s = stats.ptr<int>(i);
        const int w = s[cv::CC_STAT_WIDTH], h = s[cv::CC_STAT_HEIGHT];
        if (h >= 6 && h <= 120 && w <= 3 * h && s[cv::CC_STAT_AREA] >= 12) heights.push_back(h);
    }
    out.letters = static_cast<int>(heights.size());
    if (out.letters < kFewLetters) return out;
    const auto middle = heights.begin() + out.letters / 2;
    std::nth_element(heights.begin(), middle, heights.end());
    out.letter_height = *middle;
    // The dot of an i is a fifth of a small letter.
    const int small = std::max(2, cvRound(out.letter_height / 5));
    for (int i = 1; i < count; ++i) {
        const int* s = stats.ptr<int>(i);
        out.specks += s[cv::CC_STAT_WIDTH] <= small && s[cv::CC_STAT_HEIGHT] <= small;
    }
    return out;
}

cv::Mat without_black_borders(const cv::Mat& grey) {
    const int longest = std::max(grey.cols, grey.rows);
    if (std::min(grey.cols, grey.rows) < 200) return grey;
    cv::Mat small, dark, labels;
    const double factor = std::min(1.0, kBorderWork / longest);
    cv::resize(grey, small, cv::Size(), factor, factor, cv::INTER_AREA);
    cv::threshold(small, dark, kBlack, 255, cv::THRESH_BINARY_INV);
    // A dark frame around the picture is one with all the black that touches its edge.
    const int pad = 4;
    cv::copyMakeBorder(dark, dark, pad, pad, pad, pad, cv::BORDER_CONSTANT, cv::Scalar(255));
    cv::morphologyEx(dark, dark, cv::MORPH_OPEN, cv::Mat::ones(3, 3, CV_8UC1));
    cv::connectedComponents(dark, labels, 8, CV_32S);
    cv::Mat border = labels == labels.at<int>(0, 0);
    border = border(cv::Rect(pad, pad, small.cols, small.rows)).clone();
    const double share = static_cast<double>(cv::countNonZero(border)) / static_cast<double>(border.total());
    if (share < 0.002 || share > 0.5) return grey;
    cv::dilate(border, border, cv::Mat::ones(3, 3, CV_8UC1)); // its soft and ragged rim
    int bins[256] = {}, left = 0;
    for (int y = 0; y < small.rows; ++y)
        for (int x = 0; x < small.cols; ++x)
            if (border.at<std::uint8_t>(y, x) == 0) ++bins[small.at<std::uint8_t>(y, x)], ++left;
    int paper = 0; // the median of what is no border
    for (int seen = bins[0]; paper < 255 && 2 * seen < left; seen += bins[++paper]) {}
    cv::Mat full, out = grey.clone();
    cv::resize(border, full, grey.size(), 0, 0, cv::INTER_NEAREST);
    out.setTo(paper, full);
    return out;
}

bool is_speckled(const Marks& marks) { return marks.letters >= kFewLetters && marks.specks > marks.letters; }

cv::Mat without_speckle(const cv::Mat& grey, const Marks& marks) {
    cv::Mat out;
    cv::medianBlur(grey, out, marks.letter_height >= 28 ? 5 : 3);
    return out;
}

double enlargement(const Marks& marks) {
    if (marks.letter_height <= 0 || marks.letter_height >= kSmallLetters) return 1;
    return std::min(2.0, kGoodLetters / marks.letter_height);
}

std::vector<ScannerStreak> find_scanner_streaks(const cv::Mat& grey) {
    std::vector<ScannerStreak> out;
    if (grey.cols < 300 || grey.rows < 8 * kStreakBands) return out;
    const double factor = std::max(1.0, static_cast<double>(grey.cols) / kStreakWork);
    cv::Mat work = grey;
    if (factor > 1) cv::resize(grey, work, cv::Size(), 1 / factor, 1 / factor, cv::INTER_AREA);
    const int reach = 5;
    const cv::Mat seen = seen_in_bands(work, reach);
    const int most_lean = work.rows / 12; // about five degrees
    struct Found {
        double score = 0;
        int x = 0, lean = 0;
    };
    std::vector<Found> found;
    for (int x = 0; x < work.cols; ++x)
        for (int lean = -most_lean; lean <= most_lean; ++lean) {
            const double score = streak_score(seen, x - lean / 2.0, x + lean / 2.0);
            if (score >= 0.9) found.push_back({score, x, lean});
        }
    std::ranges::stable_sort(found, [](const Found& a, const Found& b) { return a.score > b.score; });
    std::vector<Found> chosen;
    for (const Found& f : found) {
        const auto same = [&](const Found& c) { return std::abs(c.x - f.x) <= 2 * reach; };
        if (std::ranges::none_of(chosen, same)) chosen.push_back(f);
    }
    if (chosen.size() > kMostStreaks) return out;
    for (const Found& f : chosen) {
        int left = f.x, right = f.x;
        for (const Found& g : found) // as wide as the neighbours that hold the same line
            if (std::abs(g.x - f.x) <= reach && g.lean == f.lean)
                left = std::min(left, g.x), right = std::max(right, g.x);
        const double middle = (left + right) / 2.0 + 0.5;
        out.push_back(
            {(middle - f.lean / 2.0) * factor, (middle + f.lean / 2.0) * factor, (right - left + 1) * factor});
    }
    return out;
}

cv::Mat without_streaks(const cv::Mat& grey, const std::vector<ScannerStreak>& streaks) {
    cv::Mat out = grey.clone();
    for (const ScannerStreak& s : streaks) {
        const double half = s.width / 2 + 2;
        for (int y = 0; y < out.rows; ++y) {
            const double x = s.top + (s.bottom - s.top) * (y + 0.5) / out.rows;
            const int from = std::max(1, cvFloor(x - half)), to = std::min(out.cols - 2, cvCeil(x + half) - 1);
            if (to < from) continue;
            auto* row = out.ptr<std::uint8_t>(y);
            const double a = row[from - 1], b = row[to + 1];
            for (int k = from; k <= to; ++k)
                row[k] = cv::saturate_cast<std::uint8_t>(a + (b - a) * (k - from + 1) / (to - from + 2));
        }
    }
    return out;
}

} // namespace recto::reading
