#include "stages/encode/ink_masks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace recto::encode {
namespace {

/// How much ink a page has where.
struct Depth {
    cv::Mat
        most; ///< 250 times the share of the paper's light that the channel lacks which lacks most, so that red is as deep as
              ///< black.
    cv::Mat spread; ///< How much more that is than what the channel lacks that lacks least: 0 for grey ink.
};

Depth depth_of(const Raster& page) {
    const cv::Mat paper = paper_under(page.pixels, page.dpi.x, 5, 4);
    Depth out{cv::Mat(page.pixels.size(), CV_8UC1), cv::Mat::zeros(page.pixels.size(), CV_8UC1)};
    const int channels = page.pixels.channels();
    std::array<int, 256> inverse{};
    for (int v = 0; v < 256; ++v) inverse[static_cast<std::size_t>(v)] = (250 << 8) / std::max(16, v);
    for (int y = 0; y < page.height(); ++y) {
        const auto* v = page.pixels.ptr<std::uint8_t>(y);
        const auto* p = paper.ptr<std::uint8_t>(y);
        auto* most = out.most.ptr<std::uint8_t>(y);
        auto* spread = out.spread.ptr<std::uint8_t>(y);
        for (int x = 0; x < page.width(); ++x) {
            int high = 0, low = 250;
            for (int c = 0; c < channels; ++c, ++v, ++p) {
                const int d = std::clamp((*p - *v) * inverse[*p] >> 8, 0, 250);
                high = std::max(high, d), low = std::min(low, d);
            }
            most[x] = static_cast<std::uint8_t>(high);
            spread[x] = static_cast<std::uint8_t>(high - std::min(low, high));
        }
    }
    return out;
}

/// Areas of photographs and shades, 255: squares of 8 mm and more that are mostly neither paper nor as dark as print. Drawings,
/// emblems and bold headings are none.
cv::Mat pictures_in(const PageLook& look) {
    constexpr int kPaper = 30, kPrint = 160; // of 250
    const double mm = look.dpi / 25.4;
    cv::Mat share, tones = (look.depth > kPaper) & (look.depth < kPrint), out;
    const int side = cvRound(4 * mm) | 1, least = cvRound(8 * mm) | 1;
    cv::boxFilter(tones, share, -1, {side, side});
    cv::morphologyEx(share > 128, out, cv::MORPH_OPEN, cv::Mat::ones(least, least, CV_8UC1));
    cv::dilate(out, out, cv::Mat::ones(side, side, CV_8UC1));
    return out;
}

/// Where a mask may be: 255 for certain ink, 128 for faint marks that hang together with it, among which are the hairlines
/// between broad strokes. No pictures.
cv::Mat places_of(const Ink& ink, const PageLook& look) {
    cv::Mat any = look.depth > 10, certain = ink.labels > 0;
    if (!look.chroma.empty()) any |= look.chroma > 22;
    any |= certain;
    cv::Mat out = around_ink(ink, any) & 128;
    cv::dilate(certain, certain, cv::Mat::ones(3, 3, CV_8UC1)); // its edge is found within a pixel of this resolution
    cv::max(out, certain, out);
    out.setTo(0, pictures_in(look));
    return out;
}

using Histogram = std::array<int, 256>;
int median_of(const Histogram& counts) {
    int all = 0, median = 0;
    for (const int count : counts) all += count;
    for (int seen = counts[0]; median < 255 && 2 * seen < all; seen += counts[static_cast<std::size_t>(++median)]) {}
    return median;
}

int median_of(const cv::Mat& values, const cv::Mat& where) {
    Histogram counts{};
    for (int y = 0; y < values.rows; ++y) {
        const auto* v = values.ptr<std::uint8_t>(y);
        const auto* w = where.ptr<std::uint8_t>(y);
        for (int x = 0; x < values.cols; ++x)
            if (w[x] != 0) ++counts[v[x]];
    }
    return median_of(counts);
}

/// 255 on edges of ink, 128 on those which are less than seven tenths as steep as the page's edges mostly are: stains, folds and
/// what shines through have such.
cv::Mat edges_of(const cv::Mat& depth, const cv::Mat& peak, const cv::Mat& allowed) {
    cv::Mat slope, out = cv::Mat::zeros(depth.size(), CV_8UC1);
    cv::morphologyEx(depth, slope, cv::MORPH_GRADIENT, cv::Mat::ones(5, 5, CV_8UC1));
    Histogram counts{};
    for (int y = 0; y < depth.rows; ++y) {
        const auto* d = depth.ptr<std::uint8_t>(y);
        const auto* p = peak.ptr<std::uint8_t>(y);
        const auto* a = allowed.ptr<std::uint8_t>(y);
        auto* s = slope.ptr<std::uint8_t>(y);
        auto* o = out.ptr<std::uint8_t>(y);
        for (int x = 0; x < depth.cols; ++x) {
            if (a[x] == 0 || 3 * d[x] < p[x]) continue;
            s[x] = static_cast<std::uint8_t>(std::min(255, 200 * s[x] / std::max<int>(1, p[x])));
            o[x] = 64; // a ridge; a hairline is nothing else
            if (3 * d[x] > 2 * p[x]) continue;
            o[x] = 128;
            ++counts[s[x]];
        }
    }
    const int median = median_of(counts);
    for (int y = 0; y < depth.rows; ++y) {
        const auto* s = slope.ptr<std::uint8_t>(y);
        auto* o = out.ptr<std::uint8_t>(y);
        for (int x = 0; x < depth.cols; ++x) o[x] = o[x] != 0 && 10 * s[x] > 7 * median ? 255 : o[x] == 128 ? 128 : 0;
    }
    return out;
}

/// What of `marks` is ink: what is near to sharp edges; and of those with mostly sharp edges, such as the inside of broad strokes,
/// what is at least as deep as `solid`. None of a few pixels, which are noise of the sensor: they cost bits and say nothing.
cv::Mat real_ink(const cv::Mat& marks, const cv::Mat& depth, const cv::Mat& ridge, const cv::Mat& edges,
                 const cv::Mat& around, int solid, int least) {
    cv::Mat labels, stats, centres, near, sharp = edges == 255;
    const int n = cv::connectedComponentsWithStats(marks, labels, stats, centres, 8, CV_32S);
    cv::dilate(sharp, near, around);
    sharp.release();
    std::vector<int> balance(static_cast<std::size_t>(n), 0), deepest(balance);
    for (int y = 0; y < marks.rows; ++y) {
        const int* l = labels.ptr<int>(y);
        const auto* e = edges.ptr<std::uint8_t>(y);
        const auto* d = depth.ptr<std::uint8_t>(y);
        for (int x = 0; x < marks.cols; ++x) {
            if (l[x] == 0) continue;
            const auto i = static_cast<std::size_t>(l[x]);
            deepest[i] = std::max<int>(deepest[i], d[x]);
            if (e[x] != 0) balance[i] += e[x] == 255 ? 1 : -1;
        }
    }
    // Small and faint is what JPEG leaves beside strokes, or foxing, which the background shows; small and deep is a stop, long and
    // faint a hairline's part.
    std::vector<std::uint8_t> real(static_cast<std::size_t>(n), 0);
    for (int i = 1; i < n; ++i) {
        const int area = stats.at<int>(i, cv::CC_STAT_AREA);
        const int length = std::max(stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT)) / 2;
        const auto k = static_cast<std::size_t>(i);
        real[k] = area >= least && (area >= 25 * least || length >= around.cols || deepest[k] >= solid) ? 255 : 0;
    }
    cv::Mat out = cv::Mat::zeros(marks.size(), CV_8UC1);
    for (int y = 0; y < marks.rows; ++y) {
        const int* l = labels.ptr<int>(y);
        const auto* m = near.ptr<std::uint8_t>(y);
        const auto* d = depth.ptr<std::uint8_t>(y);
        auto* o = out.ptr<std::uint8_t>(y);
        for (int x = 0; x < marks.cols; ++x)
            if (real[static_cast<std::size_t>(l[x])] != 0 &&
                (m[x] != 0 || (balance[static_cast<std::size_t>(l[x])] > 0 && d[x] >= solid)))
                o[x] = 255;
    }
    // What is dark so close to ink that the background knows nothing of it would be drawn as paper: holes in broad black.
    cv::Mat close;
    cv::dilate(out, close, around);
    for (int y = 0; y < out.rows; ++y) {
        const auto* c = close.ptr<std::uint8_t>(y);
        const auto* d = depth.ptr<std::uint8_t>(y);
        const auto* r = ridge.ptr<std::uint8_t>(y);
        auto* o = out.ptr<std::uint8_t>(y);
        for (int x = 0; x < out.cols; ++x)
            if (c[x] != 0 && d[x] >= solid && 10 * d[x] > 7 * r[x]) o[x] = 255;
    }
    return out;
}

