#pragma once

/// Text detection by a differentiable-binarization network (DB; Liao et al. 2020): what size the network sees, and how
/// its probability map becomes text regions. No inference here: pure functions, any thread.

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/transform.h"

namespace recto::reading {

/// Thresholds as published with the model (inference.yml of PP-OCRv6 tiny), but for the growth: 1.4 there cuts the
/// ends of lines and their marks (measured on Chinese A4 pages: CER 0.7 % at 1.4, 0.06 % at 1.8 to 2.0).
struct DetectorParameters {
    float map_threshold = 0.2F; ///< Probability above which a map pixel is text.
    float box_threshold = 0.4F; ///< Mean probability a region needs.
    double unclip_ratio = 1.8;  ///< The map shows shrunken text; a region grows by area * ratio / perimeter.
    double reach =
        0.15; ///< ... and both ends of a line by this share of its height: a full stop there is easily missed.
    int max_regions = 3000;
    double min_side = 3; ///< Shorter side of a region before growing, map pixels.
};

/// How a page is shown to the network: resized to `canvas` (multiples of 32, page in its top left corner) and, where
/// that is larger than the network should see at once, in overlapping tiles of equal size.
struct DetectionPlan {
    cv::Size canvas;
    double scale_x = 1, scale_y = 1; ///< Page pixels times this give canvas pixels; they differ by at most 4 %.
    std::vector<cv::Rect> tiles;     ///< In canvas pixels; one when the page goes in at once.
};

/// Largest side of a tile, pixels: bounds the memory of one inference.
inline constexpr int kMaxTileSide = 1600;
inline constexpr int kTileOverlap = 128;

/// Plan for a page when its long side is to become about `long_side` pixels (never enlarged by more than 1.5).
[[nodiscard]] DetectionPlan plan_detection(cv::Size page, int long_side);

/// The long side to use for text whose characters are `text_height` page pixels high (0: not known), from a short list.
[[nodiscard]] int detector_side(cv::Size page, double text_height);

/// Typical height of the characters of a page in its pixels, from the connected dark parts of a reduced image; 0 when
/// there are too few to say. `grey` is CV_8UC1, reduced by `reduction` from the page.
[[nodiscard]] double estimate_text_height(const cv::Mat& grey, double reduction);

struct TextRegion {
    Quad quad;        ///< Page pixels, corners from top left clockwise; turned by less than 45 degrees.
    double score = 0; ///< Mean probability, 0 to 1.
};

/// Regions of a probability map (CV_32FC1, plan.canvas in size), clipped to the page.
[[nodiscard]] std::vector<TextRegion> regions_of_map(const cv::Mat& map, const DetectionPlan& plan, cv::Size page,
                                                     const DetectorParameters& parameters);

} // namespace recto::reading
