#include "stages/verify/file_kind.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#define POINTERHOLDER_TRANSITION 4 // qpdf: std::shared_ptr only
#include <qpdf/QPDF.hh>

#include "pipeline/files/names.h"

namespace recto::verify {

std::string_view to_string(FileKind kind) {
    static constexpr std::array<std::string_view, 12> kNames{
        "empty", "TIFF", "JPEG", "JPEG 2000", "PNG", "PDF", "ZIP", "XML", "JSON", "text", "program", "unknown"};
    return kNames.at(static_cast<std::size_t>(kind));
}

Result<FileKind> kind_of_content(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return fail("io.read", std::strerror(errno), file);
    std::string head(4096, '\0');
    stream.read(head.data(), static_cast<std::streamsize>(head.size()));
    if (stream.bad()) return fail("io.read", std::strerror(errno), file);
    head.resize(static_cast<std::size_t>(stream.gcount()));
    if (head.empty()) return FileKind::Empty;
    using namespace std::string_view_literals;
    static constexpr std::array<std::pair<std::string_view, FileKind>, 13> kBeginnings{{
        {"II*\0"sv, FileKind::Tiff},
        {"MM\0*"sv, FileKind::Tiff},
        {"II+\0"sv, FileKind::Tiff},
        {"MM\0+"sv, FileKind::Tiff},
        {"\xFF\xD8\xFF"sv, FileKind::Jpeg},
        {"\0\0\0\x0CjP  "sv, FileKind::Jp2},
        {"\x89PNG\r\n"sv, FileKind::Png},
        {"%PDF-"sv, FileKind::Pdf},
        {"PK\x03\x04"sv, FileKind::Zip},
        {"MZ"sv, FileKind::Program},
        {"\x7F"
         "ELF"sv,
         FileKind::Program},
        {"#!"sv, FileKind::Program},
        {"\xCA\xFE\xBA\xBE"sv, FileKind::Program},
    }};
    for (const auto& [beginning, kind] : kBeginnings)
        if (head.starts_with(beginning)) {
            // "MZ" may also begin a text; machine code has zeros near by.
            if (beginning == "MZ" && head.find('\0') == std::string::npos) continue;
            return kind;
        }
    if (head.find("%PDF-") < 1024) return FileKind::Pdf; // ISO 32000 lets readers look so far
    std::string_view text = head;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty() &&
           (text.front() == ' ' || text.front() == '\n' || text.front() == '\r' || text.front() == '\t'))
        text.remove_prefix(1);
    if (text.starts_with("<")) return FileKind::Xml;
    if (head.find('\0') != std::string::npos) return FileKind::Other;
    if (text.starts_with("{") || text.starts_with("[")) return FileKind::Json;
    // Chinese text of any encoding that is in use has no zeros; what is neither UTF-8 nor GB18030 is not told apart here.
    return FileKind::Text;
}

