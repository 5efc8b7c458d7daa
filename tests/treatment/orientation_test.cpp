// Which way up: real pages in their four turns, what is no print, and what is done with two opinions.

#include "stages/treatment/orient.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/files/decode.h"
#include "stages/treatment/analysis.h"
#include "stages/treatment/deskew.h"
#include "stages/treatment/treatment.h"
#include "tests/treatment/pages_support.h"
#include "tests/treatment/worn_page.h"

namespace recto::treat {
namespace {
struct Counts {
    int all = 0, right = 0, sure = 0, sure_wrong = 0;
};

/// The cheap test on a grey page in its four turns; `upright`: the turn that sets it upright as it lies.
void judge_turns(const Raster& raster, int upright, Counts& counts) {
    const Analysis a = analyse(raster, 1);
    for (int q = 0; q < 4; ++q) {
        const cv::Mat ink = normalised_ink(turned(a.ink, q));
        const SkewEstimate skew = estimate_skew(ink, 15);
        const Orientation o = estimate_orientation(ink, skew.angle_deg);
        const bool right = o.turn_deg == (upright + 360 - 90 * q) % 360, sure = o.confidence >= kSureOrientation;
        ++counts.all;
        counts.right += right;
        counts.sure += sure;
        counts.sure_wrong += sure && !right;
    }
}

Counts judge_set(const std::string& set, const std::string& ending, std::size_t every = 1) {
    Counts counts;
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(test::shared_data(set)))
        if (entry.path().string().ends_with(ending)) files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    for (std::size_t i = 0; i < files.size(); i += every)
        if (const auto raster = decode_here(files[i], 0)) judge_turns(*raster, 0, counts);
    return counts;
}

#define NEEDS_SHARED(folder)                                                                                           \
    if (test::shared_data(folder).empty()) GTEST_SKIP() << "shared data absent: " << (folder)

Orientation says(int turn_deg, double confidence) {
    Orientation o;
    o.turn_deg = turn_deg;
    o.confidence = confidence;
    for (double& s : o.scores) s = (1 - confidence) / 4;
    o.scores[turn_deg / 90] += confidence;
    o.witnesses = 50;
    return o;
}

// An upright page is left without a question; a turn needs a sure test, or two opinions; what speaks for a turn and is not
// followed is said.
TEST(OrientationDecision, OfTwoOpinions) {
    EXPECT_FALSE(needs_second_opinion(says(0, 0.31)));
    EXPECT_TRUE(needs_second_opinion(says(0, 0.2)));
    EXPECT_TRUE(needs_second_opinion(says(180, 0.35)));
    EXPECT_FALSE(needs_second_opinion(says(180, 0.9)));

    const auto decided = [](const Orientation& cheap, const Orientation& second) { return decide_turn(cheap, second); };
    const Orientation silent;
    EXPECT_EQ(decided(says(90, 0.9), silent).turn_deg, 90);
    EXPECT_FALSE(decided(says(90, 0.9), silent).unsure);
    // Upright by our test: no second opinion turns it.
    EXPECT_EQ(decided(says(0, 0.35), says(180, 0.99)).turn_deg, 0);
    EXPECT_EQ(decided(says(0, 0.2), says(180, 0.99)).turn_deg, 0);
    EXPECT_TRUE(decided(says(0, 0.2), says(180, 0.99)).unsure);
    // Two that agree are enough, two weak ones are not.
    EXPECT_EQ(decided(says(270, 0.3), says(270, 0.6)).turn_deg, 270);
    EXPECT_EQ(decided(says(270, 0.2), says(270, 0.2)).turn_deg, 0);
    EXPECT_TRUE(decided(says(270, 0.2), says(270, 0.2)).unsure);
    // They contradict each other: left, and said.
    EXPECT_EQ(decided(says(90, 0.35), says(270, 0.9)).turn_deg, 0);
    EXPECT_TRUE(decided(says(90, 0.35), says(270, 0.9)).unsure);
    EXPECT_EQ(decided(says(270, 0.1), says(270, 0.9)).turn_deg, 0); // ours is a guess
    // Tesseract alone turns nothing.
    EXPECT_EQ(decided(silent, says(180, 0.99)).turn_deg, 0);
    EXPECT_TRUE(decided(silent, says(180, 0.99)).unsure);
    // Nothing at all: a page without print is no matter for a person.
    EXPECT_FALSE(decided(silent, silent).unsure);
}

// What is in doubt is settled by reading: alone where it is clear, with the cheap test where two quarter turns read alike.
TEST(OrientationDecision, ByReading) {
    const Orientation silent;
    const auto turn = [](const Orientation& cheap, const Orientation& read) {
        return decide_by_reading(cheap, read).value();
    };
    EXPECT_EQ(turn(says(180, 0.3), says(180, 0.9)).turn_deg, 180);
    EXPECT_FALSE(turn(says(180, 0.3), says(180, 0.9)).unsure);
    EXPECT_EQ(turn(says(180, 0.3), says(0, 0.9)).turn_deg, 0);
    EXPECT_FALSE(turn(says(180, 0.3), says(0, 0.9)).unsure);
    EXPECT_EQ(turn(silent, says(90, 0.9)).turn_deg, 90);
    // Nothing reads: others are asked.
    EXPECT_FALSE(decide_by_reading(says(180, 0.3), silent).has_value());
    // Chinese print reads alike in two directions: the cheap test tells which, and is not followed where it names another one.
    Orientation two;
    two.witnesses = 60;
    two.scores[2] = two.scores[1] = 0.48;
    EXPECT_EQ(turn(says(180, 0.3), two).turn_deg, 180);
    EXPECT_EQ(turn(says(90, 0.3), two).turn_deg, 90);
    EXPECT_EQ(turn(says(270, 0.3), two).turn_deg, 0);
    EXPECT_TRUE(turn(says(270, 0.3), two).unsure);
    EXPECT_EQ(turn(says(180, 0), two).turn_deg, 0); // the cheap test saw nothing
    EXPECT_TRUE(turn(says(180, 0), two).unsure);
    two.witnesses = 3;
    EXPECT_FALSE(decide_by_reading(says(180, 0.3), two).has_value()); // a few characters are chance
}

/// Tesseract sees it on its head, as it does broken print, and is sure.
class WrongAndSure final : public OrientationProbe {
  public:
    explicit WrongAndSure(Orientation read) : read_(read) {}
    Orientation probe(const cv::Mat& /*grey*/, double /*dpi*/) override {
        ++asked;
        return says(180, 0.99);
    }
    Orientation read(const cv::Mat& /*grey*/) override { return read_; }
    int asked = 0;

