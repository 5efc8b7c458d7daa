#include "stages/treatment/straight_line.h"

#include <algorithm>
#include <cmath>

namespace recto::treat {

std::optional<Point> meet(const Line& a, const Line& b) {
    const double det = a.dx * b.dy - a.dy * b.dx;
    if (std::abs(det) < 0.2) return std::nullopt;
    const double t = ((b.x - a.x) * b.dy - (b.y - a.y) * b.dx) / det;
    return Point{a.x + t * a.dx, a.y + t * a.dy};
}

double distance(const Line& line, const cv::Point2d& point) {
    return (point.x - line.x) * -line.dy + (point.y - line.y) * line.dx;
}

double fit_line(const std::vector<cv::Point2d>& points, Line& line, double band, double tolerance) {
    if (points.size() < 8) return 0;
    for (int round = 0; round < 8; ++round) {
        double n = 0, sx = 0, sy = 0;
        for (const auto& p : points)
            if (std::abs(distance(line, p)) <= band) {
                ++n;
                sx += p.x;
                sy += p.y;
            }
        if (n < 8) return 0;
        const double mx = sx / n, my = sy / n;
        double xx = 0, xy = 0, yy = 0;
        for (const auto& p : points)
            if (std::abs(distance(line, p)) <= band) {
                xx += (p.x - mx) * (p.x - mx);
                xy += (p.x - mx) * (p.y - my);
                yy += (p.y - my) * (p.y - my);
            }
        const double angle = 0.5 * std::atan2(2 * xy, xx - yy);
        Line next{mx, my, std::cos(angle), std::sin(angle)};
        if (next.dx * line.dx + next.dy * line.dy < 0) next = {mx, my, -next.dx, -next.dy};
        line = next;
        band = std::max(tolerance, band * 0.6);
    }
    double inside = 0;
    for (const auto& p : points)
        if (std::abs(distance(line, p)) <= tolerance) ++inside;
    return inside / static_cast<double>(points.size());
}

} // namespace recto::treat
