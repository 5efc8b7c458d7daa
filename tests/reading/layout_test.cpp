/// Reading order of made-up boxes: no engine takes part.

#include "stages/reading/layout.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>

#include "stages/reading/ppocr_recognize.h"

namespace recto::reading {
namespace {

using ::testing::ElementsAre;

TextLine line(const std::string& text, double x, double y, double width, double height = 40, bool vertical = false) {
    TextLine l;
    l.vertical = vertical;
    l.words.push_back({text, {x, y, width, height}, 0.9, {{text, {x, y, width, height}, 0.9}}});
    refresh_line(l);
    return l;
}

/// The texts of all lines in order, whatever order they were given in.
std::vector<std::string> order(std::vector<TextLine> lines, unsigned seed) {
    std::shuffle(lines.begin(), lines.end(), std::mt19937(seed));
    std::vector<std::string> out;
    for (const TextBlock& b : arrange(std::move(lines)))
        for (const TextLine& l : b.lines) out.push_back(l.text);
    return out;
}

std::vector<TextLine> two_columns(double offset_of_right) {
    std::vector<TextLine> lines = {line("TITLE", 500, 100, 1000, 60)};
    for (int i = 0; i < 8; ++i) {
        lines.push_back(line("L" + std::to_string(i), 200, 300 + i * 60, i == 7 ? 500 : 900));
        lines.push_back(line("R" + std::to_string(i), 1200, 300 + offset_of_right + i * 60, 890));
    }
    lines.push_back(line("FOOT", 300, 1000, 1700));
    return lines;
}

TEST(Layout, ColumnsAreReadOneAfterTheOtherUnderASpanningTitle) {
    const std::vector<std::string> expected = {"TITLE", "L0", "L1", "L2", "L3", "L4", "L5", "L6", "L7",
                                               "R0",    "R1", "R2", "R3", "R4", "R5", "R6", "R7", "FOOT"};
    for (unsigned seed = 0; seed < 5; ++seed) {
        EXPECT_EQ(order(two_columns(0), seed), expected) << "baselines on one height";
        EXPECT_EQ(order(two_columns(27), seed), expected) << "baselines apart";
    }
}

TEST(Layout, ThreeColumns) {
    std::vector<TextLine> lines;
    std::vector<std::string> expected;
    for (char c : {'A', 'B', 'C'})
        for (int i = 0; i < 6; ++i) {
            lines.push_back(line(c + std::to_string(i), 100 + (c - 'A') * 700, 200 + i * 60, 630 - (i % 3) * 30));
            expected.push_back(c + std::to_string(i));
        }
    EXPECT_EQ(order(lines, 3), expected);
}

TEST(Layout, TablesAreReadRowByRow) {
    std::vector<TextLine> lines = {line("单位人员情况表", 800, 100, 600, 60)};
    const char* cells[4][3] = {{"姓名", "职务", "电话"},
                               {"王建国", "主任", "2825386"},
                               {"李淑华", "秘书", "2825387"},
                               {"赵明", "科员", "2825388"}};
    for (int r = 0; r < 4; ++r)
        for (int c = 0; c < 3; ++c) lines.push_back(line(cells[r][c], 300 + c * 600, 300 + r * 90, 120));
    EXPECT_THAT(order(lines, 1), ElementsAre("单位人员情况表", "姓名 职务 电话", "王建国 主任 2825386",
                                             "李淑华 秘书 2825387", "赵明 科员 2825388"));
    const auto blocks = arrange(lines);
    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_EQ(blocks[1].kind, BlockKind::Table);
}

TEST(Layout, TitlesWithPageNumbersStayOnTheirRow) {
    std::vector<TextLine> lines;
    std::vector<std::string> expected;
    for (int i = 0; i < 8; ++i) {
        lines.push_back(line("第" + std::to_string(i) + "份文件的题名", 200, 200 + i * 70, 1300 - 90 * (i % 2)));
        lines.push_back(line(std::to_string(10 + i), 1900, 202 + i * 70, 50));
        expected.push_back("第" + std::to_string(i) + "份文件的题名 " + std::to_string(10 + i));
    }
    EXPECT_EQ(order(lines, 2), expected);
}

TEST(Layout, FragmentsOfOneChineseLineGrowTogetherWithoutASpace) {
    EXPECT_THAT(order({line("中华人民", 100, 100, 160), line("共和国", 268, 102, 120)}, 1),
                ElementsAre("中华人民共和国"));
    EXPECT_THAT(order({line("annual", 100, 100, 160), line("report", 275, 102, 120)}, 1), ElementsAre("annual report"));
}

TEST(Layout, ParagraphsAreBlocks) {
    std::vector<TextLine> lines;
    for (int i = 0; i < 3; ++i) lines.push_back(line("a" + std::to_string(i), i == 0 ? 280 : 200, 100 + i * 60, 1500));
    for (int i = 0; i < 3; ++i)
        lines.push_back(line("b" + std::to_string(i), i == 0 ? 280 : 200, 280 + i * 60, 1500));          // indented
    for (int i = 0; i < 3; ++i) lines.push_back(line("c" + std::to_string(i), 200, 560 + i * 60, 1500)); // after a gap
    const auto blocks = arrange(lines);
    ASSERT_EQ(blocks.size(), 3U);
    EXPECT_EQ(blocks[1].lines.front().text, "b0");
    EXPECT_EQ(blocks[2].lines.front().text, "c0");
}

TEST(Layout, VerticalTextIsReadFromTheRightByRegisters) {
    std::vector<TextLine> lines;
    for (int c = 0; c < 4; ++c) {
        lines.push_back(line("上" + std::to_string(c), 1200 - c * 100, 100, 50, 700, true));
        lines.push_back(line("下" + std::to_string(c), 1200 - c * 100, 950, 50, 600 + 20 * c, true));
    }
    EXPECT_THAT(order(lines, 4), ElementsAre("上0", "上1", "上2", "上3", "下0", "下1", "下2", "下3"));
}

TEST(Layout, ASlopeOfHalfADegreeDoesNotMixRows) {
    std::vector<TextLine> lines;
    std::vector<std::string> expected;
    for (int r = 0; r < 10; ++r) {
        std::string row;
        double x = 200;
        for (int c = 0; c < 4; ++c) {
            const std::string text = "w" + std::to_string(r) + std::to_string(c);
            const double width = 300 + 37 * ((r * 5 + c * 3) % 7); // words of running text: no stripe stays empty
            lines.push_back(line(text, x, 200 + r * 60 + x * 0.0087, width));
            x += width + 20;
            row += (c ? " " : "") + text;
        }
        expected.push_back(row);
    }
    EXPECT_EQ(order(lines, 5), expected);
}

TEST(Layout, NothingIsLostOrDoubled) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> place(0, 3000);
    for (int round = 0; round < 20; ++round) {
        std::vector<TextLine> lines;
        for (int i = 0; i < 150; ++i)
            lines.push_back(line("<" + std::to_string(i) + ">", place(random), place(random), 20 + place(random) / 5,
                                 30 + place(random) / 100, i % 9 == 0));
        std::string all;
        for (const TextBlock& b : arrange(lines))
            for (const TextLine& l : b.lines) all += l.text + " ";
        int dropped = 0;
        for (int i = 0; i < 150; ++i) {
            const std::string mark = "<" + std::to_string(i) + ">";
            const std::size_t at = all.find(mark);
            if (at == std::string::npos) ++dropped; // lay within another line
            else EXPECT_EQ(all.find(mark, at + 1), std::string::npos) << mark << " twice";
        }
        EXPECT_LT(dropped, 20);
    }
    EXPECT_TRUE(arrange({}).empty());
}

} // namespace
} // namespace recto::reading
