/// Reading order of made-up boxes: no engine takes part.

#include "stages/reading/layout.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>

#include "stages/reading/line_rows.h"
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
    EXPECT_THAT(order(lines, 1), ElementsAre("单位人员情况表", "姓名", "职务", "电话", "王建国", "主任", "2825386",
                                             "李淑华", "秘书", "2825387", "赵明", "科员", "2825388"));
    auto blocks = arrange(lines);
    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_EQ(blocks[1].kind, BlockKind::Table);
    ASSERT_EQ(blocks[1].cells.size(), 12U) << "the columns are beyond doubt";
    EXPECT_EQ(blocks[1].cells[7].row, 2);
    EXPECT_EQ(blocks[1].cells[7].column, 1);
    EXPECT_EQ(blocks[1].lines[7].cell, 7);
    EXPECT_NEAR(blocks[1].cells[7].box.x, 900, 1);
    lines.erase(lines.begin() + 8); // 秘书: an empty cell
    blocks = arrange(lines);
    ASSERT_EQ(blocks[1].cells.size(), 12U);
    ASSERT_EQ(blocks[1].lines.size(), 11U);
    EXPECT_EQ(blocks[1].lines[7].text, "2825387");
    EXPECT_EQ(blocks[1].lines[7].cell, 8);
    lines.push_back(line("(续前行)", 350, 500, 700)); // over two columns: the rows stay lines
    blocks = arrange(lines);
    EXPECT_TRUE(blocks[1].cells.empty());
    EXPECT_EQ(blocks[1].lines[1].text, "王建国 主任 2825386");
}

TEST(Layout, TwoPiecesInOneColumnLeaveTheRowsAsLines) {
    std::vector<TextLine> lines;
    for (int r = 0; r < 4; ++r) {
        lines.push_back(line("a" + std::to_string(r), 300, 300 + r * 90, 120));
        lines.push_back(line("b" + std::to_string(r), 900, 300 + r * 90, 120));
        if (r != 1 && r != 2) lines.push_back(line("c" + std::to_string(r), 1500, 300 + r * 90, 400));
    }
    lines.push_back(line("x", 1500, 390, 100));
    lines.push_back(line("y", 1780, 390, 100));
    EXPECT_THAT(order(lines, 9), ElementsAre("a0 b0 c0", "a1 b1 x y", "a2 b2", "a3 b3 c3"));
}

