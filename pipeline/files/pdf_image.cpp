// Images out of PDF without recompression.

#include <cstring>

#include <fmt/format.h>

#include "pipeline/files/decode_jpeg.h"
#include "pipeline/files/pdf_page.h"

#include "pipeline/files/tiff_file.h"
#include <qpdf/Pipeline.hh>
#include <qpdf/QPDFExc.hh>

namespace recto::files {
namespace {

std::string name_of(QPDFObjectHandle o) { return o.isName() ? o.getName() : std::string(); }

int whole(QPDFObjectHandle o, int fallback = 0) {
    if (!o.isInteger()) return fallback;
    const long long v = o.getIntValue();
    return v >= 0 && v < 1 << 24 ? static_cast<int>(v) : fallback;
}

/// Keeps what comes up to `limit` bytes; a stream that decompresses to more is cut there.
class Bounded final : public Pipeline {
  public:
    explicit Bounded(std::size_t limit) : Pipeline("image data", nullptr), limit_(limit) {}
    void write(unsigned char const* data, std::size_t n) override {
        const std::size_t take = std::min(n, limit_ - bytes.size());
        bytes.append(reinterpret_cast<const char*>(data), take);
        if (take < n && n - take > 64) {
            full = true;
            throw std::runtime_error("more data than the image needs"); // Ends a decompression bomb.
        }
    }
    void finish() override {}
    std::string bytes;
    bool full = false;

