#include "stages/treatment/bilevel.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {
/// Local mean and deviation over a square window, by box filters (running sums).
void local_statistics(const cv::Mat& image, int window, cv::Mat& mean, cv::Mat& deviation) {
    cv::Mat squares;
    cv::boxFilter(image, mean, CV_32F, {window, window}, {-1, -1}, true, cv::BORDER_REFLECT);
    cv::sqrBoxFilter(image, squares, CV_32F, {window, window}, {-1, -1}, true, cv::BORDER_REFLECT);
    cv::Mat product = mean.mul(mean);
    cv::subtract(squares, product, deviation);
    cv::max(deviation, 0, deviation);
    cv::sqrt(deviation, deviation);
}

/// Sauvola: ink where v < mean (1 + k (deviation / range - 1)).
cv::Mat sauvola(const cv::Mat& image, int window, double k, double range) {
    cv::Mat mean, deviation, ink(image.size(), CV_8UC1);
    local_statistics(image, window, mean, deviation);
    for (int y = 0; y < image.rows; ++y) {
        const auto* v = image.ptr<std::uint8_t>(y);
        const auto* m = mean.ptr<float>(y);
        const auto* s = deviation.ptr<float>(y);
        auto* o = ink.ptr<std::uint8_t>(y);
        const auto fk = static_cast<float>(k), fr = static_cast<float>(1 / range);
        for (int x = 0; x < image.cols; ++x)
            o[x] = static_cast<float>(v[x]) < m[x] * (1 + fk * (s[x] * fr - 1)) ? 255 : 0;
    }
    return ink;
}

/// Mean of `image` where `mask` is set, spread over a window; windows without any are filled from a coarser level.
cv::Mat masked_mean(const cv::Mat& image, const cv::Mat& mask, int window) {
    cv::Mat values, weights, sum, count;
    image.convertTo(values, CV_32F);
    mask.convertTo(weights, CV_32F, 1.0 / 255);
    cv::multiply(values, weights, values);
    cv::boxFilter(values, sum, CV_32F, {window, window}, {-1, -1}, true, cv::BORDER_REFLECT);
    cv::boxFilter(weights, count, CV_32F, {window, window}, {-1, -1}, true, cv::BORDER_REFLECT);
    cv::Mat out(image.size(), CV_32F);
    bool holes = false;
    for (int y = 0; y < out.rows; ++y) {
        const auto* s = sum.ptr<float>(y);
        const auto* c = count.ptr<float>(y);
        auto* o = out.ptr<float>(y);
        for (int x = 0; x < out.cols; ++x) {
            o[x] = c[x] > 0.02F ? s[x] / c[x] : -1;
            holes |= o[x] < 0;
        }
    }
    const int larger = window * 4 + 1;
    if (holes && larger < 4 * std::max(image.cols, image.rows)) {
        const cv::Mat coarse = masked_mean(image, mask, larger);
        coarse.copyTo(out, out < 0);
    } else if (holes) {
        out.setTo(255, out < 0);
    }
    return out;
}

/// Width of strokes: area of ink over half its outline, the most common measure for lines; 2 to 40 pixels.
double stroke_width(const cv::Mat& ink) {
    cv::Mat eroded;
    cv::erode(ink, eroded, cv::getStructuringElement(cv::MORPH_CROSS, {3, 3}));
    const double area = cv::countNonZero(ink), rim = area - cv::countNonZero(eroded);
    return rim > 0 ? std::clamp(2 * area / rim, 2.0, 40.0) : 3;
}

int window_for(const cv::Mat& grey) {
    // A quarter of an inch at 300 dpi; small images (a line cut out) have less around a letter.
    const int side = std::clamp(std::max(grey.cols, grey.rows) / 40, 25, 75);
    return side | 1;
}

int otsu_of(const cv::Mat& image) {
    cv::Mat unused;
    return static_cast<int>(cv::threshold(image, unused, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU));
}

struct Part {
    int area = 0, sure = 0, darkest = 255;
    double edge = 0, depth = 0;
    int edges = 0;
};
} // namespace

cv::Mat paper_background(const cv::Mat& grey) {
    // A generous first guess of ink, grown, so that nothing dark enters the mean of the paper.
    const int factor = std::max(1, static_cast<int>(std::sqrt(static_cast<double>(grey.total()) / 600000.0)));
    cv::Mat small;
    if (factor > 1)
        cv::resize(grey, small, cv::Size(std::max(1, grey.cols / factor), std::max(1, grey.rows / factor)), 0, 0,
                   cv::INTER_AREA);
    else small = grey;
    const int window = window_for(small);
    cv::Mat ink = sauvola(small, window, 0.08, 128);
    const int grow = std::max(3, (window / 8) | 1);
    cv::dilate(ink, ink, cv::getStructuringElement(cv::MORPH_ELLIPSE, {grow, grow}));
    cv::Mat paper;
    cv::bitwise_not(ink, paper);
    cv::Mat background = masked_mean(small, paper, window);
    cv::GaussianBlur(background, background, {0, 0}, window / 6.0);
    cv::Mat out;
    background.convertTo(out, CV_8UC1);
    if (factor > 1) cv::resize(out, out, grey.size(), 0, 0, cv::INTER_LINEAR);
    return out;
}

