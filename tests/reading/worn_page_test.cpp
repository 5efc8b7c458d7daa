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

} // namespace
} // namespace recto::reading
