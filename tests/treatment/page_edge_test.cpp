#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/files/decode.h"
#include "stages/treatment/analysis.h"
#include "stages/treatment/page_edge.h"
#include "tests/treatment/pages_support.h"

namespace recto::treat {
namespace {
Quad in_source(const Analysis& a, const Quad& work) {
    Quad q;
    for (std::size_t i = 0; i < 4; ++i) q[i] = a.work_to_source(work[i]);
    return q;
}

// Measured: worst 0.9985.
TEST(PageEdge, IsExactOnDrawnBeds) {
    for (int i = 0; i < 12; ++i) {
        test::PageSpec spec;
        spec.bed = true;
        spec.seed = static_cast<std::uint32_t>(i + 1);
        spec.angle_deg = -6 + i * 1.1;
        spec.bed_level = i % 3 == 0 ? 12 : i % 3 == 1 ? 70 : 150;
        spec.script = i % 2 ? test::Script::Han : test::Script::Latin;
        const test::DrawnPage page = test::draw_page(spec);
        const Analysis a = analyse(page.raster, 1);
        const PageEdges e = find_page_edges(a);
        ASSERT_EQ(e.pages.size(), 1U) << i;
        EXPECT_GE(e.pages[0].confidence, kSureQuad) << i;
        EXPECT_GE(intersection_over_union(in_source(a, e.pages[0].corners), page.paper), 0.997) << i;
        EXPECT_NEAR(e.pages[0].angle_deg, spec.angle_deg, 0.05) << i;
    }
}

TEST(PageEdge, NoBedNoQuad) {
    const test::DrawnPage page = test::draw_page({});
    EXPECT_TRUE(find_page_edges(analyse(page.raster, 1)).pages.empty());
}

// Measured: mean 0.9972, worst 0.9918.
TEST(PageEdge, KnownQuads) {
    const std::string folder = test::shared_data("quad_known");
    if (folder.empty()) GTEST_SKIP() << "shared data absent";
    double sum = 0;
    int n = 0;
    for (const auto& row : test::read_csv(folder + "/manifest.csv")) {
        const auto raster = decode_here(folder + "/" + row[0], 0);
        ASSERT_TRUE(raster) << raster.error().to_string();
        const Analysis a = analyse(*raster, 1);
        const PageEdges e = find_page_edges(a);
        const std::size_t pages = row[11].empty() ? 1 : 2;
        ASSERT_EQ(e.pages.size(), pages) << row[0];
        for (std::size_t p = 0; p < pages; ++p) {
            Quad truth;
            for (std::size_t i = 0; i < 4; ++i)
                truth[i] = {std::stod(row[3 + 8 * p + 2 * i]), std::stod(row[4 + 8 * p + 2 * i])};
            const double iou = intersection_over_union(in_source(a, e.pages[p].corners), truth);
            EXPECT_GE(iou, 0.985) << row[0] << " page " << p;
            sum += iou;
            ++n;
        }
    }
    std::printf("quad_known: mean IoU %.4f over %d pages\n", sum / n, n);
    EXPECT_GE(sum / n, 0.993);
}

} // namespace
} // namespace recto::treat
