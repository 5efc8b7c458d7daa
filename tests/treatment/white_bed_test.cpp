// Sheets on a bed of their own colour: found by their shadows or left whole; and print that looks like the edge of a sheet.

#include <cmath>
#include <cstdio>

#include <gtest/gtest.h>

#include "stages/treatment/analysis.h"
#include "stages/treatment/page_edge.h"
#include "stages/treatment/treatment.h"
#include "tests/treatment/white_bed_support.h"

namespace recto::treat {
namespace {

double work_dpi(const Raster& raster, const Analysis& a) { return raster.dpi.x / a.factor; }

// Measured: 21 of 27 sheets with every side to be seen are found, mean 0.9977, worst 0.9941.
TEST(WhiteBed, FoundToThePixelOrLeftWhole) {
    double sum = 0, worst = 1;
    int found = 0, sheets = 0, whole_found = 0;
    for (std::uint64_t seed = 1000; seed < 1030; ++seed) {
        const test::WhiteBed bed = test::draw_white_bed(seed);
        const Analysis a = analyse(bed.raster, 1);
        const PageEdges e = find_page_edges(a, work_dpi(bed.raster, a));
        sheets += bed.whole();
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
    std::printf("white beds: %d of %d sheets found, mean IoU %.4f, worst %.4f\n", whole_found, sheets,
                sum / std::max(1, found), worst);
    EXPECT_GE(whole_found, sheets / 2);
    EXPECT_GE(sum / std::max(1, found), 0.98);
}

TEST(WhiteBed, PrintIsNoEdge) {
    for (int kind = 0; kind < test::kEvenPages; ++kind)
        for (std::uint64_t seed = 500; seed < 503; ++seed) {
            const auto page = static_cast<test::EvenPage>(kind);
            const Raster raster = test::draw_even_page(page, seed);
            const Analysis a = analyse(raster, 1);
            for (const PageQuad& q : find_page_edges(a, work_dpi(raster, a)).pages)
                EXPECT_LT(q.confidence, kSureQuad) << test::to_string(page) << " " << seed;
        }
}

} // namespace
} // namespace recto::treat
