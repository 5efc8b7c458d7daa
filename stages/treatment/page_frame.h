#pragma once

/// One page inside an image while it is being treated: where it lies, and how work pixels lead to it.

#include <opencv2/core.hpp>

#include "pipeline/core/transform.h"
#include "stages/treatment/analysis.h"

namespace recto::treat {

/// Mask (CV_8UC1, size of analysis.work, 255 inside) of a quad in work pixels, `inset` pixels smaller all around.
[[nodiscard]] cv::Mat quad_mask(const cv::Size& size, const Quad& quad, double inset);

/// `image` (of the oriented frame, each pixel `image_scale` work pixels wide) seen as the page: `to_page` leads from
/// source to page pixels; the result has one pixel for each `out_factor` page pixels. Outside: `fill`.
[[nodiscard]] cv::Mat page_view(const Analysis& analysis, const cv::Mat& image, double image_scale,
                                const Transform& to_page, double out_factor, int fill);

/// Bounding box of mapped points, in pixels of the target of `t`; `quad` in source pixels.
[[nodiscard]] Box bounding_box(const Transform& t, const Quad& quad);

/// Corners of the image as stored.
[[nodiscard]] Quad image_quad(int width, int height);

/// Orders the corners so that the first is the content's top left once `upright` is applied, clockwise on the page.
[[nodiscard]] Quad content_order(const Quad& source_quad, const Transform& upright);

} // namespace recto::treat
