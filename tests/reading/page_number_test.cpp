/// Page numbers and the dashes around them.

#include "stages/reading/page_number.h"

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "stages/reading/ppocr_page.h"

namespace recto::reading {
namespace {

TextLine line_of(const std::string& text) {
    TextLine line;
    line.text = text;
    return line;
}

TEST(PageNumber, IsANumberWithDashesOrWithout) {
    const auto check = [](const std::string& text, const std::u32string& figures, bool before, bool after) {
        const PageNumber n = page_number(line_of(text));
        EXPECT_EQ(n.figures, figures) << text;
        EXPECT_EQ(n.before, before) << text;
        EXPECT_EQ(n.after, after) << text;
    };
    check("12", U"12", false, false);
    check("— 7 —", U"7", true, true);
    check("一38", U"38", true, false);
    check("−11-", U"11", true, true);
    for (const char* other : {"", "-", "——", "19630218", "1963年", "a1", "1-2", "—1.5—", "一", "— —"})
        check(other, U"", false, false);
    EXPECT_TRUE(is_dash(line_of("一")));
    for (const char* other : {"", "1", "——", "— 1"}) EXPECT_FALSE(is_dash(line_of(other))) << other;
}

/// "9" of 30 pixels height in the middle of a strip; returns where it stands.
cv::Rect draw_figure(cv::Mat& strip) {
    strip = cv::Mat(60, 400, CV_8UC1, cv::Scalar(232));
    cv::ellipse(strip, {200, 24}, {8, 8}, 0, 0, 360, cv::Scalar(40), 3, cv::LINE_AA);
    cv::line(strip, {208, 24}, {203, 43}, cv::Scalar(40), 3, cv::LINE_AA);
    return {190, 15, 20, 30};
}

void dash(cv::Mat& strip, int x, int y, int width, int thick = 2) { strip(cv::Rect(x, y, width, thick)).setTo(60); }

TEST(PageNumber, DashesOnBothSidesAreFound) {
    cv::Mat strip;
    const cv::Rect figure = draw_figure(strip);
    EXPECT_FALSE(find_dashes(strip, figure)) << "there are none";
    dash(strip, 135, 30, 40);
    EXPECT_FALSE(find_dashes(strip, figure)) << "one is a stroke like any";
    dash(strip, 225, 31, 41);
    const auto found = find_dashes(strip, figure);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->before, cv::Rect(135, 30, 40, 2));
    EXPECT_EQ(found->after, cv::Rect(225, 31, 41, 2));
    EXPECT_TRUE(find_dashes(strip, {190, 15, 76, 30})) << "the network put one of them into the figure";
    strip.at<std::uint8_t>(10, 60) = 30; // a speck
    EXPECT_TRUE(find_dashes(strip, figure));
    cv::Mat pale;
    strip.convertTo(pale, CV_8UC1, 0.25, 150); // a quarter of the contrast
    EXPECT_TRUE(find_dashes(pale, figure));
}

TEST(PageNumber, OtherThingsBesideItAreNoDashes) {
    const auto with = [](const auto& draw) {
        cv::Mat strip;
        const cv::Rect figure = draw_figure(strip);
        draw(strip);
        return find_dashes(strip, figure).has_value();
    };
    EXPECT_TRUE(with([](cv::Mat& s) { dash(s, 135, 30, 40), dash(s, 225, 30, 40); }));
    EXPECT_FALSE(with([](cv::Mat& s) { dash(s, 135, 30, 40), dash(s, 225, 30, 20); })) << "unlike";
    EXPECT_FALSE(with([](cv::Mat& s) { dash(s, 135, 18, 40), dash(s, 225, 30, 40); })) << "not at one height";
    EXPECT_FALSE(with([](cv::Mat& s) { dash(s, 135, 43, 40), dash(s, 225, 43, 40); })) << "a rule below";
    EXPECT_FALSE(with([](cv::Mat& s) { dash(s, 0, 30, 180), dash(s, 220, 30, 180); })) << "a rule with a number in it";
    EXPECT_FALSE(with([](cv::Mat& s) { dash(s, 135, 24, 40, 12), dash(s, 225, 24, 40, 12); })) << "blocks";
    EXPECT_FALSE(with([](cv::Mat& s) { dash(s, 40, 30, 40), dash(s, 325, 30, 40); })) << "far off";
    EXPECT_FALSE(with([](cv::Mat& s) {
        dash(s, 135, 30, 40), dash(s, 225, 30, 40);
        cv::putText(s, "A", {290, 44}, cv::FONT_HERSHEY_SIMPLEX, 1.3, cv::Scalar(40), 3);
    })) << "print goes on";
    cv::Mat strip;
    const cv::Rect figure = draw_figure(strip);
    EXPECT_FALSE(find_dashes(strip, {500, 0, 10, 30}));
    EXPECT_FALSE(find_dashes(cv::Mat(60, 400, CV_8UC1, cv::Scalar(230)), figure));
}

/// Finds and reads a figure in the middle of the lower edge of a page of 1600 by 2200 pixels, and nothing else.
class FindsTheFigure : public Networks {
  public:
    FindsTheFigure() : charset_(*Charset::parse("8\n", "figures")) {}
    cv::Mat text_map(const cv::Mat& tile) override {
        map_ = cv::Mat::zeros(tile.size(), CV_32FC1);
        if (tile.rows < tile.cols) return map_; // a closer look at what was left
        const double scale = tile.rows / 2200.0;
        map_(cv::Rect(cvRound(792 * scale), cvRound(2018 * scale), cvRound(20 * scale), cvRound(18 * scale)))
            .setTo(0.9F);
        return map_;
    }
    Strip recognize(std::size_t, const cv::Mat& strip) override {
        cv::Mat grey;
        cv::cvtColor(strip, grey, cv::COLOR_RGB2GRAY);
        cv::Mat labels;
        marks = cv::connectedComponents(grey < 150, labels, 8) - 1;
        CtcChar c;
        c.label = 1, c.confidence = confidence, c.position = strip.cols / 16.0, c.begin = c.position,
        c.end = c.begin + 1;
        return {{c}, strip.cols / 8};
    }
    [[nodiscard]] bool reads_worn_print() const override { return false; }
    LineLikelihoods worn_line(const cv::Mat&) override { return {}; }
    void begin_worn_page() override {}
    void end_worn_page() override {}
    [[nodiscard]] const Language& language() const override { return language_; }
    cv::Mat restored(const cv::Mat& tile) override { return tile.clone(); }
    [[nodiscard]] std::size_t recognizers() const override { return 1; }
    [[nodiscard]] const Charset& charset(std::size_t) const override { return charset_; }
    [[nodiscard]] Reader reader(std::size_t) const override { return Reader::Tiny; }

