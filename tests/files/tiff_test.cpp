// TIFF of every compression and kind that libtiff here can write, read back.

#include <gtest/gtest.h>
#include <tiffio.h>

#include <cmath>
#include <functional>

#include "image_support.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/image_out.h"

namespace recto {
namespace {

using test::TempFolder;

struct Spec {
    int width = 0, height = 0, bits = 8, samples = 1, photometric = PHOTOMETRIC_MINISBLACK,
        compression = COMPRESSION_NONE;
    int planar = PLANARCONFIG_CONTIG, tile = 0, format = SAMPLEFORMAT_UINT, alpha = -1, orientation = 1;
    const char* mode = "w";
    std::function<double(int x, int y, int s)> value = {}; ///< In the sample's own range.
    std::function<void(TIFF*)> tags = [](TIFF*) {};
};

void put_sample(std::vector<std::uint8_t>& row, std::size_t i, const Spec& s, double v) {
    if (s.format == SAMPLEFORMAT_IEEEFP) {
        const auto f = static_cast<float>(v);
        std::memcpy(row.data() + 4 * i, &f, 4);
    } else if (s.bits == 16) {
        const auto w = static_cast<std::uint16_t>(v);
        std::memcpy(row.data() + 2 * i, &w, 2);
    } else if (s.bits == 32) {
        const auto w = static_cast<std::uint32_t>(v);
        std::memcpy(row.data() + 4 * i, &w, 4);
    } else {
        const auto u = static_cast<unsigned>(v);
        for (int b = 0; b < s.bits; ++b) {
            const std::size_t bit = i * static_cast<std::size_t>(s.bits) + static_cast<std::size_t>(b);
            if ((u >> (s.bits - 1 - b) & 1) != 0) row[bit / 8] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
        }
    }
}

void write_page(TIFF* t, const Spec& s) {
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, s.width);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, s.height);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, s.bits);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, s.samples);
    TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, s.format);
    TIFFSetField(t, TIFFTAG_COMPRESSION, s.compression);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, s.photometric);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, s.planar);
    TIFFSetField(t, TIFFTAG_ORIENTATION, s.orientation);
    TIFFSetField(t, TIFFTAG_XRESOLUTION, 300.0);
    TIFFSetField(t, TIFFTAG_YRESOLUTION, 300.0);
    if (s.alpha >= 0) {
        const std::uint16_t kind = static_cast<std::uint16_t>(s.alpha);
        TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, &kind);
    }
    s.tags(t);
    const int planes = s.planar == PLANARCONFIG_SEPARATE ? s.samples : 1, per = s.samples / planes;
    if (s.tile > 0) {
        TIFFSetField(t, TIFFTAG_TILEWIDTH, s.tile);
        TIFFSetField(t, TIFFTAG_TILELENGTH, s.tile);
        std::vector<std::uint8_t> tile;
        for (int p = 0; p < planes; ++p)
            for (int ty = 0; ty < s.height; ty += s.tile)
                for (int tx = 0; tx < s.width; tx += s.tile) {
                    tile.assign(static_cast<std::size_t>(TIFFTileSize(t)), 0);
                    const auto row_size = static_cast<std::size_t>(TIFFTileRowSize(t));
                    for (int y = 0; y < s.tile; ++y) {
                        std::vector<std::uint8_t> row(row_size);
                        for (int x = 0; x < s.tile; ++x)
                            for (int k = 0; k < per; ++k)
                                put_sample(
                                    row, static_cast<std::size_t>(x * per + k), s,
                                    s.value(std::min(tx + x, s.width - 1), std::min(ty + y, s.height - 1), p + k));
                        std::copy(row.begin(), row.end(), tile.begin() + static_cast<long>(row_size) * y);
                    }
                    ASSERT_GT(TIFFWriteTile(t, tile.data(), static_cast<std::uint32_t>(tx),
                                            static_cast<std::uint32_t>(ty), 0, static_cast<std::uint16_t>(p)),
                              0);
                }
        return;
    }
    TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 16);
    for (int p = 0; p < planes; ++p)
        for (int y = 0; y < s.height; ++y) {
            std::vector<std::uint8_t> row(static_cast<std::size_t>(TIFFScanlineSize(t)) + 8);
            for (int x = 0; x < s.width; ++x)
                for (int k = 0; k < per; ++k)
                    put_sample(row, static_cast<std::size_t>(x * per + k), s, s.value(x, y, p + k));
            ASSERT_EQ(TIFFWriteScanline(t, row.data(), static_cast<std::uint32_t>(y), static_cast<std::uint16_t>(p)),
                      1);
        }
}

