#include "stages/encode/page_ink.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::encode {
namespace {

/// Of 250: a mark deeper than this is ink however soft its flanks are, and one fainter than that is paper's own texture.
constexpr double kDeep = 70, kFaint = 10;
/// Of 250: more colour than what JPEG and the scanner's noise give paper.
constexpr double kColoured = 22;
/// Of 250: marks fainter than a tenth of the paper's light have to be larger to be judged.
constexpr double kFaintMark = 25;
/// Of 250: what whole grey values and the estimate of the paper beside a mark make of it; no loss.
constexpr double kRounding = 3;
/// Prints to compare with; marks that make a text of the other side.
constexpr int kFewPrints = 40, kFewThrough = 25;

/// How marks look, by label.
struct Look {
    int area = 0;
    double depth = 0, steep = 0; ///< Largest of the mark.
    cv::Rect box;
};

/// Largest difference to the second neighbours, halved: the slope a pixel.
int slope(const cv::Mat& depth, int x, int y) {
    const auto at = [&](int px, int py) { return static_cast<int>(depth.at<std::uint8_t>(py, px)); };
    return std::max(std::abs(at(x + 1, y) - at(x - 1, y)), std::abs(at(x, y + 1) - at(x, y - 1)));
}

std::vector<Look> looks_of(const cv::Mat& labels, const cv::Mat& stats, const cv::Mat& depth) {
    std::vector<Look> out(static_cast<std::size_t>(stats.rows));
    for (int i = 0; i < stats.rows; ++i) {
        const int* s = stats.ptr<int>(i);
        out[static_cast<std::size_t>(i)].area = s[cv::CC_STAT_AREA];
        out[static_cast<std::size_t>(i)].box = {s[cv::CC_STAT_LEFT], s[cv::CC_STAT_TOP], s[cv::CC_STAT_WIDTH],
                                                s[cv::CC_STAT_HEIGHT]};
    }
    for (int y = 1; y + 1 < labels.rows; ++y) {
        const int* l = labels.ptr<int>(y);
        for (int x = 1; x + 1 < labels.cols; ++x) {
            if (l[x] == 0) continue;
            Look& k = out[static_cast<std::size_t>(l[x])];
            k.depth = std::max<double>(k.depth, depth.at<std::uint8_t>(y, x));
            k.steep = std::max<double>(k.steep, slope(depth, x, y));
        }
    }
    return out;
}

double median(std::vector<double>& v) {
    if (v.empty()) return 0;
    const auto mid = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
    std::nth_element(v.begin(), mid, v.end());
    return *mid;
}

/// Depth and depth over slope (the width of the flanks, pixels) of the page's print: the medians of its deep marks.
struct Print {
    int count = 0;
    double depth = 0, flank = 0;
};
Print print_of(const std::vector<Look>& looks, double dpi) {
    std::vector<double> depths, flanks;
    const double least = 0.1 * dpi / 25.4 * dpi / 25.4; // a tenth of a square millimetre: no dust
    for (std::size_t i = 1; i < looks.size(); ++i) {
        if (looks[i].depth < kDeep || looks[i].area < least || looks[i].steep <= 0) continue;
        depths.push_back(looks[i].depth);
        flanks.push_back(looks[i].depth / looks[i].steep);
    }
    return {static_cast<int>(depths.size()), median(depths), median(flanks)};
}

} // namespace

cv::Mat paper_under(const cv::Mat& pixels, double dpi, double reach, double per_mm) {
    const double mm = dpi / 25.4, factor = std::min(1.0, per_mm / mm);
    cv::Mat out;
    cv::resize(pixels, out, cv::Size(), factor, factor, cv::INTER_AREA);
    const int side = std::clamp(cvRound(reach * mm * factor), 5, 61) | 1;
    cv::morphologyEx(out, out, cv::MORPH_CLOSE, cv::Mat::ones(side, side, CV_8UC1));
    cv::medianBlur(out, out, 5);
    cv::resize(out, out, pixels.size(), 0, 0, cv::INTER_LINEAR);
    return out;
}

