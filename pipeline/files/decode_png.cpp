// PNG by libpng: all colour types, alpha on white, pHYs, iCCP, eXIf and text.

#include <png.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <csetjmp>
#include <cstring>

#include "pipeline/files/decode_internal.h"

namespace recto::files {
namespace {

/// Owns the reader. libpng reports errors by a jump: the methods hold no C++ objects where it may happen.
class PngReader {
  public:
    explicit PngReader(Bytes bytes) : bytes_(bytes) {
        png_ = png_create_read_struct(
            PNG_LIBPNG_VER_STRING, this,
            [](png_structp png, png_const_charp text) {
                auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
                std::strncpy(self->message_, text, sizeof self->message_ - 1);
                std::longjmp(self->jump_, 1);
            },
            [](png_structp png, png_const_charp text) {
                // libpng leaves out a profile that it finds damaged, and says so.
                auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
                if (std::strncmp(text, "iCCP", 4) == 0) self->profile_damaged_ = true;
            });
        if (png_ != nullptr) info_ = png_create_info_struct(png_);
    }
    ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;

    bool read_header() {
        if (info_ == nullptr || setjmp(jump_) != 0) return false;
        png_set_user_limits(png_, 1U << 24, 1U << 24);
        png_set_chunk_malloc_max(png_, std::size_t{64} << 20);
        png_set_chunk_cache_max(png_, 1000);
        png_set_read_fn(png_, this, [](png_structp png, png_bytep to, std::size_t n) {
            auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
            if (n > self->bytes_.size() - self->at_) png_error(png, "the file ends early");
            std::memcpy(to, self->bytes_.data() + self->at_, n);
            self->at_ += n;
        });
        png_read_info(png_, info_);
        return true;
    }

    enum class Form {
        Samples, ///< 8 bits, tRNS as alpha.
        Bits,    ///< One-bit grey stays packed.
        Indices, ///< A palette's, one a byte.
        Deep,    ///< 16 bits in the machine's order.
    };
    bool start(Form form) {
        if (setjmp(jump_) != 0) return false;
        if (form == Form::Samples) png_set_expand(png_);
        if (form == Form::Indices) png_set_packing(png_);
        if (form != Form::Deep) png_set_scale_16(png_);
        else if constexpr (std::endian::native == std::endian::little) png_set_swap(png_);
        png_set_interlace_handling(png_);
        png_read_update_info(png_, info_);
        return true;
    }

    bool read(png_bytepp rows) {
        if (setjmp(jump_) != 0) return false;
        png_read_image(png_, rows);
        png_read_end(png_, nullptr);
        return true;
    }

    [[nodiscard]] png_structp png() const { return png_; }
    [[nodiscard]] png_infop info() const { return info_; }
    [[nodiscard]] std::string reason() const { return tag_text(message_); }
    [[nodiscard]] bool profile_damaged() const { return profile_damaged_; }

