/// Salt over a page: told from print of any size, and taken out without the print.

#include "stages/reading/salt.h"

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace recto::reading {
namespace {

/// Lines of print with i, full stops and colons on grainy paper.
cv::Mat page_of_print(double scale, int stroke) {
    cv::Mat page(1600, 1200, CV_8UC1);
    cv::RNG(7).fill(page, cv::RNG::NORMAL, 230, 4);
    const int pitch = cvRound(60 * scale);
    for (int y = 100; y < page.rows - 60; y += pitch)
        cv::putText(page, "minimum: it is in this list. i.i:i.i;", {60, y}, cv::FONT_HERSHEY_SIMPLEX, scale,
                    cv::Scalar(40), stroke, cv::LINE_AA);
    return page;
}

/// Every `one_in`th pixel by chance, half of them black and half white.
cv::Mat salted(const cv::Mat& page, double share, unsigned seed = 3) {
    cv::Mat out = page.clone(), dice(page.size(), CV_32FC1);
    cv::RNG(seed).fill(dice, cv::RNG::UNIFORM, 0, 1);
    out.setTo(0, dice < share / 2);
    out.setTo(255, dice > 1 - share / 2);
    return out;
}

/// The same after the page was turned and drawn anew, which spreads each dot.
cv::Mat turned(const cv::Mat& page) {
    cv::Mat out;
    cv::warpAffine(page, out, cv::getRotationMatrix2D({600, 800}, 1.7, 1), page.size(), cv::INTER_CUBIC,
                   cv::BORDER_REPLICATE);
    return out;
}

double dark(const cv::Mat& page) { return cv::countNonZero(page < 120); }

TEST(Salt, IsFoundFromAFewDotsALetterOn) {
    const cv::Mat print = page_of_print(1.5, 4); // letters of some 33 pixels
    for (const double share : {0.003, 0.01, 0.03}) {
        const double straight = salt_density(salted(print, share));
        EXPECT_GT(straight, 0.25 * share) << share;
        EXPECT_LT(straight, 0.6 * share) << share;
        EXPECT_TRUE(is_salt(straight, 33)) << share;
        EXPECT_TRUE(is_salt(salt_density(turned(salted(print, share))), 33)) << share;
    }
}

TEST(Salt, PrintAndGrainAreNone) {
    for (const auto& [scale, stroke] : {std::pair(0.4, 1), {0.7, 1}, {1.0, 2}, {1.5, 3}, {3.0, 8}}) {
        const double height = 22 * scale;
        EXPECT_FALSE(is_salt(salt_density(page_of_print(scale, stroke)), height)) << scale;
    }
    cv::Mat grain(1000, 1000, CV_8UC1);
    cv::RNG(5).fill(grain, cv::RNG::NORMAL, 200, 8); // of a very noisy sensor
    EXPECT_FALSE(is_salt(salt_density(grain), 50));
}

TEST(Salt, SmallOrUnknownPrintIsLeft) {
    EXPECT_TRUE(is_salt(0.01, 40));
    EXPECT_FALSE(is_salt(0.01, 12)) << "its own dots are as small";
    EXPECT_FALSE(is_salt(0.01, 0));
    EXPECT_FALSE(is_salt(kLeastSalt / 2, 500));
    for (const cv::Size tiny : {cv::Size(0, 0), cv::Size(1, 1), cv::Size(4, 40), cv::Size(40, 4)})
        EXPECT_EQ(salt_density(cv::Mat(tiny, CV_8UC1, cv::Scalar(9))), 0);
}

TEST(Salt, GoesAndPrintStays) {
    const cv::Mat print = page_of_print(1.5, 4);
    for (const bool turn : {false, true}) {
        const cv::Mat clean = turn ? turned(print) : print,
                      dirty = turn ? turned(salted(print, 0.02)) : salted(print, 0.02);
        const cv::Mat out = without_salt(dirty);
        EXPECT_LT(salt_density(out), 0.05 * salt_density(dirty)) << turn;
        EXPECT_NEAR(dark(out), dark(clean), 0.06 * dark(clean)) << turn;
        EXPECT_GT(dark(dirty), 1.1 * dark(clean)) << turn;
    }
    cv::Mat colour;
    cv::cvtColor(salted(print, 0.02), colour, cv::COLOR_GRAY2RGB);
    EXPECT_EQ(without_salt(colour).type(), CV_8UC3);
    // A hairline of two pixels, as the level strokes of Song are.
    cv::Mat lines(100, 400, CV_8UC1, cv::Scalar(230));
    lines(cv::Rect(20, 50, 360, 2)).setTo(40);
    EXPECT_EQ(cv::countNonZero(without_salt(lines) < 100), 2 * 360 - 4); // its corners are rounded
}

} // namespace
} // namespace recto::reading
