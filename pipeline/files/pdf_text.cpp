// The text layer of a PDF page: Poppler's pdftotext as a child of the decoding child, its words mapped to the picture.

#include <algorithm>
#include <memory>

#include <libxml/xmlreader.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <fmt/format.h>

#include "pipeline/files/child_process.h"
#include "pipeline/files/codes.h"
#include "pipeline/files/names.h"
#include "pipeline/files/pdf_page.h"

namespace recto::files {
namespace {

constexpr std::size_t kMaxLayer = std::size_t{48} << 20; ///< Bytes of pdftotext's answer; a page has some 100 kB.
constexpr std::size_t kMaxWords = 200'000;
constexpr std::size_t kMaxWordBytes = 4000;
constexpr std::chrono::seconds kLongest{20};

/// What XML cannot hold, and what is no UTF-8, as U+FFFD: fonts without ToUnicode give control characters.
std::string fit_for_xml(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (std::size_t pos = 0; pos < bytes.size();) {
        char32_t c = next_code_point(bytes, pos);
        const bool control = (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || (c >= 0x7F && c < 0xA0);
        if (control || (c >= 0xD800 && c < 0xE000) || (c & 0xFFFE) == 0xFFFE || c > 0x10FFFF) c = 0xFFFD;
        append_utf8(out, c);
    }
    return out;
}

/// The character that a Kangxi radical (U+2F00 to U+2FD5) stands for.
char32_t unified_of(char32_t radical) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(status);
    if (U_FAILURE(status)) return radical;
    const icu::UnicodeString one = nfkc->normalize(icu::UnicodeString(static_cast<UChar32>(radical)), status);
    return U_SUCCESS(status) && !one.isEmpty() ? static_cast<char32_t>(one.char32At(0)) : radical;
}

/// A word as the page shows it, where the layer names a glyph's form: ligatures as their letters, Kangxi radicals as the
/// characters, a soft hyphen, which is printed, as a hyphen; marks that show nothing are left out. NFC.
std::string as_shown(std::string_view word) {
    static constexpr std::string_view kLigatures[] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};
    std::string out;
    for (std::size_t pos = 0; pos < word.size();) {
        const char32_t c = next_code_point(word, pos);
        const bool shows =
            c > ' ' && c != 0xA0 && c != 0xFEFF && !(c >= 0x2000 && c <= 0x200F) && c != 0x2060 && c != 0x3000;
        if (c >= 0xFB00 && c <= 0xFB06) out += kLigatures[c - 0xFB00];
        else if (c >= 0x2F00 && c <= 0x2FD5) append_utf8(out, unified_of(c));
        else if (c == 0xAD) out += '-';
        else if (shows) append_utf8(out, c);
    }
    return to_nfc(out);
}

double attribute_number(xmlTextReader* reader, const char* name) {
    xmlChar* value = xmlTextReaderGetAttribute(reader, reinterpret_cast<const xmlChar*>(name));
    const double v = value == nullptr ? 0 : std::strtod(reinterpret_cast<const char*>(value), nullptr);
    xmlFree(value);
    return std::clamp(v, -1e7, 1e7);
}

Box map_word(const PdfMatrix& m, double x0, double y0, double x1, double y1) {
    const double u0 = m.a * x0 + m.c * y0 + m.e, v0 = m.b * x0 + m.d * y0 + m.f;
    const double u1 = m.a * x1 + m.c * y1 + m.e, v1 = m.b * x1 + m.d * y1 + m.f;
    return {std::min(u0, u1), std::min(v0, v1), std::abs(u1 - u0), std::abs(v1 - v0)};
}

} // namespace

Result<SourceText> read_pdf_text(const Input& in, int page, const PdfMatrix& shown_to_pixels) {
    const auto limit = std::min<std::chrono::milliseconds>(in.limits.time / 2, kLongest);
    const std::string number = std::to_string(page);
    const ProgramOutput ran = run_program({"pdftotext", "-bbox-layout", "-cropbox", "-enc", "UTF-8", "-f", number, "-l",
                                           number, path_argument(in.path), "-"},
                                          ChildProcess::Clock::now() + limit, kMaxLayer);
    const auto refused = [&](std::string reason) {
        return fail("decode.text_layer", std::move(reason), in.path, page);
    };
    switch (ran.end) {
    case ProgramOutput::End::NotStarted: return refused(ran.errors);
    case ProgramOutput::End::TimeLimit: return refused(fmt::format("not read within {} s", limit.count() / 1000));
    case ProgramOutput::End::TooMuch: return refused("more text than a page can hold");
    case ProgramOutput::End::Done: break;
    }
    if (ran.status == 127) return fail("decode.no_pdftotext", "pdftotext is not installed", in.path, page);
    if (ran.status != 0) {
        const std::string reason = tag_text(ran.errors.substr(0, ran.errors.find('\n')));
        return refused(reason.empty() ? fmt::format("pdftotext ended with status {}", ran.status) : reason);
    }
    const std::string xml = fit_for_xml(ran.output);
    const std::unique_ptr<xmlTextReader, decltype(&xmlFreeTextReader)> reader(
        xmlReaderForMemory(xml.data(), static_cast<int>(xml.size()), nullptr, "UTF-8",
                           XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
        &xmlFreeTextReader);
    if (!reader) return refused("no memory");
    SourceText out;
    std::size_t words = 0;
    int got = 0;
    while ((got = xmlTextReaderRead(reader.get())) == 1) {
        if (xmlTextReaderNodeType(reader.get()) != XML_READER_TYPE_ELEMENT) continue;
        const std::string_view name(reinterpret_cast<const char*>(xmlTextReaderConstLocalName(reader.get())));
        if (name == "line") out.lines.emplace_back();
        if (name != "word" || out.lines.empty()) continue;
        SourceWord word;
        word.box =
            map_word(shown_to_pixels, attribute_number(reader.get(), "xMin"), attribute_number(reader.get(), "yMin"),
                     attribute_number(reader.get(), "xMax"), attribute_number(reader.get(), "yMax"));
        xmlChar* content = xmlTextReaderReadString(reader.get());
        const std::string_view raw(content == nullptr ? "" : reinterpret_cast<const char*>(content));
        if (raw.size() <= kMaxWordBytes) word.text = as_shown(raw);
        const bool too_long = raw.size() > kMaxWordBytes;
        xmlFree(content);
        if (too_long || ++words > kMaxWords) return refused("more text than a page can hold");
        if (!word.text.empty()) out.lines.back().push_back(std::move(word));
    }
    if (got < 0) return refused("pdftotext gave no XML");
    std::erase_if(out.lines, [](const auto& line) { return line.empty(); });
    return out;
}

} // namespace recto::files
