// The way back from a stored version to what the item stage needs: words out of ALTO, images out of the PDF.

#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#define POINTERHOLDER_TRANSITION 4 // qpdf: std::shared_ptr only
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>

#include "pipeline/core/digest.h"
#include "pipeline/files/file_system.h"
#include "stages/encode/encode.h"

namespace recto {
namespace {

std::string_view name_of(const xmlNode* n) { return reinterpret_cast<const char*>(n->name); }

std::string attribute(const xmlNode* n, const char* name) {
    xmlChar* value = xmlGetNoNsProp(n, reinterpret_cast<const xmlChar*>(name));
    std::string out = value ? reinterpret_cast<const char*>(value) : "";
    xmlFree(value);
    return out;
}

double number(const xmlNode* n, const char* name) {
    const std::string s = attribute(n, name);
    double v = 0;
    const auto read = std::from_chars(s.data(), s.data() + s.size(), v);
    return read.ec == std::errc() ? v : 0;
}

Box box_of(const xmlNode* n) { return {number(n, "HPOS"), number(n, "VPOS"), number(n, "WIDTH"), number(n, "HEIGHT")}; }

/// First descendant element of that name, depth first.
const xmlNode* find(const xmlNode* n, std::string_view name) {
    for (; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE) continue;
        if (name_of(n) == name) return n;
        if (const xmlNode* inner = find(n->children, name)) return inner;
    }
    return nullptr;
}

std::string text_of(const xmlNode* n) {
    if (!n) return {};
    xmlChar* value = xmlNodeGetContent(n);
    std::string out = value ? reinterpret_cast<const char*>(value) : "";
    xmlFree(value);
    return out;
}

TextLine line_of(const xmlNode* n) {
    TextLine line;
    line.box = box_of(n);
    line.id = attribute(n, "ID");
    line.vertical = attribute(n, "BASEDIRECTION") == "ttb";
    double sum = 0;
    for (const xmlNode* c = n->children; c; c = c->next) {
        if (c->type != XML_ELEMENT_NODE) continue;
        if (name_of(c) == "SP") line.text += ' ';
        if (name_of(c) == "HYP") line.text += attribute(c, "CONTENT");
        if (name_of(c) != "String") continue;
        Word word{attribute(c, "CONTENT"), box_of(c), number(c, "WC"), {}};
        for (const xmlNode* g = c->children; g; g = g->next)
            if (g->type == XML_ELEMENT_NODE && name_of(g) == "Glyph")
                word.glyphs.push_back({attribute(g, "CONTENT"), box_of(g), number(g, "GC")});
        line.text += word.text;
        sum += word.confidence;
        line.words.push_back(std::move(word));
    }
    if (!line.words.empty()) line.confidence = sum / static_cast<double>(line.words.size());
    return line;
}

BlockKind kind_of(const std::string& type) {
    for (const BlockKind k : {BlockKind::Table, BlockKind::Picture, BlockKind::Seal, BlockKind::Rule})
        if (to_string(k) == type) return k;
    return BlockKind::Text;
}

void add_blocks(const xmlNode* space, BlockKind kind, std::vector<TextBlock>& out) {
    for (const xmlNode* n = space->children; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE) continue;
        const std::string_view name = name_of(n);
        if (name == "ComposedBlock") add_blocks(n, kind_of(attribute(n, "TYPE")), out);
        else if (name == "Illustration" || name == "GraphicalElement")
            out.push_back(
                {name == "GraphicalElement" ? BlockKind::Rule : kind_of(attribute(n, "TYPE")), box_of(n), {}});
        else if (name == "TextBlock") {
            TextBlock block{kind, box_of(n), {}, attribute(n, "ID")};
            for (const xmlNode* l = n->children; l; l = l->next)
                if (l->type == XML_ELEMENT_NODE && name_of(l) == "TextLine") block.lines.push_back(line_of(l));
            out.push_back(std::move(block));
        }
    }
}

