// A worn page in three pictures: what the network is shown of a line, and that no line is shown twice.
#include "stages/reading/worn_page.h"

#include <gtest/gtest.h>

#include "stages/reading/ppocr_page.h"

namespace recto::reading {
namespace {

/// Sees one character, 日, in the middle of every line, and keeps the strips it was shown.
class SeesADay : public Networks {
  public:
    SeesADay() : charset_(*Charset::parse("日\n", "one")) {}
    cv::Mat text_map(const cv::Mat&) override { return {}; }
    Strip recognize(std::size_t, const cv::Mat&) override { return {}; }
    [[nodiscard]] bool reads_worn_print() const override { return true; }
    LineLikelihoods worn_line(const cv::Mat& strip) override {
        shown.push_back(strip.clone());
        LineLikelihoods out{{}, strip.cols / 8, charset_.size() + 1};
        for (int step = 0; step < out.steps; ++step)
            for (int label = 0; label < out.classes; ++label)
                out.values.push_back(label == (step == out.steps / 2 ? 1 : 0) ? 1.0F : 0.0F);
        return out;
    }
    void begin_worn_page() override {}
    void end_worn_page() override {}
    [[nodiscard]] const Language& language() const override { return language_; }
    cv::Mat restored(const cv::Mat& tile) override { return tile.clone(); }
    [[nodiscard]] std::size_t recognizers() const override { return 1; }
    [[nodiscard]] const Charset& charset(std::size_t) const override { return charset_; }
    [[nodiscard]] Reader reader(std::size_t) const override { return Reader::Small; }

    std::vector<cv::Mat> shown;

  private:
    Charset charset_;
    Language language_;
};

Quad line_at(double x, double y) { return {{{x, y}, {x + 400, y}, {x + 400, y + 40}, {x, y + 40}}}; }

WornPage page_of(Networks& networks) {
    std::vector<PageView> views;
    for (const int grey : {10, 20, 30}) views.emplace_back(cv::Mat(300, 700, CV_8UC1, cv::Scalar(grey)));
    return {networks, std::move(views)};
}

TEST(WornPage, TheLineStandsInEveryPictureAndTheScanInTheLastChannel) {
    SeesADay networks;
    WornPage page = page_of(networks);
    EXPECT_EQ(page.read(page.views[1], line_at(100, 100)).line.text, "日");
    ASSERT_EQ(networks.shown.size(), 1U);
    EXPECT_EQ(networks.shown[0].at<cv::Vec3b>(24, 10), cv::Vec3b(30, 20, 10)) << "evened, made whole, scan";
}

TEST(WornPage, ALineIsShownOnceForAllItsRegions) {
    SeesADay networks;
    WornPage page = page_of(networks);
    const ReadLine one = page.read(page.views[1], line_at(100, 100));
    EXPECT_EQ(page.read(page.views[2], line_at(108, 103)).line.text, "日") << "some pixels beside it";
    EXPECT_EQ(networks.shown.size(), 1U);
    const ReadLine other = page.read(page.views[2], line_at(100, 106));
    EXPECT_EQ(networks.shown.size(), 2U) << "cut higher";
    EXPECT_GT(other.line.box.y, one.line.box.y) << "boxes are those of its own region";
    (void)page.read(page.views[2], line_at(112, 100));
    EXPECT_EQ(networks.shown.size(), 3U) << "a third of a character further on";
}

/// Puts a line into a picture, as if it had been found and read there.
void find_line(WornPage& page, std::size_t view, const Quad& quad) {
    PageView& shown = page.views[view];
    shown.regions.push_back({quad, 1});
    shown.lines.push_back(page.read(shown, quad));
}

TEST(WornPage, LinesOfTheOtherPictureJoinWhereNoneIs) {
    SeesADay networks;
    WornPage page = page_of(networks);
    find_line(page, 1, line_at(100, 100));
    find_line(page, 2, line_at(100, 102));                                // the same line
    find_line(page, 2, line_at(100, 200));                                // was not found in the other
    find_line(page, 2, {{{100, 80}, {500, 80}, {500, 120}, {100, 120}}}); // half of it is the first line's
    find_line(page, 0, line_at(100, 250));                                // of the scan itself: not looked at
    page.join(page.views[1]);
    ASSERT_EQ(page.views[1].lines.size(), 2U);
    ASSERT_EQ(page.views[1].regions.size(), 2U);
    EXPECT_EQ(page.views[1].better.size(), 2U);
    EXPECT_EQ(page.views[1].regions[0].quad[0].y, 100);
    EXPECT_EQ(page.views[1].regions[1].quad[0].y, 200);
    EXPECT_EQ(page.views[1].lines[1].line.text, "日");
}

TEST(WornPage, TheBetterOfTwoReadingsOfALineStays) {
    SeesADay networks;
    WornPage page = page_of(networks);
    find_line(page, 1, line_at(100, 100));
    find_line(page, 2, {{{98, 96}, {505, 96}, {505, 146}, {98, 146}}});
    auto& glyph = page.views[1].lines[0].line.words[0].glyphs[0];
    glyph.confidence = 0.6;
    page.join(page.views[1]);
    ASSERT_EQ(page.views[1].lines.size(), 1U);
    EXPECT_GT(page.views[1].lines[0].line.words[0].glyphs[0].confidence, 0.9);
    EXPECT_EQ(page.views[1].regions[0].quad[0].y, 96);
    // A line that was taken out because it reads better in a mirror does not come back.
    page.views[1].lines[0] = {};
    page.views[1].mirrored = 1;
    page.join(page.views[1]);
    EXPECT_TRUE(page.views[1].lines[0].line.words.empty());
}

} // namespace
} // namespace recto::reading
