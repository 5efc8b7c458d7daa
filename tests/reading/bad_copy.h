#pragma once

/// A photocopy that took as little as bad ones do, for tests.

#include <algorithm>

#include <opencv2/imgproc.hpp>

/// `page`: CV_8UC1, black on white, 300 dpi. `lost`: share of the ink that is gone, in holes about as wide as strokes. Some dust is
/// added.
inline cv::Mat copied_badly(const cv::Mat& page, double lost) {
    cv::RNG rng(7);
    cv::Mat coarse(page.rows / 5, page.cols / 5, CV_32FC1), holes, dust(page.rows / 2, page.cols / 2, CV_32FC1), spots;
    rng.fill(coarse, cv::RNG::UNIFORM, 0, 1);
    cv::resize(coarse, holes, page.size(), 0, 0, cv::INTER_CUBIC);
    rng.fill(dust, cv::RNG::UNIFORM, 0, 1);
    cv::resize(dust, spots, page.size(), 0, 0, cv::INTER_NEAREST);
    cv::Mat sorted = holes.reshape(0, 1).clone();
    auto* const begin = sorted.ptr<float>();
    auto* const cut = begin + static_cast<std::ptrdiff_t>(lost * static_cast<double>(sorted.total()));
    std::nth_element(begin, cut, begin + sorted.total());
    cv::Mat out = page.clone();
    out.setTo(255, holes < *cut);
    out.setTo(0, spots < 0.002);
    return out;
}
