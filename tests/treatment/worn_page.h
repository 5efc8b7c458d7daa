#pragma once

/// A page as a bad scanner leaves it: smaller, its lower part missing, soft, with grain.

#include <opencv2/imgproc.hpp>

namespace recto::test {

struct Wear {
    double scale, kept; ///< Of its size; share of its rows.
    double blur, grain; ///< Deviations: pixels, grey steps.
};

inline cv::Mat worn(const cv::Mat& page, const Wear& wear, cv::RNG& random) {
    cv::Mat out, noise;
    cv::resize(page, out, {}, wear.scale, wear.scale, cv::INTER_AREA);
    out = out.rowRange(0, static_cast<int>(out.rows * wear.kept)).clone();
    cv::GaussianBlur(out, out, {0, 0}, wear.blur);
    noise.create(out.size(), CV_16SC(out.channels()));
    random.fill(noise, cv::RNG::NORMAL, 0, wear.grain);
    cv::add(out, noise, out, cv::noArray(), CV_8U);
    return out;
}

} // namespace recto::test
