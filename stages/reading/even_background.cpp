#include "stages/reading/even_background.h"

#include <algorithm>

#include <opencv2/imgproc.hpp>

namespace recto::reading {

namespace {
constexpr double kLook =
    1000; ///< Pixels of the long side at which the background is taken: a third of a millimetre of A4.
constexpr int kStrokes = 13; ///< ... there: strokes are narrower, spots of a stain that matter wider.
constexpr double kDarkest =
    0.22; ///< Share of the bright paper below which dark is no paper: a bed, a picture, broad type.
} // namespace

cv::Mat even_background(const cv::Mat& grey) {
    const int longest = std::max(grey.cols, grey.rows);
    if (longest < 200) return grey;
    const double factor = std::min(1.0, kLook / longest);
    cv::Mat small, background;
    cv::resize(grey, small, cv::Size(), factor, factor, cv::INTER_AREA);
    // Closing takes strokes away and leaves the edges of stains and shadows where they are (dilation alone moves them out, and
    // a dark band inside the edge would stay).
    const cv::Mat square = cv::getStructuringElement(cv::MORPH_RECT, cv::Size(kStrokes, kStrokes));
    cv::morphologyEx(small, background, cv::MORPH_CLOSE, square);
    cv::medianBlur(background, background, 5);
    // Uneven: the 3rd and the 95th percentile of the background differ by more than an eighth.
    int bins[256] = {};
    for (int y = 0; y < background.rows; ++y)
        for (int x = 0; x < background.cols; ++x) ++bins[background.at<uchar>(y, x)];
    const auto percentile = [&](int hundredth) {
        const auto wanted = static_cast<int>(background.total() * static_cast<std::size_t>(hundredth) / 100);
        int v = 0;
        for (int seen = bins[0]; v < 255 && seen <= wanted; seen += bins[++v]) {}
        return v;
    };
    const int low = percentile(3), high = percentile(95);
    if (high < 32 || low > 0.88 * high) return grey;
    cv::GaussianBlur(background, background, cv::Size(0, 0), 1.5);
    cv::max(background, std::max(24.0, kDarkest * high), background);
    cv::Mat full, out;
    cv::resize(background, full, grey.size(), 0, 0, cv::INTER_LINEAR);
    cv::divide(grey, full, out, 250.0);
    return out;
}

} // namespace recto::reading
