#include "stages/reading/vote.h"

#include <gmock/gmock.h>

#include "stages/reading/calibrate.h"
#include "stages/reading/even_contrast.h"
#include "stages/reading/marks.h"

#include <opencv2/imgproc.hpp>

namespace recto::reading {
namespace {

using ::testing::ElementsAre;

/// A reading of 40 pixels a character; a character " " begins a new word. `confidences`: one a character that is none.
ReadLine reading(const std::vector<std::string>& characters, const std::vector<double>& confidences) {
    ReadLine out;
    out.line.words.emplace_back();
    double x = 0;
    std::size_t i = 0;
    for (const std::string& c : characters) {
        if (c == " ") {
            out.line.words.emplace_back();
        } else {
            Word& word = out.line.words.back();
            word.glyphs.push_back({c, {x, 0, 38, 40}, confidences[i++]});
            word.text += c;
            word.box = word.glyphs.size() == 1 ? word.glyphs[0].box : unite(word.box, word.glyphs.back().box);
            out.contrasts.push_back(static_cast<float>(i));
        }
        x += 40;
    }
    refresh_line(out.line);
    return out;
}

const Glyph& glyph(const VotedLine& voted, std::size_t i) { return voted.line.line.words[0].glyphs[i]; }

TEST(Vote, WhereTwoAgreeTheyAreSurerThanEither) {
    const VotedLine v = vote(reading({"防", "汛"}, {0.8, 0.9}), reading({"防", "汛"}, {0.7, 0.6}));
    EXPECT_EQ(v.line.line.text, "防汛");
    EXPECT_THAT(v.votes, ElementsAre(Vote::Agreed, Vote::Agreed));
    // 0.8 * 0.7 / (0.8 * 0.7 + 0.3 * 0.2 * 0.3)
    EXPECT_NEAR(glyph(v, 0).confidence, 0.9689, 1e-4);
    EXPECT_GT(glyph(v, 1).confidence, 0.9);
}

TEST(Vote, OneNetworkBeforeTwoPicturesIsNotTwoNetworks) {
    const ReadLine a = reading({"防"}, {0.8}), b = reading({"防"}, {0.7});
    // 0.8 * 0.7 / (0.8 * 0.7 + 0.6 * 0.2 * 0.3)
    EXPECT_NEAR(glyph(vote(a, b, Witness::Picture), 0).confidence, 0.9396, 1e-4);
    EXPECT_EQ(glyph(vote(a, b), 0).confidence, glyph(vote(a, b, Witness::Network), 0).confidence);
}

TEST(Vote, OfLettersTwoThatAgreeAreNoTwoWitnesses) {
    const VotedLine v = vote(reading({"a", "b", "7"}, {0.8, 0.9, 0.8}), reading({"a", "b", "7"}, {0.8, 0.6, 0.8}));
    // Odds of 4, twice, and their product to the power of .62.
    EXPECT_NEAR(glyph(v, 0).confidence, 0.8480, 1e-4);
    EXPECT_LT(glyph(v, 1).confidence, 0.9) << "the other hardly believes it";
    EXPECT_GT(glyph(v, 2).confidence, 0.95) << "a figure is none";
    EXPECT_EQ(glyph(vote(reading({"a"}, {1}), reading({"a"}, {0})), 0).confidence, 0.5);
}

TEST(Vote, OfMarksOfLatinPrintNeither) {
    EXPECT_NEAR(glyph(vote(reading({"."}, {0.8}), reading({"."}, {0.8})), 0).confidence, 0.8480, 1e-4);
    EXPECT_GT(glyph(vote(reading({"。"}, {0.8}), reading({"。"}, {0.8})), 0).confidence, 0.95);
}

TEST(Vote, WhereTheyDifferTheSurerIsTakenAndTheOtherKept) {
    const VotedLine v =
        vote(reading({"防", "讯", "部"}, {0.9, 0.4, 0.9}), reading({"防", "汛", "部"}, {0.9, 0.8, 0.9}));
    EXPECT_EQ(v.line.line.text, "防汛部");
    EXPECT_THAT(v.votes, ElementsAre(Vote::Agreed, Vote::Disputed, Vote::Agreed));
    EXPECT_LT(glyph(v, 1).confidence, 0.8) << "another reading stands against it";
    ASSERT_EQ(glyph(v, 1).variants.size(), 1U);
    EXPECT_EQ(glyph(v, 1).variants[0].text, "讯");
    EXPECT_THAT(v.line.contrasts, ElementsAre(1, 2, 3));
}

TEST(Vote, WhereTheInkSaysThatOneLeftSomethingOutTheOtherIsHeard) {
    const auto merged = [](int skipped) {
        ReadLine one = reading({"九", "〇", "元"}, {0.9, 0.9, 0.9});
        one.skipped = skipped;
        return vote(one, reading({"九", "〇", "〇", "元"}, {0.9, 0.9, 0.4, 0.9})).line;
    };
    EXPECT_EQ(merged(0).line.text, "九〇元");
    EXPECT_EQ(merged(1).line.text, "九〇〇元");
    EXPECT_EQ(merged(1).skipped, 0);
}

TEST(FillIn, WhatTheOtherHasWhereTheLineHasNothing) {
    ReadLine line = reading({"國", "九", "元"}, {0.6, 0.9, 0.9});
    const ReadLine other = reading({"国", "九", "〇", "元", "、"}, {0.99, 0.9, 0.7, 0.9, 0.3});
    EXPECT_EQ(fill_in(line, other).line.text, "國九元") << "its ink does not say that it left anything out";
    line.skipped = 1;
    const ReadLine filled = fill_in(line, other);
    EXPECT_EQ(filled.line.text, "國九〇元") << "its own characters stay; what the other is not sure of stays out";
    EXPECT_EQ(filled.contrasts.size(), 4U);
    EXPECT_EQ(filled.skipped, 0);
}

TEST(Vote, TheFirstIsKeptWhereBothAreEquallySure) {
    EXPECT_EQ(vote(reading({"甲"}, {0.6}), reading({"乙"}, {0.6})).line.line.text, "甲");
}

TEST(Vote, WhatOnlyOneHasStaysWhenItIsMoreThanHalfSure) {
    EXPECT_EQ(vote(reading({"一", "二", "三"}, {0.9, 0.8, 0.9}), reading({"一", "三"}, {0.9, 0.9})).line.line.text,
              "一二三");
    EXPECT_EQ(vote(reading({"一", "二", "三"}, {0.9, 0.3, 0.9}), reading({"一", "三"}, {0.9, 0.9})).line.line.text,
              "一三");
    EXPECT_EQ(vote(reading({"一", "三"}, {0.9, 0.9}), reading({"一", "二", "三"}, {0.9, 0.8, 0.9})).line.line.text,
              "一二三");
}

TEST(Vote, ALetterThatOneReaderAloneSawIsKeptAndNotBelieved) {
    const auto both = [](const std::string& c) {
        return vote(reading({"a", c, "b"}, {0.9, 0.8, 0.9}), reading({"a", "b"}, {0.9, 0.9}));
    };
    for (const char* c : {"i", "7", "."}) {
        EXPECT_EQ(both(c).line.line.text, std::string("a") + c + "b");
        EXPECT_LT(glyph(both(c), 1).confidence, 0.5) << c;
    }
    EXPECT_NEAR(glyph(both("、"), 1).confidence, 0.6667, 1e-4);
    // A line of which the other saw nothing at all stays what it was.
    EXPECT_NEAR(glyph(vote(reading({"a"}, {0.8}), ReadLine{}), 0).confidence, 0.6667, 1e-4);
}

TEST(Vote, WordsFollowTheSideACharacterCameFrom) {
    const auto a = reading({"a", "b", " ", "c", "d"}, {0.9, 0.9, 0.9, 0.9});
    const VotedLine v = vote(a, reading({"a", "b", "c", "d"}, {0.8, 0.8, 0.8, 0.8}));
    EXPECT_EQ(v.line.line.text, "ab cd");
}

TEST(Vote, AnotherNumberOfCharactersIsAnAlternativeOfTheWord) {
    // "rn" against "m", and what was left out
    const VotedLine v = vote(reading({"b", "a", "r", "n", " ", "x"}, {0.9, 0.9, 0.9, 0.9, 0.9}),
                             reading({"b", "a", "m", " ", "x"}, {0.9, 0.9, 0.6, 0.9}));
    EXPECT_EQ(v.line.line.text, "barn x");
    ASSERT_EQ(v.line.line.words[0].alternatives.size(), 1U);
    EXPECT_EQ(v.line.line.words[0].alternatives[0].text, "bam");
    EXPECT_TRUE(v.line.line.words[1].alternatives.empty());
    const VotedLine out = vote(reading({"一", "三"}, {0.9, 0.9}), reading({"一", "二", "三"}, {0.9, 0.3, 0.9}));
    EXPECT_EQ(out.line.line.text, "一三");
    ASSERT_EQ(out.line.line.words[0].alternatives.size(), 1U);
    EXPECT_EQ(out.line.line.words[0].alternatives[0].text, "一二三");
    // A third reading does not forget the second.
    const VotedLine again = vote(v.line, reading({"b", "a", "r", "n", " ", "x"}, {0.9, 0.9, 0.9, 0.9, 0.9}));
    ASSERT_EQ(again.line.line.words[0].alternatives.size(), 1U);
    EXPECT_EQ(again.line.line.words[0].alternatives[0].text, "bam");
}

TEST(Vote, NothingAgainstSomething) {
    EXPECT_EQ(vote(reading({"一"}, {0.9}), ReadLine{}).line.line.text, "一");
    EXPECT_EQ(vote(ReadLine{}, reading({"一"}, {0.9})).line.line.text, "一");
    EXPECT_TRUE(vote(ReadLine{}, ReadLine{}).line.line.words.empty());
}

TEST(Calibrate, RisesWithTheCharacterAndWithItsLine) {
    for (const Reader reader : {Reader::Tiny, Reader::Small, Reader::Tesseract, Reader::SecondOpinion}) {
        double before = 0;
        for (const double raw : {0.2, 0.5, 0.8, 0.95, 0.999}) {
            TextLine alone = reading({"字", "字", "字", "字"}, {raw, 0.9, 0.9, 0.9}).line;
            calibrate(alone, reader);
            EXPECT_GT(alone.words[0].glyphs[0].confidence, before);
            before = alone.words[0].glyphs[0].confidence;
        }
        TextLine good = reading({"字", "字"}, {0.8, 0.99}).line, bad = reading({"字", "字"}, {0.8, 0.3}).line;
        calibrate(good, reader);
        calibrate(bad, reader);
        EXPECT_GT(good.words[0].glyphs[0].confidence, bad.words[0].glyphs[0].confidence);
        EXPECT_NEAR(good.confidence, (good.words[0].glyphs[0].confidence + good.words[0].glyphs[1].confidence) / 2,
                    1e-9);
    }
    TextLine empty;
    calibrate(empty, Reader::Tiny);
    EXPECT_EQ(empty.confidence, 0);
}

TEST(Calibrate, MarksOfLatinLinesAreWorthLess) {
    TextLine latin = reading({"a", "b", "."}, {0.999, 0.999, 0.99}).line,
             chinese = reading({"防", "汛", "."}, {0.999, 0.999, 0.99}).line;
    calibrate(latin, Reader::Small);
    calibrate(chinese, Reader::Small);
    EXPECT_LT(latin.words[0].glyphs[2].confidence, 0.93);
    EXPECT_GT(chinese.words[0].glyphs[2].confidence, 0.95);
}

TEST(Marks, ALineWithoutChineseHasAsciiMarks) {
    TextLine l = reading({"N", "，", "1", "6", "（", "a", "）"}, {1, 1, 1, 1, 1, 1, 1}).line;
    settle_marks(l);
    EXPECT_EQ(l.text, "N,16(a)");
    EXPECT_EQ(l.words[0].glyphs[1].text, ",");
    TextLine chinese = reading({"防", "，", "汛"}, {1, 1, 1}).line;
    settle_marks(chinese);
    EXPECT_EQ(chinese.text, "防，汛");
}

TEST(Marks, BetweenChineseCharactersMarksAreFullWidth) {
    const auto settled = [](const std::vector<std::string>& characters) {
        TextLine l = reading(characters, std::vector<double>(characters.size(), 1)).line;
        settle_marks(l);
        return l.text;
    };
    EXPECT_EQ(settled({"办", "公", "室", ":"}), "办公室：");
    EXPECT_EQ(settled({"防", ",", "汛", ";", "部"}), "防，汛；部");
    EXPECT_EQ(settled({"电", "话", ":", "8", "2"}), "电话:82") << "before figures either is used";
    EXPECT_EQ(settled({"1", ",", "5", "元"}), "1,5元");
}

TEST(Marks, UprightCommasAndStopsInVerticalPrint) {
    TextLine l = reading({"防", "’", "汛", "°"}, {1, 1, 1, 1}).line;
    TextLine level = l;
    l.vertical = true;
    settle_marks(l);
    settle_marks(level);
    EXPECT_EQ(l.text, "防，汛。");
    EXPECT_EQ(level.text, "防’汛°");
    TextLine half = reading({"防", ":", "(", "汛", ")", ";"}, {1, 1, 1, 1, 1, 1}).line;
    half.vertical = true;
    settle_marks(half);
    EXPECT_EQ(half.text, "防：（汛）；");
}

TEST(Marks, ARingBesideAChineseFigureIsZero) {
    TextLine l = reading({"八", "O", "四", "○", "万", "O"}, {1, 1, 1, 1, 1, 1}).line;
    settle_marks(l);
    EXPECT_EQ(l.text, "八〇四〇万O");
    TextLine latin = reading({"O", "K"}, {1, 1}).line;
    settle_marks(latin);
    EXPECT_EQ(latin.text, "OK");
}

TEST(Marks, AStrokeBetweenFiguresIsOneWhereADashCannotBe) {
    const auto settled = [](const std::vector<std::string>& characters) {
        TextLine l = reading(characters, std::vector<double>(characters.size(), 1)).line;
        settle_marks(l);
        return l.text;
    };
    EXPECT_EQ(settled({"二", "〇", "—", "〇", "年"}), "二〇一〇年");
    EXPECT_EQ(settled({"二", "〇", "二", "-", "年"}), "二〇二一年");
    EXPECT_EQ(settled({"三", "—", "五", "年"}), "三—五年") << "from three to five";
    EXPECT_EQ(settled({"甲", "—", "月"}), "甲—月");
}

TEST(Marks, TwoShortStrokesAreATypedDashNotFigures) {
    // Places of 40 pixels; strokes of `width` that stand `apart`.
    const auto settled = [](double width, double apart) {
        TextLine l =
            reading({"应", "着", "一", "个", "账", "户", "一", "一", "这", "个"}, std::vector<double>(10, .9)).line;
        std::vector<Glyph>& g = l.words[0].glyphs;
        for (const std::size_t i : {2U, 6U, 7U}) g[i].box.width = i == 2 ? 36 : width;
        g[7].box.x = g[6].box.x + apart;
        settle_marks(l);
        EXPECT_EQ(l.words[0].text, l.text);
        return l.text;
    };
    EXPECT_EQ(settled(28, 31), "应着一个账户--这个");
    EXPECT_EQ(settled(36, 40), "应着一个账户一一这个");
    EXPECT_EQ(settled(28, 40), "应着一个账户一一这个") << "short strokes of faint print, each in its place";
    EXPECT_EQ(settled(36, 34), "应着一个账户一一这个") << "print set close";
}

TEST(Marks, AWideHyphenBesideFiguresIsADash) {
    TextLine l = reading({"-", "9", "-"}, {1, 1, 1}).line; // 38 of 40 pixels
    settle_marks(l);
    EXPECT_EQ(l.text, "—9—");
    TextLine narrow = l;
    narrow = reading({"1", "-", "5"}, {1, 1, 1}).line;
    narrow.words[0].glyphs[1].box.width = 12;
    settle_marks(narrow);
    EXPECT_EQ(narrow.text, "1-5");
    TextLine word = reading({"A", "-", "B"}, {1, 1, 1}).line;
    settle_marks(word);
    EXPECT_EQ(word.text, "A-B");
}

TEST(Marks, TheDashesOfAPageNumberAreAlike) {
    const auto settled = [](const std::vector<std::string>& characters) {
        TextLine l = reading(characters, std::vector<double>(characters.size(), 1)).line;
        settle_marks(l);
        return l.text;
    };
    EXPECT_EQ(settled({"−", "1", "1", "—"}), "—11—");
    EXPECT_EQ(settled({"一", "1", "2", "_"}), "—12—");
    EXPECT_EQ(settled({"–", "3", "–"}), "–3–") << "a shorter one that was meant";
    EXPECT_EQ(settled({"−", "1", "2"}), "−12") << "a negative number";
    EXPECT_EQ(settled({"一", "九", "一"}), "一九一");
}

/// As reading(), with what the network thought second of each character.
TextLine with_rivals(const std::vector<std::string>& characters, const std::vector<double>& confidences,
                     const std::vector<std::pair<std::string, double>>& rivals) {
    TextLine line = reading(characters, confidences).line;
    for (std::size_t i = 0; i < rivals.size(); ++i)
        if (!rivals[i].first.empty()) line.words[0].glyphs[i].variants.push_back({rivals[i].first, rivals[i].second});
    settle_marks(line);
    return line;
}

TEST(Marks, BracketsOfAPairAreOfOneKind) {
    const TextLine closing = with_rivals({"〔", "1", "〕", "号", "〔", "2", "]", "号"}, {1, 1, 1, 1, .97, 1, .9, 1},
                                         {{}, {}, {}, {}, {}, {}, {"〕", .09}, {}});
    EXPECT_EQ(closing.text, "〔1〕号〔2〕号");
    EXPECT_DOUBLE_EQ(closing.words[0].glyphs[6].confidence, .09);
    EXPECT_EQ(closing.words[0].glyphs[6].variants[0].text, "]");
    EXPECT_EQ(with_rivals({"[", "1", "〕", "号"}, {.6, 1, .99, 1}, {{"〔", .3}}).text, "〔1〕号");
    EXPECT_EQ(with_rivals({"[", "1", "〕", "号"}, {.98, 1, .6, 1}, {{"〔", .01}, {}, {"]", .4}}).text, "[1]号");
    EXPECT_EQ(with_rivals({"[", "1", "〕", "号"}, {.98, 1, .9, 1}, {}).text, "[1〕号") << "nobody thought of another";
    EXPECT_EQ(with_rivals({"（", "1", ")", "号"}, {.9, 1, .9, 1}, {{}, {}, {"]", .1}}).text, "（1)号") << "one kind";
    EXPECT_EQ(with_rivals({"(", "〔", "1", "〕", ")", "号"}, {1, 1, 1, 1, 1, 1}, {}).text, "(〔1〕)号");
    EXPECT_EQ(with_rivals({"]", "1", "号"}, {1, 1, 1}, {{"〕", .4}}).text, "]1号");
}

TEST(EvenContrast, FaintPrintBecomesAsDarkAsStrong) {
    cv::Mat page(800, 1200, CV_8UC1, cv::Scalar(200));
    for (int x = 0; x < page.cols; ++x) // a shade from left to right
        page.col(x) = cv::Scalar(200 - 40.0 * x / page.cols);
    cv::Mat before = page.clone();
    for (int row = 0; row < 8; ++row)
        for (int k = 0; k < 24; ++k)
            cv::putText(page, "H", {20 + k * 48, 80 + row * 90}, cv::FONT_HERSHEY_SIMPLEX, 1.4,
                        cv::Scalar(k < 12 ? 30 : 135), 4);
    const cv::Mat given = page.clone();
    const cv::Mat even = even_contrast(page, 40);
    EXPECT_EQ(cv::norm(page, given, cv::NORM_INF), 0) << "the picture is left as it is";
    double strong = 255, faint = 255;
    cv::minMaxLoc(even(cv::Rect(100, 0, 400, 800)), &strong, nullptr);
    cv::minMaxLoc(even(cv::Rect(700, 0, 400, 800)), &faint, nullptr);
    EXPECT_LT(faint, 60);
    EXPECT_LT(strong, 60);
    const cv::Mat paper = even_contrast(before, 40); // nothing printed: nothing comes up
    double darkest = 0;
    cv::minMaxLoc(paper, &darkest, nullptr);
    EXPECT_GT(darkest, 200);
    for (const cv::Size tiny : {cv::Size(1, 1), cv::Size(3, 40), cv::Size(40, 2)})
        EXPECT_EQ(even_contrast(cv::Mat(tiny, CV_8UC1, cv::Scalar(128)), kUsualTextHeight).size(), tiny);
}

TEST(BroaderStrokes, OfPagesInBlackAndWhiteOnly) {
    cv::Mat page(200, 400, CV_8UC1, cv::Scalar(255));
    for (int x = 50; x < 350; x += 12)
        cv::rectangle(page, cv::Rect(x, 100, 10, 2), cv::Scalar(0), cv::FILLED); // a broken 一
    const cv::Mat given = page.clone();
    const cv::Mat broad = with_broader_strokes(page, 50);
    EXPECT_EQ(cv::norm(page, given, cv::NORM_INF), 0) << "the picture is left as it is";
    EXPECT_EQ(cv::countNonZero(broad(cv::Rect(52, 100, 290, 2))), 0) << "whole again";
    EXPECT_EQ(cv::countNonZero(255 - broad), 25 * 12 * 4);
    cv::Mat shaded = page.clone();
    shaded(cv::Rect(0, 0, 400, 40)).setTo(150);
    EXPECT_EQ(cv::norm(with_broader_strokes(shaded, 50), shaded, cv::NORM_INF), 0);
}

} // namespace
} // namespace recto::reading
