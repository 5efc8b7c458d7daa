// Checks of the text: what is wrong is named with its place, what is right is not, and proposals are only made when clear.

#include "stages/describe/validate.h"

#include "stages/describe/check_digits.h"

#include <gmock/gmock.h>

#include "pipeline/files/codes.h"

namespace recto::describe {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A line whose characters were read with `sure`, except those of `doubtful` (by index).
TextLine line_of(const std::string& text, double sure = 0.99, std::vector<std::size_t> doubtful = {}) {
    TextLine line;
    line.text = text;
    Word word;
    std::size_t n = 0;
    for (std::size_t pos = 0; pos < text.size(); ++n) {
        const std::size_t from = pos;
        next_code_point(text, pos);
        const bool worn = std::ranges::find(doubtful, n) != doubtful.end();
        word.glyphs.push_back(
            {text.substr(from, pos - from), {20.0 * static_cast<double>(n), 0, 20, 30}, worn ? 0.4 : sure});
    }
    word.text = text;
    word.box = line.box = {0, 0, 20.0 * static_cast<double>(n), 30};
    line.words.push_back(std::move(word));
    return line;
}

/// "code|as it stands|proposal" of each finding.
std::vector<std::string> said(const TextLine& line, const Dictionary& dictionary = {}) {
    std::vector<std::string> out;
    for (const Doubtful& d : check_line(line, dictionary))
        out.push_back(std::string(d.code) + "|" + line.text.substr(d.begin, d.end - d.begin) + "|" + d.proposal);
    return out;
}
std::vector<std::string> said(const std::string& text) { return said(line_of(text)); }

TEST(CheckDigits, KnownNumbers) {
    EXPECT_TRUE(valid_id_number("11010519491231002X"));
    EXPECT_TRUE(valid_id_number("440524188001010014"));
    EXPECT_FALSE(valid_id_number("11010519491231002x")) << "the caller folds";
    EXPECT_FALSE(valid_id_number("110105194912310021"));
    EXPECT_FALSE(valid_id_number("110105194913310028"));
    EXPECT_TRUE(valid_credit_code("91350100M000100Y43"));
    EXPECT_FALSE(valid_credit_code("91350100M000100Y48"));
    EXPECT_TRUE(valid_card_number("4111111111111111"));
    EXPECT_FALSE(valid_card_number("4111111111111112"));
}

TEST(CheckLine, IdentityNumbers) {
    EXPECT_THAT(said("身份证号:11010519491231002X"), IsEmpty());
    EXPECT_THAT(said("身份证号:１１０１０５１９４９１２３１００２Ｘ"), IsEmpty()) << "full width";
    EXPECT_THAT(said("身份证号:11O105l949123l002X"),
                ElementsAre("check.id_number|11O105l949123l002X|11010519491231002X"));
    EXPECT_THAT(said("110105194912310O2X"), ElementsAre("check.id_number|110105194912310O2X|11010519491231002X"))
        << "its form says what it is";
    // 3 read as 8 where the reader was unsure: that glyph is the one to exchange.
    EXPECT_THAT(said(line_of("号码 11010519491281002X", 0.99, {16})), IsEmpty())
        << "no label and no date: another number";
    EXPECT_THAT(said(line_of("身份证 11010519491281002X", 0.99, {16})),
                ElementsAre("check.id_number|11010519491281002X|11010519491231002X"));
    EXPECT_THAT(said("身份证 450203850230123"), ElementsAre("check.id_number|450203850230123|"))
        << "15 digits: February 30";
    EXPECT_THAT(said("身份证 450203850228123"), IsEmpty());
    EXPECT_THAT(said("单号 123456789012345678"), IsEmpty()) << "no province, no date";
}

TEST(CheckLine, CreditCodes) {
    EXPECT_THAT(said("统一社会信用代码:91350100M000100Y43"), IsEmpty());
    EXPECT_THAT(said("统一社会信用代码:9135O100M000100Y43"),
                ElementsAre("check.credit_code|9135O100M000100Y43|91350100M000100Y43"));
    EXPECT_THAT(said(line_of("91350100M000108Y43", 0.99, {14})),
                ElementsAre("check.credit_code|91350100M000108Y43|91350100M000100Y43"));
    EXPECT_THAT(said("ABCDEFGHJKLMNPQRTU"), IsEmpty());
}

TEST(CheckLine, CardNumbers) {
    EXPECT_THAT(said("银行卡号 4111 1111 1111 1111"), IsEmpty());
    EXPECT_THAT(said("卡号:41111111111111l1"), ElementsAre("check.card_number|41111111111111l1|4111111111111111"));
    EXPECT_THAT(said("帐号:4111111111111112"), IsEmpty()) << "accounts have no check digit";
    EXPECT_EQ(said("银行卡号 4111 1111 1111 1112").size(), 1U);
}

TEST(CheckLine, Dates) {
    for (const char* right :
         {"2024年2月29日", "二〇二四年二月二十九日", "3月31日", "农历正月三十日", "民国三十五年二月二十八日",
          "腊月三十日", "农历二月三十日", "2023.3.17", "十二月卅一日", "每月20日", "一个月30日"})
        EXPECT_THAT(said(right), IsEmpty()) << right;
    EXPECT_THAT(said("兹定于2023年2月30日召开"), ElementsAre("check.date|2023年2月30日|"));
    EXPECT_THAT(said("一九五六年二月三十日"), ElementsAre("check.date|一九五六年二月三十日|"));
    EXPECT_THAT(said("民国三十五年二月二十九日"), ElementsAre("check.date|民国三十五年二月二十九日|")) << "1946";
    EXPECT_THAT(said("于4月31日前"), ElementsAre("check.date|4月31日|"));
    EXPECT_THAT(said("十三月五日"), ElementsAre("check.date|十三月五日|"));
    EXPECT_THAT(said("农历八月三十一日"), ElementsAre("check.date|八月三十一日|"));
}

TEST(CheckLine, DocumentNumbers) {
    for (const char* right :
         {"国发〔1956〕12号", "柳政发[2023]12号", "(85)柳政字第12号", "柳政字第12号", "见第2023号", "国发（1956）12号"})
        EXPECT_THAT(said(right), IsEmpty()) << right;
    EXPECT_THAT(said("国发〔1956]12号"), ElementsAre("check.document_number|〔1956]12号|〔1956〕12号"));
    EXPECT_THAT(said("柳政发〔2O23〕l2号"), ElementsAre("check.document_number|〔2O23〕l2号|〔2023〕12号"));
    EXPECT_THAT(said("国发1956〕12号"), ElementsAre("check.document_number|1956〕12号|〔1956〕12号"));
    EXPECT_THAT(said("国发〔1056〕12号"), ElementsAre("check.document_number|〔1056〕12号|"));
}

TEST(CheckLine, Amounts) {
    EXPECT_EQ(capital_amount(U"壹仟贰佰元整"), 120000);
    EXPECT_EQ(capital_amount(U"壹拾万零叁佰圆伍角陆分"), 10030056);
    EXPECT_EQ(capital_amount(U"拾元正"), 1000);
    EXPECT_EQ(capital_amount(U"贰亿零伍万元"), 20005000000LL);
    EXPECT_EQ(capital_amount(U"壹贰元"), -1);
    EXPECT_THAT(said("人民币壹仟贰佰元整(¥1,200.00)"), IsEmpty());
    EXPECT_THAT(said("人民币壹仟贰佰元整（￥1,200.00）"), IsEmpty());
    EXPECT_THAT(said("人民币壹仟贰佰元整(¥1,800.00)"), ElementsAre("check.amount|壹仟贰佰元整(¥1,800.00|¥1200.00"));
    EXPECT_THAT(said("伍佰元、陆佰元共计1200元"), IsEmpty()) << "nothing says which belong together";
}

TEST(CheckLine, TelephonesAndPostcodes) {
    for (const char* right :
         {"电话:0772-2825678", "电话 2825678", "电话:325", "手机:13977212345", "传真:0772-2825678-801", "邮编:545001",
          "邮政编码 545001", "联系电话:400-820-8820", "电话会议 2023"})
        EXPECT_THAT(said(right), IsEmpty()) << right;
    EXPECT_THAT(said("电话:0772-28256l8"), ElementsAre("check.phone|0772-28256l8|0772-2825618"));
    EXPECT_THAT(said("手机:1397721234"), ElementsAre("check.phone|1397721234|"));
    EXPECT_THAT(said("邮编:5450O1"), ElementsAre("check.postcode|5450O1|545001"));
    EXPECT_THAT(said("邮编:54500"), ElementsAre("check.postcode|54500|"));
}

TEST(CheckLine, NamesOfTheDictionary) {
    const Dictionary names("\xEF\xBB\xBF# 单位\n柳州市档案馆\r\n柳江县\n柳城县\n二字\n");
    EXPECT_THAT(names.lengths(), ElementsAre(3U, 6U));
    EXPECT_THAT(said(line_of("送柳川市档案馆收", 0.99, {2}), names),
                ElementsAre("check.dictionary|柳川市档案馆|柳州市档案馆"));
    EXPECT_THAT(said(line_of("送柳川市档案馆收"), names), IsEmpty()) << "the reader was sure";
    EXPECT_THAT(said(line_of("送柳州市档案馆收", 0.3), names), IsEmpty()) << "it is a name";
    EXPECT_THAT(said(line_of("送柳川市档案室收", 0.99, {2}), names), IsEmpty()) << "two differ";
    EXPECT_THAT(said(line_of("柳冮县", 0.99, {1}), names), ElementsAre("check.dictionary|柳冮县|"))
        << "two names are as near";
}

TEST(CheckPage, FindingsNameLineAndPlace) {
    Page page;
    page.treatment.transform = Transform(1000, 1000);
    TextBlock block;
    block.lines = {line_of("无事"), line_of("邮编:54500")};
    page.text.blocks = {block};
    const auto found = check_page(page, {});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].code, "check.postcode");
    EXPECT_THAT(found[0].args, ElementsAre("b1l2", "54500", "–", "邮编:54500"));
    EXPECT_TRUE(found[0].has_place);
    EXPECT_DOUBLE_EQ(found[0].place.x, 60);
    EXPECT_DOUBLE_EQ(found[0].place.width, 100);
    EXPECT_EQ(page.text.plain(), "无事\n邮编:54500\n") << "the text stays";
}

} // namespace
} // namespace recto::describe
