// The way back to the master, by pixels and not by the transform's own word: crosses at known places of the scan are found
// again in the rendered page, and where they are found leads back to where they were drawn.

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "pipeline/files/image_out.h"
#include "stages/treatment/analysis.h"
#include "stages/treatment/treatment.h"
#include "tests/treatment/pages_support.h"

namespace recto::treat {
namespace {
constexpr double kArm = 13, kHalfStroke = 1.6; // pixels of the scan
constexpr int kClear = 24;                     // half of the square that is cleared around a cross

/// An upright cross at `at`, `scale` times as large, drawn with 8 x 8 samples a pixel.
double cross_ink(double x, double y, Point at, double angle_deg, double scale) {
    const double c = std::cos(angle_deg * CV_PI / 180), s = std::sin(angle_deg * CV_PI / 180);
    int hits = 0;
    for (int i = 0; i < 8; ++i)
        for (int j = 0; j < 8; ++j) {
            const double dx = x + (i + 0.5) / 8 - at.x, dy = y + (j + 0.5) / 8 - at.y;
            const double u = std::abs(c * dx + s * dy) / scale, v = std::abs(-s * dx + c * dy) / scale;
            hits += (u < kHalfStroke && v < kArm) || (v < kHalfStroke && u < kArm);
        }
    return hits / 64.0;
}

struct Crossed {
    Raster raster;
    std::vector<Point> crosses; ///< Exact, pixels of the scan.
};

/// Twelve crosses all over the paper of a drawn page, standing as the paper stands.
Crossed with_crosses(const test::DrawnPage& page, double angle_deg) {
    Crossed out{page.raster, {}};
    out.raster.pixels = page.raster.pixels.clone();
    const Quad& q = page.paper;
    for (const double v : {0.05, 0.3, 0.61, 0.94})
        for (const double u : {0.07, 0.52, 0.93}) {
            const Point at{q[0].x + u * (q[1].x - q[0].x) + v * (q[3].x - q[0].x),
                           q[0].y + u * (q[1].y - q[0].y) + v * (q[3].y - q[0].y)};
            out.crosses.push_back(at);
            const int cx = cvFloor(at.x), cy = cvFloor(at.y);
            for (int y = cy - kClear; y <= cy + kClear; ++y)
                for (int x = cx - kClear; x <= cx + kClear; ++x)
                    out.raster.pixels.at<std::uint8_t>(y, x) =
                        cv::saturate_cast<std::uint8_t>(235 - 205 * cross_ink(x, y, at, angle_deg, 1));
        }
    return out;
}

/// Where an upright cross lies near `near` in the page, to a fraction of a pixel; far away when there is none.
Point find_cross(const cv::Mat& page, Point near, double scale) {
    const int half = cvCeil(kArm * scale) + 3, reach = half + 12;
    cv::Mat pattern(2 * half + 1, 2 * half + 1, CV_8UC1);
    for (int y = 0; y < pattern.rows; ++y)
        for (int x = 0; x < pattern.cols; ++x)
            pattern.at<std::uint8_t>(y, x) =
                cv::saturate_cast<std::uint8_t>(235 - 205 * cross_ink(x, y, {half + 0.5, half + 0.5}, 0, scale));
    const cv::Rect window = cv::Rect(cvFloor(near.x) - reach, cvFloor(near.y) - reach, 2 * reach + 1, 2 * reach + 1) &
                            cv::Rect(0, 0, page.cols, page.rows);
    if (window.width <= pattern.cols + 2 || window.height <= pattern.rows + 2) return {-1e6, -1e6};
    cv::Mat score;
    cv::matchTemplate(page(window), pattern, score, cv::TM_CCOEFF_NORMED);
    double best = 0;
    cv::Point at;
    cv::minMaxLoc(score, nullptr, &best, nullptr, &at);
    if (best < 0.7 || at.x == 0 || at.y == 0 || at.x + 1 >= score.cols || at.y + 1 >= score.rows) return {-1e6, -1e6};
    const auto peak = [](double a, double b, double c) { return 0.5 * (a - c) / (a - 2 * b + c); };
    const double dx = peak(score.at<float>(at.y, at.x - 1), score.at<float>(at), score.at<float>(at.y, at.x + 1));
    const double dy = peak(score.at<float>(at.y - 1, at.x), score.at<float>(at), score.at<float>(at.y + 1, at.x));
    return {window.x + at.x + dx + half + 0.5, window.y + at.y + dy + half + 0.5};
}

/// Treats and renders the scan; the largest distance, pixels of the scan, between a cross as drawn and as found and
/// mapped back. A cross is looked for in the page whose frame holds it; in none: far.
double worst_way_back(const Raster& scan, const std::vector<Point>& crosses, int tag, std::size_t pages,
                      double scale = 1) {
    ImageInfo info;
    info.width = scan.width();
    info.height = scan.height();
    info.dpi = scan.dpi;
    info.orientation = tag;
    Options options;
    options.orient = false; // drawn marks are no letters
    const ImageTreatment treated = treat_image(scan, info, options, nullptr);
    EXPECT_EQ(treated.pages.size(), pages);
    std::vector<double> off(crosses.size(), 1e6);
    for (const PageTreatment& page : treated.pages) {
        Transform t = nlohmann::json(page.transform).get<Transform>(); // as a later run would find it
        if (scale != 1) t.scale(scale, scale);
        const auto image = render(scan, t);
        if (!image) {
            ADD_FAILURE() << image.error().code;
            return 1e6;
        }
        for (std::size_t i = 0; i < crosses.size(); ++i) {
            const Point found = find_cross(to_grey(*image), t.apply(crosses[i]), scale);
            const Point back = t.invert(found);
            off[i] = std::min(off[i], std::hypot(back.x - crosses[i].x, back.y - crosses[i].y));
        }
    }
    return *std::max_element(off.begin(), off.end());
}

/// What a scanner would have stored so that `tag` sets it right, and where the points come to lie in it.
Crossed stored_as(const Crossed& upright, int tag) {
    const Transform way = exif_transform(tag, tag >= 5 ? upright.raster.height() : upright.raster.width(),
                                         tag >= 5 ? upright.raster.width() : upright.raster.height());
    Crossed out = upright;
    const cv::Mat m = upright.raster.pixels;
    switch (tag) {
    case 2: cv::flip(m, out.raster.pixels = cv::Mat(), 1); break;
    case 3: cv::rotate(m, out.raster.pixels = cv::Mat(), cv::ROTATE_180); break;
    case 4: cv::flip(m, out.raster.pixels = cv::Mat(), 0); break;
    case 5: cv::transpose(m, out.raster.pixels = cv::Mat()); break;
    case 6: cv::rotate(m, out.raster.pixels = cv::Mat(), cv::ROTATE_90_COUNTERCLOCKWISE); break;
    case 7: {
        cv::Mat half;
        cv::rotate(m, half, cv::ROTATE_180);
        cv::transpose(half, out.raster.pixels = cv::Mat());
        break;
    }
    case 8: cv::rotate(m, out.raster.pixels = cv::Mat(), cv::ROTATE_90_CLOCKWISE); break;
    default: break;
    }
    for (Point& p : out.crosses) p = way.invert(p);
    return out;
}

/// Two pixels are promised. Measured: 0.09 at worst for grey pages, 0.16 reduced, 0.24 bi-level; a shift by half a pixel fails.
constexpr double kWayBack = 0.4;

TEST(Crosses, LeadBackFromTurnedSkewedAndCroppedPages) {
    int number = 0;
    for (const int tag : {1, 2, 3, 4, 5, 6, 7, 8})
        for (const double angle : {-7.3, 0.0, 2.9}) {
            test::PageSpec spec;
            spec.bed = true;
            spec.angle_deg = angle;
            spec.seed = static_cast<std::uint32_t>(100 + number++);
            spec.script = static_cast<test::Script>(number % 3);
            const Crossed scan = stored_as(with_crosses(test::draw_page(spec), angle), tag);
            EXPECT_LT(worst_way_back(scan.raster, scan.crosses, tag, 1), kWayBack)
                << "tag " << tag << ", " << angle << " degrees";
        }
}

TEST(Crosses, LeadBackFromReducedPages) {
    test::PageSpec spec;
    spec.bed = true;
    spec.angle_deg = 3.1;
    const Crossed scan = with_crosses(test::draw_page(spec), spec.angle_deg);
    for (const double scale : {0.5, 2.0 / 3, 1.5})
        EXPECT_LT(worst_way_back(scan.raster, scan.crosses, 1, 1, scale), kWayBack) << scale;
}

TEST(Crosses, LeadBackFromColourAndBilevelPages) {
    test::PageSpec spec;
    spec.bed = true;
    spec.angle_deg = -2.2;
    Crossed scan = with_crosses(test::draw_page(spec), spec.angle_deg);
    Raster bilevel = scan.raster;
    bilevel.mode = ColourMode::Bilevel;
    bilevel.pixels = scan.raster.pixels > 128;
    EXPECT_LT(worst_way_back(bilevel, scan.crosses, 1, 1), kWayBack);
    Raster colour = scan.raster;
    colour.mode = ColourMode::Colour;
    cv::cvtColor(scan.raster.pixels, colour.pixels = cv::Mat(), cv::COLOR_GRAY2RGB);
    EXPECT_LT(worst_way_back(colour, scan.crosses, 1, 1), kWayBack);
}

TEST(Crosses, LeadBackFromBothHalvesOfASpread) {
    // Two sheets side by side on one bed, each askew by itself.
    test::PageSpec one, two;
    one.bed = two.bed = true;
    one.angle_deg = 1.2;
    two.angle_deg = -0.9;
    two.seed = 2;
    const Crossed left = with_crosses(test::draw_page(one), one.angle_deg),
                  right = with_crosses(test::draw_page(two), two.angle_deg);
    Crossed both = left;
    const int height = std::max(left.raster.height(), right.raster.height());
    both.raster.pixels = cv::Mat(height, left.raster.width() + right.raster.width(), CV_8UC1, cv::Scalar(40));
    left.raster.pixels.copyTo(both.raster.pixels(cv::Rect(0, 0, left.raster.width(), left.raster.height())));
    right.raster.pixels.copyTo(
        both.raster.pixels(cv::Rect(left.raster.width(), 0, right.raster.width(), right.raster.height())));
    for (const Point& p : right.crosses) both.crosses.push_back({p.x + left.raster.width(), p.y});
    EXPECT_LT(worst_way_back(both.raster, both.crosses, 1, 2), kWayBack);
}
} // namespace
} // namespace recto::treat