  private:
    Orientation read_;
};

// Strokes so broken that the cheap test knows nothing: what can be read settles it and Tesseract is not asked; where nothing can
// be read the page stays as it lies, and a person is told.
TEST(OrientationDecision, BrokenPrintIsNotTurnedByTesseractAlone) {
    cv::RNG random(7);
    cv::Mat page(1754, 1240, CV_8UC1, cv::Scalar(255));
    for (int i = 0; i < 4000; ++i)
        cv::circle(page, {random.uniform(100, 1140), random.uniform(100, 1654)}, random.uniform(1, 4), cv::Scalar(0),
                   cv::FILLED);
    Raster raster;
    raster.pixels = page;
    raster.dpi = {150, 150, DpiSource::File};
    ImageInfo info;
    info.width = page.cols, info.height = page.rows;

    WrongAndSure unread{Orientation{}};
    ImageTreatment t = treat_image(raster, info, {}, &unread);
    ASSERT_EQ(t.pages.size(), 1U);
    EXPECT_EQ(unread.asked, 1);
    EXPECT_EQ(t.pages[0].orientation_deg, 0);
    EXPECT_TRUE(std::ranges::any_of(t.pages[0].findings,
                                    [](const Finding& f) { return f.code == "treat.orientation_unsure"; }));

    WrongAndSure upright{says(0, 0.95)};
    t = treat_image(raster, info, {}, &upright);
    ASSERT_EQ(t.pages.size(), 1U);
    EXPECT_EQ(upright.asked, 0);
    EXPECT_EQ(t.pages[0].orientation_deg, 0);
    EXPECT_FALSE(std::ranges::any_of(t.pages[0].findings,
                                     [](const Finding& f) { return f.code == "treat.orientation_unsure"; }));
}

// Grain, specks, rules and scribbles are no print: nothing may be turned by them.
TEST(Orientation, WhatIsNoPrintTurnsNothing) {
    cv::RNG random(5);
    cv::Mat grain(1600, 1200, CV_8UC1), specks(1600, 1200, CV_8UC1, cv::Scalar(0)),
        rules = specks.clone(), scribble = specks.clone(), dots = specks.clone();
    random.fill(grain, cv::RNG::NORMAL, 20, 60);
    for (int i = 0; i < 3000; ++i)
        cv::circle(specks, {random.uniform(0, 1200), random.uniform(0, 1600)}, random.uniform(0, 4), cv::Scalar(200),
                   cv::FILLED);
    for (int i = 0; i < 30; ++i) {
        cv::line(rules, {100, 50 * i + 40}, {1100, 50 * i + 40}, cv::Scalar(200), 2);
        cv::line(rules, {100 + 33 * i, 40}, {100 + 33 * i, 1490}, cv::Scalar(200), 2);
    }
    for (int i = 0; i < 200; ++i) {
        const cv::Point at(random.uniform(50, 1150), random.uniform(50, 1550));
        cv::ellipse(scribble, at, {random.uniform(5, 30), random.uniform(5, 30)}, random.uniform(0, 360), 0,
                    random.uniform(90, 360), cv::Scalar(200), 2);
    }
    for (int y = 10; y < 1590; y += 16) // a screened picture
        for (int x = 10; x < 1190; x += 16) cv::circle(dots, {x, y}, 3 + (x * y) % 4, cv::Scalar(200), cv::FILLED);
    int i = 0;
    for (const cv::Mat& ink : {grain, specks, rules, scribble, dots, cv::Mat(cv::Mat::zeros(900, 700, CV_8UC1))}) {
        const Orientation o = estimate_orientation(ink, 0);
        EXPECT_LT(o.confidence, kSureOrientation) << i << ": " << o.turn_deg;
        ++i;
    }
    EXPECT_EQ(estimate_orientation(cv::Mat::zeros(3, 3, CV_8UC1), 0).witnesses, 0);
}

struct Floor {
    const char* set;
    const char* ending;
    std::size_t every; ///< Every so many of its pages.
    int right, sure;   ///< At least, of all turned pages.
};

class RealPages : public ::testing::TestWithParam<Floor> {};

// Measured: all right in their four turns; the floors leave one or two that are near the line. A sure answer is never wrong.
TEST_P(RealPages, ComeOutUpright) {
    const Floor& floor = GetParam();
    NEEDS_SHARED(floor.set);
    const Counts c = judge_set(floor.set, floor.ending, floor.every);
    EXPECT_GE(c.right, floor.right) << "of " << c.all;
    EXPECT_GE(c.sure, floor.sure) << "of " << c.all;
    EXPECT_EQ(c.sure_wrong, 0);
}

INSTANTIATE_TEST_SUITE_P(Orientation, RealPages,
                         ::testing::Values(Floor{"ehri_en_a", ".jpg", 2, 28, 28},
                                           Floor{"oldbooks_a", ".tiff", 3, 19, 17},
                                           Floor{"grenzboten_de", ".tif", 2, 20, 18},
                                           Floor{"guji_a", ".png", 2, 35, 33}, Floor{"sroie_a", ".jpg", 2, 38, 28},
                                           Floor{"cnocr", "cn1.png", 1, 4, 4}, Floor{"cnocr", "fanti.jpg", 1, 4, 4}),
                         [](const auto& info) { return info.param.set + std::to_string(info.index); });

// Receipts smaller, larger, softer and with grain, of which a part is left: sure answers are never wrong, so that no upright one is
// turned. Measured: 24 of 24 turns right, 21 sure.
TEST(Orientation, WornReceiptsAreNeverSureAndWrong) {
    NEEDS_SHARED("sroie_a");
    cv::RNG random(8);
    Counts counts;
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(test::shared_data("sroie_a")))
        if (entry.path().string().ends_with(".jpg")) files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    for (std::size_t i = 1; i < files.size(); i += 3) {
        auto raster = decode_here(files[i], 0);
        ASSERT_TRUE(raster) << files[i];
        const double scale = std::min(random.uniform(0.5, 1.3), 1600.0 / std::max(raster->width(), raster->height()));
        const double kept = random.uniform(0.4, 1.0), blur = random.uniform(0.3, 1.0),
                     grain = random.uniform(1.0, 10.0);
        raster->pixels = test::worn(raster->pixels, {scale, kept, blur, grain}, random);
        judge_turns(*raster, 0, counts);
    }
    EXPECT_EQ(counts.sure_wrong, 0);
    std::printf("worn receipts: %d turns, %d right, %d sure\n", counts.all, counts.right, counts.sure);
    EXPECT_GE(counts.right, counts.all * 5 / 6);
}

TEST(Orientation, TurnedOriginals) {
    NEEDS_SHARED("orient_tesseractjs");
    Counts c;
    for (const auto& [name, upright] : std::map<std::string, int>{
             {"simple.jpg", 0}, {"simple-90.jpg", 90}, {"simple-180.jpg", 180}, {"simple-270.jpg", 270}}) {
        const auto raster = decode_here(test::shared_data("orient_tesseractjs/" + name), 0);
        ASSERT_TRUE(raster) << name;
        judge_turns(*raster, upright, c);
    }
    EXPECT_EQ(c.right, 16); // by eleven letters
    EXPECT_EQ(c.sure_wrong, 0);
    NEEDS_SHARED("ocrmypdf");
    for (int page = 0; page < 4; ++page) {
        const auto raster = decode_here(test::shared_data("ocrmypdf/cardinal.pdf"), page);
        ASSERT_TRUE(raster) << page;
        judge_turns(*raster, (360 - 90 * page) % 360, c);
    }
    EXPECT_EQ(c.right, 32);
    EXPECT_EQ(c.sure_wrong, 0);
}
} // namespace
} // namespace recto::treat
