// Writing TIFF, JPEG and PNG to memory. Nothing in the bytes depends on time, machine or addresses.

#include "pipeline/files/image_out.h"

#include <tiffio.h>

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <opencv2/imgproc.hpp>
#include <png.h>

#include "pipeline/files/decode_internal.h"
#include "pipeline/files/jpeg_error.h"

namespace recto {
namespace {

Result<void> check(const Raster& r) {
    if (r.empty()) return fail("encode.image", "the picture has no pixels");
    if (r.pixels.type() != (r.mode == ColourMode::Colour ? CV_8UC3 : CV_8UC1))
        return fail("encode.image", "the pixels do not fit the colour mode");
    return {};
}

/// Rows of a bilevel raster as packed bits; `ink` is the bit of a 0 pixel.
void pack_bits(const std::uint8_t* in, std::uint8_t* out, int width, bool ink) {
    const std::uint8_t flip = ink ? 0xff : 0;
    for (int x = 0; x < width; x += 8) {
        unsigned byte = 0;
        const int n = std::min(8, width - x);
        for (int i = 0; i < n; ++i) byte |= (in[x + i] >= 128 ? 1U : 0U) << (7 - i);
        *out++ = static_cast<std::uint8_t>((byte ^ flip) & (0xff00U >> n));
    }
}

double dpi_or(double dpi) { return std::isfinite(dpi) && dpi > 0 ? dpi : 300; }

/// A TIFF under construction in memory.
class TiffWriter {
  public:
    TiffWriter() {
        TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
        TIFFOpenOptionsSetErrorHandlerExtR(options, &TiffWriter::on_error, this);
        TIFFOpenOptionsSetWarningHandlerExtR(
            options, [](TIFF*, void*, const char*, const char*, va_list) { return 1; }, nullptr);
        tiff_ = TIFFClientOpenExt(
            "memory", "wlm", this, &TiffWriter::read, &TiffWriter::write, &TiffWriter::seek,
            [](thandle_t) { return 0; }, [](thandle_t self) -> toff_t { return writer(self).bytes_.size(); }, nullptr,
            nullptr, options);
        TIFFOpenOptionsFree(options);
    }
    ~TiffWriter() { close(); }
    TiffWriter(const TiffWriter&) = delete;
    TiffWriter& operator=(const TiffWriter&) = delete;

    [[nodiscard]] TIFF* get() const { return tiff_; }
    [[nodiscard]] const std::string& error() const { return error_; }
    void close() {
        if (tiff_ != nullptr) TIFFClose(tiff_);
        tiff_ = nullptr;
    }
    std::string take() {
        close();
        return std::move(bytes_);
    }

  private:
    static TiffWriter& writer(thandle_t self) { return *static_cast<TiffWriter*>(self); }
    static tsize_t read(thandle_t self, void* to, tsize_t n) {
        auto& w = writer(self);
        if (w.at_ >= w.bytes_.size()) return 0;
        const auto got = std::min<std::size_t>(static_cast<std::size_t>(n), w.bytes_.size() - w.at_);
        std::memcpy(to, w.bytes_.data() + w.at_, got);
        w.at_ += got;
        return static_cast<tsize_t>(got);
    }
    static tsize_t write(thandle_t self, void* from, tsize_t n) {
        auto& w = writer(self);
        const std::size_t end = w.at_ + static_cast<std::size_t>(n);
        if (end > w.bytes_.size()) {
            if (end > w.bytes_.capacity()) w.bytes_.reserve(std::max(end, w.bytes_.capacity() * 2));
            w.bytes_.resize(end);
        }
        std::memcpy(w.bytes_.data() + w.at_, from, static_cast<std::size_t>(n));
        w.at_ = end;
        return n;
    }
    static toff_t seek(thandle_t self, toff_t offset, int whence) {
        auto& w = writer(self);
        if (whence == SEEK_CUR) offset += w.at_;
        if (whence == SEEK_END) offset += w.bytes_.size();
        return w.at_ = offset;
    }
    static int on_error(TIFF*, void* self, const char*, const char* format, va_list args) {
        char buffer[300];
        std::vsnprintf(buffer, sizeof buffer, format, args);
        writer(self).error_ = files::tag_text(buffer);
        return 1;
    }

