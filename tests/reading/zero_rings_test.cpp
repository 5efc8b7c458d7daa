/// The figure zero of Chinese print, by its shape.

#include "stages/reading/zero_rings.h"

#include <gmock/gmock.h>
#include <opencv2/imgproc.hpp>

namespace recto::reading {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

constexpr double kEm = 40;

TEST(FindRings, RoundOutlinesOfACharactersSizeOnly) {
    cv::Mat line(60, 500, CV_8UC1, cv::Scalar::all(240));
    const cv::Scalar ink = cv::Scalar::all(30);
    cv::ellipse(line, {40, 30}, {17, 18}, 0, 0, 360, ink, 3);   // 〇
    cv::rectangle(line, {80, 14}, {114, 46}, ink, 3);           // 口
    cv::circle(line, {150, 42}, 6, ink, 2);                     // a full stop
    cv::circle(line, {200, 30}, 17, ink, 3);                    // with a stroke through it: 中
    cv::line(line, {200, 6}, {200, 54}, ink, 3);                //
    cv::ellipse(line, {250, 30}, {9, 18}, 0, 0, 360, ink, 3);   // the figure 0
    cv::circle(line, {300, 30}, 17, ink, cv::FILLED);           // a dot
    cv::ellipse(line, {350, 30}, {17, 18}, 0, 20, 340, ink, 3); // open: C
    cv::ellipse(line, {400, 30}, {18, 17}, 0, 0, 360, ink, 1);  // a thin one
    cv::circle(line, {498, 30}, 17, ink, 3);                    // cut off
    EXPECT_THAT(find_rings(line, kEm), ElementsAre(DoubleNear(40, 1.5), DoubleNear(400, 1.5)));
    EXPECT_TRUE(find_rings(cv::Mat(60, 100, CV_8UC1, cv::Scalar::all(240)), kEm).empty());
}

/// A page with one line: 'o' a ring, other letters blocks, 50 pixels each, level or from top to bottom.
class ZeroRings : public ::testing::TestWithParam<bool> {
  protected:
    std::string with_rings(const std::string& drawn, const std::vector<std::pair<std::string, cv::Range>>& read) {
        const bool vertical = GetParam();
        cv::Mat page(vertical ? 700 : 200, vertical ? 200 : 700, CV_8UC1, cv::Scalar::all(240));
        const auto place = [&](double from, double to) {
            return vertical ? Box{80, from, 40, to - from} : Box{from, 80, to - from, 40};
        };
        for (std::size_t i = 0; i < drawn.size(); ++i) {
            const int at = 100 + 50 * static_cast<int>(i), middle = at + 20;
            if (drawn[i] == 'o')
                cv::circle(page, vertical ? cv::Point(100, middle) : cv::Point(middle, 100), 18, cv::Scalar::all(30),
                           3);
            else
                cv::rectangle(page, vertical ? cv::Rect(80, at, 40, 40) : cv::Rect(at, 80, 40, 40), cv::Scalar::all(30),
                              cv::FILLED);
        }
        line_ = {};
        line_.line.vertical = vertical;
        line_.line.words.emplace_back();
        Word& word = line_.line.words[0];
        for (const auto& [text, places] : read) {
            word.confidence = 0.9;
            word.glyphs.push_back({text, place(100 + 50 * places.start, 90 + 50 * places.end), 0.9});
            word.text += text;
            word.box = word.glyphs.size() == 1 ? word.glyphs[0].box : unite(word.box, word.glyphs.back().box);
            line_.contrasts.push_back(100);
        }
        refresh_line(line_.line);
        Pyramid pyramid(page);
        const double end = 100 + 50.0 * static_cast<double>(drawn.size());
        const Quad quad = vertical ? Quad{{{72, 95}, {128, 95}, {128, end}, {72, end}}}
                                   : Quad{{{95, 72}, {end, 72}, {end, 128}, {95, 128}}};
        add_zero_rings(line_, pyramid, quad);
        EXPECT_EQ(line_.contrasts.size(), line_.line.words[0].glyphs.size());
        EXPECT_NEAR(line_.line.words[0].confidence, 0.9, 1e-9) << "the mean of its characters";
        return line_.line.text;
    }
    ReadLine line_;
};

TEST_P(ZeroRings, AreAddedWhereTheyWereLeftOut) {
    EXPECT_EQ(with_rings("#oo##", {{"二", {0, 2}}, {"八", {2, 4}}, {"年", {4, 5}}}), "二〇〇八年")
        << "each seems to reach over one";
    const Box zero = line_.line.words[0].glyphs[2].box;
    EXPECT_NEAR(GetParam() ? zero.y : zero.x, 200, 4);
    EXPECT_EQ(with_rings("#oo##", {{"二", {0, 1}}, {"〇", {1, 3}}, {"八", {3, 4}}, {"年", {4, 5}}}), "二〇〇八年")
        << "one for two";
    EXPECT_EQ(with_rings("#oo##", {{"二", {0, 1}}, {"〇", {2, 3}}, {"〇", {2, 3}}, {"八", {3, 4}}, {"年", {4, 5}}}),
              "二〇〇八年")
        << "both were read, at one place";
    EXPECT_EQ(with_rings("o##", {{"七", {1, 2}}, {"元", {2, 3}}}), "〇七元") << "before the first";
    EXPECT_EQ(with_rings("##o", {{"共", {0, 1}}, {"九", {1, 2}}}), "共九〇") << "behind the last";
}

TEST_P(ZeroRings, AreNotAddedWhereTheyWereReadOrNoFiguresAre) {
    EXPECT_EQ(with_rings("#o#", {{"二", {0, 1}}, {"〇", {1, 2}}, {"年", {2, 3}}}), "二〇年");
    EXPECT_EQ(with_rings("#o#", {{"二", {0, 1}}, {"回", {1, 2}}, {"年", {2, 3}}}), "二回年")
        << "something else was read there";
    EXPECT_EQ(with_rings("#o#", {{"本", {0, 1}}, {"年", {2, 3}}}), "本年") << "no figures";
    EXPECT_EQ(with_rings("#o##", {{"本", {0, 1}}, {"年", {2, 3}}, {"三", {3, 4}}}), "本年三") << "not beside one";
}

INSTANTIATE_TEST_SUITE_P(Both, ZeroRings, ::testing::Bool(),
                         [](const auto& i) { return i.param ? "vertical" : "level"; });

} // namespace
} // namespace recto::reading