void write(const std::string& path, const std::vector<Spec>& pages) {
    TIFF* t = TIFFOpen(path.c_str(), pages.front().mode);
    ASSERT_NE(t, nullptr);
    for (const auto& s : pages) {
        write_page(t, s);
        TIFFWriteDirectory(t);
    }
    TIFFClose(t);
}

int ramp(int x, int y, int s) { return (x * 7 + y * 3 + s * 50) & 255; }

class Tiff : public ::testing::Test {
  protected:
    Raster decode(const std::vector<Spec>& pages, int index = 0) {
        const std::string path = folder_.file("t.tif");
        write(path, pages);
        auto r = decode_here(path, index);
        EXPECT_TRUE(r) << (r ? "" : r.error().to_string());
        return r ? *r : Raster{};
    }
    TempFolder folder_;
};

TEST_F(Tiff, EveryLosslessCompressionOfGreyAndRgb) {
    for (const int c : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_PACKBITS, COMPRESSION_ADOBE_DEFLATE,
                        COMPRESSION_LZMA, COMPRESSION_ZSTD})
        for (const int samples : {1, 3})
            for (const int planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE})
                for (const int tile : {0, 32})
                    for (const int bits : {8, 16}) {
                        if (TIFFIsCODECConfigured(static_cast<std::uint16_t>(c)) == 0) continue;
                        SCOPED_TRACE(::testing::Message()
                                     << c << " " << samples << " " << planar << " " << tile << " " << bits);
                        Spec s{.width = 77,
                               .height = 53,
                               .bits = bits,
                               .samples = samples,
                               .photometric = samples == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK,
                               .compression = c,
                               .planar = planar,
                               .tile = tile};
                        s.value = [&](int x, int y, int k) { return ramp(x, y, k) * (bits == 16 ? 257 : 1); };
                        const Raster r = decode({s});
                        ASSERT_EQ(r.pixels.channels(), samples);
                        ASSERT_EQ(r.width(), 77);
                        ASSERT_EQ(r.height(), 53);
                        for (int y = 0; y < 53; ++y)
                            for (int x = 0; x < 77; ++x)
                                for (int k = 0; k < samples; ++k)
                                    ASSERT_EQ(r.pixels.ptr<std::uint8_t>(y)[x * samples + k], ramp(x, y, k));
                    }
}

// Word-aligned Modified Huffman is left out: libtiff 4.5 does not read what it writes itself.
TEST_F(Tiff, BilevelOfEveryCompressionAndSense) {
    for (const int c : {COMPRESSION_NONE, COMPRESSION_PACKBITS, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE,
                        COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4})
        for (const int photometric : {PHOTOMETRIC_MINISWHITE, PHOTOMETRIC_MINISBLACK})
            for (const int order : {FILLORDER_MSB2LSB, FILLORDER_LSB2MSB}) {
                SCOPED_TRACE(::testing::Message() << c << " " << photometric << " " << order);
                Spec s{.width = 203, .height = 61, .bits = 1, .photometric = photometric, .compression = c};
                const auto ink = [](int x, int y) { return (x / 5 + y / 3) % 3 == 0; };
                s.value = [&](int x, int y, int) { return ink(x, y) == (photometric == PHOTOMETRIC_MINISWHITE); };
                s.tags = [&](TIFF* t) { TIFFSetField(t, TIFFTAG_FILLORDER, order); };
                const Raster r = decode({s});
                ASSERT_EQ(r.mode, ColourMode::Bilevel);
                for (int y = 0; y < 61; ++y)
                    for (int x = 0; x < 203; ++x)
                        ASSERT_EQ(r.pixels.at<std::uint8_t>(y, x), ink(x, y) ? 0 : 255) << x << "," << y;
            }
}

