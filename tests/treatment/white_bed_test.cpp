// Sheets on a bed of their own colour: found by their shadows or left whole; and print that looks like the edge of a sheet.

#include <cmath>
#include <cstdio>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "stages/treatment/analysis.h"
#include "stages/treatment/page_edge.h"
#include "stages/treatment/ruler.h"
#include "stages/treatment/treatment.h"
#include "tests/treatment/white_bed_support.h"

namespace recto::treat {
namespace {

/// A person is told that the edge is not certain.
bool said(const PageEdges& e) { return !e.pages.empty() || e.bed_visible || !e.beside.empty(); }

double work_dpi(const Raster& raster, const Analysis& a) { return raster.dpi.x / a.factor; }

// Measured: 21 of 27 sheets with every side to be seen are found, mean 0.9977, worst 0.9941.
TEST(WhiteBed, FoundToThePixelOrLeftWhole) {
    double sum = 0, worst = 1;
    int found = 0, sheets = 0, whole_found = 0, silent = 0;
    for (std::uint64_t seed = 1000; seed < 1030; ++seed) {
        const test::WhiteBed bed = test::draw_white_bed(seed);
        const Analysis a = analyse(bed.raster, 1);
        const PageEdges e = find_page_edges(a, work_dpi(bed.raster, a));
        sheets += bed.whole();
        silent += !said(e);
        if (e.pages.empty() || e.pages[0].confidence < kSureQuad) continue;
        ASSERT_EQ(e.pages.size(), 1U) << seed;
        Quad q;
        for (std::size_t i = 0; i < 4; ++i) q[i] = a.work_to_source(e.pages[0].corners[i]);
        const double iou = intersection_over_union(q, bed.sheet);
        EXPECT_GE(iou, 0.95) << seed;
        sum += iou;
        worst = std::min(worst, iou);
        ++found;
        whole_found += bed.whole();
    }
    std::printf("white beds: %d of %d sheets found, mean IoU %.4f, worst %.4f; left whole and not said: %d of 30\n",
                whole_found, sheets, sum / std::max(1, found), worst, silent);
    EXPECT_LE(silent, 2);
    EXPECT_GE(whole_found, sheets / 2);
    EXPECT_GE(sum / std::max(1, found), 0.98);
}

// Tints and pictures look like sheets of another colour: they may be asked about.
TEST(WhiteBed, PrintIsNoEdge) {
    int asked = 0;
    for (int kind = 0; kind < test::kEvenPages; ++kind)
        for (std::uint64_t seed = 500; seed < 503; ++seed) {
            const auto page = static_cast<test::EvenPage>(kind);
            const Raster raster = test::draw_even_page(page, seed);
            const Analysis a = analyse(raster, 1);
            const PageEdges e = find_page_edges(a, work_dpi(raster, a));
            for (const PageQuad& q : e.pages)
                EXPECT_LT(q.confidence, kSureQuad) << test::to_string(page) << " " << seed;
            if (page != test::EvenPage::Tint && page != test::EvenPage::Picture) asked += said(e);
        }
    std::printf("pages of print asked about: %d of %d\n", asked, 3 * (test::kEvenPages - 2));
    EXPECT_LE(asked, 4);
}

struct BesideCase {
    test::BedKind bed;
    double found; ///< At least that share of the sheets from which the target lies apart.
};

class WhiteBedTargets : public ::testing::TestWithParam<BesideCase> {};

// Colour bars, wedges, charts and rulers lie outside of the sheet that is found, or the page is left whole. Measured on these seeds:
// 11 of 19 on white beds, all on grey and dark ones.
TEST_P(WhiteBedTargets, LieOutsideOrThePageIsLeftWhole) {
    const BesideCase& c = GetParam();
    int found = 0, apart = 0;
    double worst = 1;
    for (std::uint64_t seed = 3000; seed < 3025; ++seed) {
        const test::TargetBed bed = test::draw_target_bed(seed, c.bed);
        const Analysis a = analyse(bed.raster, 1);
        const PageEdges e = find_page_edges(a, work_dpi(bed.raster, a));
        const bool sure = !e.pages.empty() && e.pages[0].confidence >= kSureQuad;
        const bool can = bed.gap_mm > 0 && (c.bed != test::BedKind::White || bed.whole());
        apart += can;
        found += can && sure;
        if (!sure) continue;
        ASSERT_EQ(e.pages.size(), 1U) << seed;
        Quad q;
        for (std::size_t i = 0; i < 4; ++i) q[i] = a.work_to_source(e.pages[0].corners[i]);
        const double iou = intersection_over_union(q, bed.sheet);
        EXPECT_GE(iou, 0.98) << test::to_string(bed.target) << " " << seed;
        worst = std::min(worst, iou);
    }
    std::printf("targets on a %s bed: %d of %d sheets found, worst IoU %.4f\n", test::to_string(c.bed).c_str(), found,
                apart, worst);
    EXPECT_GE(found, c.found * apart);
}

INSTANTIATE_TEST_SUITE_P(Beds, WhiteBedTargets,
                         ::testing::Values(BesideCase{test::BedKind::White, 0.45}, BesideCase{test::BedKind::Grey, 0.9},
                                           BesideCase{test::BedKind::Dark, 0.9}),
                         [](const auto& info) { return test::to_string(info.param.bed); });

// A target that lies on a page without a bed makes no sheet of what is printed beside it.
TEST(WhiteBed, TargetOnAPageIsNoReasonToCrop) {
    for (int kind = 0; kind < test::kEvenPages; ++kind)
        for (std::uint64_t seed = 700; seed < 702; ++seed) {
            const auto page = static_cast<test::EvenPage>(kind);
            const Raster raster = test::draw_even_page_with_target(page, seed);
            const Analysis a = analyse(raster, 1);
            for (const PageQuad& q : find_page_edges(a, work_dpi(raster, a)).pages)
                EXPECT_LT(q.confidence, kSureQuad) << test::to_string(page) << " " << seed;
        }
}

// Below a fold, a target looks like one on the bed below a sheet: half of the page would be lost.
TEST(WhiteBed, AFoldAboveATargetIsAskedAbout) {
    for (const std::uint64_t seed : {102015, 102085, 102099, 102119}) {
        const Raster raster = test::draw_even_page_with_target(test::EvenPage::Fold, seed);
        const Analysis a = analyse(raster, 1);
        for (const PageQuad& q : find_page_edges(a, work_dpi(raster, a)).pages)
            EXPECT_LT(q.confidence, kSureQuad) << seed;
    }
}

// The card that touches the sheet becomes one shape with it: then the sheet's side is not certain.
TEST(WhiteBed, ACardThatTouchesTheSheetIsNoPartOfIt) {
    for (const std::uint64_t seed : {10200119, 10200131, 10200184})
        for (const auto kind : {test::BedKind::Grey, test::BedKind::Dark}) {
            const test::TargetBed bed = test::draw_target_bed(seed, kind);
            const Analysis a = analyse(bed.raster, 1);
            for (const PageQuad& q : find_page_edges(a, work_dpi(bed.raster, a)).pages) {
                Quad got;
                for (std::size_t k = 0; k < 4; ++k) got[k] = a.work_to_source(q.corners[k]);
                if (q.confidence < kSureQuad) continue;
                EXPECT_GT(intersection_over_union(got, bed.sheet), 0.99) << seed;
            }
        }
}

/// Strokes 0.2 mm wide at each `pace_mm`, on grain, at 150 dpi.
cv::Mat strokes(double pace_mm, bool uneven, bool down) {
    constexpr double kMm = 150 / 25.4;
    cv::RNG rng(4);
    cv::Mat m(900, 1200, CV_8UC1);
    rng.fill(m, cv::RNG::NORMAL, 235, 3);
    for (double x = 60; x < 1100;) {
        cv::rectangle(m, cv::Rect(static_cast<int>(std::lround(x)), 300, 2, 18), cv::Scalar(40), cv::FILLED);
        x += pace_mm * kMm * (uneven ? rng.uniform(0.5, 1.5) : 1);
    }
    return down ? cv::Mat(m.t()) : m;
}

TEST(RulerMarks, AreToldByTheirPace) {
    for (const bool down : {false, true})
        for (const double pace : {1.0, 25.4 / 16}) {
            const std::vector<cv::Rect> found = find_ruler_marks(strokes(pace, false, down), 150);
            ASSERT_EQ(found.size(), 1U) << pace << down;
            const cv::Rect r = down ? cv::Rect(found[0].y, found[0].x, found[0].height, found[0].width) : found[0];
            EXPECT_LT(std::abs(r.y - 300), 12);
            EXPECT_GT(r.width, 950);
            EXPECT_LT(r.height, 40);
        }
    // Strokes of writing, another pace, and a resolution that is not known.
    EXPECT_TRUE(find_ruler_marks(strokes(1.0, true, false), 150).empty());
    EXPECT_TRUE(find_ruler_marks(strokes(1.27, false, false), 150).empty());
    EXPECT_TRUE(find_ruler_marks(strokes(1.0, false, false), 0).empty());
}

} // namespace
} // namespace recto::treat
