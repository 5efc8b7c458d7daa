// The text index against a plain scan, on both databases.

#include "catalogue/search_index.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>

#include <gmock/gmock.h>

#include "tests/catalogue/postgres_support.h"

namespace recto::catalogue {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A database of its own for each test; SQLite in memory, PostgreSQL as the tests of the store start it.
class Search : public ::testing::TestWithParam<DatabaseKind> {
  protected:
    void SetUp() override {
        DatabaseOptions options;
        if (GetParam() == DatabaseKind::Sqlite) {
            options.path = ":memory:";
        } else {
            std::string why;
            options.url = new_postgres_database(why);
            if (!why.empty()) GTEST_SKIP() << why;
        }
        auto db = Database::open(options);
        ASSERT_TRUE(db) << db.error().to_string();
        db_ = std::move(*db);
        auto index = SearchIndex::open(*db_);
        ASSERT_TRUE(index) << index.error().to_string();
        index_ = std::move(*index);
    }

    testing::AssertionResult put(const std::vector<IndexedItem>& items) {
        const auto done = index_->put(items);
        return done ? testing::AssertionSuccess() : testing::AssertionFailure() << done.error().to_string();
    }
    SearchAnswer ask(const SearchQuery& query, SearchOptions options = {SearchSort::Code, -1, 0}) {
        const auto answer = index_->search(query, options);
        EXPECT_TRUE(answer) << answer.error().to_string();
        return answer.value_or(SearchAnswer{});
    }
    /// "code/page" of all hits, in order; "code/0" for an item by itself.
    std::vector<std::string> hits(std::string_view text, SearchOptions options = {SearchSort::Code, -1, 0}) {
        const auto query = parse_query(text);
        EXPECT_TRUE(query) << text << ": " << query.error().to_string();
        return query ? shown(ask(*query, options)) : std::vector<std::string>{};
    }
    std::vector<std::string> shown(const SearchAnswer& answer) {
        std::vector<std::string> out;
        for (const SearchHit& h : answer.hits)
            out.push_back(index_->item(h.item_row)->name + "/" + std::to_string(h.order));
        return out;
    }

