/// Rules through text, overlapping and dark seals, stains and shadows: what the engine is shown instead, against the same page
/// without the defect.

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "stages/reading/clean.h"
#include "stages/reading/even_background.h"
#include "stages/reading/rule_lines.h"
#include "stages/reading/seals.h"

namespace recto::reading {
namespace {

/// Lines of real letters on grainy paper; their baselines.
cv::Mat typed(std::vector<int>& baselines, unsigned seed = 3) {
    cv::Mat page(1800, 1300, CV_8UC1);
    cv::RNG rng(seed);
    rng.fill(page, cv::RNG::NORMAL, 228, 3);
    for (int y = 150; y < 1700; y += 62) {
        std::string text;
        while (text.size() < 46) {
            for (int n = rng.uniform(2, 9); n > 0; --n) text += static_cast<char>('a' + rng.uniform(0, 26));
            text += ' ';
        }
        cv::putText(page, text, {110, y}, cv::FONT_HERSHEY_COMPLEX, 1, cv::Scalar(45), 2, cv::LINE_AA);
        baselines.push_back(y);
    }
    cv::GaussianBlur(page, page, {0, 0}, 0.7);
    return page;
}

/// Share of the ink of `want` that is ink in `got`, and of `got` that is none in `want` (within a pixel).
std::pair<double, double> kept_and_added(const cv::Mat& want, const cv::Mat& got) {
    const cv::Mat a = want < 130, b = got < 130;
    cv::Mat wide_a, wide_b;
    cv::dilate(a, wide_a, cv::Mat::ones(3, 3, CV_8UC1));
    cv::dilate(b, wide_b, cv::Mat::ones(3, 3, CV_8UC1));
    const double ink = cv::countNonZero(a);
    return {cv::countNonZero(a & wide_b) / ink, cv::countNonZero(b & ~wide_a) / ink};
}

TEST(RuleLines, LinesThroughTextGoAndStrokesStay) {
    for (const int thickness : {2, 3, 5})
        for (const int lean : {0, 5}) {
            std::vector<int> baselines;
            const cv::Mat clean = typed(baselines);
            cv::Mat form = clean.clone();
            for (std::size_t i = 0; i < baselines.size(); i += 2) {
                const int y = baselines[i] - 6 - static_cast<int>(i) % 9;
                cv::line(form, {80, y}, {1230, y + lean}, cv::Scalar(40), thickness, cv::LINE_AA);
            }
            for (int x = 200; x < 1200; x += 230)
                cv::line(form, {x, 90}, {x + lean, 1730}, cv::Scalar(40), thickness, cv::LINE_AA);
            ASSERT_TRUE(may_have_rules(form));
            const auto rules = find_touching_rules(form, count_marks(form).letter_height);
            EXPECT_GE(rules.size(), 17U) << thickness << " " << lean;
            const auto [kept, added] = kept_and_added(clean, without_rules(form, rules));
            std::printf("  %d px, lean %d: %zu rules, kept %.3f, added %.3f (with the rules %.3f)\n", thickness, lean,
                        rules.size(), kept, added, kept_and_added(clean, form).second);
            // Measured at 2, 3 and 5 pixels (letters of 22): kept .973, .946, .924 at least, added .025, .070, .098 at most.
            EXPECT_GT(kept, thickness == 2 ? 0.95 : thickness == 3 ? 0.92 : 0.90);
            EXPECT_LT(added, thickness == 2 ? 0.05 : thickness == 3 ? 0.10 : 0.13);
        }
}

TEST(RuleLines, CleanPagesAndNeatTablesAreLeftAlone) {
    std::vector<int> baselines;
    cv::Mat page = typed(baselines);
    EXPECT_TRUE(find_touching_rules(page, count_marks(page).letter_height).empty());
    for (const int y : baselines) cv::line(page, {80, y + 20}, {1230, y + 20}, cv::Scalar(40), 3);
    EXPECT_TRUE(may_have_rules(page));
    EXPECT_TRUE(find_touching_rules(page, count_marks(page).letter_height).empty()) << "no print touches them";
    EXPECT_FALSE(may_have_rules(cv::Mat(900, 700, CV_8UC1, cv::Scalar(220))));
    EXPECT_FALSE(may_have_rules(cv::Mat(60, 60, CV_8UC1, cv::Scalar(0))));
    EXPECT_TRUE(find_touching_rules(page, 0).empty());
}

Raster sealed(const cv::Mat& page, cv::Vec3d light, const std::vector<cv::Point>& centres) {
    Raster r;
    r.mode = ColourMode::Colour;
    cv::cvtColor(page, r.pixels, cv::COLOR_GRAY2RGB);
    cv::Mat seal = cv::Mat::zeros(page.size(), CV_8UC1);
    for (const cv::Point& c : centres) {
        cv::circle(seal, c, 150, cv::Scalar(255), 12, cv::LINE_AA);
        cv::circle(seal, c, 50, cv::Scalar(255), cv::FILLED, cv::LINE_AA);
    }
    for (int y = 0; y < page.rows; ++y)
        for (int x = 0; x < page.cols; ++x) {
            const double share = seal.at<uchar>(y, x) / 255.0;
            for (int c = 0; c < 3; ++c) {
                auto& v = r.pixels.at<cv::Vec3b>(y, x)[c];
                v = cv::saturate_cast<uchar>(v * (1 - share * (1 - light[c])));
            }
        }
    return r;
}

TEST(SealsOverText, PaleAndDarkAndOverlappingOnesLeaveThePrint) {
    std::vector<int> baselines;
    const cv::Mat page = typed(baselines);
    const std::vector<cv::Point> one{{700, 800}}, three{{500, 700}, {520, 960}, {900, 820}};
    for (const auto& light : {cv::Vec3d(0.95, 0.6, 0.6), cv::Vec3d(0.85, 0.2, 0.22), cv::Vec3d(0.60, 0.06, 0.11)})
        for (const auto& centres : {one, three}) {
            const Raster r = sealed(page, light, centres);
            std::vector<Box> places = find_seals(r);
            for (const Box& b : find_overlapping_seals(r)) places.push_back(b);
            ASSERT_FALSE(places.empty());
            const auto [kept, added] = kept_and_added(page, to_grey(without_seals(r, places)));
            EXPECT_GT(kept, 0.98) << light << centres.size();
            EXPECT_LT(added, 0.02) << light << centres.size();
        }
    // Red type of a letterhead is text.
    Raster letterhead = sealed(page, {1, 1, 1}, {});
    cv::putText(letterhead.pixels, "RED HEADED PAPER", {120, 90}, cv::FONT_HERSHEY_COMPLEX, 3, cv::Scalar(210, 30, 30),
                9);
    EXPECT_TRUE(find_seals(letterhead).empty());
    EXPECT_TRUE(find_overlapping_seals(letterhead).empty());
}

TEST(EvenBackground, StainsAndShadowsGoAndPrintStays) {
    std::vector<int> baselines;
    const cv::Mat clean = typed(baselines);
    EXPECT_EQ(even_background(clean).data, clean.data) << "an even page is not touched";
    cv::Mat stained = clean.clone(), shaded = clean.clone();
    for (int y = 0; y < clean.rows; ++y)
        for (int x = 0; x < clean.cols; ++x) {
            const double d = std::hypot(x - 600, y - 800) / 320;
            const double stain = d < 1 ? 0.62 : 1, rim = 1 - 0.25 * std::exp(-std::pow((d - 0.97) / 0.04, 2));
            const double gutter = 1 - 0.72 * std::exp(-x / 160.0);
            stained.at<uchar>(y, x) = cv::saturate_cast<uchar>(clean.at<uchar>(y, x) * stain * rim);
            shaded.at<uchar>(y, x) = cv::saturate_cast<uchar>(clean.at<uchar>(y, x) * gutter);
        }
    for (const cv::Mat& page : {stained, shaded}) {
        const auto [kept, added] = kept_and_added(clean, even_background(page));
        std::printf("  kept %.3f, added %.3f (before %.3f)\n", kept, added, kept_and_added(clean, page).second);
        EXPECT_GT(kept, 0.97);
        EXPECT_LT(added, 0.04);
    }
}

} // namespace
} // namespace recto::reading
