#include "stages/treatment/blank.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {
/// Marks nearer than this to the paper's edge are shadow, dirt and punch holes' rims: 3 mm at 150 dpi.
constexpr int kRim = 18;

/// Standard deviation of the paper's grain: median absolute difference to the right-hand neighbour.
double grain_of(const cv::Mat& image, const cv::Mat& region) {
    int histogram[256] = {};
    int n = 0;
    for (int y = 1; y < image.rows; y += 3) {
        const auto* row = image.ptr<std::uint8_t>(y);
        const auto* in = region.ptr<std::uint8_t>(y);
        for (int x = 1; x + 1 < image.cols; x += 2) {
            if (!in[x]) continue;
            ++histogram[std::abs(row[x + 1] - row[x])];
            ++n;
        }
    }
    int below = 0;
    for (int v = 0; v < 256; ++v) {
        below += histogram[v];
        if (2 * below >= n) return std::max(0.5, static_cast<double>(v)) * 1.05; // 0.6745 sigma of a difference of two
    }
    return 1;
}
} // namespace

BlankCheck check_blank(const Analysis& a, const cv::Mat& region_in) {
    BlankCheck result;
    cv::Mat region;
    if (region_in.empty()) region = cv::Mat(a.work.size(), CV_8UC1, cv::Scalar(255));
    else region = region_in;
    // The page's inside: the outermost millimetres hold shadows of the edge, not writing.
    cv::Mat inside;
    cv::copyMakeBorder(region, inside, 1, 1, 1, 1, cv::BORDER_CONSTANT, cv::Scalar(0));
    cv::erode(inside, inside, cv::getStructuringElement(cv::MORPH_RECT, {2 * kRim + 1, 2 * kRim + 1}));
    inside = inside(cv::Rect(1, 1, region.cols, region.rows));
    const int area = cv::countNonZero(inside);
    if (area < 4096) return result;

    // Most pages are plainly written on: a share of dark pixels that no blank page has settles it at once.
    cv::Mat plain;
    cv::threshold(a.ink, plain, 80, 255, cv::THRESH_BINARY);
    cv::bitwise_and(plain, inside, plain);
    const double plain_share = static_cast<double>(cv::countNonZero(plain)) / area;
    if (plain_share > 0.004) {
        result.ink_ratio = plain_share;
        result.confidence = 1;
        return result;
    }
    const double grain = grain_of(a.work, inside);
    const double paper = cv::mean(a.background, [&] {
        cv::Mat m;
        cv::resize(inside, m, a.background.size(), 0, 0, cv::INTER_NEAREST);
        return m;
    }())[0];
    // Candidates: darker than the paper around by more than its grain. A light blur lowers the grain but keeps a stroke.
    cv::Mat soft, candidate;
    cv::GaussianBlur(a.ink, soft, {5, 5}, 1.0);
    const double floor_level = std::max(5.0, 3.2 * grain);
    cv::threshold(soft, candidate, floor_level, 255, cv::THRESH_BINARY);
    cv::bitwise_and(candidate, inside, candidate);

    cv::Mat labels, stats, centroids;
    const int n = cv::connectedComponentsWithStats(candidate, labels, stats, centroids, 8, CV_32S);
    // For each mark: how dark, and how steep its flank is. Ink and pencil have steep flanks; what shines through the
    // paper is blurred by it, so its steepest step is a small share of its depth.
    struct Mark {
        int area = 0, darkest = 0, steep = 0; ///< Pixels; depth; pixels on a steep flank.
    };
    std::vector<Mark> marks(static_cast<std::size_t>(n));
    for (int y = 1; y + 1 < candidate.rows; ++y) {
        const auto* label = labels.ptr<int>(y);
        const auto* depth = soft.ptr<std::uint8_t>(y);
        for (int x = 1; x + 1 < candidate.cols; ++x) {
            if (label[x] == 0) continue;
            Mark& m = marks[static_cast<std::size_t>(label[x])];
            ++m.area;
            m.darkest = std::max<int>(m.darkest, depth[x]);
        }
    }
    for (int y = 1; y + 1 < candidate.rows; ++y) {
        const auto* label = labels.ptr<int>(y);
        const auto* up = a.work.ptr<std::uint8_t>(y - 1);
        const auto* down = a.work.ptr<std::uint8_t>(y + 1);
        const auto* row = a.work.ptr<std::uint8_t>(y);
        for (int x = 1; x + 1 < candidate.cols; ++x) {
            if (label[x] == 0) continue;
            Mark& m = marks[static_cast<std::size_t>(label[x])];
            const int step = std::max(std::abs(row[x + 1] - row[x - 1]), std::abs(down[x] - up[x]));
            m.steep += step > 0.7 * m.darkest;
        }
    }
    double ink = 0, faint = 0, soft_area = 0;
    for (std::size_t i = 1; i < marks.size(); ++i) {
        const Mark& m = marks[i];
        const int w = stats.at<int>(static_cast<int>(i), cv::CC_STAT_WIDTH),
                  h = stats.at<int>(static_cast<int>(i), cv::CC_STAT_HEIGHT);
        if (m.area < 6 || std::max(w, h) < 4) continue; // grain and dust
        const bool dark = m.darkest > std::max(0.28 * paper, 6 * grain);
        const bool steep = m.steep > 0.25 * m.area;
        const bool stroke = std::max(w, h) >= 14 || m.area >= 60;
        if (dark && (m.area >= 10)) ink += m.area;
        else if (steep && stroke && m.darkest > std::max(0.045 * paper, 5 * grain)) faint += m.area;
        else soft_area += m.area;
    }
    // A photograph or a solid area has no strokes: its background itself is far from the paper's level.
    cv::Mat inside_small, deep;
    cv::resize(inside, inside_small, a.background.size(), 0, 0, cv::INTER_NEAREST);
    int histogram[256] = {}, counted = 0;
    for (int y = 0; y < a.background.rows; ++y) {
        const auto* row = a.background.ptr<std::uint8_t>(y);
        const auto* in = inside_small.ptr<std::uint8_t>(y);
        for (int x = 0; x < a.background.cols; ++x)
            if (in[x]) {
                ++histogram[row[x]];
                ++counted;
            }
    }
    int top = 255;
    for (int sum = 0; top > 0 && sum < counted / 4; --top) sum += histogram[top];
    double solid = 0;
    for (int v = 0; v < static_cast<int>(top * 0.6); ++v) solid += histogram[v];
    solid = counted > 0 ? solid / counted : 0;

    result.ink_ratio = std::min(1.0, (ink + faint) / area + solid);
    result.show_through = soft_area > 0.002 * area && ink + faint < soft_area;
    // A single small word is about 250 work pixels; specks of dirt of the same sum are many and small.
    const double written = ink + faint;
    result.blank = written < 120 && solid < 0.01;
    const double doubt = std::max({written / 120.0, solid / 0.01});
    result.confidence = result.blank ? std::clamp(1.2 - doubt, 0.0, 1.0) : std::clamp((doubt - 0.8) / 2.0, 0.0, 1.0);
    return result;
}

} // namespace recto::treat
