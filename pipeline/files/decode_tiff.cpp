// TIFF: opening, the list of images, tags. The pixels are read in tiff_pixels.cpp.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "pipeline/files/tiff_file.h"

namespace recto::files {
namespace {

constexpr std::size_t kMaxImages = 65'000;

std::string line(const char* format, va_list args) {
    char buffer[400];
    std::vsnprintf(buffer, sizeof buffer, format, args);
    return tag_text(buffer);
}

template <class T> T tag(TIFF* tiff, std::uint32_t id, T fallback) {
    T value{};
    return TIFFGetFieldDefaulted(tiff, id, &value) == 1 ? value : fallback;
}

std::string text(TIFF* tiff, std::uint32_t id) {
    const char* value = nullptr;
    return TIFFGetField(tiff, id, &value) == 1 && value != nullptr ? tag_text(value) : std::string();
}

const char* photometric_name(const TiffLayout& t) {
    switch (t.photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK: return t.bits == 1 && t.samples == 1 ? "bilevel" : "grey";
    case PHOTOMETRIC_RGB: return "rgb";
    case PHOTOMETRIC_PALETTE: return "palette";
    case PHOTOMETRIC_SEPARATED: return "cmyk";
    case PHOTOMETRIC_YCBCR: return "ycbcr";
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
    case PHOTOMETRIC_ITULAB: return "lab";
    case PHOTOMETRIC_LOGL:
    case PHOTOMETRIC_LOGLUV: return "log";
    default: return "other";
    }
}

std::string compression_name(std::uint16_t c) {
    switch (c) {
    case COMPRESSION_NONE: return "none";
    case COMPRESSION_CCITTRLE:
    case COMPRESSION_CCITTRLEW: return "ccitt-rle";
    case COMPRESSION_CCITTFAX3: return "g3";
    case COMPRESSION_CCITTFAX4: return "g4";
    case COMPRESSION_LZW: return "lzw";
    case COMPRESSION_OJPEG: return "old-jpeg";
    case COMPRESSION_JPEG: return "jpeg";
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE: return "deflate";
    case COMPRESSION_PACKBITS: return "packbits";
    case COMPRESSION_LZMA: return "lzma";
    case COMPRESSION_ZSTD: return "zstd";
    case COMPRESSION_WEBP: return "webp";
    case COMPRESSION_LERC: return "lerc";
    case COMPRESSION_JBIG: return "jbig";
    default: return fmt::format("{}", c);
    }
}

ImageInfo describe(const TiffLayout& t) {
    ImageInfo info;
    info.width = static_cast<int>(t.width);
    info.height = static_cast<int>(t.height);
    info.bits_per_sample = t.bits;
    info.samples = t.samples;
    info.photometric = photometric_name(t);
    info.compression = compression_name(t.compression);
    info.orientation = t.orientation >= 1 && t.orientation <= 8 ? t.orientation : 1;
    info.has_icc = icc_space(t.icc) != IccSpace::None;
    Resolution resolution = resolve_dpi(info.width, info.height, t.dpi_x, t.dpi_y);
    info.dpi = resolution.dpi;
    info.findings = std::move(resolution.findings);
    bool associated = false;
    if (t.alpha(associated) >= 0) info.findings.push_back(remark("decode.alpha_on_white", Severity::Info));
    else if (t.extra_count > 0) info.findings.push_back(remark("decode.extra_samples", Severity::Info));
    if (t.bits > 8)
        info.findings.push_back(remark("decode.reduced_to_8_bits", Severity::Info, {std::to_string(t.bits)}));
    if (t.converted_deep()) info.findings.push_back(remark("decode.deep_to_srgb", Severity::Info));
    remark_profile(info.findings, t.icc, info.photometric);
    if (t.photometric == PHOTOMETRIC_SEPARATED)
        info.findings.push_back(remark(
            icc_space(t.icc) == IccSpace::Cmyk ? "decode.cmyk_by_profile" : "decode.cmyk_plain", Severity::Info));
    return info;
}

} // namespace

// ---- access ----------------------------------------------------------------------------------------------------------

tsize_t TiffFile::read(thandle_t self, void* buffer, tsize_t size) {
    auto& f = *static_cast<TiffFile*>(self);
    if (size <= 0 || f.at_ >= f.bytes_.size()) return 0;
    const std::size_t n = std::min<std::size_t>(static_cast<std::size_t>(size), f.bytes_.size() - f.at_);
    std::memcpy(buffer, f.bytes_.data() + f.at_, n);
    f.at_ += n;
    return static_cast<tsize_t>(n);
}

toff_t TiffFile::seek(thandle_t self, toff_t offset, int whence) {
    auto& f = *static_cast<TiffFile*>(self);
    if (whence == SEEK_CUR) offset += f.at_;
    if (whence == SEEK_END) offset += f.bytes_.size();
    f.at_ = offset;
    return offset;
}

toff_t TiffFile::size(thandle_t self) { return static_cast<TiffFile*>(self)->bytes_.size(); }

int TiffFile::on_error(TIFF*, void* self, const char*, const char* format, va_list args) {
    auto& log = static_cast<TiffFile*>(self)->log;
    if (log.error.empty()) log.error = line(format, args);
    return 1;
}

int TiffFile::on_warning(TIFF*, void* self, const char* module, const char* format, va_list args) {
    auto& log = static_cast<TiffFile*>(self)->log;
    const std::string_view what(format), who(module == nullptr ? "" : module);
    // Most warnings are about tags. These say that pixels are missing or made up; libtiff returns success with them.
    const std::string message = line(format, args);
    if (what.find("got %") != std::string_view::npos && who.starts_with("Fax")) ++log.bad_lines;
    const bool lost =
        what.find("Premature EOF") != std::string_view::npos ||
        (message.find("orrupt JPEG data") != std::string::npos && message.find("extraneous") == std::string::npos) ||
        message.find("Premature end of JPEG") != std::string::npos;
    if (lost && log.data_warning.empty()) log.data_warning = message;
    return 1;
}

std::unique_ptr<TiffFile> TiffFile::open(Bytes bytes, std::string& reason) {
    std::unique_ptr<TiffFile> file(new TiffFile(bytes));
    TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
    if (options == nullptr) {
        reason = "no memory";
        return nullptr;
    }
    TIFFOpenOptionsSetErrorHandlerExtR(options, &TiffFile::on_error, file.get());
    TIFFOpenOptionsSetWarningHandlerExtR(options, &TiffFile::on_warning, file.get());
    // A single allocation that no image within the limits needs (600 million pixels of 64 bits) is a lie of a header.
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, tmsize_t{5} << 30);
    // "r": read; "m": without mapping; "h": no directory yet, images() follows the chain; "D": strip tables when needed.
    file->tiff_ = TIFFClientOpenExt(
        "file", "rmhD", file.get(), &TiffFile::read, [](thandle_t, void*, tsize_t) -> tsize_t { return 0; },
        &TiffFile::seek, [](thandle_t) { return 0; }, &TiffFile::size, nullptr, nullptr, options);
    TIFFOpenOptionsFree(options);
    if (file->tiff_ == nullptr) {
        reason = file->log.error.empty() ? "not a readable TIFF header" : file->log.error;
        return nullptr;
    }
    return file;
}

