#include "stages/treatment/orient.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "stages/treatment/orient_model.h"

namespace recto::treat {
namespace {
/// Piece of a text line: its box in the image.
struct Piece {
    cv::Rect box;
};

/// Typical size of a letter: the median height (or width, whichever is more) of the connected pieces of ink.
double letter_size(const cv::Mat& mask) {
    cv::Mat labels, stats, centroids;
    const int n = cv::connectedComponentsWithStats(mask, labels, stats, centroids, 8, CV_32S);
    std::vector<int> sizes;
    for (int i = 1; i < n; ++i) {
        const int s = std::max(stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT));
        if (s >= 4 && s <= 45) sizes.push_back(s);
    }
    if (sizes.size() < 12) return 0;
    auto mid = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() * 6 / 10);
    std::nth_element(sizes.begin(), mid, sizes.end());
    return *mid;
}

/// Pieces of lines that run across: letters joined along the row, long and as high as letters are.
std::vector<Piece> pieces_across(const cv::Mat& mask, double letter, double& area) {
    cv::Mat joined, labels, stats, centroids;
    const int reach = std::max(3, static_cast<int>(std::lround(letter * 0.7))) | 1;
    cv::dilate(mask, joined, cv::getStructuringElement(cv::MORPH_RECT, {reach, 1}));
    cv::erode(joined, joined, cv::getStructuringElement(cv::MORPH_RECT, {reach, 1}));
    const int n = cv::connectedComponentsWithStats(joined, labels, stats, centroids, 8, CV_32S);
    std::vector<Piece> pieces;
    area = 0;
    for (int i = 1; i < n; ++i) {
        const cv::Rect r(stats.at<int>(i, cv::CC_STAT_LEFT), stats.at<int>(i, cv::CC_STAT_TOP),
                         stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT));
        if (r.height < std::max(4.0, 0.6 * letter) || r.height > 3.2 * letter || r.width < 2.2 * r.height) continue;
        const double fill = static_cast<double>(stats.at<int>(i, cv::CC_STAT_AREA)) / r.area();
        if (fill > 0.97) continue; // a bar
        pieces.push_back({r});
        area += r.area();
    }
    return pieces;
}
/// The box of the halved image in the whole one, tight around its ink: the classifier was trained on tight lines.
cv::Rect tight(const cv::Mat& ink, const cv::Rect& r) {
    const cv::Rect wide =
        cv::Rect(2 * r.x - 2, 2 * r.y - 2, 2 * r.width + 4, 2 * r.height + 4) & cv::Rect(0, 0, ink.cols, ink.rows);
    int top = -1, bottom = -1;
    for (int y = wide.y; y < wide.y + wide.height; ++y) {
        const auto* row = ink.ptr<std::uint8_t>(y) + wide.x;
        int inked = 0;
        for (int x = 0; x < wide.width; ++x) inked += row[x] > 90;
        if (inked < 2) continue;
        if (top < 0) top = y;
        bottom = y;
    }
    if (top < 0) return {};
    return {wide.x, top, wide.width, bottom - top + 1};
}
} // namespace

Orientation estimate_orientation(const cv::Mat& grey, const cv::Mat& ink_in, double skew_deg) {
    (void)grey;
    Orientation o;
    cv::Mat ink = ink_in;
    if (std::abs(skew_deg) > 0.4) {
        const cv::Mat turn = cv::getRotationMatrix2D({ink.cols / 2.0F, ink.rows / 2.0F}, skew_deg, 1);
        cv::Mat straight; // not into `ink`, which still shares its pixels with the caller's
        cv::warpAffine(ink_in, straight, turn, ink_in.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar(0));
        ink = straight;
    }
    // Lines are found on the image halved (letters of about ten pixels); windows are cut from the whole one.
    cv::Mat half, mask;
    cv::resize(ink, half, cv::Size(std::max(1, ink.cols / 2), std::max(1, ink.rows / 2)), 0, 0, cv::INTER_AREA);
    cv::threshold(half, mask, 70, 255, cv::THRESH_BINARY);
    const double letter = letter_size(mask);
    if (letter <= 0) return o;
    double across_area = 0, down_area = 0;
    std::vector<Piece> across = pieces_across(mask, letter, across_area);
    // Lines that run down are turned to run across: clockwise, so that print that stands upright in a column lies turned
    // clockwise by 90 degrees.
    cv::Mat turned_mask, turned_ink;
    cv::rotate(mask, turned_mask, cv::ROTATE_90_CLOCKWISE);
    std::vector<Piece> down = pieces_across(turned_mask, letter, down_area);
    const bool use_down = down_area > across_area;
    if (use_down) cv::rotate(ink, turned_ink, cv::ROTATE_90_CLOCKWISE);
    const cv::Mat& image = use_down ? turned_ink : ink;
    std::vector<Piece>& pieces = use_down ? down : across;
    if (pieces.empty()) return o;
    // Evenly over the page; longer pieces first within reason.
    std::sort(pieces.begin(), pieces.end(), [](const Piece& p, const Piece& q) {
        return p.box.y != q.box.y ? p.box.y < q.box.y : p.box.x < q.box.x;
    });
    constexpr int kMost = 320;
    std::vector<Window> windows;
    windows.reserve(kMost + 32);
    const std::size_t stride = std::max<std::size_t>(1, pieces.size() / 110);
    for (std::size_t i = 0; i < pieces.size() && static_cast<int>(windows.size()) < kMost; i += stride)
        cut_windows(image(tight(image, pieces[i].box)),
                    std::max(3, kMost / static_cast<int>(pieces.size() / stride + 1)), windows);
    Evidence log_sum{};
    double sum[4] = {0, 0, 0, 0};
    for (const Window& w : windows) {
        const Evidence e = judge(w);
        for (std::size_t c = 0; c < 4; ++c) {
            log_sum[c] += std::log(std::max(1e-3, e[c]));
            sum[c] += e[c];
        }
    }
    const auto n = static_cast<double>(windows.size());
    o.witnesses = static_cast<int>(n);
    if (n < 6) return o;
    std::size_t best = 0, second = 1;
    for (std::size_t c = 1; c < 4; ++c)
        if (log_sum[c] > log_sum[best]) best = c;
    second = best == 0 ? 1 : 0;
    for (std::size_t c = 0; c < 4; ++c)
        if (c != best && log_sum[c] > log_sum[second]) second = c;
    // Windows of one page are no independent witnesses (one fount, one hand), so the mean lead counts most and their
    // number only up to a point.
    const double lead = (log_sum[best] - log_sum[second]) / n;
    // Few windows say little, and less where the lines run down: columns of old woodblock type, which the classifier
    // has not seen, look like lines of a page on its side.
    o.confidence = (1 - std::exp(-lead * 2.6)) * (1 - std::exp(-n / (use_down ? 80.0 : 35.0)));
    // Class c: print turned clockwise by 90 c in the band. The band itself was turned by 90 when lines run down.
    const int turned_by = static_cast<int>(best) * 90 - (use_down ? 90 : 0);
    o.turn_deg = ((-turned_by % 360) + 360) % 360;
    for (std::size_t c = 0; c < 4; ++c) {
        const int by = static_cast<int>(c) * 90 - (use_down ? 90 : 0);
        o.scores[(((-by % 360) + 360) % 360) / 90] = sum[c] / n;
    }
    return o;
}

} // namespace recto::treat
