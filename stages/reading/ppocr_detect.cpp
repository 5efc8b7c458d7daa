#include "stages/reading/ppocr_detect.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::reading {

namespace {

constexpr int kStep = 32; ///< The network halves its input five times.
constexpr int kMinCanvas = 64;
constexpr double kMaxScaleError = 0.04;

/// Canvas length for a page length at `scale`: the nearest multiple of 32 when that stretches by at most 4 %, else
/// the next larger one with an empty margin. `scale` becomes what is really used.
int snap(int length, double& scale) {
    const double wanted = length * scale;
    const int nearest = std::max(kMinCanvas, static_cast<int>(std::lround(wanted / kStep)) * kStep);
    if (std::abs(nearest / wanted - 1) <= kMaxScaleError) {
        scale = static_cast<double>(nearest) / length;
        return nearest;
    }
    return std::max(kMinCanvas, static_cast<int>(std::ceil(wanted / kStep)) * kStep);
}

/// Starts of tiles of one common length that cover `length` with at least the overlap.
std::vector<int> tile_starts(int length, int& tile) {
    if (length <= kMaxTileSide) {
        tile = length;
        return {0};
    }
    const int count = (length - kTileOverlap + (kMaxTileSide - kTileOverlap) - 1) / (kMaxTileSide - kTileOverlap);
    tile = ((length + (count - 1) * kTileOverlap + count - 1) / count + kStep - 1) / kStep * kStep;
    std::vector<int> starts;
    for (int i = 0; i < count; ++i)
        starts.push_back(static_cast<int>(static_cast<long>(length - tile) * i / (count - 1)));
    return starts;
}

/// Corners of a rotated rectangle from the top left clockwise, its angle brought within 45 degrees of level.
Quad upright_corners(const cv::RotatedRect& r) {
    double angle = r.angle, w = r.size.width, h = r.size.height;
    while (angle > 45) {
        angle -= 90;
        std::swap(w, h);
    }
    while (angle <= -45) {
        angle += 90;
        std::swap(w, h);
    }
    const double c = std::cos(angle * CV_PI / 180), s = std::sin(angle * CV_PI / 180);
    auto corner = [&](double x, double y) { return Point{r.center.x + x * c - y * s, r.center.y + x * s + y * c}; };
    return {corner(-w / 2, -h / 2), corner(w / 2, -h / 2), corner(w / 2, h / 2), corner(-w / 2, h / 2)};
}

double mean_inside(const cv::Mat& map, const cv::RotatedRect& r) {
    const cv::Rect bounds = r.boundingRect() & cv::Rect(0, 0, map.cols, map.rows);
    if (bounds.empty()) return 0;
    cv::Point2f corners[4];
    r.points(corners);
    std::array<cv::Point, 4> inside;
    for (int i = 0; i < 4; ++i)
        inside[static_cast<std::size_t>(i)] =
            cv::Point(cvRound(corners[i].x) - bounds.x, cvRound(corners[i].y) - bounds.y);
    cv::Mat mask = cv::Mat::zeros(bounds.size(), CV_8UC1);
    cv::fillConvexPoly(mask, inside.data(), 4, cv::Scalar(255));
    return cv::mean(map(bounds), mask)[0];
}

} // namespace

DetectionPlan plan_detection(cv::Size page, int long_side) {
    DetectionPlan plan;
    const double scale = std::min(1.5, static_cast<double>(long_side) / std::max(page.width, page.height));
    plan.scale_x = plan.scale_y = scale;
    plan.canvas.width = snap(page.width, plan.scale_x);
    plan.canvas.height = snap(page.height, plan.scale_y);
    int tile_width = 0, tile_height = 0;
    const std::vector<int> xs = tile_starts(plan.canvas.width, tile_width);
    const std::vector<int> ys = tile_starts(plan.canvas.height, tile_height);
    for (int y : ys)
        for (int x : xs) plan.tiles.emplace_back(x, y, tile_width, tile_height);
    return plan;
}

int detector_side(cv::Size page, double text_height) {
    const int longest = std::max(page.width, page.height);
    static constexpr int kSides[] = {640, 960, 1280, 1600, 2048, 2688, 3584, 4800};
    // Characters of about 15 pixels are found whole and side by side. 1280 at least, where the page has them: the body
    // of an A4 page needs less, but its page number and notes are found only then, and detection is the cheap part.
    const double floor = std::min(1280, longest),
                 wanted = text_height > 0 ? std::max(floor, longest * 15.0 / text_height) : floor;
    for (int side : kSides)
        if (side >= wanted) return side;
    return std::end(kSides)[-1];
}

double estimate_text_height(const cv::Mat& grey, double reduction) {
    cv::Mat dark;
    const int block = 31;
    cv::adaptiveThreshold(grey, dark, 255, cv::ADAPTIVE_THRESH_MEAN_C, cv::THRESH_BINARY_INV, block, 25);
    cv::Mat labels, stats, centroids;
    const int count = cv::connectedComponentsWithStats(dark, labels, stats, centroids, 8, CV_16U);
    std::vector<int> heights;
    for (int i = 1; i < count; ++i) {
        const int w = stats.at<int>(i, cv::CC_STAT_WIDTH), h = stats.at<int>(i, cv::CC_STAT_HEIGHT);
        if (h < 5 || w < 3 || w > 12 * h || h > 6 * w || h > grey.rows / 6) continue;
        heights.push_back(h);
    }
    if (heights.size() < 30) return 0;
    // Radicals, accents and small letters are parts of characters: the upper part of the distribution is their height.
    const auto at = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() * 7 / 10);
    std::nth_element(heights.begin(), at, heights.end());
    return *at * reduction;
}

std::vector<TextRegion> regions_of_map(const cv::Mat& map, const DetectionPlan& plan, cv::Size page,
                                       const DetectorParameters& parameters) {
    cv::Mat text;
    cv::compare(map, parameters.map_threshold, text, cv::CMP_GT);
    std::vector<std::vector<cv::Point>> contours;
    std::vector<cv::Vec4i> hierarchy;
    cv::findContours(text, contours, hierarchy, cv::RETR_CCOMP, cv::CHAIN_APPROX_SIMPLE);
    std::vector<TextRegion> out;
    for (std::size_t i = 0; i < contours.size() && out.size() < static_cast<std::size_t>(parameters.max_regions); ++i) {
        if (hierarchy[i][3] >= 0) continue; // a hole
        cv::RotatedRect r = cv::minAreaRect(contours[i]);
        const double shorter = std::min(r.size.width, r.size.height);
        if (shorter < parameters.min_side) continue;
        const double score = mean_inside(map, r);
        if (score < parameters.box_threshold) continue;
        const double w = r.size.width, h = r.size.height;
        const double grow = w * h * parameters.unclip_ratio / (2 * (w + h));
        const double longer = 2 * parameters.reach * (std::min(w, h) + 2 * grow);
        r.size = cv::Size2f(static_cast<float>(w + 2 * grow + (w >= h ? longer : 0)),
                            static_cast<float>(h + 2 * grow + (h > w ? longer : 0)));
        if (std::min(r.size.width, r.size.height) < parameters.min_side + 2) continue;
        TextRegion region{upright_corners(r), score};
        for (Point& p : region.quad) {
            p.x = std::clamp(p.x / plan.scale_x, 0.0, static_cast<double>(page.width));
            p.y = std::clamp(p.y / plan.scale_y, 0.0, static_cast<double>(page.height));
        }
        out.push_back(region);
    }
    return out;
}

} // namespace recto::reading
