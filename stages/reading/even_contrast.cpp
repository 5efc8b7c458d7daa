#include "stages/reading/even_contrast.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace recto::reading {

namespace {

/// The neighbourhoods need no more than this share of the pixels.
constexpr int kCoarse = 4;
/// Grey levels: a neighbourhood that varies less is paper, and is not brought up to print.
constexpr float kPaperGrain = 6;
/// How dark a stroke of usual strength becomes, in grey levels for one root mean square of its neighbourhood.
constexpr float kGain = 70;

/// Share of pixels that are neither black nor white up to which a picture has two levels.
constexpr double kBetween = 0.02;
/// What strokes gain, of the height of the letters.
constexpr double kBroader = 0.05;

/// Between which two places of a coarse row a pixel lies, and how near to the second.
struct Place {
    int first, second;
    float share;
};

std::vector<Place> places_of(int length, int coarse) {
    std::vector<Place> out;
    for (int i = 0; i < length; ++i) {
        const double at = std::clamp((i + 0.5) * coarse / length - 0.5, 0.0, coarse - 1.0);
        const int first = static_cast<int>(at);
        out.push_back({first, std::min(first + 1, coarse - 1), static_cast<float>(at - first)});
    }
    return out;
}

/// The row of `coarse` (CV_32FC1) at that place.
void blend(const cv::Mat& coarse, const Place& at, std::vector<float>& out) {
    const auto *a = coarse.ptr<float>(at.first), *b = coarse.ptr<float>(at.second);
    for (std::size_t x = 0; x < out.size(); ++x) out[x] = a[x] + at.share * (b[x] - a[x]);
}

} // namespace

cv::Mat even_contrast(const cv::Mat& grey, double height) {
    const cv::Size coarse(std::max(1, grey.cols / kCoarse), std::max(1, grey.rows / kCoarse));
    cv::Mat small, paper;
    cv::resize(grey, small, coarse, 0, 0, cv::INTER_AREA);
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
    paper.convertTo(paper, CV_32F);
    cv::Mat out(grey.size(), CV_8UC1), gain;
    cv::divide(kGain, strength, gain);
    // Brought to full size a row at a time: four bytes a pixel more for each of the two would be most of the memory of a page.
    const auto across = places_of(grey.cols, coarse.width), down = places_of(grey.rows, coarse.height);
    std::vector<float> paper_here(static_cast<std::size_t>(coarse.width)), gain_here(paper_here.size());
    for (int y = 0; y < grey.rows; ++y) {
        const Place& row = down[static_cast<std::size_t>(y)];
        blend(paper, row, paper_here);
        blend(gain, row, gain_here);
        const auto* s = grey.ptr<std::uint8_t>(y);
        auto* o = out.ptr<std::uint8_t>(y);
        for (int x = 0; x < grey.cols; ++x) {
            const Place& at = across[static_cast<std::size_t>(x)];
            const auto i = static_cast<std::size_t>(at.first), k = static_cast<std::size_t>(at.second);
            const float p = paper_here[i] + at.share * (paper_here[k] - paper_here[i]);
            const float g = gain_here[i] + at.share * (gain_here[k] - gain_here[i]);
            const float value = 255 - std::max(0.0F, p - static_cast<float>(s[x])) * g;
            o[x] = static_cast<std::uint8_t>(std::max(0.0F, value));
        }
    }
    return out;
}

cv::Mat with_broader_strokes(const cv::Mat& grey, double height) {
    cv::Mat between;
    cv::inRange(grey, cv::Scalar::all(40), cv::Scalar::all(215), between);
    if (cv::countNonZero(between) > kBetween * static_cast<double>(grey.total())) return grey;
    const int side = std::max(3, static_cast<int>(std::lround(kBroader * height)) | 1);
    cv::Mat out;
    cv::erode(grey, out, cv::Mat::ones(side, side, CV_8UC1));
    return out;
}

} // namespace recto::reading