TEST(Layout, TitlesWithPageNumbersStayOnTheirRow) { // two columns are a list, not a table with cells
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

TEST(Layout, AShortColumnThatBeginsHigherThanItsNeighboursIsNoRegisterOfItsOwn) {
    // The end of a paragraph beside an indented title and two that begin indented.
    const std::vector<TextLine> lines = {line("题", 1400, 421, 42, 687, true), line("首", 1300, 419, 43, 2714, true),
                                         line("尾", 1200, 328, 43, 710, true), line("次", 1100, 420, 43, 1445, true),
                                         line("长", 1000, 328, 42, 2411, true)};
    EXPECT_THAT(order(lines, 4), ElementsAre("题", "首", "尾", "次", "长"));
}

/// A drawn table of two rows and three columns at (x, y), cells of 400 by 120; the first row's last two are one.
TableGrid drawn(double x, double y) {
    TableGrid t;
    t.box = {x, y, 1200, 240};
    t.cells = {{0, 0, 1, 1, {x, y, 400, 120}},
               {0, 1, 1, 2, {x + 400, y, 800, 120}},
               {1, 0, 1, 1, {x, y + 120, 400, 120}},
               {1, 1, 1, 1, {x + 400, y + 120, 400, 120}},
               {1, 2, 1, 1, {x + 800, y + 120, 400, 120}}};
    return t;
}

/// A line with a glyph a character, `advance` pixels each.
TextLine spelt(const std::vector<std::string>& characters, double x, double y, double advance = 40) {
    TextLine l;
    Word word;
    for (const std::string& c : characters) {
        word.glyphs.push_back({c, {x + advance * static_cast<double>(word.glyphs.size()), y, advance, 40}, 0.9});
        word.text += c;
    }
    word.box = {x, y, advance * static_cast<double>(characters.size()), 40};
    word.confidence = 0.9;
    l.words.push_back(std::move(word));
    refresh_line(l);
    return l;
}

TEST(Layout, DrawnTablesAreReadCellByCell) {
    const std::vector<TextLine> lines = {
        line("前文", 300, 400, 1200),
        line("后文", 300, 1000, 1200),
        line("项目", 320, 610, 100),
        line("金额", 720, 605, 100),
        line("(万元)", 720, 655, 120),
        line("合计", 320, 740, 100),
        spelt({"1", "2", "3", "4"}, 1020, 740), // over the border at 1100
    };
    const auto blocks = arrange(lines, {drawn(300, 600)});
    ASSERT_EQ(blocks.size(), 3U);
    EXPECT_EQ(blocks[0].lines[0].text, "前文");
    EXPECT_EQ(blocks[2].lines[0].text, "后文");
    const TextBlock& table = blocks[1];
    EXPECT_EQ(table.kind, BlockKind::Table);
    EXPECT_EQ(table.cells.size(), 5U);
    std::vector<std::pair<std::string, int>> found;
    for (const TextLine& l : table.lines) found.emplace_back(l.text, l.cell);
    EXPECT_THAT(found, ElementsAre(std::pair("项目", 0), std::pair("金额", 1), std::pair("(万元)", 1),
                                   std::pair("合计", 2), std::pair("12", 3), std::pair("34", 4)));
    EXPECT_EQ(table.lines[4].words[0].glyphs.size(), 2U);
    EXPECT_EQ(table.lines[4].box.width, 80);
    EXPECT_EQ(table.lines[5].box.x, 1100);
}

TEST(Layout, WhatRunsOutOfATableIsCutAtItsBorderAndStaysText) {
    const auto blocks = arrange({spelt({"甲", "乙", "丙"}, 220, 640), line("项目", 720, 610, 100)}, {drawn(300, 600)});
    std::vector<std::string> texts;
    for (const TextBlock& b : blocks)
        for (const TextLine& l : b.lines) texts.push_back(l.text + (l.cell < 0 ? "" : "@" + std::to_string(l.cell)));
    EXPECT_THAT(texts, ::testing::UnorderedElementsAre("甲乙", "丙@0", "项目@1"));
}

TEST(Layout, PaperWhoseRulesTextRunsOverIsNoTable) {
    TableGrid squares;
    squares.box = {300, 300, 1600, 800};
    for (int r = 0; r < 8; ++r)
        for (int c = 0; c < 16; ++c)
            squares.cells.push_back({r, c, 1, 1, {300.0 + 100 * c, 300.0 + 100 * r, 100, 100}});
    std::vector<TextLine> lines;
    for (int r = 0; r < 8; ++r)
        lines.push_back(spelt({"稿", "纸", "上", "的", "字", "每", "格", "一", "个"}, 330, 330 + 100 * r, 100));
    const auto blocks = arrange(lines, {squares});
    for (const TextBlock& b : blocks) EXPECT_EQ(b.kind, BlockKind::Text);
    EXPECT_EQ(blocks[0].lines[0].text, "稿纸上的字每格一个");
}

TEST(Layout, WhatTheStrokesOfLargeLettersEncloseIsNoTable) {
    TableGrid strokes; // of a letterhead: cells half as high as its letters
    strokes.box = {300, 300, 800, 110};
    for (int r = 0; r < 2; ++r)
        for (int c = 0; c < 4; ++c) strokes.cells.push_back({r, c, 1, 1, {300.0 + 200 * c, 300.0 + 55 * r, 200, 55}});
    TextLine head = spelt({"清", "源", "区", "粮", "食", "局"}, 310, 302, 130);
    for (Glyph& g : head.words[0].glyphs) g.box.height = 106;
    head.words[0].box.height = head.box.height = 106;
    const auto blocks = arrange({head}, {strokes});
    ASSERT_EQ(blocks.size(), 1U);
    EXPECT_EQ(blocks[0].kind, BlockKind::Text);
    EXPECT_EQ(blocks[0].lines[0].text, "清源区粮食局");
}

/// A row of prose: as many words as given, from x to x + width.
TextLine prose(const std::string& name, double x, double y, double width, int words = 6) {
    TextLine l;
    const double each = width / words;
    for (int i = 0; i < words; ++i) {
        const Box box = {x + i * each, y, each * 0.8, 40};
        const std::string text = i == 0 ? name : "w";
        l.words.push_back({text, box, 0.9, {{text, box, 0.9}}});
    }
    refresh_line(l);
    l.box.width = width;
    return l;
}

/// The first words of all lines in order.
std::string names(std::vector<TextLine> lines) {
    std::string out;
    for (const TextBlock& b : arrange(std::move(lines)))
        for (const TextLine& l : b.lines) out += l.words[0].text + " ";
    return out;
}

TEST(Layout, ProseRunsAroundAPictureAndItsLegend) { // columns of 900 pixels; the picture takes a good half of each
    std::vector<TextLine> lines;
    std::string left, right;
    for (int i = 0; i < 24; ++i) {
        const bool beside = i >= 6 && i < 18;
        const std::string n = std::to_string(i);
        lines.push_back(prose("L" + n, 300, 500 + 48 * i, beside ? 420 : 900, beside ? 4 : 8));
        lines.push_back(prose("R" + n, beside ? 1750 : 1270, 500 + 48 * i, beside ? 420 : 900, beside ? 4 : 8));
        left += "L" + n + " ", right += "R" + n + " ";
    }
    for (int i = 0; i < 3; ++i) lines.push_back(prose("P" + std::to_string(i), 1100, 1200 + 43 * i, 300, 2));
    EXPECT_EQ(names(lines), left + right + "P0 P1 P2 ");
}

/// Two columns of justified prose, 930 pixels wide and `gutter` apart: L0, R0, L1, ...
std::vector<TextLine> justified_columns(double gutter, int rows = 20) {
    std::vector<TextLine> lines;
    for (int i = 0; i < rows; ++i)
        for (const auto& [side, x] : {std::pair("L", 300.0), std::pair("R", 300 + 930 + gutter)}) {
            lines.push_back(prose(side + std::to_string(i), x, 300 + 52 * i, 930, 8));
            Word& last = lines.back().words.back(); // to the column's very border
            last.box.width = last.glyphs[0].box.width = x + 930 - last.box.x;
        }
    return lines;
}

/// Both in one, as a detector draws them that does not see the gutter.
TextLine bridging(TextLine left, const TextLine& right) {
    for (const Word& word : right.words) left.words.push_back(word);
    refresh_line(left);
    return left;
}

std::string in_columns(int rows, const std::string& without = "") {
    std::string out;
    for (const char* side : {"L", "R"})
        for (int i = 0; i < rows; ++i)
            if (const std::string name = side + std::to_string(i) + " "; name != without + " ") out += name;
    return out;
}

TEST(Layout, LinesThatBridgeAGutterAreCut) {
    std::vector<TextLine> lines = justified_columns(50);
    for (int row : {19, 11, 10, 3, 0}) { // the first and the last, and neighbours
        TextLine& left = lines[static_cast<std::size_t>(2 * row)];
        left = bridging(left, lines[static_cast<std::size_t>(2 * row + 1)]);
        lines.erase(lines.begin() + 2 * row + 1);
    }
    EXPECT_EQ(names(lines), in_columns(20));
}

TEST(Layout, ALineThatGoesThroughIsNotCutWhereItsSpaceMeetsTheGutter) {
    std::vector<TextLine> lines = justified_columns(50);
    for (TextLine& l : lines) l = prose(l.words[0].text, l.box.x, l.box.y + 200, 930, 8);
    // Its spaces are as wide as a bridge's gap must be; one of them lies in the gutter.
    TextLine through = prose("T", 300, 420, 1930, 12);
    const double shift = 1230 + 9 - right_of(through.words[5].box);
    for (Word& w : through.words) w.box.x += shift, w.glyphs[0].box.x += shift;
    refresh_line(through);
    lines.push_back(through);
    EXPECT_EQ(names(lines), "T " + in_columns(20));
}

TEST(Layout, ABoxThatReachesIntoTheGutterDoesNotEndTheColumns) {
    std::vector<TextLine> lines = justified_columns(50);
    lines[14].box.width += 40;                        // L7
    lines[25].box.x -= 30, lines[25].box.width += 30; // R12
    EXPECT_EQ(names(lines), in_columns(20));
}

TEST(Layout, SlightDifferencesOfBoxesDoNotChangeTheOrder) {
    for (unsigned seed = 0; seed < 60; ++seed) {
        std::mt19937 chance(seed);
        std::uniform_real_distribution<double> off(-5, 5), share(0, 1);
        std::vector<TextLine> lines = justified_columns(56), seen;
        const std::size_t lost = chance() % lines.size();
        const std::string name = lines[lost].words[0].text;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const bool bridged = i % 2 == 0 && i != lost && i + 1 != lost && share(chance) < 0.15;
            TextLine l = bridged ? bridging(lines[i], lines[i + 1]) : lines[i];
            l.box.x += off(chance), l.box.y += off(chance), l.box.width += off(chance), l.box.height += off(chance);
            if (i != lost) seen.push_back(std::move(l));
            if (bridged) ++i;
        }
        EXPECT_EQ(names(seen), in_columns(20, name)) << "seed " << seed;
    }
}

