/// Ink that is in no line, on drawn pages: what is writing is found, what is none is not.

#include "stages/reading/unread_ink.h"

#include <gmock/gmock.h>
#include <opencv2/imgproc.hpp>

namespace recto::reading {
namespace {

cv::Mat bare_sheet() { return {2200, 1600, CV_8UC1, cv::Scalar(230)}; }

/// A scrawl as of a signature, 400 by some 100 pixels.
void sign(cv::Mat& page, int x, int y, int ink = 40) {
    std::vector<cv::Point> stroke;
    for (int i = 0; i <= 200; ++i)
        stroke.emplace_back(x + 2 * i, y + cvRound(50 * std::sin(i * 0.25) * (0.5 + 0.5 * std::sin(i * 0.04))));
    cv::polylines(page, stroke, false, cv::Scalar(ink), 5, cv::LINE_AA);
}

TEST(UnreadInk, WritingThatIsInNoLineIsFoundAndWhatWasReadIsNot) {
    cv::Mat page = bare_sheet();
    sign(page, 300, 500);
    sign(page, 700, 1500);
    const auto both = find_unread_ink(page, {44, 190}, {});
    ASSERT_EQ(both.size(), 2U);
    EXPECT_NEAR(both[0].x, 300, 12);
    EXPECT_NEAR(both[0].width, 400, 24);
    EXPECT_NEAR(both[0].y + both[0].height / 2, 500, 20);
    const auto left = find_unread_ink(page, {44, 190}, {{280, 430, 450, 140}});
    ASSERT_EQ(left.size(), 1U);
    EXPECT_NEAR(left[0].y + left[0].height / 2, 1500, 20);
}

TEST(UnreadInk, ALineTakesUpItsRegionAcrossAndWhatWasReadOfItAlong) {
    TextLine line; // faint: only some rows were told from the paper
    line.box = {310, 1030, 900, 17};
    const Box region{300, 1005, 1700, 60};
    const Box level = read_part(line, region);
    EXPECT_EQ(level.x, 310);
    EXPECT_EQ(level.width, 900) << "the rest may be another line's";
    EXPECT_EQ(level.y, 1005);
    EXPECT_EQ(level.height, 60);
    line.vertical = true;
    line.box = {1030, 310, 17, 900};
    const Box column = read_part(line, {1005, 300, 60, 1700});
    EXPECT_EQ(column.x, 1005);
    EXPECT_EQ(column.width, 60);
    EXPECT_EQ(column.y, 310);
    EXPECT_EQ(column.height, 900);
}

TEST(UnreadInk, APageNumberIsFound) {
    for (const double angle : {0.0, 1.0}) {
        cv::Mat page = bare_sheet();
        cv::putText(page, "7", {790, 2030}, cv::FONT_HERSHEY_SIMPLEX, 1.2, cv::Scalar(40), 2, cv::LINE_AA);
        for (const int x : {725, 832})
            cv::line(page, {x, 2017}, cv::Point(x + 40, cvRound(2017 + angle)), cv::Scalar(40), 2, cv::LINE_AA);
        const auto found = find_unread_ink(page, {48, 190}, {});
        ASSERT_EQ(found.size(), 1U) << angle;
        EXPECT_NEAR(found[0].x, 725, 12);
        EXPECT_NEAR(found[0].x + found[0].width, 872, 12);
    }
    // Two dashes, or dots, are no number.
    cv::Mat page = bare_sheet();
    for (const int x : {725, 832}) cv::line(page, {x, 2017}, {x + 40, 2017}, cv::Scalar(40), 2, cv::LINE_AA);
    for (const int x : {300, 340, 380, 420}) cv::circle(page, {x, 1000}, 3, cv::Scalar(40), cv::FILLED);
    EXPECT_TRUE(find_unread_ink(page, {48, 190}, {}).empty());
}

TEST(UnreadInk, WhatIsNoWritingIsNotFound) {
    cv::Mat page = bare_sheet();
    cv::line(page, {100, 300}, {1500, 303}, cv::Scalar(40), 4);            // a rule
    cv::rectangle(page, {200, 600, 300, 200}, cv::Scalar(60), cv::FILLED); // a blot
    cv::circle(page, {80, 1000}, 40, cv::Scalar(20), cv::FILLED);          // a punch hole
    cv::rectangle(page, {0, 0, 30, 2200}, cv::Scalar(10), cv::FILLED);     // the bed
    cv::RNG rng(7);
    for (int i = 0; i < 4000; ++i) // dust
        cv::circle(page, {rng.uniform(0, 1600), rng.uniform(0, 2200)}, 1, cv::Scalar(70), cv::FILLED);
    EXPECT_TRUE(find_unread_ink(page, {44, 190}, {}).empty());
}

TEST(UnreadInk, WhatShinesThroughIsNotFoundWherePrintIsMuchDarker) {
    cv::Mat page = bare_sheet();
    sign(page, 300, 500, 185);
    EXPECT_TRUE(find_unread_ink(page, {44, 190}, {}).empty());
    EXPECT_EQ(find_unread_ink(page, {44, 0}, {}).size(), 1U) << "pencil on a page without print";
}

TEST(UnreadInk, PicturesOfAnySizeAreSurvived) {
    EXPECT_TRUE(find_unread_ink(cv::Mat(1, 1, CV_8UC1, cv::Scalar(0)), {}, {}).empty());
    EXPECT_TRUE(find_unread_ink(cv::Mat(30, 9000, CV_8UC1, cv::Scalar(0)), {44, 0}, {}).empty());
    cv::Mat noise(1200, 900, CV_8UC1);
    cv::randu(noise, 0, 255);
    EXPECT_LE(find_unread_ink(noise, {44, 0}, {{-100, -100, 50, 50}, {800, 1100, 900, 900}}).size(), 60U);
}

TEST(UnreadInk, WindowsShowAllPlacesAndStayOnThePage) {
    const std::vector<Box> places = {{10, 20, 100, 40}, {60, 40, 30, 10}, {700, 500, 900, 60}, {1500, 2150, 90, 40}};
    const auto windows = windows_over(places, {640, 320}, 20, {1600, 2200});
    EXPECT_LE(windows.size(), 5U) << "the second place lies in the first one's window";
    cv::Mat shown = cv::Mat::zeros(2200, 1600, CV_8UC1);
    for (const cv::Rect& w : windows) {
        EXPECT_EQ(w & cv::Rect(0, 0, 1600, 2200), w);
        EXPECT_EQ(w.size(), cv::Size(640, 320)) << "one size";
        shown(w).setTo(1);
    }
    for (const Box& p : places) {
        const cv::Rect place(static_cast<int>(p.x), static_cast<int>(p.y), static_cast<int>(p.width),
                             static_cast<int>(p.height));
        EXPECT_EQ(cv::countNonZero(shown(place)), place.area());
    }
    EXPECT_EQ(windows_over({{0, 0, 50, 50}}, {640, 320}, 20, {300, 200})[0], cv::Rect(0, 0, 300, 200));
}

} // namespace
} // namespace recto::reading
