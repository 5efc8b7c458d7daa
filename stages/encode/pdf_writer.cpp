#include "stages/encode/pdf_writer.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#define POINTERHOLDER_TRANSITION 4 // qpdf: std::shared_ptr only
#include <qpdf/Pipeline.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <qpdf/QPDFWriter.hh>
#include <unicode/utf8.h>

#include "pipeline/core/digest.h"
#include "stages/encode/blank_font.h"
#include "stages/encode/pdf_document_data.h"
#include "stages/encode/text_layer.h"

namespace recto::encode {
namespace {

using Object = QPDFObjectHandle;

/// The first error met while qpdf writes. It ends pipelines in destructors, where throwing is death: so what feeds and
/// what takes its bytes keep the error here, go on with nothing, and write_pdf() asks at the end.
using FirstError = std::optional<Error>;

void keep(FirstError& first, const Error& error) {
    if (!first) first = error;
}

/// End of the writer's pipeline: digests and appends to the file, a mebibyte at a time.
class FileSink final : public Pipeline {
  public:
    FileSink(FileSystem& fs, std::string path, FirstError& error)
        : Pipeline("file", nullptr), fs_(fs), path_(std::move(path)), error_(error), hasher_(DigestAlgorithm::Sha512) {
        if (auto made = fs_.write(path_, {}); !made) keep(error_, made.error());
    }
    void write(unsigned char const* data, std::size_t size) override {
        if (error_) return;
        buffer_.append(reinterpret_cast<const char*>(data), size);
        if (buffer_.size() >= (std::size_t{1} << 20)) flush();
    }
    void finish() override { flush(); }
    WrittenFile result() {
        flush();
        return {hasher_.finish(), size_};
    }