TEST(Layout, ALegendStaysOneWhenALineBesideItIsLost) { // columns around a picture as above
    std::vector<TextLine> lines;
    std::string left, right;
    for (int i = 0; i < 24; ++i) {
        const bool beside = i >= 6 && i < 18;
        const std::string n = std::to_string(i);
        if (i != 13) lines.push_back(prose("L" + n, 300, 500 + 64 * i, beside ? 420 : 900, beside ? 4 : 8));
        lines.push_back(prose("R" + n, beside ? 1750 : 1270, 500 + 64 * i, beside ? 420 : 900, beside ? 4 : 8));
        if (i != 13) left += "L" + n + " ";
        right += "R" + n + " ";
    }
    for (int i = 0; i < 3; ++i) lines.push_back(prose("P" + std::to_string(i), 1100, 500 + 64 * (12 + i), 300, 2));
    EXPECT_EQ(names(lines), left + right + "P0 P1 P2 ");
}

TEST(Layout, ALineIsPartedBetweenItsCharacters) {
    TextLine l;
    Word word{"甲乙丙", {100, 10, 150, 40}, 0.8, {}};
    for (int i = 0; i < 3; ++i)
        word.glyphs.push_back({std::vector<std::string>{"甲", "乙", "丙"}[static_cast<std::size_t>(i)],
                               {100.0 + 50 * i, 10, 50, 40},
                               0.7 + 0.1 * i});
    l.words = {word, {"abc", {270, 10, 60, 40}, 0.9, {}}};
    const auto [left, right] = parted_at(l, 185);
    EXPECT_EQ(left.text, "甲乙") << "the middle of the second, 175, is before the cut";
    EXPECT_EQ(left.box.width, 100);
    EXPECT_NEAR(left.words[0].confidence, 0.75, 1e-9);
    EXPECT_EQ(right.text, "丙 abc");
}

