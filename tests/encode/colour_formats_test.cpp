// Known colours in every way that files hold them, to the access image: what a reader sees against what was meant, as CIE 1976
// distances. What was meant is given in Lab; the file's numbers come from Little CMS or from a formula that stands here.

#include "tests/encode/colour_files.h"

namespace recto {
namespace {
using namespace testing;

TEST_F(ColourFormats, RgbTiffOf8And16Bits) {
    for (const double gamma : {2.2, 1.8, 1.0}) {
        cmsHPROFILE p = rgb_profile(gamma, true);
        const auto icc = profile_bytes(p);
        const auto samples = samples_in(p, kInks, false);
        cmsCloseProfile(p);
        if (gamma > 1) { EXPECT_LT(distance(tiff({.bits = 8}, patch_row(eight(samples), 3), icc), kInks), 2) << gamma; }
        // Sixteen linear bits hold what eight do not: they are converted before they are reduced.
        EXPECT_LT(distance(tiff({.bits = 16}, raw(patch_row(samples, 3)), icc), kInks), 1.5) << gamma;
    }
    cmsHPROFILE s = cmsCreate_sRGBProfile();
    const auto samples = samples_in(s, kInks, false);
    cmsCloseProfile(s);
    EXPECT_LT(distance(tiff({.bits = 8}, patch_row(eight(samples), 3), {}), kInks), 1);
    EXPECT_LT(distance(tiff({.bits = 16}, raw(patch_row(samples, 3)), {}), kInks), 1);
}

TEST_F(ColourFormats, GreyTiffOf8And16Bits) {
    for (const double gamma : {2.2, 1.8, 1.0}) {
        cmsHPROFILE p = grey_profile(gamma);
        const auto icc = profile_bytes(p);
        const auto samples = samples_in(p, grey_labs(), true);
        cmsCloseProfile(p);
        const Tiff t8{.photometric = PHOTOMETRIC_MINISBLACK, .samples = 1, .bits = 8};
        const Tiff t16{.photometric = PHOTOMETRIC_MINISBLACK, .samples = 1, .bits = 16};
        if (gamma > 1) { EXPECT_LT(distance(tiff(t8, patch_row(eight(samples), 1), icc), grey_labs()), 1.2) << gamma; }
        EXPECT_LT(distance(tiff(t16, raw(patch_row(samples, 1)), icc), grey_labs()), 1) << gamma;
    }
}

TEST_F(ColourFormats, CmykTiffWithAndWithoutProfile) {
    cmsHPROFILE p = press_profile();
    const auto icc = profile_bytes(p);
    cmsCloseProfile(p);
    std::vector<std::uint8_t> inks;
    std::vector<std::uint16_t> deep;
    for (const auto& patch : kPress)
        for (const auto v : patch) inks.push_back(v), deep.push_back(static_cast<std::uint16_t>(v * 257));
    const Tiff t8{.photometric = PHOTOMETRIC_SEPARATED, .samples = 4, .bits = 8};
    const Tiff t16{.photometric = PHOTOMETRIC_SEPARATED, .samples = 4, .bits = 16};
    EXPECT_LT(distance(tiff(t8, patch_row(inks, 4), icc), press_labs()), 2);
    EXPECT_TRUE(has_finding(path("p.tif"), "decode.cmyk_by_profile"));
    EXPECT_LT(distance(tiff(t16, raw(patch_row(deep, 4)), icc), press_labs()), 2);
    // Without one the plain formula, read as sRGB.
    std::array<cmsCIELab, 8> plain{};
    for (std::size_t i = 0; i < 8; ++i) {
        std::array<double, 3> rgb{};
        for (std::size_t c = 0; c < 3; ++c) rgb[c] = (1 - kPress[i][c] / 255.0) * (1 - kPress[i][3] / 255.0);
        plain[i] = lab_of_srgb(rgb);
    }
    EXPECT_LT(distance(tiff(t8, patch_row(inks, 4), {}), plain), 1);
    EXPECT_TRUE(has_finding(path("p.tif"), "decode.cmyk_plain"));
}

TEST_F(ColourFormats, CmykJpegOfAdobe) {
    cmsHPROFILE p = press_profile();
    const auto icc = profile_bytes(p);
    cmsCloseProfile(p);
    std::vector<std::uint8_t> inks, inverted;
    for (const auto& patch : kPress)
        for (const auto v : patch) inks.push_back(v), inverted.push_back(static_cast<std::uint8_t>(255 - v));
    EXPECT_LT(distance(jpeg(JCS_CMYK, JCS_CMYK, true, patch_row(inverted, 4), icc), press_labs()), 2);
    EXPECT_LT(distance(jpeg(JCS_CMYK, JCS_YCCK, true, patch_row(inverted, 4), icc), press_labs()), 2.5);
    EXPECT_LT(distance(jpeg(JCS_CMYK, JCS_CMYK, false, patch_row(inks, 4), icc), press_labs()), 2);
}

TEST_F(ColourFormats, LabTiff) {
    std::vector<std::uint8_t> tiff8, icc8;
    std::vector<std::uint16_t> tiff16;
    for (const auto& lab : kInks) {
        const double v[3] = {lab.L, lab.a, lab.b};
        for (int c = 0; c < 3; ++c) {
            // TIFF 6, section 23: L* of 0 to 100 over the whole range, a* and b* signed. ICC: offset by 128.
            tiff8.push_back(
                static_cast<std::uint8_t>(static_cast<int>(std::lround(c == 0 ? v[c] * 2.55 : v[c])) & 255));
            icc8.push_back(static_cast<std::uint8_t>(std::lround(c == 0 ? v[c] * 2.55 : v[c] + 128)));
            tiff16.push_back(static_cast<std::uint16_t>(
                static_cast<int>(std::lround(c == 0 ? v[c] * 655.35 : v[c] * 256)) & 0xffff));
        }
    }
    EXPECT_LT(distance(tiff({.photometric = PHOTOMETRIC_CIELAB}, patch_row(tiff8, 3), {}), kInks), 1.2);
    EXPECT_LT(distance(tiff({.photometric = PHOTOMETRIC_ICCLAB}, patch_row(icc8, 3), {}), kInks), 1.2);
    EXPECT_LT(distance(tiff({.photometric = PHOTOMETRIC_CIELAB, .bits = 16}, raw(patch_row(tiff16, 3)), {}), kInks),
              1.2);
}

TEST_F(ColourFormats, YcbcrInTiff) {
    cmsHPROFILE p = rgb_profile(2.2, true);
    const auto icc = profile_bytes(p);
    const auto samples = eight(samples_in(p, kInks, false));
    cmsCloseProfile(p);
    EXPECT_LT(
        distance(tiff({.photometric = PHOTOMETRIC_YCBCR, .compression = COMPRESSION_JPEG}, patch_row(samples, 3), icc),
                 kInks),
        2.5);
    const auto source = probe_here(path("p.tif"));
    EXPECT_EQ(source->images[0].photometric, "ycbcr");
}

TEST_F(ColourFormats, PalettesWithProfile) {
    for (const bool grey : {false, true}) {
        cmsHPROFILE p = rgb_profile(1.4, true);
        const auto icc = profile_bytes(p);
        const auto meant = grey ? grey_labs() : kInks;
        auto samples = samples_in(p, meant, false);
        cmsCloseProfile(p);
        if (grey)
            for (std::size_t i = 0; i < 24; ++i) samples[i] = samples[i / 3 * 3 + 1];
        std::array<std::vector<std::uint16_t>, 3> map;
        for (std::size_t c = 0; c < 3; ++c) {
            map[c].assign(256, 0);
            for (std::size_t i = 0; i < 8; ++i) map[c][i] = samples[i * 3 + c];
            for (std::size_t i = 8; i < 256; ++i) map[c][i] = map[c][i - 8];
        }
        std::vector<std::uint8_t> indices{0, 1, 2, 3, 4, 5, 6, 7};
        EXPECT_LT(
            distance(tiff({.photometric = PHOTOMETRIC_PALETTE, .samples = 1}, patch_row(indices, 1), icc, &map), meant),
            2)
            << (grey ? "greys" : "colours");
    }
}

TEST_F(ColourFormats, PngSaysItsSpace) {
    cmsHPROFILE adobe = rgb_profile(2.2, true), linear = rgb_profile(1.0, false), apple = rgb_profile(1.8, false);
    cmsHPROFILE srgb = cmsCreate_sRGBProfile(), grey = grey_profile(1.0);
    const auto row8 = [&](cmsHPROFILE p) { return patch_row(eight(samples_in(p, kInks, false)), 3); };
    EXPECT_LT(distance(png(PNG_COLOR_TYPE_RGB, 8, row8(adobe), {.icc = profile_bytes(adobe)}), kInks), 2);
    EXPECT_LT(distance(png(PNG_COLOR_TYPE_RGB, 8, row8(adobe), {.gamma = 1 / 2.2, .adobe_primaries = true}), kInks), 2);
    EXPECT_LT(distance(png(PNG_COLOR_TYPE_RGB, 8, row8(apple), {.gamma = 1 / 1.8}), kInks), 2);
    EXPECT_LT(distance(png(PNG_COLOR_TYPE_RGB, 16, raw(patch_row(samples_in(linear, kInks, false), 3)), {.gamma = 1.0}),
                       kInks),
              1.5);
    EXPECT_LT(
        distance(png(PNG_COLOR_TYPE_GRAY, 16, raw(patch_row(samples_in(grey, grey_labs(), true), 1)), {.gamma = 1.0}),
                 grey_labs()),
        1);
    // sRGB beats a gAMA beside it, and means what no chunk means.
    EXPECT_LT(distance(png(PNG_COLOR_TYPE_RGB, 8, row8(srgb), {.srgb = true}), kInks), 1);
    EXPECT_LT(distance(png(PNG_COLOR_TYPE_RGB, 8, row8(srgb), {}), kInks), 1);
    const auto plain = decode_here(png(PNG_COLOR_TYPE_RGB, 8, row8(srgb), {.gamma = 1 / 2.2}), 0);
    EXPECT_TRUE(plain->icc.empty()) << "the gamma of sRGB needs no profile";
    for (cmsHPROFILE p : {adobe, linear, apple, srgb, grey}) cmsCloseProfile(p);
}

TEST_F(ColourFormats, Jpeg2000) {
    cmsHPROFILE srgb = cmsCreate_sRGBProfile(), adobe = rgb_profile(2.2, true), grey = grey_profile(1.8);
    const auto colours = eight(samples_in(srgb, kInks, false));
    EXPECT_LT(distance(jp2(OPJ_CLRSPC_SRGB, patch_row(colours, 3), 3, {}), kInks), 1);
    std::vector<std::uint8_t> ycc;
    for (std::size_t i = 0; i < 24; i += 3) { // ITU-R BT.601, full range
        const double r = colours[i], g = colours[i + 1], b = colours[i + 2], y = 0.299 * r + 0.587 * g + 0.114 * b;
        for (const double v : {y, (b - y) / 1.772 + 128, (r - y) / 1.402 + 128})
            ycc.push_back(cv::saturate_cast<std::uint8_t>(v));
    }
    EXPECT_LT(distance(jp2(OPJ_CLRSPC_SYCC, patch_row(ycc, 3), 3, {}), kInks), 1.5);
    EXPECT_LT(
        distance(jp2(OPJ_CLRSPC_SRGB, patch_row(eight(samples_in(adobe, kInks, false)), 3), 3, profile_bytes(adobe)),
                 kInks),
        2);
    EXPECT_LT(
        distance(jp2(OPJ_CLRSPC_GRAY, patch_row(eight(samples_in(grey, grey_labs(), true)), 1), 1, profile_bytes(grey)),
                 grey_labs()),
        1.2);
    std::vector<std::uint8_t> plain;
    for (const double l : kGreys) {
        const double y = l > 8 ? std::pow((l + 16) / 116, 3) : l / 903.3;
        plain.push_back(static_cast<std::uint8_t>(
            std::lround(255 * (y <= 0.0031308 ? 12.92 * y : 1.055 * std::pow(y, 1 / 2.4) - 0.055))));
    }
    EXPECT_LT(distance(jp2(OPJ_CLRSPC_GRAY, patch_row(plain, 1), 1, {}), grey_labs()), 1);
    for (cmsHPROFILE p : {srgb, adobe, grey}) cmsCloseProfile(p);
}

// A profile that is damaged, or of another kind of pixels, is left aside and said to be.
TEST_F(ColourFormats, ProfilesThatDoNotFitAreSaid) {
    cmsHPROFILE s = cmsCreate_sRGBProfile(), g = grey_profile(1.0), press = press_profile();
    const auto row = patch_row(eight(samples_in(s, kInks, false)), 3);
    const auto rgb = profile_bytes(s), grey = profile_bytes(g), cmyk = profile_bytes(press);
    std::vector<std::uint8_t> damaged(rgb.begin(), rgb.begin() + 200);
    std::vector<std::uint8_t> hollow = rgb; // a good header over tables of nothing
    std::fill(hollow.begin() + 128, hollow.end(), std::uint8_t{0xff});
    for (const auto& [icc, code] : {std::pair{grey, "decode.profile_other"}, std::pair{cmyk, "decode.profile_other"},
                                    std::pair{damaged, "decode.profile_damaged"}}) {
        EXPECT_LT(distance(tiff({}, row, icc), kInks), 1);
        EXPECT_TRUE(has_finding(path("p.tif"), code)) << code;
        EXPECT_LT(distance(jpeg(JCS_RGB, JCS_YCbCr, false, row, icc), kInks), 2);
        EXPECT_TRUE(has_finding(path("p.jpg"), code)) << code;
        EXPECT_LT(distance(jp2(OPJ_CLRSPC_SRGB, row, 3, icc), kInks), 1);
        EXPECT_TRUE(has_finding(path("p.jp2"), code)) << code;
    }
    EXPECT_FALSE(has_finding(tiff({}, row, rgb), "decode.profile_other"));
    EXPECT_FALSE(has_finding(tiff({}, row, {}), "decode.profile_damaged"));
    // One whose tables cannot be used: the decoder cannot know, the encoder says it and takes the pixels as sRGB.
    const auto raster = decode_here(tiff({}, row, hollow), 0);
    ASSERT_TRUE(raster);
    EXPECT_EQ(encode::to_srgb(*raster).error().code, "encode.profile");
    for (cmsHPROFILE p : {s, g, press}) cmsCloseProfile(p);
}

} // namespace
} // namespace recto
