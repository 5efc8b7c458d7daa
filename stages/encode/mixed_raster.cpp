#include "stages/encode/mixed_raster.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "pipeline/files/image_out.h"
#include "stages/encode/page_ink.h"

namespace recto::encode {
namespace {

/// What people see of a page at reading distance: the resolution at which ink is looked for and losses are measured.
constexpr double kViewDpi = 150;
/// Dots per inch of the colours of print: a stroke has one colour along half a millimetre.
constexpr double kForegroundDpi = 50;
constexpr int kForegroundQuality = 45;
/// Pages of fewer dots per inch get finer masks.
constexpr double kCoarse = 220, kFine = 300;
/// Backgrounds tried, coarsest first.
struct BackgroundTry {
    double dpi;
    int quality;
};
constexpr std::array<BackgroundTry, 2> kBackgrounds = {{{100, 45}, {150, 60}}};

/// Marks of ink whose contrast is judged, square millimetres: a comma of small print has half of one.
constexpr double kSmallestMark = 0.4;
/// Side of the squares over which colours are compared, millimetres.
constexpr double kSquare = 2.5;

Raster at_dpi(const Raster& page, double dpi) {
    Raster out = page;
    const double sx = std::min(1.0, dpi / page.dpi.x), sy = std::min(1.0, dpi / page.dpi.y);
    const cv::Size size(std::max(1, cvRound(page.width() * sx)), std::max(1, cvRound(page.height() * sy)));
    if (size == page.pixels.size()) return out;
    out.pixels = cv::Mat();
    cv::resize(page.pixels, out.pixels, size, 0, 0, cv::INTER_AREA);
    out.dpi = {page.dpi.x * size.width / page.width(), page.dpi.y * size.height / page.height(), page.dpi.source};
    return out;
}

/// How much ink a page has where.
struct Depth {
    cv::Mat most;   ///< 250 times the share of the paper's light that the channel lacks which lacks most, so that red is as deep as
                    ///< black.
    cv::Mat spread; ///< How much more that is than what the channel lacks that lacks least: 0 for grey ink.
};

Depth depth_of(const Raster& page) {
    const double mm = page.dpi.x / 25.4, factor = std::min(1.0, 4 / mm);
    cv::Mat paper;
    cv::resize(page.pixels, paper, cv::Size(), factor, factor, cv::INTER_AREA);
    const int reach = std::clamp(cvRound(5 * mm * factor), 5, 41) | 1;
    cv::morphologyEx(paper, paper, cv::MORPH_CLOSE, cv::Mat::ones(reach, reach, CV_8UC1));
    cv::medianBlur(paper, paper, 5);
    cv::resize(paper, paper, page.pixels.size(), 0, 0, cv::INTER_LINEAR);
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
    cv::Mat any = look.depth > 10, labels, certain = ink.labels > 0;
    if (!look.chroma.empty()) any |= look.chroma > 22;
    any |= certain;
    const int n = cv::connectedComponents(any, labels, 8, CV_32S);
    std::vector<std::uint8_t> has_ink(static_cast<std::size_t>(n), 0);
    for (int y = 0; y < labels.rows; ++y)
        for (int x = 0; x < labels.cols; ++x)
            if (certain.at<std::uint8_t>(y, x) != 0) has_ink[static_cast<std::size_t>(labels.at<int>(y, x))] = 128;
    cv::dilate(certain, certain, cv::Mat::ones(3, 3, CV_8UC1)); // its edge is found within a pixel of this resolution
    cv::Mat out(labels.size(), CV_8UC1);
    for (int y = 0; y < labels.rows; ++y)
        for (int x = 0; x < labels.cols; ++x)
            out.at<std::uint8_t>(y, x) = std::max(certain.at<std::uint8_t>(y, x),
                                                  has_ink[static_cast<std::size_t>(labels.at<int>(y, x))]);
    out.setTo(0, pictures_in(look));
    return out;
}

/// One kind of ink: 255 where it is, and how much each of its pixels says of its colour.
struct InkPart {
    cv::Mat mask, weight;
};
struct InkParts {
    InkPart grey, coloured;
    cv::Mat all;
};

/// 255 on edges of ink, 128 on those which are less than half as steep as the page's edges mostly are: stains, folds and what
/// shines through have such.
cv::Mat edges_of(const cv::Mat& depth, const cv::Mat& peak, const cv::Mat& allowed) {
    cv::Mat slope, out = cv::Mat::zeros(depth.size(), CV_8UC1);
    cv::morphologyEx(depth, slope, cv::MORPH_GRADIENT, cv::Mat::ones(5, 5, CV_8UC1));
    std::array<int, 256> counts{};
    int all = 0;
    for (int y = 0; y < depth.rows; ++y) {
        const auto* d = depth.ptr<std::uint8_t>(y);
        const auto* p = peak.ptr<std::uint8_t>(y);
        const auto* a = allowed.ptr<std::uint8_t>(y);
        auto* s = slope.ptr<std::uint8_t>(y);
        auto* o = out.ptr<std::uint8_t>(y);
        for (int x = 0; x < depth.cols; ++x) {
            if (a[x] == 0 || 3 * d[x] < p[x] || 3 * d[x] > 2 * p[x]) continue;
            s[x] = static_cast<std::uint8_t>(std::min(255, 200 * s[x] / std::max<int>(1, p[x])));
            o[x] = 128;
            ++counts[s[x]];
            ++all;
        }
    }
    int median = 0;
    for (int seen = counts[0]; median < 255 && 2 * seen < all; seen += counts[static_cast<std::size_t>(++median)]) {}
    for (int y = 0; y < depth.rows; ++y) {
        const auto* s = slope.ptr<std::uint8_t>(y);
        auto* o = out.ptr<std::uint8_t>(y);
        for (int x = 0; x < depth.cols; ++x)
            if (o[x] != 0 && 2 * s[x] > median) o[x] = 255;
    }
    return out;
}

/// What of `marks` is ink: those with mostly sharp edges wholly, of others what is near to sharp ones; none of a few pixels,
/// which are noise of the sensor: they cost bits and say nothing.
cv::Mat real_ink(const cv::Mat& marks, const cv::Mat& edges, const cv::Mat& around, int least) {
    cv::Mat labels, stats, centres, near, sharp = edges == 255;
    const int n = cv::connectedComponentsWithStats(marks, labels, stats, centres, 8, CV_32S);
    cv::dilate(sharp, near, around);
    std::vector<int> balance(static_cast<std::size_t>(n), 0);
    for (int y = 0; y < marks.rows; ++y) {
        const int* l = labels.ptr<int>(y);
        const auto* e = edges.ptr<std::uint8_t>(y);
        for (int x = 0; x < marks.cols; ++x)
            if (l[x] != 0 && e[x] != 0) balance[static_cast<std::size_t>(l[x])] += e[x] == 255 ? 1 : -1;
    }
    cv::Mat out = cv::Mat::zeros(marks.size(), CV_8UC1);
    for (int y = 0; y < marks.rows; ++y) {
        const int* l = labels.ptr<int>(y);
        const auto* m = near.ptr<std::uint8_t>(y);
        auto* o = out.ptr<std::uint8_t>(y);
        for (int x = 0; x < marks.cols; ++x)
            if (l[x] != 0 && (m[x] != 0 || balance[static_cast<std::size_t>(l[x])] > 0) &&
                stats.at<int>(l[x], cv::CC_STAT_AREA) >= least)
                o[x] = 255;
    }
    return out;
}

int median_of(const cv::Mat& values, const cv::Mat& where) {
    std::array<int, 256> counts{};
    int all = 0, median = 0;
    for (int y = 0; y < values.rows; ++y) {
        const auto* v = values.ptr<std::uint8_t>(y);
        const auto* w = where.ptr<std::uint8_t>(y);
        for (int x = 0; x < values.cols; ++x)
            if (w[x] != 0) ++counts[v[x]], ++all;
    }
    for (int seen = counts[0]; median < 255 && 2 * seen < all; seen += counts[static_cast<std::size_t>(++median)]) {}
    return median;
}

InkParts parts_of(const Raster& page, const cv::Mat& places) {
    const Depth depth = depth_of(page);
    const double mm = page.dpi.x / 25.4;
    cv::Mat smooth, spread, peak, ridge;
    cv::boxFilter(depth.most, smooth, -1, {3, 3});
    cv::boxFilter(depth.spread, spread, -1, {3, 3});
    const auto square = [&](double side) {
        const int n = std::max(3, cvRound(side * mm)) | 1;
        return cv::Mat::ones(n, n, CV_8UC1);
    };
    const cv::Mat around = square(0.5);
    cv::dilate(smooth, peak, around);
    cv::dilate(smooth, ridge, square(0.35));
    cv::Mat allowed;
    cv::resize(places, allowed, page.pixels.size(), 0, 0, cv::INTER_NEAREST);
    const int faint = std::max(12, median_of(ridge, allowed == 255) / 4);
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
    InkParts out;
    out.all = real_ink(marks, edges_of(smooth, ridge, allowed), around, std::max(2, cvRound(0.02 * mm * mm)));
    for (InkPart* part : {&out.grey, &out.coloured}) {
        part->mask = cv::Mat::zeros(smooth.size(), CV_8UC1);
        part->weight = cv::Mat::zeros(smooth.size(), CV_8UC1);
    }
    // The core of a stroke has its colour; its edge is mixed with the paper's.
    std::array<std::uint8_t, 256> core{}, even{};
    for (std::size_t i = 0; i < core.size(); ++i) {
        const double share = static_cast<double>(i) / 250;
        core[i] = cv::saturate_cast<std::uint8_t>(255 * std::pow(share, 6));
        even[i] = cv::saturate_cast<std::uint8_t>(255 * share * share); // seals are mottled: their colour is the mean
    }
    for (int y = 0; y < out.all.rows; ++y) {
        const auto* d = smooth.ptr<std::uint8_t>(y);
        const auto* c = spread.ptr<std::uint8_t>(y);
        const auto* r = ridge.ptr<std::uint8_t>(y);
        const auto* m = out.all.ptr<std::uint8_t>(y);
        for (int x = 0; x < out.all.cols; ++x) {
            if (m[x] == 0) continue;
            const bool coloured = 5 * c[x] > 2 * d[x] && c[x] > 25;
            InkPart& part = coloured ? out.coloured : out.grey;
            const auto share = static_cast<std::size_t>(250 * d[x] / std::max<int>(1, r[x]));
            part.mask.at<std::uint8_t>(y, x) = 255;
            part.weight.at<std::uint8_t>(y, x) = std::max<std::uint8_t>(1, coloured ? even[share] : core[share]);
        }
    }
    return out;
}

/// Colours by cell with the weight they stand on.
struct Cells {
    cv::Mat colours; ///< CV_32F with the page's channels: sums of weight times colour.
    cv::Mat weights; ///< CV_32F.
};

/// Every pixel of `page` goes into the cell that it lies in, with its weight (CV_8UC1).
Cells cells_of(const cv::Mat& page, const cv::Mat& weight, cv::Size size) {
    const int channels = page.channels();
    Cells out{cv::Mat::zeros(size, CV_32FC(channels)), cv::Mat::zeros(size, CV_32F)};
    std::vector<int> column(static_cast<std::size_t>(page.cols));
    for (int x = 0; x < page.cols; ++x)
        column[static_cast<std::size_t>(x)] = static_cast<int>(std::int64_t{x} * size.width / page.cols);
    for (int y = 0; y < page.rows; ++y) {
        const int row = static_cast<int>(std::int64_t{y} * size.height / page.rows);
        const auto* v = page.ptr<std::uint8_t>(y);
        const auto* w = weight.ptr<std::uint8_t>(y);
        auto* sum = out.colours.ptr<float>(row);
        auto* all = out.weights.ptr<float>(row);
        for (int x = 0; x < page.cols; ++x) {
            if (w[x] == 0) continue;
            const int cell = column[static_cast<std::size_t>(x)];
            const auto share = static_cast<float>(w[x]) / 255;
            all[cell] += share;
            for (int c = 0; c < channels; ++c) sum[cell * channels + c] += share * v[x * channels + c];
        }
    }
    const double area = static_cast<double>(page.total()) / static_cast<double>(size.area());
    out.colours *= 1 / area;
    out.weights *= 1 / area;
    return out;
}

/// The weighted mean of the pixels of `page` by the cell of a picture of `size`; cells without any take the colour of those
/// about them, from ever coarser pictures.
cv::Mat fill_smooth(const cv::Mat& page, const cv::Mat& weight, cv::Size size) {
    std::vector<Cells> levels{cells_of(page, weight, size)};
    while (levels.back().weights.total() > 1) {
        const cv::Size half((levels.back().weights.cols + 1) / 2, (levels.back().weights.rows + 1) / 2);
        Cells next;
        cv::resize(levels.back().colours, next.colours, half, 0, 0, cv::INTER_AREA);
        cv::resize(levels.back().weights, next.weights, half, 0, 0, cv::INTER_AREA);
        levels.push_back(std::move(next));
    }
    cv::Mat coarse;
    const int channels = page.channels();
    for (std::size_t k = levels.size(); k-- > 0;) {
        const Cells& level = levels[k];
        cv::Mat here(level.colours.size(), level.colours.type()), below;
        if (!coarse.empty()) cv::resize(coarse, below, here.size(), 0, 0, cv::INTER_LINEAR);
        for (int y = 0; y < here.rows; ++y) {
            const auto* sum = level.colours.ptr<float>(y);
            const auto* all = level.weights.ptr<float>(y);
            const auto* other = below.empty() ? nullptr : below.ptr<float>(y);
            auto* o = here.ptr<float>(y);
            for (int x = 0; x < here.cols; ++x) {
                // Cells of which little is known lean on what is about them.
                const float known = other == nullptr ? 1.0F : std::min(1.0F, 8 * all[x]);
                for (int i = x * channels; i < (x + 1) * channels; ++i)
                    o[i] = (known > 0 ? known * sum[i] / std::max(all[x], 1e-9F) : 0) +
                           (known < 1 ? (1 - known) * other[i] : 0);
            }
        }
        coarse = here;
    }
    cv::Mat out;
    coarse.convertTo(out, CV_8U);
    return out;
}

cv::Size size_at(const Raster& page, double dpi) {
    return {std::max(1, cvRound(page.width() * std::min(1.0, dpi / page.dpi.x))),
            std::max(1, cvRound(page.height() * std::min(1.0, dpi / page.dpi.y)))};
}

Raster picture(const cv::Mat& pixels, const Raster& page) {
    Raster out;
    out.pixels = pixels;
    out.mode = page.mode;
    out.dpi = {page.dpi.x * pixels.cols / page.width(), page.dpi.y * pixels.rows / page.height(), page.dpi.source};
    return out;
}

/// The page as a viewer draws the layers, at the size of `view`.
Raster compose(const MixedRaster& layers, const Raster& view) {
    Raster out = view;
    out.pixels = cv::Mat();
    cv::resize(layers.background.pixels, out.pixels, view.pixels.size(), 0, 0, cv::INTER_LINEAR);
    const int channels = view.pixels.channels();
    for (const InkLayer& ink : layers.inks) {
        cv::Mat front, paper;
        cv::resize(ink.colours.pixels, front, view.pixels.size(), 0, 0, cv::INTER_LINEAR);
        cv::resize(ink.mask.pixels, paper, view.pixels.size(), 0, 0, cv::INTER_AREA);
        for (int y = 0; y < paper.rows; ++y) {
            const auto* p = paper.ptr<std::uint8_t>(y);
            const auto* f = front.ptr<std::uint8_t>(y);
            auto* o = out.pixels.ptr<std::uint8_t>(y);
            for (int x = 0; x < paper.cols; ++x)
                for (int c = 0; c < channels; ++c, ++f, ++o)
                    *o = static_cast<std::uint8_t>((*o * p[x] + *f * (255 - p[x]) + 127) / 255);
        }
    }
    return out;
}

/// Largest mean of Delta E over squares of 2.5 mm.
double colour_loss(const Raster& a, const Raster& b) {
    const auto lab = [](const cv::Mat& rows) {
        cv::Mat real;
        rows.convertTo(real, CV_32F, 1.0 / 255);
        if (real.channels() == 1) cv::cvtColor(real, real, cv::COLOR_GRAY2RGB);
        cv::cvtColor(real, real, cv::COLOR_RGB2Lab);
        return real;
    };
    cv::Mat first, second, difference(a.pixels.size(), CV_32F);
    cv::boxFilter(a.pixels, first, -1, {3, 3}); // what the eye does not part
    cv::boxFilter(b.pixels, second, -1, {3, 3});
    constexpr int kRows = 32; // at a time: real numbers take twelve bytes a pixel
    for (int top = 0; top < first.rows; top += kRows) {
        const cv::Range rows(top, std::min(first.rows, top + kRows));
        const cv::Mat one = lab(first.rowRange(rows)), other = lab(second.rowRange(rows));
        for (int y = 0; y < one.rows; ++y)
            for (int x = 0; x < one.cols; ++x)
                difference.at<float>(top + y, x) =
                    static_cast<float>(cv::norm(one.at<cv::Vec3f>(y, x) - other.at<cv::Vec3f>(y, x)));
    }
    const int side = std::max(3, cvRound(kSquare * a.dpi.x / 25.4)) | 1;
    cv::boxFilter(difference, difference, -1, {side, side});
    double most = 0;
    cv::minMaxLoc(difference, nullptr, &most);
    return most;
}

} // namespace

MixedLoss loss_between(const Raster& page, const Raster& seen) {
    const Raster view = at_dpi(page, kViewDpi);
    Raster other = view;
    cv::resize(seen.pixels, other.pixels = cv::Mat(), view.pixels.size(), 0, 0,
               seen.width() > view.width() ? cv::INTER_AREA : cv::INTER_LINEAR);
    return {ink_kept(find_ink(look_at(view)), look_at(other), {}, kSmallestMark), colour_loss(view, other)};
}

Result<MixedResult> make_mixed_raster(const Raster& page) {
    MixedResult out;
    if (page.mode == ColourMode::Bilevel || page.width() < 200 || page.height() < 200) return out;
    const Raster view = at_dpi(page, kViewDpi);
    const PageLook look = look_at(view);
    const Ink ink = find_ink(look);
    Raster fine = page;
    if (page.dpi.x < kCoarse) { // Strokes of one or two pixels have no shape of two levels.
        const double factor = std::min(2.0, kFine / page.dpi.x);
        cv::resize(page.pixels, fine.pixels = cv::Mat(), cv::Size(), factor, factor, cv::INTER_CUBIC);
        fine.dpi.x *= static_cast<double>(fine.width()) / page.width();
        fine.dpi.y *= static_cast<double>(fine.height()) / page.height();
    }
    const InkParts parts = parts_of(fine, places_of(ink, look));
    MixedRaster layers;
    for (const InkPart* part : {&parts.grey, &parts.coloured}) {
        if (cv::countNonZero(part->mask) == 0) continue;
        InkLayer layer;
        layer.mask.pixels = 255 - part->mask;
        layer.mask.mode = ColourMode::Bilevel;
        layer.mask.dpi = fine.dpi;
        const cv::Mat colours = fill_smooth(fine.pixels, part->weight, size_at(fine, kForegroundDpi));
        RECTO_ASSIGN(layer.colours_jpeg, write_jpeg(picture(colours, fine), kForegroundQuality, true));
        RECTO_ASSIGN(layer.colours, read_back_jpeg(layer.colours_jpeg));
        layers.inks.push_back(std::move(layer));
    }
    const int guard = std::max(3, cvRound(0.35 * fine.dpi.x / 25.4)) | 1;
    cv::Mat paper;
    cv::dilate(parts.all, paper, cv::Mat::ones(guard, guard, CV_8UC1));
    cv::bitwise_not(paper, paper);
    for (const BackgroundTry& attempt : kBackgrounds) {
        const cv::Mat background = fill_smooth(fine.pixels, paper, size_at(fine, attempt.dpi));
        RECTO_ASSIGN(layers.background_jpeg, write_jpeg(picture(background, fine), attempt.quality, true));
        RECTO_ASSIGN(layers.background, read_back_jpeg(layers.background_jpeg));
        const Raster seen = compose(layers, view);
        out.loss = {ink_kept(ink, look_at(seen), {}, kSmallestMark), colour_loss(view, seen)};
        if (out.loss.within()) break;
    }
    out.layers = std::move(layers);
    return out;
}

} // namespace recto::encode
