// The compact form of pages: what goes into which layer, what is lost, and which pages are better left as one picture.

#include <random>

#include "pipeline/files/image_out.h"
#include "stages/encode/mixed_raster.h"
#include "tests/encode/support.h"

namespace recto {
namespace {

using namespace testing;
using encode::make_mixed_raster;

constexpr int kWidth = 1240, kHeight = 1000; // Half an A4 page at 300 dpi in both directions.

void add_noise(cv::Mat& pixels, double strength, unsigned seed = 5) {
    cv::RNG chance(seed);
    cv::Mat noise(pixels.size(), CV_16SC(pixels.channels()));
    chance.fill(noise, cv::RNG::NORMAL, 0, strength);
    cv::Mat wide;
    pixels.convertTo(wide, CV_16S);
    wide += noise;
    wide.convertTo(pixels, CV_8U);
}

Raster colour(cv::Mat pixels, double dpi = 300) {
    Raster r;
    r.mode = ColourMode::Colour;
    r.dpi = {dpi, dpi, DpiSource::File};
    r.pixels = std::move(pixels);
    return r;
}

const cv::Scalar kPaper(238, 232, 214), kBlack(40, 38, 36), kRed(205, 48, 52), kPencil(168, 164, 158);

/// A letter on yellowed paper: lines of print, a red seal over them, a note in pencil; as soft as a scanner makes it.
Raster sealed_letter(double dpi = 300) {
    const double s = dpi / 300;
    const auto at = [&](double v) { return cvRound(v * s); };
    cv::Mat p(at(kHeight), at(kWidth), CV_8UC3, kPaper);
    for (int line = 0; line < 9; ++line)
        cv::putText(p, "Inspection of highways 1234", {at(100), at(130 + 80 * line)}, cv::FONT_HERSHEY_COMPLEX, 1.9 * s,
                    kBlack, std::max(1, at(4)), cv::LINE_AA);
    cv::circle(p, {at(860), at(560)}, at(150), kRed, at(12), cv::LINE_AA);
    cv::putText(p, "OFFICE", {at(760), at(580)}, cv::FONT_HERSHEY_COMPLEX, 1.6 * s, kRed, std::max(1, at(6)),
                cv::LINE_AA);
    for (int line = 0; line < 9; ++line) // black print over the seal
        cv::putText(p, "Inspection of highways 1234", {at(100), at(130 + 80 * line)}, cv::FONT_HERSHEY_COMPLEX, 1.9 * s,
                    kBlack, std::max(1, at(4)), cv::LINE_AA);
    cv::putText(p, "seen 4/5", {at(100), at(930)}, cv::FONT_HERSHEY_SCRIPT_SIMPLEX, 1.8 * s, kPencil,
                std::max(1, at(4)), cv::LINE_AA);
    cv::GaussianBlur(p, p, {}, 0.7);
    add_noise(p, 3);
    return colour(p, dpi);
}

Raster photograph() {
    cv::Mat p(kHeight, kWidth, CV_8UC3, kPaper), texture(kHeight / 4, kWidth / 4, CV_8UC3);
    cv::RNG chance(3);
    chance.fill(texture, cv::RNG::UNIFORM, 20, 230);
    cv::resize(texture, texture, p.size(), 0, 0, cv::INTER_CUBIC);
    texture(cv::Rect(100, 100, 1000, 800)).copyTo(p(cv::Rect(100, 100, 1000, 800)));
    return colour(p);
}

/// The page composed at the size of the mask.
cv::Mat composed(const encode::MixedRaster& layers, cv::Size size) {
    cv::Mat out;
    cv::resize(layers.background.pixels, out, size);
    for (const auto& ink : layers.inks) {
        cv::Mat colours, mask;
        cv::resize(ink.colours.pixels, colours, size);
        cv::resize(ink.mask.pixels, mask, size, 0, 0, cv::INTER_NEAREST);
        colours.copyTo(out, mask == 0);
    }
    return out;
}

std::size_t bytes_of(const encode::MixedRaster& layers) {
    std::size_t size = layers.background_jpeg.size();
    for (const auto& ink : layers.inks) size += ink.colours_jpeg.size() + write_jbig2(ink.mask)->size();
    return size;
}

TEST(MixedRaster, ALetterKeepsItsLookAtAFractionOfTheBytes) {
    for (const double dpi : {300.0, 200.0, 150.0}) {
        const Raster page = sealed_letter(dpi);
        const auto made = make_mixed_raster(page);
        ASSERT_TRUE(made && made->layers) << dpi;
        EXPECT_TRUE(made->loss.within()) << dpi << ": " << made->loss.ink_kept << ", " << made->loss.colour;
        EXPECT_LT(bytes_of(*made->layers) * 2, write_jpeg(page, 80, true)->size()) << dpi;
        ASSERT_EQ(made->layers->inks.size(), 2U) << "black print, red seal";
        const double finer = made->layers->inks[0].mask.dpi.x / dpi;
        EXPECT_NEAR(finer, dpi == 300 ? 1 : dpi == 200 ? 1.5 : 2, 0.01) << "masks of coarse pages are finer";
        // On a screen of 75 dpi.
        cv::Mat seen, source, difference;
        cv::resize(composed(*made->layers, page.pixels.size() * 2), seen, {310, 250}, 0, 0, cv::INTER_AREA);
        cv::resize(page.pixels, source, seen.size(), 0, 0, cv::INTER_AREA);
        cv::absdiff(seen, source, difference);
        const cv::Scalar mean = cv::mean(difference);
        const cv::Scalar bias = cv::mean(seen) - cv::mean(source);
        for (int c = 0; c < 3; ++c) {
            EXPECT_LT(std::abs(bias[c]), 4) << dpi; // neither lighter nor darker: at most 2.2 measured
            EXPECT_LT(mean[c], 8) << dpi;           // at most 5.2, half a pixel's shift of the drawing included
        }
    }
}

TEST(MixedRaster, EachInkHasItsOwnColour) {
    const Raster page = sealed_letter();
    const auto made = make_mixed_raster(page);
    ASSERT_TRUE(made && made->layers);
    const auto &print = made->layers->inks[0], &seal = made->layers->inks[1];
    const auto colour_at = [](const encode::InkLayer& ink, int x, int y) {
        return ink.colours.pixels.at<cv::Vec3b>(y * ink.colours.height() / kHeight, x * ink.colours.width() / kWidth);
    };
    // The ring's left, where no print crosses it, and the middle of the page.
    const cv::Vec3b red = colour_at(seal, 860, 410), black = colour_at(print, 400, 450);
    EXPECT_GT(red[0], 170);
    EXPECT_LT(red[1], 90);
    EXPECT_LT(std::max({black[0], black[1], black[2]}), 80);
    EXPECT_EQ(seal.mask.pixels.at<std::uint8_t>(410, 860), 0) << "the ring is in its mask";
    EXPECT_EQ(print.mask.pixels.at<std::uint8_t>(410, 860), 255) << "and in no other";
    // No ink is left in the background: its darkest place is paper.
    double darkest = 0;
    cv::Mat grey;
    cv::cvtColor(made->layers->background.pixels, grey, cv::COLOR_RGB2GRAY);
    cv::minMaxLoc(grey, &darkest);
    EXPECT_GT(darkest, 165); // 187 measured; paper has 232, red some 95, print 38
}

TEST(MixedRaster, HairlinesBesideBroadStrokesAreInTheMask) {
    cv::Mat p(kHeight, kWidth, CV_8UC3, kPaper);
    for (int x = 100; x < 1100; x += 40) cv::rectangle(p, cv::Rect(x, 200, 9, 400), kBlack, cv::FILLED);
    for (int y = 220; y < 600; y += 24) cv::line(p, {100, y}, {1100, y}, cv::Scalar(120, 118, 112), 2); // between them
    cv::GaussianBlur(p, p, {}, 0.8);
    add_noise(p, 2);
    const auto made = make_mixed_raster(colour(p));
    ASSERT_TRUE(made && made->layers);
    ASSERT_FALSE(made->layers->inks.empty());
    int found = 0, all = 0;
    for (int y = 220; y < 600; y += 24)
        for (int x = 125; x < 1060; x += 40, ++all) {
            bool black = false;
            for (int dy = -2; dy <= 2; ++dy)
                black |= made->layers->inks[0].mask.pixels.at<std::uint8_t>(y + dy, x) == 0;
            found += black ? 1 : 0;
        }
    EXPECT_EQ(found, all);
}

TEST(MixedRaster, LinesOfOnePixelAreInTheMask) { // the bars of a fine Song face: no more than a ridge
    cv::Mat p(kHeight, kWidth, CV_8UC3, kPaper);
    for (int x = 100; x < 1100; x += 100) {
        cv::rectangle(p, cv::Rect(x, 200, 6, 60), kBlack, cv::FILLED);
        for (int y = 300; y < 600; y += 30) cv::line(p, {x, y}, {x + 40, y}, cv::Scalar(95, 92, 88), 1);
    }
    add_noise(p, 1.5);
    const auto made = make_mixed_raster(colour(p));
    ASSERT_TRUE(made && made->layers);
    ASSERT_FALSE(made->layers->inks.empty());
    int found = 0, all = 0;
    for (int x = 100; x < 1100; x += 100)
        for (int y = 300; y < 600; y += 30)
            for (int dx = 2; dx < 39; ++dx, ++all) {
                bool black = false;
                for (int dy = -1; dy <= 1; ++dy)
                    black |= made->layers->inks[0].mask.pixels.at<std::uint8_t>(y + dy, x + dx) == 0;
                found += black ? 1 : 0;
            }
    EXPECT_EQ(found, all);
}

TEST(MixedRaster, StainsAndShadowsStayInTheBackground) {
    Raster page = sealed_letter();
    cv::Mat stain(page.pixels.size(), CV_8UC3, cv::Scalar::all(255));
    cv::circle(stain, {300, 850}, 160, cv::Scalar(190, 165, 120), 26);
    cv::GaussianBlur(stain, stain, {}, 14);
    cv::multiply(page.pixels, stain, page.pixels, 1.0 / 255);
    const auto made = make_mixed_raster(page);
    ASSERT_TRUE(made && made->layers);
    EXPECT_TRUE(made->loss.within());
    cv::Mat in_mask = cv::Mat::zeros(page.pixels.size(), CV_8UC1);
    for (const auto& ink : made->layers->inks) in_mask |= ink.mask.pixels == 0;
    // Left part of the ring, where there is no print: (160 +- 10, 850 +- 60).
    EXPECT_LT(cv::countNonZero(in_mask(cv::Rect(135, 800, 20, 90))), 40);
}

TEST(MixedRaster, AnEmptyPageHasNoInk) {
    cv::Mat p(kHeight, kWidth, CV_8UC3, kPaper);
    add_noise(p, 3);
    const auto made = make_mixed_raster(colour(p));
    ASSERT_TRUE(made && made->layers);
    EXPECT_TRUE(made->layers->inks.empty());
    EXPECT_TRUE(made->loss.within());
}

TEST(MixedRaster, PhotographsAreRefused) {
    const auto made = make_mixed_raster(photograph());
    ASSERT_TRUE(made);
    EXPECT_FALSE(made->loss.within()) << made->loss.ink_kept << ", " << made->loss.colour;
}

TEST(MixedRaster, WhatTheMeasureSees) {
    const Raster page = sealed_letter();
    const auto same = encode::loss_between(page, page);
    EXPECT_DOUBLE_EQ(same.ink_kept, 1);
    EXPECT_LT(same.colour, 0.01);
    EXPECT_EQ(same.gone, 0);
    Raster without_pencil = page, black_seal = page, blurred = page;
    without_pencil.pixels = page.pixels.clone();
    cv::rectangle(without_pencil.pixels, cv::Rect(80, 860, 420, 120), kPaper, cv::FILLED);
    EXPECT_FALSE(encode::loss_between(page, without_pencil).within());
    black_seal.pixels = page.pixels.clone();
    for (int y = 390; y < 730; ++y)
        for (int x = 690; x < 1030; ++x) {
            cv::Vec3b& v = black_seal.pixels.at<cv::Vec3b>(y, x);
            v = cv::Vec3b::all(cv::saturate_cast<std::uint8_t>((v[0] + 5 * v[1] + v[2]) / 7));
        }
    EXPECT_FALSE(encode::loss_between(page, black_seal).within()) << "a seal that lost its colour";
    Raster hairlines = page; // Thin strokes that hang on broad ones: they are no marks of their own.
    hairlines.pixels = page.pixels.clone();
    for (int y = 100; y < 140; y += 10) cv::line(hairlines.pixels, {110, y}, {500, y}, cv::Scalar(150, 146, 138), 2);
    const auto thin = encode::loss_between(hairlines, page);
    EXPECT_GT(thin.gone, 0.1);
    EXPECT_FALSE(thin.within());
    cv::GaussianBlur(page.pixels, blurred.pixels = cv::Mat(), {}, 5);
    EXPECT_FALSE(encode::loss_between(page, blurred).within());
}

TEST(MixedRaster, OddPagesAreNoTrouble) {
    std::mt19937 chance(11);
    std::vector<Raster> pages;
    for (const int level : {0, 1, 128, 254, 255})
        pages.push_back(colour(cv::Mat(300, 260, CV_8UC3, cv::Scalar::all(level))));
    cv::Mat noise(333, 277, CV_8UC3);
    cv::randu(noise, 0, 256);
    pages.push_back(colour(noise));
    pages.push_back(colour(noise, 72));
    pages.push_back(colour(noise, 1200));
    Raster grey = sealed_letter();
    cv::Mat one;
    cv::cvtColor(grey.pixels, one, cv::COLOR_RGB2GRAY);
    grey.pixels = one;
    grey.mode = ColourMode::Grey;
    pages.push_back(grey);
    Raster uneven = sealed_letter();
    uneven.dpi = {300, 150, DpiSource::File};
    pages.push_back(uneven);
    for (const Raster& page : pages) {
        const auto made = make_mixed_raster(page);
        ASSERT_TRUE(made);
        ASSERT_TRUE(made->layers);
        for (const auto& ink : made->layers->inks) EXPECT_EQ(ink.mask.mode, ColourMode::Bilevel);
        EXPECT_TRUE(std::isfinite(made->loss.colour));
    }
    EXPECT_EQ(make_mixed_raster(pages.back())->layers->background_jpeg,
              make_mixed_raster(pages.back())->layers->background_jpeg);
    Raster small = colour(cv::Mat(40, 40, CV_8UC3, kPaper)), bits = grey;
    bits.mode = ColourMode::Bilevel;
    EXPECT_FALSE(make_mixed_raster(small)->layers);
    EXPECT_FALSE(make_mixed_raster(bits)->layers);
}

} // namespace
} // namespace recto