TiffFile::~TiffFile() {
    if (tiff_ != nullptr) TIFFClose(tiff_);
}

// ---- images ----------------------------------------------------------------------------------------------------------

std::vector<TiffFile::Image> TiffFile::images(int& left_out) {
    // The chain is followed by hand: libtiff's own list stops for good at the first directory it dislikes, and a good
    // image behind a bad one must not be lost.
    std::vector<Image> images;
    left_out = 0;
    const auto& b = bytes_;
    const bool little = b[0] == 'I';
    const auto number = [&](std::uint64_t at, int n) -> std::uint64_t {
        if (at > b.size() || b.size() - at < static_cast<std::uint64_t>(n)) return 0;
        std::uint64_t v = 0;
        for (int i = 0; i < n; ++i)
            v |= std::uint64_t{b[at + static_cast<std::uint64_t>(i)]} << 8 * (little ? i : n - 1 - i);
        return v;
    };
    const bool big = number(2, 2) == 43;
    const auto fits = [&](std::uint64_t at, std::uint64_t n) { return at <= b.size() && b.size() - at >= n; };

    std::set<std::uint64_t> seen;
    std::vector<TiffLayout> sizes; ///< Of the good images so far, to know a reduced copy by.
    std::uint64_t offset = big ? number(8, 8) : number(4, 4);
    while (offset != 0 && images.size() < kMaxImages) {
        if (!seen.insert(offset).second) break; // A loop: every image has been seen.
        const std::uint64_t head = big ? 8 : 2, entry = big ? 20 : 12, link = big ? 8 : 4;
        const std::uint64_t count = number(offset, static_cast<int>(head));
        if (!fits(offset, head) || count == 0 || count > 4096 || !fits(offset + head, count * entry)) {
            images.push_back({0, fmt::format("the directory at byte {} lies outside the file or is empty", offset)});
            break;
        }
        const std::uint64_t link_at = offset + head + count * entry;
        const std::uint64_t next = number(link_at, static_cast<int>(link));
        log.clear();
        Image image{offset, {}};
        if (!select(image)) {
            images.push_back({0, log.error.empty() ? "the directory cannot be read" : log.error});
        } else {
            const TiffLayout t = read_layout(tiff_);
            const auto kind = tag<std::uint32_t>(tiff_, TIFFTAG_SUBFILETYPE, 0);
            const bool smaller = std::any_of(sizes.begin(), sizes.end(), [&](const TiffLayout& s) {
                return t.width < s.width && t.height < s.height &&
                       std::abs(static_cast<double>(t.width) * s.height / (static_cast<double>(t.height) * s.width) -
                                1) < 0.05;
            });
            if ((kind & FILETYPE_MASK) != 0 || ((kind & FILETYPE_REDUCEDIMAGE) != 0 && smaller)) {
                ++left_out;
            } else {
                images.push_back(image);
                sizes.push_back(t);
            }
        }
        if (!fits(link_at, link)) {
            images.push_back({0, "the file ends within a directory"});
            break;
        }
        offset = next;
    }
    return images;
}

