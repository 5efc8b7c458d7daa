// Two pages on one image are divided at their gutter, wherever it lies; one page stays one.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "stages/treatment/treatment.h"

namespace recto::treat {
namespace {

constexpr int kSpreadWidth = 2480, kSpreadHeight = 1754; // A3 across, 150 dpi

class Spread {
  public:
    explicit Spread(std::uint64_t seed) : rng(seed), image(kSpreadHeight, kSpreadWidth, CV_8UC1, cv::Scalar(233)) {}

    void words(int x0, int x1, int y, int height = 12) {
        for (int x = x0; x < x1;) {
            const int length = std::min(x1 - x, rng.uniform(24, 120));
            for (int k = x; k + 6 < x + length; k += 9)
                cv::rectangle(image, cv::Rect(k, y - (rng.uniform(0, 4) == 0 ? 4 : 0), 5, height), cv::Scalar(50),
                              cv::FILLED);
            x += length + 16;
        }
    }
    void column(int x0, int x1, int y0 = 200, int y1 = 1560) {
        for (int y = y0; y < y1; y += 34) words(x0, rng.uniform(0, 6) == 0 ? x0 + (x1 - x0) / 2 : x1, y);
    }
    /// A valley of shadow, `depth` levels dark at its line, `reach` pixels wide to each side.
    void shadow(double at, double depth, double reach, double lean = 0) {
        for (int y = 0; y < image.rows; ++y)
            for (int x = 0; x < image.cols; ++x) {
                const double d = std::abs(x - at - lean * (y - image.rows / 2)) / reach;
                auto& v = image.at<std::uint8_t>(y, x);
                if (d < 1) v = cv::saturate_cast<std::uint8_t>(v - depth * (1 - d) * (1 - d));
            }
    }
    [[nodiscard]] Raster scan() {
        Raster r;
        cv::GaussianBlur(image, image, {0, 0}, 0.6);
        cv::Mat noise(image.size(), CV_16SC1), wide;
        rng.fill(noise, cv::RNG::NORMAL, 0, 3);
        image.convertTo(wide, CV_16SC1);
        cv::add(wide, noise, wide);
        wide.convertTo(r.pixels, CV_8UC1);
        r.mode = ColourMode::Grey;
        r.dpi = {150, 150, DpiSource::File};
        return r;
    }
    cv::RNG rng;
    cv::Mat image;
};

ImageTreatment treat_spread(const Raster& raster) {
    Options options;
    options.orient = options.separators = false;
    ImageInfo info;
    info.width = raster.width(), info.height = raster.height();
    return treat_image(raster, info, options, nullptr);
}

bool asks(const ImageTreatment& t) {
    return std::any_of(t.findings.begin(), t.findings.end(),
                       [](const Finding& f) { return f.code == "treat.split_unsure"; });
}

// By the gutter, not by half.
TEST(Split, SpreadsAreDividedAtTheirGutter) {
    double worst = 0;
    for (const double at : {0.42, 0.46, 0.5, 0.53, 0.58})
        for (const double depth : {30.0, 90.0}) {
            Spread s(static_cast<std::uint64_t>(at * 1000 + depth));
            const int gutter = static_cast<int>(at * kSpreadWidth);
            s.column(180, gutter - 130);
            s.column(gutter + 130, kSpreadWidth - 180);
            s.shadow(gutter, depth, 90);
            const ImageTreatment t = treat_spread(s.scan());
            ASSERT_EQ(t.pages.size(), 2U) << at << " depth " << depth;
            const double found = (t.pages[0].quad[1].x + t.pages[1].quad[0].x) / 2;
            worst = std::max(worst, std::abs(found - gutter));
            EXPECT_NEAR(found, gutter, 12) << at << " depth " << depth; // 2 mm
            EXPECT_EQ(t.pages[0].split, "left");
            EXPECT_EQ(t.pages[1].split, "right");
        }
    std::printf("gutters: worst %.1f pixels at 150 dpi\n", worst);
}

TEST(Split, ASpreadWithPicturesOnOneSide) {
    Spread s(5);
    s.column(180, 1080);
    cv::rectangle(s.image, cv::Rect(1450, 250, 800, 1200), cv::Scalar(120), cv::FILLED);
    s.shadow(1250, 60, 80);
    EXPECT_EQ(treat_spread(s.scan()).pages.size(), 2U);
}

TEST(Split, AnOverlappingSheetsEdge) { // the right sheet lies upon the left one: a line and its shadow to one side
    Spread s(6);
    s.column(160, 1120);
    s.column(1380, 2300);
    for (int y = 0; y < kSpreadHeight; ++y) {
        for (int k = 0; k < 3; ++k) s.image.at<std::uint8_t>(y, 1240 + k) = 90;
        for (int k = 1; k < 30; ++k)
            s.image.at<std::uint8_t>(y, 1240 - k) = static_cast<std::uint8_t>(233 - 60 * std::exp(-k / 8.0));
    }
    const ImageTreatment t = treat_spread(s.scan());
    ASSERT_EQ(t.pages.size(), 2U);
    EXPECT_NEAR(t.pages[0].quad[1].x, 1240, 12);
}

TEST(Split, ALetterFoldedInTheMiddleOfFourPages) { // a faint fold, print on both sides of it
    Spread s(7);
    s.column(200, 1130);
    s.column(1350, 2290);
    s.shadow(1242, 22, 14);
    const ImageTreatment t = treat_spread(s.scan());
    EXPECT_TRUE(t.pages.size() == 2 || asks(t)) << "neither divided nor asked about";
    if (t.pages.size() == 2) { EXPECT_NEAR(t.pages[0].quad[1].x, 1242, 12); }
}

struct Whole {
    const char* name;
    std::function<void(Spread&)> draw;
};

TEST(Split, OnePageStaysOne) {
    const std::vector<Whole> pages{
        {"text across", [](Spread& s) { s.column(200, 2280); }},
        {"wide table",
         [](Spread& s) {
             for (int y = 250; y <= 1550; y += 65) cv::line(s.image, {180, y}, {2300, y}, cv::Scalar(50), 3);
             for (int x = 180; x <= 2300; x += 265) cv::line(s.image, {x, 250}, {x, 1550}, cv::Scalar(50), 3);
             for (int y = 270; y < 1540; y += 65)
                 for (int x = 195; x < 2250; x += 265)
                     if (s.rng.uniform(0, 3) != 0) s.words(x, x + 180, y + 15);
         }},
        {"table without rules across",
         [](Spread& s) {
             for (int x = 180; x <= 2300; x += 530) cv::line(s.image, {x, 250}, {x, 1550}, cv::Scalar(50), 3);
             for (int y = 270; y < 1540; y += 40)
                 for (int x = 195; x < 2000; x += 530) s.words(x, x + s.rng.uniform(150, 480), y + 10);
             s.words(600, 1900, 150, 24);
         }},
        {"table with a rule in the middle",
         [](Spread& s) {
             for (int y = 250; y <= 1550; y += 65) cv::line(s.image, {180, y}, {2300, y}, cv::Scalar(50), 2);
             cv::line(s.image, {1240, 250}, {1240, 1550}, cv::Scalar(50), 6);
             for (int y = 270; y < 1540; y += 65) s.words(200, 1000, y + 15), s.words(1260, 2000, y + 15);
         }},
        {"two columns, heading across",
         [](Spread& s) {
             s.words(500, 2000, 130, 30);
             s.column(200, 1190), s.column(1290, 2280);
         }},
        {"three columns", [](Spread& s) { s.column(150, 820), s.column(890, 1590), s.column(1660, 2330); }},
        {"drawing",
         [](Spread& s) {
             cv::rectangle(s.image, cv::Rect(200, 200, 2080, 1350), cv::Scalar(50), 4);
             for (int k = 0; k < 40; ++k)
                 cv::line(s.image, {s.rng.uniform(200, 2280), s.rng.uniform(200, 1550)},
                          {s.rng.uniform(200, 2280), s.rng.uniform(200, 1550)}, cv::Scalar(60), 3);
         }},
        {"a fold through the lines", [](Spread& s) { s.column(200, 2280), s.shadow(1240, 25, 12); }},
        {"photograph",
         [](Spread& s) {
             for (int k = 0; k < 60; ++k)
                 cv::ellipse(s.image, {s.rng.uniform(0, 2480), s.rng.uniform(0, 1754)},
                             {s.rng.uniform(60, 400), s.rng.uniform(60, 400)}, 0, 0, 360,
                             cv::Scalar(s.rng.uniform(40, 220)), cv::FILLED);
         }},
        {"blank", [](Spread&) {}},
    };
    for (const Whole& page : pages)
        for (const std::uint64_t seed : {11U, 12U, 13U}) {
            Spread s(seed);
            page.draw(s);
            EXPECT_EQ(treat_spread(s.scan()).pages.size(), 1U) << page.name << " " << seed;
        }
}

} // namespace
} // namespace recto::treat
