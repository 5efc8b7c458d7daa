// Known colours through the profiles that scanners and cameras embed, to the access image for people.

#include <array>
#include <cmath>
#include <cstdio>

#include <gtest/gtest.h>
#include <lcms2.h>

#include "pipeline/files/decode.h"
#include "pipeline/files/image_out.h"
#include "stages/encode/colour.h"
#include "tests/encode/support.h"

namespace recto {
namespace {
using namespace testing;

std::vector<std::uint8_t> bytes_of(cmsHPROFILE profile) {
    cmsUInt32Number size = 0;
    cmsSaveProfileToMem(profile, nullptr, &size);
    std::vector<std::uint8_t> bytes(size);
    cmsSaveProfileToMem(profile, bytes.data(), &size);
    cmsCloseProfile(profile);
    return bytes;
}

struct Space {
    const char* name;
    cmsCIExyY white;
    cmsCIExyYTRIPLE primaries;
    double gamma;
};
const std::array<Space, 2> kSpaces{
    Space{"Adobe RGB (1998)", {0.3127, 0.3290, 1}, {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}}, 2.19921875},
    Space{"ProPhoto RGB", {0.3457, 0.3585, 1}, {{0.7347, 0.2653, 1}, {0.1596, 0.8404, 1}, {0.0366, 0.0001, 1}}, 1.8}};

cmsHPROFILE profile_of(const Space& space) {
    cmsToneCurve* curve = cmsBuildGamma(nullptr, space.gamma);
    cmsToneCurve* curves[3] = {curve, curve, curve};
    cmsHPROFILE p = cmsCreateRGBProfile(&space.white, &space.primaries, curves);
    cmsFreeToneCurve(curve);
    return p;
}

/// Colours of documents within sRGB, as CIE Lab of D50: paper, print, a seal's red, blue ink, greens and greys.
const std::array<cmsCIELab, 8> kColours{
    {{96, 0, 3}, {12, 1, 1}, {46, 55, 38}, {32, 12, -42}, {52, -30, 22}, {60, 0, 0}, {80, 4, 30}, {30, 0, 0}}};

/// The Lab colours as 8-bit pixels of a profile, and back.
cv::Mat pixels_in(cmsHPROFILE profile) {
    cmsHPROFILE lab = cmsCreateLab4Profile(nullptr);
    cmsHTRANSFORM t = cmsCreateTransform(lab, TYPE_Lab_DBL, profile, TYPE_RGB_8, INTENT_RELATIVE_COLORIMETRIC, 0);
    cv::Mat out(16, static_cast<int>(kColours.size()) * 16, CV_8UC3);
    for (int x = 0; x < out.cols; ++x)
        for (int y = 0; y < out.rows; ++y)
            cmsDoTransform(t, &kColours[static_cast<std::size_t>(x / 16)], out.ptr(y, x), 1);
    cmsDeleteTransform(t);
    cmsCloseProfile(lab);
    return out;
}

/// CIE 1976 distance of what `raster`, read as sRGB, shows in the middle of each patch.
double worst_distance(const cv::Mat& srgb) {
    cmsHPROFILE lab = cmsCreateLab4Profile(nullptr), s = cmsCreate_sRGBProfile();
    cmsHTRANSFORM t = cmsCreateTransform(s, TYPE_RGB_8, lab, TYPE_Lab_DBL, INTENT_RELATIVE_COLORIMETRIC, 0);
    double worst = 0;
    for (std::size_t i = 0; i < kColours.size(); ++i) {
        cmsCIELab got;
        cmsDoTransform(t, srgb.ptr(8, static_cast<int>(i) * 16 + 8), &got, 1);
        worst = std::max(worst, cmsDeltaE(&got, &kColours[i]));
    }
    cmsDeleteTransform(t);
    cmsCloseProfile(lab);
    cmsCloseProfile(s);
    return worst;
}

// Measured: 0.83 and 1.42 at most (8 bits, and black point compensation); pixels read without their profile are 14 and 31 off.
TEST(ColourSpaces, AccessImagesShowTheColoursOfTheScan) {
    for (const Space& space : kSpaces) {
        cmsHPROFILE profile = profile_of(space);
        Raster raster;
        raster.mode = ColourMode::Colour;
        raster.dpi = {300, 300, DpiSource::File};
        raster.pixels = pixels_in(profile);
        raster.icc = bytes_of(profile);
        const auto converted = encode::to_srgb(raster);
        ASSERT_TRUE(converted) << space.name;
        const double got = worst_distance(converted->pixels), without = worst_distance(raster.pixels);
        std::printf("%s: %.2f, without its profile %.2f\n", space.name, got, without);
        EXPECT_LT(got, 2) << space.name;
        EXPECT_GT(without, 5) << space.name << ": the test would see nothing";
    }
}

// Through a file and the decoder: the profile travels with the pixels.
TEST(ColourSpaces, ProfilesOfFilesReachTheAccessImage) {
    cmsHPROFILE profile = profile_of(kSpaces[0]);
    Raster raster;
    raster.mode = ColourMode::Colour;
    raster.dpi = {300, 300, DpiSource::File};
    raster.pixels = pixels_in(profile);
    raster.icc = bytes_of(profile);
    const std::string path = ::testing::TempDir() + "colour_test.tif";
    const auto tiff = write_tiff(raster, TiffCompression::Lzw, "", "");
    ASSERT_TRUE(tiff);
    std::ofstream(path, std::ios::binary) << *tiff;
    const auto read = decode_here(path, 0);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->icc, raster.icc);
    EXPECT_LT(worst_distance(encode::to_srgb(*read)->pixels), 2);
    std::filesystem::remove(path);
}

// A grey of gamma 1.8 (old scanners) becomes sRGB's tone curve: L* is kept.
TEST(ColourSpaces, GreyWithAnotherGamma) {
    cmsToneCurve* curve = cmsBuildGamma(nullptr, 1.8);
    Raster grey;
    grey.mode = ColourMode::Grey;
    grey.icc = bytes_of(cmsCreateGrayProfile(cmsD50_xyY(), curve));
    cmsFreeToneCurve(curve);
    grey.pixels = cv::Mat(1, 256, CV_8UC1);
    for (int v = 0; v < 256; ++v) grey.pixels.at<uchar>(0, v) = static_cast<uchar>(v);
    const auto toned = encode::to_srgb(grey);
    ASSERT_TRUE(toned);
    for (int v = 8; v < 256; v += 8) {
        const double light = std::pow(v / 255.0, 1.8);
        const double want = 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055);
        EXPECT_NEAR(toned->pixels.at<uchar>(0, v), want, 1.5) << v;
    }
}

// The resolution of access images is the profile's, never more than the scan's.
TEST(ColourSpaces, AccessResolutionNeverGrows) {
    for (const auto& [dpi, wanted, width] : {std::tuple{300.0, "200", 827},
                                             {300.0, "96", 397},
                                             {300.0, "600", 1240},
                                             {210.0, "200", 1240},
                                             {600.0, "150", 310}}) {
        MadeItem made({{make_text(1240, 1754, {make_line("关于公路检查的通知", 200, 300, 60, 62)}), ColourMode::Colour,
                        dpi, PageClass::Body, ""}},
                      {{"encode.access_dpi", wanted}});
        made.encode_pages();
        EXPECT_EQ(made.item.pages[0].encoded.pdf_image.width, width) << dpi << " to " << wanted;
    }
}

} // namespace
} // namespace recto
