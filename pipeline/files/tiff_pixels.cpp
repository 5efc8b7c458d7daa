// TIFF pixels: strips and tiles of any bit depth to 8-bit grey, bilevel or RGB. Kinds that scanners never write (log
// luminance, subsampled YCbCr without JPEG, old-style JPEG) go through libtiff's own RGBA reader.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "pipeline/files/tiff_file.h"

namespace recto::files {
namespace {

/// Where a strip or tile lies in the image.
struct Block {
    std::uint32_t x, y, width, rows;
};

/// 8 bits from one of `bits`, rounded; exact for 1, 2, 4, 8 and 16 bits.
std::uint8_t to_8_bits(std::uint32_t v, int bits) {
    const std::uint64_t max = (std::uint64_t{1} << bits) - 1;
    return static_cast<std::uint8_t>((v * std::uint64_t{255} + max / 2) / max);
}

/// Sample `i` of a packed row, most significant bit first; 16 and 32 bits are in the machine's order (libtiff swaps).
std::uint32_t sample_at(const std::uint8_t* row, std::size_t i, int bits) {
    switch (bits) {
    case 8: return row[i];
    case 16: {
        std::uint16_t v = 0;
        std::memcpy(&v, row + 2 * i, 2);
        return v;
    }
    case 32: {
        std::uint32_t v = 0;
        std::memcpy(&v, row + 4 * i, 4);
        return v;
    }
    default: {
        std::uint32_t v = 0;
        for (std::size_t b = i * static_cast<std::size_t>(bits), end = b + static_cast<std::size_t>(bits); b < end; ++b)
            v = v << 1 | (row[b / 8] >> (7 - b % 8) & 1U);
        return v;
    }
    }
}

class PixelReader {
  public:
    PixelReader(const Input& in, TiffFile& file, const TiffLayout& layout, int page)
        : in_(in), file_(file), tiff_(file.get()), t_(layout), page_(page),
          planes_(layout.planar == PLANARCONFIG_SEPARATE ? layout.samples : 1), in_plane_(layout.samples / planes_) {}

    Result<Raster> read() {
        file_.log.clear();
        if (t_.samples == 0 || t_.samples > 16 || t_.bits == 0)
            return unsupported(fmt::format("{} samples of {} bits", t_.samples, t_.bits));
        Result<Raster> raster = choose();
        if (!raster) return raster;
        const auto& log = file_.log;
        if (!log.error.empty()) return damaged(log.error);
        if (!log.data_warning.empty()) return damaged(log.data_warning);
        // A fax line of the wrong length is made up by libtiff from the line above. One in two hundred is a fleck of
        // transmission noise; more is a page that cannot be trusted.
        if (log.bad_lines > static_cast<int>(t_.height / 200))
            return damaged(fmt::format("{} of {} rows are broken", log.bad_lines, t_.height));
        return raster;
    }

  private:
    tl::unexpected<Error> damaged(const std::string& reason) const {
        return fail("decode.damaged", reason.empty() ? "the pixel data cannot be decoded" : reason, in_.path, page_);
    }
    tl::unexpected<Error> unsupported(const std::string& reason) const {
        return fail("decode.unsupported", reason, in_.path, page_);
    }

