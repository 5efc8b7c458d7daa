// JPEG 2000 (ISO 15444-1) by OpenJPEG: JP2 files and bare codestreams.

#include <openjpeg.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "pipeline/files/decode_internal.h"

namespace recto::files {
namespace {

struct Source_ {
    Bytes bytes;
    std::size_t at = 0;
};

std::uint32_t be32(Bytes b, std::size_t at) {
    return std::uint32_t{b[at]} << 24 | std::uint32_t{b[at + 1]} << 16 | std::uint32_t{b[at + 2]} << 8 | b[at + 3];
}
std::uint32_t be16(Bytes b, std::size_t at) { return std::uint32_t{b[at]} << 8 | b[at + 1]; }

/// The content of the first box `type` within `b`, empty when absent. Box: length, type, [long length], content.
Bytes find_box(Bytes b, std::string_view type) {
    std::size_t at = 0;
    while (b.size() - at >= 8) {
        std::uint64_t size = be32(b, at), head = 8;
        if (size == 1) {
            if (b.size() - at < 16) return {};
            size = std::uint64_t{be32(b, at + 8)} << 32 | be32(b, at + 12);
            head = 16;
        } else if (size == 0) {
            size = b.size() - at;
        }
        if (size < head || size > b.size() - at) return {};
        if (std::memcmp(b.data() + at + 4, type.data(), 4) == 0) return b.subspan(at + head, size - head);
        at += size;
    }
    return {};
}

/// Capture resolution, else display resolution, of the res superbox: points a metre as N/D times 10^E.
void declared_dpi(Bytes file, double& x, double& y) {
    x = y = 0;
    const Bytes res = find_box(find_box(file, "jp2h"), "res ");
    Bytes box = find_box(res, "resc");
    if (box.size() < 10) box = find_box(res, "resd");
    if (box.size() < 10) return;
    const auto value = [&](std::size_t at, std::size_t exponent) {
        const std::uint32_t d = be16(box, at + 2);
        return d == 0 ? 0
                      : be16(box, at) / static_cast<double>(d) * std::pow(10, static_cast<std::int8_t>(box[exponent])) *
                            0.0254;
    };
    const auto round = [](double d) { return std::abs(d - std::round(d)) < 0.02 ? std::round(d) : d; };
    y = round(value(0, 8));
    x = round(value(4, 9));
}

/// The profile of the colour specification box (method 2): OpenJPEG gives it with the pixels only.
Bytes declared_profile(Bytes file) {
    const Bytes box = find_box(find_box(file, "jp2h"), "colr");
    return box.size() > 3 && box[0] == 2 ? box.subspan(3) : Bytes();
}

class Decoder_ {
  public:
    explicit Decoder_(Bytes bytes, bool container) : source_{bytes} {
        codec_ = opj_create_decompress(container ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
        stream_ = opj_stream_create(std::size_t{1} << 16, OPJ_TRUE);
        if (codec_ == nullptr || stream_ == nullptr) return;
        opj_set_error_handler(
            codec_,
            [](const char* text, void* self) {
                auto& reason = static_cast<Decoder_*>(self)->reason_;
                if (reason.empty()) reason = tag_text(text);
            },
            this);
        opj_stream_set_user_data(stream_, &source_, nullptr);
        opj_stream_set_user_data_length(stream_, bytes.size());
        opj_stream_set_read_function(stream_, [](void* to, OPJ_SIZE_T n, void* self) -> OPJ_SIZE_T {
            auto& s = *static_cast<Source_*>(self);
            const std::size_t got = std::min<std::size_t>(n, s.bytes.size() - s.at);
            if (got == 0) return static_cast<OPJ_SIZE_T>(-1);
            std::memcpy(to, s.bytes.data() + s.at, got);
            s.at += got;
            return got;
        });
        opj_stream_set_skip_function(stream_, [](OPJ_OFF_T n, void* self) -> OPJ_OFF_T {
            auto& s = *static_cast<Source_*>(self);
            if (n < 0 || static_cast<std::size_t>(n) > s.bytes.size() - s.at) return -1;
            s.at += static_cast<std::size_t>(n);
            return n;
        });
        opj_stream_set_seek_function(stream_, [](OPJ_OFF_T at, void* self) -> OPJ_BOOL {
            auto& s = *static_cast<Source_*>(self);
            if (at < 0 || static_cast<std::size_t>(at) > s.bytes.size()) return OPJ_FALSE;
            s.at = static_cast<std::size_t>(at);
            return OPJ_TRUE;
        });
    }
    ~Decoder_() {
        if (image_ != nullptr) opj_image_destroy(image_);
        if (stream_ != nullptr) opj_stream_destroy(stream_);
        if (codec_ != nullptr) opj_destroy_codec(codec_);
    }
    Decoder_(const Decoder_&) = delete;
    Decoder_& operator=(const Decoder_&) = delete;

    bool read_header() {
        opj_dparameters_t parameters;
        opj_set_default_decoder_parameters(&parameters);
        return codec_ != nullptr && stream_ != nullptr && opj_setup_decoder(codec_, &parameters) == OPJ_TRUE &&
               opj_decoder_set_strict_mode(codec_, OPJ_TRUE) == OPJ_TRUE &&
               opj_read_header(stream_, codec_, &image_) == OPJ_TRUE && image_ != nullptr;
    }
    bool decode() {
        return opj_decode(codec_, stream_, image_) == OPJ_TRUE && opj_end_decompress(codec_, stream_) == OPJ_TRUE;
    }
    [[nodiscard]] const opj_image_t& image() const { return *image_; }
    [[nodiscard]] std::string reason() const { return reason_.empty() ? "the codestream cannot be decoded" : reason_; }

  private:
    Source_ source_;
    opj_codec_t* codec_ = nullptr;
    opj_stream_t* stream_ = nullptr;
    opj_image_t* image_ = nullptr;
    std::string reason_;
};

enum class Space { Grey, Rgb, Ycc, Cmyk };

/// Colour components and the index of the alpha component (-1: none).
struct Channels {
    Space space = Space::Grey;
    int colours = 1, alpha = -1;
};

bool channels_of(const opj_image_t& image, Channels& c) {
    const int n = static_cast<int>(image.numcomps);
    int opaque = n;
    for (int i = 0; i < n; ++i)
        if (image.comps[i].alpha != 0) {
            if (c.alpha < 0) c.alpha = i;
            opaque = std::min(opaque, i);
        }
    if (c.alpha < 0 && (n == 2 || (n == 4 && image.color_space == OPJ_CLRSPC_SRGB))) {
        c.alpha = n - 1; // Without a definition box a second or fourth channel is alpha by custom.
        opaque = n - 1;
    }
    // Four channels under an RGB profile are colours and something else, not inks.
    const IccSpace profile = icc_space({image.icc_profile_buf, image.icc_profile_len});
    if (c.alpha < 0 && n == 4 && profile == IccSpace::Rgb) opaque = 3;
    if (opaque >= 4 && (image.color_space == OPJ_CLRSPC_CMYK || image.color_space == OPJ_CLRSPC_UNSPECIFIED ||
                        image.color_space == OPJ_CLRSPC_UNKNOWN))
        c.space = Space::Cmyk;
    else if (opaque >= 3) c.space = image.color_space == OPJ_CLRSPC_SYCC ? Space::Ycc : Space::Rgb;
    else if (opaque >= 1) c.space = Space::Grey;
    else return false;
    c.colours = c.space == Space::Cmyk ? 4 : c.space == Space::Grey ? 1 : 3;
    return true;
}

/// One component as 8 bits at full size; subsampled ones are repeated.
struct Plane {
    const opj_image_comp_t* comp;
    int shift_down, offset;
    [[nodiscard]] std::uint8_t at(std::uint32_t x, std::uint32_t y) const {
        const std::uint32_t cx = std::min(x / comp->dx, comp->w - 1), cy = std::min(y / comp->dy, comp->h - 1);
        const int v = comp->data[static_cast<std::size_t>(cy) * comp->w + cx] + offset;
        if (comp->prec < 8)
            return static_cast<std::uint8_t>(std::clamp(v, 0, (1 << comp->prec) - 1) * 255 / ((1 << comp->prec) - 1));
        return static_cast<std::uint8_t>(std::clamp(v >> shift_down, 0, 255));
    }
};

Result<void> check_header(const Input& in, const Decoder_& d, std::uint32_t& width, std::uint32_t& height) {
    const opj_image_t& image = d.image();
    if (image.numcomps == 0 || image.numcomps > 16 || image.x1 <= image.x0 || image.y1 <= image.y0)
        return fail("decode.damaged", "the header describes no image", in.path, 1);
    width = image.x1 - image.x0;
    height = image.y1 - image.y0;
    RECTO_TRY(check_size(in, width, height, 1));
    for (std::uint32_t i = 0; i < image.numcomps; ++i) {
        const auto& c = image.comps[i];
        if (c.dx == 0 || c.dy == 0 || c.prec == 0 || c.prec > 31)
            return fail("decode.unsupported", fmt::format("component {} of {} bits", i + 1, c.prec), in.path, 1);
    }
    return {};
}

} // namespace

Result<Source> probe_jp2(const Input& in) {
    const bool container = format_of(in.bytes) == Format::Jp2;
    Decoder_ d(in.bytes, container);
    if (!d.read_header()) return fail("decode.damaged", d.reason(), in.path, 1);
    std::uint32_t width = 0, height = 0;
    RECTO_TRY(check_header(in, d, width, height));
    const opj_image_t& image = d.image();
    Channels channels;
    if (!channels_of(image, channels)) return fail("decode.unsupported", "no colour component", in.path, 1);
    Source source;
    source.media_type = container ? "image/jp2" : "image/j2c";
    source.extension = container ? "jp2" : "j2c";
    ImageInfo info;
    info.width = static_cast<int>(width);
    info.height = static_cast<int>(height);
    info.bits_per_sample = static_cast<int>(image.comps[0].prec);
    info.samples = static_cast<int>(image.numcomps);
    info.photometric = channels.space == Space::Grey   ? "grey"
                       : channels.space == Space::Cmyk ? "cmyk"
                       : channels.space == Space::Ycc  ? "ycbcr"
                                                       : "rgb";
    info.compression = "jpeg2000";
    const Bytes profile = container ? declared_profile(in.bytes) : Bytes();
    info.has_icc = icc_space(profile) != IccSpace::None;
    double x = 0, y = 0;
    if (container) declared_dpi(in.bytes, x, y);
    Resolution resolution = resolve_dpi(info.width, info.height, x, y);
    info.dpi = resolution.dpi;
    info.findings = std::move(resolution.findings);
    if (channels.alpha >= 0) info.findings.push_back(remark("decode.alpha_on_white", Severity::Info));
    remark_profile(info.findings, profile, info.photometric);
    if (info.bits_per_sample > 8)
        info.findings.push_back(
            remark("decode.reduced_to_8_bits", Severity::Info, {std::to_string(info.bits_per_sample)}));
    source.images.push_back(std::move(info));
    return source;
}

Result<Raster> decode_jp2(const Input& in, int index) {
    if (index != 0) return fail("decode.no_such_image", "a JPEG 2000 file has one image", in.path, index + 1);
    const bool container = format_of(in.bytes) == Format::Jp2;
    Decoder_ d(in.bytes, container);
    if (!d.read_header()) return fail("decode.damaged", d.reason(), in.path, 1);
    std::uint32_t width = 0, height = 0;
    RECTO_TRY(check_header(in, d, width, height));
    if (!d.decode()) {
        if (d.reason().find("emory") != std::string::npos) return fail("decode.no_memory", d.reason(), in.path, 1);
        return fail("decode.damaged", d.reason(), in.path, 1);
    }
    const opj_image_t& image = d.image(); // A palette has been applied by now: components are looked at again.
    Channels channels;
    if (!channels_of(image, channels)) return fail("decode.unsupported", "no colour component", in.path, 1);
    std::vector<Plane> planes;
    for (int i = 0; i < static_cast<int>(image.numcomps); ++i) {
        const auto& c = image.comps[i];
        if (c.data == nullptr || c.w == 0 || c.h == 0)
            return fail("decode.damaged", "a component is missing", in.path, 1);
        const int prec = static_cast<int>(c.prec);
        planes.push_back({&c, std::max(0, prec - 8), c.sgnd != 0 ? 1 << (prec - 1) : 0});
    }
    Raster r;
    const bool grey = channels.space == Space::Grey;
    r.mode = grey ? ColourMode::Grey : ColourMode::Colour;
    r.pixels = in.make(static_cast<int>(height), static_cast<int>(width), grey ? CV_8UC1 : CV_8UC3);
    const Bytes profile{image.icc_profile_buf, image.icc_profile_len};
    const ToRgb convert(ToRgb::From::Cmyk, profile);
    std::vector<std::uint8_t> row(std::size_t{width} * static_cast<std::size_t>(channels.colours));
    for (std::uint32_t y = 0; y < height; ++y) {
        auto* out = r.pixels.ptr<std::uint8_t>(static_cast<int>(y));
        std::uint8_t* to = channels.space == Space::Cmyk ? row.data() : out;
        const auto n = static_cast<std::size_t>(channels.colours);
        for (std::size_t c = 0; c < n; ++c)
            for (std::uint32_t x = 0; x < width; ++x) to[x * n + c] = planes[c].at(x, y);
        if (channels.space == Space::Cmyk) convert.row(row.data(), out, width);
        if (channels.space == Space::Ycc)
            for (std::uint32_t x = 0; x < width; ++x) { // ITU-R BT.601, full range.
                const double l = out[3 * x], b = out[3 * x + 1] - 128.0, v = out[3 * x + 2] - 128.0;
                out[3 * x] = cv::saturate_cast<std::uint8_t>(l + 1.402 * v);
                out[3 * x + 1] = cv::saturate_cast<std::uint8_t>(l - 0.344136 * b - 0.714136 * v);
                out[3 * x + 2] = cv::saturate_cast<std::uint8_t>(l + 1.772 * b);
            }
        if (channels.alpha >= 0)
            for (std::uint32_t x = 0; x < width; ++x) {
                const unsigned a = planes[static_cast<std::size_t>(channels.alpha)].at(x, y);
                for (int c = 0; c < (grey ? 1 : 3); ++c) {
                    auto& v = out[x * (grey ? 1 : 3) + static_cast<std::uint32_t>(c)];
                    v = over_white(v, a);
                }
            }
    }
    double x = 0, y = 0;
    if (container) declared_dpi(in.bytes, x, y);
    r.dpi = resolve_dpi(r.width(), r.height(), x, y).dpi;
    r.icc = icc_for(r.mode, profile);
    return r;
}

} // namespace recto::files
