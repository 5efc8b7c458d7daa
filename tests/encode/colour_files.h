#pragma once

// Files with eight patches of known colours, in the ways that formats hold them; and the distance of what is shown to what
// was meant.

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <jpeglib.h>
#include <lcms2.h>
#include <openjpeg.h>
#include <png.h>
#include <tiffio.h>

#include "pipeline/files/decode.h"
#include "stages/encode/colour.h"
#include "tests/encode/support.h"

namespace recto::testing {

inline constexpr int kPatch = 24;
/// Paper, print, a seal's red, blue ink, green, greys: all within sRGB.
inline const std::array<cmsCIELab, 8> kInks{
    {{96, 0, 3}, {12, 1, 1}, {46, 55, 38}, {32, 12, -42}, {52, -30, 22}, {60, 0, 0}, {80, 4, 30}, {30, 0, 0}}};
inline const std::array<double, 8> kGreys{97, 90, 75, 60, 45, 30, 18, 8}; ///< L*.

inline std::vector<std::uint8_t> profile_bytes(cmsHPROFILE profile) {
    cmsUInt32Number size = 0;
    cmsSaveProfileToMem(profile, nullptr, &size);
    std::vector<std::uint8_t> bytes(size);
    cmsSaveProfileToMem(profile, bytes.data(), &size);
    return bytes;
}

inline cmsHPROFILE rgb_profile(double gamma, bool adobe) {
    const cmsCIExyY white{0.3127, 0.3290, 1};
    const cmsCIExyYTRIPLE primaries{{0.64, 0.33, 1}, {adobe ? 0.21 : 0.30, adobe ? 0.71 : 0.60, 1}, {0.15, 0.06, 1}};
    cmsToneCurve* curve = cmsBuildGamma(nullptr, gamma);
    cmsToneCurve* curves[3] = {curve, curve, curve};
    cmsHPROFILE p = cmsCreateRGBProfile(&white, &primaries, curves);
    cmsFreeToneCurve(curve);
    return p;
}

inline cmsHPROFILE grey_profile(double gamma) {
    cmsToneCurve* curve = cmsBuildGamma(nullptr, gamma);
    cmsHPROFILE p = cmsCreateGrayProfile(cmsD50_xyY(), curve);
    cmsFreeToneCurve(curve);
    return p;
}

/// A press by formula: each ink takes its share of one channel, black of all, with the dot gain of an exponent.
inline std::array<double, 3> press_rgb(const std::array<double, 4>& cmyk) {
    std::array<double, 3> rgb{};
    for (std::size_t i = 0; i < 3; ++i) rgb[i] = std::pow(1 - cmyk[i], 1.2) * std::pow(1 - cmyk[3], 1.4);
    return rgb;
}
inline cmsCIELab lab_of_srgb(const std::array<double, 3>& rgb) { // IEC 61966-2-1, D65 to D50 by Bradford
    std::array<double, 3> l{};
    for (std::size_t i = 0; i < 3; ++i)
        l[i] = rgb[i] <= 0.04045 ? rgb[i] / 12.92 : std::pow((rgb[i] + 0.055) / 1.055, 2.4);
    cmsCIEXYZ xyz{0.4360747 * l[0] + 0.3850649 * l[1] + 0.1430804 * l[2],
                  0.2225045 * l[0] + 0.7168786 * l[1] + 0.0606169 * l[2],
                  0.0139322 * l[0] + 0.0971045 * l[1] + 0.7141733 * l[2]};
    cmsCIELab lab;
    cmsXYZ2Lab(cmsD50_XYZ(), &lab, &xyz);
    return lab;
}
inline cmsInt32Number press_sampler(const cmsUInt16Number in[], cmsUInt16Number out[], void*) {
    const cmsCIELab lab = lab_of_srgb(press_rgb({in[0] / 65535.0, in[1] / 65535.0, in[2] / 65535.0, in[3] / 65535.0}));
    cmsFloat2LabEncoded(out, &lab);
    return TRUE;
}
inline cmsHPROFILE press_profile() {
    cmsHPROFILE p = cmsCreateProfilePlaceholder(nullptr);
    cmsSetProfileVersion(p, 4.2);
    cmsSetDeviceClass(p, cmsSigOutputClass);
    cmsSetColorSpace(p, cmsSigCmykData);
    cmsSetPCS(p, cmsSigLabData);
    for (const cmsTagSignature tag : {cmsSigAToB0Tag, cmsSigAToB1Tag}) {
        cmsPipeline* pipeline = cmsPipelineAlloc(nullptr, 4, 3);
        cmsStage* table = cmsStageAllocCLut16bit(nullptr, 13, 4, 3, nullptr);
        cmsStageSampleCLut16bit(table, press_sampler, nullptr, 0);
        cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocToneCurves(nullptr, 4, nullptr));
        cmsPipelineInsertStage(pipeline, cmsAT_END, table);
        cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocToneCurves(nullptr, 3, nullptr));
        cmsWriteTag(p, tag, pipeline);
        cmsPipelineFree(pipeline);
    }
    return p;
}
/// Inks in 255ths: paper, full colours, a rich and a plain black, a brown.
inline const std::array<std::array<std::uint8_t, 4>, 8> kPress{{{0, 0, 0, 0},
                                                                {20, 210, 180, 10},
                                                                {220, 170, 20, 20},
                                                                {150, 30, 180, 10},
                                                                {0, 0, 0, 200},
                                                                {120, 110, 110, 160},
                                                                {10, 20, 80, 10},
                                                                {40, 100, 140, 60}}};
