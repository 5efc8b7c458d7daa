/// Columns set upright: where characters part, and that boxes find back to the page.

#include "stages/reading/upright.h"

#include <gmock/gmock.h>
#include <opencv2/imgproc.hpp>

namespace recto::reading {
namespace {

/// Ink down a column: 1 where a stroke is.
std::vector<float> column_of(int length, const std::vector<std::pair<int, int>>& strokes) {
    std::vector<float> ink(static_cast<std::size_t>(length), 0);
    for (const auto& [from, to] : strokes)
        for (int i = from; i < to; ++i) ink[static_cast<std::size_t>(i)] = 1;
    return ink;
}

TEST(Upright, CharactersOfSeveralStrokesStayWhole) {
    // Three squares of 40: one full, one of two strokes (二), one of three (三); a full stop in the corner of a fourth.
    const auto parts =
        part_column(column_of(180, {{12, 46}, {58, 62}, {80, 84}, {94, 98}, {108, 112}, {122, 126}, {134, 142}}), 34);
    ASSERT_EQ(parts.size(), 4U);
    const int strokes[][2] = {{12, 46}, {58, 84}, {94, 126}, {134, 142}};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        EXPECT_LE(parts[i].first, strokes[i][0]) << i;
        EXPECT_GE(parts[i].second, strokes[i][1]) << i;
    }
}

TEST(Upright, CharactersThatTouchArePartedWhereTheyAreThinnest) {
    std::vector<float> ink = column_of(240, {{10, 230}});
    for (const int thin : {54, 98, 142, 186}) ink[static_cast<std::size_t>(thin)] = 0.1F;
    const auto parts = part_column(ink, 40);
    ASSERT_EQ(parts.size(), 5U);
    for (std::size_t i = 0; i + 1 < parts.size(); ++i)
        EXPECT_NEAR(parts[i].second, 54 + 44 * static_cast<int>(i), 1) << i;
}

TEST(Upright, AColumnWithoutInkHasNoParts) {
    EXPECT_TRUE(part_column({}, 30).empty());
    EXPECT_TRUE(part_column(std::vector<float>(100, 0), 30).empty());
}

TEST(Upright, BoxesFindBackToTheirPlaceInTheColumn) {
    cv::Mat page(900, 300, CV_8UC3, cv::Scalar::all(235));
    std::vector<cv::Rect> drawn;
    for (int i = 0; i < 8; ++i) {
        drawn.emplace_back(112, 60 + 90 * i, 66, 68);
        cv::rectangle(page, drawn.back(), cv::Scalar::all(30), 10);
    }
    Pyramid pyramid(page);
    const Quad quad = {{{100, 50}, {190, 50}, {190, 770}, {100, 770}}};
    const auto upright = set_upright(pyramid, quad);
    ASSERT_TRUE(upright);
    ASSERT_EQ(upright->cells.size(), 8U);
    EXPECT_EQ(upright->strip.rows, kStripHeight);
    EXPECT_THAT(kStripWidths, ::testing::Contains(upright->strip.cols));
    TextLine line;
    for (const UprightCell& c : upright->cells) {
        const Box b{c.left + 4.0, 8, c.width - 8.0, 30};
        line.words.push_back({"字", b, 0.9, {{"字", b, 0.9}}});
    }
    to_page(line, *upright, page.size());
    EXPECT_TRUE(line.vertical);
    for (std::size_t i = 0; i < drawn.size(); ++i) {
        const Box& b = line.words[i].glyphs[0].box;
        EXPECT_NEAR(b.x, drawn[i].x - 5, 4) << i; // the rectangle's stroke is 10 wide
        EXPECT_NEAR(b.y, drawn[i].y - 5, 4) << i;
        EXPECT_NEAR(b.width, drawn[i].width + 10, 6) << i;
        EXPECT_NEAR(b.height, drawn[i].height + 10, 6) << i;
    }
}

TEST(Upright, EmptyPaperAndEndlessColumnsAreLeftToOthers) {
    Pyramid empty(cv::Mat(400, 60, CV_8UC3, cv::Scalar::all(240)));
    EXPECT_FALSE(set_upright(empty, {{{5, 5}, {50, 5}, {50, 390}, {5, 390}}}));
    cv::Mat long_column(9000, 60, CV_8UC3, cv::Scalar::all(240));
    for (int y = 20; y < 8960; y += 50) cv::rectangle(long_column, {10, y, 40, 40}, cv::Scalar::all(20), 6);
    Pyramid pyramid(long_column);
    EXPECT_FALSE(set_upright(pyramid, {{{2, 2}, {58, 2}, {58, 8998}, {2, 8998}}}));
}

} // namespace
} // namespace recto::reading