cv::Mat binarize(const cv::Mat& grey, const BinarizeOptions& options) {
    if (grey.empty()) return {};
    const cv::Mat background = paper_background(grey);
    cv::Mat even;
    cv::divide(grey, background, even, 240); // paper at 240, everything as dark as its share of the paper
    const int window = window_for(grey);
    // Wide window for broad strokes, Otsu for which marks are ink at all.
    const double k = 0.26 - 0.2 * options.sensitivity;
    cv::Mat ink = sauvola(even, window, k, 110);
    const int split = std::min(otsu_of(even), 215);
    cv::Mat sure = even <= split;
    cv::Mat possible = even <= std::min(228, split + 18 + static_cast<int>(20 * options.sensitivity));
    cv::bitwise_and(ink, possible, ink);
    // The inside of a stroke broader than the window is even and looks like paper to a local threshold.
    cv::Mat core;
    cv::erode(sure, core, cv::getStructuringElement(cv::MORPH_ELLIPSE, {3, 3}));
    cv::bitwise_or(ink, core, ink);

    const double width = stroke_width(ink);
    const int least = options.speck_area > 0 ? options.speck_area : std::max(4, static_cast<int>(0.6 * width * width));
    cv::Mat labels, stats, centroids;
    const int n = cv::connectedComponentsWithStats(ink, labels, stats, centroids, 8, CV_32S);
    std::vector<Part> parts(static_cast<std::size_t>(n));
    for (int y = 1; y + 1 < grey.rows; ++y) {
        const auto* l = labels.ptr<int>(y);
        const auto* up = labels.ptr<int>(y - 1);
        const auto* down = labels.ptr<int>(y + 1);
        const auto* v = even.ptr<std::uint8_t>(y);
        const auto* vu = even.ptr<std::uint8_t>(y - 1);
        const auto* vd = even.ptr<std::uint8_t>(y + 1);
        const auto* s = sure.ptr<std::uint8_t>(y);
        for (int x = 1; x + 1 < grey.cols; ++x) {
            if (l[x] == 0) continue;
            Part& p = parts[static_cast<std::size_t>(l[x])];
            ++p.area;
            p.sure += s[x] != 0;
            p.darkest = std::min<int>(p.darkest, v[x]);
            p.depth += 240 - v[x];
            if (l[x - 1] == 0 || l[x + 1] == 0 || up[x] == 0 || down[x] == 0) {
                p.edge += std::max(std::abs(v[x + 1] - v[x - 1]), std::abs(vd[x] - vu[x]));
                ++p.edges;
            }
        }
    }
    // How steep the flanks of certain ink are on this page: what shines through is far flatter.
    double steep = 0, steep_weight = 0, deep = 0;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const Part& p = parts[i];
        if (p.area < least || p.sure * 2 < p.area) continue;
        steep += p.edge;
        steep_weight += p.edges;
        deep += p.depth;
    }
    double deep_mean = 0;
    {
        double area = 0;
        for (std::size_t i = 1; i < parts.size(); ++i)
            if (parts[i].area >= least && parts[i].sure * 2 >= parts[i].area) area += parts[i].area;
        deep_mean = area > 0 ? deep / area : 0;
    }
    const double usual = steep_weight > 0 ? steep / steep_weight : 0;
    std::vector<std::uint8_t> keep(parts.size(), 0);
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const Part& p = parts[i];
        if (p.area < least) continue;
        bool good = p.sure > 0 || options.sensitivity > 0.9;
        if (good && options.drop_show_through && usual > 0 && p.edges > 0) {
            const double flank = p.edge / p.edges, depth = p.depth / p.area;
            if (flank < 0.33 * usual && depth < 0.55 * deep_mean) good = false;
            if (p.sure < 0.08 * p.area && flank < 0.45 * usual) good = false;
        }
        keep[i] = good;
    }
    cv::Mat out(grey.size(), CV_8UC1);
    for (int y = 0; y < grey.rows; ++y) {
        const auto* l = labels.ptr<int>(y);
        auto* o = out.ptr<std::uint8_t>(y);
        for (int x = 0; x < grey.cols; ++x) o[x] = keep[static_cast<std::size_t>(l[x])] ? 0 : 255;
    }
    return out;
}

Raster to_bilevel(const Raster& page, const BinarizeOptions& options) {
    Raster out;
    out.mode = ColourMode::Bilevel;
    out.dpi = page.dpi;
    if (page.mode == ColourMode::Bilevel || page.empty()) {
        out.pixels = page.pixels;
        return out;
    }
    cv::Mat grey = to_grey(page);
    if (page.pixels.channels() == 3) {
        // Red seals: where the pixel is clearly red and not dark, the red channel shows the paper (or the print) under it.
        grey = grey.clone();
        for (int y = 0; y < grey.rows; ++y) {
            const auto* c = page.pixels.ptr<cv::Vec3b>(y);
            auto* g = grey.ptr<std::uint8_t>(y);
            for (int x = 0; x < grey.cols; ++x) {
                const int red = c[x][0], other = std::max(c[x][1], c[x][2]);
                if (red - other > 40) {
                    // Half way only: a red letterhead is print and has to stay visible.
                    g[x] = static_cast<std::uint8_t>((g[x] * 2 + other) / 3);
                }
            }
        }
    }
    out.pixels = binarize(grey, options);
    return out;
}

} // namespace recto::treat