    float confidence = 0.99F;
    int marks = 0; ///< Dark ones of the last strip, the figure among them.

  private:
    Charset charset_;
    Language language_;
    cv::Mat map_;
};

TEST(PageNumber, APageGetsTheDashesThatTheNetworksOverlook) {
    for (const bool dashed : {false, true}) {
        Raster page;
        page.pixels = cv::Mat(2200, 1600, CV_8UC1, cv::Scalar(235));
        page.mode = ColourMode::Grey;
        cv::putText(page.pixels, "8", {788, 2040}, cv::FONT_HERSHEY_SIMPLEX, 1.2, cv::Scalar(40), 3, cv::LINE_AA);
        for (const int x : {725, 832})
            if (dashed) cv::line(page.pixels, {x, 2027}, {x + 40, 2027}, cv::Scalar(60), 2);
        FindsTheFigure networks;
        const PpocrOptions options;
        auto read = PpocrPageReader(networks, options).read(page, {});
        ASSERT_TRUE(read) << read.error().to_string();
        ASSERT_EQ(read->blocks.at(0).lines.size(), 1U);
        const TextLine& line = read->blocks[0].lines[0];
        EXPECT_EQ(line.text, dashed ? "— 8 —" : "8");
        if (!dashed) continue;
        EXPECT_NEAR(line.box.x, 725, 3);
        EXPECT_NEAR(line.box.x + line.box.width, 872, 3);
        EXPECT_NEAR(line.words.at(2).glyphs.at(0).box.x, 832, 3);
    }
}

TEST(PageNumber, SaltIsTakenOutUnlessThePageIsWornAllTheSame) {
    Raster page;
    page.pixels = cv::Mat(2200, 1600, CV_8UC1, cv::Scalar(235));
    page.mode = ColourMode::Grey;
    cv::putText(page.pixels, "8", {788, 2040}, cv::FONT_HERSHEY_SIMPLEX, 1.2, cv::Scalar(40), 3, cv::LINE_AA);
    for (int y = 100; y < 1800; y += 80)
        cv::putText(page.pixels, "HAMBURG HAMBURG HAMBURG", {100, y}, cv::FONT_HERSHEY_SIMPLEX, 1.5, cv::Scalar(40), 4);
    Raster salted = page;
    salted.pixels = page.pixels.clone();
    cv::Mat dice(page.pixels.size(), CV_32FC1);
    cv::RNG(3).fill(dice, cv::RNG::UNIFORM, 0, 1);
    salted.pixels.setTo(0, dice < 0.02);
    const auto marks_seen = [](const Raster& raster, bool clean, float confidence) {
        FindsTheFigure networks;
        networks.confidence = confidence;
        PpocrOptions options;
        options.clean = clean;
        auto read = PpocrPageReader(networks, options).read(raster, {});
        EXPECT_TRUE(read) << read.error().to_string();
        return networks.marks;
    };
    const int print = marks_seen(page, false, 0.99F), dirty = marks_seen(salted, false, 0.99F);
    EXPECT_EQ(print, 1);
    ASSERT_GT(dirty, 8);
    EXPECT_EQ(marks_seen(salted, true, 0.99F), print);
    EXPECT_EQ(marks_seen(salted, true, 0.3F), dirty);
    EXPECT_EQ(marks_seen(page, true, 0.99F), print) << "no salt: the page as it is";
}

} // namespace
} // namespace recto::reading