    std::string bytes_, error_;
    std::uint64_t at_ = 0;
    TIFF* tiff_ = nullptr;
};

/// Writes the image's tags and strips; `rows_per_strip` 0 chooses.
Result<void> put_image(TiffWriter& writer, const Raster& r, TiffCompression compression, const std::string& software,
                       const std::string& date_time, std::uint32_t rows_per_strip) {
    TIFF* t = writer.get();
    if (t == nullptr) return fail("encode.image", "no memory");
    const bool bilevel = r.mode == ColourMode::Bilevel, g4 = compression == TiffCompression::G4;
    const int channels = r.pixels.channels();
    const auto width = static_cast<std::uint32_t>(r.width()), height = static_cast<std::uint32_t>(r.height());
    const std::size_t row_size = bilevel ? (width + 7) / 8 : std::size_t{width} * static_cast<std::size_t>(channels);
    if (rows_per_strip == 0) // G4 strips cost a restart each: about 1 MiB of bits. Others: about 256 KiB.
        rows_per_strip = static_cast<std::uint32_t>(
            std::clamp<std::size_t>((std::size_t{g4 ? 1024U : 256U} << 10) / row_size, 1, height));

    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, height);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, bilevel ? 1 : 8);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, channels);
    TIFFSetField(t, TIFFTAG_COMPRESSION,
                 g4                                        ? COMPRESSION_CCITTFAX4
                 : compression == TiffCompression::Lzw     ? COMPRESSION_LZW
                 : compression == TiffCompression::Deflate ? COMPRESSION_ADOBE_DEFLATE
                                                           : COMPRESSION_NONE);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC,
                 bilevel         ? PHOTOMETRIC_MINISWHITE
                 : channels == 3 ? PHOTOMETRIC_RGB
                                 : PHOTOMETRIC_MINISBLACK);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(t, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, rows_per_strip);
    TIFFSetField(t, TIFFTAG_XRESOLUTION, dpi_or(r.dpi.x));
    TIFFSetField(t, TIFFTAG_YRESOLUTION, dpi_or(r.dpi.y));
    TIFFSetField(t, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    if (!bilevel && (compression == TiffCompression::Lzw || compression == TiffCompression::Deflate))
        TIFFSetField(t, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
    if (!software.empty()) TIFFSetField(t, TIFFTAG_SOFTWARE, software.c_str());
    if (!date_time.empty()) TIFFSetField(t, TIFFTAG_DATETIME, date_time.c_str());
    if (!r.icc.empty()) TIFFSetField(t, TIFFTAG_ICCPROFILE, static_cast<std::uint32_t>(r.icc.size()), r.icc.data());

    std::vector<std::uint8_t> buffer(row_size * rows_per_strip);
    for (std::uint32_t y = 0, strip = 0; y < height; y += rows_per_strip, ++strip) {
        const std::uint32_t rows = std::min(rows_per_strip, height - y);
        for (std::uint32_t i = 0; i < rows; ++i) {
            const auto* from = r.pixels.ptr<std::uint8_t>(static_cast<int>(y + i));
            if (bilevel) pack_bits(from, buffer.data() + i * row_size, r.width(), true);
            else std::memcpy(buffer.data() + i * row_size, from, row_size);
        }
        // libtiff may change the buffer (predictor), which is filled anew each time.
        if (TIFFWriteEncodedStrip(t, strip, buffer.data(), static_cast<tmsize_t>(rows * row_size)) < 0)
            return fail("encode.image", writer.error());
    }
    if (TIFFWriteDirectory(t) != 1) return fail("encode.image", writer.error());
    return {};
}

/// Destination of libjpeg in a string.
struct JpegSink {
    jpeg_destination_mgr manager;
    std::string* out;
    std::uint8_t buffer[1 << 16];
};

/// Pixels up to which all coefficients are held to count them, 3 bytes a pixel or 6: A4 at 300 dpi, A3 at 200.
constexpr std::size_t kMostOptimized = 10'000'000;

/// Compresses all rows; false at an error. Holds no C++ objects, since libjpeg may jump over it.
bool compress_jpeg(jpeg_compress_struct& j, files::JpegErrors& errors, JpegSink& sink, const Raster& r, int quality,
                   bool subsample) {
    if (setjmp(errors.jump) != 0) return false;
    jpeg_create_compress(&j);
    sink.manager.init_destination = [](j_compress_ptr c) {
        auto* s = reinterpret_cast<JpegSink*>(c->dest);
        s->manager.next_output_byte = s->buffer;
        s->manager.free_in_buffer = sizeof s->buffer;
    };
    sink.manager.empty_output_buffer = [](j_compress_ptr c) -> boolean {
        auto* s = reinterpret_cast<JpegSink*>(c->dest);
        s->out->append(reinterpret_cast<const char*>(s->buffer), sizeof s->buffer);
        s->manager.next_output_byte = s->buffer;
        s->manager.free_in_buffer = sizeof s->buffer;
        return TRUE;
    };
    sink.manager.term_destination = [](j_compress_ptr c) {
        auto* s = reinterpret_cast<JpegSink*>(c->dest);
        s->out->append(reinterpret_cast<const char*>(s->buffer), sizeof s->buffer - s->manager.free_in_buffer);
    };
    j.dest = &sink.manager;
    const bool colour = r.pixels.channels() == 3;
    j.image_width = static_cast<JDIMENSION>(r.width());
    j.image_height = static_cast<JDIMENSION>(r.height());
    j.input_components = r.pixels.channels();
    j.in_color_space = colour ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&j);
    jpeg_set_quality(&j, std::clamp(quality, 1, 100), TRUE);
    j.dct_method = JDCT_ISLOW;
    // Codes made for the picture save 4 to 12 % of a page and half of a smooth background, for coefficients held as a whole.
    j.optimize_coding = r.pixels.total() <= kMostOptimized ? TRUE : FALSE;
    if (colour) j.comp_info[0].h_samp_factor = j.comp_info[0].v_samp_factor = subsample ? 2 : 1;
    j.density_unit = 1;
    j.X_density = static_cast<UINT16>(std::clamp(std::lround(dpi_or(r.dpi.x)), 1L, 65535L));
    j.Y_density = static_cast<UINT16>(std::clamp(std::lround(dpi_or(r.dpi.y)), 1L, 65535L));
    jpeg_start_compress(&j, TRUE);
    if (!r.icc.empty()) jpeg_write_icc_profile(&j, r.icc.data(), static_cast<unsigned>(r.icc.size()));
    while (j.next_scanline < j.image_height) {
        auto* row = const_cast<std::uint8_t*>(r.pixels.data + j.next_scanline * r.pixels.step[0]);
        jpeg_write_scanlines(&j, &row, 1);
    }
    jpeg_finish_compress(&j);
    return true;
}