    std::unique_ptr<Database> db_;
    std::unique_ptr<SearchIndex> index_;
};

INSTANTIATE_TEST_SUITE_P(Both, Search, ::testing::Values(DatabaseKind::Sqlite, DatabaseKind::Postgresql),
                         [](const auto& p) { return p.param == DatabaseKind::Sqlite ? "Sqlite" : "Postgresql"; });

IndexedItem item(const std::string& code, const std::string& title, std::vector<std::string> pages) {
    IndexedItem i;
    i.id = "id-" + code;
    i.digest = "1";
    i.code = i.name = code;
    i.title = title;
    for (std::string& text : pages) {
        IndexedPage p;
        p.order = static_cast<int>(i.pages.size()) + 1;
        p.id = code + "-p" + std::to_string(p.order);
        p.state = text.empty() ? "not-machine-readable" : "read";
        p.text = std::move(text);
        i.pages.push_back(std::move(p));
    }
    return i;
}

TEST_P(Search, WordsPhrasesAndFields) {
    auto a =
        item("A-1", "关于防汛工作的通知", {"各县人民政府:\n现将防汛抗\n旱工作通知如下", "档案馆 Flood control", ""});
    a.creator = "柳州市人民政府";
    a.number = "柳政发〔2012〕15号";
    a.date_edtf = "2012-04-27";
    a.fonds = "WS";
    a.year = "2012";
    a.retention = "永久";
    auto b = item("A-2", "会议纪要", {"防汛會議紀要,檔案管理。抗旱"});
    b.date_edtf = "2013";
    b.year = "2013";
    b.retention = "30年";
    ASSERT_TRUE(put({a, b}));
    EXPECT_THAT(hits("汛"), ElementsAre("A-1/1", "A-2/1"));
    EXPECT_THAT(hits("抗旱"), ElementsAre("A-1/1", "A-2/1")) << "over the line's end";
    EXPECT_THAT(hits("防汛抗旱"), ElementsAre("A-1/1"));
    EXPECT_THAT(hits("防汛 抗旱"), ElementsAre("A-1/1", "A-2/1"));
    EXPECT_THAT(hits("管理抗旱"), IsEmpty()) << "not over punctuation";
    EXPECT_THAT(hits("档案"), ElementsAre("A-1/2", "A-2/1")) << "simplified finds traditional";
    EXPECT_THAT(hits("檔案"), ElementsAre("A-1/2", "A-2/1")) << "and back";
    EXPECT_THAT(hits("FLOOD"), ElementsAre("A-1/2"));
    EXPECT_THAT(hits("flo"), IsEmpty());
    EXPECT_THAT(hits("flo*"), ElementsAre("A-1/2"));
    EXPECT_THAT(hits("\"flood cont\"*"), IsEmpty());
    EXPECT_THAT(hits("防汛 -纪要"), ElementsAre("A-1/1"));
    EXPECT_THAT(hits("flood OR 纪要"), ElementsAre("A-1/2", "A-2/1"));
    EXPECT_THAT(hits("title:防汛"), ElementsAre("A-1/0"));
    EXPECT_THAT(hits("flood 题名:防汛"), ElementsAre("A-1/2"));
    EXPECT_THAT(hits("flood 防汛"), ElementsAre("A-1/2")) << "one word in the text, the other in the title";
    EXPECT_THAT(hits("text:防汛"), ElementsAre("A-1/1", "A-2/1"));
    EXPECT_THAT(hits("责任者:柳州市"), ElementsAre("A-1/0"));
    EXPECT_THAT(hits("柳政发[2012]15号"), ElementsAre("A-1/0")) << "brackets of any kind";
    EXPECT_THAT(hits("code:A-2"), ElementsAre("A-2/0"));
    EXPECT_THAT(hits("年度:2012"), ElementsAre("A-1/0")) << "filters alone list items";
    EXPECT_THAT(hits("汛 year:2013"), ElementsAre("A-2/1"));
    EXPECT_THAT(hits("汛 retention:永久"), ElementsAre("A-1/1"));
    EXPECT_THAT(hits("汛 date:2012-04"), ElementsAre("A-1/1"));
    EXPECT_THAT(hits("汛 date:2012-05.."), ElementsAre("A-2/1"));
    EXPECT_THAT(hits("汛 date:..2012"), ElementsAre("A-1/1"));
    const auto counts = ask(*parse_query("汛")).counts;
    EXPECT_EQ(counts.pages, 2);
    EXPECT_EQ(counts.items, 2);
    EXPECT_EQ(counts.unreadable_pages, 1);
    EXPECT_EQ(ask(*parse_query("汛 year:2013")).counts.unreadable_pages, 0) << "counted within the filter";
}

TEST_P(Search, HyphenatedWords) {
    ASSERT_TRUE(put({item("A", "", {"the digiti-\nzation of well-\nknown paper"})}));
    for (const char* found : {"digitization", "\"the digitization of\"", "well-known", "known", "zation"})
        EXPECT_THAT(hits(found), ElementsAre("A/1")) << found;
    EXPECT_THAT(hits("\"zation well\""), IsEmpty());
}

TEST_P(Search, WhatIsHeldIsCountedAndNothingElse) {
    auto open = item("A-1", "通知", {"会议"}), held = item("A-2", "机密会议通知", {"会议机密内容", ""});
    held.held = true;
    auto listed = item("A-3", "方案", {"会议方案", "续"});
    listed.classification = "机密";
    ASSERT_TRUE(put({open, held, listed}));
    EXPECT_THAT(hits("会议"), ElementsAre("A-1/1"));
    EXPECT_THAT(hits("机密"), IsEmpty());
    EXPECT_THAT(hits("code:A-2"), IsEmpty());
    auto query = *parse_query("会议");
    auto c = ask(query).counts;
    EXPECT_EQ(c.held_items, 1);
    EXPECT_EQ(c.held_pages, 2);
    EXPECT_EQ(c.classified_items, 1);
    EXPECT_EQ(c.classified_pages, 2);
    EXPECT_EQ(c.unreadable_pages, 0) << "of what is held nothing is said";
    query.filter.classified = true;
    EXPECT_THAT(shown(ask(query)), ElementsAre("A-1/1", "A-3/1"));
    std::string text; // nowhere in the tables
    db_->session() << "select coalesce(max(title || code || name), '') from search_item where held = 1",
        soci::into(text);
    EXPECT_EQ(text, "");
    held.held = false;
    held.digest = "2";
    ASSERT_TRUE(put({held}));
    EXPECT_THAT(hits("会议"), ElementsAre("A-1/1", "A-2/1")) << "released";
    held.held = true;
    ASSERT_TRUE(put({held}));
    EXPECT_THAT(hits("会议"), ElementsAre("A-1/1")) << "and held again";
    EXPECT_THAT(hits("内容"), IsEmpty());
}

TEST_P(Search, OrderLimitOffset) {
    std::vector<IndexedItem> items;
    for (int i = 9; i > 0; --i) {
        items.push_back(item("B-" + std::to_string(i), i == 4 ? "水库" : "",
                             {"水库 " + std::string(i == 7 ? "水库" : "堤防"), "水库"}));
        items.back().date_edtf = i % 3 == 0 ? "" : std::to_string(2000 - i);
    }
    ASSERT_TRUE(put(items));
    EXPECT_THAT(hits("堤防", {SearchSort::Code, 3, 0}), ElementsAre("B-1/1", "B-2/1", "B-3/1"));
    EXPECT_THAT(hits("堤防", {SearchSort::Code, 3, 6}), ElementsAre("B-8/1", "B-9/1"));
    EXPECT_THAT(hits("堤防", {SearchSort::Code, 3, 60}), IsEmpty());
    EXPECT_THAT(hits("堤防", {SearchSort::Date, 3, 0}), ElementsAre("B-8/1", "B-5/1", "B-4/1"));
    EXPECT_THAT(hits("堤防", {SearchSort::DateDown, 2, 0}), ElementsAre("B-1/1", "B-2/1"));
    const auto best = hits("水库", {SearchSort::Relevance, 3, 0});
    EXPECT_THAT(best, ElementsAre("B-4/2", "B-4/1", "B-7/1")) << "title first, then often";
    EXPECT_EQ(ask(*parse_query("水库"), {SearchSort::Relevance, 1, 0}).counts.pages, 18);
}

TEST(SearchPure, DaysOfEdtf) {
    EXPECT_EQ(days_of("2012-04-27"), std::pair(20120427, 20120427));
    EXPECT_EQ(days_of("2012-04"), std::pair(20120401, 20120431));
    EXPECT_EQ(days_of("2012"), std::pair(20120101, 20121231));
    EXPECT_EQ(days_of("1985~"), std::pair(19850101, 19851231));
    EXPECT_EQ(days_of("198X"), std::pair(19800101, 19891231));
    EXPECT_EQ(days_of("2012-03-06/2012-06"), std::pair(20120306, 20120631));
    EXPECT_EQ(days_of("../2012"), std::pair(0, 20121231));
    for (const char* none : {"", "12", "2012-", "2012-4", "20120427", "2012-04-27-1", "../..", "abcd"})
        EXPECT_EQ(days_of(none), std::nullopt) << none;
}

TEST(SearchPure, Classification) {
    for (const char* yes : {"绝密", "機密", "秘密★1年", "祕密", "机 密"}) EXPECT_TRUE(is_classification(yes)) << yes;
    for (const char* no : {"", "公开", "内部", "无", "限制"}) EXPECT_FALSE(is_classification(no)) << no;
}

// ---- against a plain scan --------------------------------------------------------------------------------------------

/// A thing on a page as it is written in several ways, and what it counts as.
struct Symbol {
    std::vector<std::string> written;
    std::string token;
    bool word, letters;
    std::vector<std::string> parts; ///< Of a word broken over a line's end (written[0] only).
};

const std::vector<Symbol>& symbols() {
    static const std::vector<Symbol> kSymbols = {
        {{"国", "國"}, "国", false, false, {}},
        {{"档", "檔"}, "档", false, false, {}},
        {{"案"}, "案", false, false, {}},
        {{"学", "學"}, "学", false, false, {}},
        {{"的"}, "的", false, false, {}},
        {{"一"}, "一", false, false, {}},
        {{"𠮷"}, "𠮷", false, false, {}},
        {{"𪚥"}, "𪚥", false, false, {}},
        {{"〇", "○"}, "〇", false, false, {}},
        {{"flood", "Flood", "ＦＬＯＯＤ"}, "flood", true, true, {}},
        {{"café", "CAFE", "Cafe\u0301"}, "cafe", true, true, {}},
        {{"a", "A", "ａ"}, "a", true, true, {}},
        {{"2012", "２０１２"}, "2012", true, false, {}},
        {{"12", "１２"}, "12", true, false, {}},
        {{"digiti-\nzation"}, "digitization", true, true, {"digiti", "zation"}},
    };
    return kSymbols;
}

struct Scanned {
    std::vector<std::string> tokens, parts; ///< "\x01" for a gap.
};

class Scribe {
  public:
    explicit Scribe(unsigned seed) : random_(seed) {}
    std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
    std::string write(const Symbol& s) { return s.written[below(s.written.size())]; }

