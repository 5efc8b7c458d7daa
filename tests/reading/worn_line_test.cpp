#include "stages/reading/worn_line.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>

namespace recto::reading {
namespace {

using ::testing::HasSubstr;

WordList words_of(const std::string& content) {
    auto list = WordList::parse(content, "words.txt");
    EXPECT_TRUE(list);
    return *list;
}

TEST(WordList, SharesAreOfAllWordsAndCountTheTraditionalAsTheSimplified) {
    const WordList list = words_of("国 50 n\n國 10 n\n国家 30 n\nB超 5 n\n中华人民共和国 5 ns\n");
    EXPECT_EQ(list.size(), 2U); // one has a letter, one is longer than is looked for
    EXPECT_NEAR(*list.log_share(U"国"), std::log(0.60), 1e-6);
    EXPECT_NEAR(*list.log_share(U"国家"), std::log(0.30), 1e-6);
    EXPECT_EQ(list.log_share(U"國家"), list.log_share(U"国家"));
    EXPECT_FALSE(list.log_share(U"家国"));
    EXPECT_FALSE(list.log_share(U""));
    EXPECT_FALSE(list.log_share(U"B超"));
    EXPECT_FALSE(WordList().log_share(U"国"));
}

TEST(WordList, KnowsWhatLongerWordsBeginWith) {
    const WordList list = words_of("国 50 n\n国家 30 n\n社会主义 30 n\n防汛办 2 n\n");
    for (const auto* begins : {U"国", U"國", U"社", U"社会", U"社会主", U"防", U"防汛"})
        EXPECT_TRUE(list.begins_word(begins)) << std::u32string_view(begins).size();
    for (const auto* not_one : {U"家", U"国家", U"社会主义", U"会", U"社防", U"防汛办", U"", U"a", U"中华人民共"})
        EXPECT_FALSE(list.begins_word(not_one)) << std::u32string_view(not_one).size();
    EXPECT_FALSE(WordList().begins_word(U"国"));
}

TEST(WordList, WhatIsNoListIsNamed) {
    for (const auto& [content, reason] : {std::pair{"国 60 n\n国家\n", "line 2"},
                                          {"国 many n\n", "line 1"},
                                          {"\xFF\xFE 3 n\n", "UTF-8"},
                                          {"", "empty"}}) {
        const auto list = WordList::parse(content, "words.txt");
        ASSERT_FALSE(list) << content;
        EXPECT_EQ(list.error().code, "read.model");
        EXPECT_EQ(list.error().file, "words.txt");
        EXPECT_THAT(list.error().reason, HasSubstr(reason));
    }
    const auto missing = WordList::load("/nowhere/words.txt");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "missing.model");
}

/// Six steps a character; its candidates in the fourth of them, blank elsewhere and what they leave.
class DrawnLine {
  public:
    explicit DrawnLine(const std::string& characters) : charset_(*Charset::parse(characters, "drawn")) {}
    using Seen = std::vector<std::pair<std::string, float>>;
    std::string read(const std::vector<Seen>& places, const Language& language) {
        LineLikelihoods line;
        line.classes = charset_.size();
        for (const Seen& seen : places)
            for (int step = 0; step < 6; ++step) {
                std::vector<float> row(static_cast<std::size_t>(line.classes), 0);
                row[0] = 1;
                for (const auto& [text, p] : seen)
                    if (step == 3) row[static_cast<std::size_t>(label(text))] = p, row[0] -= p;
                line.values.insert(line.values.end(), row.begin(), row.end());
                ++line.steps;
            }
        last = read_worn(line, charset_, language);
        std::string out;
        for (const CtcChar& c : last) out += charset_.text(c.label);
        return out;
    }
    [[nodiscard]] int label(const std::string& text) const {
        for (int i = 1; i < charset_.size(); ++i)
            if (charset_.text(i) == text) return i;
        ADD_FAILURE() << text;
        return 0;
    }
    std::vector<CtcChar> last;