  private:
    std::size_t limit_;
};

bool is_device(const std::string& name, PdfImage::Space& space) {
    if (name == "/DeviceGray" || name == "/CalGray" || name == "/G") space = PdfImage::Space::Grey;
    else if (name == "/DeviceRGB" || name == "/CalRGB" || name == "/RGB") space = PdfImage::Space::Rgb;
    else if (name == "/DeviceCMYK" || name == "/CMYK") space = PdfImage::Space::Cmyk;
    else return false;
    return true;
}

/// Device, calibrated and ICC-based spaces, and palettes over them. False: leave it to the renderer.
bool read_space(QPDFObjectHandle cs, PdfImage& image, int depth = 0) {
    if (cs.isName()) return is_device(cs.getName(), image.space);
    if (!cs.isArray() || cs.getArrayNItems() < 1 || depth > 2) return false;
    const std::string family = name_of(cs.getArrayItem(0));
    if (is_device(family, image.space)) return true;
    if (family == "/ICCBased" && cs.getArrayNItems() >= 2 && cs.getArrayItem(1).isStream()) {
        QPDFObjectHandle profile = cs.getArrayItem(1);
        const int n = whole(profile.getDict().getKey("/N"));
        if (n != 1 && n != 3 && n != 4) return false;
        image.space = n == 1 ? PdfImage::Space::Grey : n == 3 ? PdfImage::Space::Rgb : PdfImage::Space::Cmyk;
        Bounded out(std::size_t{16} << 20);
        if (profile.pipeStreamData(&out, 0, qpdf_dl_specialized, true))
            image.icc.assign(out.bytes.begin(), out.bytes.end());
        const IccSpace space = icc_space(image.icc);
        const bool fits = (n == 1 && space == IccSpace::Grey) || (n == 3 && space == IccSpace::Rgb) ||
                          (n == 4 && space == IccSpace::Cmyk);
        if (n == 3 && space == IccSpace::Lab) return false;
        if (!fits) image.icc.clear();
        return true;
    }
    if (family == "/Indexed" && cs.getArrayNItems() == 4) {
        PdfImage base;
        if (!read_space(cs.getArrayItem(1), base, depth + 1) || base.space == PdfImage::Space::Indexed) return false;
        const int highest = whole(cs.getArrayItem(2), -1);
        if (highest < 0 || highest > 255) return false;
        std::string table;
        QPDFObjectHandle lookup = cs.getArrayItem(3);
        if (lookup.isString()) {
            table = lookup.getStringValue();
        } else if (lookup.isStream()) {
            Bounded out(4096);
            lookup.pipeStreamData(&out, 0, qpdf_dl_specialized, true);
            table = out.bytes;
        }
        const auto n = static_cast<std::size_t>(base.components());
        table.resize(256 * n, '\0');
        image.palette.assign(256, {0, 0, 0});
        const auto* t = reinterpret_cast<const std::uint8_t*>(table.data());
        const ToRgb convert(ToRgb::From::Cmyk, base.icc);
        for (std::size_t i = 0; i <= static_cast<std::size_t>(highest); ++i, t += n) {
            if (n == 1) image.palette[i] = {t[0], t[0], t[0]};
            else if (n == 3) image.palette[i] = {t[0], t[1], t[2]};
            else convert.row(t, image.palette[i].data(), 1);
        }
        image.space = PdfImage::Space::Indexed;
        if (n == 3) image.icc = base.icc;
        return true;
    }
    return false;
}

/// Default or exactly inverted; anything else is the renderer's.
bool read_decode(QPDFObjectHandle decode, PdfImage& image) {
    if (decode.isNull()) return true;
    const int n = image.components();
    if (!decode.isArray() || decode.getArrayNItems() < 2 * n) return false;
    const double top = image.space == PdfImage::Space::Indexed ? (1 << image.bits) - 1 : 1;
    bool plain = true, inverted = true;
    for (int i = 0; i < n; ++i) {
        QPDFObjectHandle low = decode.getArrayItem(2 * i), high = decode.getArrayItem(2 * i + 1);
        if (!low.isNumber() || !high.isNumber()) return false;
        plain &= low.getNumericValue() == 0 && high.getNumericValue() == top;
        inverted &= low.getNumericValue() == top && high.getNumericValue() == 0;
    }
    image.inverted = inverted;
    return plain || inverted;
}

Raster raster_for(const Input& in, ColourMode mode, int width, int height) {
    Raster r;
    r.mode = mode;
    r.pixels = in.make(height, width, mode == ColourMode::Colour ? CV_8UC3 : CV_8UC1);
    return r;
}

/// The mode in which a palette's pixels are kept, from the entries that `bits` can name.
ColourMode palette_mode(const PdfImage& image) {
    const std::size_t n = std::size_t{1} << std::min(image.bits, 8);
    bool grey = true;
    for (std::size_t i = 0; i < n; ++i)
        grey &= image.palette[i][0] == image.palette[i][1] && image.palette[i][1] == image.palette[i][2];
    if (!grey) return ColourMode::Colour;
    const int a = image.palette[0][0], b = image.palette[1][0];
    return n == 2 && ((a == 0 && b == 255) || (a == 255 && b == 0)) ? ColourMode::Bilevel : ColourMode::Grey;
}

Result<Raster> from_samples(const Input& in, const std::string& bytes, const PdfImage& image, int page) {
    const auto width = static_cast<std::size_t>(image.width);
    const auto n = static_cast<std::size_t>(image.components());
    const std::size_t stride = (width * n * static_cast<std::size_t>(image.bits) + 7) / 8;
    if (bytes.size() < stride * static_cast<std::size_t>(image.height))
        return fail(
            "decode.damaged",
            fmt::format("the image has {} bytes of {}", bytes.size(), stride * static_cast<std::size_t>(image.height)),
            in.path, page);
    const bool indexed = image.space == PdfImage::Space::Indexed;
    const ColourMode mode = indexed                                                   ? palette_mode(image)
                            : image.space == PdfImage::Space::Grey && image.bits == 1 ? ColourMode::Bilevel
                            : image.space == PdfImage::Space::Grey                    ? ColourMode::Grey
                                                                                      : ColourMode::Colour;
    Raster r = raster_for(in, mode, image.width, image.height);
    const ToRgb convert(ToRgb::From::Cmyk, image.icc);
    std::vector<std::uint8_t> inks(width * 4);
    const unsigned most = (1U << std::min(image.bits, 8)) - 1;
    for (int y = 0; y < image.height; ++y) {
        const auto* row = reinterpret_cast<const std::uint8_t*>(bytes.data()) + static_cast<std::size_t>(y) * stride;
        auto* out = r.pixels.ptr<std::uint8_t>(y);
        // Samples are big-endian; of 16 bits the upper byte is kept.
        const auto sample = [&](std::size_t i) -> unsigned {
            if (image.bits == 8) return row[i];
            if (image.bits == 16) return row[2 * i];
            const std::size_t bit = i * static_cast<std::size_t>(image.bits);
            return row[bit / 8] >> (8 - static_cast<unsigned>(image.bits) - bit % 8) & most;
        };
        if (mode == ColourMode::Bilevel && !indexed) {
            unpack_bits(row, out, width, image.inverted);
            continue;
        }
        if (indexed) {
            for (std::size_t x = 0; x < width; ++x) {
                const auto& c = image.palette[image.inverted ? most - sample(x) : sample(x)];
                if (mode == ColourMode::Colour) std::memcpy(out + 3 * x, c.data(), 3);
                else out[x] = c[0];
            }
            continue;
        }
        std::uint8_t* to = n == 4 ? inks.data() : out;
        const unsigned flip = image.inverted ? 255 : 0;
        for (std::size_t i = 0; i < width * n; ++i)
            to[i] = static_cast<std::uint8_t>((image.bits >= 8 ? sample(i) : sample(i) * 255 / most) ^ flip);
        if (n == 4) convert.row(inks.data(), out, width);
    }
    r.icc = icc_for(r.mode, image.icc);
    return r;
}

/// CCITT data in a TIFF of one strip, which libtiff decodes.
std::string wrap_ccitt(const std::string& data, int width, int height, unsigned compression) {
    std::string out("II\x2a\0\x08\0\0\0", 8);
    const auto u16 = [&](unsigned v) { out += {static_cast<char>(v & 255), static_cast<char>(v >> 8 & 255)}; };
    const auto u32 = [&](std::size_t v) {
        u16(static_cast<unsigned>(v & 0xffff));
        u16(static_cast<unsigned>(v >> 16 & 0xffff));
    };
    const auto entry = [&](unsigned tag, unsigned type, std::size_t value) {
        u16(tag);
        u16(type);
        u32(1);
        u32(value);
    };
    const auto w = static_cast<std::size_t>(width), h = static_cast<std::size_t>(height);
    u16(9);
    entry(TIFFTAG_IMAGEWIDTH, 4, w);
    entry(TIFFTAG_IMAGELENGTH, 4, h);
    entry(TIFFTAG_BITSPERSAMPLE, 3, 1);
    entry(TIFFTAG_COMPRESSION, 3, compression);
    entry(TIFFTAG_PHOTOMETRIC, 3, PHOTOMETRIC_MINISWHITE);
    entry(TIFFTAG_STRIPOFFSETS, 4, 8 + 2 + 9 * 12 + 4);
    entry(TIFFTAG_SAMPLESPERPIXEL, 3, 1);
    entry(TIFFTAG_ROWSPERSTRIP, 4, h);
    entry(TIFFTAG_STRIPBYTECOUNTS, 4, data.size());
    u32(0);
    return out + data;
}

Result<Raster> from_ccitt(const Input& in, const std::string& bytes, const PdfImage& image, int page) {
    // Group 3 rows are told apart by end-of-line codes where there are any, else by their length alone; libtiff has a
    // decoder for each, the second by the name of Modified Huffman.
    const bool eol = bytes.size() >= 2 && bytes[0] == 0 && (static_cast<std::uint8_t>(bytes[1]) & 0xe0) == 0;
    const unsigned compression = image.group4 ? COMPRESSION_CCITTFAX4
                                 : eol        ? COMPRESSION_CCITTFAX3
                                              : COMPRESSION_CCITTRLE;
    const std::string tiff = wrap_ccitt(bytes, image.width, image.height, compression);
    const Input inner{in.path, {reinterpret_cast<const std::uint8_t*>(tiff.data()), tiff.size()}, in.limits, in.make};
    std::string reason;
    const auto file = TiffFile::open(inner.bytes, reason);
    int left_out = 0;
    if (!file || file->images(left_out).empty() || !file->select({8, {}}))
        return fail("decode.damaged", reason.empty() ? "the CCITT data cannot be read" : reason, in.path, page);
    if (compression == COMPRESSION_CCITTRLE)
        TIFFSetField(file->get(), TIFFTAG_FAXMODE,
                     FAXMODE_NORTC | FAXMODE_NOEOL | (image.byte_aligned ? FAXMODE_BYTEALIGN : 0));
    auto decoded = read_tiff_pixels(inner, *file, read_layout(file->get()), page);
    if (!decoded) return decoded;
    Raster& r = *decoded;
    if (image.space != PdfImage::Space::Indexed) {
        if (image.black_is_1 != image.inverted) cv::bitwise_not(r.pixels, r.pixels);
        return decoded;
    }
    // The sample is 1 for white unless BlackIs1; the palette gives its colour.
    const ColourMode mode = palette_mode(image);
    Raster out = raster_for(in, mode, image.width, image.height);
    for (int y = 0; y < r.pixels.rows; ++y)
        for (int x = 0; x < r.pixels.cols; ++x) {
            const bool one = (r.pixels.at<std::uint8_t>(y, x) != 0) != image.black_is_1;
            const auto& c = image.palette[one != image.inverted ? 1 : 0];
            if (mode == ColourMode::Colour) std::memcpy(out.pixels.ptr<std::uint8_t>(y) + 3 * x, c.data(), 3);
            else out.pixels.at<std::uint8_t>(y, x) = c[0];
        }
    return out;
}

} // namespace

std::optional<PdfImage> describe_image(QPDFObjectHandle stream) {
    PdfImage image;
    image.stream = stream;
    QPDFObjectHandle dict = stream.getDict(), filter = dict.getKey("/Filter"), parms = dict.getKey("/DecodeParms");
    image.width = whole(dict.getKey("/Width"));
    image.height = whole(dict.getKey("/Height"));
    image.bits = whole(dict.getKey("/BitsPerComponent"), 8);
    std::vector<std::string> filters;
    if (filter.isName()) filters.push_back(filter.getName());
    else if (filter.isArray())
        for (int i = 0; i < std::min(filter.getArrayNItems(), 8); ++i)
            filters.push_back(name_of(filter.getArrayItem(i)));
    if (parms.isArray() && !filters.empty() && parms.getArrayNItems() >= static_cast<int>(filters.size()))
        parms = parms.getArrayItem(static_cast<int>(filters.size()) - 1);

    const auto lossless = [](const std::string& f) {
        return f == "/FlateDecode" || f == "/LZWDecode" || f == "/RunLengthDecode" || f == "/ASCII85Decode" ||
               f == "/ASCIIHexDecode" || f == "/Fl" || f == "/LZW" || f == "/RL" || f == "/A85" || f == "/AHx";
    };
    const std::string last = filters.empty() ? std::string() : filters.back();
    if (last == "/DCTDecode" || last == "/DCT") image.kind = PdfImage::Kind::Jpeg;
    else if (last == "/JPXDecode") image.kind = PdfImage::Kind::Jpeg2000;
    else if (last == "/CCITTFaxDecode" || last == "/CCF") image.kind = PdfImage::Kind::Ccitt;
    else if (filters.empty() || lossless(last)) image.kind = PdfImage::Kind::Samples;
    else return std::nullopt; // JBIG2, Crypt and what is not known.
    image.leading_filters = image.kind == PdfImage::Kind::Samples ? filters.size() : filters.size() - 1;
    for (std::size_t i = 0; i < image.leading_filters; ++i)
        if (!lossless(filters[i])) return std::nullopt;

    QPDFObjectHandle space = dict.getKey("/ColorSpace");
    const bool stencil = dict.getKey("/ImageMask").isBool() && dict.getKey("/ImageMask").getBoolValue();
    if (stencil) { // Black where the sample is 0: like one-bit grey.
        if (image.kind == PdfImage::Kind::Jpeg || image.kind == PdfImage::Kind::Jpeg2000) return std::nullopt;
        image.bits = 1;
        image.space = PdfImage::Space::Grey;
    } else if (image.kind == PdfImage::Kind::Jpeg2000 && space.isNull()) image.space = PdfImage::Space::FromData;
    else if (!read_space(space, image)) return std::nullopt;
    if (!read_decode(dict.getKey("/Decode"), image)) return std::nullopt;

    switch (image.kind) {
    case PdfImage::Kind::Jpeg:
        if (image.space == PdfImage::Space::Indexed) return std::nullopt;
        if (parms.isDictionary() && parms.hasKey("/ColorTransform")) return std::nullopt;
        break;
    case PdfImage::Kind::Jpeg2000:
        if (image.space == PdfImage::Space::Indexed || image.space == PdfImage::Space::Cmyk || image.inverted)
            return std::nullopt;
        break;
    case PdfImage::Kind::Ccitt: {
        const auto flag = [&](const char* key) {
            return parms.isDictionary() && parms.getKey(key).isBool() && parms.getKey(key).getBoolValue();
        };
        const double k =
            parms.isDictionary() && parms.getKey("/K").isNumber() ? parms.getKey("/K").getNumericValue() : 0;
        const int columns = parms.isDictionary() ? whole(parms.getKey("/Columns"), 1728) : 1728;
        image.group4 = k < 0;
        image.byte_aligned = flag("/EncodedByteAlign");
        if (k > 0 || (image.group4 && image.byte_aligned) || columns != image.width || image.components() != 1)
            return std::nullopt;
        image.bits = 1;
        image.black_is_1 = flag("/BlackIs1");
        break;
    }
    case PdfImage::Kind::Samples:
        if (image.bits != 1 && image.bits != 2 && image.bits != 4 && image.bits != 8 && image.bits != 16)
            return std::nullopt;
        if (image.space == PdfImage::Space::Indexed && image.bits > 8) return std::nullopt;
        break;
    }
    return image;
}

Result<std::string> image_bytes(QPDF& pdf, const PdfImage& image, const std::string& path, int page) {
    QPDFObjectHandle stream = image.stream, dict = stream.getDict();
    if (image.kind != PdfImage::Kind::Samples && image.leading_filters == 0) {
        const auto raw = stream.getRawStreamData();
        return std::string(reinterpret_cast<const char*>(raw->getBuffer()), raw->getSize());
    }
    std::size_t limit = std::size_t{1} << 31;
    if (image.kind == PdfImage::Kind::Samples) {
        const std::size_t stride =
            (static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.components()) *
                 static_cast<std::size_t>(image.bits) +
             7) /
            8;
        limit = stride * static_cast<std::size_t>(image.height);
    } else {
        // The lossless filters before the image's own, on a stream of their own.
        QPDFObjectHandle part = QPDFObjectHandle::newStream(&pdf, stream.getRawStreamData());
        QPDFObjectHandle filters = QPDFObjectHandle::newArray(), parms = QPDFObjectHandle::newArray();
        QPDFObjectHandle all = dict.getKey("/DecodeParms");
        for (std::size_t i = 0; i < image.leading_filters; ++i) {
            const int at = static_cast<int>(i);
            filters.appendItem(dict.getKey("/Filter").getArrayItem(at));
            parms.appendItem(all.isArray() && at < all.getArrayNItems() ? all.getArrayItem(at)
                                                                        : QPDFObjectHandle::newNull());
        }
        part.getDict().replaceKey("/Filter", filters);
        part.getDict().replaceKey("/DecodeParms", parms);
        stream = part;
    }
    Bounded out(limit);
    if (limit < std::size_t{1} << 31) out.bytes.reserve(limit);
    const bool whole_stream = stream.pipeStreamData(&out, 0, qpdf_dl_specialized, true);
    if (!whole_stream && !out.full && out.bytes.size() < limit)
        return fail("decode.damaged", "the image's data cannot be decompressed", path, page);
    return std::move(out.bytes);
}