    std::string page(std::size_t length, Scanned& truth) {
        std::string text;
        const Symbol* before = nullptr;
        for (std::size_t i = 0; i < length; ++i) {
            const Symbol& s = symbols()[below(symbols().size())];
            if (before) {
                // "" only where two words do not touch.
                static const std::vector<std::string> kBetween = {" ", "\n", "，", "。\n", "\n\n", "", "", "", ""};
                std::string between = kBetween[below(kBetween.size())];
                if (between.empty() && before->word && s.word) between = " ";
                const bool punctuation = between[0] == "，"[0] || between[0] == "。"[0];
                if (between == "\n\n" || (punctuation && !(before->letters && s.letters)))
                    truth.tokens.emplace_back("\x01");
                text += between;
            }
            text += write(s);
            truth.tokens.push_back(s.token);
            if (!s.parts.empty()) {
                if (!truth.parts.empty()) truth.parts.emplace_back("\x01");
                truth.parts.insert(truth.parts.end(), s.parts.begin(), s.parts.end());
            }
            before = &s;
        }
        return text;
    }

  private:
    std::mt19937 random_;
};

bool holds(const std::vector<std::string>& text, const std::vector<std::string>& wanted) {
    return std::search(text.begin(), text.end(), wanted.begin(), wanted.end()) != text.end();
}

struct Wanted {
    std::string written;
    std::vector<std::string> tokens;
};

TEST_P(Search, EqualsAPlainScan) {
    Scribe scribe(20261122);
    struct Known {
        Scanned title;
        std::vector<Scanned> pages;
    };
    std::map<std::string, Known> truth;
    const auto make = [&](int n, const std::string& digest) {
        const std::string code = "C" + std::string(n < 10 ? "0" : "") + std::to_string(n);
        Known known;
        const std::string title = scribe.page(4, known.title);
        std::vector<std::string> texts;
        for (std::size_t p = 0; p < 1 + scribe.below(4); ++p) {
            known.pages.emplace_back();
            texts.push_back(scribe.page(10 + scribe.below(60), known.pages.back()));
        }
        auto i = item(code, title, texts);
        i.digest = digest;
        // A document number is its own field; "title" has no pieces of hyphenated words.
        known.title.parts.clear();
        truth[code] = known;
        return i;
    };
    std::vector<IndexedItem> items;
    for (int n = 0; n < 40; ++n) items.push_back(make(n, "1"));
    ASSERT_TRUE(put(items));
    // Some are stored again, some go.
    items.clear();
    for (int n = 0; n < 40; n += 7) items.push_back(make(n, "2"));
    ASSERT_TRUE(put(items));
    ASSERT_TRUE(index_->remove({"id-C05", "id-C11", "id-none"}));
    truth.erase("C05");
    truth.erase("C11");
    EXPECT_EQ(index_->known()->size(), truth.size());

    const auto phrase = [&] {
        Wanted w;
        const std::size_t n = 1 + scribe.below(4);
        const Symbol* before = nullptr;
        for (std::size_t i = 0; i < n; ++i) {
            const Symbol& s = symbols()[scribe.below(symbols().size() - 1)];
            if (before) {
                const bool gap = scribe.below(8) == 0;
                if (gap && !(before->letters && s.letters)) w.tokens.emplace_back("\x01");
                w.written += gap ? "；" : before->word && s.word ? " " : scribe.below(3) == 0 ? " " : "";
            }
            w.written += scribe.write(s);
            w.tokens.push_back(s.token);
            before = &s;
        }
        w.written = "\"" + w.written + "\"";
        return w;
    };
    const auto in_page = [](const Scanned& p, const Wanted& w) {
        return holds(p.tokens, w.tokens) || holds(p.parts, w.tokens);
    };
    int answered = 0;
    for (int round = 0; round < (GetParam() == DatabaseKind::Sqlite ? 3000 : 600); ++round) {
        const Wanted a = phrase(), b = phrase(), c = phrase();
        // Eight forms of query, each with its meaning.
        std::string text;
        std::function<bool(const std::function<bool(const Wanted&)>&)> means;
        std::vector<const Wanted*> positive{&a};
        switch (round % 6) {
        case 0:
        case 1:
            text = a.written;
            means = [&](const auto& has) { return has(a); };
            break;
        case 2:
            text = a.written + " " + b.written;
            means = [&](const auto& has) { return has(a) && has(b); };
            positive = {&a, &b};
            break;
        case 3:
            text = a.written + " OR " + b.written;
            means = [&](const auto& has) { return has(a) || has(b); };
            positive = {&a, &b};
            break;
        case 4:
            text = a.written + " -" + b.written;
            means = [&](const auto& has) { return has(a) && !has(b); };
            break;
        default:
            text = "(" + a.written + " | " + b.written + ") NOT " + c.written;
            means = [&](const auto& has) { return (has(a) || has(b)) && !has(c); };
            positive = {&a, &b};
            break;
        }
        std::vector<std::string> expected;
        for (const auto& [code, known] : truth) {
            const auto in_title = [&](const Wanted& w) { return holds(known.title.tokens, w.tokens); };
            std::vector<std::string> pages;
            for (std::size_t p = 0; p < known.pages.size(); ++p) {
                const auto in_text = [&](const Wanted& w) { return in_page(known.pages[p], w); };
                if (means([&](const Wanted& w) { return in_text(w) || in_title(w); }) &&
                    std::any_of(positive.begin(), positive.end(), [&](const Wanted* w) { return in_text(*w); }))
                    pages.push_back(code + "/" + std::to_string(p + 1));
            }
            if (pages.empty() && means(in_title)) pages.push_back(code + "/0");
            expected.insert(expected.end(), pages.begin(), pages.end());
        }
        answered += expected.empty() ? 0 : 1;
        ASSERT_EQ(hits(text), expected) << text;
    }
    EXPECT_GT(answered, 100);
}

TEST_P(Search, AnIndexOfOtherRulesIsMadeAgain) {
    ASSERT_TRUE(put({item("A", "", {"档案"})}));
    db_->session() << "update search_meta set value = '0.1'";
    index_ = *SearchIndex::open(*db_);
    EXPECT_THAT(*index_->known(), IsEmpty());
    ASSERT_TRUE(put({item("A", "", {"档案"})}));
    EXPECT_THAT(hits("档案"), ElementsAre("A/1"));
    ASSERT_TRUE(index_->pack());
    ASSERT_TRUE(index_->clear());
    EXPECT_THAT(hits("档案"), IsEmpty());
    EXPECT_THAT(*index_->known(), IsEmpty());
    db_->session() << "update search_meta set value = '99.1'";
    EXPECT_EQ(SearchIndex::open(*db_).error().code, "catalogue.newer_format");
}

} // namespace
} // namespace recto::catalogue
