#include "stages/treatment/analysis.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {
/// Pixels of an A4 page at 150 dpi.
constexpr double kWorkPixels = 1240.0 * 1754.0;
/// 15 small pixels are 5 mm at 75 dpi: wider than any stroke of text, narrower than a bed or a photograph.
constexpr int kStroke = 15;

cv::Mat oriented(const cv::Mat& image, int orientation) {
    cv::Mat out = image;
    if (orientation == 2 || orientation == 4 || orientation == 5 || orientation == 7) {
        cv::Mat flipped;
        cv::flip(out, flipped, 1);
        out = flipped;
    }
    switch (orientation) {
    case 3:
    case 4: return turned(out, 2);
    case 6:
    case 7: return turned(out, 1);
    case 5:
    case 8: return turned(out, 3);
    default: return out;
    }
}
/// Takes away long marks that touch the image's frame: the rim of the scanner's glass or of a copier's shadow runs
/// along the frame and says nothing about the page.
void remove_frame_marks(cv::Mat& ink) {
    cv::Mat reduced, labels, stats, centroids;
    cv::resize(ink, reduced, cv::Size(std::max(1, ink.cols / 4), std::max(1, ink.rows / 4)), 0, 0, cv::INTER_AREA);
    cv::threshold(reduced, reduced, 24, 255, cv::THRESH_BINARY);
    const int w = reduced.cols, h = reduced.rows;
    const int n = cv::connectedComponentsWithStats(reduced, labels, stats, centroids, 8, CV_32S);
    for (int i = 1; i < n; ++i) {
        const int x = stats.at<int>(i, cv::CC_STAT_LEFT), y = stats.at<int>(i, cv::CC_STAT_TOP);
        const int cw = stats.at<int>(i, cv::CC_STAT_WIDTH), ch = stats.at<int>(i, cv::CC_STAT_HEIGHT);
        const bool side = (x <= 2 || x + cw >= w - 2) && ch > h / 6 && cw < w / 8;
        const bool end = (y <= 2 || y + ch >= h - 2) && cw > w / 6 && ch < h / 8;
        if (!side && !end) continue;
        const cv::Rect r = cv::Rect(x * 4 - 4, y * 4 - 4, cw * 4 + 8, ch * 4 + 8) & cv::Rect(0, 0, ink.cols, ink.rows);
        cv::Mat mark = labels(cv::Rect(x, y, cw, ch)) == i, grown;
        cv::copyMakeBorder(mark, mark, 1, 1, 1, 1, cv::BORDER_CONSTANT, cv::Scalar(0));
        cv::dilate(mark, mark, cv::Mat());
        cv::resize(mark, grown, cv::Size((cw + 2) * 4, (ch + 2) * 4), 0, 0, cv::INTER_NEAREST);
        const cv::Rect inside(r.x - (x * 4 - 4), r.y - (y * 4 - 4), r.width, r.height);
        ink(r).setTo(0, grown(inside));
    }
}
} // namespace

cv::Mat turned(const cv::Mat& image, int quarters) {
    quarters = ((quarters % 4) + 4) % 4;
    if (quarters == 0) return image;
    cv::Mat out;
    cv::rotate(image, out,
               quarters == 1   ? cv::ROTATE_90_CLOCKWISE
               : quarters == 2 ? cv::ROTATE_180
                               : cv::ROTATE_90_COUNTERCLOCKWISE);
    return out;
}

Transform exif_transform(int orientation, int width, int height) {
    Transform t(width, height);
    if (orientation == 2 || orientation == 4 || orientation == 5 || orientation == 7) t.mirror();
    switch (orientation) {
    case 3:
    case 4: return t.rotate_quarters(2);
    case 6:
    case 7: return t.rotate_quarters(1);
    case 5:
    case 8: return t.rotate_quarters(3);
    default: return t;
    }
}

Point Analysis::work_to_source(Point p) const { return to_oriented.invert({p.x * factor, p.y * factor}); }

Point Analysis::source_to_work(Point p) const {
    const Point q = to_oriented.apply(p);
    return {q.x / factor, q.y / factor};
}

