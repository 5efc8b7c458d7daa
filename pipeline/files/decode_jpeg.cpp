// JPEG (ITU-T T.81) by libjpeg-turbo: JFIF density, EXIF, ICC of several APP2 segments, CMYK as Adobe writes it.

#include "pipeline/files/decode_jpeg.h"

#include <cstring>

#include <fmt/format.h>

#include "pipeline/files/decode_internal.h"
#include "pipeline/files/jpeg_error.h"

namespace recto::files {
namespace {

/// What is read before the pixels.
struct Header {
    std::uint32_t width = 0, height = 0;
    int components = 0, bits = 8;
    bool adobe = false, progressive = false;
    std::string space;
    double dpi_x = 0, dpi_y = 0;
    Exif exif;
    std::vector<std::uint8_t> icc;
    bool icc_broken = false; ///< Its parts do not make a whole.
};

const char* space_name(J_COLOR_SPACE s) {
    switch (s) {
    case JCS_GRAYSCALE: return "grey";
    case JCS_RGB: return "rgb";
    case JCS_YCbCr: return "ycbcr";
    case JCS_CMYK: return "cmyk";
    case JCS_YCCK: return "ycck";
    default: return "other";
    }
}

/// Owns the decompressor. No C++ object with a destructor lives in the frames that libjpeg may jump over.
class Decompressor {
  public:
    explicit Decompressor(Bytes bytes) {
        jpeg_.err = errors_.install();
        if (setjmp(errors_.jump) != 0) return;
        jpeg_create_decompress(&jpeg_);
        created_ = true;
        jpeg_save_markers(&jpeg_, JPEG_APP0 + 1, 0xffff);
        jpeg_save_markers(&jpeg_, JPEG_APP0 + 2, 0xffff);
        jpeg_mem_src(&jpeg_, bytes.data(), static_cast<unsigned long>(bytes.size()));
        ready_ = true;
    }
    ~Decompressor() {
        if (created_) jpeg_destroy_decompress(&jpeg_);
    }
    Decompressor(const Decompressor&) = delete;
    Decompressor& operator=(const Decompressor&) = delete;

    bool read_header() {
        if (!ready_ || setjmp(errors_.jump) != 0) return false;
        return jpeg_read_header(&jpeg_, TRUE) == JPEG_HEADER_OK;
    }

    bool start(J_COLOR_SPACE out) {
        if (setjmp(errors_.jump) != 0) return false;
        jpeg_.out_color_space = out;
        jpeg_.dct_method = JDCT_ISLOW; // The accurate one; masters are decoded once.
        jpeg_.do_fancy_upsampling = TRUE;
        return jpeg_start_decompress(&jpeg_) == TRUE;
    }

    /// Next row; false at an error.
    bool row(std::uint8_t* to) {
        if (setjmp(errors_.jump) != 0) return false;
        return jpeg_read_scanlines(&jpeg_, &to, 1) == 1;
    }

    /// All rows, `step` bytes apart.
    bool rows(std::uint8_t* to, std::size_t step) {
        if (setjmp(errors_.jump) != 0) return false;
        while (jpeg_.output_scanline < jpeg_.output_height) {
            JSAMPROW lines[16];
            JDIMENSION n = 0;
            for (; n < 16 && jpeg_.output_scanline + n < jpeg_.output_height; ++n)
                lines[n] = to + (jpeg_.output_scanline + n) * step;
            if (jpeg_read_scanlines(&jpeg_, lines, n) == 0) return false;
        }
        return true;
    }

    bool finish() {
        if (setjmp(errors_.jump) != 0) return false;
        jpeg_finish_decompress(&jpeg_);
        return true;
    }

