#include "pipeline/files/xml_writer.h"

#include <cmath>
#include <cstdint>
#include <mutex>
#include <new>

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/xmlwriter.h>
#include <unicode/utf8.h>

namespace recto {
namespace {
const xmlChar* chars(const char* s) { return reinterpret_cast<const xmlChar*>(s); }
void must(int rc) {
    if (rc < 0) throw std::bad_alloc();
}
} // namespace

struct XmlWriter::State {
    xmlBufferPtr buffer = nullptr;
    xmlTextWriterPtr writer = nullptr;
    ~State() {
        if (writer) xmlFreeTextWriter(writer);
        if (buffer) xmlBufferFree(buffer);
    }
};

XmlWriter::XmlWriter(bool indented) : state_(std::make_unique<State>()) {
    static std::once_flag once;
    std::call_once(once, [] { xmlInitParser(); });
    state_->buffer = xmlBufferCreate();
    if (!state_->buffer) throw std::bad_alloc();
    state_->writer = xmlNewTextWriterMemory(state_->buffer, 0);
    if (!state_->writer) throw std::bad_alloc();
    must(xmlTextWriterSetIndent(state_->writer, indented ? 1 : 0));
    must(xmlTextWriterSetIndentString(state_->writer, chars(" ")));
    // The encoding must be said: without it attributes turn every Chinese character into a numeric reference.
    must(xmlTextWriterStartDocument(state_->writer, nullptr, "UTF-8", nullptr));
}

XmlWriter::~XmlWriter() = default;

XmlWriter& XmlWriter::start(const char* name) {
    must(xmlTextWriterStartElement(state_->writer, chars(name)));
    return *this;
}

XmlWriter& XmlWriter::attribute(const char* name, std::string_view value) {
    must(xmlTextWriterWriteAttribute(state_->writer, chars(name), chars(clean_xml(value).c_str())));
    return *this;
}

XmlWriter& XmlWriter::number(const char* name, double value) {
    std::string s = fmt::format("{:.2f}", std::isfinite(value) ? value : 0.0);
    while (s.back() == '0') s.pop_back();
    if (s.back() == '.') s.pop_back();
    return attribute(name, s == "-0" ? "0" : s);
}

XmlWriter& XmlWriter::text(std::string_view value) {
    must(xmlTextWriterWriteString(state_->writer, chars(clean_xml(value).c_str())));
    return *this;
}

XmlWriter& XmlWriter::end() {
    must(xmlTextWriterEndElement(state_->writer));
    return *this;
}

XmlWriter& XmlWriter::element(const char* name, std::string_view value) { return start(name).text(value).end(); }

XmlWriter& XmlWriter::doctype(const char* name, const char* public_id, const char* system_id) {
    must(xmlTextWriterWriteDTD(state_->writer, chars(name), chars(public_id), chars(system_id), nullptr));
    return *this;
}

XmlWriter& XmlWriter::instruction(const char* target, const char* content) {
    must(xmlTextWriterWritePI(state_->writer, chars(target), chars(content)));
    return *this;
}

std::string XmlWriter::finish(bool declaration) {
    must(xmlTextWriterEndDocument(state_->writer));
    must(xmlTextWriterFlush(state_->writer));
    std::string out(reinterpret_cast<const char*>(xmlBufferContent(state_->buffer)),
                    static_cast<std::size_t>(xmlBufferLength(state_->buffer)));
    if (!declaration) out.erase(0, out.find("?>\n") + 3);
    return out;
}

std::string clean_xml(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto size = static_cast<std::int32_t>(text.size());
    for (std::int32_t i = 0; i < size;) {
        const std::int32_t from = i;
        UChar32 c = 0;
        U8_NEXT(bytes, i, size, c);
        if (c < 0) {
            out += "\xEF\xBF\xBD";
            continue;
        }
        const bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0x7F && c < 0xA0);
        if (control || c == 0xFFFE || c == 0xFFFF) continue;
        out.append(text.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(i - from)));
    }
    return out;
}

} // namespace recto
