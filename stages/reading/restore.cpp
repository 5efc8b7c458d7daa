#include "stages/reading/restore.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::reading {

namespace {

/// Height of the letters that the network is shown, pixels: it learnt from characters of 22 to 44.
constexpr double kShownHeight = 25;
/// What the network sees around a pixel: tiles overlap by twice as much.
constexpr int kMargin = 32;
/// A tile that has nothing darker is paper.
constexpr double kInk = 200;

} // namespace

Result<cv::Mat> restore_print(const cv::Mat& page, double height, const RestoreTile& tile, const Limits& limits) {
    const double scale = std::min(1.0, kShownHeight / height);
    const cv::Size shown(std::max(1, cvRound(page.cols * scale)), std::max(1, cvRound(page.rows * scale)));
    cv::Mat small;
    cv::resize(page, small, shown, 0, 0, cv::INTER_AREA);
    cv::Mat out(shown, CV_8UC1, cv::Scalar(255));
    constexpr int kInner = kRestoredTile - 2 * kMargin;
    for (int y = 0; y < shown.height; y += kInner)
        for (int x = 0; x < shown.width; x += kInner) {
            const cv::Rect inner = cv::Rect(x, y, kInner, kInner) & cv::Rect({0, 0}, shown);
            const cv::Rect seen =
                cv::Rect(x - kMargin, y - kMargin, kRestoredTile, kRestoredTile) & cv::Rect({0, 0}, shown);
            double darkest = 0;
            cv::minMaxLoc(small(seen), &darkest);
            if (darkest > kInk) continue;
            if (limits.expired()) return expired_error(limits, "while broken print was made whole");
            cv::Mat input(kRestoredTile, kRestoredTile, CV_8UC1, cv::Scalar(255));
            const cv::Point shift(x - kMargin, y - kMargin);
            small(seen).copyTo(input(seen - shift));
            tile(input)(inner - shift).copyTo(out(inner));
        }
    if (shown == page.size()) return out;
    cv::Mat whole;
    cv::resize(out, whole, page.size(), 0, 0, cv::INTER_CUBIC);
    return whole;
}

} // namespace recto::reading
