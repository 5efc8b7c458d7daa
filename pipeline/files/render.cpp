// Page pixels from source pixels by one resampling.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/core/model.h"
#include "pipeline/core/transform.h"
#include "pipeline/files/image_out.h"
#include "pipeline/files/turn.h"

namespace recto {
namespace {

/// transform.h counts from the corner of the first pixel, OpenCV from its centre.
cv::Matx33d to_centres(const cv::Matx33d& m) {
    const cv::Matx33d in(1, 0, 0.5, 0, 1, 0.5, 0, 0, 1), out(1, 0, -0.5, 0, 1, -0.5, 0, 0, 1);
    return out * m * in;
}

cv::Point2d map(const cv::Matx33d& m, double x, double y) {
    const cv::Vec3d v = m * cv::Vec3d(x, y, 1);
    return {v[0] / v[2], v[1] / v[2]};
}

/// Quarter turns and whole-pixel crops: pixels are moved, none is computed.
cv::Mat move_pixels(const cv::Mat& source, const Transform& t, const cv::Scalar& fill) {
    const cv::Matx33d& m = t.matrix();
    const double a = m(0, 0) / m(2, 2), b = m(1, 0) / m(2, 2);
    const int quarters = std::abs(a) > 0.5 ? (a > 0 ? 0 : 2) : (b > 0 ? 1 : 3);
    // Where the source's corners come to lie gives the place of the turned image on the page.
    const cv::Point2d p = map(m, 0, 0), q = map(m, source.cols, source.rows);
    const int left = static_cast<int>(std::lround(std::min(p.x, q.x)));
    const int top = static_cast<int>(std::lround(std::min(p.y, q.y)));
    const cv::Size turned = quarters % 2 == 0 ? source.size() : cv::Size(source.rows, source.cols);
    const cv::Rect page(0, 0, t.width(), t.height());
    const cv::Rect part = page & cv::Rect(left, top, turned.width, turned.height); // In page pixels.
    cv::Mat out(page.height, page.width, source.type());
    if (part != page) out.setTo(fill);
    if (part.empty()) return out;
    // The same part in source pixels, so that only what is kept is turned.
    const cv::Matx33d back = m.inv();
    const cv::Point2d c = map(back, part.x, part.y), d = map(back, part.x + part.width, part.y + part.height);
    const cv::Rect from(static_cast<int>(std::lround(std::min(c.x, d.x))),
                        static_cast<int>(std::lround(std::min(c.y, d.y))), quarters % 2 == 0 ? part.width : part.height,
                        quarters % 2 == 0 ? part.height : part.width);
    cv::Mat to = out(part);
    if (quarters == 0) source(from).copyTo(to);
    else
        cv::rotate(source(from), to,
                   quarters == 1   ? cv::ROTATE_90_CLOCKWISE
                   : quarters == 2 ? cv::ROTATE_180
                                   : cv::ROTATE_90_COUNTERCLOCKWISE);
    return out;
}

/// Page pixels a source pixel at the middle of the page, along its two main directions (singular values).
void local_scale(const cv::Matx33d& back, double x, double y, double& smallest, double& largest) {
    const cv::Point2d o = map(back, x, y), dx = map(back, x + 1, y) - o, dy = map(back, x, y + 1) - o;
    const double e = (dx.x + dy.y) / 2, f = (dx.x - dy.y) / 2, g = (dx.y + dy.x) / 2, h = (dx.y - dy.x) / 2;
    const double q = std::hypot(e, h), r = std::hypot(f, g);
    smallest = 1 / std::max(q + r, 1e-9);
    largest = 1 / std::max(std::abs(q - r), 1e-9);
}

/// Fills `tile` by a turn at unchanged scale, which most pages need; false when `m` (page to source, pixel centres) is another
/// transform. Quarter turns in it are done first, by moving pixels.
bool turn(const cv::Mat& source, cv::Mat& tile, const cv::Matx33d& m, int fill) {
    for (int quarters = 0; quarters < 4; ++quarters) {
        const cv::Matx33d back = to_centres(Transform(source.cols, source.rows).rotate_quarters(quarters).matrix()) * m;
        if (!files::is_small_turn(back)) continue;
        cv::Mat upright = source;
        if (quarters > 0) cv::rotate(source, upright = cv::Mat(), quarters - 1);
        files::turn_pixels(upright, tile, back, fill);
        return true;
    }
    return false;
}

/// Resamples in tiles: OpenCV's warp takes pictures below 32768 pixels a side, and a tile's source stays in the cache.
void warp(const cv::Mat& source, cv::Mat& out, const cv::Matx33d& back, const cv::Scalar& fill) {
    constexpr int kTile = 2048, kMargin = 8; // Bicubic reads two pixels to each side, a turn up to seven.
    const bool affine = std::abs(back(2, 0)) < 1e-12 && std::abs(back(2, 1)) < 1e-12;
    for (int y = 0; y < out.rows; y += kTile)
        for (int x = 0; x < out.cols; x += kTile) {
            cv::Mat tile = out(cv::Rect(x, y, std::min(kTile, out.cols - x), std::min(kTile, out.rows - y)));
            double x0 = 1e18, y0 = 1e18, x1 = -1e18, y1 = -1e18;
            bool behind = false;
            for (int corner = 0; corner < 4; ++corner) {
                const cv::Vec3d v =
                    back * cv::Vec3d(x + (corner % 2 != 0 ? tile.cols : 0), y + (corner / 2 != 0 ? tile.rows : 0), 1);
                behind |= v[2] <= 0;
                x0 = std::min(x0, v[0] / v[2]);
                x1 = std::max(x1, v[0] / v[2]);
                y0 = std::min(y0, v[1] / v[2]);
                y1 = std::max(y1, v[1] / v[2]);
            }
            cv::Rect part(0, 0, source.cols, source.rows);
            if (!behind) { // Otherwise the horizon crosses the tile: all of the source may be seen.
                const auto low = [](double v) {
                    return static_cast<int>(std::floor(std::clamp(v, -1e6, 1e8))) - kMargin;
                };
                const auto high = [](double v) {
                    return static_cast<int>(std::ceil(std::clamp(v, -1e6, 1e8))) + kMargin;
                };
                part &= cv::Rect(cv::Point(low(x0), low(y0)), cv::Point(high(x1), high(y1)));
            }
            if (part.empty()) {
                tile.setTo(fill);
                continue;
            }
            const cv::Matx33d shift_out(1, 0, x, 0, 1, y, 0, 0, 1), shift_in(1, 0, -part.x, 0, 1, -part.y, 0, 0, 1);
            const cv::Matx33d m = to_centres(shift_in * back * shift_out);
            const int flags = cv::INTER_CUBIC | cv::WARP_INVERSE_MAP;
            // Where `part` ends within the source the margin keeps its border out of the tile.
            if (turn(source(part), tile, m, static_cast<int>(fill[0]))) continue;
            if (affine) {
                const cv::Matx23d rows(m(0, 0), m(0, 1), m(0, 2), m(1, 0), m(1, 1), m(1, 2));
                cv::warpAffine(source(part), tile, rows, tile.size(), flags, cv::BORDER_CONSTANT, fill);
            } else {
                cv::warpPerspective(source(part), tile, m, tile.size(), flags, cv::BORDER_CONSTANT, fill);
            }
        }
}

} // namespace

Result<Raster> render(const Raster& source, const Transform& transform, int fill) {
    if (source.empty()) return fail("encode.image", "the picture has no pixels");
    if (transform.width() == 0 && transform.height() == 0 && transform.is_identity()) return source;
    if (transform.width() <= 0 || transform.height() <= 0 ||
        static_cast<std::int64_t>(transform.width()) * transform.height() > std::int64_t{4} * 600'000'000)
        return fail("encode.image", fmt::format("a page of {} x {} pixels", transform.width(), transform.height()));
    Raster page;
    page.mode = source.mode;
    page.dpi = source.dpi;
    page.icc = source.icc;
    const cv::Scalar paper = cv::Scalar::all(std::clamp(fill, 0, 255));
    try {
        if (transform.is_exact()) {
            if (transform.is_identity() && transform.width() == source.width() && transform.height() == source.height())
                page.pixels = source.pixels;
            else page.pixels = move_pixels(source.pixels, transform, paper);
            return page;
        }
        cv::Matx33d back = transform.matrix().inv();
        if (!(std::abs(back(2, 2)) > 0) || !std::isfinite(back(0, 0)))
            return fail("encode.image", "the transform cannot be inverted");
        back *= 1 / back(2, 2);
        double small = 1, large = 1;
        local_scale(back, transform.width() / 2.0, transform.height() / 2.0, small, large);
        cv::Mat pixels = source.pixels;
        if (small < 0.85) {
            // Made smaller: what is finer than a page pixel is averaged away first, or it would come back as moiré. A
            // pixel of the page covers 1/scale source pixels; the blur that makes up the difference to the bicubic
            // kernel has sigma 0.5 sqrt(1/scale² - 1).
            const double sigma = 0.5 * std::sqrt(1 / (small * small) - 1);
            cv::Mat blurred;
            cv::GaussianBlur(pixels, blurred, cv::Size(), sigma, sigma, cv::BORDER_REPLICATE);
            pixels = blurred;
        }
        page.pixels.create(transform.height(), transform.width(), source.pixels.type());
        warp(pixels, page.pixels, back, paper);
        if (page.mode == ColourMode::Bilevel) cv::threshold(page.pixels, page.pixels, 127, 255, cv::THRESH_BINARY);
    } catch (const cv::Exception& e) { return fail("encode.image", e.err); }
    return page;
}

Result<Raster> render_page(const Raster& scan, const PageTreatment& of, double scale) {
    Raster from = scan;
    Transform to_page = of.transform;
    if (scale != 1) {
        if (from.mode == ColourMode::Bilevel) from.mode = ColourMode::Grey;
        to_page.scale(scale, scale);
    }
    RECTO_ASSIGN(Raster page, render(from, to_page));
    page.dpi = of.dpi;
    page.dpi.x *= scale;
    page.dpi.y *= scale;
    return page;
}

} // namespace recto
