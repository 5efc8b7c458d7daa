#include "tests/treatment/hard_pages_support.h"

#include <array>
#include <cmath>
#include <numbers>
#include <random>

#include <opencv2/imgproc.hpp>

namespace recto::test {
namespace {
constexpr int kWidth = 2480, kHeight = 3508; // Drawn at 300 dpi, kept at 150.

class Drawing {
  public:
    explicit Drawing(std::uint32_t seed) : random_(seed), page_(kHeight, kWidth, CV_8UC1, cv::Scalar(236)) {}

    double uniform(double a, double b) { return std::uniform_real_distribution<double>(a, b)(random_); }
    int whole(int a, int b) { return std::uniform_int_distribution<int>(a, b)(random_); }
    void bar(double x, double y, double w, double h, int level = 40) {
        cv::rectangle(page_, cv::Rect2d(x, y, w, h), cv::Scalar(level), cv::FILLED);
    }
    void line(double x0, double y0, double x1, double y1, int thick = 4, int level = 40) {
        cv::line(page_, cv::Point2d(x0, y0), cv::Point2d(x1, y1), cv::Scalar(level), thick, cv::LINE_AA);
    }

    /// A letter of stems and bows in a body of `em`.
    void letter(double x, double y, double em) {
        const double up = uniform(0, 1) < 0.25 ? 0.3 * em : 0, down = uniform(0, 1) < 0.12 ? 0.25 * em : 0;
        bar(x, y - 0.5 * em - up, 0.1 * em, 0.5 * em + up + down);
        bar(x + 0.3 * em, y - 0.5 * em, 0.08 * em, 0.5 * em);
        if (uniform(0, 1) < 0.6) bar(x, y - 0.5 * em, 0.36 * em, 0.08 * em);
        if (uniform(0, 1) < 0.5) bar(x, y - 0.08 * em, 0.36 * em, 0.08 * em);
    }
    /// Words from `x` to `end`, on the baseline `y`.
    void words(double x, double end, double y, double em) {
        while (x + em < end) {
            for (int k = whole(2, 8); k > 0 && x + 0.5 * em < end; --k, x += 0.55 * em) letter(x, y, em);
            x += 0.45 * em;
        }
    }
    void paragraph(double top, int lines, double em = 44, double left = 300, double right = 2180) {
        for (int i = 0; i < lines; ++i)
            words(left + (i % 6 == 0 ? 2 * em : 0), i % 6 == 5 ? uniform(left + 300, right) : right, top + i * 1.6 * em,
                  em);
    }
    /// Loops as of handwriting along a line that leans by `degrees` (> 0: clockwise).
    void hand(double x, double y, double length, double height, double degrees, int thick = 5) {
        const double c = std::cos(degrees * std::numbers::pi / 180), s = std::sin(degrees * std::numbers::pi / 180);
        std::vector<cv::Point> points;
        double phase = 0;
        for (double t = 0; t < length; t += 4) {
            phase += uniform(0.15, 0.45);
            const double u = t + 0.5 * height * std::cos(phase),
                         v = -0.5 * height * std::sin(phase) * uniform(0.7, 1.2);
            points.emplace_back(static_cast<int>(x + c * u - s * v), static_cast<int>(y + s * u + c * v));
        }
        cv::polylines(page_, points, false, cv::Scalar(60), thick, cv::LINE_AA);
    }
    /// Draws `what` on a sheet of its own, leaning by `degrees` about the middle of the page, multiplied onto it.
    template <class F> void leaning(double degrees, F&& what) {
        Drawing other(random_());
        what(other);
        cv::Mat turned;
        const cv::Mat turn = cv::getRotationMatrix2D({kWidth / 2.0F, kHeight / 2.0F}, -degrees, 1);
        cv::warpAffine(other.page_, turned, turn, page_.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar(236));
        cv::min(page_, turned, page_);
    }
    [[nodiscard]] cv::Mat& page() { return page_; }

    /// The page leaning, at 150 dpi, with grain.
    [[nodiscard]] Raster scan(double degrees) {
        cv::Mat soft, out;
        cv::GaussianBlur(page_, soft, {0, 0}, 1.0);
        cv::Mat turn = cv::getRotationMatrix2D({(kWidth - 1) / 2.0F, (kHeight - 1) / 2.0F}, -degrees, 0.5);
        turn.at<double>(0, 2) += (kWidth / 2 - 1) / 2.0 - (kWidth - 1) / 2.0;
        turn.at<double>(1, 2) += (kHeight / 2 - 1) / 2.0 - (kHeight - 1) / 2.0;
        cv::warpAffine(soft, out, turn, {kWidth / 2, kHeight / 2}, cv::INTER_CUBIC, cv::BORDER_CONSTANT,
                       cv::Scalar(236));
        cv::Mat grain(out.size(), CV_16SC1), wide;
        cv::RNG rng(random_());
        rng.fill(grain, cv::RNG::NORMAL, 0, 3);
        out.convertTo(wide, CV_16SC1);
        cv::add(wide, grain, wide);
        wide.convertTo(out, CV_8UC1);
        Raster r;
        r.pixels = out;
        r.mode = ColourMode::Grey;
        r.dpi = {150, 150, DpiSource::File};
        return r;
    }