bool TiffFile::select(const Image& image) { return image.offset != 0 && TIFFSetSubDirectory(tiff_, image.offset) == 1; }

int TiffLayout::alpha(bool& associated) const {
    for (int i = 0; i < extra_count; ++i)
        if (extra[i] == EXTRASAMPLE_ASSOCALPHA || extra[i] == EXTRASAMPLE_UNASSALPHA) {
            associated = extra[i] == EXTRASAMPLE_ASSOCALPHA;
            return colours() + i;
        }
    return -1;
}

TiffLayout read_layout(TIFF* tiff) {
    TiffLayout t;
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &t.width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &t.height);
    t.bits = tag<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE, 1);
    t.samples = tag<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    t.compression = tag<std::uint16_t>(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    t.planar = tag<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    t.format = tag<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    t.orientation = tag<std::uint16_t>(tiff, TIFFTAG_ORIENTATION, 1);
    t.ink_set = tag<std::uint16_t>(tiff, TIFFTAG_INKSET, INKSET_CMYK);
    t.tiled = TIFFIsTiled(tiff) != 0;
    std::uint16_t* extra = nullptr;
    if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &t.extra_count, &extra) == 1 && extra != nullptr) t.extra = extra;
    else t.extra_count = 0;
    t.extra_count = std::min<std::uint16_t>(t.extra_count, t.samples);

    if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &t.photometric) != 1) {
        // Required, yet some scanners leave it out.
        const bool fax = t.compression >= COMPRESSION_CCITTRLE && t.compression <= COMPRESSION_CCITTFAX4;
        t.photometric = t.samples >= 3 ? PHOTOMETRIC_RGB : fax ? PHOTOMETRIC_MINISWHITE : PHOTOMETRIC_MINISBLACK;
    }
    // Samples beyond the colours that no tag explains are extra samples of unknown meaning.
    const int colours = t.photometric == PHOTOMETRIC_SEPARATED ? (t.ink_set == INKSET_CMYK ? 4 : t.colours())
                        : t.photometric == PHOTOMETRIC_RGB || t.photometric == PHOTOMETRIC_YCBCR ||
                                t.photometric == PHOTOMETRIC_CIELAB || t.photometric == PHOTOMETRIC_ICCLAB ||
                                t.photometric == PHOTOMETRIC_ITULAB
                            ? 3
                            : 1;
    if (t.colours() > colours && t.samples > colours) {
        static constexpr std::uint16_t kUnknown[64] = {};
        t.extra_count = static_cast<std::uint16_t>(std::min(t.samples - colours, 64));
        t.extra = kUnknown;
    }

    float x = 0, y = 0;
    const auto unit = tag<std::uint16_t>(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    if (TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x) != 1) x = 0;
    if (TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y) != 1) y = 0;
    const double factor = unit == RESUNIT_CENTIMETER ? 2.54 : unit == RESUNIT_INCH ? 1 : 0;
    t.dpi_x = x * factor;
    t.dpi_y = y * factor;

    std::uint32_t icc_size = 0;
    const void* icc = nullptr;
    if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &icc_size, &icc) == 1 && icc != nullptr)
        t.icc = {static_cast<const std::uint8_t*>(icc), icc_size};
    return t;
}

