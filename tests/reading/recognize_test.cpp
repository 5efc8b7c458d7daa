// Lines made of decoded characters: where words part.

#include "stages/reading/ppocr_recognize.h"

#include <gtest/gtest.h>

namespace recto::reading {
namespace {

/// A strip of letters, 'x' a bar of ink of 20 columns, '-' a gap of 10; `said`: the characters in order, ' ' with this confidence.
/// Each bar's character has its centre in the bar, but for `late`: 14 columns behind it, as networks have it now and then.
ReadLine read_line(const std::string& drawn, const std::string& said, float space, int late = -1) {
    const Charset letters = Charset::parse("a\nb\nc\n一\n二\n", "dict.txt").value();
    constexpr int kSpace = 6; // behind the dictionary
    cv::Mat strip(48, 400, CV_8UC3, cv::Scalar::all(230));
    std::vector<double> centres;
    int x = 10;
    for (const char c : drawn) {
        const int width = c == 'x' ? 20 : 10;
        if (c == 'x') {
            strip(cv::Rect(x, 8, width, 32)) = cv::Scalar::all(20);
            centres.push_back(x + width / 2.0 + (static_cast<int>(centres.size()) == late ? 14 : 0));
        }
        x += width;
    }
    std::vector<CtcChar> characters;
    std::size_t next = 0;
    for (const char c : said) {
        CtcChar one;
        one.label = c == ' ' ? kSpace : c >= '1' ? (c >= 'a' ? c - 'a' + 1 : c - '1' + 4) : 0;
        one.confidence = c == ' ' ? space : 0.99F;
        one.position = c == ' ' ? (characters.empty() ? 0 : characters.back().position + 1) : centres.at(next++);
        characters.push_back(one);
    }
    StripGeometry g;
    g.origin = {0, 0}, g.along = {1, 0}, g.across = {0, 1}, g.width = g.bucket = strip.cols;
    return build_line(characters, letters, strip, g, 1, strip.size());
}

std::string read(const std::string& drawn, const std::string& said, float space, int late = -1) {
    return read_line(drawn, said, space, late).line.text;
}

TEST(BuildLine, SpacesAreWhereTheNetworkAndTheInkSaySo) {
    EXPECT_EQ(read("xx-xx", "ab ab", 0.99F), "ab ab");
    EXPECT_EQ(read("xxxx", "abab", 0), "abab");
    EXPECT_EQ(read("xx--xx", "abab", 0), "ab ab") << "passed over, but as wide as any";
    EXPECT_EQ(read("xxxx", "ab ab", 0.5F), "abab") << "doubtful, and no gap";
}

TEST(BuildLine, ASureSpaceStaysWhereACharactersPlaceLiesBehindTheGap) {
    EXPECT_EQ(read("xx-xx", "ab ab", 0.99F, 1), "ab ab");
    EXPECT_EQ(read("xx-xx", "ab ab", 0.5F, 1), "abab") << "of a doubtful one the ink decides";
}

TEST(BuildLine, TheFootOfAFaintLetterIsNoGap) {
    const Charset letters = Charset::parse("a\nb\n", "dict.txt").value();
    const auto text_with = [&](int foot) {
        cv::Mat strip(48, 400, CV_8UC3, cv::Scalar::all(230));
        for (const int left : {10, 52, 76, 100}) strip(cv::Rect(left, 8, 20, 32)) = cv::Scalar::all(150); // faint print
        strip(cv::Rect(30, 36, 20, 4)) = cv::Scalar::all(foot);
        std::vector<CtcChar> characters;
        for (const double centre : {20.0, 62.0, 86.0, 110.0}) {
            CtcChar one;
            one.label = 1, one.confidence = 0.99F, one.position = centre;
            characters.push_back(one);
        }
        StripGeometry g;
        g.origin = {0, 0}, g.along = {1, 0}, g.across = {0, 1}, g.width = g.bucket = strip.cols;
        return build_line(characters, letters, strip, g, 1, strip.size()).line.text;
    };
    EXPECT_EQ(text_with(230), "a aaa") << "a gap";
    EXPECT_EQ(text_with(198), "aaaa") << "L";
}

TEST(BuildLine, ChineseCharactersAreSpacedNotParted) {
    EXPECT_EQ(read("x-x", "1 2", 0.99F), "一二");
    EXPECT_EQ(read("x---x", "1 2", 0.99F), "一 二");
}

TEST(BuildLine, ChineseInkOverTwoPlacesHasACharacterThatWasLeftOut) {
    EXPECT_EQ(read_line("x-x-x-x-x-x-x", "1212121", 0).skipped, 0);
    EXPECT_EQ(read_line("x-x-x-x-x-x-x-x", "1212121", 0).skipped, 1) << "the last";
    EXPECT_EQ(read_line("x-x-x-x-x-x-x-x", "abcabca", 0).skipped, 0) << "Latin letters are of any width";
    EXPECT_EQ(read_line("x-x-x", "12", 0).skipped, 0) << "of so few nothing can be said";
}

} // namespace
} // namespace recto::reading