PageLook look_at(const Raster& page) {
    PageLook out;
    out.dpi = page.dpi.x > 0 ? page.dpi.x : 200;
    const cv::Mat grey = to_grey(page);
    cv::max(paper_under(grey, out.dpi, 4, 7), 16, out.paper);
    cv::Mat smooth;
    cv::boxFilter(grey, smooth, -1, {3, 3});
    out.depth.create(grey.size(), CV_8UC1);
    for (int y = 0; y < grey.rows; ++y) {
        const auto* g = smooth.ptr<std::uint8_t>(y);
        const auto* p = out.paper.ptr<std::uint8_t>(y);
        auto* d = out.depth.ptr<std::uint8_t>(y);
        for (int x = 0; x < grey.cols; ++x)
            d[x] = static_cast<std::uint8_t>(g[x] >= p[x] ? 0 : 250 * (p[x] - g[x]) / p[x]);
    }
    if (page.pixels.channels() != 3) return out;
    // The paper's own colour is the median of its brighter half; a mark has colour when the channels lack unlike shares of it.
    cv::boxFilter(page.pixels, smooth, -1, {3, 3});
    int bins[3][256] = {}, paper[3] = {};
    int count = 0;
    for (int y = 0; y < grey.rows; y += 4)
        for (int x = 0; x < grey.cols; x += 4) {
            if (out.depth.at<std::uint8_t>(y, x) > kFaint) continue;
            ++count;
            for (int c = 0; c < 3; ++c) ++bins[c][smooth.at<cv::Vec3b>(y, x)[c]];
        }
    for (int c = 0; c < 3; ++c)
        for (int seen = bins[c][0]; paper[c] < 255 && 2 * seen < count; seen += bins[c][++paper[c]]) {}
    out.chroma.create(grey.size(), CV_8UC1);
    for (int y = 0; y < grey.rows; ++y) {
        const auto* v = smooth.ptr<cv::Vec3b>(y);
        auto* o = out.chroma.ptr<std::uint8_t>(y);
        for (int x = 0; x < grey.cols; ++x) {
            int low = 1000, high = 0;
            for (int c = 0; c < 3; ++c) {
                const int share = 250 * v[x][c] / std::max(16, paper[c]);
                low = std::min(low, share), high = std::max(high, share);
            }
            o[x] = static_cast<std::uint8_t>(std::min(250, high - low));
        }
    }
    return out;
}

Ink find_ink(const PageLook& look) {
    Ink out;
    cv::Mat mask = look.depth > kFaint, labels, stats, centres;
    if (!look.chroma.empty()) mask |= look.chroma > kColoured;
    cv::connectedComponentsWithStats(mask, labels, stats, centres, 8, CV_32S);
    const std::vector<Look> looks = looks_of(labels, stats, look.depth);
    const Print print = print_of(looks, look.dpi);
    const double least = 0.05 * look.dpi / 25.4 * look.dpi / 25.4;
    // Within a mark only what is as deep as half of its deepest, steep or coloured is ink: its halo may be the other side's.
    cv::Mat certain = cv::Mat::zeros(labels.size(), CV_8UC1);
    for (int y = 1; y + 1 < labels.rows; ++y) {
        const int* l = labels.ptr<int>(y);
        const auto* d = look.depth.ptr<std::uint8_t>(y);
        auto* o = certain.ptr<std::uint8_t>(y);
        for (int x = 1; x + 1 < labels.cols; ++x) {
            if (l[x] == 0) continue;
            const Look& k = looks[static_cast<std::size_t>(l[x])];
            if (k.area < least) continue;
            if (!look.chroma.empty() && look.chroma.at<std::uint8_t>(y, x) > kColoured) o[x] = 255;
            else if (d[x] >= kDeep) o[x] = 255;
            else if (2 * d[x] < k.depth) continue;
            // Faint but as steep as print: pencil. Without print to compare with, all faint marks are taken for ink.
            else if (print.count < kFewPrints || k.depth / std::max(1.0, k.steep) < 1.5 * print.flank) o[x] = 255;
        }
    }
    const int n = cv::connectedComponents(certain, out.labels, 8, CV_32S);
    out.marks.resize(static_cast<std::size_t>(n));
    for (int y = 0; y < labels.rows; ++y) {
        const int* l = out.labels.ptr<int>(y);
        for (int x = 0; x < labels.cols; ++x) {
            if (l[x] == 0) continue;
            Ink::Mark& m = out.marks[static_cast<std::size_t>(l[x])];
            ++m.area;
            m.depth += look.depth.at<std::uint8_t>(y, x);
            if (!look.chroma.empty()) m.chroma += look.chroma.at<std::uint8_t>(y, x);
        }
    }
    for (Ink::Mark& m : out.marks) {
        if (m.area == 0) continue;
        m.depth /= m.area;
        m.chroma /= m.area;
    }
    return out;
}

