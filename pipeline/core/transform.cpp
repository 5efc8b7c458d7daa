#include "pipeline/core/transform.h"

#include <cmath>
#include <numbers>

#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>

namespace recto {
namespace {
/// Homography that maps the four corners of `quad` to those of a width x height rectangle (8 equations, LU).
cv::Matx33d quad_to_rectangle(const Quad& quad, double width, double height) {
    const Point target[4] = {{0, 0}, {width, 0}, {width, height}, {0, height}};
    cv::Matx<double, 8, 8> a = cv::Matx<double, 8, 8>::zeros();
    cv::Matx<double, 8, 1> b;
    for (int i = 0; i < 4; ++i) {
        const double x = quad[static_cast<std::size_t>(i)].x, y = quad[static_cast<std::size_t>(i)].y;
        const double u = target[i].x, v = target[i].y;
        const double row_u[8] = {x, y, 1, 0, 0, 0, -u * x, -u * y}, row_v[8] = {0, 0, 0, x, y, 1, -v * x, -v * y};
        for (int k = 0; k < 8; ++k) {
            a(2 * i, k) = row_u[k];
            a(2 * i + 1, k) = row_v[k];
        }
        b(2 * i, 0) = u;
        b(2 * i + 1, 0) = v;
    }
    const cv::Matx<double, 8, 1> h = a.solve(b, cv::DECOMP_LU);
    return {h(0), h(1), h(2), h(3), h(4), h(5), h(6), h(7), 1};
}
} // namespace

Transform::Transform(int width, int height) : width_(width), height_(height) {}

void Transform::push(const cv::Matx33d& step, int width, int height) {
    matrix_ = step * matrix_;
    width_ = width;
    height_ = height;
}

Transform& Transform::rotate_quarters(int clockwise) {
    const double w = width_, h = height_;
    switch (((clockwise % 4) + 4) % 4) {
    case 1: push({0, -1, h, 1, 0, 0, 0, 0, 1}, height_, width_); break;
    case 2: push({-1, 0, w, 0, -1, h, 0, 0, 1}, width_, height_); break;
    case 3: push({0, 1, 0, -1, 0, w, 0, 0, 1}, height_, width_); break;
    default: break;
    }
    return *this;
}

Transform& Transform::mirror() {
    push({-1, 0, static_cast<double>(width_), 0, 1, 0, 0, 0, 1}, width_, height_);
    return *this;
}

Transform& Transform::rotate(double degrees) {
    const double radians = degrees * std::numbers::pi / 180.0;
    const double c = std::cos(radians), s = std::sin(radians), w = width_, h = height_;
    // Sizes are rounded up with a little slack, so that an angle of almost nothing does not add a row.
    const int new_width = static_cast<int>(std::ceil(std::abs(w * c) + std::abs(h * s) - 1e-6));
    const int new_height = static_cast<int>(std::ceil(std::abs(w * s) + std::abs(h * c) - 1e-6));
    // y points down: a clockwise turn of the content is x' = c x - s y, y' = s x + c y.
    const double tx = new_width / 2.0 - (c * w / 2 - s * h / 2), ty = new_height / 2.0 - (s * w / 2 + c * h / 2);
    push({c, -s, tx, s, c, ty, 0, 0, 1}, new_width, new_height);
    return *this;
}

Transform& Transform::crop(const Box& box) {
    push({1, 0, -box.x, 0, 1, -box.y, 0, 0, 1}, std::max(1, static_cast<int>(std::lround(box.width))),
         std::max(1, static_cast<int>(std::lround(box.height))));
    return *this;
}

Transform& Transform::scale(double sx, double sy) {
    const int w = std::max(1, static_cast<int>(std::lround(width_ * sx)));
    const int h = std::max(1, static_cast<int>(std::lround(height_ * sy)));
    push({sx, 0, 0, 0, sy, 0, 0, 0, 1}, w, h);
    return *this;
}

Transform& Transform::unwarp(const Quad& quad, int width, int height) {
    push(quad_to_rectangle(quad, width, height), width, height);
    return *this;
}

Point Transform::apply(Point p) const {
    const cv::Vec3d r = matrix_ * cv::Vec3d(p.x, p.y, 1);
    return {r[0] / r[2], r[1] / r[2]};
}

Point Transform::invert(Point p) const {
    const cv::Vec3d r = matrix_.inv() * cv::Vec3d(p.x, p.y, 1);
    return {r[0] / r[2], r[1] / r[2]};
}

bool Transform::is_identity() const { return cv::norm(matrix_ - cv::Matx33d::eye()) < 1e-12; }

bool Transform::is_exact() const {
    const auto whole = [](double v) { return std::abs(v - std::round(v)) < 1e-9; };
    for (int r = 0; r < 2; ++r) {
        for (int c = 0; c < 2; ++c)
            if (!whole(matrix_(r, c)) || std::abs(matrix_(r, c)) > 1.5) return false;
        if (std::abs(std::abs(matrix_(r, 0)) + std::abs(matrix_(r, 1)) - 1) > 1e-9 || !whole(matrix_(r, 2)))
            return false;
    }
    // A mirrored image is not reached by turns.
    const bool turned = matrix_(0, 0) * matrix_(1, 1) - matrix_(0, 1) * matrix_(1, 0) > 0;
    return turned && matrix_(2, 0) == 0 && matrix_(2, 1) == 0 && matrix_(2, 2) == 1;
}

void to_json(nlohmann::json& j, const Transform& t) {
    std::array<double, 9> m{};
    for (std::size_t i = 0; i < 9; ++i) m[i] = t.matrix_.val[i];
    j = {{"matrix", m}, {"width", t.width_}, {"height", t.height_}};
}

void from_json(const nlohmann::json& j, Transform& t) {
    const auto m = j.at("matrix").get<std::array<double, 9>>();
    for (std::size_t i = 0; i < 9; ++i) t.matrix_.val[i] = m[i];
    t.width_ = j.at("width").get<int>();
    t.height_ = j.at("height").get<int>();
}

void to_json(nlohmann::json& j, const Point& p) { j = {p.x, p.y}; }
void from_json(const nlohmann::json& j, Point& p) {
    p.x = j.at(0).get<double>();
    p.y = j.at(1).get<double>();
}
void to_json(nlohmann::json& j, const Box& b) { j = {b.x, b.y, b.width, b.height}; }
void from_json(const nlohmann::json& j, Box& b) {
    b = {j.at(0).get<double>(), j.at(1).get<double>(), j.at(2).get<double>(), j.at(3).get<double>()};
}

} // namespace recto