  private:
    std::mt19937 random_;
    cv::Mat page_;
};

void table(Drawing& d) {
    const int rows = d.whole(12, 30), columns = d.whole(4, 8);
    const double left = 250, right = 2230, top = 400, bottom = 3000, h = (bottom - top) / rows,
                 w = (right - left) / columns;
    d.words(700, 1700, 300, 60);
    for (int r = 0; r <= rows; ++r) d.line(left, top + r * h, right, top + r * h);
    for (int c = 0; c <= columns; ++c) d.line(left + c * w, top, left + c * w, bottom);
    for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; ++c)
            if (d.uniform(0, 1) < 0.4)
                d.words(left + c * w + 20, left + c * w + d.uniform(80, w - 20), top + (r + 0.7) * h, 36);
}

void form(Drawing& d) {
    d.words(800, 1700, 320, 56);
    for (int i = 0; i < 12; ++i) {
        const double y = 600 + 210 * i;
        d.words(280, d.uniform(420, 700), y, 38);
        for (double x = 800; x < 2100; x += 14) d.bar(x, y, 5, 5);
        if (i % 3 == 0) cv::rectangle(d.page(), cv::Rect(1900, static_cast<int>(y) - 60, 60, 60), cv::Scalar(40), 4);
    }
    d.hand(900, 1240, 500, 60, d.uniform(-3, 3));
}

/// Smooth blobs and hard edges in all directions, screened.
void photograph(Drawing& d, bool horizon) {
    cv::Mat picture(kHeight, kWidth, CV_8UC1, cv::Scalar(150));
    for (int i = 0; i < 30; ++i)
        cv::ellipse(picture, {d.whole(0, kWidth), d.whole(0, kHeight)}, {d.whole(60, 500), d.whole(60, 500)},
                    d.uniform(0, 180), 0, 360, cv::Scalar(d.whole(40, 220)), cv::FILLED);
    if (horizon) {
        picture.rowRange(0, kHeight / 2).setTo(190);
        const double lean = d.uniform(4, 12) * (d.uniform(0, 1) < 0.5 ? -1 : 1),
                     rise = kWidth / 2 * std::tan(lean * std::numbers::pi / 180);
        const std::array<cv::Point, 4> land{cv::Point(0, static_cast<int>(1700 - rise)),
                                            {kWidth, static_cast<int>(1700 + rise)},
                                            {kWidth, kHeight},
                                            {0, kHeight}};
        cv::fillConvexPoly(picture, land.data(), 4, cv::Scalar(70));
    }
    cv::GaussianBlur(picture, picture, {0, 0}, 6);
    const double pitch = 12;
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x) {
            const double u = (x + y) * std::numbers::pi / pitch / std::numbers::sqrt2,
                         v = (x - y) * std::numbers::pi / pitch / std::numbers::sqrt2;
            const double screen = 128 + 100 * std::sin(u) * std::sin(v);
            const bool inside = x > 200 && y > 300 && x < kWidth - 200 && y < kHeight - 300;
            if (inside) d.page().at<std::uint8_t>(y, x) = picture.at<std::uint8_t>(y, x) > screen ? 225 : 45;
        }
}

void dot_leaders(Drawing& d) {
    d.words(900, 1500, 350, 60);
    for (int i = 0; i < 30; ++i) {
        const double y = 600 + 85 * i;
        const double end = d.uniform(500, 1300);
        d.words(280, end, y, 40);
        for (double x = end + 30; x < 2050; x += 22) d.bar(x, y - 6, 6, 6);
        d.words(2080, 2180, y, 40);
    }
}

void staves(Drawing& d) {
    for (int s = 0; s < 9; ++s) {
        const double top = 350 + 320 * s;
        for (int k = 0; k < 5; ++k) d.line(220, top + 24 * k, 2260, top + 24 * k, 3);
        for (double x = 330; x < 2200; x += d.uniform(50, 110)) {
            const double y = top + 12 * d.whole(0, 8);
            cv::ellipse(d.page(), cv::Point2d(x, y), {15, 11}, -20, 0, 360, cv::Scalar(40), cv::FILLED, cv::LINE_AA);
            d.line(x + 14, y, x + 14, y - 80);
        }
        // Slurs and beams lean.
        for (int k = 0; k < 4; ++k) {
            const double x = d.uniform(300, 1900), y = top - 40;
            d.line(x, y, x + 200, y + d.uniform(-30, 30), 10);
        }
    }
}

