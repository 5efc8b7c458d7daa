// What a person types, as a tree.

#include "catalogue/search_query.h"

#include <gmock/gmock.h>

namespace recto::catalogue {
namespace {

using ::testing::ElementsAre;

std::string shown(const QueryNode& n) {
    std::string out = n.excluded ? "-" : "";
    if (n.kind == QueryNode::Kind::Term) {
        static const char* kNames[] = {"", "text:", "title:", "creator:", "number:", "code:"};
        return out + kNames[static_cast<int>(n.field)] + unigrams(n.tokens) + (n.prefix ? "*" : "");
    }
    out += n.kind == QueryNode::Kind::And ? "and(" : "or(";
    for (std::size_t i = 0; i < n.children.size(); ++i) out += (i ? ", " : "") + shown(n.children[i]);
    return out + ")";
}
std::string parsed(std::string_view text) {
    const auto q = parse_query(text);
    return q ? (q->has_words ? shown(q->root) : "") : q.error().code;
}

TEST(Query, WordsPhrasesAlternativesExclusions) {
    EXPECT_EQ(parsed("防汛 通知"), "and(防 汛, 通 知)");
    EXPECT_EQ(parsed("防汛　通知"), "and(防 汛, 通 知)");
    EXPECT_EQ(parsed("\"防汛 通知\""), "防 汛 通 知");
    EXPECT_EQ(parsed("“防汛 通知”"), "防 汛 通 知");
    EXPECT_EQ(parsed("「防汛」"), "防 汛");
    EXPECT_EQ(parsed("a OR b c"), "or(a, and(b, c))");
    EXPECT_EQ(parsed("a | b"), "or(a, b)");
    EXPECT_EQ(parsed("(a OR b) c"), "and(or(a, b), c)");
    EXPECT_EQ(parsed("（a OR b）c"), "and(or(a, b), c)");
    EXPECT_EQ(parsed("a -b NOT c －d"), "and(a, -b, -c, -d)");
    EXPECT_EQ(parsed("a -\"b c\""), "and(a, -b c)");
    EXPECT_EQ(parsed("a -(b OR c)"), "and(a, -or(b, c))");
    EXPECT_EQ(parsed("a AND b"), "and(a, b)");
    EXPECT_EQ(parsed("digit*"), "digit*");
    EXPECT_EQ(parsed("档*"), "档") << "Chinese needs no star";
    EXPECT_EQ(parsed("12-1"), "12 ¦ 1") << "a hyphen inside a word excludes nothing";
    EXPECT_EQ(parsed("a - b"), "and(a, b)");
    EXPECT_EQ(parsed("or Or and"), "and(or, or, and)") << "only capitals are operators";
    EXPECT_EQ(parsed("防汛\"抗旱\""), "and(防 汛, 抗 旱)");
}

TEST(Query, Fields) {
    EXPECT_EQ(parsed("title:防汛 题名：通知 text:a"), "and(title:防 汛, title:通 知, text:a)");
    EXPECT_EQ(parsed("文号:\"柳政发〔2023〕12号\""), "number:柳 政 发 ¦ 2023 ¦ 12 号");
    EXPECT_EQ(parsed("Title:a -creator:b"), "and(title:a, -creator:b)");
    EXPECT_EQ(parsed("主送:各县"), "主 送 ¦ 各 县") << "a colon in Chinese text";
    EXPECT_EQ(parsed("12:30"), "12 ¦ 30");
    EXPECT_EQ(parsed("http://a.b"), "http a b");
    EXPECT_EQ(parsed("titel:a"), "search.field");
    EXPECT_EQ(parse_query("titel:a").error().reason, "titel → title?");
}

TEST(Query, Filters) {
    const auto q = parse_query("防汛 fonds:WS 年度:2012 year:2013 保管期限:永久 date:2012-03..2012-06");
    ASSERT_TRUE(q);
    EXPECT_EQ(shown(q->root), "防 汛");
    EXPECT_THAT(q->filter.fonds, ElementsAre("WS"));
    EXPECT_THAT(q->filter.years, ElementsAre("2012", "2013"));
    EXPECT_THAT(q->filter.retentions, ElementsAre("永久"));
    EXPECT_EQ(q->filter.from, "2012-03");
    EXPECT_EQ(q->filter.to, "2012-06");
    EXPECT_EQ(parse_query("date:2012")->filter.to, "2012");
    EXPECT_FALSE(parse_query("year:2012")->has_words);
    EXPECT_EQ(parsed("a OR year:2012"), "search.filter_place");
    EXPECT_EQ(parsed("year:2012 a OR b"), "search.filter_place");
    EXPECT_EQ(parsed("(year:2012)"), "search.filter_place");
    EXPECT_EQ(parsed("a -year:2012"), "search.filter_place");
    EXPECT_EQ(parsed("date:gestern"), "search.date");
}

TEST(Query, MistakesAreNamed) {
    EXPECT_EQ(parsed("\"防汛"), "search.quote");
    EXPECT_EQ(parsed("“防汛"), "search.quote");
    EXPECT_EQ(parsed("(a"), "search.parenthesis");
    EXPECT_EQ(parsed("a)"), "search.parenthesis");
    EXPECT_EQ(parsed("a OR"), "search.operator");
    EXPECT_EQ(parsed("OR a"), "search.operator");
    EXPECT_EQ(parsed("a OR OR b"), "search.operator");
    EXPECT_EQ(parsed("a NOT"), "search.operator");
    EXPECT_EQ(parsed("-a"), "search.excluded_only");
    EXPECT_EQ(parsed("a OR -b"), "search.excluded_only");
    EXPECT_EQ(parsed("，。"), "search.no_word");
    EXPECT_EQ(parsed("\"，\""), "search.no_word");
    EXPECT_EQ(parsed("title:"), "search.no_word");
    EXPECT_EQ(parsed(std::string(200, '(') + "a" + std::string(200, ')')), "search.parenthesis");
    EXPECT_EQ(parsed(""), "");
}

TEST(Query, FieldsAndExclusionsOfOptions) {
    auto q = *parse_query("a OR b");
    ASSERT_TRUE(add_field(q, "title=防汛 通知"));
    ASSERT_TRUE(add_exclusion(q, "x y"));
    EXPECT_EQ(shown(q.root), "and(or(a, b), and(title:防 汛, title:通 知), -x y)");
    ASSERT_TRUE(add_field(q, "year=2012"));
    EXPECT_THAT(q.filter.years, ElementsAre("2012"));
    EXPECT_EQ(add_field(q, "titel=a").error().code, "search.field");
    EXPECT_EQ(add_field(q, "title").error().code, "search.field");
    EXPECT_EQ(add_field(q, "title=，").error().code, "search.no_word");
    auto none = *parse_query("");
    EXPECT_EQ(add_exclusion(none, "a").error().code, "search.excluded_only");
}

} // namespace
} // namespace recto::catalogue