bool TiffLayout::converted_deep() const {
    const bool grey = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
    bool associated = false;
    if (bits != 16 || (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) || alpha(associated) >= 0)
        return false;
    if (!(grey && colours() >= 1) && !(photometric == PHOTOMETRIC_RGB && colours() == 3)) return false;
    return needs_depth(grey ? ColourMode::Grey : ColourMode::Colour, icc);
}

Result<Source> probe_tiff(const Input& in) {
    std::string reason;
    const auto file = TiffFile::open(in.bytes, reason);
    if (!file) return fail("decode.damaged", reason, in.path);
    Source source;
    source.media_type = "image/tiff";
    source.extension = "tif";
    int left_out = 0, good = 0;
    std::string first_reason;
    for (const auto& image : file->images(left_out)) {
        file->log.clear();
        if (!file->select(image)) {
            const std::string why = image.reason.empty() ? file->log.error : image.reason;
            if (first_reason.empty()) first_reason = why;
            source.images.push_back(damaged_image(why));
            continue;
        }
        const TiffLayout t = read_layout(file->get());
        if (auto size = check_size(in, t.width, t.height, 0); !size) {
            ImageInfo info;
            info.findings.push_back(remark(size.error().code, Severity::Error, {size.error().reason}));
            if (first_reason.empty()) first_reason = size.error().reason;
            source.images.push_back(std::move(info));
            continue;
        }
        source.images.push_back(describe(t));
        if (good++ == 0) {
            TIFF* tiff = file->get();
            source.capture.device = device_name(text(tiff, TIFFTAG_MAKE), text(tiff, TIFFTAG_MODEL));
            source.capture.software = text(tiff, TIFFTAG_SOFTWARE);
            source.capture.time = text(tiff, TIFFTAG_DATETIME);
            source.capture.operator_name = text(tiff, TIFFTAG_ARTIST);
            source.capture.station = text(tiff, TIFFTAG_HOSTCOMPUTER);
        }
    }
    if (source.images.empty()) return fail("decode.empty", "the TIFF holds no image", in.path);
    if (good == 0) {
        const std::string& code = source.images.front().findings.front().code;
        return fail(code, first_reason, in.path);
    }
    if (left_out > 0)
        source.images.front().findings.push_back(
            remark("decode.copies_left_out", Severity::Info, {std::to_string(left_out)}));
    return source;
}

Result<Raster> decode_tiff(const Input& in, int index) {
    std::string reason;
    const auto file = TiffFile::open(in.bytes, reason);
    if (!file) return fail("decode.damaged", reason, in.path);
    int left_out = 0;
    const auto images = file->images(left_out);
    if (images.empty()) return fail("decode.empty", "the TIFF holds no image", in.path);
    if (static_cast<std::size_t>(index) >= images.size())
        return fail("decode.no_such_image", fmt::format("the file has {} images", images.size()), in.path, index + 1);
    const auto& image = images[static_cast<std::size_t>(index)];
    file->log.clear();
    if (!file->select(image))
        return fail("decode.damaged", image.reason.empty() ? file->log.error : image.reason, in.path, index + 1);
    const TiffLayout layout = read_layout(file->get());
    RECTO_TRY(check_size(in, layout.width, layout.height, index + 1));
    RECTO_ASSIGN(Raster raster, read_tiff_pixels(in, *file, layout, index + 1));
    raster.dpi = resolve_dpi(raster.width(), raster.height(), layout.dpi_x, layout.dpi_y).dpi;
    if (!layout.converted_deep()) raster.icc = icc_for(raster.mode, layout.icc);
    return raster;
}

} // namespace recto::files