TEST_F(Tiff, GreyOfOddDepthsAndMinIsWhite) {
    for (const int bits : {2, 4, 8, 12, 16, 32})
        for (const bool white : {false, true}) {
            SCOPED_TRACE(::testing::Message() << bits << " " << white);
            const double most = std::pow(2.0, bits) - 1;
            Spec s{.width = 64,
                   .height = 20,
                   .bits = bits,
                   .photometric = white ? PHOTOMETRIC_MINISWHITE : PHOTOMETRIC_MINISBLACK};
            s.value = [&](int x, int, int) { return std::floor(most * x / 63); };
            const Raster r = decode({s});
            ASSERT_EQ(r.mode, ColourMode::Grey);
            for (int x = 0; x < 64; ++x) {
                const double v = 255 * std::floor(most * x / 63) / most;
                ASSERT_NEAR(r.pixels.at<std::uint8_t>(10, x), white ? 255 - v : v, 1.0);
            }
        }
}

TEST_F(Tiff, FloatingPoint) {
    Spec s{.width = 11, .height = 5, .bits = 32, .format = SAMPLEFORMAT_IEEEFP};
    s.value = [](int x, int, int) { return x / 10.0; };
    const Raster r = decode({s});
    for (int x = 0; x < 11; ++x) EXPECT_NEAR(r.pixels.at<std::uint8_t>(2, x), 25.5 * x, 1);
    s.value = [](int x, int, int) { return x == 3 ? std::nan("") : 0; };
    write(folder_.file("nan.tif"), {s});
    const auto bad = decode_here(folder_.file("nan.tif"), 0);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, "decode.unsupported");
}