TEST(Layout, ProseColumnsWithMuchPaperBetweenThem) {
    std::vector<TextLine> lines;
    std::string left, right;
    for (int i = 0; i < 24; ++i) {
        const std::string n = std::to_string(i);
        lines.push_back(
            prose("L" + n, 300, 500 + 48 * i, i % 8 == 7 ? 300 : 620, i % 8 == 7 ? 3 : 6)); // paragraphs end
        lines.push_back(prose("R" + n, 1200, 500 + 48 * i, 620));
        left += "L" + n + " ", right += "R" + n + " ";
    }
    EXPECT_EQ(names(lines), left + right);
    for (TextLine& l : lines) // the same, but all lines go through: a stripe of print was lost
        if (l.box.x < 1000) l = prose(l.words[0].text, 300, l.box.y, 620);
    EXPECT_EQ(names(lines), left) << "rows are joined across";
}

TEST(Layout, AStripeOfLostPrintIsNoGutter) {
    std::vector<TextLine> lines;
    for (int i = 0; i < 8; ++i) {
        const std::string n = std::to_string(i);
        lines.push_back(line("左" + n, 320, 500 + 95 * i, 500));
        lines.push_back(line("右" + n, 1340, 502 + 95 * i, 830));
    }
    std::string text;
    for (const TextBlock& b : arrange(lines))
        for (const TextLine& l : b.lines) text += l.text + "|";
    for (int i = 0; i < 8; ++i) {
        const std::string n = std::to_string(i);
        const std::string next = std::to_string(i + 1);
        EXPECT_LT(text.find("左" + n), text.find("右" + n));
        EXPECT_LE(text.find("右" + n), text.find("左" + next)) << "a position, or the end of the text behind the last";
    }
}

