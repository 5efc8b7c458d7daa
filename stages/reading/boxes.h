#pragma once

/// How boxes on a page lie to each other. Pixels; pure functions, any thread.

#include <algorithm>
#include <vector>

#include "pipeline/core/transform.h"

namespace recto::reading {

[[nodiscard]] inline double right_of(const Box& b) { return b.x + b.width; }
[[nodiscard]] inline double bottom_of(const Box& b) { return b.y + b.height; }
[[nodiscard]] inline double middle_x(const Box& b) { return b.x + b.width / 2; }
[[nodiscard]] inline double middle_y(const Box& b) { return b.y + b.height / 2; }

/// How much of [a0, a1] and [b0, b1] is common; negative: the distance between them.
[[nodiscard]] inline double overlap(double a0, double a1, double b0, double b1) {
    return std::min(a1, b1) - std::max(a0, b0);
}
[[nodiscard]] inline double overlap_x(const Box& a, const Box& b) {
    return overlap(a.x, right_of(a), b.x, right_of(b));
}
[[nodiscard]] inline double overlap_y(const Box& a, const Box& b) {
    return overlap(a.y, bottom_of(a), b.y, bottom_of(b));
}

/// Square pixels that two boxes have in common.
[[nodiscard]] inline double shared_area(const Box& a, const Box& b) {
    const double w = overlap_x(a, b), h = overlap_y(a, b);
    return w > 0 && h > 0 ? w * h : 0;
}
/// Share of `a` that lies in `b`; in several boxes, which do not overlap.
[[nodiscard]] inline double share_within(const Box& a, const Box& b) {
    return shared_area(a, b) / std::max(1.0, a.width * a.height);
}
[[nodiscard]] inline double share_within(const Box& a, const std::vector<Box>& boxes) {
    double sum = 0;
    for (const Box& b : boxes) sum += share_within(a, b);
    return sum;
}
[[nodiscard]] inline bool holds_middle(const Box& outer, const Box& b) {
    const double x = middle_x(b), y = middle_y(b);
    return x >= outer.x && x < right_of(outer) && y >= outer.y && y < bottom_of(outer);
}

/// The smallest box around both.
[[nodiscard]] inline Box unite(const Box& a, const Box& b) {
    const double x = std::min(a.x, b.x), y = std::min(a.y, b.y);
    return {x, y, std::max(right_of(a), right_of(b)) - x, std::max(bottom_of(a), bottom_of(b)) - y};
}
/// The smallest box around four corners.
[[nodiscard]] inline Box bounds(const Quad& q) {
    const auto [left, right] = std::minmax({q[0].x, q[1].x, q[2].x, q[3].x});
    const auto [top, bottom] = std::minmax({q[0].y, q[1].y, q[2].y, q[3].y});
    return {left, top, right - left, bottom - top};
}

} // namespace recto::reading
