#include "stages/encode/mixed_raster.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "pipeline/files/image_out.h"
#include "stages/encode/ink_masks.h"
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

/// A sheet of A1 at 300 dpi; plans and posters would take gigabytes for their masks.
constexpr std::size_t kMostPixels = 70'000'000;
/// Marks of ink whose contrast is judged, square millimetres: a comma of small print has half of one.
constexpr double kSmallestMark = 0.4;
/// Side of the squares over which colours are compared, millimetres.
constexpr double kSquare = 2.5;

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

Raster at_dpi(const Raster& page, double dpi) {
    const cv::Size size = size_at(page, dpi);
    if (size == page.pixels.size()) return page;
    cv::Mat small;
    cv::resize(page.pixels, small, size, 0, 0, cv::INTER_AREA);
    return picture(small, page);
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
                // Cells of which next to nothing is known lean on what is about them.
                const float known = other == nullptr ? 1.0F : std::min(1.0F, 16 * all[x]);
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

/// CIE 1994, graphic arts: Delta E 1976 makes too much of differences between saturated colours, as seals have.
float delta_e(const cv::Vec3f& a, const cv::Vec3f& b) {
    const float chroma = std::hypot(a[1], a[2]), dl = a[0] - b[0], dc = chroma - std::hypot(b[1], b[2]);
    const float dh2 = std::max(0.0F, (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]) - dc * dc);
    const float sc = 1 + 0.045F * chroma, sh = 1 + 0.015F * chroma;
    return std::sqrt(dl * dl + dc * dc / (sc * sc) + dh2 / (sh * sh));
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
                difference.at<float>(top + y, x) = delta_e(one.at<cv::Vec3f>(y, x), other.at<cv::Vec3f>(y, x));
    }
    const int side = std::max(3, cvRound(kSquare * a.dpi.x / 25.4)) | 1;
    cv::boxFilter(difference, difference, -1, {side, side});
    double most = 0;
    cv::minMaxLoc(difference, nullptr, &most);
    return most;
}

/// 255 along those sides of an image where the scanner's dark bed is seen: of flecks there no contrast to paper can be told.
cv::Mat bed_of(const Raster& view) {
    const cv::Mat grey = to_grey(view);
    const double paper = cv::mean(grey)[0];
    const int margin = std::min({cvRound(4 * view.dpi.x / 25.4), grey.rows / 4, grey.cols / 4});
    cv::Mat out = cv::Mat::zeros(grey.size(), CV_8UC1);
    const auto look_along = [&](const cv::Mat& line, const cv::Rect& strip) {
        if (2 * cv::countNonZero(line < paper / 2) > static_cast<int>(line.total())) out(strip) = 255;
    };
    look_along(grey.row(1), {0, 0, grey.cols, margin});
    look_along(grey.row(grey.rows - 2), {0, grey.rows - margin, grey.cols, margin});
    look_along(grey.col(1), {0, 0, margin, grey.rows});
    look_along(grey.col(grey.cols - 2), {grey.cols - margin, 0, margin, grey.rows});
    return out;
}

/// Largest share of the ink of a square, faint strokes on certain ink included, that is less than three fifths as deep `after`,
/// a pixel's shift allowed. What is as faint as paper's texture, or beside the bed, is left out.
double gone_share(const PageLook& before, const Ink& ink, const cv::Mat& bed, const PageLook& after) {
    constexpr int kFaintest = 25;    // of 250
    constexpr double kLeastInk = 40; // pixels in a square: fewer are a speck
    cv::Mat near, marks = around_ink(ink, before.depth > kFaintest);
    marks.setTo(0, bed);
    cv::dilate(after.depth, near, cv::Mat::ones(3, 3, CV_8UC1));
    cv::Mat gone(marks.size(), CV_8UC1);
    for (int y = 0; y < marks.rows; ++y) {
        const auto* m = marks.ptr<std::uint8_t>(y);
        const auto* was = before.depth.ptr<std::uint8_t>(y);
        const auto* is = near.ptr<std::uint8_t>(y);
        auto* g = gone.ptr<std::uint8_t>(y);
        for (int x = 0; x < marks.cols; ++x) g[x] = m[x] != 0 && 5 * is[x] < 3 * was[x] ? 255 : 0;
    }
    const int side = std::max(3, cvRound(2 * kSquare * before.dpi / 25.4)) | 1;
    cv::Mat all, some; // sums over the square about each pixel
    cv::boxFilter(marks, all, CV_32F, {side, side}, {-1, -1}, false);
    cv::boxFilter(gone, some, CV_32F, {side, side}, {-1, -1}, false);
    double most = 0;
    for (int y = 0; y < all.rows; ++y)
        for (int x = 0; x < all.cols; ++x)
            if (all.at<float>(y, x) > 255 * kLeastInk)
                most = std::max<double>(most, some.at<float>(y, x) / all.at<float>(y, x));
    return most;
}

/// `look` and `ink`: of `view`.
MixedLoss loss_of(const Raster& view, const PageLook& look, const Ink& ink, const Raster& seen) {
    const PageLook after = look_at(seen);
    const cv::Mat bed = bed_of(view);
    return {ink_kept(ink, after, bed, kSmallestMark), gone_share(look, ink, bed, after), colour_loss(view, seen)};
}

} // namespace

MixedLoss loss_between(const Raster& page, const Raster& seen) {
    const Raster view = at_dpi(page, kViewDpi);
    Raster other = view;
    cv::resize(seen.pixels, other.pixels = cv::Mat(), view.pixels.size(), 0, 0,
               seen.width() > view.width() ? cv::INTER_AREA : cv::INTER_LINEAR);
    const PageLook look = look_at(view);
    return loss_of(view, look, find_ink(look), other);
}

Result<MixedResult> make_mixed_raster(const Raster& page) {
    MixedResult out;
    if (page.mode == ColourMode::Bilevel || page.width() < 200 || page.height() < 200) return out;
    if (page.pixels.total() > kMostPixels) return out;
    const Raster view = at_dpi(page, kViewDpi);
    const PageLook look = look_at(view);
    const Ink ink = find_ink(look);
    Raster fine = page;
    if (page.dpi.x < kCoarse) { // Strokes of one or two pixels have no shape of two levels.
        const double factor = std::min(2.0, kFine / page.dpi.x);
        cv::Mat larger;
        cv::resize(page.pixels, larger, cv::Size(), factor, factor, cv::INTER_CUBIC);
        fine = picture(larger, page);
    }
    const InkParts parts = part_page(fine, look, ink);
    MixedRaster layers;
    for (const InkPart* part : {&parts.grey, &parts.coloured}) {
        if (cv::countNonZero(part->mask) == 0) continue;
        InkLayer layer;
        layer.mask.pixels = 255 - part->mask;
        layer.mask.mode = ColourMode::Bilevel;
        layer.mask.dpi = fine.dpi;
        const bool coloured = part == &parts.coloured;
        const cv::Mat colours = fill_smooth(fine.pixels, part->weight, size_at(fine, kForegroundDpi));
        RECTO_ASSIGN(layer.colours_jpeg, write_jpeg(picture(colours, fine), kForegroundQuality, !coloured));
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
        out.loss = loss_of(view, look, ink, seen);
        if (out.loss.within()) break;
    }
    out.layers = std::move(layers);
    return out;
}

} // namespace recto::encode
