#include "catalogue/snippet.h"

#include <gmock/gmock.h>

namespace recto::catalogue {
namespace {

using ::testing::ElementsAre;

std::string marked(const TextBlocks& blocks, std::string_view query, std::size_t width = 40) {
    const auto q = parse_query(query);
    const Snippet s = make_snippet(blocks, find_matches(blocks, q->root), width);
    std::string out = s.more_before ? "…" : "";
    std::size_t at = 0;
    for (const auto& [begin, end] : s.marks) {
        out += s.text.substr(at, begin - at) + "[" + s.text.substr(begin, end - begin) + "]";
        at = end;
    }
    return out + s.text.substr(at) + (s.more_after ? "…" : "");
}

TEST(Snippet, MarksTheWordsOverLineEnds) {
    EXPECT_EQ(marked({{"关于防汛抗", "旱工作的通知"}}, "抗旱"), "关于防汛[抗旱]工作的通知");
    EXPECT_EQ(marked({{"the digiti-", "zation of paper"}}, "digitization"), "the [digiti-zation] of paper");
    EXPECT_EQ(marked({{"paper", "archive"}, {"档案"}}, "archive 档案"), "paper [archive] [档案]");
    EXPECT_EQ(marked({{"檔案管理"}}, "档案"), "[檔案]管理") << "the text stays as it is";
    EXPECT_EQ(marked({{"防汛防汛"}}, "防汛"), "[防汛防汛]");
    EXPECT_EQ(marked({{"abc def"}}, "title:abc"), "abc def");
    EXPECT_EQ(marked({{"digital"}}, "digi*"), "[digital]");
}

TEST(Snippet, TakesTheWindowWithMostOfTheWords) {
    const std::string far(200, 'x');
    const std::string line = "防汛 " + far + " 通知 与 防汛 " + far;
    EXPECT_EQ(marked({{line}}, "防汛 通知", 30), "…xxxxxxxxx [通知] 与 [防汛] xxxxxxx…");
    EXPECT_EQ(marked({{"一二三四五六七八九十"}}, "十", 8), "…七八九[十]");
    EXPECT_EQ(marked({{"一二三四五六七八九十"}}, "无", 8), "一二三四…");
    EXPECT_EQ(marked({}, "无"), "");
}

TEST(Snippet, MatchesNameTheirLines) {
    const auto q = parse_query("抗旱");
    const auto m = find_matches({{"关于防汛抗", "旱"}, {"抗旱"}}, q->root);
    ASSERT_EQ(m.size(), 2U);
    EXPECT_THAT(m[0].spans, ElementsAre(TextSpan{0, 12, 15}, TextSpan{1, 0, 3}));
    EXPECT_THAT(m[1].spans, ElementsAre(TextSpan{2, 0, 6}));
}

} // namespace
} // namespace recto::catalogue
