/// Cleaning for recognition: what is on the page goes, what is print stays, and a clean page is not touched.

#include "stages/reading/clean.h"

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace recto::reading {
namespace {

/// Lines of letters (bars and bowls) `height` pixels high on grainy paper.
cv::Mat page_of_letters(int height, cv::Size size = {1200, 1600}) {
    cv::Mat page(size, CV_8UC1);
    cv::RNG(7).fill(page, cv::RNG::NORMAL, 230, 3);
    const int pitch = 3 * height;
    for (int y = 100; y + pitch < size.height - 100; y += pitch)
        for (int x = 100, n = 0; x + height < size.width - 100; x += height, ++n) {
            if (n % 7 == 6) continue;
            cv::rectangle(page, cv::Rect(x, y, height / 2, height), cv::Scalar(40), std::max(2, height / 6));
        }
    return page;
}

cv::Mat speckled(cv::Mat page, int count) {
    cv::RNG rng(11);
    for (int i = 0; i < count; ++i)
        page(cv::Rect(rng.uniform(0, page.cols - 2), rng.uniform(0, page.rows - 2), 2, 2)).setTo(20);
    return page;
}

TEST(Clean, LettersAreMeasured) {
    for (const int height : {10, 16, 24, 40}) {
        const Marks marks = count_marks(page_of_letters(height));
        EXPECT_NEAR(marks.letter_height, height, std::max(2, height / 5)) << height;
        EXPECT_FALSE(is_speckled(marks));
    }
    EXPECT_EQ(count_marks(cv::Mat(500, 500, CV_8UC1, cv::Scalar(255))).letters, 0);
}

TEST(Clean, OnlySmallLettersAreEnlarged) {
    EXPECT_EQ(enlargement(count_marks(page_of_letters(24))), 1);
    EXPECT_GT(enlargement(count_marks(page_of_letters(10))), 1.5);
    EXPECT_LE(enlargement(count_marks(page_of_letters(7))), 2);
    EXPECT_EQ(enlargement(Marks{}), 1);
}

TEST(Clean, SpeckleGoesAndLettersStay) {
    const cv::Mat clean = page_of_letters(20), dirty = speckled(clean.clone(), 9000);
    const Marks marks = count_marks(dirty);
    EXPECT_NEAR(marks.letter_height, count_marks(clean).letter_height, 3);
    ASSERT_TRUE(is_speckled(marks));
    const Marks after = count_marks(without_speckle(dirty, marks));
    EXPECT_LT(after.specks, marks.specks / 10);
    EXPECT_GT(after.letters, 0.9 * count_marks(clean).letters);
}

TEST(Clean, StreaksOverTheWholePageAreFound) {
    const cv::Mat clean = page_of_letters(20);
    EXPECT_TRUE(find_scanner_streaks(clean).empty());
    for (const double lean : {0.0, 25.0, -60.0}) {
        cv::Mat page = clean.clone();
        cv::line(page, cv::Point(cvRound(655 - lean / 2), 0), cv::Point(cvRound(655 + lean / 2), page.rows - 1),
                 cv::Scalar(120), 2, cv::LINE_AA);
        const auto streaks = find_scanner_streaks(page);
        ASSERT_EQ(streaks.size(), 1U) << lean;
        EXPECT_NEAR(streaks[0].top, 655 - lean / 2, 2.5);
        EXPECT_NEAR(streaks[0].bottom, 655 + lean / 2, 2.5);
        const cv::Mat mended = without_streaks(page, streaks);
        EXPECT_TRUE(find_scanner_streaks(mended).empty());
        // What is left of it is no darker than grain between the lines of print.
        EXPECT_GT(cv::mean(mended(cv::Rect(640, 0, 30, 90)))[0], 227);
        EXPECT_LT(cv::norm(mended(cv::Rect(0, 0, 500, 1600)), clean(cv::Rect(0, 0, 500, 1600)), cv::NORM_INF), 1);
    }
}

TEST(Clean, RulesOfAFormAreNoStreaks) {
    cv::Mat page = page_of_letters(20);
    for (const int x : {95, 655, 1105}) cv::line(page, {x, 90}, {x, 1500}, cv::Scalar(40), 3);
    EXPECT_TRUE(find_scanner_streaks(page).empty());
}

TEST(Clean, BlackBordersGoAndPrintStays) {
    const cv::Mat clean = page_of_letters(20);
    EXPECT_EQ(without_black_borders(clean).data, clean.data);
    cv::Mat page = clean.clone();
    page(cv::Rect(0, 0, page.cols, 40)).setTo(15);
    page(cv::Rect(page.cols - 60, 0, 60, page.rows)).setTo(25);
    cv::line(page, {0, 800}, {90, 800}, cv::Scalar(30), 3); // a rule that runs to the edge
    const cv::Mat mended = without_black_borders(page);
    EXPECT_NEAR(cv::mean(mended(cv::Rect(0, 0, page.cols, 40)))[0], 230, 4);
    EXPECT_NEAR(cv::mean(mended(cv::Rect(page.cols - 60, 0, 60, page.rows)))[0], 230, 4);
    const cv::Rect inside(10, 60, page.cols - 90, page.rows - 70);
    EXPECT_EQ(cv::norm(mended(inside), page(inside), cv::NORM_INF), 0);
    cv::Mat night(1000, 800, CV_8UC1, cv::Scalar(20)); // white print on black
    night(cv::Rect(200, 200, 300, 300)).setTo(240);
    EXPECT_EQ(without_black_borders(night).data, night.data);
}

TEST(Clean, SmallAndEmptyPicturesAreHarmless) {
    for (const cv::Size size : {cv::Size(1, 1), cv::Size(40, 2000), cv::Size(2000, 40)}) {
        const cv::Mat page(size, CV_8UC1, cv::Scalar(0));
        EXPECT_TRUE(find_scanner_streaks(page).empty());
        EXPECT_EQ(enlargement(count_marks(page)), 1);
    }
}

} // namespace
} // namespace recto::reading