TEST_F(Tiff, Palettes) {
    std::vector<std::uint16_t> red(256), green(256), blue(256);
    const auto with_map = [&](TIFF* t) { TIFFSetField(t, TIFFTAG_COLORMAP, red.data(), green.data(), blue.data()); };
    for (int i = 0; i < 256; ++i) {
        red[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(i * 257);
        green[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>((255 - i) * 257);
        blue[static_cast<std::size_t>(i)] = 0x8080;
    }
    Spec s{.width = 40, .height = 9, .photometric = PHOTOMETRIC_PALETTE, .compression = COMPRESSION_LZW};
    s.value = [](int x, int y, int) { return ramp(x, y, 0); };
    s.tags = with_map;
    Raster r = decode({s});
    ASSERT_EQ(r.mode, ColourMode::Colour);
    EXPECT_EQ(r.pixels.at<cv::Vec3b>(3, 7),
              cv::Vec3b(static_cast<uchar>(ramp(7, 3, 0)), static_cast<uchar>(255 - ramp(7, 3, 0)), 128));
    green = blue = red;
    EXPECT_EQ(decode({s}).mode, ColourMode::Grey);
    red = green = blue = {0, 65535};
    red.resize(256);
    s.bits = 1;
    s.compression = COMPRESSION_NONE;
    s.value = [](int x, int, int) { return x % 2; };
    r = decode({s});
    ASSERT_EQ(r.mode, ColourMode::Bilevel);
    EXPECT_EQ(r.pixels.at<std::uint8_t>(0, 0), 0);
    EXPECT_EQ(r.pixels.at<std::uint8_t>(0, 1), 255);
}

TEST_F(Tiff, AlphaIsLaidOnWhite) {
    for (const int kind : {EXTRASAMPLE_UNASSALPHA, EXTRASAMPLE_ASSOCALPHA, EXTRASAMPLE_UNSPECIFIED})
        for (const int samples : {2, 4}) {
            Spec s{.width = 3,
                   .height = 1,
                   .samples = samples,
                   .photometric = samples == 4 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK,
                   .alpha = kind};
            const int alpha[] = {0, 128, 255};
            s.value = [&](int x, int, int k) -> double {
                if (k == samples - 1) return alpha[x];
                return kind == EXTRASAMPLE_ASSOCALPHA ? 100 * alpha[x] / 255 : 100;
            };
            const Raster r = decode({s});
            const int expected[] = {255, 177, 100};
            for (int x = 0; x < 3; ++x)
                EXPECT_NEAR(r.pixels.ptr<std::uint8_t>(0)[x * r.pixels.channels()],
                            kind == EXTRASAMPLE_UNSPECIFIED ? 100 : expected[x], 1)
                    << kind << " " << samples;
        }
}

TEST_F(Tiff, CmykLabAndYcbcr) {
    Spec cmyk{.width = 4, .height = 1, .samples = 4, .photometric = PHOTOMETRIC_SEPARATED};
    cmyk.value = [](int x, int, int k) {
        return x == 0 ? 0 : x == 1 ? (k == 3 ? 255 : 0) : x == 2 ? (k == 0 ? 255 : 0) : 128;
    };
    const Raster c = decode({cmyk});
    EXPECT_EQ(c.pixels.at<cv::Vec3b>(0, 0), cv::Vec3b(255, 255, 255));
    EXPECT_EQ(c.pixels.at<cv::Vec3b>(0, 1), cv::Vec3b(0, 0, 0));
    EXPECT_EQ(c.pixels.at<cv::Vec3b>(0, 2), cv::Vec3b(0, 255, 255));

    Spec lab{.width = 3, .height = 1, .samples = 3, .photometric = PHOTOMETRIC_CIELAB};
    lab.value = [](int x, int, int k) { return k > 0 ? 0 : x == 0 ? 0 : x == 1 ? 136 : 255; }; // L* 0, 53.3, 100.
    const Raster l = decode({lab});
    EXPECT_LE(l.pixels.at<cv::Vec3b>(0, 0)[0], 1);
    for (int k = 0; k < 3; ++k) EXPECT_NEAR(l.pixels.at<cv::Vec3b>(0, 1)[k], 127, 4); // Mid grey of sRGB.
    EXPECT_GE(l.pixels.at<cv::Vec3b>(0, 2)[1], 254);

    for (const int mode : {JPEGCOLORMODE_RGB, JPEGCOLORMODE_RAW}) {
        Spec jpeg{.width = 64,
                  .height = 48,
                  .samples = 3,
                  .photometric = mode == JPEGCOLORMODE_RGB ? PHOTOMETRIC_YCBCR : PHOTOMETRIC_RGB,
                  .compression = COMPRESSION_JPEG};
        jpeg.value = [](int x, int y, int k) { return k == 0 ? x * 3 : k == 1 ? y * 4 : 90; };
        jpeg.tags = [&](TIFF* t) {
            TIFFSetField(t, TIFFTAG_JPEGQUALITY, 95);
            TIFFSetField(t, TIFFTAG_JPEGCOLORMODE, mode);
        };
        const Raster j = decode({jpeg});
        ASSERT_EQ(j.mode, ColourMode::Colour);
        EXPECT_NEAR(j.pixels.at<cv::Vec3b>(24, 30)[0], 90, 8);
        EXPECT_NEAR(j.pixels.at<cv::Vec3b>(24, 30)[1], 96, 8);
    }
}

TEST_F(Tiff, BigTiffAndManyPagesWithTagsReported) {
    std::vector<Spec> pages;
    for (int i = 0; i < 5; ++i) {
        Spec s{.width = 30 + i, .height = 20, .orientation = i + 1, .mode = "w8"};
        s.value = [i](int, int, int) { return i * 40; };
        s.tags = [](TIFF* t) {
            TIFFSetField(t, TIFFTAG_MAKE, "Plustek");
            TIFFSetField(t, TIFFTAG_MODEL, "Plustek OpticBook");
            TIFFSetField(t, TIFFTAG_DATETIME, "2026:03:17 10:00:00");
            TIFFSetField(t, TIFFTAG_ARTIST, "\xd5\xc5\xc8\xfd"); // GB18030: 张三
            TIFFSetField(t, TIFFTAG_HOSTCOMPUTER, "station-2");
        };
        pages.push_back(s);
    }
    EXPECT_EQ(decode(pages, 3).pixels.at<std::uint8_t>(0, 0), 120);
    const auto source = probe_here(folder_.file("t.tif"));
    ASSERT_TRUE(source);
    ASSERT_EQ(source->images.size(), 5u);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(source->images[static_cast<std::size_t>(i)].width, 30 + i);
        EXPECT_EQ(source->images[static_cast<std::size_t>(i)].orientation, i + 1);
    }
    EXPECT_EQ(source->media_type, "image/tiff");
    EXPECT_EQ(source->capture.device, "Plustek OpticBook");
    EXPECT_EQ(source->capture.time, "2026:03:17 10:00:00");
    EXPECT_EQ(source->capture.operator_name, "张三");
    EXPECT_EQ(source->capture.station, "station-2");
    const auto beyond = decode_here(folder_.file("t.tif"), 5);
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, "decode.no_such_image");
}

