#pragma once

/// Boxes of a page's text as whole pixels of the image that a stored text file speaks of. Pure, any thread.

#include <algorithm>
#include <cmath>

#include "pipeline/core/page_text.h"

namespace recto::encode {

/// Left, top, right and bottom; right and bottom are the first pixels outside.
struct PixelBox {
    int left = 0, top = 0, right = 0, bottom = 0;
};

class PageGrid {
  public:
    /// `width` x `height`: the image in whose pixels boxes are wanted.
    PageGrid(const PageText& text, int width, int height)
        : width_(width), height_(height), sx_(text.width > 0 ? static_cast<double>(width) / text.width : 1),
          sy_(text.height > 0 ? static_cast<double>(height) / text.height : 1) {}

    /// The smallest that holds the box, inside the image.
    [[nodiscard]] PixelBox of(const Box& b) const {
        PixelBox p;
        p.left = inside(std::floor(b.x * sx_ + 1e-6), 0, width_);
        p.top = inside(std::floor(b.y * sy_ + 1e-6), 0, height_);
        p.right = inside(std::ceil((b.x + b.width) * sx_ - 1e-6), p.left, width_);
        p.bottom = inside(std::ceil((b.y + b.height) * sy_ - 1e-6), p.top, height_);
        return p;
    }

  private:
    static int inside(double v, int least, int most) {
        return std::isfinite(v) ? static_cast<int>(std::clamp(v, static_cast<double>(least), static_cast<double>(most)))
                                : least;
    }
    int width_, height_;
    double sx_, sy_;
};

} // namespace recto::encode
