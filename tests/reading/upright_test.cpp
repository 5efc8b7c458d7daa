/// Columns set upright: where characters part, and that boxes find back to the page.

#include "stages/reading/upright.h"

#include <functional>

#include <gmock/gmock.h>
#include <opencv2/imgproc.hpp>

#include "stages/reading/column_parts.h"

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

TEST(Upright, AColumnThatSeemsWiderThanItsCharactersIsPartedAllTheSame) {
    std::vector<std::pair<int, int>> strokes;
    for (int i = 0; i < 20; ++i) strokes.emplace_back(10 + 30 * i, 36 + 30 * i);
    EXPECT_EQ(part_column(column_of(620, strokes), 38).size(), 20U); // notes stand beside it
}

/// A page with a column of squares of 40 at a distance of 50, from (100, 60), each `lean` pixels further left; then what `draw` adds
/// at the place of a mark, (100, 560) to (140, 600); then two squares more.
UprightLine upright_column(double lean, const std::function<void(cv::Mat&)>& draw) {
    cv::Mat page(800, 300, CV_8UC3, cv::Scalar::all(240));
    for (int i = 0; i < 13; ++i)
        if (i != 10)
            cv::rectangle(page, cv::Rect(100 + cvRound(lean * (6 - i)), 60 + 50 * i, 40, 40), cv::Scalar::all(30), 5);
    draw(page);
    Pyramid pyramid(page);
    return set_upright(pyramid, {{{90, 55}, {150, 55}, {150, 760}, {90, 760}}}).value();
}

/// The ink of a cell, in pixels of its place.
cv::Rect ink_in(const UprightLine& line, std::size_t cell) {
    cv::Mat grey;
    cv::cvtColor(line.strip, grey, cv::COLOR_RGB2GRAY);
    return cv::boundingRect(grey(cv::Rect(line.cells[cell].left, 0, line.cells[cell].width, kStripHeight)) < 150);
}

TEST(Upright, MarksStandWhereLevelPrintHasThem) {
    const UprightLine comma = upright_column(
        0, [](cv::Mat& page) { cv::ellipse(page, {132, 568}, {4, 6}, 20, 0, 360, cv::Scalar::all(30), cv::FILLED); });
    ASSERT_EQ(comma.cells.size(), 13U);
    const cv::Rect mark = ink_in(comma, 10), square = ink_in(comma, 9);
    EXPECT_LT(mark.x + mark.width / 2, comma.cells[10].width / 2) << "left";
    EXPECT_GT(mark.y, square.y + square.height / 2) << "low";
    EXPECT_LE(mark.br().y, square.br().y + 1);

    const UprightLine dot =
        upright_column(0, [](cv::Mat& page) { cv::circle(page, {120, 580}, 5, cv::Scalar::all(30), cv::FILLED); });
    const cv::Rect middle = ink_in(dot, 10);
    EXPECT_NEAR(middle.x + middle.width / 2.0, dot.cells[10].width / 2.0, 3)
        << "a dot in the middle of its place stays there";
}

TEST(Upright, BracketsAreTurned) {
    const auto bracket = [](int way) {
        return upright_column(0, [way](cv::Mat& page) {
            const int y = way < 0 ? 600 : 556;
            cv::ellipse(page, {120, y}, {18, 9}, 0, way < 0 ? 180 : 0, way < 0 ? 360 : 180, cv::Scalar::all(30), 3);
        });
    };
    const UprightLine opening = bracket(-1), closing = bracket(1); // ︵ and ︶
    for (const UprightLine* line : {&opening, &closing}) {
        ASSERT_EQ(line->cells.size(), 13U);
        const cv::Rect ink = ink_in(*line, 10);
        EXPECT_GT(ink.height, 2 * ink.width);
    }
    EXPECT_GT(ink_in(opening, 10).x, ink_in(closing, 10).x) << "（ stands at the right of its place, ） at the left";
    const UprightLine one = upright_column(
        0, [](cv::Mat& page) { cv::rectangle(page, cv::Rect(101, 577, 38, 5), cv::Scalar::all(30), cv::FILLED); });
    const cv::Rect stroke = ink_in(one, 10);
    EXPECT_GT(stroke.width, 3 * stroke.height) << "一 stays as it lies";
}

TEST(Upright, AColumnThatLeansIsSetStraight) {
    const UprightLine line = upright_column(
        1.5, [](cv::Mat& page) { cv::rectangle(page, cv::Rect(94, 560, 40, 40), cv::Scalar::all(30), 5); });
    ASSERT_EQ(line.cells.size(), 13U);
    for (const std::size_t cell : {0U, 6U, 12U}) {
        const cv::Rect ink = ink_in(line, cell);
        EXPECT_NEAR(ink.x + ink.width / 2.0, line.cells[cell].width / 2.0, 3) << cell;
        EXPECT_GT(ink.width, 0.75 * line.cells[cell].width) << cell;
    }
}

TEST(Upright, TheFrameBelowAColumnIsNoCharacter) {
    const auto below = [](int width, int y) {
        return upright_column(0, [width, y](cv::Mat& page) {
            cv::rectangle(page, cv::Rect(100, 560, 40, 40), cv::Scalar::all(30), 5);
            cv::rectangle(page, cv::Rect(120 - width / 2, y, width, 3), cv::Scalar::all(30), cv::FILLED);
        });
    };
    EXPECT_EQ(below(58, 712).cells.size(), 13U);
    EXPECT_EQ(below(38, 728).cells.size(), 14U) << "一";
}

TEST(Upright, ARuleThatCrossesTheColumnIsNoPartOfTheCharacterItTouches) {
    const UprightLine line = upright_column(0, [](cv::Mat& page) {
        cv::rectangle(page, cv::Rect(100, 560, 40, 40), cv::Scalar::all(30), 5);
        cv::rectangle(page, cv::Rect(0, 702, 300, 8), cv::Scalar::all(30), cv::FILLED); // where the last square ends
    });
    ASSERT_EQ(line.cells.size(), 13U);
    EXPECT_LT(line.cells[12].to - line.cells[12].from, line.cells[11].to - line.cells[11].from + 2);
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