cv::Mat around_ink(const Ink& ink, const cv::Mat& marks) {
    cv::Mat labels, out(marks.size(), CV_8UC1);
    const int n = cv::connectedComponents(marks, labels, 8, CV_32S);
    std::vector<std::uint8_t> has_ink(static_cast<std::size_t>(n), 0);
    for (int y = 0; y < labels.rows; ++y)
        for (int x = 0; x < labels.cols; ++x)
            if (ink.labels.at<int>(y, x) > 0) has_ink[static_cast<std::size_t>(labels.at<int>(y, x))] = 255;
    has_ink[0] = 0;
    for (int y = 0; y < labels.rows; ++y)
        for (int x = 0; x < labels.cols; ++x)
            out.at<std::uint8_t>(y, x) = has_ink[static_cast<std::size_t>(labels.at<int>(y, x))];
    return out;
}

double ink_kept(const Ink& ink, const PageLook& after, const cv::Mat& painted, double smallest_mark) {
    std::vector<Ink::Mark> now(ink.marks.size());
    std::vector<Ink::Mark> left = now; // what of the input's marks is not painted over is not known: those are skipped
    for (int y = 0; y < ink.labels.rows; ++y) {
        const int* l = ink.labels.ptr<int>(y);
        for (int x = 0; x < ink.labels.cols; ++x) {
            if (l[x] == 0) continue;
            Ink::Mark& m = now[static_cast<std::size_t>(l[x])];
            if (!painted.empty() && painted.at<std::uint8_t>(y, x) != 0) ++left[static_cast<std::size_t>(l[x])].area;
            ++m.area;
            m.depth += after.depth.at<std::uint8_t>(y, x);
            if (!after.chroma.empty()) m.chroma += after.chroma.at<std::uint8_t>(y, x);
        }
    }
    const double mm2 = after.dpi / 25.4 * after.dpi / 25.4, least = smallest_mark * mm2;
    double kept = 1;
    for (std::size_t i = 1; i < now.size(); ++i) {
        const Ink::Mark& before = ink.marks[i];
        // Of faint marks, those of a few pixels are the paper's own texture.
        const double smallest =
            std::max(before.depth, before.chroma) < kFaintMark ? std::max({12.0, 0.3 * mm2, least}) : least;
        if (before.area < smallest || left[i].area > 0) continue;
        const double depth = now[i].depth / now[i].area, chroma = now[i].chroma / now[i].area;
        // A mark is seen by the stronger of its two differences from the paper.
        const bool colour = before.chroma > before.depth;
        const double was = colour ? before.chroma : before.depth, is = colour ? chroma : depth;
        kept = std::min(kept, (is + kRounding) / std::max(1.0, was));
    }
    return std::clamp(kept, 0.0, 1.0);
}

cv::Mat find_show_through(const PageLook& look, const Ink& ink) {
    cv::Mat labels, stats, centres;
    cv::Mat deep = look.depth >= kDeep;
    cv::connectedComponentsWithStats(deep, labels, stats, centres, 8, CV_32S);
    const Print print = print_of(looks_of(labels, stats, look.depth), look.dpi);
    if (print.count < kFewPrints) return {};
    // Around ink nothing is touched: its own flanks are faint and soft, too.
    cv::Mat near = ink.labels > 0;
    const int guard = (2 * cvCeil(print.flank) + 1) | 1;
    cv::dilate(near, near, cv::Mat::ones(guard, guard, CV_8UC1));
    const cv::Mat faint = (look.depth > kFaint) & ~near;
    const int n = cv::connectedComponentsWithStats(faint, labels, stats, centres, 8, CV_32S);
    const std::vector<Look> looks = looks_of(labels, stats, look.depth);
    const double mm = look.dpi / 25.4, least = 0.15 * mm * mm;
    std::vector<std::uint8_t> through(static_cast<std::size_t>(n), 0);
    int found = 0, between = 0;
    for (std::size_t i = 1; i < looks.size(); ++i) {
        const Look& k = looks[i];
        if (k.area < least || k.depth < 1.3 * kFaint) continue;
        // Letters and parts of lines; a stain or a fold is larger and leaves more of its box dark.
        if (std::min(k.box.width, k.box.height) > 15 * mm || k.area > 60 * mm * mm) continue;
        const double flank = k.depth / std::max(1.0, k.steep) / print.flank, depth = k.depth / print.depth;
        if (flank > 1.6 && depth < 0.45) through[i] = 255, ++found;
        else if (depth > 0.3) ++between;
    }
    if (found < kFewThrough || 4 * between > found) return {};
    cv::Mat out(labels.size(), CV_8UC1);
    for (int y = 0; y < labels.rows; ++y) {
        const int* l = labels.ptr<int>(y);
        auto* o = out.ptr<std::uint8_t>(y);
        for (int x = 0; x < labels.cols; ++x) o[x] = through[static_cast<std::size_t>(l[x])];
    }
    return out;
}

} // namespace recto::encode
