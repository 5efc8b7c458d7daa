#include "stages/reading/word_pairs.h"

#include <algorithm>
#include <string>
#include <utility>

#include <gmock/gmock.h>

namespace recto::reading {
namespace {

using ::testing::HasSubstr;

/// A file of one pair, 工 and 作, 36 twelfths, and of what 工 leaves for others, -12: by FNV-1a of "工|作" and of "工".
std::string two_entries() {
    using namespace std::string_literals;
    return "RPR1\x02\0\0\0"s + "\x36\x7E\x93\x23"s + "\x07\x7B\xDD\x6E"s + "\x24\xF4"s;
}

TEST(WordPairs, WhatFollowsAWordAndWhatWasNeverSeenBehindIt) {
    const auto pairs = WordPairs::parse(two_entries(), "pairs.bin");
    ASSERT_TRUE(pairs) << pairs.error().reason;
    EXPECT_EQ(pairs->size(), 2U);
    EXPECT_FLOAT_EQ(pairs->log_ratio(U"工", U"作"), 3);
    EXPECT_FLOAT_EQ(pairs->log_ratio(U"工", U"昨"), -1);
    EXPECT_FLOAT_EQ(pairs->log_ratio(U"王", U"作"), 0);
    EXPECT_FLOAT_EQ(pairs->log_ratio(U"", U"作"), 0);
    EXPECT_FLOAT_EQ(pairs->log_ratio(U"工", U""), 0);
    EXPECT_FLOAT_EQ(WordPairs().log_ratio(U"工", U"作"), 0);
}

TEST(WordPairs, WhatIsNoSuchFileIsNamed) {
    std::string unordered = two_entries();
    std::swap_ranges(unordered.begin() + 8, unordered.begin() + 12, unordered.begin() + 12);
    for (const auto& [bytes, reason] : {std::pair{std::string(), "no file of word pairs"},
                                        {std::string("ABCD") + two_entries().substr(4), "no file of word pairs"},
                                        {two_entries().substr(0, 8), "another length"},
                                        {two_entries().substr(0, 17), "another length"},
                                        {two_entries() + "x", "another length"},
                                        {unordered, "not in order"}}) {
        const auto pairs = WordPairs::parse(bytes, "pairs.bin");
        ASSERT_FALSE(pairs);
        EXPECT_EQ(pairs.error().code, "read.model");
        EXPECT_EQ(pairs.error().file, "pairs.bin");
        EXPECT_THAT(pairs.error().reason, HasSubstr(reason));
    }
    const auto missing = WordPairs::load("/nowhere/pairs.bin");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "missing.model");
}

#ifdef RECTO_PPOCR
TEST(WordPairs, OfThePackageSayWhatPeopleWrite) {
    const auto pairs = WordPairs::load(RECTO_DEPS_DIR "/models/chinese_pairs.bin");
    ASSERT_TRUE(pairs) << pairs.error().reason;
    EXPECT_GT(pairs->size(), 400000U);
    EXPECT_GT(pairs->log_ratio(U"提高", U"认识"), 1);
    EXPECT_LT(pairs->log_ratio(U"提高", U"桌子"), 0);
    EXPECT_EQ(pairs->log_ratio(U"提高", U"認識"), pairs->log_ratio(U"提高", U"认识"));
    EXPECT_EQ(pairs->log_ratio(U"同意", U","), pairs->log_ratio(U"同意", U"，"));
}
#endif

} // namespace
} // namespace recto::reading
