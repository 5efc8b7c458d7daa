#include "stages/reading/even_background.h"

#include <algorithm>

#include <opencv2/imgproc.hpp>

namespace recto::reading {

cv::Mat even_background(const cv::Mat& grey) {
    const int longest = std::max(grey.cols, grey.rows);
    if (longest < 200) return grey;
    // Background at about 400 pixels: dilation removes strokes, the median what is left of them.
    const double factor = 400.0 / longest;
    cv::Mat small;
    cv::resize(grey, small, cv::Size(), factor, factor, cv::INTER_AREA);
    cv::Mat background;
    cv::dilate(small, background, cv::getStructuringElement(cv::MORPH_RECT, cv::Size(9, 9)));
    cv::medianBlur(background, background, 15);
    // Uneven: the 5th and the 95th percentile of the background differ by more than an eighth.
    cv::Mat sorted;
    cv::sort(background.reshape(1, 1), sorted, cv::SORT_EVERY_ROW | cv::SORT_ASCENDING);
    const int n = sorted.cols;
    const double low = sorted.at<uchar>(n / 20), high = sorted.at<uchar>(n - 1 - n / 20);
    if (high < 32 || low > 0.88 * high) return grey;
    cv::GaussianBlur(background, background, cv::Size(0, 0), 4);
    cv::max(background, 48, background); // a black bed stays black
    cv::Mat full, out;
    cv::resize(background, full, grey.size(), 0, 0, cv::INTER_LINEAR);
    cv::divide(grey, full, out, 250.0);
    return out;
}

} // namespace recto::reading