  private:
    void flush() {
        if (buffer_.empty() || error_) return;
        hasher_.update(buffer_);
        size_ += buffer_.size();
        if (auto done = fs_.append(path_, buffer_, false); !done) keep(error_, done.error());
        buffer_.clear();
    }
    FileSystem& fs_;
    std::string path_, buffer_;
    FirstError& error_;
    Hasher hasher_;
    std::uint64_t size_ = 0;
};

void send(Pipeline* to, const std::string& bytes) {
    to->write(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    to->finish();
}

/// An image's encoded bytes, read only while they are written.
class ImageProvider final : public Object::StreamDataProvider {
  public:
    ImageProvider(FileSystem& fs, std::string path, FirstError& error)
        : fs_(fs), path_(std::move(path)), error_(error) {}
    void provideStreamData(QPDFObjGen const&, Pipeline* to) override {
        Result<std::string> bytes = error_ ? Result<std::string>(std::string()) : fs_.read(path_);
        if (!bytes) keep(error_, bytes.error());
        send(to, bytes.value_or(std::string()));
    }

  private:
    FileSystem& fs_;
    std::string path_;
    FirstError& error_;
};

// ---- Fonts: one CID for each (advance, character) ---------------------------------------------------------------

using Pair = std::pair<int, std::string>; ///< Advance in thousandths, character(s).

constexpr std::size_t kMaxCids = 60'000;

struct FontPlan {
    std::map<Pair, int> cids; ///< Numbered from 1 in order, so that equal advances are neighbours in the W array.
    void number() {
        int cid = 0;
        for (auto& entry : cids) entry.second = ++cid;
    }
};

/// Runs of a page from `first_run` on use `font`.
struct FontUse {
    std::size_t first_run;
    std::size_t font;
};

/// UTF-16BE in hexadecimal, as a ToUnicode map has it.
std::string utf16_hex(const std::string& utf8) {
    std::string out;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(utf8.data());
    const auto size = static_cast<std::int32_t>(utf8.size());
    for (std::int32_t i = 0; i < size;) {
        UChar32 c = 0;
        U8_NEXT(bytes, i, size, c);
        if (c < 0) c = 0xFFFD;
        if (c < 0x10000) out += fmt::format("{:04X}", c);
        else out += fmt::format("{:04X}{:04X}", 0xD7C0 + (c >> 10), 0xDC00 + (c & 0x3FF));
    }
    return out;
}

std::string to_unicode(const FontPlan& plan) {
    std::string out = "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
                      "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
                      "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
                      "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n";
    auto it = plan.cids.begin();
    for (std::size_t left = plan.cids.size(); left > 0;) {
        const std::size_t n = std::min<std::size_t>(left, 100);
        out += fmt::format("{} beginbfchar\n", n);
        for (std::size_t i = 0; i < n; ++i, ++it)
            out += fmt::format("<{:04X}> <{}>\n", it->second, utf16_hex(it->first.second));
        out += "endbfchar\n";
        left -= n;
    }
    return out + "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n";
}

Object make_font(QPDF& pdf, const FontPlan& plan, const Object& font_file) {
    Object widths = Object::newArray();
    for (auto it = plan.cids.begin(); it != plan.cids.end();) {
        auto last = it;
        for (auto n = std::next(it); n != plan.cids.end() && n->first.first == it->first.first; ++n) last = n;
        widths.appendItem(Object::newInteger(it->second));
        widths.appendItem(Object::newInteger(last->second));
        widths.appendItem(Object::newInteger(it->first.first));
        it = std::next(last);
    }
    Object descriptor = pdf.makeIndirectObject(
        Object::parse("<< /Type /FontDescriptor /FontName /RectoBlank /Flags 4 /FontBBox [0 -120 1000 880] "
                      "/ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 700 /StemV 80 >>"));
    descriptor.replaceKey("/FontFile2", font_file);
    std::string glyphs; // Every CID shows glyph 1, the blank one; never .notdef, which PDF/A forbids in any mode.
    for (std::size_t i = 0; i <= plan.cids.size(); ++i) glyphs.append("\0\1", 2);
    Object cid_font =
        Object::parse("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /RectoBlank /DW 1000 /CIDSystemInfo "
                      "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>");
    cid_font.replaceKey("/FontDescriptor", descriptor);
    cid_font.replaceKey("/W", widths);
    cid_font.replaceKey("/CIDToGIDMap", pdf.newStream(glyphs));
    Object font = Object::parse("<< /Type /Font /Subtype /Type0 /BaseFont /RectoBlank /Encoding /Identity-H >>");
    font.replaceKey("/DescendantFonts", Object::newArray({pdf.makeIndirectObject(cid_font)}));
    font.replaceKey("/ToUnicode", pdf.newStream(to_unicode(plan)));
    return pdf.makeIndirectObject(font);
}

// ---- Pages ------------------------------------------------------------------------------------------------------

std::string real(double v) {
    std::string s = fmt::format("{:.3f}", v);
    while (s.back() == '0') s.pop_back();
    if (s.back() == '.') s.pop_back();
    return s == "-0" ? "0" : s;
}

struct PagePlan {
    double width = 0, height = 0;
    std::vector<FontUse> fonts;
};

/// A page's content, made from its text when it is written.
class ContentProvider final : public Object::StreamDataProvider {
  public:
    ContentProvider(const PdfPage& page, PagePlan plan, const std::vector<FontPlan>& fonts)
        : page_(page), plan_(std::move(plan)), fonts_(fonts) {}

    void provideStreamData(QPDFObjGen const&, Pipeline* to) override {
        std::string out;
        if (!page_.image.path.empty()) {
            out = fmt::format("q\n{} 0 0 {} 0 0 cm\n/Im0 Do\n", real(plan_.width), real(plan_.height));
            for (std::size_t k = 1; k <= page_.inks.size(); ++k) out += fmt::format("/Im{} Do\n", k);
            out += "Q\n";
        }
        if (page_.text && !plan_.fonts.empty()) {
            out += "BT\n3 Tr\n";
            const auto runs = lay_out(*page_.text, plan_.width, plan_.height);
            auto use = plan_.fonts.begin();
            for (std::size_t r = 0; r < runs.size(); ++r) {
                while (std::next(use) != plan_.fonts.end() && std::next(use)->first_run <= r) ++use;
                show(runs[r], use->font, out);
            }
            out += "ET\n";
        }
        send(to, out);
    }

  private:
    void show(const TextRun& run, std::size_t font, std::string& out) const {
        out += fmt::format("/F{} {} Tf\n{} {} {} Tm\n<", font, real(run.size), run.vertical ? "0 -1 1 0" : "1 0 0 1",
                           real(run.x), real(run.y));
        for (const auto& unit : run.units) out += fmt::format("{:04X}", fonts_[font].cids.at({unit.width, unit.text}));
        out += "> Tj\n";
    }
    const PdfPage& page_;
    PagePlan plan_;
    const std::vector<FontPlan>& fonts_;
};

/// Decides which font each line uses; a font is closed when its CIDs run out, which takes some hundred pages.
std::vector<FontPlan> plan_fonts(const PdfDocument& document, std::vector<PagePlan>& pages) {
    std::vector<FontPlan> fonts;
    for (std::size_t p = 0; p < document.pages.size(); ++p) {
        if (!document.pages[p].text) continue;
        const auto runs = lay_out(*document.pages[p].text, pages[p].width, pages[p].height);
        for (std::size_t r = 0; r < runs.size(); ++r) {
            if (fonts.empty() || fonts.back().cids.size() + runs[r].units.size() > kMaxCids) fonts.emplace_back();
            for (const auto& unit : runs[r].units) fonts.back().cids.try_emplace({unit.width, unit.text}, 0);
            auto& uses = pages[p].fonts;
            if (uses.empty() || uses.back().font != fonts.size() - 1) uses.push_back({r, fonts.size() - 1});
        }
    }
    for (FontPlan& font : fonts) font.number();
    return fonts;
}

Object make_image(QPDF& pdf, FileSystem& fs, const PdfImage& image, FirstError& error, bool as_mask = false) {
    Object stream = pdf.newStream();
    Object dict = stream.getDict();
    dict.replaceKey("/Type", Object::newName("/XObject"));
    dict.replaceKey("/Subtype", Object::newName("/Image"));
    dict.replaceKey("/Width", Object::newInteger(image.width));
    dict.replaceKey("/Height", Object::newInteger(image.height));
    const bool fax = image.filter == "CCITTFaxDecode", bilevel = fax || image.filter == "JBIG2Decode";
    dict.replaceKey("/BitsPerComponent", Object::newInteger(bilevel ? 1 : 8));
    if (as_mask) dict.replaceKey("/ImageMask", Object::newBool(true)); // paints where samples are 0: black of both codings
    else dict.replaceKey("/ColorSpace", Object::newName(image.components == 3 ? "/DeviceRGB" : "/DeviceGray"));
    Object parms = Object::newNull();
    if (fax)
        parms =
            Object::parse(fmt::format("<< /K -1 /Columns {} /Rows {} /BlackIs1 false >>", image.width, image.height));
    stream.replaceStreamData(std::make_shared<ImageProvider>(fs, image.path, error),
                             Object::newName("/" + image.filter), parms);
    return stream;
}

WrittenFile write(FileSystem& fs, const PdfDocument& document, const std::string& path, FirstError& error) {
    QPDF pdf;
    pdf.emptyPDF();
    std::vector<PagePlan> plans;
    for (const PdfPage& page : document.pages)
        plans.push_back({std::clamp(page.width_pt, 3.0, 14400.0), std::clamp(page.height_pt, 3.0, 14400.0), {}});
    const std::vector<FontPlan> fonts = plan_fonts(document, plans);
    std::vector<Object> font_objects;
    if (!fonts.empty()) {
        const std::string bytes = blank_font();
        Object file = pdf.newStream(bytes);
        file.getDict().replaceKey("/Length1", Object::newInteger(static_cast<long long>(bytes.size())));
        for (const FontPlan& font : fonts) font_objects.push_back(make_font(pdf, font, file));
    }
    QPDFPageDocumentHelper helper(pdf);
    std::vector<Object> pages;
    for (std::size_t p = 0; p < document.pages.size(); ++p) {
        const PdfPage& page = document.pages[p];
        Object resources = Object::newDictionary();
        if (!page.image.path.empty()) {
            Object images = Object::newDictionary();
            images.replaceKey("/Im0", make_image(pdf, fs, page.image, error));
            for (std::size_t k = 0; k < page.inks.size(); ++k) {
                Object colours = make_image(pdf, fs, page.inks[k].colours, error);
                colours.getDict().replaceKey("/Mask", make_image(pdf, fs, page.inks[k].mask, error, true));
                images.replaceKey(fmt::format("/Im{}", k + 1), colours);
            }
            resources.replaceKey("/XObject", images);
        }
        if (!plans[p].fonts.empty()) {
            Object used = Object::newDictionary();
            for (const FontUse& use : plans[p].fonts)
                used.replaceKey(fmt::format("/F{}", use.font), font_objects[use.font]);
            resources.replaceKey("/Font", used);
        }
        Object content = pdf.newStream();
        content.replaceStreamData(std::make_shared<ContentProvider>(page, plans[p], fonts), Object::newNull(),
                                  Object::newNull());
        Object object = Object::parse(
            fmt::format("<< /Type /Page /MediaBox [0 0 {} {}] >>", real(plans[p].width), real(plans[p].height)));
        object.replaceKey("/Resources", resources);
        object.replaceKey("/Contents", content);
        object = pdf.makeIndirectObject(object);
        helper.addPage(QPDFPageObjectHelper(object), false);
        pages.push_back(object);
    }
    set_document_data(pdf, document, pages);

    FileSink sink(fs, path, error);
    QPDFWriter writer(pdf);
    writer.setOutputPipeline(&sink);
    writer.setMinimumPDFVersion("1.7");
    writer.setObjectStreamMode(qpdf_o_generate);
    writer.setNewlineBeforeEndstream(true); // PDF/A asks for it.
    writer.setDeterministicID(true);        // From the content, not from clock and path.
    writer.setLinearization(document.fast_web_view);
    writer.write();
    return sink.result();
}

} // namespace

Result<WrittenFile> write_pdf(FileSystem& fs, const PdfDocument& document, const std::string& path) {
    if (document.pages.empty()) return fail("encode.pdf", "no page to write", path);
    FirstError error;
    WrittenFile written;
    try {
        written = write(fs, document, path, error);
    } catch (const std::exception& e) { keep(error, fail("encode.pdf", e.what(), path).value()); }
    if (!error) return written;
    (void)fs.remove(path); // Half a PDF helps nobody; the first error is the one to report.
    return tl::unexpected(*error);
}

} // namespace recto::encode