    [[nodiscard]] const jpeg_decompress_struct& get() const { return jpeg_; }
    [[nodiscard]] bool lost() const { return errors_.lost; }
    [[nodiscard]] std::string reason() const {
        const std::string text = tag_text(errors_.message);
        return text.empty() ? "the JPEG data ends early" : text;
    }
    [[nodiscard]] bool out_of_memory() const { return errors_.manager.msg_code == JERR_OUT_OF_MEMORY; }
    [[nodiscard]] bool unsupported() const {
        const int code = errors_.manager.msg_code;
        return code == JERR_BAD_PRECISION || code == JERR_SOF_UNSUPPORTED || code == JERR_ARITH_NOTIMPL ||
               code == JERR_CONVERSION_NOTIMPL;
    }

  private:
    JpegErrors errors_;
    jpeg_decompress_struct jpeg_{};
    bool ready_ = false, created_ = false;
};

Bytes marker_bytes(const jpeg_marker_struct& m) { return {m.data, m.data_length}; }

bool begins(Bytes b, std::string_view magic) {
    return b.size() >= magic.size() && std::memcmp(b.data(), magic.data(), magic.size()) == 0;
}

/// ICC.1 annex B.4: "ICC_PROFILE\0", number, count, part. Any disorder means no profile.
std::vector<std::uint8_t> assemble_icc(const jpeg_decompress_struct& j, bool& broken) {
    using namespace std::string_view_literals;
    std::array<Bytes, 256> parts{};
    unsigned count = 0, found = 0;
    for (const auto* m = j.marker_list; m != nullptr; m = m->next) {
        const Bytes b = marker_bytes(*m);
        if (m->marker != JPEG_APP0 + 2 || b.size() <= 14 || !begins(b, "ICC_PROFILE\0"sv)) continue;
        const unsigned number = b[12];
        broken = number == 0 || number > b[13] || (count != 0 && count != b[13]) || !parts[number].empty();
        if (broken) return {};
        count = b[13];
        parts[number] = b.subspan(14);
        ++found;
    }
    broken = found != count;
    if (found == 0 || broken) return {};
    std::vector<std::uint8_t> icc;
    for (unsigned i = 1; i <= count; ++i) icc.insert(icc.end(), parts[i].begin(), parts[i].end());
    return icc;
}

tl::unexpected<Error> failure(const Input& in, const Decompressor& jpeg) {
    if (jpeg.out_of_memory())
        return fail("decode.no_memory", "the image needs more memory than a decoder may use", in.path, 1);
    return fail(jpeg.unsupported() ? "decode.unsupported" : "decode.damaged", jpeg.reason(), in.path, 1);
}

Result<Header> read_header(const Input& in, Decompressor& jpeg) {
    using namespace std::string_view_literals;
    if (!jpeg.read_header()) return failure(in, jpeg);
    const jpeg_decompress_struct& j = jpeg.get();
    Header h;
    h.width = j.image_width;
    h.height = j.image_height;
    RECTO_TRY(check_size(in, h.width, h.height, 1));
    h.components = j.num_components;
    h.bits = j.data_precision;
    h.adobe = j.saw_Adobe_marker != 0;
    h.progressive = j.progressive_mode != 0;
    h.space = space_name(j.jpeg_color_space);
    bool seen = false;
    for (const auto* m = j.marker_list; m != nullptr; m = m->next) {
        const Bytes b = marker_bytes(*m);
        if (m->marker == JPEG_APP0 + 1 && !seen && begins(b, "Exif\0\0"sv)) {
            h.exif = parse_exif(b.subspan(6));
            seen = true;
        }
    }
    // JFIF's density first; without a unit it is only an aspect ratio, and EXIF is asked.
    const double unit = j.saw_JFIF_marker == 0 ? 0 : j.density_unit == 1 ? 1 : j.density_unit == 2 ? 2.54 : 0;
    h.dpi_x = j.X_density * unit;
    h.dpi_y = j.Y_density * unit;
    const auto poor = [](double d) { return d < 20 || d > 4800 || d == 72 || d == 96; };
    if (poor(h.dpi_x) && poor(h.dpi_y) && h.exif.dpi_x > 0) {
        h.dpi_x = h.exif.dpi_x;
        h.dpi_y = h.exif.dpi_y;
    }
    h.icc = assemble_icc(j, h.icc_broken);
    return h;
}

} // namespace

Result<Source> probe_jpeg(const Input& in) {
    Decompressor jpeg(in.bytes);
    RECTO_ASSIGN(Header h, read_header(in, jpeg));
    Source source;
    source.media_type = "image/jpeg";
    source.extension = "jpg";
    source.capture = h.exif.capture;
    ImageInfo info;
    info.width = static_cast<int>(h.width);
    info.height = static_cast<int>(h.height);
    info.bits_per_sample = h.bits;
    info.samples = h.components;
    info.photometric = h.space == "ycck" ? "cmyk" : h.space;
    info.compression = "jpeg";
    info.orientation = h.exif.orientation == 0 ? 1 : h.exif.orientation;
    info.has_icc = icc_space(h.icc) != IccSpace::None;
    Resolution resolution = resolve_dpi(info.width, info.height, h.dpi_x, h.dpi_y);
    info.dpi = resolution.dpi;
    info.findings = std::move(resolution.findings);
    if (h.icc_broken) info.findings.push_back(remark("decode.profile_damaged", Severity::Info));
    remark_profile(info.findings, h.icc, info.photometric);
    if (info.photometric == "cmyk")
        info.findings.push_back(remark(
            icc_space(h.icc) == IccSpace::Cmyk ? "decode.cmyk_by_profile" : "decode.cmyk_plain", Severity::Info));
    source.images.push_back(std::move(info));
    return source;
}

Result<Raster> decode_jpeg(const Input& in, int index) { return decode_jpeg_stream(in, index, {}); }

Result<Raster> decode_jpeg_stream(const Input& in, int index, const JpegOptions& options) {
    if (index != 0) return fail("decode.no_such_image", "a JPEG file has one image", in.path, index + 1);
    Decompressor jpeg(in.bytes);
    RECTO_ASSIGN(Header h, read_header(in, jpeg));
    const bool cmyk = h.space == "cmyk" || h.space == "ycck";
    const bool grey = h.space == "grey";
    if (!cmyk && !grey && h.space != "rgb" && h.space != "ycbcr")
        return fail("decode.unsupported", fmt::format("{} components of unknown meaning", h.components), in.path, 1);

    Raster r;
    r.mode = grey ? ColourMode::Grey : ColourMode::Colour;
    r.pixels = in.make(static_cast<int>(h.height), static_cast<int>(h.width), grey ? CV_8UC1 : CV_8UC3);
    const Bytes profile = options.icc.empty() ? Bytes(h.icc) : options.icc;
    if (!jpeg.start(cmyk ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_RGB)) return failure(in, jpeg);
    if (!cmyk) {
        if (!jpeg.rows(r.pixels.data, r.pixels.step)) return failure(in, jpeg);
    } else {
        // Adobe's programs store CMYK inverted and say so only by their marker. In a PDF the Decode array rules.
        const bool inverted = options.inverted.value_or(h.adobe);
        const ToRgb convert(ToRgb::From::Cmyk, profile);
        std::vector<std::uint8_t> inks(std::size_t{h.width} * 4);
        for (int y = 0; y < r.pixels.rows; ++y) {
            if (!jpeg.row(inks.data())) return failure(in, jpeg);
            if (inverted)
                for (auto& v : inks) v = static_cast<std::uint8_t>(~v);
            convert.row(inks.data(), r.pixels.ptr<std::uint8_t>(y), h.width);
        }
    }
    if (!jpeg.finish() || jpeg.lost()) return failure(in, jpeg);
    if (!cmyk && options.inverted.value_or(false)) cv::bitwise_not(r.pixels, r.pixels);
    r.dpi = resolve_dpi(r.width(), r.height(), h.dpi_x, h.dpi_y).dpi;
    r.icc = icc_for(r.mode, profile);
    return r;
}

} // namespace recto::files