/// The engine and language out of the processing description we write.
void read_processing(const xmlNode* root, PageText& text) {
    const xmlNode* description = find(root, "Description");
    for (const xmlNode* n = description ? description->children : nullptr; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE || name_of(n) != "Processing" || attribute(n, "ID") != "reading") continue;
        text.engine = text_of(find(n->children, "softwareName"));
        const std::string settings = text_of(find(n->children, "processingStepSettings"));
        if (settings.starts_with("language: ")) text.language = settings.substr(10);
        const std::string step = text_of(find(n->children, "processingStepDescription"));
        if (step.ends_with(to_string(ReadState::Blank))) text.state = ReadState::Blank;
        if (step.ends_with(to_string(ReadState::NotMachineReadable))) text.state = ReadState::NotMachineReadable;
    }
}

} // namespace

Result<PageText> page_text_from_alto(std::string_view xml) {
    if (xml.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        return fail("encode.alto", "the file is too large");
    try {
        const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
            xmlReadMemory(xml.data(), static_cast<int>(xml.size()), "alto.xml", nullptr,
                          XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
            &xmlFreeDoc);
        const xmlNode* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
        if (!root || name_of(root) != "alto") return fail("encode.alto", "not well-formed, or not ALTO");
        const xmlNode* page = find(root, "Page");
        if (!page) return fail("encode.alto", "there is no page in it");
        PageText text;
        const double width = number(page, "WIDTH"), height = number(page, "HEIGHT");
        if (!(width >= 0 && width <= 1e6 && height >= 0 && height <= 1e6))
            return fail("encode.alto", "the page has no credible size");
        text.width = static_cast<int>(width);
        text.height = static_cast<int>(height);
        text.confidence = number(page, "PC");
        read_processing(root, text);
        if (const xmlNode* space = find(page->children, "PrintSpace")) add_blocks(space, BlockKind::Text, text.blocks);
        return text;
    } catch (const std::exception& e) { return fail("encode.alto", e.what()); }
}

std::string image_of_alto(std::string_view xml) {
    if (xml.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return {};
    const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
        xmlReadMemory(xml.data(), static_cast<int>(xml.size()), "alto.xml", nullptr,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
        &xmlFreeDoc);
    const xmlNode* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
    return text_of(root ? find(root, "fileName") : nullptr);
}

Result<void> recover_page_images(Item& item, const std::string& pdf_path, const std::string& folder) {
    try {
        QPDF pdf;
        pdf.setSuppressWarnings(true);
        pdf.processFile(pdf_path.c_str());
        auto pages = QPDFPageDocumentHelper(pdf).getAllPages();
        if (pages.size() != item.pages.size())
            return fail("encode.pdf_images",
                        fmt::format("{} pages in the PDF, {} in item.json", pages.size(), item.pages.size()), pdf_path);
        const auto fs = posix_file_system();
        for (std::size_t i = 0; i < pages.size(); ++i) {
            StagedFile& image = item.pages[i].encoded.pdf_image;
            if (image.width <= 0) continue; // The page has none: it failed when it was scanned.
            const int number = static_cast<int>(i) + 1;
            QPDFObjectHandle stream = pages[i].getObjectHandle().getKey("/Resources").getKey("/XObject").getKey("/Im0");
            if (!stream.isStream()) return fail("encode.pdf_images", "the page has no image", pdf_path, number);
            const auto data = stream.getRawStreamData();
            const std::string bytes(reinterpret_cast<const char*>(data->getBuffer()), data->getSize());
            if (digest_hex(DigestAlgorithm::Sha512, bytes) != image.sha512)
                return fail("encode.pdf_images", "the image is not the one item.json names", pdf_path, number);
            image.staged_path = join_path(folder, fmt::format("page-{:04}.image", number));
            RECTO_TRY(fs->write(image.staged_path, bytes));
        }
        return {};
    } catch (const std::exception& e) { return fail("encode.pdf_images", e.what(), pdf_path); }
}

} // namespace recto
