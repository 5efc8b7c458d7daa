#include "stages/treatment/bilevel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include <opencv2/core/hal/intrin.hpp>
#include <opencv2/imgproc.hpp>

#include "stages/treatment/ink_parts.h"
#include "stages/treatment/sauvola.h"

namespace recto::treat {
namespace {
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

int window_for(const cv::Mat& grey) {
    // A quarter of an inch at 300 dpi; small images (a line cut out) have less around a letter.
    const int side = std::clamp(std::max(grey.cols, grey.rows) / 40, 25, 75);
    return side | 1;
}

/// What tells ink from what shines through, of one connected piece.
struct Part {
    int area = 0, sure = 0, edges = 0; ///< Pixels: all, certainly ink, along the outline.
    double edge = 0, depth = 0;        ///< Sums of the steepness along the outline, and of how far below the paper.
};

/// Pixels of the image's own rim are left out: they lack a neighbour.
std::vector<Part> judge(const InkParts& found, const cv::Mat& ink, const cv::Mat& even, int split) {
    std::vector<Part> parts(found.count);
    for (const InkRun& run : found.runs) {
        const int y = run.y;
        if (y == 0 || y + 1 == ink.rows) continue;
        const auto *up = ink.ptr<std::uint8_t>(y - 1), *down = ink.ptr<std::uint8_t>(y + 1);
        const auto *v = even.ptr<std::uint8_t>(y), *vu = even.ptr<std::uint8_t>(y - 1),
                   *vd = even.ptr<std::uint8_t>(y + 1);
        Part& p = parts[static_cast<std::size_t>(run.part)];
        int sure = 0, depth = 0, edge = 0, edges = 0;
        const int begin = std::max(run.begin, 1), end = std::min(run.end, ink.cols - 1);
        for (int x = begin; x < end; ++x) {
            sure += v[x] <= split;
            depth += 240 - v[x];
            if (x == run.begin || x + 1 == run.end || up[x] == 0 || down[x] == 0) {
                edge += std::max(std::abs(v[x + 1] - v[x - 1]), std::abs(vd[x] - vu[x]));
                ++edges;
            }
        }
        p.area += std::max(0, end - begin);
        p.sure += sure;
        p.depth += depth;
        p.edge += edge;
        p.edges += edges;
    }
    return parts;
}

/// Width of strokes: area of ink over half its outline; 2 to 40 pixels.
double stroke_width(const std::vector<Part>& parts) {
    double area = 0, rim = 0;
    for (const Part& p : parts) {
        area += p.area;
        rim += p.edges;
    }
    return rim > 0 ? std::clamp(2 * area / rim, 2.0, 40.0) : 3;
}

/// Which pieces are ink: neither specks nor what shines through from the other side, whose flanks are far flatter than
/// those of the page's certain ink.
std::vector<bool> choose(const std::vector<Part>& parts, int least, const BinarizeOptions& options) {
    double steep = 0, steep_weight = 0, deep = 0, area = 0;
    for (const Part& p : parts) {
        if (p.area < least || p.sure * 2 < p.area) continue;
        steep += p.edge;
        steep_weight += p.edges;
        deep += p.depth;
        area += p.area;
    }
    const double usual = steep_weight > 0 ? steep / steep_weight : 0, usual_depth = area > 0 ? deep / area : 0;
    std::vector<bool> keep(parts.size(), false);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const Part& p = parts[i];
        if (p.area < least) continue;
        bool good = p.sure > 0 || options.sensitivity > 0.9;
        if (good && options.drop_show_through && usual > 0 && p.edges > 0) {
            const double flank = p.edge / p.edges, depth = p.depth / p.area;
            if (flank < 0.33 * usual && depth < 0.55 * usual_depth) good = false;
            if (p.sure < 0.08 * p.area && flank < 0.45 * usual) good = false;
        }
        keep[i] = good;
    }
    return keep;
}
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
    cv::Mat even = paper_background(grey);
    cv::divide(grey, even, even, 240); // paper at 240, everything as dark as its share of the paper
    // Otsu says which marks are ink at all, a local threshold with a wide window for broad strokes where they end.
    cv::Mat sure;
    int split = static_cast<int>(cv::threshold(even, sure, 0, 255, cv::THRESH_BINARY_INV | cv::THRESH_OTSU));
    if (split > 215) {
        split = 215;
        cv::threshold(even, sure, split, 255, cv::THRESH_BINARY_INV);
    }
    const int lightest = std::min(228, split + 18 + static_cast<int>(20 * options.sensitivity));
    cv::Mat ink = sauvola(even, window_for(grey), 0.26 - 0.2 * options.sensitivity, 110, lightest);
    // The inside of a stroke broader than the window is even and looks like paper to a local threshold.
    cv::Mat core;
    cv::erode(sure, core, cv::getStructuringElement(cv::MORPH_CROSS, {3, 3}));
    cv::bitwise_or(ink, core, ink);

    const InkParts found = find_ink_parts(ink);
    const std::vector<Part> parts = judge(found, ink, even, split);
    const double width = stroke_width(parts);
    const int least = options.speck_area > 0 ? options.speck_area : std::max(4, static_cast<int>(0.6 * width * width));
    const std::vector<bool> keep = choose(parts, least, options);
    cv::Mat out(grey.size(), CV_8UC1, cv::Scalar(255));
    for (const InkRun& run : found.runs)
        if (keep[static_cast<std::size_t>(run.part)])
            std::memset(out.ptr<std::uint8_t>(run.y) + run.begin, 0, static_cast<std::size_t>(run.end - run.begin));
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
        // Half way only: a red letterhead is print and has to stay visible.
        const cv::v_uint8x16 clearly = cv::v_setall_u8(40);
        for (int y = 0; y < grey.rows; ++y) {
            const auto* c = page.pixels.ptr<std::uint8_t>(y);
            auto* g = grey.ptr<std::uint8_t>(y);
            for (int x = 0; x < grey.cols; x += 16) {
                const int end = std::min(x + 16, grey.cols);
                if (end == x + 16) { // most of a page is not red
                    cv::v_uint8x16 r, green, b;
                    cv::v_load_deinterleave(c + 3 * x, r, green, b);
                    if (!cv::v_check_any(r - cv::v_max(green, b) > clearly)) continue; // differences end at 0
                }
                for (int i = x; i < end; ++i) {
                    const int red = c[3 * i], other = std::max(c[3 * i + 1], c[3 * i + 2]);
                    if (red - other > 40) g[i] = static_cast<std::uint8_t>((g[i] * 2 + other) / 3);
                }
            }
        }
    }
    out.pixels = binarize(grey, options);
    return out;
}

} // namespace recto::treat