TEST(Layout, HolesInLinesThatGoThroughAreNoGutter) { // four lines of a worn page; the holes' edges are ragged
    const double hole_from[] = {900, 985, 860, 930}, hole_to[] = {1010, 1075, 1040, 1015};
    std::vector<TextLine> lines;
    for (int i = 0; i < 8; ++i) {
        const double y = 500 + 60 * i;
        if (i < 2 || i > 5) {
            lines.push_back(line("行" + std::to_string(i), 300, y, 1400));
            continue;
        }
        lines.push_back(line("左" + std::to_string(i), 300, y, hole_from[i - 2] - 300));
        lines.push_back(line("右" + std::to_string(i), hole_to[i - 2], y, 1700 - hole_to[i - 2]));
    }
    std::string text;
    for (const TextBlock& b : arrange(lines))
        for (const TextLine& l : b.lines) text += l.text + "|";
    EXPECT_LT(text.find("右2"), text.find("左3")) << text;
    EXPECT_LT(text.find("右4"), text.find("左5")) << text;
}

TEST(Layout, AnEmptyGridIsNoTable) {
    const auto blocks = arrange({line("前文", 300, 400, 1200)}, {drawn(300, 600)});
    ASSERT_EQ(blocks.size(), 1U);
    EXPECT_EQ(blocks[0].kind, BlockKind::Text);
}

TEST(Layout, ATableOverBothColumnsPartsThem) {
    std::vector<TextLine> lines;
    for (const char* part : {"a", "b"})
        for (int i = 0; i < 6; ++i) {
            const double y = (part[0] == 'a' ? 200 : 1000) + 60 * i;
            lines.push_back(line(std::string("L") + part + std::to_string(i), 200, y, 900));
            lines.push_back(line(std::string("R") + part + std::to_string(i), 1200, y, 890));
        }
    lines.push_back(line("T", 620, 660, 100));
    std::string all;
    for (const TextBlock& b : arrange(lines, {drawn(600, 640)}))
        for (const TextLine& l : b.lines) all += l.text + " ";
    EXPECT_EQ(all, "La0 La1 La2 La3 La4 La5 Ra0 Ra1 Ra2 Ra3 Ra4 Ra5 T "
                   "Lb0 Lb1 Lb2 Lb3 Lb4 Lb5 Rb0 Rb1 Rb2 Rb3 Rb4 Rb5 ");
}