    Result<Raster> choose() {
        const bool whole = t_.format == SAMPLEFORMAT_UINT || t_.format == SAMPLEFORMAT_VOID;
        const bool depth = t_.bits <= 16 || t_.bits == 32;
        if (t_.format == SAMPLEFORMAT_IEEEFP && (t_.bits == 32 || t_.bits == 64)) return read_float();
        if (!whole || !depth || t_.compression == COMPRESSION_OJPEG) return read_rgba();
        switch (t_.photometric) {
        case PHOTOMETRIC_MINISWHITE:
        case PHOTOMETRIC_MINISBLACK:
            return t_.samples == 1 && t_.bits == 1 ? read_bilevel() : read_samples(ColourMode::Grey);
        case PHOTOMETRIC_RGB: return t_.colours() == 3 ? read_samples(ColourMode::Colour) : read_rgba();
        case PHOTOMETRIC_PALETTE: return read_palette();
        case PHOTOMETRIC_SEPARATED:
            if (t_.ink_set != INKSET_CMYK || t_.colours() != 4)
                return unsupported(fmt::format("{} inks that are not CMYK", t_.colours()));
            return read_samples(ColourMode::Colour);
        case PHOTOMETRIC_YCBCR:
            if (t_.compression == COMPRESSION_JPEG && t_.planar == PLANARCONFIG_CONTIG && t_.samples == 3) {
                TIFFSetField(tiff_, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
                return read_samples(ColourMode::Colour);
            }
            return read_rgba();
        case PHOTOMETRIC_CIELAB:
        case PHOTOMETRIC_ICCLAB:
            if (t_.colours() != 3 || (t_.bits != 8 && t_.bits != 16)) return unsupported("a Lab image of odd depth");
            return read_samples(ColourMode::Colour);
        default: return read_rgba();
        }
    }

    /// Decodes every strip or tile and calls `row(y, x, pixels, planes)` with the packed rows of its planes.
    template <class Row> Result<void> each_row(Row row) {
        std::uint32_t block_width = t_.width, block_rows = t_.height;
        if (t_.tiled) {
            TIFFGetField(tiff_, TIFFTAG_TILEWIDTH, &block_width);
            TIFFGetField(tiff_, TIFFTAG_TILELENGTH, &block_rows);
        } else {
            TIFFGetFieldDefaulted(tiff_, TIFFTAG_ROWSPERSTRIP, &block_rows);
            block_rows = std::min(block_rows, t_.height);
        }
        if (block_width == 0 || block_rows == 0) return damaged("strips or tiles without pixels");
        RECTO_TRY(check_size(in_, block_width, block_rows, page_));
        const auto block_size = t_.tiled ? TIFFTileSize64(tiff_) : TIFFStripSize64(tiff_);
        const auto row_size = static_cast<std::size_t>(t_.tiled ? TIFFTileRowSize64(tiff_) : TIFFScanlineSize64(tiff_));
        const std::size_t packed = (std::size_t{block_width} * in_plane_ * t_.bits + 7) / 8;
        if (block_size == 0 || row_size < packed || block_size < std::uint64_t{row_size} * block_rows ||
            block_size > std::uint64_t{1} << 33)
            return damaged("sizes of strips or tiles contradict each other");

        std::vector<std::vector<std::uint8_t>> buffers(planes_);
        std::vector<const std::uint8_t*> rows(planes_);
        for (auto& b : buffers) b.resize(static_cast<std::size_t>(block_size) + 8); // sample_at never reads past it.
        const std::uint32_t across = t_.tiled ? (t_.width + block_width - 1) / block_width : 1;
        const std::uint32_t down = (t_.height + block_rows - 1) / block_rows;
        for (std::uint32_t j = 0; j < down; ++j)
            for (std::uint32_t i = 0; i < across; ++i) {
                const Block block{i * block_width, j * block_rows, std::min(block_width, t_.width - i * block_width),
                                  std::min(block_rows, t_.height - j * block_rows)};
                for (std::uint32_t p = 0; p < planes_; ++p)
                    if (!read_block((p * down + j) * across + i, buffers[p].data(),
                                    t_.tiled ? static_cast<tmsize_t>(block_size)
                                             : static_cast<tmsize_t>(row_size * block.rows)))
                        return damaged(file_.log.error);
                for (std::uint32_t y = 0; y < block.rows; ++y) {
                    for (std::uint32_t p = 0; p < planes_; ++p) rows[p] = buffers[p].data() + y * row_size;
                    row(static_cast<int>(block.y + y), static_cast<int>(block.x), block.width, rows.data());
                }
            }
        return {};
    }

    bool read_block(std::uint32_t number, std::uint8_t* to, tmsize_t size) {
        const tmsize_t got =
            t_.tiled ? TIFFReadEncodedTile(tiff_, number, to, size) : TIFFReadEncodedStrip(tiff_, number, to, size);
        // Fewer bytes than the rows need means that rows are missing.
        if (got >= 0 && got < size && file_.log.error.empty())
            file_.log.error = fmt::format("strip or tile {} ends early", number);
        return got == size;
    }

    Raster make(ColourMode mode) {
        Raster r;
        r.mode = mode;
        r.pixels = in_.make(static_cast<int>(t_.height), static_cast<int>(t_.width),
                            mode == ColourMode::Colour ? CV_8UC3 : CV_8UC1);
        return r;
    }

    Result<Raster> read_bilevel() {
        Raster r = make(ColourMode::Bilevel);
        const bool invert = t_.photometric == PHOTOMETRIC_MINISWHITE;
        RECTO_TRY(each_row([&](int y, int x, std::size_t n, const std::uint8_t* const* rows) {
            unpack_bits(rows[0], r.pixels.ptr<std::uint8_t>(y) + x, n, invert);
        }));
        return r;
    }

    /// Strips whose bytes already are the raster's: decoded into place.
    Result<bool> read_in_place(Raster& r) {
        const int channels = r.pixels.channels();
        const auto row_size = static_cast<std::size_t>(TIFFScanlineSize64(tiff_));
        if (t_.bits != 8 || t_.samples != channels || planes_ != 1 || t_.tiled || !r.pixels.isContinuous() ||
            (t_.photometric != PHOTOMETRIC_MINISBLACK && t_.photometric != PHOTOMETRIC_MINISWHITE &&
             t_.photometric != PHOTOMETRIC_RGB && t_.photometric != PHOTOMETRIC_YCBCR) ||
            row_size != static_cast<std::size_t>(t_.width) * static_cast<std::size_t>(channels))
            return false;
        std::uint32_t rows = t_.height;
        TIFFGetFieldDefaulted(tiff_, TIFFTAG_ROWSPERSTRIP, &rows);
        rows = std::min(rows, t_.height);
        if (rows == 0) return damaged("strips without rows");
        for (std::uint32_t y = 0, strip = 0; y < t_.height; y += rows, ++strip) {
            const auto size = static_cast<tmsize_t>(row_size * std::min(rows, t_.height - y));
            if (!read_block(strip, r.pixels.ptr<std::uint8_t>(static_cast<int>(y)), size))
                return damaged(file_.log.error);
        }
        if (t_.photometric == PHOTOMETRIC_MINISWHITE) cv::bitwise_not(r.pixels, r.pixels);
        return true;
    }

    Result<Raster> read_samples(ColourMode mode) {
        Raster r = make(mode);
        RECTO_ASSIGN(const bool done, read_in_place(r));
        if (done) return r;
        const bool lab = t_.photometric == PHOTOMETRIC_CIELAB || t_.photometric == PHOTOMETRIC_ICCLAB;
        const bool cmyk = t_.photometric == PHOTOMETRIC_SEPARATED;
        const ToRgb convert(lab ? ToRgb::From::Lab : ToRgb::From::Cmyk, t_.icc);
        const int inks = cmyk ? 4 : mode == ColourMode::Colour ? 3 : 1;
        bool associated = false;
        const int alpha = t_.alpha(associated);
        const int bits = t_.bits == 32 ? 32 : t_.bits;
        const unsigned flip = t_.photometric == PHOTOMETRIC_MINISWHITE ? 255 : 0;
        if (t_.converted_deep()) return read_deep(std::move(r), inks, flip != 0);
        const unsigned lab_flip = t_.photometric == PHOTOMETRIC_CIELAB ? 0x80 : 0; // Signed a and b to offset by 128.
        std::vector<std::uint8_t> colours(std::size_t{t_.width} * static_cast<std::size_t>(inks));
        std::vector<std::uint8_t> opacity(alpha >= 0 ? t_.width : 0);
        const auto sample = [&](const std::uint8_t* const* rows, std::size_t i, int s) -> unsigned {
            const std::uint32_t v = planes_ == 1
                                        ? sample_at(rows[0], i * t_.samples + static_cast<std::size_t>(s), bits)
                                        : sample_at(rows[s], i, bits);
            // Lab's 16 bits are whole numbers and 256ths: rounded, but not over the end of the range.
            return bits == 8 ? v : lab ? rounded_lab(v, s, lab_flip != 0) : to_8_bits(v, bits);
        };
        RECTO_TRY(each_row([&](int y, int x, std::size_t n, const std::uint8_t* const* rows) {
            std::uint8_t* out = r.pixels.ptr<std::uint8_t>(y) + x * r.pixels.channels();
            std::uint8_t* to = cmyk || lab ? colours.data() : out;
            if (bits == 8 && planes_ == 1 && t_.samples == inks) {
                std::memcpy(to, rows[0], n * static_cast<std::size_t>(inks));
            } else {
                for (std::size_t i = 0; i < n; ++i)
                    for (int s = 0; s < inks; ++s)
                        to[i * static_cast<std::size_t>(inks) + static_cast<std::size_t>(s)] =
                            static_cast<std::uint8_t>(sample(rows, i, s));
            }
            if (alpha >= 0)
                for (std::size_t i = 0; i < n; ++i) opacity[i] = static_cast<std::uint8_t>(sample(rows, i, alpha));
            if (flip != 0)
                for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<std::uint8_t>(to[i] ^ flip);
            if (lab)
                for (std::size_t i = 0; i < n; ++i) {
                    to[3 * i + 1] = static_cast<std::uint8_t>(to[3 * i + 1] ^ lab_flip);
                    to[3 * i + 2] = static_cast<std::uint8_t>(to[3 * i + 2] ^ lab_flip);
                }
            if (cmyk || lab) convert.row(to, out, n);
            if (alpha >= 0) lay_on_white(out, opacity.data(), n, r.pixels.channels(), associated);
        }));
        return r;
    }

    static unsigned rounded_lab(std::uint32_t v, int s, bool cie) {
        if (s == 0) return cie ? to_8_bits(v, 16) : std::min(255U, (v + 128) >> 8);
        const std::uint32_t shifted = cie ? v ^ 0x8000 : v; // signed numbers in order
        const std::uint32_t whole = std::min(255U, (shifted + 128) >> 8);
        return cie ? whole ^ 0x80 : whole;
    }

    /// 16-bit grey or RGB through its profile to sRGB's 8 bits, row by row.
    Result<Raster> read_deep(Raster r, int inks, bool invert) {
        const DeepToSrgb convert(r.mode, t_.icc);
        std::vector<std::uint16_t> samples(std::size_t{t_.width} * static_cast<std::size_t>(inks));
        RECTO_TRY(each_row([&](int y, int x, std::size_t n, const std::uint8_t* const* rows) {
            for (std::size_t i = 0; i < n; ++i)
                for (int s = 0; s < inks; ++s) {
                    const auto c = static_cast<std::size_t>(s);
                    const std::uint32_t v =
                        planes_ == 1 ? sample_at(rows[0], i * t_.samples + c, 16) : sample_at(rows[s], i, 16);
                    samples[i * static_cast<std::size_t>(inks) + c] =
                        static_cast<std::uint16_t>(invert ? 0xffff - v : v);
                }
            convert.row(samples.data(), r.pixels.ptr<std::uint8_t>(y) + x * r.pixels.channels(), n);
        }));
        return r;
    }

    static void lay_on_white(std::uint8_t* out, const std::uint8_t* opacity, std::size_t n, int channels,
                             bool associated) {
        for (std::size_t i = 0; i < n; ++i)
            for (int c = 0; c < channels; ++c, ++out)
                *out = associated ? static_cast<std::uint8_t>(std::min(255, *out + 255 - opacity[i]))
                                  : over_white(*out, opacity[i]);
    }

    Result<Raster> read_palette() {
        std::uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
        if (t_.bits > 16 || t_.colours() < 1 || TIFFGetField(tiff_, TIFFTAG_COLORMAP, &red, &green, &blue) != 1)
            return damaged("a palette image without its palette");
        const std::size_t n = std::size_t{1} << t_.bits;
        // Some programs wrote 8-bit values into the 16-bit table.
        bool wide = false, grey = true;
        for (std::size_t i = 0; i < n; ++i) {
            wide |= red[i] > 255 || green[i] > 255 || blue[i] > 255;
            grey &= red[i] == green[i] && green[i] == blue[i];
        }
        std::vector<std::array<std::uint8_t, 3>> table(n);
        const auto eight = [&](unsigned v) { return wide ? to_8_bits(v, 16) : static_cast<std::uint8_t>(v); };
        for (std::size_t i = 0; i < n; ++i) table[i] = {eight(red[i]), eight(green[i]), eight(blue[i])};
        const bool two = grey && n == 2 && (table[0][0] == 0 || table[0][0] == 255) && table[1][0] == 255 - table[0][0];
        // Greys under an RGB profile stay colour, or nothing would say their tone.
        if (icc_space(t_.icc) == IccSpace::Rgb && !two) grey = false;
        Raster r = make(two ? ColourMode::Bilevel : grey ? ColourMode::Grey : ColourMode::Colour);
        const std::size_t stride = planes_ == 1 ? t_.samples : 1;
        RECTO_TRY(each_row([&](int y, int x, std::size_t width, const std::uint8_t* const* rows) {
            std::uint8_t* out = r.pixels.ptr<std::uint8_t>(y) + x * r.pixels.channels();
            for (std::size_t i = 0; i < width; ++i) {
                const auto& c = table[sample_at(rows[0], i * stride, t_.bits)];
                if (grey) *out++ = c[0];
                else out = std::copy(c.begin(), c.end(), out);
            }
        }));
        return r;
    }

    /// Floating point: 0 to 1 is black to white, else 0 to 255, else 0 to 65535, by the largest value.
    Result<Raster> read_float() {
        const bool rgb = t_.photometric == PHOTOMETRIC_RGB && t_.colours() == 3;
        if (!rgb && t_.photometric != PHOTOMETRIC_MINISBLACK && t_.photometric != PHOTOMETRIC_MINISWHITE)
            return read_rgba();
        const int channels = rgb ? 3 : 1;
        cv::Mat values(static_cast<int>(t_.height), static_cast<int>(t_.width), CV_32FC(channels));
        float most = 0;
        bool strange = false;
        RECTO_TRY(each_row([&](int y, int x, std::size_t n, const std::uint8_t* const* rows) {
            float* out = values.ptr<float>(y) + x * channels;
            for (std::size_t i = 0; i < n; ++i)
                for (int c = 0; c < channels; ++c, ++out) {
                    const auto s = static_cast<std::size_t>(c);
                    const std::uint8_t* row = planes_ == 1 ? rows[0] : rows[c];
                    const std::size_t at = planes_ == 1 ? i * t_.samples + s : i;
                    if (t_.bits == 32) {
                        std::memcpy(out, row + 4 * at, 4);
                    } else {
                        double d = 0;
                        std::memcpy(&d, row + 8 * at, 8);
                        *out = static_cast<float>(d);
                    }
                    strange |= !std::isfinite(*out);
                    most = std::max(most, *out);
                }
        }));
        if (strange || most > 65535.5F) return unsupported("floating point values that are no brightness");
        const double scale = most <= 1.001F ? 255 : most <= 255.5F ? 1 : 1 / 257.0;
        Raster r = make(rgb ? ColourMode::Colour : ColourMode::Grey);
        values.convertTo(r.pixels, CV_8U, scale); // Same size and type: written in place.
        if (t_.photometric == PHOTOMETRIC_MINISWHITE) cv::bitwise_not(r.pixels, r.pixels);
        return r;
    }

    Result<Raster> read_rgba() {
        char reason[1024] = {};
        TIFFRGBAImage image{};
        if (TIFFRGBAImageBegin(&image, tiff_, 1, reason) != 1)
            return unsupported(reason[0] != 0 ? tag_text(reason) : file_.log.error);
        image.req_orientation = image.orientation; // Reported, not applied.
        const std::unique_ptr<TIFFRGBAImage, void (*)(TIFFRGBAImage*)> end(&image, &TIFFRGBAImageEnd);
        cv::Mat rgba(static_cast<int>(t_.height), static_cast<int>(t_.width), CV_8UC4);
        if (TIFFRGBAImageGet(&image, rgba.ptr<std::uint32_t>(), t_.width, t_.height) != 1)
            return damaged(file_.log.error);
        const bool grey = t_.photometric == PHOTOMETRIC_MINISWHITE || t_.photometric == PHOTOMETRIC_MINISBLACK ||
                          t_.photometric == PHOTOMETRIC_LOGL;
        Raster r = make(grey ? ColourMode::Grey : ColourMode::Colour);
        for (int y = 0; y < rgba.rows; ++y) {
            const auto* in = rgba.ptr<std::uint32_t>(y);
            auto* out = r.pixels.ptr<std::uint8_t>(y);
            for (int x = 0; x < rgba.cols; ++x) { // libtiff gives colours multiplied by alpha.
                const unsigned white = 255 - TIFFGetA(in[x]);
                *out++ = static_cast<std::uint8_t>(std::min(255U, TIFFGetR(in[x]) + white));
                if (grey) continue;
                *out++ = static_cast<std::uint8_t>(std::min(255U, TIFFGetG(in[x]) + white));
                *out++ = static_cast<std::uint8_t>(std::min(255U, TIFFGetB(in[x]) + white));
            }
        }
        return r;
    }

    const Input& in_;
    TiffFile& file_;
    TIFF* tiff_;
    const TiffLayout& t_;
    int page_;
    std::uint32_t planes_, in_plane_;
};

} // namespace

Result<Raster> read_tiff_pixels(const Input& in, TiffFile& file, const TiffLayout& layout, int page) {
    return PixelReader(in, file, layout, page).read();
}

} // namespace recto::files
