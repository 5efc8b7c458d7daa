#include "stages/reading/ctc.h"

#include <gmock/gmock.h>

#include "stages/reading/unicode.h"

namespace recto::reading {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Rows of probabilities: for each step the label and its probability, the rest spread over the other labels.
std::vector<float> rows(const std::vector<std::pair<int, float>>& steps, int classes) {
    std::vector<float> out;
    for (auto [label, p] : steps)
        for (int c = 0; c < classes; ++c) out.push_back(c == label ? p : (1 - p) / static_cast<float>(classes - 1));
    return out;
}

std::vector<int> labels(const std::vector<CtcChar>& characters) {
    std::vector<int> out;
    for (const CtcChar& c : characters) out.push_back(c.label);
    return out;
}

TEST(Ctc, MergesRepeatsAndKeepsDoublesThatABlankDivides) {
    const auto p = rows({{0, .9F}, {3, .6F}, {3, .9F}, {0, .9F}, {3, .8F}, {5, .7F}, {5, .7F}, {0, .9F}}, 20);
    const auto out = ctc_decode(p, 8, 20);
    EXPECT_THAT(labels(out), ElementsAre(3, 3, 5));
    EXPECT_FLOAT_EQ(out[0].confidence, 0.9F);
    EXPECT_FLOAT_EQ(out[1].confidence, 0.8F);
    EXPECT_EQ(out[0].begin, 1);
    EXPECT_EQ(out[0].end, 3);
    EXPECT_NEAR(out[0].position, (1.5 * 0.6 + 2.5 * 0.9) / 1.5, 1e-6); // weighted by probability
    EXPECT_NEAR(out[1].position, 4.5, 1e-6);
    EXPECT_NEAR(out[2].position, 6.0, 1e-6);
}

TEST(Ctc, LabelsInEveryLaneOfTheSearchAreFound) {
    constexpr int kClasses = 6906; // not a multiple of the 16 lanes
    for (int label : {1, 15, 16, 17, 4000, 6895, 6896, 6904, 6905}) {
        const auto out = ctc_decode(rows({{label, .5F}}, kClasses), 1, kClasses);
        EXPECT_THAT(labels(out), ElementsAre(label));
    }
}

TEST(Ctc, DoubtfulCharactersHaveRivals) {
    std::vector<float> p(10, 0.0F);
    p[0] = 0.05F, p[3] = 0.5F, p[7] = 0.2F, p[2] = 0.15F, p[9] = 0.08F, p[1] = 0.005F;
    const auto out = ctc_decode(p, 1, 10);
    ASSERT_THAT(labels(out), ElementsAre(3));
    EXPECT_EQ(out[0].rivals[0].label, 7);
    EXPECT_EQ(out[0].rivals[1].label, 2);
    EXPECT_EQ(out[0].rivals[2].label, 9);
    EXPECT_FLOAT_EQ(out[0].rivals[0].confidence, 0.2F);
    const auto sure = ctc_decode(rows({{3, .99F}}, 10), 1, 10);
    EXPECT_EQ(sure[0].rivals[0].label, 0) << "none is looked for";
}

TEST(Ctc, NothingFromNothing) {
    EXPECT_TRUE(ctc_decode({}, 0, 10).empty());
    EXPECT_TRUE(ctc_decode(rows({{0, .9F}, {0, .9F}}, 10), 2, 10).empty());
    const std::vector<float> few(5, 0.F);
    EXPECT_TRUE(ctc_decode(few, 2, 10).empty()) << "fewer values than steps and classes say";
    const std::vector<float> nan(20, std::numeric_limits<float>::quiet_NaN());
    EXPECT_TRUE(ctc_decode(nan, 2, 10).empty());
}

TEST(Charset, BlankDictionarySpace) {
    auto set = Charset::parse("a\n一\r\n\U00020000\n", "dict.txt");
    ASSERT_TRUE(set);
    EXPECT_EQ(set->size(), 5);
    EXPECT_EQ(set->text(1), "a");
    EXPECT_EQ(set->text(2), "一");
    EXPECT_EQ(set->code_point(3), U'\U00020000');
    EXPECT_EQ(set->text(4), " ");
    EXPECT_TRUE(set->check(5, "model.onnx"));
}

TEST(Charset, AModelOfAnotherSizeIsRefusedNamingBoth) {
    auto set = Charset::parse("a\nb\n", "dict.txt");
    ASSERT_TRUE(set);
    auto wrong = set->check(9, "model.onnx");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, "read.model");
    EXPECT_EQ(wrong.error().file, "model.onnx");
    EXPECT_THAT(wrong.error().reason, HasSubstr("dict.txt"));
    EXPECT_THAT(wrong.error().reason, HasSubstr("9"));
    EXPECT_THAT(wrong.error().reason, HasSubstr("4"));
}

TEST(Charset, DamagedDictionariesAreRefused) {
    EXPECT_EQ(Charset::parse("", "d").error().code, "read.model");
    EXPECT_EQ(Charset::parse("a\n\xFF\n", "d").error().code, "read.model");
    EXPECT_EQ(Charset::parse("a\n\nb\n", "d").error().code, "read.model") << "an empty line is no character";
    EXPECT_EQ(Charset::load("/nonexistent/dict.txt").error().code, "missing.model");
}

TEST(Unicode, DecodesAllPlanesAndMarksBadBytes) {
    EXPECT_EQ(decode_utf8("aé一\U0001F600"), U"aé一\U0001F600");
    const std::u32string bad = decode_utf8("a\xC0\x80\xED\xA0\x80\xF5z\xE4\xB8");
    EXPECT_EQ(std::count(bad.begin(), bad.end(), kBadUtf8), 8);
    EXPECT_EQ(bad.front(), U'a');
}

} // namespace
} // namespace recto::reading
