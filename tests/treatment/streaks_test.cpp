#include "stages/treatment/streaks.h"

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/files/decode.h"
#include "stages/treatment/analysis.h"
#include "stages/treatment/treatment.h"
#include "tests/treatment/pages_support.h"

namespace recto::treat {
namespace {

Raster with_line(const test::PageSpec& spec, bool down, int at, int width, int change) {
    Raster r = test::draw_page(spec).raster;
    r.pixels = r.pixels.clone();
    for (int k = 0; k < width; ++k) {
        cv::Mat line = down ? r.pixels.col(at + k) : r.pixels.row(at + k);
        line += change;
    }
    return r;
}

TEST(Streaks, AreFoundWhereTheyAre) {
    for (int i = 0; i < 12; ++i) {
        test::PageSpec spec;
        spec.seed = static_cast<std::uint32_t>(70 + i);
        const bool down = i % 4 != 3;
        spec.bed = i % 3 == 0 && down; // what shines on the bed is lost on white paper, and between words even more so
        spec.angle_deg = i % 2 ? 1.5 : 0;
        spec.script = i % 2 ? test::Script::Han : test::Script::Latin;
        spec.noise = 3;
        const bool light = i % 5 == 4 && !spec.bed;
        if (light) spec.paper_level = 190;
        const int at = 300 + 40 * i, change = light ? 40 : -45;
        const Analysis a = analyse(with_line(spec, down, at, 1 + i % 2, change), 1);
        const auto found = find_streaks(a.work);
        ASSERT_EQ(found.size(), 1U) << i;
        EXPECT_EQ(found[0].down, down) << i;
        EXPECT_NEAR(found[0].at * a.factor, at, 2.0) << i;
        EXPECT_EQ(found[0].dark, change < 0) << i;
    }
}

TEST(Streaks, PrintRulesFoldsAndEdgesAreNone) {
    for (int i = 0; i < 12; ++i) {
        test::PageSpec spec;
        spec.seed = static_cast<std::uint32_t>(170 + i);
        spec.bed = i % 2 == 0;
        spec.script = i % 3 == 0 ? test::Script::Latin : i % 3 == 1 ? test::Script::Han : test::Script::HanVertical;
        Raster r = test::draw_page(spec).raster;
        r.pixels = r.pixels.clone();
        const int w = r.pixels.cols, h = r.pixels.rows;
        if (i % 3 == 0) // a form: rules to the margins of the paper
            for (int k = 1; k < 8; ++k) {
                cv::line(r.pixels, {w / 8, h * k / 9}, {w * 7 / 8, h * k / 9}, cv::Scalar(30), 2);
                cv::line(r.pixels, {w * k / 9, h / 10}, {w * k / 9, h * 9 / 10}, cv::Scalar(30), 2);
            }
        if (i % 3 == 1) // a fold: a soft shadow from edge to edge
            for (int x = w / 2 - 20; x < w / 2 + 20; ++x) r.pixels.col(x) -= 50 * (20 - std::abs(x - w / 2)) / 20;
        EXPECT_TRUE(find_streaks(analyse(r, 1).work).empty()) << i;
    }
}

// The truth of quad_known has a line on five scans; on 0006 it is black on a black bed.
TEST(Streaks, OnRealScans) {
    int images = 0;
    std::vector<std::string> said;
    for (const char* set : {"ehri_en_a", "oldbooks_a", "grenzboten_de", "guji_a", "sroie_a", "quad_known", "skew_known",
                            "deskew_galfar", "deskew_sbrunner", "unpaper", "leptonica", "tess_test"}) {
        const std::string folder = test::shared_data(set);
        if (folder.empty()) GTEST_SKIP() << "shared data absent";
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            const auto raster = decode_here(entry.path().string(), 0);
            if (!raster) continue;
            ++images;
            if (!find_streaks(analyse(*raster, 1).work).empty())
                said.push_back(std::string(set) + "/" + entry.path().stem().string());
        }
    }
    EXPECT_GT(images, 100);
    EXPECT_THAT(said, testing::UnorderedElementsAre("quad_known/0005", "quad_known/0011", "quad_known/0012",
                                                    "quad_known/0016"));
}

} // namespace
} // namespace recto::treat
