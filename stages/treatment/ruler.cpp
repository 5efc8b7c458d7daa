#include "stages/treatment/ruler.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <opencv2/core/hal/intrin.hpp>
#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {
constexpr double kLeastPace = 2.6;   ///< Pixels from mark to mark that can be told apart.
constexpr double kBandMm = 1.3;      ///< Marks are 3 mm long or more: one band of these lies within.
constexpr double kHopMm = 6;         ///< A block.
constexpr int kHops = 3;             ///< Blocks over which marks have to keep their pace.
constexpr float kLeastShare = 0.4F;  ///< Of what varies within a window, at that pace alone.
constexpr double kLeastContrast = 3; ///< Levels: deviation within a window; below that it is grain.
constexpr double kLeastLengthMm = 40, kMostDepthMm = 14;

/// What a block of a band holds: its wave at the sought pace, and all that varies.
struct Block {
    float real = 0, imaginary = 0, power = 0;
};

Block measure(const float* level, const float* cosine, const float* sine, int n) {
    cv::v_float32x4 re = cv::v_setzero_f32(), im = re, power = re;
    int i = 0;
    for (; i + 4 <= n; i += 4) {
        const cv::v_float32x4 v = cv::v_load(level + i);
        re = cv::v_fma(v, cv::v_load(cosine + i), re);
        im = cv::v_fma(v, cv::v_load(sine + i), im);
        power = cv::v_fma(v, v, power);
    }
    Block out{cv::v_reduce_sum(re), cv::v_reduce_sum(im), cv::v_reduce_sum(power)};
    for (; i < n; ++i) {
        out.real += level[i] * cosine[i], out.imaginary += level[i] * sine[i];
        out.power += level[i] * level[i];
    }
    return out;
}

/// `bands`: one row a band of the picture, each the mean of `band` pixels across. Boxes in pixels along and across.
void along_bands(const cv::Mat& bands, int band, double mm, double pace_mm, std::vector<cv::Rect>& out) {
    const double pace = pace_mm * mm;
    const int hop = std::max(1, static_cast<int>(kHopMm * mm)), blocks = bands.cols / hop, windows = blocks - kHops + 1;
    const int wide = 2 * static_cast<int>(std::lround(pace)) + 1;
    if (pace < kLeastPace || windows < 1 || bands.rows < 1) return;
    // Slow changes, wider than two marks, are taken away.
    cv::Mat level, slow;
    bands.convertTo(level, CV_32F);
    cv::blur(level, slow, {wide, 1});
    level -= slow;
    std::vector<float> cosine(static_cast<std::size_t>(bands.cols)), sine(cosine.size());
    for (std::size_t i = 0; i < cosine.size(); ++i) {
        const double turn = 2 * std::numbers::pi * static_cast<double>(i) / pace;
        cosine[i] = static_cast<float>(std::cos(turn)), sine[i] = static_cast<float>(std::sin(turn));
    }
    cv::Mat shows(bands.rows, windows, CV_8UC1, cv::Scalar(0));
    std::vector<Block> block(static_cast<std::size_t>(blocks));
    const float least = static_cast<float>(kLeastContrast * kLeastContrast * kHops * hop);
    for (int b = 0; b < bands.rows; ++b) {
        const auto* row = level.ptr<float>(b);
        for (int k = 0; k < blocks; ++k)
            block[static_cast<std::size_t>(k)] =
                measure(row + k * hop, cosine.data() + k * hop, sine.data() + k * hop, hop);
        for (int k = 0; k < windows; ++k) {
            Block sum;
            for (int h = 0; h < kHops; ++h) {
                const Block& one = block[static_cast<std::size_t>(k + h)];
                sum.real += one.real, sum.imaginary += one.imaginary, sum.power += one.power;
            }
            const float wave = sum.real * sum.real + sum.imaginary * sum.imaginary;
            if (sum.power > least && 2 * wave > kLeastShare * static_cast<float>(kHops * hop) * sum.power)
                shows.at<std::uint8_t>(b, k) = 255;
        }
    }
    // One above the other by one band or two belong together: marks that lean go from band to band.
    cv::Mat joined, labels, stats, centroids;
    cv::dilate(shows, joined, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
    const int n = cv::connectedComponentsWithStats(joined, labels, stats, centroids, 8, CV_32S);
    for (int i = 1; i < n; ++i) {
        const cv::Rect c(stats.at<int>(i, cv::CC_STAT_LEFT), stats.at<int>(i, cv::CC_STAT_TOP),
                         stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT));
        int left = windows, right = -1, top = bands.rows, bottom = -1;
        std::vector<int> depth(static_cast<std::size_t>(c.width), 0); // from the first to the last that shows marks
        for (int x = c.x; x < c.x + c.width; ++x) {
            int first = -1;
            for (int y = c.y; y < c.y + c.height; ++y) {
                if (shows.at<std::uint8_t>(y, x) == 0 || labels.at<int>(y, x) != i) continue;
                left = std::min(left, x), right = std::max(right, x);
                top = std::min(top, y), bottom = std::max(bottom, y);
                if (first < 0) first = y;
                depth[static_cast<std::size_t>(x - c.x)] = y - first + 1;
            }
        }
        if (right < left) continue;
        const int length = (right - left + kHops) * hop;
        std::nth_element(depth.begin(), depth.begin() + c.width / 2, depth.end());
        if (length < kLeastLengthMm * mm || depth[static_cast<std::size_t>(c.width / 2)] * band > kMostDepthMm * mm)
            continue;
        out.emplace_back(left * hop, top * band, length, (bottom - top + 1) * band);
    }
}
} // namespace

std::vector<cv::Rect> find_ruler_marks(const Analysis& a, double dpi) {
    // Half the size is a quarter of the work, where it still shows millimetres.
    const bool half = dpi / 2 / 25.4 >= kLeastPace;
    std::vector<cv::Rect> out = find_ruler_marks(half ? a.small : a.work, half ? dpi / 2 : dpi);
    for (cv::Rect& r : out) {
        if (!half) r = {r.x / 2, r.y / 2, (r.width + 1) / 2, (r.height + 1) / 2};
        r &= cv::Rect({0, 0}, a.small.size());
    }
    return out;
}

std::vector<cv::Rect> find_ruler_marks(const cv::Mat& work, double dpi) {
    std::vector<cv::Rect> out, down;
    if (dpi <= 0) return out;
    const double mm = dpi / 25.4;
    const int band = std::max(2, static_cast<int>(std::lround(kBandMm * mm))), rows = work.rows / band,
              columns = work.cols / band;
    if (rows < 1 || columns < 1) return out;
    cv::Mat across, along;
    cv::resize(work.rowRange(0, rows * band), across, {work.cols, rows}, 0, 0, cv::INTER_AREA);
    cv::resize(work.colRange(0, columns * band), along, {columns, work.rows}, 0, 0, cv::INTER_AREA);
    along = along.t();
    for (const double pace : {1.0, 25.4 / 16}) {
        along_bands(across, band, mm, pace, out);
        along_bands(along, band, mm, pace, down);
    }
    for (const cv::Rect& r : down) out.emplace_back(r.y, r.x, r.height, r.width);
    return out;
}

} // namespace recto::treat
