#pragma once

/// Skew by projection profiles: at the right angle the sum of ink along the lines is a comb, and the energy of its
/// derivative is greatest (Postl, "Detection of linear oblique structures and skew scan in digitized documents", 1986).
/// Both directions are tried: lines across (horizontal text, rules) and lines down (vertical Chinese text, columns of a
/// table). A coarse search at about 75 dpi, then a fine one at about 150 dpi with profiles shifted by eighths of a pixel.

#include <opencv2/core.hpp>

namespace recto::treat {

struct SkewEstimate {
    double angle_deg = 0;                          ///< > 0: content turned clockwise.
    double confidence = 0;                         ///< 0 to 1; >= kSureSkew means "sure".
    bool across = true;                            ///< The lines run across the image as it lies (false: down).
    double across_strength = 0, down_strength = 0; ///< How much each comb stands out, >= 0; 1 is plain noise.
};

inline constexpr double kSureSkew = 0.5;

/// `ink`: CV_8UC1 as normalised_ink() makes it. `max_deg`: largest angle believed, 0.5 to 20.
[[nodiscard]] SkewEstimate estimate_skew(const cv::Mat& ink, double max_deg);

/// Angle left within +-1 degree of upright, fine search only; for measuring again after turning. Direction as found.
[[nodiscard]] double residual_skew(const cv::Mat& ink, bool across);

} // namespace recto::treat