struct PngSink {
    std::string out;
    std::jmp_buf jump;
    char message[200] = {};
};

bool compress_png(png_structp png, png_infop info, PngSink& sink, const Raster& r, int level, std::uint8_t* packed) {
    if (setjmp(sink.jump) != 0) return false;
    png_set_write_fn(
        png, &sink,
        [](png_structp p, png_bytep bytes, std::size_t n) {
            static_cast<PngSink*>(png_get_io_ptr(p))->out.append(reinterpret_cast<const char*>(bytes), n);
        },
        [](png_structp) {});
    const bool bilevel = r.mode == ColourMode::Bilevel;
    png_set_IHDR(png, info, static_cast<png_uint_32>(r.width()), static_cast<png_uint_32>(r.height()), bilevel ? 1 : 8,
                 r.mode == ColourMode::Colour ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, std::clamp(level, 1, 9));
    // One fixed filter instead of a trial of five a row: scans are smooth, and it costs a third of the time.
    png_set_filter(png, 0, bilevel ? PNG_FILTER_NONE : level <= 3 ? PNG_FILTER_SUB : PNG_ALL_FILTERS);
    png_set_pHYs(png, info, static_cast<png_uint_32>(std::lround(dpi_or(r.dpi.x) / 0.0254)),
                 static_cast<png_uint_32>(std::lround(dpi_or(r.dpi.y) / 0.0254)), PNG_RESOLUTION_METER);
    if (!r.icc.empty())
        png_set_iCCP(png, info, "icc", PNG_COMPRESSION_TYPE_BASE, r.icc.data(), static_cast<png_uint_32>(r.icc.size()));
    png_write_info(png, info);
    for (int y = 0; y < r.height(); ++y) {
        const auto* row = r.pixels.ptr<std::uint8_t>(y);
        if (bilevel) {
            pack_bits(row, packed, r.width(), false);
            row = packed;
        }
        png_write_row(png, row);
    }
    png_write_end(png, nullptr);
    return true;
}

} // namespace

Result<std::string> write_tiff(const Raster& raster, TiffCompression compression, const std::string& software,
                               const std::string& date_time) {
    RECTO_TRY(check(raster));
    if (compression == TiffCompression::G4 && raster.mode != ColourMode::Bilevel)
        return fail("encode.image", "CCITT G4 holds bi-level pictures only");
    TiffWriter writer;
    RECTO_TRY(put_image(writer, raster, compression, software, date_time, 0));
    return writer.take();
}

