// JPEG, PNG, JPEG 2000, resolution, and what is written as other programs read it.

#include <gtest/gtest.h>
#include <jpeglib.h>
#include <lcms2.h>
#include <openjpeg.h>

#include "image_support.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/decode_internal.h"
#include "pipeline/files/image_out.h"

namespace recto {
namespace {

using test::TempFolder;

std::vector<std::uint8_t> srgb_profile() {
    cmsHPROFILE p = cmsCreate_sRGBProfile();
    cmsUInt32Number n = 0;
    cmsSaveProfileToMem(p, nullptr, &n);
    std::vector<std::uint8_t> bytes(n);
    cmsSaveProfileToMem(p, bytes.data(), &n);
    cmsCloseProfile(p);
    return bytes;
}

class Formats : public ::testing::Test {
  protected:
    Raster read(const std::string& name, const std::string& bytes) {
        const auto r = decode_here(folder_.write(name, bytes), 0);
        EXPECT_TRUE(r) << (r ? "" : r.error().to_string());
        return r ? *r : Raster{};
    }
    TempFolder folder_;
};

TEST_F(Formats, OurFilesComeBackAsTheyWere) {
    for (Raster r : {test::colour_picture(123, 77), test::grey_picture(123, 77), test::bilevel_picture(123, 77)}) {
        r.dpi = {400, 400, DpiSource::File};
        if (r.mode == ColourMode::Colour) r.icc = srgb_profile();
        std::vector<std::pair<std::string, Result<std::string>>> files{
            {"png", write_png(r, 6)},
            {"none", write_tiff(r, TiffCompression::None, "Recto", "")},
            {"lzw", write_tiff(r, TiffCompression::Lzw, "Recto", "2026:03:17 10:00:00")},
            {"deflate", write_tiff(r, TiffCompression::Deflate, "", "")}};
        if (r.mode == ColourMode::Bilevel) files.emplace_back("g4", write_tiff(r, TiffCompression::G4, "", ""));
        else EXPECT_EQ(write_tiff(r, TiffCompression::G4, "", "").error().code, "encode.image");
        for (const auto& [name, bytes] : files) {
            SCOPED_TRACE(name + " " + std::string(to_string(r.mode)));
            ASSERT_TRUE(bytes);
            const Raster back = read(name, *bytes);
            EXPECT_EQ(back.mode, r.mode);
            EXPECT_EQ(test::largest_difference(back.pixels, r.pixels), 0);
            EXPECT_EQ(back.dpi.x, 400);
            EXPECT_EQ(back.dpi.source, DpiSource::File);
            EXPECT_EQ(back.icc, r.icc);
        }
        EXPECT_EQ(*write_tiff(r, TiffCompression::Lzw, "Recto", ""), *write_tiff(r, TiffCompression::Lzw, "Recto", ""));
        EXPECT_EQ(*write_png(r), *write_png(r));
    }
}

TEST_F(Formats, OtherProgramsReadWhatWeWrite) {
    const Raster colour = test::colour_picture(301, 200), grey = test::grey_picture(301, 200);
    const Raster bits = test::bilevel_picture(301, 200);
    // libjpeg's djpeg.
    folder_.write("c.jpg", *write_jpeg(colour, 95));
    ASSERT_TRUE(test::run("djpeg -outfile " + folder_.file("c.ppm") + " " + folder_.file("c.jpg")));
    EXPECT_LE(test::largest_difference(test::read_pnm(folder_.file("c.ppm")), colour.pixels), 40);
    EXPECT_LE(cv::norm(test::read_pnm(folder_.file("c.ppm")), colour.pixels, cv::NORM_L1) / (301 * 200 * 3), 2.0);
    folder_.write("g.jpg", *write_jpeg(grey, 95));
    ASSERT_TRUE(test::run("djpeg -outfile " + folder_.file("g.pgm") + " " + folder_.file("g.jpg")));
    EXPECT_EQ(test::read_pnm(folder_.file("g.pgm")).channels(), 1);
    // Pillow, where it is installed.
    folder_.write("c.png", *write_png(colour));
    folder_.write("b.tif", *write_tiff(bits, TiffCompression::G4, "Recto", "2026:03:17 10:00:00"));
    folder_.write("l.tif", *write_tiff(colour, TiffCompression::Lzw, "Recto", ""));
    if (test::run("/usr/bin/python3 -c 'import PIL'")) {
        const std::string script =
            "/usr/bin/python3 -c 'import sys;from PIL import Image;i=Image.open(sys.argv[1]);"
            "assert abs(i.info[\"dpi\"][0]-300)<0.1,i.info;i.convert(sys.argv[3]).save(sys.argv[2])' ";
        const auto pil = [&](const std::string& from, const std::string& to, const std::string& mode) {
            return test::run(script + folder_.file(from) + " " + folder_.file(to) + " " + mode);
        };
        ASSERT_TRUE(pil("c.png", "1.ppm", "RGB"));
        EXPECT_EQ(test::largest_difference(test::read_pnm(folder_.file("1.ppm")), colour.pixels), 0);
        ASSERT_TRUE(pil("l.tif", "2.ppm", "RGB"));
        EXPECT_EQ(test::largest_difference(test::read_pnm(folder_.file("2.ppm")), colour.pixels), 0);
        ASSERT_TRUE(pil("b.tif", "3.pgm", "L"));
        EXPECT_EQ(test::largest_difference(test::read_pnm(folder_.file("3.pgm")), bits.pixels), 0);
    }
    // libtiff's tiffcp must pass over every strip.
    EXPECT_TRUE(test::run("tiffcp -c none " + folder_.file("b.tif") + " " + folder_.file("n.tif")));
    EXPECT_EQ(test::largest_difference(decode_here(folder_.file("n.tif"), 0)->pixels, bits.pixels), 0);
}

TEST_F(Formats, RawG4IsOneStrip) {
    const Raster r = test::bilevel_picture(1000, 5000);
    const auto g4 = write_g4(r);
    ASSERT_TRUE(g4);
    EXPECT_GT(g4->size(), 1000u);
    EXPECT_EQ(write_g4(test::grey_picture(10, 10)).error().code, "encode.image");
}

/// A JPEG with an EXIF block: orientation, make, model, time with zone, resolution in centimetres.
std::string with_exif(const std::string& jpeg, int orientation) {
    std::string e("MM\0\x2a\0\0\0\x08", 8);
    const auto u16 = [&](unsigned v) { e += {static_cast<char>(v >> 8), static_cast<char>(v & 255)}; };
    const auto u32 = [&](unsigned v) {
        u16(v >> 16);
        u16(v & 0xffff);
    };
    u16(6);
    const auto entry = [&](unsigned tag, unsigned type, unsigned n, unsigned value) {
        u16(tag);
        u16(type);
        u32(n);
        u32(value);
    };
    entry(0x010f, 2, 4, 0x434f5059); // "COPY", without an end.
    entry(0x0112, 3, 1, static_cast<unsigned>(orientation) << 16);
    entry(0x011a, 5, 1, 86);
    entry(0x011b, 5, 1, 86);
    entry(0x0128, 3, 1, 3 << 16);
    entry(0x8769, 4, 1, 94);
    u32(0);
    u32(200);
    u32(1);
    u16(2);
    entry(0x9003, 2, 20, 124);
    entry(0x9011, 2, 7, 144);
    u32(0);
    e += std::string("2026:03:17 10:00:00\0", 20) + std::string("+08:00\0", 7);
    const std::string body = std::string("Exif\0\0", 6) + e;
    const std::size_t n = body.size() + 2;
    std::string out = jpeg.substr(0, 2) + "\xff\xe1";
    out += {static_cast<char>(n >> 8), static_cast<char>(n & 255)};
    return out + body + jpeg.substr(2);
}

TEST_F(Formats, ExifIsReportedNotApplied) {
    Raster r = test::colour_picture(60, 40);
    r.dpi = {72, 72, DpiSource::File};
    const std::string jpeg = *write_jpeg(r, 90);
    for (int o = 1; o <= 8; ++o) {
        const auto source = probe_here(folder_.write("e.jpg", with_exif(jpeg, o)));
        ASSERT_TRUE(source);
        EXPECT_EQ(source->images[0].orientation, o);
        EXPECT_EQ(source->images[0].width, 60);
        EXPECT_EQ(decode_here(folder_.file("e.jpg"), 0)->width(), 60);
        EXPECT_NEAR(source->images[0].dpi.x, 508, 0.01);
        EXPECT_EQ(source->capture.device, "COPY");
        EXPECT_EQ(source->capture.time, "2026-03-17T10:00:00+08:00");
    }
    // Any byte of the block may be wrong.
    const std::string good = with_exif(jpeg, 6);
    for (std::size_t i = 12; i < 150; ++i)
        for (const char v : {'\0', '\x7f', '\xff'}) {
            std::string bad = good;
            bad[i] = v;
            ASSERT_TRUE(probe_here(folder_.write("x.jpg", bad))) << i;
        }
}

std::string cmyk_jpeg(bool adobe, int c, int m, int y, int k) {
    jpeg_compress_struct j{};
    jpeg_error_mgr e{};
    j.err = jpeg_std_error(&e);
    jpeg_create_compress(&j);
    unsigned char* out = nullptr;
    unsigned long n = 0;
    jpeg_mem_dest(&j, &out, &n);
    j.image_width = j.image_height = 16;
    j.input_components = 4;
    j.in_color_space = JCS_CMYK;
    jpeg_set_defaults(&j);
    jpeg_set_quality(&j, 100, TRUE);
    j.write_Adobe_marker = adobe ? TRUE : FALSE;
    jpeg_start_compress(&j, TRUE);
    std::vector<std::uint8_t> row;
    for (int i = 0; i < 16; ++i)
        for (const int v : {c, m, y, k}) row.push_back(static_cast<std::uint8_t>(adobe ? 255 - v : v));
    for (int i = 0; i < 16; ++i) {
        auto* p = row.data();
        jpeg_write_scanlines(&j, &p, 1);
    }
    jpeg_finish_compress(&j);
    std::string bytes(reinterpret_cast<char*>(out), n);
    jpeg_destroy_compress(&j);
    free(out);
    return bytes;
}

TEST_F(Formats, CmykJpegsOfBothSenses) {
    for (const bool adobe : {true, false}) {
        const Raster r = read("c.jpg", cmyk_jpeg(adobe, 255, 0, 0, 0));
        const auto p = r.pixels.at<cv::Vec3b>(8, 8);
        EXPECT_LE(p[0], 2) << adobe;
        EXPECT_GE(p[1], 253);
        EXPECT_GE(p[2], 253);
        const auto white = read("w.jpg", cmyk_jpeg(adobe, 0, 0, 0, 0)).pixels.at<cv::Vec3b>(8, 8);
        EXPECT_GE(std::min({white[0], white[1], white[2]}), 253);
    }
}

TEST_F(Formats, IccOfSeveralSegmentsIsAssembled) {
    Raster r = test::colour_picture(30, 30);
    r.icc = srgb_profile();
    r.icc.resize(150'000); // Padding is allowed; the declared size stays within.
    const std::string bytes = *write_jpeg(r, 90);
    EXPECT_EQ(read("i.jpg", bytes).icc, r.icc);
    // A profile that does not describe the pixels is dropped.
    Raster grey = test::grey_picture(30, 30);
    grey.icc = srgb_profile();
    EXPECT_TRUE(read("g.jpg", *write_jpeg(grey, 90)).icc.empty());
}

TEST_F(Formats, JpegCodesAreMadeForThePicture) {
    Raster smooth = test::colour_picture(60, 40);
    smooth.pixels.setTo(cv::Scalar(240, 238, 230));
    // The four code tables of the standard's annex K take 420 bytes by themselves.
    EXPECT_LT(write_jpeg(smooth, 60, true)->size(), 420U);
}

TEST_F(Formats, DamagedJpegAndPng) {
    const std::string jpeg = *write_jpeg(test::colour_picture(200, 200), 90),
                      png = *write_png(test::colour_picture(200, 200));
    for (const std::string& whole : {jpeg, png})
        for (std::size_t n = 4; n + 12 < whole.size(); n += whole.size() / 23) {
            const auto r = decode_here(folder_.write("d", whole.substr(0, n)), 0);
            ASSERT_FALSE(r) << n;
            EXPECT_TRUE(r.error().code == "decode.damaged" || r.error().code == "decode.unknown_format")
                << r.error().code;
        }
    std::string flipped = png;
    flipped[png.size() / 2] = static_cast<char>(flipped[png.size() / 2] ^ 0x55);
    EXPECT_EQ(decode_here(folder_.write("f.png", flipped), 0).error().code, "decode.damaged");
}

std::string jp2(int width, int height, int components, bool lossless) {
    std::vector<opj_image_cmptparm_t> parms(static_cast<std::size_t>(components));
    for (auto& p : parms) {
        p = {};
        p.dx = p.dy = 1;
        p.w = static_cast<OPJ_UINT32>(width);
        p.h = static_cast<OPJ_UINT32>(height);
        p.prec = 8;
    }
    opj_image_t* image = opj_image_create(static_cast<OPJ_UINT32>(components), parms.data(),
                                          components == 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY);
    image->x1 = static_cast<OPJ_UINT32>(width);
    image->y1 = static_cast<OPJ_UINT32>(height);
    const Raster colour = test::colour_picture(width, height);
    for (int c = 0; c < components; ++c)
        for (int i = 0; i < width * height; ++i) image->comps[c].data[i] = colour.pixels.data[i * 3 + c];
    opj_cparameters_t parameters;
    opj_set_default_encoder_parameters(&parameters);
    parameters.irreversible = lossless ? 0 : 1;
    parameters.tcp_numlayers = 1;
    parameters.tcp_rates[0] = lossless ? 0 : 10;
    parameters.cp_disto_alloc = 1;
    TempFolder folder;
    const std::string path = folder.file("o.jp2");
    opj_codec_t* codec = opj_create_compress(OPJ_CODEC_JP2);
    opj_setup_encoder(codec, &parameters, image);
    opj_stream_t* stream = opj_stream_create_default_file_stream(path.c_str(), OPJ_FALSE);
    opj_start_compress(codec, image, stream);
    opj_encode(codec, stream);
    opj_end_compress(codec, stream);
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    opj_image_destroy(image);
    return test::read_bytes(path);
}

TEST_F(Formats, Jpeg2000) {
    const Raster r = read("c.jp2", jp2(150, 100, 3, true));
    EXPECT_EQ(r.mode, ColourMode::Colour);
    EXPECT_EQ(test::largest_difference(r.pixels, test::colour_picture(150, 100).pixels), 0);
    EXPECT_EQ(read("g.jp2", jp2(150, 100, 1, true)).mode, ColourMode::Grey);
    const std::string whole = jp2(150, 100, 3, true);
    const auto cut = decode_here(folder_.write("cut.jp2", whole.substr(0, whole.size() / 2)), 0);
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code, "decode.damaged");
    EXPECT_EQ(probe_here(folder_.file("c.jp2"))->media_type, "image/jp2");
}

TEST(Resolution, Table) {
    struct Case {
        int width, height;
        double x, y, dpi;
        DpiSource source;
    };
    using enum DpiSource;
    const Case cases[] = {
        {2480, 3508, 300, 300, 300, File},
        {2480, 3508, 0, 0, 300, Inferred}, // A4
        {3508, 2480, 0, 0, 300, Inferred},
        {1654, 2339, 0, 0, 200, Inferred}, // A4 lying; A4 at 200
        {4961, 7016, 0, 0, 600, Inferred},
        {1240, 1754, 1, 1, 150, Inferred}, // A4 at 600, 150
        {3508, 4961, 0, 0, 300, Inferred},
        {827, 1169, 0, 0, 100, Inferred}, // A3 at 300, A4 at 100
        {3307, 4677, 0, 0, 400, Inferred},
        {2550, 3300, 0, 0, 300, Inferred}, // A4 at 400, Letter
        {2173, 3071, 0, 0, 300, Inferred},
        {2150, 3035, 5000, 5000, 300, Inferred}, // 16开, JIS B5
        {2480, 3508, 72, 72, 300, Inferred},
        {2480, 3508, 96, 96, 300, Inferred}, // Programs' defaults
        {595, 842, 72, 72, 72, File},
        {1748, 2480, 0, 0, 300, Inferred}, // A4 at 72; A5 at 300
        {2400, 3450, 0, 0, 300, Inferred},
        {100, 100, 0, 0, 300, Assumed}, // cropped A4; no sheet
        {2480, 3508, 0, 300, 300, File},
        {1728, 1100, 204, 98, 204, File}, // one axis; fax
        {2480, 3508, std::nan(""), 0, 300, Inferred},
        {3000, 400, 10, 10, 300, Assumed},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(::testing::Message() << c.width << "x" << c.height << " " << c.x);
        const auto r = files::resolve_dpi(c.width, c.height, c.x, c.y);
        EXPECT_EQ(r.dpi.x, c.dpi);
        EXPECT_EQ(r.dpi.source, c.source);
        EXPECT_EQ(r.findings.empty(),
                  c.source == File && c.x == c.y ? true : c.source == File && (c.x == 0 || c.y == 0));
        for (const auto& f : r.findings) {
            EXPECT_NE(f.english(), f.code);
            EXPECT_EQ(f.english().find("{"), std::string::npos) << f.english();
            EXPECT_EQ(f.chinese().find("{"), std::string::npos) << f.chinese();
        }
    }
}

} // namespace
} // namespace recto