TEST_F(Tiff, ADamagedImageLeavesTheOthers) {
    std::vector<Spec> pages(3);
    for (auto& s : pages) {
        s = Spec{.width = 200, .height = 100, .compression = COMPRESSION_LZW};
        s.value = [](int x, int y, int) { return ramp(x, y, 0); };
    }
    const std::string path = folder_.file("t.tif");
    write(path, pages);
    TIFF* t = TIFFOpen(path.c_str(), "r");
    TIFFSetDirectory(t, 1);
    std::uint64_t* offsets = nullptr;
    TIFFGetField(t, TIFFTAG_STRIPOFFSETS, &offsets);
    const auto at = static_cast<long>(offsets[2]);
    TIFFClose(t);
    std::fstream f(path, std::ios::in | std::ios::out | std::ios::binary);
    f.seekp(at);
    f << std::string(40, '\xff');
    f.close();
    ASSERT_EQ(probe_here(path)->images.size(), 3u);
    EXPECT_TRUE(decode_here(path, 0));
    EXPECT_TRUE(decode_here(path, 2));
    const auto bad = decode_here(path, 1);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, "decode.damaged");
    EXPECT_EQ(bad.error().page, 2);
    EXPECT_FALSE(bad.error().reason.empty());
    EXPECT_EQ(bad.error().file, path);
}

TEST_F(Tiff, CutShortAtEveryPointItEndsInAnError) {
    Spec s{.width = 90, .height = 64, .samples = 3, .photometric = PHOTOMETRIC_RGB, .compression = COMPRESSION_LZW};
    s.value = [](int x, int y, int k) { return ramp(x, y, k); };
    write(folder_.file("whole.tif"), {s});
    const std::string bytes = test::read_bytes(folder_.file("whole.tif"));
    for (std::size_t n = 0; n < bytes.size(); n += 97) {
        const auto r = decode_here(folder_.write("cut.tif", bytes.substr(0, n)), 0);
        ASSERT_FALSE(r) << n;
        ASSERT_TRUE(r.error().code.starts_with("decode.")) << r.error().code;
    }
}

TEST_F(Tiff, DimensionBombsAreRefusedBeforeAnythingIsAllocated) {
    std::string tiff("II\x2a\0\x08\0\0\0\x08\0", 10);
    const auto entry = [&](unsigned tag, unsigned type, std::uint32_t value) {
        for (const std::uint32_t v : {tag | type << 16, 1U, value})
            for (int i = 0; i < 4; ++i) tiff += static_cast<char>(v >> 8 * i & 255);
    };
    entry(256, 4, 0x7fffffff);
    entry(257, 4, 0x7fffffff);
    entry(258, 3, 8);
    entry(259, 3, 1);
    entry(262, 3, 1);
    entry(273, 4, 8);
    entry(278, 4, 0x7fffffff);
    entry(279, 4, 100);
    tiff += std::string(200, '\0');
    const auto r = decode_here(folder_.write("bomb.tif", tiff), 0);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, "decode.too_large");
    EXPECT_EQ(probe_here(folder_.file("bomb.tif")).error().code, "decode.too_large");
    DecodeLimits small;
    small.max_pixels = 1000;
    Spec s{.width = 100, .height = 100};
    s.value = [](int, int, int) { return 0; };
    write(folder_.file("ok.tif"), {s});
    EXPECT_EQ(decode_here(folder_.file("ok.tif"), 0, small).error().code, "decode.too_large");
}

} // namespace
} // namespace recto
