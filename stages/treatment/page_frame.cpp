#include "stages/treatment/page_frame.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::treat {

cv::Mat quad_mask(const cv::Size& size, const Quad& quad, double inset) {
    std::array<cv::Point, 4> polygon;
    for (std::size_t i = 0; i < 4; ++i) {
        // Along both sides that meet here: of a ruler, its diagonal hardly leads across.
        Point at = quad[i];
        for (const std::size_t k : {(i + 1) % 4, (i + 3) % 4}) {
            const double dx = quad[k].x - quad[i].x, dy = quad[k].y - quad[i].y;
            const double length = std::max(1.0, std::hypot(dx, dy)), step = std::min(inset / length, 0.5);
            at.x += step * dx, at.y += step * dy;
        }
        // Pixel i covers [i, i + 1): its centre counts.
        polygon[i] = cv::Point(static_cast<int>(std::lround(at.x - 0.5)), static_cast<int>(std::lround(at.y - 0.5)));
    }
    cv::Mat mask(size, CV_8UC1, cv::Scalar(0));
    cv::fillConvexPoly(mask, polygon.data(), 4, cv::Scalar(255));
    return mask;
}

cv::Mat page_view(const Analysis& a, const cv::Mat& image, double image_scale, const Transform& to_page,
                  double out_factor, int fill) {
    // view pixel -> page pixel -> source -> oriented frame -> image pixel; OpenCV counts from pixel centres.
    const double source_per_image = a.factor * image_scale;
    const cv::Matx33d centre_in(1, 0, 0.5, 0, 1, 0.5, 0, 0, 1), centre_out(1, 0, -0.5, 0, 1, -0.5, 0, 0, 1);
    const cv::Matx33d grow(out_factor, 0, 0, 0, out_factor, 0, 0, 0, 1);
    const cv::Matx33d shrink(1 / source_per_image, 0, 0, 0, 1 / source_per_image, 0, 0, 0, 1);
    const cv::Matx33d m = centre_out * shrink * a.to_oriented.matrix() * to_page.matrix().inv() * grow * centre_in;
    const cv::Size size(std::max(1, static_cast<int>(std::lround(to_page.width() / out_factor))),
                        std::max(1, static_cast<int>(std::lround(to_page.height() / out_factor))));
    cv::Mat view;
    cv::warpAffine(image, view, cv::Mat(m).rowRange(0, 2), size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                   cv::BORDER_CONSTANT, cv::Scalar::all(fill));
    return view;
}

Box bounding_box(const Transform& t, const Quad& quad) {
    double x0 = 1e18, y0 = 1e18, x1 = -1e18, y1 = -1e18;
    for (const auto& p : quad) {
        const Point q = t.apply(p);
        x0 = std::min(x0, q.x);
        y0 = std::min(y0, q.y);
        x1 = std::max(x1, q.x);
        y1 = std::max(y1, q.y);
    }
    return {x0, y0, x1 - x0, y1 - y0};
}

Quad image_quad(int width, int height) {
    const double w = width, h = height;
    return {{{0, 0}, {w, 0}, {w, h}, {0, h}}};
}

Quad content_order(const Quad& source_quad, const Transform& upright) {
    std::array<Point, 4> seen;
    Point centre;
    for (std::size_t i = 0; i < 4; ++i) {
        seen[i] = upright.apply(source_quad[i]);
        centre.x += seen[i].x / 4;
        centre.y += seen[i].y / 4;
    }
    std::array<std::size_t, 4> order{0, 1, 2, 3};
    std::sort(order.begin(), order.end(), [&](std::size_t p, std::size_t q) {
        return std::atan2(seen[p].y - centre.y, seen[p].x - centre.x) <
               std::atan2(seen[q].y - centre.y, seen[q].x - centre.x);
    });
    std::size_t start = 0;
    for (std::size_t i = 1; i < 4; ++i)
        if (seen[order[i]].x + seen[order[i]].y < seen[order[start]].x + seen[order[start]].y) start = i;
    Quad out;
    for (std::size_t i = 0; i < 4; ++i) out[i] = source_quad[order[(start + i) % 4]];
    return out;
}

} // namespace recto::treat