inline std::array<cmsCIELab, 8> press_labs() {
    std::array<cmsCIELab, 8> out{};
    for (std::size_t i = 0; i < 8; ++i)
        out[i] = lab_of_srgb(
            press_rgb({kPress[i][0] / 255.0, kPress[i][1] / 255.0, kPress[i][2] / 255.0, kPress[i][3] / 255.0}));
    return out;
}
inline std::array<cmsCIELab, 8> grey_labs() {
    std::array<cmsCIELab, 8> out{};
    for (std::size_t i = 0; i < 8; ++i) out[i] = {kGreys[i], 0, 0};
    return out;
}

/// The eight colours as samples of `depth` bits (8 or 16) in the profile's space, patch beside patch.
inline std::vector<std::uint16_t> samples_in(cmsHPROFILE profile, const std::array<cmsCIELab, 8>& labs, bool grey) {
    cmsHPROFILE lab = cmsCreateLab4Profile(nullptr);
    cmsHTRANSFORM t = cmsCreateTransform(lab, TYPE_Lab_DBL, profile, grey ? TYPE_GRAY_16 : TYPE_RGB_16,
                                         INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_NOOPTIMIZE);
    std::vector<std::uint16_t> out(grey ? 8 : 24);
    cmsDoTransform(t, labs.data(), out.data(), 8);
    cmsDeleteTransform(t);
    cmsCloseProfile(lab);
    return out;
}

/// A row of patches of `channels` samples each.
template <class T> std::vector<T> patch_row(const std::vector<T>& colours, int channels) {
    std::vector<T> row;
    for (int x = 0; x < 8 * kPatch; ++x)
        for (int c = 0; c < channels; ++c) row.push_back(colours[static_cast<std::size_t>(x / kPatch * channels + c)]);
    return row;
}
inline std::vector<std::uint8_t> eight(const std::vector<std::uint16_t>& v) {
    std::vector<std::uint8_t> out;
    for (const unsigned s : v) out.push_back(static_cast<std::uint8_t>((s + 128) / 257));
    return out;
}
template <class T> std::vector<std::uint8_t> raw(const std::vector<T>& v) {
    std::vector<std::uint8_t> out(v.size() * sizeof(T));
    std::memcpy(out.data(), v.data(), out.size());
    return out;
}

class ColourFormats : public ::testing::Test {
  protected:
    std::string path(const std::string& name) { return folder_ / name; }

