/// Small print is read from a larger picture of the page; what is read lies on the page all the same.

#include "stages/reading/small_print.h"

#include <cmath>
#include <optional>

#include <gmock/gmock.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/core/model.h"
#include "pipeline/files/image_out.h"
#include "stages/reading/page_reader.h"
#include "stages/reading/settings.h"

namespace recto::reading {
namespace {

/// A scan with rows of letters (frames with a bar) of that height, and one bar below them, all turned by `degrees`.
Raster scan_of_letters(int letter_height, double degrees = 0, ColourMode mode = ColourMode::Grey, int letters = 120) {
    // Drawn large, so that its edges lie between pixels.
    constexpr int kFine = 4;
    const int h = letter_height * kFine;
    cv::Mat fine(700 * kFine, 600 * kFine, CV_8UC1, cv::Scalar(255));
    for (int i = 0; i < letters; ++i) {
        const cv::Rect r(100 * kFine + i % 15 * h * 3 / 2, 100 * kFine + i / 15 * h * 2, h * 3 / 4, h);
        cv::rectangle(fine, r, cv::Scalar(0), h / 6);
        cv::line(fine, {r.x, r.y + h / 2}, {r.x + r.width, r.y + h / 2}, cv::Scalar(0), h / 6);
    }
    cv::rectangle(fine, cv::Rect(121 * kFine + 1, 550 * kFine + 3, 260 * kFine, 9 * kFine), cv::Scalar(0), cv::FILLED);
    const cv::Point2f middle(static_cast<float>(fine.cols) / 2, static_cast<float>(fine.rows) / 2);
    cv::warpAffine(fine, fine, cv::getRotationMatrix2D(middle, -degrees, 1), fine.size(), cv::INTER_LINEAR,
                   cv::BORDER_CONSTANT, cv::Scalar(255));
    Raster out;
    cv::resize(fine, out.pixels, {}, 1.0 / kFine, 1.0 / kFine, cv::INTER_AREA);
    out.mode = mode;
    if (mode == ColourMode::Bilevel) cv::threshold(out.pixels, out.pixels, 127, 255, cv::THRESH_BINARY);
    out.dpi = {150, 150, DpiSource::File};
    return out;
}

PageTreatment straightened(const Raster& scan, double degrees) {
    PageTreatment out;
    out.transform = Transform(scan.width(), scan.height());
    out.transform.rotate(-degrees).crop({7, 11, scan.width() - 20.0, scan.height() - 20.0});
    out.dpi = scan.dpi;
    return out;
}

/// Where grey turns from paper to ink along a row or column of means: the edges to a fraction of a pixel.
Box bar_in(const cv::Mat& grey) {
    const cv::Rect below(0, grey.rows * 7 / 10, grey.cols, grey.rows - grey.rows * 7 / 10);
    const cv::Mat ink = 255 - grey(below);
    cv::Mat rough;
    cv::threshold(ink, rough, 128, 255, cv::THRESH_BINARY);
    const cv::Rect r = cv::boundingRect(rough);
    const auto sum_of = [&](const cv::Rect& part) { return cv::sum(ink(part & cv::Rect({}, ink.size())))[0] / 255; };
    // Ink of a cross section is its length; what lies beyond a middle line, half of it.
    const cv::Point c(r.x + r.width / 2, r.y + r.height / 2);
    const cv::Rect across(c.x - 2, r.y - 4, 4, r.height + 8);
    const double left = sum_of({r.x - 4, c.y, c.x - r.x + 4, 1}),
                 right = sum_of({c.x, c.y, r.x + r.width + 4 - c.x, 1});
    const double up = sum_of({across.x, across.y, 4, c.y - across.y}) / 4,
                 down = sum_of({across.x, c.y, 4, across.y + across.height - c.y}) / 4;
    return {c.x - left, below.y + c.y - up, left + right, up + down};
}

/// An engine that reads the bar as a line, and notes what it was shown.
class BarEngine final : public OcrEngine, public OcrSession {
  public:
    Result<OcrPage> read(const Raster& raster, const Limits&) override {
        seen.push_back(raster);
        const Box box = bar_in(to_grey(raster));
        TextLine line;
        line.text = "a line of more than twenty letters";
        line.box = box;
        line.confidence = 0.99;
        line.words.push_back({line.text, box, 0.99, {{line.text, box, 0.99}}});
        OcrPage out;
        out.blocks.push_back({BlockKind::Text, box, {line}});
        out.unread.push_back({box.x, box.y - 40, box.width, 20});
        return out;
    }
    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] const std::string& fingerprint() const override { return name_; }
    [[nodiscard]] Result<std::unique_ptr<OcrSession>> make_session() const override {
        return fail("none", "the test reads with the engine itself");
    }
    std::vector<Raster> seen;

