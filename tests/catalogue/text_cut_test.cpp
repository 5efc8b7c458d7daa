// Cutting text into terms: folding, classes, lines, places.

#include "catalogue/text_cut.h"

#include <gmock/gmock.h>

namespace recto::catalogue {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> texts(const std::vector<Token>& tokens) {
    std::vector<std::string> out;
    for (const Token& t : tokens) out.push_back(t.text);
    return out;
}
std::vector<std::string> cut(std::string_view text) { return texts(cut_text(text).tokens); }

TEST(Cut, ChineseByCharactersWordsByWords) {
    EXPECT_THAT(cut("关于2012年防汛 Flood Control的通知"),
                ElementsAre("关", "于", "2012", "年", "防", "汛", "flood", "control", "的", "通", "知"));
    EXPECT_THAT(cut("通 知　书"), ElementsAre("通", "知", "书")) << "spaces between characters are nothing";
    EXPECT_THAT(cut("GB18030 A4纸"), ElementsAre("gb18030", "a4", "纸"));
    EXPECT_THAT(cut("かなカナ한국ไทย"), ElementsAre("か", "な", "カ", "ナ", "한", "국", "ไ", "ท", "ย"));
    EXPECT_THAT(cut(""), IsEmpty());
    EXPECT_THAT(cut("，。—…！"), IsEmpty());
}

TEST(Cut, PunctuationLeavesAGapButNotBetweenWordsOfLetters) {
    EXPECT_THAT(cut("关于、开展（试行）"), ElementsAre("关", "于", "¦", "开", "展", "¦", "试", "行"));
    EXPECT_THAT(cut("well-known, don't"), ElementsAre("well", "known", "don", "t"));
    EXPECT_THAT(cut("12-1 3.5 1,000"), ElementsAre("12", "¦", "1", "3", "¦", "5", "1", "¦", "000"));
    EXPECT_THAT(cut("柳政发〔2023〕12号"), ElementsAre("柳", "政", "发", "¦", "2023", "¦", "12", "号"));
    EXPECT_THAT(cut("a¦b"), ElementsAre("a", "b"));
}

TEST(Cut, WhatIsFolded) {
    EXPECT_EQ(cut("檔案館學習後發臺灣"), cut("档案馆学习后发台湾"));
    EXPECT_EQ(cut("看著"), cut("看着"));
    EXPECT_EQ(cut("祕密"), cut("秘密"));
    EXPECT_EQ(cut("ＡＢＣ１２３"), cut("abc123"));
    EXPECT_EQ(cut("二○一二年"), cut("二〇一二年"));
    EXPECT_EQ(cut("Café Ångström naïve"), cut("cafe angstrom naive"));
    EXPECT_EQ(cut("Cafe\u0301 x\u0304"), cut("café x"));
    EXPECT_EQ(cut("STRASSE Straße"), cut("strasse strasse"));
    EXPECT_EQ(cut("Łódź Ærø"), cut("lodz aero"));
    EXPECT_EQ(cut("ΆΛΦΑ"), cut("αλφα"));
    EXPECT_EQ(cut("ｶﾞｷﾞ"), cut("ガギ"));
    EXPECT_NE(cut("か"), cut("が"));
    EXPECT_NE(cut("й"), cut("и"));
    EXPECT_EQ(cut("\u8c48"), cut("\uf900")) << "compatibility ideograph";
    EXPECT_EQ(cut("葛\U000E0100城"), cut("葛城")) << "variation selector";
    EXPECT_EQ(cut("①㈱㎡"), cut("1(株)m2"));
    EXPECT_EQ(cut("偉"), cut("伟"));
}

TEST(Cut, CharactersOfAllPlanes) {
    EXPECT_THAT(cut("𠮷野𪚥𰻞"), ElementsAre("𠮷", "野", "𪚥", "𰻞"));
    EXPECT_THAT(cut("\U000F0000\uE000"), ElementsAre("\U000F0000", "\uE000")) << "of the user's own";
    EXPECT_EQ(cut("𠵾"), cut("𠵾"));
    EXPECT_THAT(cut("a\xFF\xFE中\xE4\xB8"), ElementsAre("a", "¦", "中")) << "bytes that are no text";
}

TEST(Cut, LinesJoinChineseAndEndWords) {
    EXPECT_THAT(cut("档案数字\n化工作"), ElementsAre("档", "案", "数", "字", "化", "工", "作"));
    EXPECT_THAT(cut("paper\narchive"), ElementsAre("paper", "archive"));
    EXPECT_THAT(cut("2023\n12"), ElementsAre("2023", "12"));
    const auto c = cut_text(TextBlocks{{"上一段"}, {"下一段"}});
    EXPECT_THAT(texts(c.tokens), ElementsAre("上", "一", "段", "¦", "下", "一", "段")) << "blocks stay apart";
}

TEST(Cut, HyphenatedWordsAreOneAndTheirPieces) {
    const auto c = cut_text("the digiti-\n  zation of well-\nknown Anglo-\nSaxon 12-\n13");
    EXPECT_THAT(texts(c.tokens),
                ElementsAre("the", "digitization", "of", "wellknown", "anglo", "saxon", "12", "¦", "13"));
    EXPECT_THAT(texts(c.parts), ElementsAre("digiti", "zation", "¦", "well", "known"));
    const Token& word = c.tokens[1];
    EXPECT_EQ(word.at, (TextSpan{0, 4, 10}));
    EXPECT_THAT(word.more, ElementsAre(TextSpan{1, 2, 8}));
    EXPECT_EQ(c.parts[1].at, (TextSpan{1, 2, 8}));
    const auto thrice = cut_text("ab-\ncd-\nef gh");
    EXPECT_THAT(texts(thrice.tokens), ElementsAre("abcdef", "gh"));
    EXPECT_THAT(texts(thrice.parts), ElementsAre("ab", "cd", "ef"));
    EXPECT_THAT(cut("ab-\n中"), ElementsAre("ab", "¦", "中"));
    EXPECT_THAT(cut("ab-"), ElementsAre("ab"));
}

TEST(Cut, PlacesAreBytesOfTheLines) {
    const auto c = cut_text(TextBlocks{{"２０１２年", "𠮷 Å\u0301b"}, {"末"}});
    ASSERT_EQ(texts(c.tokens), (std::vector<std::string>{"2012", "年", "𠮷", "ab", "¦", "末"}));
    EXPECT_EQ(c.tokens[0].at, (TextSpan{0, 0, 12}));
    EXPECT_EQ(c.tokens[1].at, (TextSpan{0, 12, 15}));
    EXPECT_EQ(c.tokens[2].at, (TextSpan{1, 0, 4}));
    EXPECT_EQ(c.tokens[3].at, (TextSpan{1, 5, 10}));
    EXPECT_EQ(c.tokens[5].at, (TextSpan{2, 0, 3}));
}

TEST(Cut, LongWordsAreCutAlikeEverywhere) {
    const std::string word(500, 'x');
    const auto tokens = cut_text(word).tokens;
    ASSERT_EQ(tokens.size(), 1U);
    EXPECT_LE(tokens[0].text.size(), 120U);
}

TEST(Cut, JoinedTokensGoThereAndBack) {
    for (const char* text : {"关于2012年 Flood Control、的通知 1 2", "a", "号12", "𠮷a b¦c，d 中", ""}) {
        const auto tokens = cut_text(text).tokens;
        const std::string joined = join_tokens(tokens);
        EXPECT_EQ(texts(split_tokens(joined)), texts(tokens)) << text;
        EXPECT_EQ(unigrams(split_tokens(joined)), unigrams(tokens)) << text;
    }
    EXPECT_EQ(join_tokens(cut_text("第12号 a b").tokens), "第 12 号 a  b ");
}

TEST(Cut, Pairs) {
    EXPECT_THAT(bigrams(cut_text("档案法12号，a").tokens), ElementsAre("12", "a", "号", "案法", "档案", "法"));
}

TEST(Cut, Finding) {
    const auto text = cut_text("档案 档案档案法 digital").tokens;
    EXPECT_THAT(find_tokens(text, cut_text("档案").tokens, false), ElementsAre(0, 2, 4));
    EXPECT_THAT(find_tokens(text, cut_text("案法").tokens, false), ElementsAre(5));
    EXPECT_THAT(find_tokens(text, cut_text("digi").tokens, false), IsEmpty());
    EXPECT_THAT(find_tokens(text, cut_text("法 digi").tokens, true), ElementsAre(6));
}

TEST(Cut, BlocksOfPlainText) {
    const auto blocks = blocks_of("一\n二\n\n三\n");
    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_THAT(blocks[0], ElementsAre("一", "二"));
    EXPECT_THAT(blocks[1], ElementsAre("三"));
    EXPECT_THAT(blocks_of(""), IsEmpty());
}

} // namespace
} // namespace recto::catalogue
