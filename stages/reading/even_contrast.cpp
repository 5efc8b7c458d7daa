#include "stages/reading/even_contrast.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::reading {

namespace {

/// The neighbourhoods need no more than this share of the pixels.
constexpr int kCoarse = 4;
/// Grey levels: a neighbourhood that varies less is paper, and is not brought up to print.
constexpr float kPaperGrain = 6;
/// How dark a stroke of usual strength becomes, in grey levels for one root mean square of its neighbourhood.
constexpr float kGain = 70;

} // namespace

cv::Mat even_contrast(const cv::Mat& grey, double height, double soften) {
    cv::Mat soft = grey;
    if (soften > 0) cv::GaussianBlur(grey, soft, {0, 0}, soften);
    const cv::Size coarse(std::max(1, grey.cols / kCoarse), std::max(1, grey.rows / kCoarse));
    cv::Mat small, paper;
    cv::resize(soft, small, coarse, 0, 0, cv::INTER_AREA);
    // The paper: print closed over (its strokes are narrower than a letter), then smooth.
    const int reach = std::max(3, static_cast<int>(std::lround(1.2 * height / kCoarse)) | 1);
    cv::morphologyEx(small, paper, cv::MORPH_CLOSE, cv::Mat::ones(reach, reach, CV_8UC1));
    cv::GaussianBlur(paper, paper, {0, 0}, reach / 2.0);
    cv::Mat depth, strength;
    cv::subtract(paper, small, depth, cv::noArray(), CV_32F);
    cv::max(depth, 0, depth);
    cv::multiply(depth, depth, strength);
    cv::GaussianBlur(strength, strength, {0, 0}, 1.2 * height / kCoarse);
    cv::sqrt(strength, strength);
    cv::max(strength, kPaperGrain, strength);
    cv::Mat full_paper, gain, out(grey.size(), CV_8UC1);
    cv::divide(kGain, strength, gain);
    cv::resize(paper, full_paper, grey.size(), 0, 0, cv::INTER_LINEAR);
    cv::resize(gain, gain, grey.size(), 0, 0, cv::INTER_LINEAR);
    for (int y = 0; y < grey.rows; ++y) {
        const auto* s = soft.ptr<std::uint8_t>(y);
        const auto* p = full_paper.ptr<std::uint8_t>(y);
        const auto* g = gain.ptr<float>(y);
        auto* o = out.ptr<std::uint8_t>(y);
        for (int x = 0; x < grey.cols; ++x) {
            const float value = 255 - static_cast<float>(std::max(0, p[x] - s[x])) * g[x];
            o[x] = static_cast<std::uint8_t>(std::max(0.0F, value));
        }
    }
    return out;
}

} // namespace recto::reading