Result<std::string> write_g4(const Raster& raster) {
    RECTO_TRY(check(raster));
    if (raster.mode != ColourMode::Bilevel) return fail("encode.image", "CCITT G4 holds bi-level pictures only");
    TiffWriter writer;
    RECTO_TRY(put_image(writer, raster, TiffCompression::G4, {}, {}, static_cast<std::uint32_t>(raster.height())));
    const std::string tiff = writer.take();
    // The one strip lies where StripOffsets says; libtiff writes little-endian here ("l").
    const auto u16 = [&](std::size_t at) {
        return static_cast<std::uint32_t>(static_cast<std::uint8_t>(tiff[at]) | static_cast<std::uint8_t>(tiff[at + 1])
                                                                                    << 8);
    };
    const auto u32 = [&](std::size_t at) { return u16(at) | u16(at + 2) << 16; };
    std::size_t offset = 0, size = 0;
    const std::size_t directory = u32(4);
    for (std::size_t i = 0; i < u16(directory); ++i) {
        const std::size_t at = directory + 2 + 12 * i;
        const std::size_t value = u16(at + 2) == 3 ? u16(at + 8) : u32(at + 8);
        if (u16(at) == TIFFTAG_STRIPOFFSETS) offset = value;
        if (u16(at) == TIFFTAG_STRIPBYTECOUNTS) size = value;
    }
    if (offset == 0 || size == 0 || offset + size > tiff.size()) return fail("encode.image", "no G4 data was written");
    return tiff.substr(offset, size);
}

Result<std::string> write_jpeg(const Raster& raster, int quality, bool subsample) {
    RECTO_TRY(check(raster));
    if (raster.width() > 65500 || raster.height() > 65500)
        return fail("encode.image", "JPEG pictures have at most 65500 pixels a side");
    std::string out;
    files::JpegErrors errors;
    const auto sink = std::make_unique<JpegSink>();
    sink->out = &out;
    jpeg_compress_struct jpeg{};
    jpeg.err = errors.install();
    const bool done = compress_jpeg(jpeg, errors, *sink, raster, quality, subsample);
    jpeg_destroy_compress(&jpeg);
    if (!done) return fail("encode.image", files::tag_text(errors.message));
    return out;
}

Result<Raster> read_back_jpeg(const std::string& bytes) {
    const DecodeLimits limits;
    const files::PixelMaker make = [](int rows, int cols, int type) { return cv::Mat(rows, cols, type); };
    const std::string name = "memory";
    const files::Bytes data{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
    RECTO_ASSIGN(Raster out, files::decode_jpeg({name, data, limits, make}, 0));
    out.icc.clear();
    return out;
}

Result<std::string> write_png(const Raster& raster, int level) {
    RECTO_TRY(check(raster));
    PngSink sink;
    png_structp png = png_create_write_struct(
        PNG_LIBPNG_VER_STRING, &sink,
        [](png_structp p, png_const_charp text) {
            auto* s = static_cast<PngSink*>(png_get_error_ptr(p));
            std::strncpy(s->message, text, sizeof s->message - 1);
            std::longjmp(s->jump, 1);
        },
        [](png_structp, png_const_charp) {});
    png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
    std::vector<std::uint8_t> packed(static_cast<std::size_t>(raster.width()) / 8 + 1);
    const bool done = info != nullptr && compress_png(png, info, sink, raster, level, packed.data());
    png_destroy_write_struct(&png, &info);
    if (!done) return fail("encode.image", files::tag_text(sink.message));
    return std::move(sink.out);
}

Result<std::string> make_thumbnail(const Raster& raster, int side) {
    if (raster.empty() || side < 1) return fail("encode.image", "the picture has no pixels");
    Raster small;
    small.mode = raster.mode == ColourMode::Colour ? ColourMode::Colour : ColourMode::Grey;
    small.dpi = raster.dpi;
    const double factor = std::min(1.0, static_cast<double>(side) / std::max(raster.width(), raster.height()));
    const cv::Size size(std::max(1, static_cast<int>(std::lround(raster.width() * factor))),
                        std::max(1, static_cast<int>(std::lround(raster.height() * factor))));
    cv::resize(raster.pixels, small.pixels, size, 0, 0, cv::INTER_AREA);
    return write_jpeg(small, 70, true);
}

} // namespace recto
