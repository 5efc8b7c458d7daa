// Which way up, by reading: real networks on pages in their four turns.

#include "stages/orientation.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/files/decode.h"
#include "stages/reading/ocr_engine.h"
#include "stages/treatment/settings.h"
#include "stages/treatment/treatment.h"
#include "tests/treatment/worn_page.h"

namespace recto {
namespace {

const std::string kModels = std::string(RECTO_DEPS_DIR) + "/models";
const std::string kSamples = std::string(RECTO_SOURCE_DIR) + "/samples/batch/";

#define NEEDS_NETWORKS                                                                                                 \
    if (!reading::has_ppocr()) GTEST_SKIP() << "built without OpenVINO"

/// The page turned clockwise by so many quarters.
cv::Mat turned(const cv::Mat& page, int quarters) {
    cv::Mat out = page;
    if (quarters > 0) {
        out = cv::Mat();
        cv::rotate(page, out, quarters - 1);
    }
    return out;
}

/// Grey, half of 300 dpi, as treatment's work picture is.
cv::Mat work_picture(const std::string& file) {
    const auto raster = decode_here(kSamples + file, 0);
    EXPECT_TRUE(raster) << file;
    cv::Mat out;
    if (raster) cv::resize(to_grey(*raster), out, {}, 0.5, 0.5, cv::INTER_AREA);
    return out;
}

std::unique_ptr<treat::OrientationProbe> make_probe() { return orientation_probes(Settings{}, kModels)(); }

TEST(OrientationByReading, LatinPrintIsToldInEveryTurn) {
    NEEDS_NETWORKS;
    const auto probe = make_probe();
    const cv::Mat page = work_picture("box7-english/001.png");
    for (int q = 0; q < 4; ++q) {
        const treat::Orientation o = probe->read(turned(page, q));
        EXPECT_EQ(o.turn_deg, (360 - 90 * q) % 360) << q;
        EXPECT_GT(o.confidence, 0.7) << q; // measured: .82 and more
    }
}

// Characters that lie on one side read as well: two turns remain, the right one among them.
TEST(OrientationByReading, ChinesePrintLeavesTwoTurns) {
    NEEDS_NETWORKS;
    const auto probe = make_probe();
    const cv::Mat page = work_picture("0025-WS·2012-Y-BGS-0001/003.jpg");
    for (int q = 0; q < 4; ++q) {
        const treat::Orientation o = probe->read(turned(page, q));
        const int right = (4 - q) % 4;
        EXPECT_LT(o.confidence, 0.3) << q;
        EXPECT_GT(o.witnesses, 50) << q;
        EXPECT_GT(o.scores[right], 0.4) << q;
        EXPECT_LT(o.scores[(right + 2) % 4], 0.1) << q;
    }
}

TEST(OrientationByReading, WhatIsNoPrintSaysNothing) {
    NEEDS_NETWORKS;
    const auto probe = make_probe();
    cv::RNG random(3);
    cv::Mat grain(900, 700, CV_8UC1), strokes(900, 700, CV_8UC1, cv::Scalar(240)), white = strokes.clone();
    random.fill(grain, cv::RNG::NORMAL, 128, 60);
    for (int i = 0; i < 150; ++i)
        cv::ellipse(strokes, {random.uniform(30, 670), random.uniform(30, 870)},
                    {random.uniform(5, 30), random.uniform(5, 30)}, random.uniform(0, 360), 0, random.uniform(90, 360),
                    cv::Scalar(40), 2);
    for (const cv::Mat& picture : {grain, strokes, white, cv::Mat(3, 3, CV_8UC1, cv::Scalar(9))})
        EXPECT_LT(probe->read(picture).confidence, 0.5);
}

TEST(OrientationByReading, NobodyIsAskedWithoutModelsOrWhereUnwanted) {
    const auto without = orientation_probes(Settings{}, "/nowhere")();
    ASSERT_NE(without, nullptr);
    EXPECT_EQ(without->read(cv::Mat(300, 300, CV_8UC1, cv::Scalar(200))).confidence, 0);
    EXPECT_EQ(orientation_readers(Settings{}, "/nowhere"), "");
    Settings never;
    never.set(treat::kOrientSecondOpinion, std::string("never"));
    EXPECT_EQ(orientation_probes(never, kModels)(), nullptr);
    EXPECT_EQ(orientation_readers(never, kModels), "");
    EXPECT_EQ(orientation_readers(Settings{}, kModels).empty(), !reading::has_ppocr());
}

TEST(OrientationByReading, OfScores) {
    EXPECT_EQ(orientation_of({0, 0, 0, 0}).confidence, 0);
    const treat::Orientation sure = orientation_of({2, 0, 200, 4});
    EXPECT_EQ(sure.turn_deg, 180);
    EXPECT_GT(sure.confidence, 0.95);
    EXPECT_LT(orientation_of({3, 0, 0, 0}).confidence, 0.3); // a few characters
    EXPECT_LT(orientation_of({100, 4, 2, 90}).confidence, 0.2);
}

// Receipts smaller, softer and with grain (all of them and more: bench/treatment.sh --only worn_orientation).
TEST(OrientationByReading, WornReceiptsComeOutUpright) {
    NEEDS_NETWORKS;
    const std::string folder = std::string(RECTO_SHARED_DIR) + "/data/sroie_a";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "shared data absent: sroie_a";
    const auto probe = make_probe();
    int right = 0, all = 0;
    for (const char* name : {"000.jpg", "018.jpg", "036.jpg"}) {
        const auto raster = decode_here(folder + "/" + name, 0);
        const auto source = probe_here(folder + "/" + name);
        ASSERT_TRUE(raster && source) << name;
        const double scale = 0.7;
        cv::RNG random(11);
        const cv::Mat page = test::worn(raster->pixels, {scale, 1, 0.7, 6}, random);
        for (int q = 0; q < 4; ++q) {
            Raster there = *raster;
            there.pixels = turned(page, q);
            there.dpi = {raster->dpi.x * scale, raster->dpi.y * scale, DpiSource::File};
            ImageInfo info = source->images[0];
            info.width = there.width(), info.height = there.height();
            const ImageTreatment t = treat::treat_image(there, info, {}, probe.get());
            ASSERT_FALSE(t.pages.empty());
            const int got = t.pages[0].orientation_deg, wanted = (360 - 90 * q) % 360;
            EXPECT_TRUE(got == wanted || got == 0) << name << ' ' << q << ": " << got;
            right += got == wanted;
            ++all;
        }
    }
    EXPECT_EQ(right, all);
}

} // namespace
} // namespace recto
