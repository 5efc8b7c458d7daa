#pragma once

/// A straight line in a picture, fitted to points that do not all belong to it.

#include <optional>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/transform.h"

namespace recto::treat {

/// Through (x, y) in direction (dx, dy) of unit length.
struct Line {
    double x = 0, y = 0, dx = 1, dy = 0;
};

/// Where two lines cross; nothing when they are nearly parallel (12 degrees or less).
[[nodiscard]] std::optional<Point> meet(const Line& a, const Line& b);

/// Signed distance of a point, > 0 on the right hand of the direction as seen in the picture (y runs down).
[[nodiscard]] double distance(const Line& line, const cv::Point2d& point);

/// Total least squares over the points within `band` of `line`; the band shrinks to `tolerance` in eight rounds.
/// Returns the share of all points that lie within `tolerance` at the end; 0 when fewer than 8 agree.
double fit_line(const std::vector<cv::Point2d>& points, Line& line, double band, double tolerance);

} // namespace recto::treat
