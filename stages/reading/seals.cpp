#include "stages/reading/seals.h"

#include <algorithm>

#include <opencv2/imgproc.hpp>

namespace recto::reading {

namespace {
/// Share of the paper's brightness that black print under a seal has at most.
constexpr double kPrint = 0.12;

/// Red marks from `least` to `most` of the long side, at most `wide` times as wide as high and `tall` times as high as wide.
std::vector<Box> red_marks(const Raster& page, double least, double most, double wide, double tall) {
    std::vector<Box> out;
    if (page.mode != ColourMode::Colour || page.pixels.channels() != 3) return out;
    const int longest = std::max(page.width(), page.height());
    if (longest < 300) return out;
    const double factor = std::min(1.0, 440.0 / longest);
    cv::Mat small;
    cv::resize(page.pixels, small, cv::Size(), factor, factor, cv::INTER_AREA);
    cv::Mat red(small.size(), CV_8UC1, cv::Scalar(0));
    for (int y = 0; y < small.rows; ++y)
        for (int x = 0; x < small.cols; ++x) {
            const cv::Vec3b& p = small.at<cv::Vec3b>(y, x);
            if (p[0] - std::max<int>(p[1], p[2]) > 32) red.at<uchar>(y, x) = 255;
        }
    cv::morphologyEx(red, red, cv::MORPH_CLOSE, cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(5, 5)));
    cv::Mat labels, stats, centres;
    const int count = cv::connectedComponentsWithStats(red, labels, stats, centres, 8, CV_32S);
    const double low = least * std::max(small.cols, small.rows), high = most * std::max(small.cols, small.rows);
    for (int i = 1; i < count; ++i) {
        const int* s = stats.ptr<int>(i);
        const double w = s[cv::CC_STAT_WIDTH], h = s[cv::CC_STAT_HEIGHT], fill = s[cv::CC_STAT_AREA] / (w * h);
        if (std::min(w, h) < low || std::max(w, h) > high || w > wide * h || h > tall * w) continue;
        if (fill < 0.08 || fill > 0.9) continue; // a frame of hairlines, a red picture
        const double margin = 3;
        Box b{(s[cv::CC_STAT_LEFT] - margin) / factor, (s[cv::CC_STAT_TOP] - margin) / factor,
              (w + 2 * margin) / factor, (h + 2 * margin) / factor};
        const double right = std::min<double>(page.width(), b.x + b.width),
                     bottom = std::min<double>(page.height(), b.y + b.height);
        b.x = std::max(0.0, b.x), b.y = std::max(0.0, b.y);
        b.width = right - b.x, b.height = bottom - b.y;
        out.push_back(b);
    }
    return out;
}

} // namespace

std::vector<Box> find_seals(const Raster& page) { return red_marks(page, 0.09, 0.26, 1.6, 1.4); }

std::vector<Box> find_overlapping_seals(const Raster& page) {
    std::vector<Box> out = red_marks(page, 0.09, 0.57, 2.6, 2.6);
    const double one = 0.26 * std::max(page.width(), page.height());
    // What is no larger than one seal, and yet none by its shape, is red type.
    std::erase_if(out, [&](const Box& b) { return std::max(b.width, b.height) <= one; });
    return out;
}

Raster without_seals(const Raster& page, const std::vector<Box>& seals) {
    Raster out = page;
    out.pixels = page.pixels.clone();
    for (const Box& b : seals) {
        const cv::Rect place = cv::Rect(cvFloor(b.x), cvFloor(b.y), cvCeil(b.width), cvCeil(b.height)) &
                               cv::Rect(0, 0, page.width(), page.height());
        cv::Mat here = out.pixels(place);
        // The colour of the paper: the most frequent one of the place, channel by channel.
        int bins[3][256] = {};
        for (int y = 0; y < here.rows; y += 3)
            for (int x = 0; x < here.cols; x += 3)
                for (int c = 0; c < 3; ++c) ++bins[c][here.at<cv::Vec3b>(y, x)[c]];
        int paper[3];
        for (int c = 0; c < 3; ++c) paper[c] = static_cast<int>(std::max_element(bins[c], bins[c] + 256) - bins[c]);
        // How much of the paper's red the seal's ink lets through: a dark seal a little more than half. The second fifth of
        // what is clearly red, so that most of the seal comes out as paper.
        int through[256] = {}, reds = 0;
        for (int y = 0; y < here.rows; y += 2)
            for (int x = 0; x < here.cols; x += 2) {
                const cv::Vec3b& p = here.at<cv::Vec3b>(y, x);
                if (p[0] - std::max<int>(p[1], p[2]) > 45) ++through[p[0]], ++reds;
            }
        int level = 0;
        for (int seen = through[0]; level < 255 && 5 * seen < reds; seen += through[++level]) {}
        const double seal = std::clamp(static_cast<double>(level) / std::max(1, paper[0]), 0.4, 1.0);
        // Brightness from the red channel alone; what the ink still dims there is lifted to the paper, without an edge
        // to the picture around that the detector would take for one.
        for (int y = 0; y < here.rows; ++y)
            for (int x = 0; x < here.cols; ++x) {
                cv::Vec3b& p = here.at<cv::Vec3b>(y, x);
                const double share = static_cast<double>(p[0]) / std::max(1, paper[0]);
                const bool red = p[0] - std::max<int>(p[1], p[2]) > 20;
                const double bright =
                    std::clamp(red ? (share - kPrint) / (seal - kPrint) : 1.4 * share - 0.17, 0.0, 1.0);
                for (int c = 0; c < 3; ++c) p[c] = cv::saturate_cast<uchar>(paper[c] * bright);
            }
    }
    return out;
}

} // namespace recto::reading
