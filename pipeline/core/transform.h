#pragma once

/// The geometry that leads from a source image to a derived page image, kept so that every word box maps back to the
/// scan as it came and pixels are rendered from the source by one resampling.

#include <array>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <opencv2/core.hpp>

namespace recto {

struct Point {
    double x = 0, y = 0; ///< Pixels; x to the right, y down; (0,0) is the top left corner of the top left pixel.
};

struct Box {
    double x = 0, y = 0, width = 0, height = 0; ///< Pixels.
};

/// Corners from the *content's* top left clockwise (top left, top right, bottom right, bottom left).
using Quad = std::array<Point, 4>;

/// A list of projective steps, composed into one 3x3 homography from source pixels to page pixels. Plain value.
class Transform {
  public:
    Transform() = default;                     ///< Identity of an image whose size is not known yet (0 x 0).
    Transform(int width, int height);          ///< Identity of an image of that size.
    Transform& rotate_quarters(int clockwise); ///< Turns by 90 degrees clockwise, 0 to 3 times.
    Transform& mirror();                       ///< Swaps left and right (orientation tags 2, 4, 5 and 7).
    /// Turns the content clockwise by `degrees` about the centre; the canvas grows to hold all of it.
    Transform& rotate(double degrees);
    Transform& crop(const Box& box);        ///< Keeps `box` (in current pixels); it may reach outside.
    Transform& scale(double sx, double sy); ///< Resizes the canvas.
    /// Maps `quad` (current pixels) onto an upright rectangle of `width` x `height` pixels (perspective).
    Transform& unwarp(const Quad& quad, int width, int height);

    [[nodiscard]] int width() const { return width_; } ///< Size of the page image, pixels.
    [[nodiscard]] int height() const { return height_; }
    [[nodiscard]] const cv::Matx33d& matrix() const { return matrix_; } ///< Source -> page.
    [[nodiscard]] Point apply(Point source) const;
    [[nodiscard]] Point invert(Point page) const;
    [[nodiscard]] bool is_identity() const;
    /// True when only quarter turns and whole-pixel crops are in it, so that no pixel needs resampling.
    [[nodiscard]] bool is_exact() const;

  private:
    friend void to_json(nlohmann::json&, const Transform&);
    friend void from_json(const nlohmann::json&, Transform&);
    cv::Matx33d matrix_ = cv::Matx33d::eye();
    int width_ = 0, height_ = 0;
    void push(const cv::Matx33d& step, int width, int height);
};

void to_json(nlohmann::json& j, const Transform& t);
void from_json(const nlohmann::json& j, Transform& t);
void to_json(nlohmann::json& j, const Point& p); ///< [x, y]
void from_json(const nlohmann::json& j, Point& p);
void to_json(nlohmann::json& j, const Box& b); ///< [x, y, width, height]
void from_json(const nlohmann::json& j, Box& b);

} // namespace recto