TEST(Layout, ATableInAColumnStaysThere) {
    std::vector<TextLine> lines;
    TableGrid table = drawn(0, 0);
    table.box = {200, 620, 900, 240};
    table.cells = {{0, 0, 1, 1, {200, 620, 450, 120}},
                   {0, 1, 1, 1, {650, 620, 450, 120}},
                   {1, 0, 1, 1, {200, 740, 450, 120}},
                   {1, 1, 1, 1, {650, 740, 450, 120}}};
    for (int i = 0; i < 14; ++i) {
        const double y = 200 + 60 * i;
        if (i < 6 || i > 10) lines.push_back(line("L" + std::to_string(i), 200, y, 900));
        lines.push_back(line("R" + std::to_string(i), 1200, y, 890));
    }
    lines.push_back(line("T", 220, 660, 100));
    std::string all;
    for (const TextBlock& b : arrange(lines, {table}))
        for (const TextLine& l : b.lines) all += l.text + " ";
    EXPECT_EQ(all, "L0 L1 L2 L3 L4 L5 T L11 L12 L13 R0 R1 R2 R3 R4 R5 R6 R7 R8 R9 R10 R11 R12 R13 ");
}

TEST(Layout, AnEnginesOwnBlocksGiveTheirTablesUp) {
    std::vector<TextBlock> blocks(2);
    blocks[0].lines = {line("前文", 300, 400, 1200), line("项目", 320, 610, 100)};
    blocks[1].lines = {line("金额", 720, 610, 100), line("后文", 300, 1000, 1200)};
    place_tables(blocks, {drawn(300, 600)});
    ASSERT_EQ(blocks.size(), 3U);
    EXPECT_EQ(blocks[0].lines.size(), 1U);
    EXPECT_EQ(blocks[0].box.height, 40);
    EXPECT_EQ(blocks[1].kind, BlockKind::Table);
    EXPECT_EQ(blocks[1].lines[1].text, "金额");
    EXPECT_EQ(blocks[2].lines[0].text, "后文");
    auto untouched = blocks;
    place_tables(untouched, {});
    EXPECT_EQ(untouched.size(), 3U);
}

constexpr const char* kSix[] = {"甲", "乙", "丙", "丁", "戊", "己"};

TEST(Layout, ALevelTitleAndPageNumberOnAVerticalPage) {
    std::vector<TextLine> lines = {line("天下郡國利病書", 500, 60, 700, 60), line("十二", 820, 1900, 120)};
    for (int c = 0; c < 6; ++c) lines.push_back(line(std::string("列") + kSix[c], 1300 - c * 150, 200, 60, 1600, true));
    lines.push_back(line("末", 550, 1840, 58, 60)); // a lone character at a column's foot, taken for level
    EXPECT_THAT(order(lines, 6),
                ElementsAre("天下郡國利病書", "列甲", "列乙", "列丙", "列丁", "列戊", "列己末", "十二"));
    for (const TextBlock& b : arrange(lines))
        for (const TextLine& l : b.lines) EXPECT_EQ(l.vertical, l.text.starts_with("列")) << l.text;
}

TEST(Layout, NotesInTwoFilesWithinAColumn) {
    std::vector<TextLine> lines;
    for (int c = 0; c < 3; ++c) lines.push_back(line(std::string("列") + kSix[c], 900 - c * 200, 100, 100, 700, true));
    lines.push_back(line("右注", 952, 820, 46, 300, true));
    lines.push_back(line("左注", 902, 822, 46, 300, true));
    lines.push_back(line("下文", 900, 1140, 100, 400, true));
    EXPECT_THAT(order(lines, 8), ElementsAre("列甲右注左注下文", "列乙", "列丙"));
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
