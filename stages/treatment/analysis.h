#pragma once

/// What every measurement of treatment starts from: the image reduced once, its background and its ink.
///
/// Nothing measures on the full image but sharpness. A colour pixel is reduced first and turned to grey afterwards, so
/// that the reading of a page costs one pass over its pixels.

#include <opencv2/core.hpp>

#include "pipeline/core/raster.h"
#include "pipeline/core/transform.h"

namespace recto::treat {

/// Reduced views of one image in the *oriented frame*: the source turned (and mirrored) as its EXIF/TIFF tag says.
struct Analysis {
    int factor = 1;        ///< Source pixels a side of a work pixel (whole, so that reduction is exact averaging).
    cv::Mat work;          ///< CV_8UC1, about 150 dpi for an A4 page (at most about 3 million pixels).
    cv::Mat small;         ///< CV_8UC1, half of `work`: about 75 dpi.
    cv::Mat colour;        ///< CV_8UC3 (R,G,B) at the size of `small`; empty for grey and bi-level sources.
    cv::Mat background;    ///< CV_8UC1, size of `small`: paper with the strokes removed (dark beds stay dark).
    cv::Mat ink;           ///< CV_8UC1, size of `work`: how much darker than the paper around, 0 = paper.
    Transform to_oriented; ///< Source pixels -> oriented frame at full resolution.
    bool bilevel = false;

    /// Source pixels from work pixels.
    [[nodiscard]] Point work_to_source(Point p) const;
    [[nodiscard]] Point source_to_work(Point p) const;
};

/// Reduces `raster` and applies `exif_orientation` (1 to 8). Peak memory about 1.3 bytes a source pixel.
[[nodiscard]] Analysis analyse(const Raster& raster, int exif_orientation);

/// The transform that an orientation tag asks for, on an image of that size as stored.
[[nodiscard]] Transform exif_transform(int exif_orientation, int width, int height);

/// Turns a small image clockwise by quarters (0 to 3).
[[nodiscard]] cv::Mat turned(const cv::Mat& image, int quarters);

/// Contrast-normalised ink for profiles: noise below the floor removed, strong strokes capped, so that a photograph or
/// a thick rule weighs no more than text. `ink` as in Analysis; result CV_8UC1. `level` (optional) receives the typical
/// darkness of strokes, 0 to 255; 0 when there is none.
[[nodiscard]] cv::Mat normalised_ink(const cv::Mat& ink, double* level = nullptr);

} // namespace recto::treat
