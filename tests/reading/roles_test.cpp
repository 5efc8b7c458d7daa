/// Roles of blocks on made-up pages: no engine takes part.

#include "stages/reading/roles.h"

#include <gmock/gmock.h>

#include "stages/reading/ppocr_recognize.h"

namespace recto::reading {
namespace {

TextLine role_line(const std::string& text, double x, double y, double width, double height = 40) {
    TextLine l;
    l.words.push_back({text, {x, y, width, height}, 0.9, {}});
    refresh_line(l);
    return l;
}

TextBlock block(std::vector<TextLine> lines, BlockKind kind = BlockKind::Text) {
    TextBlock b;
    b.kind = kind;
    b.box = lines[0].box;
    for (const TextLine& l : lines) b.box = unite(b.box, l.box);
    b.lines = std::move(lines);
    return b;
}

/// A paragraph of the body: `n` lines over the width of the page.
TextBlock body(double y, int n, double x = 300, double width = 1880) {
    std::vector<TextLine> lines;
    for (int i = 0; i < n; ++i)
        lines.push_back(role_line("各县区人民政府市直各部门要认真贯彻执行本通知的各项规定", x, y + 70 * i, width));
    return block(std::move(lines));
}

constexpr int kWidth = 2480, kHeight = 3508;

std::vector<std::string> roles(std::vector<TextBlock> blocks) {
    assign_roles(blocks, kWidth, kHeight);
    std::vector<std::string> out;
    for (const TextBlock& b : blocks)
        if (b.role != BlockRole::Body) out.push_back(std::string(to_string(b.role)) + " " + b.lines[0].text);
    return out;
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Roles, AnOfficialLetter) {
    std::vector<TextBlock> page = {
        block({role_line("某市人民政府文件", 640, 400, 1200, 130)}),
        block({role_line("政发〔2012〕3号", 1050, 640, 380)}),
        block({role_line("关于开展公路检查的通知", 800, 800, 880, 64)}),
        body(1000, 8),
        block({role_line("特此通知。", 380, 1600, 200), role_line("某市人民政府", 1700, 1740, 260),
               role_line("二〇一二年三月十七日", 1640, 1810, 400)}),
        block({role_line("- 1 -", 1200, 3300, 80)})};
    EXPECT_THAT(roles(page), ElementsAre("letterhead 某市人民政府文件", "document-number 政发〔2012〕3号",
                                         "title 关于开展公路检查的通知", "signature 某市人民政府",
                                         "date 二〇一二年三月十七日", "page-number - 1 -"));
    assign_roles(page, kWidth, kHeight);
    ASSERT_EQ(page.size(), 8U) << "signature and date became blocks of their own";
    EXPECT_EQ(page[4].lines[0].text, "特此通知。");
    EXPECT_EQ(page[4].lines.size(), 1U);
    EXPECT_EQ(page[4].box.height, 40);
}

TEST(Roles, EdgesOfAPage) {
    EXPECT_THAT(roles({body(400, 30), block({role_line("12", 1220, 3350, 40)}),
                       block({role_line("公路史料汇编", 1100, 150, 260)})}),
                ElementsAre("header 公路史料汇编", "page-number 12"))
        << "the header comes first, wherever it was";
    EXPECT_THAT(roles({block({role_line("第 3 页", 2100, 150, 120)}), body(400, 30)}),
                ElementsAre("page-number 第 3 页"));
    EXPECT_THAT(roles({body(400, 30), block({role_line("某市档案局编印", 300, 3380, 300)})}),
                ElementsAre("footer 某市档案局编印"));
    // The body that begins high or ends low is body.
    EXPECT_THAT(roles({body(100, 44)}), IsEmpty());
    EXPECT_THAT(roles({block({role_line("接上页的最后一句。", 300, 120, 380)}), body(400, 20)}), IsEmpty());
    EXPECT_THAT(roles({block({role_line("机密", 300, 120, 80)}), body(400, 20)}), IsEmpty());
    EXPECT_THAT(roles({body(400, 20), block({role_line("12", 1220, 1900, 40)})}), IsEmpty()) << "in the middle";
    EXPECT_THAT(roles({block({role_line("一", 1220, 200, 40)}), body(400, 20)}), IsEmpty()) << "a chapter's";
}

TEST(Roles, NoHeadWithoutItsSigns) {
    EXPECT_THAT(roles({block({role_line("某市人民政府", 640, 400, 1200, 44)}), body(600, 8)}), IsEmpty())
        << "no larger than the body";
    EXPECT_THAT(roles({block({role_line("某市人民政府文件", 300, 400, 700, 130)}), body(600, 8)}), IsEmpty())
        << "not in the middle";
    EXPECT_THAT(roles({body(300, 8), block({role_line("一、总的要求", 900, 900, 600, 60)}), body(1000, 8)}), IsEmpty())
        << "a heading within the text";
}

TEST(Roles, DatesThatCloseNothing) {
    const auto date = [](double x) { return block({role_line("1956年3月12日", x, 1800, 400)}); };
    EXPECT_THAT(roles({body(400, 8), date(300)}), IsEmpty()) << "on the left";
    EXPECT_THAT(roles({body(400, 8), date(1700), body(2000, 12)}), IsEmpty()) << "text follows";
    EXPECT_THAT(roles({body(400, 8), date(1700)}), ElementsAre("date 1956年3月12日"));
    EXPECT_THAT(roles({body(400, 8), block({role_line("1956年3月12日收到来文。", 1700, 1800, 500)})}), IsEmpty());
}

TEST(Roles, FootnotesOfColumns) {
    std::vector<TextBlock> page = {body(400, 20, 300, 900), block({role_line("① 见本书第三章。", 300, 3000, 600, 30)}),
                                   block({role_line("续前注。", 300, 3045, 400, 30)}), body(400, 36, 1300, 900),
                                   block({role_line("3", 1220, 3350, 30)})};
    EXPECT_THAT(roles(page), ElementsAre("footnote ① 见本书第三章。", "footnote 续前注。", "page-number 3"));
    // A footnote that came before the end of its column goes behind it.
    std::swap(page[0], page[1]);
    assign_roles(page, kWidth, kHeight);
    EXPECT_EQ(page[0].role, BlockRole::Body);
    EXPECT_EQ(page[1].lines[0].text, "① 见本书第三章。");
    EXPECT_EQ(page[2].lines[0].text, "续前注。");
    EXPECT_EQ(page[3].role, BlockRole::Body);
    EXPECT_EQ(page[3].box.x, 1300);
    // No smaller, or with body below, it is an item of a list.
    EXPECT_THAT(roles({body(400, 20), block({role_line("① 第一项", 300, 2200, 600)})}), IsEmpty());
    EXPECT_THAT(roles({body(400, 20), block({role_line("① 第一项", 300, 2000, 600, 30)}), body(2200, 8)}), IsEmpty());
}

TEST(Roles, CaptionsAndMargins) {
    const TextBlock table = block({role_line("甲 乙", 400, 1100, 1500)}, BlockKind::Table);
    EXPECT_THAT(roles({body(300, 8), block({role_line("表1 公路里程", 1000, 1040, 460)}), table}),
                ElementsAre("caption 表1 公路里程"));
    EXPECT_THAT(roles({body(300, 8), block({role_line("表1 公路里程", 1000, 1040, 460)}), body(1100, 5)}), IsEmpty());
    EXPECT_THAT(roles({body(300, 20), block({role_line("批注", 90, 700, 120)})}), ElementsAre("marginal 批注"));
    EXPECT_THAT(roles({body(300, 20), block({role_line("批注", 320, 1900, 120)})}), IsEmpty());
}

TEST(Roles, ASparsePageIsLeftAlone) {
    EXPECT_THAT(roles({}), IsEmpty());
    EXPECT_THAT(roles({block({role_line("封面", 1000, 1700, 400, 100)})}), IsEmpty());
    std::vector<TextBlock> none = {body(300, 3)};
    assign_roles(none, 0, 0);
    EXPECT_EQ(none[0].role, BlockRole::Body);
}

TEST(Roles, NumbersOfDocuments) {
    for (const char* yes : {"国发〔1956〕12号", "政发[2012]3号", "(56)政办字第3号", "国发 〔1956〕 12 号",
                            "京政办发【1998】107号", "〔1956〕国办字12号", "中发〔1982〕1号"})
        EXPECT_TRUE(is_document_number(yes)) << yes;
    for (const char* no : {"第3号", "一九五六年第12号", "国发〔1956〕12", "12号", "根据国发〔1956〕12号文件",
                           "1956年12号", "电话2825号", "国发〔1956〕12号 签发人:王"})
        EXPECT_FALSE(is_document_number(no)) << no;
}

TEST(Roles, DatesAndPageNumbers) {
    for (const char* yes :
         {"二〇一二年三月十七日", "2012年3月17日", "一九五六年三月", "2012 年 3 月 17 日", "２０１２年３月１７日"})
        EXPECT_TRUE(is_date_line(yes)) << yes;
    for (const char* no : {"2012年", "3月17日", "2012年3月17日收", "公元2012年3月17日"})
        EXPECT_FALSE(is_date_line(no)) << no;
    for (const char* yes :
         {"12", "- 12 -", "—12—", "·3·", "第3页", "第 3 页 共 10 页", "四", "xiv", "12/30", "一 12 一"})
        EXPECT_TRUE(is_page_number(yes)) << yes;
    for (const char* no : {"", "第三", "1956年", "12号", "civil", "见第3页", "--", "12345678", "3月"})
        EXPECT_FALSE(is_page_number(no)) << no;
}

} // namespace
} // namespace recto::reading