/// Shares the ink out between grey and coloured. What has much colour is coloured; the core of a stroke says of itself which it
/// is; an edge, where a scanner's colours fringe, goes with the core next to it.
void part_inks(InkParts& out, const cv::Mat& depth, const cv::Mat& spread, const cv::Mat& ridge,
               const cv::Mat& around) {
    const auto is_coloured = [](int d, int c) { return 5 * c > 2 * d && c > 25; };
    const auto has_much = [](int d, int c) { return 2 * c > d && c > 40; };
    cv::Mat grey_core = cv::Mat::zeros(depth.size(), CV_8UC1), coloured_core = grey_core.clone();
    for (int y = 0; y < depth.rows; ++y) {
        const auto* m = out.all.ptr<std::uint8_t>(y);
        const auto* d = depth.ptr<std::uint8_t>(y);
        const auto* c = spread.ptr<std::uint8_t>(y);
        const auto* r = ridge.ptr<std::uint8_t>(y);
        for (int x = 0; x < depth.cols; ++x)
            if (m[x] != 0 && (10 * d[x] >= 8 * r[x] || has_much(d[x], c[x])))
                (is_coloured(d[x], c[x]) ? coloured_core : grey_core).at<std::uint8_t>(y, x) = 255;
    }
    cv::dilate(grey_core, grey_core, around);
    cv::dilate(coloured_core, coloured_core, around);
    for (InkPart* part : {&out.grey, &out.coloured}) {
        part->mask = cv::Mat::zeros(depth.size(), CV_8UC1);
        part->weight = cv::Mat::zeros(depth.size(), CV_8UC1);
    }
    // The core of a stroke has its colour; its edge is mixed with the paper's.
    std::array<std::uint8_t, 256> core{}, even{};
    for (std::size_t i = 0; i < core.size(); ++i) {
        const double share = static_cast<double>(i) / 250;
        core[i] = cv::saturate_cast<std::uint8_t>(255 * std::pow(share, 6));
        even[i] = cv::saturate_cast<std::uint8_t>(255 * share * share); // seals are mottled: their colour is the mean
    }
    for (int y = 0; y < depth.rows; ++y) {
        const auto* m = out.all.ptr<std::uint8_t>(y);
        const auto* d = depth.ptr<std::uint8_t>(y);
        const auto* c = spread.ptr<std::uint8_t>(y);
        const auto* r = ridge.ptr<std::uint8_t>(y);
        const auto* g = grey_core.ptr<std::uint8_t>(y);
        const auto* k = coloured_core.ptr<std::uint8_t>(y);
        for (int x = 0; x < depth.cols; ++x) {
            if (m[x] == 0) continue;
            const bool coloured = has_much(d[x], c[x]) || (g[x] != k[x] ? k[x] != 0 : is_coloured(d[x], c[x]));
            InkPart& part = coloured ? out.coloured : out.grey;
            const auto share = static_cast<std::size_t>(250 * d[x] / std::max<int>(1, r[x]));
            part.mask.at<std::uint8_t>(y, x) = 255;
            part.weight.at<std::uint8_t>(y, x) = std::max<std::uint8_t>(1, coloured ? even[share] : core[share]);
        }
    }
}

} // namespace

