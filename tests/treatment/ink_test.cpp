// The parts that bi-level pages are made of, against their plain definitions.

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include <opencv2/imgproc.hpp>

#include "stages/treatment/ink_parts.h"
#include "stages/treatment/sauvola.h"

namespace recto::treat {
namespace {

cv::Mat noise(int width, int height, unsigned seed, int low, int high) {
    cv::Mat image(height, width, CV_8UC1);
    cv::RNG random(seed);
    random.fill(image, cv::RNG::UNIFORM, low, high);
    return image;
}

TEST(Sauvola, IsWhatItsFormulaSays) {
    int ink_seen = 0, compared = 0;
    for (unsigned seed = 1; seed <= 12; ++seed) {
        const int width = 30 + 13 * static_cast<int>(seed), height = 45 + 7 * static_cast<int>(seed);
        cv::Mat image = noise(width, height, seed, 150, 256);
        cv::rectangle(image, {width / 4, height / 4, width / 3, height / 5}, cv::Scalar(40), -1);
        cv::GaussianBlur(image, image, {0, 0}, 1.2);
        const int window = 2 * static_cast<int>(seed) + 7, half = window / 2, lightest = seed % 3 == 0 ? 180 : 255;
        const double k = 0.05 + 0.02 * seed, range = 110;
        const cv::Mat ink = sauvola(image, window, k, range, lightest);
        cv::Mat padded;
        cv::copyMakeBorder(image, padded, half, half, half, half, cv::BORDER_REFLECT);
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                cv::Scalar mean, deviation;
                cv::meanStdDev(padded(cv::Rect(x, y, window, window)), mean, deviation);
                const double v = image.at<uchar>(y, x), limit = mean[0] * (1 + k * (deviation[0] / range - 1));
                if (std::abs(v - limit) < 0.01) continue; // rounding may decide there
                ++compared;
                ink_seen += v < limit && v <= lightest;
                ASSERT_EQ(ink.at<uchar>(y, x) != 0, v < limit && v <= lightest) << seed << " at " << x << "," << y;
            }
    }
    EXPECT_GT(ink_seen, 2000);
    EXPECT_GT(compared, 100000);
}

TEST(InkParts, AreTheConnectedComponents) {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        const int width = 1 + static_cast<int>(seed * 7 % 90), height = 1 + static_cast<int>(seed * 11 % 70);
        // From sparse to dense, so that pieces join from both sides, enclose each other and fill rows.
        const cv::Mat ink = noise(width, height, seed, 0, 256) < static_cast<int>(seed * 6);
        cv::Mat labels;
        const int count = cv::connectedComponents(ink, labels, 8, CV_32S);
        const InkParts parts = find_ink_parts(ink);
        ASSERT_EQ(parts.count, static_cast<std::size_t>(count - 1)) << seed;
        std::map<int, int> label_of;
        int pixels = 0, row = -1, column = -1;
        for (const InkRun& run : parts.runs) {
            ASSERT_LT(run.begin, run.end);
            ASSERT_TRUE(run.y > row || (run.y == row && run.begin > column)) << "by row, from the left, never touching";
            row = run.y, column = run.end;
            for (int x = run.begin; x < run.end; ++x) {
                const int label = labels.at<int>(run.y, x);
                ASSERT_NE(label, 0);
                ASSERT_EQ(label_of.emplace(run.part, label).first->second, label) << seed;
            }
            pixels += run.end - run.begin;
        }
        EXPECT_EQ(pixels, cv::countNonZero(ink)) << seed;
        EXPECT_EQ(label_of.size(), parts.count) << seed;
    }
}

TEST(InkParts, OfNothingAreNone) {
    EXPECT_EQ(find_ink_parts(cv::Mat(20, 30, CV_8UC1, cv::Scalar(0))).count, 0U);
    EXPECT_EQ(find_ink_parts(cv::Mat()).count, 0U);
    EXPECT_EQ(find_ink_parts(cv::Mat(20, 30, CV_8UC1, cv::Scalar(255))).count, 1U);
}

} // namespace
} // namespace recto::treat
