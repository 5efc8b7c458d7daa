// Printed lines joined to running text, and the rows of tables.

#include "pipeline/core/running_text.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace recto {
namespace {

TextLine printed(const std::string& text, double x, double width, int cell = -1) {
    TextLine l;
    l.text = text;
    l.box = {x, 0, width, 40};
    l.cell = cell;
    return l;
}

TextBlock paragraph(std::vector<TextLine> lines) {
    TextBlock b;
    b.box = {100, 0, 1000, 40.0 * static_cast<double>(lines.size())};
    b.lines = std::move(lines);
    return b;
}

std::string joined(const std::string& a, const std::string& b) {
    const TextLine both[] = {printed(a, 0, 100), printed(b, 0, 100)};
    return joined_text(both);
}

TEST(RunningText, LinesAreJoinedAsTheirScriptAsks) {
    EXPECT_EQ(joined("各县区人民", "政府"), "各县区人民政府");
    EXPECT_EQ(joined("the committee", "met"), "the committee met");
    EXPECT_EQ(joined("共计", "12 件"), "共计12 件");
    EXPECT_EQ(joined("于 1956", "年"), "于 1956年");
    EXPECT_EQ(joined("𠮷", "野"), "𠮷野");
    EXPECT_EQ(joined("end.", "Next"), "end. Next");
    EXPECT_EQ(joined("", "x"), "x");
    EXPECT_EQ(joined("x", ""), "x");
}

TEST(RunningText, DividedWordsAreMadeWhole) {
    EXPECT_EQ(joined("the commit-", "tee met"), "the committee met");
    EXPECT_EQ(joined("Erklä-", "rung"), "Erklärung");
    EXPECT_EQ(joined("коми\u2010", "тет"), "комитет");
    EXPECT_EQ(joined("Über-", "ändern"), "Überändern");
    // Not divided: a capital or a figure follows, or no letter stands before the hyphen.
    EXPECT_EQ(joined("Anglo-", "Saxon"), "Anglo-Saxon");
    EXPECT_EQ(joined("1953-", "54"), "1953- 54");
    EXPECT_EQ(joined("and -", "or"), "and - or");
    EXPECT_EQ(joined("1953-", "and"), "1953- and");
    EXPECT_EQ(joined("-", "and"), "- and");
    EXPECT_TRUE(hyphen_joins(printed("a-", 0, 1), printed("b", 0, 1)));
    EXPECT_FALSE(hyphen_joins(printed("a-", 0, 1, 0), printed("b", 0, 1, 1))) << "another cell";
    TextLine upright = printed("b", 0, 1);
    upright.vertical = true;
    EXPECT_FALSE(hyphen_joins(printed("a-", 0, 1), upright));
    EXPECT_FALSE(hyphen_joins(printed("a-", 0, 1), printed("", 0, 1)));
}

TEST(RunningText, AParagraphALine) {
    PageText page;
    page.blocks = {
        paragraph({printed("The sub-", 100, 1000), printed("committee re-", 100, 990), printed("ported.", 100, 300),
                   printed("It was", 100, 1000), printed("resolved.", 100, 200)}),
        paragraph({printed("第一段的第一行", 180, 920), printed("和第二行", 100, 400)})};
    EXPECT_EQ(page.paragraphs(), "The subcommittee reported.\nIt was resolved.\n\n第一段的第一行和第二行\n");
    EXPECT_EQ(PageText{}.paragraphs(), "");
    page.blocks = {paragraph({printed("关于开展", 400, 300), printed("公路检查的通知", 300, 500)})};
    page.blocks[0].box.width = 1000;
    EXPECT_EQ(page.paragraphs(), "关于开展\n公路检查的通知\n");
    page.blocks[0].role = BlockRole::Title; // broken by its sense
    EXPECT_EQ(page.paragraphs(), "关于开展公路检查的通知\n");
    page.blocks[0].kind = BlockKind::Table;
    page.blocks[0].role = BlockRole::Body;
    page.blocks[0].lines[0].box.width = 1000;
    EXPECT_EQ(page.paragraphs(), "关于开展\n公路检查的通知\n") << "rows of a table without cells";
}

TextBlock spanning_table() {
    TextBlock t;
    t.kind = BlockKind::Table;
    t.cells = {{0, 0, 1, 1, {}}, {0, 1, 1, 2, {}}, {1, 0, 1, 1, {}}, {1, 1, 1, 1, {}}, {1, 2, 1, 1, {}}};
    t.lines = {printed("项目", 0, 1, 0), printed("金额", 0, 1, 1), printed("(万元)", 0, 1, 1), printed("合计", 0, 1, 2),
               printed("34", 0, 1, 4)};
    return t;
}

TEST(RunningText, TablesByRowsAndColumns) {
    using ::testing::ElementsAre;
    EXPECT_THAT(table_rows(spanning_table()),
                ElementsAre(ElementsAre("项目", "金额(万元)", ""), ElementsAre("合计", "", "34")));
    PageText page;
    page.blocks = {spanning_table()};
    page.blocks[0].lines.push_back(printed("注", 0, 1));
    EXPECT_EQ(page.paragraphs(), "项目\t金额(万元)\t\n合计\t\t34\n注\n");
    EXPECT_THAT(table_rows(TextBlock{}), ::testing::IsEmpty());
}

TEST(RunningText, NumbersOfATableThatNobodyPrintedAreRefused) {
    for (const TableCell& bad : {TableCell{2'000'000'000, 0, 1, 1, {}}, TableCell{-1, 0, 1, 1, {}},
                                 TableCell{0, -3, 1, 1, {}}, TableCell{50'000, 50'000, 1, 1, {}}}) {
        TextBlock t = spanning_table();
        t.cells.push_back(bad);
        EXPECT_TRUE(table_rows(t).empty());
    }
    TextBlock t = spanning_table();
    t.cells[4].rows = 2'000'000'000;
    EXPECT_EQ(table_rows(t).size(), 2U) << "a span beyond belief is none";
}

} // namespace
} // namespace recto