InkParts part_page(const Raster& page, const PageLook& look, const Ink& ink) {
    Depth depth = depth_of(page);
    const double mm = page.dpi.x / 25.4;
    cv::Mat smooth, spread, peak, ridge;
    cv::boxFilter(depth.most, smooth, -1, {3, 3});
    cv::boxFilter(depth.spread, spread, -1, {3, 3});
    depth.spread.release(); // A page has nine million pixels: each map goes once it has served.
    const auto square = [&](double side) {
        const int n = std::max(3, cvRound(side * mm)) | 1;
        return cv::Mat::ones(n, n, CV_8UC1);
    };
    const cv::Mat around = square(0.5);
    cv::dilate(smooth, peak, around);
    cv::dilate(smooth, ridge, square(0.35));
    cv::Mat allowed;
    cv::resize(places_of(ink, look), allowed, page.pixels.size(), 0, 0, cv::INTER_NEAREST);
    const int usual = median_of(ridge, allowed == 255), faint = std::max(12, usual / 4);
    // Half as deep as the nearest ridge; a hairline beside a broad stroke has its own.
    cv::Mat marks(smooth.size(), CV_8UC1);
    for (int y = 0; y < marks.rows; ++y) {
        const auto* d = depth.most.ptr<std::uint8_t>(y);
        const auto* p = peak.ptr<std::uint8_t>(y);
        const auto* r = ridge.ptr<std::uint8_t>(y);
        const auto* a = allowed.ptr<std::uint8_t>(y);
        auto* o = marks.ptr<std::uint8_t>(y);
        for (int x = 0; x < marks.cols; ++x)
            o[x] = a[x] != 0 && d[x] > (a[x] == 255 ? 12 : faint) && 2 * d[x] > r[x] && 10 * d[x] > 3 * p[x] ? 255 : 0;
    }
    depth.most.release();
    peak.release();
    const cv::Mat edges = edges_of(smooth, ridge, allowed);
    allowed.release();
    InkParts out;
    out.all = real_ink(marks, smooth, ridge, edges, around, usual * 6 / 10, std::max(2, cvRound(0.02 * mm * mm)));
    marks.release();
    part_inks(out, smooth, spread, ridge, square(0.35));
    return out;
}

} // namespace recto::encode