    struct Tiff {
        int photometric = PHOTOMETRIC_RGB, samples = 3, bits = 8, compression = COMPRESSION_LZW;
    };
    std::string tiff(const Tiff& t, const std::vector<std::uint8_t>& row, const std::vector<std::uint8_t>& icc,
                     const std::array<std::vector<std::uint16_t>, 3>* map = nullptr) {
        const std::string to = path("p.tif");
        TIFF* f = TIFFOpen(to.c_str(), "w");
        TIFFSetField(f, TIFFTAG_IMAGEWIDTH, 8 * kPatch);
        TIFFSetField(f, TIFFTAG_IMAGELENGTH, kPatch);
        TIFFSetField(f, TIFFTAG_BITSPERSAMPLE, t.bits);
        TIFFSetField(f, TIFFTAG_SAMPLESPERPIXEL, t.samples);
        TIFFSetField(f, TIFFTAG_PHOTOMETRIC, t.photometric);
        TIFFSetField(f, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
        TIFFSetField(f, TIFFTAG_COMPRESSION, t.compression);
        TIFFSetField(f, TIFFTAG_ROWSPERSTRIP, kPatch);
        TIFFSetField(f, TIFFTAG_XRESOLUTION, 300.0);
        TIFFSetField(f, TIFFTAG_YRESOLUTION, 300.0);
        if (t.compression == COMPRESSION_JPEG) {
            TIFFSetField(f, TIFFTAG_JPEGQUALITY, 100);
            TIFFSetField(f, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        }
        if (map != nullptr) TIFFSetField(f, TIFFTAG_COLORMAP, (*map)[0].data(), (*map)[1].data(), (*map)[2].data());
        if (!icc.empty()) TIFFSetField(f, TIFFTAG_ICCPROFILE, static_cast<std::uint32_t>(icc.size()), icc.data());
        for (int y = 0; y < kPatch; ++y) {
            std::vector<std::uint8_t> copy = row;
            TIFFWriteScanline(f, copy.data(), static_cast<std::uint32_t>(y), 0);
        }
        TIFFClose(f);
        return to;
    }

    struct PngChunks {
        double gamma = 0; ///< gAMA: the file's exponent, "1/2.2"; 0: none.
        bool adobe_primaries = false, srgb = false;
        std::vector<std::uint8_t> icc{};
    };
    std::string png(int type, int bits, std::vector<std::uint8_t> row, const PngChunks& chunks) {
        const std::string to = path("p.png");
        std::FILE* f = std::fopen(to.c_str(), "wb");
        png_structp p = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
        png_infop info = png_create_info_struct(p);
        png_init_io(p, f);
        png_set_IHDR(p, info, 8 * kPatch, kPatch, bits, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                     PNG_FILTER_TYPE_DEFAULT);
        if (chunks.gamma > 0) png_set_gAMA(p, info, chunks.gamma);
        if (chunks.adobe_primaries) png_set_cHRM(p, info, 0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06);
        if (chunks.srgb) png_set_sRGB(p, info, PNG_sRGB_INTENT_PERCEPTUAL);
        if (!chunks.icc.empty())
            png_set_iCCP(p, info, "profile", PNG_COMPRESSION_TYPE_BASE, chunks.icc.data(),
                         static_cast<png_uint_32>(chunks.icc.size()));
        png_write_info(p, info);
        if (bits == 16) png_set_swap(p);
        for (int y = 0; y < kPatch; ++y) png_write_row(p, row.data());
        png_write_end(p, info);
        png_destroy_write_struct(&p, &info);
        std::fclose(f);
        return to;
    }

    /// `space`: what the numbers are; `coded`: how they are stored.
    std::string jpeg(J_COLOR_SPACE space, J_COLOR_SPACE coded, bool adobe, std::vector<std::uint8_t> row,
                     const std::vector<std::uint8_t>& icc) {
        const std::string to = path("p.jpg");
        std::FILE* f = std::fopen(to.c_str(), "wb");
        jpeg_compress_struct j{};
        jpeg_error_mgr e{};
        j.err = jpeg_std_error(&e);
        jpeg_create_compress(&j);
        jpeg_stdio_dest(&j, f);
        j.image_width = 8 * kPatch;
        j.image_height = kPatch;
        j.input_components = static_cast<int>(row.size()) / (8 * kPatch);
        j.in_color_space = space;
        jpeg_set_defaults(&j);
        jpeg_set_colorspace(&j, coded);
        jpeg_set_quality(&j, 100, TRUE);
        for (int i = 0; i < j.num_components; ++i) j.comp_info[i].h_samp_factor = j.comp_info[i].v_samp_factor = 1;
        j.write_Adobe_marker = adobe ? TRUE : FALSE;
        jpeg_start_compress(&j, TRUE);
        if (!icc.empty()) jpeg_write_icc_profile(&j, icc.data(), static_cast<unsigned>(icc.size()));
        for (int y = 0; y < kPatch; ++y) {
            auto* p = row.data();
            jpeg_write_scanlines(&j, &p, 1);
        }
        jpeg_finish_compress(&j);
        jpeg_destroy_compress(&j);
        std::fclose(f);
        return to;
    }

    /// Puts a profile in the place of the enumerated colour space (ISO 15444-1, I.5.3.3): OpenJPEG writes none.
    static void with_profile(const std::string& file, const std::vector<std::uint8_t>& icc) {
        std::string bytes = read_file(file);
        const auto number = [](std::size_t n) {
            std::string out;
            for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(n >> shift & 255);
            return out;
        };
        const std::size_t colr = bytes.find("colr") - 4, head = bytes.find("jp2h") - 4;
        const std::string box =
            number(11 + icc.size()) + "colr" + std::string("\x02\0\0", 3) + std::string(icc.begin(), icc.end());
        std::size_t length = 0;
        for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(bytes[head + i]);
        bytes.replace(head, 4, number(length - 15 + box.size()));
        bytes.replace(colr, 15, box);
        std::ofstream(file, std::ios::binary) << bytes;
    }

    std::string jp2(OPJ_COLOR_SPACE space, const std::vector<std::uint8_t>& row, int channels,
                    const std::vector<std::uint8_t>& icc) {
        std::vector<opj_image_cmptparm_t> parms(static_cast<std::size_t>(channels));
        for (auto& p : parms) {
            p = {};
            p.dx = p.dy = 1;
            p.w = 8 * kPatch;
            p.h = kPatch;
            p.prec = 8;
        }
        opj_image_t* image = opj_image_create(static_cast<OPJ_UINT32>(channels), parms.data(), space);
        image->x1 = 8 * kPatch;
        image->y1 = kPatch;
        for (int c = 0; c < channels; ++c)
            for (int i = 0; i < 8 * kPatch * kPatch; ++i)
                image->comps[c].data[i] = row[static_cast<std::size_t>(i % (8 * kPatch) * channels + c)];
        opj_cparameters_t parameters;
        opj_set_default_encoder_parameters(&parameters);
        parameters.tcp_numlayers = 1;
        parameters.tcp_rates[0] = 0;
        parameters.cp_disto_alloc = 1;
        parameters.tcp_mct = 0;
        parameters.numresolution = 3;
        const std::string to = path("p.jp2");
        opj_codec_t* codec = opj_create_compress(OPJ_CODEC_JP2);
        EXPECT_TRUE(opj_setup_encoder(codec, &parameters, image));
        opj_stream_t* stream = opj_stream_create_default_file_stream(to.c_str(), OPJ_FALSE);
        EXPECT_TRUE(opj_start_compress(codec, image, stream) && opj_encode(codec, stream) &&
                    opj_end_compress(codec, stream));
        opj_stream_destroy(stream);
        opj_destroy_codec(codec);
        opj_image_destroy(image);
        if (!icc.empty()) with_profile(to, icc);
        return to;
    }

    /// The largest distance of a patch's middle, as the access image shows it, to what was meant. The page image has print
    /// darker than paper at once: what engines see.
    double distance(const std::string& file, const std::array<cmsCIELab, 8>& meant) {
        const std::string before = read_file(file);
        const auto raster = decode_here(file, 0);
        EXPECT_TRUE(raster) << (raster ? "" : raster.error().to_string());
        if (!raster) return 999;
        const auto shown = encode::to_srgb(*raster);
        EXPECT_TRUE(shown) << (shown ? "" : shown.error().to_string());
        if (!shown) return 999;
        const cv::Mat grey = to_grey(*raster);
        int light = 0, dark = 0;
        for (int i = 0; i < 8; ++i) {
            if (meant[static_cast<std::size_t>(i)].L > meant[static_cast<std::size_t>(light)].L) light = i;
            if (meant[static_cast<std::size_t>(i)].L < meant[static_cast<std::size_t>(dark)].L) dark = i;
        }
        const auto middle = [](int i) { return i * kPatch + kPatch / 2; };
        EXPECT_GT(grey.at<uchar>(kPatch / 2, middle(light)), 100 + grey.at<uchar>(kPatch / 2, middle(dark)));
        EXPECT_EQ(read_file(file), before) << "the master is read only";
        cmsHPROFILE lab = cmsCreateLab4Profile(nullptr), s = cmsCreate_sRGBProfile();
        cmsHTRANSFORM t = cmsCreateTransform(s, TYPE_RGB_8, lab, TYPE_Lab_DBL, INTENT_RELATIVE_COLORIMETRIC, 0);
        double worst = 0;
        for (int i = 0; i < 8; ++i) {
            cv::Vec3b v;
            if (shown->pixels.channels() == 3) v = shown->pixels.at<cv::Vec3b>(kPatch / 2, middle(i));
            else v = cv::Vec3b::all(shown->pixels.at<uchar>(kPatch / 2, middle(i)));
            cmsCIELab got;
            cmsDoTransform(t, v.val, &got, 1);
            worst = std::max(worst, cmsDeltaE(&got, &meant[static_cast<std::size_t>(i)]));
        }
        cmsDeleteTransform(t);
        cmsCloseProfile(lab);
        cmsCloseProfile(s);
        std::printf("  %.2f\n", worst);
        return worst;
    }
    bool has_finding(const std::string& file, const std::string& code) {
        const auto source = probe_here(file);
        EXPECT_TRUE(source);
        if (!source) return false;
        for (const Finding& f : source->images[0].findings)
            if (f.code == code) return true;
        return false;
    }

    TempFolder folder_;
};

} // namespace recto::testing