Analysis analyse(const Raster& raster, int exif_orientation) {
    Analysis a;
    a.bilevel = raster.mode == ColourMode::Bilevel;
    const int w = raster.width(), h = raster.height();
    a.to_oriented = exif_transform(exif_orientation, w, h);
    const double pixels = static_cast<double>(w) * h;
    a.factor = std::clamp(static_cast<int>(std::sqrt(pixels / kWorkPixels) + 0.6), 1, 64);
    a.factor = std::max(1, std::min({a.factor, w / 16, h / 16}));

    // Only whole blocks are averaged; a rest of a few pixels at the right and bottom is repeated instead of stretched,
    // so that a work pixel always covers exactly factor x factor source pixels.
    cv::Mat reduced = raster.pixels;
    if (a.factor > 1) {
        const int rw = w / a.factor, rh = h / a.factor;
        const cv::Mat whole = raster.pixels(cv::Rect(0, 0, rw * a.factor, rh * a.factor));
        cv::resize(whole, reduced, cv::Size(rw, rh), 0, 0, cv::INTER_AREA);
        const bool extra_x = rw * a.factor < w, extra_y = rh * a.factor < h;
        if (extra_x || extra_y)
            cv::copyMakeBorder(reduced, reduced, 0, extra_y ? 1 : 0, 0, extra_x ? 1 : 0, cv::BORDER_REPLICATE);
        // The grid starts at the source's top left corner; a mirror or a turn would start it at another corner.
        if (exif_orientation > 1 && (extra_x || extra_y)) {
            cv::resize(raster.pixels, reduced, cv::Size((w + a.factor / 2) / a.factor, (h + a.factor / 2) / a.factor),
                       0, 0, cv::INTER_AREA);
        }
    }
    reduced = oriented(reduced, exif_orientation);
    if (reduced.channels() == 3) {
        cv::cvtColor(reduced, a.work, cv::COLOR_RGB2GRAY);
        cv::resize(reduced, a.colour, cv::Size(std::max(1, reduced.cols / 2), std::max(1, reduced.rows / 2)), 0, 0,
                   cv::INTER_AREA);
        cv::cvtColor(a.colour, a.small, cv::COLOR_RGB2GRAY);
    } else {
        a.work = reduced;
        cv::resize(a.work, a.small, cv::Size(std::max(1, a.work.cols / 2), std::max(1, a.work.rows / 2)), 0, 0,
                   cv::INTER_AREA);
    }

    // Background: closing takes strokes away, a second small erosion keeps the rim of a dark bed from shining as ink.
    cv::Mat closed;
    const int stroke = std::min({kStroke, a.small.cols | 1, a.small.rows | 1});
    cv::dilate(a.small, closed, cv::getStructuringElement(cv::MORPH_RECT, {stroke, stroke}));
    cv::erode(closed, a.background, cv::getStructuringElement(cv::MORPH_RECT, {stroke, stroke}));
    cv::Mat rim;
    cv::erode(a.background, rim, cv::getStructuringElement(cv::MORPH_RECT, {5, 5}));
    cv::resize(rim, a.ink, a.work.size(), 0, 0, cv::INTER_LINEAR);
    cv::subtract(a.ink, a.work, a.ink);
    remove_frame_marks(a.ink);
    return a;
}

cv::Mat normalised_ink(const cv::Mat& ink, double* level) {
    int histogram[256] = {};
    for (int y = 0; y < ink.rows; y += 2) {
        const auto* row = ink.ptr<std::uint8_t>(y);
        for (int x = 0; x < ink.cols; ++x) ++histogram[row[x]];
    }
    // Otsu's threshold over the pixels that are darker than paper noise at all.
    constexpr int kNoise = 8;
    double total = 0, sum = 0;
    for (int v = kNoise; v < 256; ++v) {
        total += histogram[v];
        sum += static_cast<double>(v) * histogram[v];
    }
    cv::Mat out;
    if (total < 16) {
        if (level) *level = 0;
        out = cv::Mat::zeros(ink.size(), CV_8UC1);
        return out;
    }
    double below = 0, below_sum = 0, best = -1;
    int threshold = kNoise;
    for (int v = kNoise; v < 255; ++v) {
        below += histogram[v];
        below_sum += static_cast<double>(v) * histogram[v];
        const double above = total - below;
        if (below <= 0 || above <= 0) continue;
        const double d = below_sum / below - (sum - below_sum) / above, between = below * above * d * d;
        if (between > best) {
            best = between;
            threshold = v;
        }
    }
    double above = 0, above_sum = 0;
    for (int v = threshold + 1; v < 256; ++v) {
        above += histogram[v];
        above_sum += static_cast<double>(v) * histogram[v];
    }
    const double stroke = above > 0 ? above_sum / above : threshold;
    if (level) *level = stroke;
    const double floor_level = std::max<double>(kNoise, 0.35 * threshold), cap = std::max(floor_level + 8, stroke);
    cv::Mat lut(1, 256, CV_8UC1);
    for (int v = 0; v < 256; ++v)
        lut.at<std::uint8_t>(0, v) =
            cv::saturate_cast<std::uint8_t>((std::min<double>(v, cap) - floor_level) / (cap - floor_level) * 200.0);
    cv::LUT(ink, lut, out);
    return out;
}

} // namespace recto::treat