std::string ending_of(std::string_view path) {
    const std::size_t slash = path.rfind('/'), dot = path.rfind('.');
    if (dot == std::string_view::npos || (slash != std::string_view::npos && dot < slash)) return "";
    std::string out(path.substr(dot + 1));
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

bool ending_fits(std::string_view ending, FileKind kind) {
    struct Fit {
        std::string_view ending;
        FileKind kind, other;
    };
    static constexpr std::array<Fit, 15> kFits{{{"tif", FileKind::Tiff, FileKind::Tiff},
                                                {"tiff", FileKind::Tiff, FileKind::Tiff},
                                                {"jpg", FileKind::Jpeg, FileKind::Jpeg},
                                                {"jpeg", FileKind::Jpeg, FileKind::Jpeg},
                                                {"jp2", FileKind::Jp2, FileKind::Jp2},
                                                {"png", FileKind::Png, FileKind::Png},
                                                {"pdf", FileKind::Pdf, FileKind::Pdf},
                                                {"ofd", FileKind::Zip, FileKind::Zip},
                                                {"xlsx", FileKind::Zip, FileKind::Zip},
                                                {"xml", FileKind::Xml, FileKind::Xml},
                                                {"html", FileKind::Xml, FileKind::Xml},
                                                {"json", FileKind::Json, FileKind::Json},
                                                {"csv", FileKind::Text, FileKind::Text},
                                                {"txt", FileKind::Text, FileKind::Empty},
                                                {"tsv", FileKind::Text, FileKind::Text}}};
    for (const Fit& fit : kFits)
        if (fit.ending == ending) {
            // What begins with a bracket or an angle may be text all the same.
            const bool text = fit.kind == FileKind::Text && (kind == FileKind::Json || kind == FileKind::Xml);
            return kind == fit.kind || kind == fit.other || text;
        }
    return true; // a form that the rules allow and this table does not know
}

namespace {

bool is_signature(QPDFObjectHandle object) {
    return object.isDictionary() && object.getKey("/ByteRange").isArray() && object.getKey("/Contents").isString();
}

PdfSignature signature_of(QPDFObjectHandle object, const std::string& file) {
    QPDFObjectHandle filter = object.getKey("/SubFilter"), range = object.getKey("/ByteRange");
    const std::string sub_filter = filter.isName() ? filter.getName().substr(1) : "",
                      contents = object.getKey("/Contents").getStringValue();
    SignatureWords words{sub_filter, contents, {-1, -1, -1, -1}};
    for (int i = 0; i < 4 && range.getArrayNItems() == 4; ++i)
        if (QPDFObjectHandle number = range.getArrayItem(i); number.isInteger()) words.range[i] = number.getIntValue();
    return check_signature(words, file);
}

/// An object and what lies in it directly; what it refers to is an object of its own.
void look_at(QPDFObjectHandle object, int depth, std::set<std::string>& active) {
    if (depth > 100) return; // qpdf itself stops at 500
    if (object.isArray()) {
        for (const QPDFObjectHandle& part : object.getArrayAsVector())
            if (!QPDFObjectHandle(part).isIndirect()) look_at(part, depth + 1, active);
        return;
    }
    if (object.isStream()) object = object.getDict();
    if (!object.isDictionary()) return;
    if (object.hasKey("/JS")) active.insert("JavaScript");
    if (object.hasKey("/EF") || object.hasKey("/EmbeddedFiles")) active.insert("EmbeddedFile");
    if (object.hasKey("/XFA")) active.insert("XFA");
    for (const char* key : {"/S", "/Subtype", "/Type"}) {
        QPDFObjectHandle value = object.getKey(key);
        if (!value.isName()) continue;
        const std::string name = value.getName().substr(1);
        for (const char* kind : {"JavaScript", "Launch", "ImportData", "SubmitForm", "GoToE", "RichMedia", "Movie",
                                 "Sound", "Screen", "3D", "EmbeddedFile", "FileAttachment"})
            if (name == kind) active.insert(kind);
    }
    for (const auto& [key, part] : object.getDictAsMap())
        if (!QPDFObjectHandle(part).isIndirect()) look_at(part, depth + 1, active);
}

} // namespace

Result<HiddenInPdf> hidden_in_pdf(const std::string& file) {
    try {
        QPDF pdf;
        pdf.setSuppressWarnings(true);
        pdf.processFile(file.c_str());
        HiddenInPdf out;
        out.encrypted = pdf.isEncrypted();
        std::set<std::string> active;
        for (const QPDFObjectHandle& object : pdf.getAllObjects()) {
            look_at(object, 0, active);
            if (is_signature(object)) out.signatures.push_back(signature_of(object, file));
        }
        out.active.assign(active.begin(), active.end());
        return out;
    } catch (const QPDFExc& e) {
        if (e.getErrorCode() == qpdf_e_password) return HiddenInPdf{true, true, {}, {}}; // opens for nobody without it
        return fail("pdf.damaged", e.what(), file);
    } catch (const std::exception& e) { return fail("pdf.damaged", e.what(), file); }
}

} // namespace recto::verify