Result<Raster> decode_pdf_image(const Input& in, QPDF& pdf, const PdfImage& image, int page) {
    RECTO_TRY(check_size(in, static_cast<std::uint64_t>(image.width), static_cast<std::uint64_t>(image.height), page));
    RECTO_ASSIGN(const std::string bytes, image_bytes(pdf, image, in.path, page));
    const Input inner{in.path, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, in.limits, in.make};
    Result<Raster> r = fail("decode.damaged", "the image cannot be decoded", in.path, page);
    switch (image.kind) {
    case PdfImage::Kind::Jpeg: {
        // Adobe's marker says nothing about inversion inside a PDF: the Decode array does.
        JpegOptions options;
        options.inverted = image.inverted;
        options.icc = image.icc;
        r = decode_jpeg_stream(inner, 0, options);
        break;
    }
    case PdfImage::Kind::Jpeg2000: r = decode_jp2(inner, 0); break;
    case PdfImage::Kind::Ccitt: r = from_ccitt(in, bytes, image, page); break;
    case PdfImage::Kind::Samples: r = from_samples(in, bytes, image, page); break;
    }
    if (!r) r.error().page = page;
    else if (!image.icc.empty() && r->icc.empty()) r->icc = icc_for(r->mode, image.icc);
    return r;
}

} // namespace recto::files