void graph_paper(Drawing& d) {
    for (double x = 120; x < kWidth - 100; x += 59) d.line(x, 120, x, kHeight - 120, 2, 130);
    for (double y = 120; y < kHeight - 100; y += 59) d.line(120, y, kWidth - 120, y, 2, 130);
    double y = d.uniform(1000, 2500);
    for (double x = 120; x < 2300; x += 40) {
        const double next = y + d.uniform(-60, 70);
        d.line(x, y, x + 40, next, 6);
        y = next;
    }
}

void hatching(Drawing& d) {
    const double lean = 10 * (d.uniform(0, 1) < 0.5 ? -1 : 1), rise = std::tan(lean * std::numbers::pi / 180);
    for (int k = 0; k < 4; ++k) {
        const cv::Rect r(d.whole(200, 1000), 300 + 760 * k, d.whole(600, 1200), d.whole(400, 650));
        cv::rectangle(d.page(), r, cv::Scalar(40), 6);
        for (double y = r.y - std::abs(rise) * r.width; y < r.y + r.height + std::abs(rise) * r.width; y += 26) {
            cv::Point a(r.x, static_cast<int>(y)), b(r.x + r.width, static_cast<int>(y + rise * r.width));
            if (cv::clipLine(r, a, b)) d.line(a.x, a.y, b.x, b.y, 3, 80);
        }
    }
}
} // namespace

std::string to_string(HardPage kind) {
    static constexpr std::array<const char*, kHardPages> kNames{
        "table",     "form",        "three lines", "photograph",  "tilted horizon", "stamp",   "signature",
        "watermark", "dot leaders", "staves",      "graph paper", "hatching",       "columns", "slanted hand"};
    return kNames.at(static_cast<std::size_t>(kind));
}

Raster draw_hard_page(HardPage kind, double angle_deg, std::uint32_t seed) {
    Drawing d(seed);
    const auto either = [&](double a, double b) { return d.uniform(a, b) * (d.uniform(0, 1) < 0.5 ? -1 : 1); };
    switch (kind) {
    case HardPage::Table: table(d); break;
    case HardPage::Form: form(d); break;
    case HardPage::ThreeLines: d.paragraph(d.uniform(500, 2500), 3, d.uniform(40, 60)); break;
    case HardPage::Photograph: photograph(d, false); break;
    case HardPage::TiltedHorizon: photograph(d, true); break;
    case HardPage::Stamp:
        d.paragraph(400, d.whole(14, 36));
        d.leaning(either(8, 30), [&](Drawing& stamp) {
            cv::rectangle(stamp.page(), cv::Rect(900, 1500, 900, 420), cv::Scalar(50), 14);
            for (int k = 0; k < 3; ++k) stamp.words(950, 1750, 1630 + 110 * k, 90);
        });
        break;
    case HardPage::Signature:
        d.paragraph(500, d.whole(5, 10));
        d.hand(900, 2300, 1100, 260, -d.uniform(6, 14), 9);
        d.line(900, 2440, 2000, 2440 - 1100 * std::tan(d.uniform(4, 12) * std::numbers::pi / 180), 8);
        break;
    case HardPage::Watermark:
        d.leaning(either(35, 55), [](Drawing& mark) {
            for (int k = 0; k < 9; ++k)
                mark.bar(200 + 260 * k, 1600, 70, 380, 190), mark.bar(200 + 260 * k, 1600, 200, 70, 190);
        });
        d.paragraph(400, d.whole(10, 36));
        break;
    case HardPage::DotLeaders: dot_leaders(d); break;
    case HardPage::Staves: staves(d); break;
    case HardPage::GraphPaper: graph_paper(d); break;
    case HardPage::Hatching: hatching(d); break;
    case HardPage::Columns:
        d.paragraph(400, 36, 40, 240, 1180);
        d.paragraph(400 + d.uniform(15, 50), 36, 40, 1300, 2240);
        break;
    case HardPage::SlantedHand: {
        d.paragraph(400, 8);
        const double climb = -d.uniform(3, 6);
        for (int k = 0; k < 5; ++k) d.hand(350, 1600 + 220 * k, 1600, 110, climb + d.uniform(-0.7, 0.7));
        break;
    }
    }
    return d.scan(angle_deg);
}

} // namespace recto::test