  private:
    std::string name_ = "bars";
};

void expect_near(const Box& a, const Box& b, double within) {
    EXPECT_NEAR(a.x, b.x, within);
    EXPECT_NEAR(a.y, b.y, within);
    EXPECT_NEAR(a.width, b.width, within);
    EXPECT_NEAR(a.height, b.height, within);
}

class SmallPrint : public ::testing::Test {
  protected:
    /// Reads a page of the scan, as all callers do.
    PageText read(const Raster& scan, const PageTreatment& treatment) {
        const LargerPage larger = [&](double scale) { return render_page(scan, treatment, scale); };
        page_ = *render_page(scan, treatment);
        const Source source;
        const PageOrigin origin{source, 0, treatment.transform, larger};
        const auto got = PageReader(engine_, engine_, settings_, {}).read(page_, -1, false, &origin, Limits{});
        EXPECT_TRUE(got) << (got ? "" : got.error().to_string());
        return got ? got->text : PageText{};
    }

    BarEngine engine_;
    Settings settings_;
    Raster page_;
};

TEST_F(SmallPrint, IsReadFromALargerPictureAndLiesOnThePage) {
    for (const double degrees : {0.0, 1.3, -2.0}) {
        SCOPED_TRACE(degrees);
        engine_.seen.clear();
        const Raster scan = scan_of_letters(9, degrees);
        const PageText text = read(scan, straightened(scan, degrees));
        ASSERT_EQ(engine_.seen.size(), 1U);
        const double scale = reading_scale(page_);
        EXPECT_GT(scale, 1.5);
        EXPECT_NEAR(engine_.seen[0].width(), page_.width() * scale, 1);
        EXPECT_NEAR(engine_.seen[0].height(), page_.height() * scale, 1);
        EXPECT_NEAR(engine_.seen[0].dpi.x, 150 * scale, 1e-9);
        EXPECT_EQ(text.width, page_.width());
        EXPECT_EQ(text.height, page_.height());
        ASSERT_EQ(text.blocks.size(), 2U);
        const Box where = bar_in(page_.pixels);
        EXPECT_GT(where.width, 250);
        expect_near(text.blocks[0].box, where, 0.25);
        expect_near(text.blocks[0].lines.at(0).box, where, 0.25);
        expect_near(text.blocks[0].lines[0].words.at(0).box, where, 0.25);
        expect_near(text.blocks[0].lines[0].words[0].glyphs.at(0).box, where, 0.25);
        EXPECT_EQ(text.blocks[1].kind, BlockKind::Unread);
        EXPECT_NEAR(text.blocks[1].box.x, where.x, 0.25);
        EXPECT_NEAR(text.blocks[1].box.y, where.y - 40 / scale, 0.25);
    }
}

/// The larger picture has what the page lost when it was turned, and is not the page enlarged.
TEST_F(SmallPrint, IsRenderedFromTheScan) {
    const Raster scan = scan_of_letters(9, 1.3);
    (void)read(scan, straightened(scan, 1.3));
    ASSERT_EQ(engine_.seen.size(), 1U);
    const double scale = reading_scale(page_);
    const Raster larger = *render_page(scan, straightened(scan, 1.3), scale);
    EXPECT_EQ(cv::norm(engine_.seen[0].pixels, larger.pixels, cv::NORM_INF), 0);
    cv::Mat enlarged;
    cv::resize(page_.pixels, enlarged, larger.pixels.size(), 0, 0, cv::INTER_CUBIC);
    EXPECT_GT(cv::norm(enlarged, larger.pixels, cv::NORM_INF), 10) << "the two cannot be told apart";
}

TEST_F(SmallPrint, LargePrintIsReadFromThePage) {
    const Raster scan = scan_of_letters(26, 1.3);
    (void)read(scan, straightened(scan, 1.3));
    ASSERT_EQ(engine_.seen.size(), 1U);
    EXPECT_EQ(engine_.seen[0].pixels.size(), page_.pixels.size());
}

TEST_F(SmallPrint, WithoutCleaningThePageIsReadAsItIs) {
    settings_.set(kClean, *kClean.parse("off"));
    const Raster scan = scan_of_letters(9);
    (void)read(scan, straightened(scan, 0));
    ASSERT_EQ(engine_.seen.size(), 1U);
    EXPECT_EQ(engine_.seen[0].pixels.size(), page_.pixels.size());
}

TEST(ReadingScale, FollowsTheLettersAndTheRoom) {
    EXPECT_EQ(reading_scale(scan_of_letters(9)), 2);
    EXPECT_EQ(reading_scale(scan_of_letters(15)), 1);
    EXPECT_EQ(reading_scale(scan_of_letters(24)), 1);
    EXPECT_EQ(reading_scale(scan_of_letters(9, 0, ColourMode::Grey, 12)), 1) << "too few letters";
    EXPECT_EQ(reading_scale(Raster{}), 1);
    // The same letters on a larger sheet.
    Raster wide = scan_of_letters(9);
    const auto on_sheet = [&](int width, int height) {
        Raster out = wide;
        cv::copyMakeBorder(wide.pixels, out.pixels, 0, height - wide.height(), 0, width - wide.width(),
                           cv::BORDER_CONSTANT, cv::Scalar(255));
        return out;
    };
    const double scale = reading_scale(on_sheet(1700, 2000));
    EXPECT_LT(scale, 2);
    EXPECT_GT(scale, 1);
    EXPECT_LE(scale * scale * 1700 * 2000, kMostEnlarged * 1.001);
    EXPECT_EQ(reading_scale(on_sheet(2480, 3508)), 1) << "A4 at 300 dpi";
}

TEST(RenderPage, LargerIsTheSamePlaceAndABilevelPageComesGrey) {
    const Raster scan = scan_of_letters(9, 1.3, ColourMode::Bilevel);
    const PageTreatment treatment = straightened(scan, 1.3);
    const Raster page = *render_page(scan, treatment), larger = *render_page(scan, treatment, 2);
    EXPECT_EQ(page.mode, ColourMode::Bilevel);
    EXPECT_EQ(page.dpi.x, 150);
    EXPECT_EQ(larger.mode, ColourMode::Grey);
    EXPECT_EQ(larger.dpi.x, 300);
    EXPECT_EQ(larger.pixels.size(), page.pixels.size() * 2);
    Box bar = bar_in(larger.pixels);
    bar = {bar.x / 2, bar.y / 2, bar.width / 2, bar.height / 2};
    expect_near(bar, bar_in(page.pixels), 0.6); // thresholds move edges by half a pixel
    EXPECT_FALSE(render_page(Raster{}, treatment));
}

TEST(PutOnPage, NothingReachesOutside) {
    PageText text;
    TextBlock table;
    table.kind = BlockKind::Table;
    table.box = {10, 20, 191, 183};
    table.cells.push_back({0, 0, 1, 1, {20, 40, 60, 80}});
    text.blocks.push_back(table);
    put_on_page(text, 2, 100, 101);
    EXPECT_EQ(text.width, 100);
    EXPECT_EQ(text.height, 101);
    expect_near(text.blocks[0].box, {5, 10, 95, 91}, 1e-9);
    expect_near(text.blocks[0].cells[0].box, {10, 20, 30, 40}, 1e-9);
}

} // namespace
} // namespace recto::reading