  private:
    Bytes bytes_;
    std::size_t at_ = 0;
    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
    std::jmp_buf jump_;
    char message_[200] = {};
    bool profile_damaged_ = false;
};

tl::unexpected<Error> failure(const Input& in, const PngReader& reader) {
    const std::string reason = reader.reason();
    if (reason.find("emory") != std::string::npos) return fail("decode.no_memory", reason, in.path, 1);
    return fail("decode.damaged", reason, in.path, 1);
}

void declared_dpi(const PngReader& reader, const Exif& exif, double& x, double& y) {
    png_uint_32 px = 0, py = 0;
    int unit = 0;
    x = y = 0;
    if (png_get_pHYs(reader.png(), reader.info(), &px, &py, &unit) != 0 && unit == PNG_RESOLUTION_METER) {
        // A whole number of dpi was rounded to a whole number of pixels a metre: 300 becomes 11811, 299.9994.
        const auto dpi = [](png_uint_32 v) {
            const double d = v * 0.0254;
            return std::abs(d - std::round(d)) < 0.02 ? std::round(d) : d;
        };
        x = dpi(px);
        y = dpi(py);
    } else if (exif.dpi_x > 0) {
        x = exif.dpi_x;
        y = exif.dpi_y;
    }
}

Exif read_exif(const PngReader& reader) {
    png_uint_32 n = 0;
    png_bytep data = nullptr;
    Exif exif;
    if (png_get_eXIf_1(reader.png(), reader.info(), &n, &data) != 0 && data != nullptr) exif = parse_exif({data, n});
    png_textp text = nullptr;
    int count = 0;
    png_get_text(reader.png(), reader.info(), &text, &count);
    for (int i = 0; i < count; ++i) { // PNG 1.2, 11.3.4.2: the predefined keywords.
        const std::string_view key(text[i].key == nullptr ? "" : text[i].key);
        const std::string value = text[i].text == nullptr ? std::string() : tag_text(text[i].text);
        if (key == "Software" && exif.capture.software.empty()) exif.capture.software = value;
        if (key == "Source" && exif.capture.device.empty()) exif.capture.device = value;
        if (key == "Author" && exif.capture.operator_name.empty()) exif.capture.operator_name = value;
        if (key == "Creation Time" && exif.capture.time.empty()) exif.capture.time = value;
    }
    return exif;
}

Bytes read_icc(const PngReader& reader) {
    png_charp name = nullptr;
    int method = 0;
    png_bytep profile = nullptr;
    png_uint_32 n = 0;
    if (png_get_iCCP(reader.png(), reader.info(), &name, &method, &profile, &n) == 0) return {};
    return {profile, n};
}

/// The profile that says the colours of pixels of `mode`: the embedded one, or one made of gAMA and cHRM; an sRGB chunk, or
/// nothing, means sRGB (PNG 1.2, 10.4).
std::vector<std::uint8_t> colour_profile(const PngReader& reader, ColourMode mode) {
    const Bytes embedded = read_icc(reader);
    if (!embedded.empty()) return icc_for(mode, embedded);
    int intent = 0;
    if (mode == ColourMode::Bilevel || png_get_sRGB(reader.png(), reader.info(), &intent) != 0) return {};
    double gamma = 0;
    std::array<double, 8> p{};
    const bool exponent = png_get_gAMA(reader.png(), reader.info(), &gamma) != 0 && gamma > 0;
    const bool points =
        png_get_cHRM(reader.png(), reader.info(), &p[0], &p[1], &p[2], &p[3], &p[4], &p[5], &p[6], &p[7]) != 0;
    if (!exponent && !points) return {};
    return profile_of_gamma(mode, exponent ? 1 / gamma : 2.2,
                            points ? std::span<const double>(p) : std::span<const double>());
}

/// 16-bit pixels without transparency that their profile would make too coarse at 8 bits.
bool converted_png_deep(const PngReader& reader) {
    const int type = png_get_color_type(reader.png(), reader.info());
    if (png_get_bit_depth(reader.png(), reader.info()) != 16 ||
        png_get_valid(reader.png(), reader.info(), PNG_INFO_tRNS) != 0 || (type & PNG_COLOR_MASK_ALPHA) != 0)
        return false;
    const ColourMode mode = (type & PNG_COLOR_MASK_COLOR) != 0 ? ColourMode::Colour : ColourMode::Grey;
    return needs_depth(mode, colour_profile(reader, mode));
}

Result<void> read_png_deep(const Input& in, PngReader& reader, Raster& r) {
    const std::vector<std::uint8_t> profile = colour_profile(reader, r.mode);
    const DeepToSrgb convert(r.mode, profile);
    if (!convert.usable() || !reader.start(PngReader::Form::Deep)) return failure(in, reader);
    const auto samples = static_cast<std::size_t>(r.pixels.cols) * static_cast<std::size_t>(r.pixels.channels());
    std::vector<std::uint16_t> buffer(samples * static_cast<std::size_t>(r.pixels.rows));
    std::vector<png_bytep> rows(static_cast<std::size_t>(r.pixels.rows));
    for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = reinterpret_cast<png_bytep>(buffer.data() + y * samples);
    if (!reader.read(rows.data())) return failure(in, reader);
    for (int y = 0; y < r.pixels.rows; ++y)
        convert.row(buffer.data() + static_cast<std::size_t>(y) * samples, r.pixels.ptr<std::uint8_t>(y),
                    static_cast<std::size_t>(r.pixels.cols));
    return {};
}

/// A palette of greys gives a grey picture, one of black and white a bi-level one.
Result<void> read_palette(const Input& in, PngReader& reader, Raster& r) {
    png_colorp colours = nullptr;
    int n = 0;
    if (png_get_PLTE(reader.png(), reader.info(), &colours, &n) == 0 || n < 1)
        return fail("decode.damaged", "a palette image without its palette", in.path, 1);
    std::array<std::array<std::uint8_t, 3>, 256> table{};
    bool grey = true, two = n == 2;
    for (int i = 0; i < std::min(n, 256); ++i) {
        const png_color& c = colours[i];
        table[static_cast<std::size_t>(i)] = {c.red, c.green, c.blue};
        grey &= c.red == c.green && c.green == c.blue;
        two &= c.red == 0 || c.red == 255;
    }
    // Greys under a profile stay colour, or nothing would say their tone.
    if (grey && !two && !colour_profile(reader, ColourMode::Colour).empty()) grey = false;
    const auto width = static_cast<int>(png_get_image_width(reader.png(), reader.info()));
    const auto height = static_cast<int>(png_get_image_height(reader.png(), reader.info()));
    r.mode = !grey ? ColourMode::Colour : two ? ColourMode::Bilevel : ColourMode::Grey;
    cv::Mat indices = grey ? in.make(height, width, CV_8UC1) : cv::Mat(height, width, CV_8UC1);
    std::vector<png_bytep> rows(static_cast<std::size_t>(height));
    for (int y = 0; y < height; ++y) rows[static_cast<std::size_t>(y)] = indices.ptr<std::uint8_t>(y);
    if (!reader.read(rows.data())) return failure(in, reader);
    r.pixels = grey ? indices : in.make(height, width, CV_8UC3);
    for (int y = 0; y < height; ++y) {
        const auto* from = indices.ptr<std::uint8_t>(y);
        auto* to = r.pixels.ptr<std::uint8_t>(y);
        for (int i = 0; i < width; ++i) {
            const auto& c = table[from[i]];
            if (grey) *to++ = c[0];
            else to = std::copy(c.begin(), c.end(), to);
        }
    }
    return {};
}

} // namespace

Result<Source> probe_png(const Input& in) {
    PngReader reader(in.bytes);
    if (!reader.read_header()) return failure(in, reader);
    const png_uint_32 width = png_get_image_width(reader.png(), reader.info());
    const png_uint_32 height = png_get_image_height(reader.png(), reader.info());
    RECTO_TRY(check_size(in, width, height, 1));
    const int type = png_get_color_type(reader.png(), reader.info());
    Source source;
    source.media_type = "image/png";
    source.extension = "png";
    ImageInfo info;
    info.width = static_cast<int>(width);
    info.height = static_cast<int>(height);
    info.bits_per_sample = png_get_bit_depth(reader.png(), reader.info());
    info.samples = png_get_channels(reader.png(), reader.info());
    info.photometric = (type & PNG_COLOR_MASK_PALETTE) != 0                       ? "palette"
                       : (type & PNG_COLOR_MASK_COLOR) != 0                       ? "rgb"
                       : type == PNG_COLOR_TYPE_GRAY && info.bits_per_sample == 1 ? "bilevel"
                                                                                  : "grey";
    info.compression = "deflate";
    info.has_icc = icc_space(read_icc(reader)) != IccSpace::None;
    const Exif exif = read_exif(reader);
    source.capture = exif.capture;
    info.orientation = exif.orientation == 0 ? 1 : exif.orientation;
    double x = 0, y = 0;
    declared_dpi(reader, exif, x, y);
    Resolution resolution = resolve_dpi(info.width, info.height, x, y);
    info.dpi = resolution.dpi;
    info.findings = std::move(resolution.findings);
    if ((type & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(reader.png(), reader.info(), PNG_INFO_tRNS) != 0)
        info.findings.push_back(remark("decode.alpha_on_white", Severity::Info));
    if (info.bits_per_sample > 8)
        info.findings.push_back(
            remark("decode.reduced_to_8_bits", Severity::Info, {std::to_string(info.bits_per_sample)}));
    if (converted_png_deep(reader)) info.findings.push_back(remark("decode.deep_to_srgb", Severity::Info));
    if (reader.profile_damaged()) info.findings.push_back(remark("decode.profile_damaged", Severity::Info));
    remark_profile(info.findings, read_icc(reader), info.photometric);
    source.images.push_back(std::move(info));
    return source;
}

Result<Raster> decode_png(const Input& in, int index) {
    if (index != 0) return fail("decode.no_such_image", "a PNG file has one image", in.path, index + 1);
    PngReader reader(in.bytes);
    if (!reader.read_header()) return failure(in, reader);
    const png_uint_32 width = png_get_image_width(reader.png(), reader.info());
    const png_uint_32 height = png_get_image_height(reader.png(), reader.info());
    RECTO_TRY(check_size(in, width, height, 1));
    const int type = png_get_color_type(reader.png(), reader.info());
    const bool opaque = png_get_valid(reader.png(), reader.info(), PNG_INFO_tRNS) == 0;
    const bool bilevel = type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(reader.png(), reader.info()) == 1 && opaque;
    const bool palette = type == PNG_COLOR_TYPE_PALETTE && opaque;
    double x = 0, y = 0;
    declared_dpi(reader, read_exif(reader), x, y);
    if (converted_png_deep(reader)) {
        Raster r;
        r.mode = (type & PNG_COLOR_MASK_COLOR) != 0 ? ColourMode::Colour : ColourMode::Grey;
        r.pixels = in.make(static_cast<int>(height), static_cast<int>(width),
                           r.mode == ColourMode::Colour ? CV_8UC3 : CV_8UC1);
        RECTO_TRY(read_png_deep(in, reader, r));
        r.dpi = resolve_dpi(r.width(), r.height(), x, y).dpi;
        return r;
    }
    if (!reader.start(bilevel ? PngReader::Form::Bits : palette ? PngReader::Form::Indices : PngReader::Form::Samples))
        return failure(in, reader);
    if (palette) {
        Raster r;
        RECTO_TRY(read_palette(in, reader, r));
        r.dpi = resolve_dpi(r.width(), r.height(), x, y).dpi;
        r.icc = colour_profile(reader, r.mode);
        return r;
    }

    const int channels = bilevel ? 1 : png_get_channels(reader.png(), reader.info());
    const std::size_t row_size = png_get_rowbytes(reader.png(), reader.info());
    if (channels < 1 || channels > 4) return fail("decode.damaged", "odd number of channels", in.path, 1);
    const bool colour = channels >= 3, direct = !bilevel && (channels == 1 || channels == 3);
    Raster r;
    r.mode = bilevel ? ColourMode::Bilevel : colour ? ColourMode::Colour : ColourMode::Grey;
    r.pixels = in.make(static_cast<int>(height), static_cast<int>(width), colour ? CV_8UC3 : CV_8UC1);
    std::vector<std::uint8_t> buffer(direct ? 0 : row_size * height);
    std::vector<png_bytep> rows(height);
    for (png_uint_32 i = 0; i < height; ++i)
        rows[i] = direct ? r.pixels.ptr<std::uint8_t>(static_cast<int>(i)) : buffer.data() + i * row_size;
    if (!reader.read(rows.data())) return failure(in, reader);
    for (int i = 0; !direct && i < r.pixels.rows; ++i) {
        const std::uint8_t* from = rows[static_cast<std::size_t>(i)];
        auto* to = r.pixels.ptr<std::uint8_t>(i);
        if (bilevel) {
            unpack_bits(from, to, width, false);
            continue;
        }
        for (png_uint_32 k = 0; k < width; ++k, from += channels)
            for (int c = 0; c < channels - 1; ++c) *to++ = over_white(from[c], from[channels - 1]);
    }
    r.dpi = resolve_dpi(r.width(), r.height(), x, y).dpi;
    r.icc = colour_profile(reader, r.mode);
    return r;
}

} // namespace recto::files