  private:
    Charset charset_;
};

const std::string kCharacters = "关\n于\n防\n汛\n抗\n旱\n工\n作\n士\n沉\n國\n国\n家\n，\n";
const std::string kWords =
    "关于 50 p\n防汛 20 n\n抗旱 20 n\n工作 90 vn\n士 5 n\n工 30 n\n作 30 v\n沉 5 v\n家 30 n\n国家 60 n\n国 20 n\n";

TEST(WornLine, WordsDecideWhereTheNetworkDoubts) {
    DrawnLine line(kCharacters);
    const WordList words = words_of(kWords);
    // 士 and 沉 are a little likelier than 工 and 汛, but make no words.
    const std::vector<DrawnLine::Seen> seen = {
        {{"防", .8F}}, {{"沉", .5F}, {"汛", .4F}}, {{"士", .45F}, {"工", .4F}}, {{"作", .7F}}};
    EXPECT_EQ(line.read(seen, {words, {}}), "防汛工作");
    EXPECT_GT(line.last[1].confidence, line.last[1].rivals[0].confidence);
    EXPECT_EQ(line.last[1].rivals[0].label, line.label("沉"));
    EXPECT_EQ(line.read(seen, {}), "防沉士作");
}

TEST(WornLine, WordsThatFollowOneAnotherDecideToo) {
    using namespace std::string_literals;
    // One pair: 工 and 作, 3; its keys are those of word_pairs_test.cpp.
    const auto pairs = WordPairs::parse("RPR1\x01\0\0\0\x36\x7E\x93\x23\x24"s, "pairs.bin");
    ASSERT_TRUE(pairs);
    DrawnLine line(kCharacters);
    const WordList words = words_of("工 10 n\n士 10 n\n作 10 n\n");
    const std::vector<DrawnLine::Seen> seen = {{{"士", .5F}, {"工", .4F}}, {{"作", .7F}}};
    EXPECT_EQ(line.read(seen, {words, {}}), "士作");
    EXPECT_EQ(line.read(seen, {words, *pairs}), "工作");
    EXPECT_GT(line.last[0].confidence, line.last[0].rivals[0].confidence);
    // .4 e^(.6 x 3) to .5, of the .9 that was seen.
    EXPECT_NEAR(line.last[0].confidence, .9 * .4 * std::exp(1.8) / (.4 * std::exp(1.8) + .5), 1e-4);
}

TEST(WornLine, OfMarksThoseAreTakenThatAreCommon) {
    DrawnLine line("，\n》\n关\n");
    EXPECT_EQ(line.read({{{"》", .4F}, {"，", .3F}}}, {words_of(kWords), {}}), "，");
}

TEST(WornLine, WhatTheNetworkIsSureOfStaysWhateverItMakes) {
    DrawnLine line(kCharacters);
    EXPECT_EQ(line.read({{{"防", .95F}}, {{"沉", .92F}, {"汛", .07F}}}, {words_of(kWords), {}}), "防沉");
}

TEST(WornLine, TheListDoesNotChooseBetweenTraditionalAndSimplified) {
    DrawnLine line(kCharacters);
    const WordList words = words_of(kWords);
    EXPECT_EQ(line.read({{{"國", .5F}, {"国", .4F}}, {{"家", .8F}}}, {words, {}}), "國家");
    EXPECT_EQ(line.read({{{"國", .4F}, {"国", .5F}}, {{"家", .8F}}}, {words, {}}), "国家");
}

TEST(WornLine, PlacesThatTheNetworkPassedOverAreFilledAndEmptyOnesAreNot) {
    DrawnLine line(kCharacters);
    const WordList words = words_of(kWords);
    // The sixth place has nothing above the blank.
    const std::vector<DrawnLine::Seen> worn = {{{"关", .9F}}, {{"于", .9F}}, {{"防", .9F}}, {{"汛", .9F}},
                                               {{"抗", .9F}}, {{"旱", .2F}}, {{"工", .9F}}, {{"作", .9F}}};
    EXPECT_EQ(line.read(worn, {words, {}}), "关于防汛抗旱工作");
    EXPECT_LT(line.last[5].confidence, 0.3);
    EXPECT_NEAR(line.last[5].position, 5 * 6 + 3.5, 0.5);
    auto gap = worn;
    gap[5].clear();
    EXPECT_EQ(line.read(gap, {words, {}}), "关于防汛抗工作");
}

TEST(WornLine, ConfidencesAreSharesOfAllWaysToReadIt) {
    DrawnLine line(kCharacters);
    (void)line.read({{{"士", .5F}, {"工", .3F}}}, {words_of("士 10 n\n工 10 n\n"), {}});
    ASSERT_EQ(line.last.size(), 1U);
    EXPECT_NEAR(line.last[0].confidence, 0.5, 1e-5); // both equally common: .5/.8 of the .8 that was seen
    EXPECT_NEAR(line.last[0].rivals[0].confidence, 0.3, 1e-5);
}

TEST(WornLine, OfALineWithoutPrintNotAllThatItMightBeIsTried) {
    // Every place may be any of twenty characters: 160,000 words of four begin at each.
    const std::string twenty = "一丁七万丈三上下不与丐丑专且世丘丙业丛东"; // three bytes each
    std::string characters;
    DrawnLine::Seen any;
    for (std::size_t i = 0; i < twenty.size(); i += 3) {
        characters += twenty.substr(i, 3) + "\n";
        any.emplace_back(twenty.substr(i, 3), i == 0 ? .3F : .03F);
    }
    DrawnLine line(characters);
    (void)line.read(std::vector<DrawnLine::Seen>(120, any), {words_of(kWords), {}});
    ASSERT_EQ(line.last.size(), 120U);
    EXPECT_LT(line.last[60].confidence, 0.5);
}

TEST(WornLine, AnEmptyLineHasNoCharacters) {
    DrawnLine line(kCharacters);
    EXPECT_EQ(line.read({}, {words_of(kWords), {}}), "");
    EXPECT_EQ(line.read({{}, {}}, {words_of(kWords), {}}), "");
}

} // namespace
} // namespace recto::reading
