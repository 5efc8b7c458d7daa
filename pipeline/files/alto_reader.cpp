#include "pipeline/files/alto_reader.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "pipeline/core/running_text.h"

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

Glyph glyph_of(const xmlNode* n) {
    Glyph glyph{attribute(n, "CONTENT"), box_of(n), number(n, "GC")};
    for (const xmlNode* v = n->children; v; v = v->next)
        if (v->type == XML_ELEMENT_NODE && name_of(v) == "Variant")
            glyph.variants.push_back({attribute(v, "CONTENT"), number(v, "VC")});
    return glyph;
}

/// How sure another reading is, as its PURPOSE says in our files; 0 elsewhere.
double confidence_of(const xmlNode* alternative) {
    const std::string purpose = attribute(alternative, "PURPOSE");
    const std::size_t at = purpose.rfind(' ');
    double v = 0;
    if (at == std::string::npos) return 0;
    const auto read = std::from_chars(purpose.data() + at + 1, purpose.data() + purpose.size(), v);
    return read.ec == std::errc() && v >= 0 && v <= 1 ? v : 0;
}

/// The hyphen at a line's end is the last character of the word before it.
void take_hyphen(TextLine& line, const xmlNode* n) {
    const std::string text = attribute(n, "CONTENT");
    const Box box = box_of(n);
    Word& word = line.words.back();
    word.text += text;
    if (!word.glyphs.empty()) word.glyphs.push_back({text, box, word.confidence});
    const double right = std::max(word.box.x + word.box.width, box.x + box.width),
                 bottom = std::max(word.box.y + word.box.height, box.y + box.height);
    word.box.width = right - word.box.x;
    word.box.height = bottom - word.box.y;
    line.text += text;
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
        if (name_of(c) == "HYP" && !line.words.empty()) take_hyphen(line, c);
        if (name_of(c) != "String") continue;
        Word word{attribute(c, "CONTENT"), box_of(c), number(c, "WC"), {}};
        for (const xmlNode* g = c->children; g; g = g->next) {
            if (g->type != XML_ELEMENT_NODE) continue;
            if (name_of(g) == "Glyph") word.glyphs.push_back(glyph_of(g));
            if (name_of(g) == "ALTERNATIVE") word.alternatives.push_back({text_of(g), confidence_of(g)});
        }
        line.text += word.text;
        sum += word.confidence;
        line.words.push_back(std::move(word));
    }
    if (!line.words.empty()) line.confidence = sum / static_cast<double>(line.words.size());
    return line;
}

BlockKind kind_of(const std::string& type) {
    for (const BlockKind k :
         {BlockKind::Table, BlockKind::Picture, BlockKind::Seal, BlockKind::Rule, BlockKind::Unread})
        if (to_string(k) == type) return k;
    return BlockKind::Text;
}

/// What the tags of a page mean, by their IDs.
struct Tags {
    std::map<std::string, BlockRole> roles;
    std::map<std::string, TableCell> cells; ///< Without a box.
};

BlockRole role_named(const std::string& name) {
    for (int i = 0; i <= static_cast<int>(BlockRole::Caption); ++i)
        if (to_string(static_cast<BlockRole>(i)) == name) return static_cast<BlockRole>(i);
    return BlockRole::Body;
}

/// "row=2 column=1 rows=1 columns=3", counted from 1; false for anything else.
bool parse_cell(const std::string& label, TableCell& cell) {
    int values[4] = {};
    std::size_t at = 0;
    for (int i = 0; i < 4; ++i) {
        static constexpr std::string_view kNames[] = {"row=", " column=", " rows=", " columns="};
        if (label.compare(at, kNames[i].size(), kNames[i]) != 0) return false;
        const char* from = label.data() + at + kNames[i].size();
        const auto read = std::from_chars(from, label.data() + label.size(), values[i]);
        if (read.ec != std::errc() || values[i] < 1 || values[i] > kMostTableCells) return false;
        at = static_cast<std::size_t>(read.ptr - label.data());
    }
    cell = {values[0] - 1, values[1] - 1, values[2], values[3], {}};
    return at == label.size();
}

Tags tags_of(const xmlNode* root) {
    Tags tags;
    const xmlNode* list = find(root, "Tags");
    for (const xmlNode* n = list ? list->children : nullptr; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE) continue;
        const std::string id = attribute(n, "ID"), type = attribute(n, "TYPE"), label = attribute(n, "LABEL");
        if (name_of(n) == "StructureTag" && type == "role") tags.roles[id] = role_named(label);
        TableCell cell;
        if (name_of(n) == "LayoutTag" && type == "cell" && parse_cell(label, cell)) tags.cells[id] = cell;
    }
    return tags;
}

/// The first tag of a block that `known` has.
template <class Value> const Value* tag_of(const xmlNode* n, const std::map<std::string, Value>& known) {
    std::istringstream in(attribute(n, "TAGREFS"));
    for (std::string id; in >> id;)
        if (const auto it = known.find(id); it != known.end()) return &it->second;
    return nullptr;
}

BlockRole role_of(const xmlNode* n, const Tags& tags) {
    const BlockRole* role = tag_of(n, tags.roles);
    return role ? *role : BlockRole::Body;
}

void add_lines(const xmlNode* block, int cell, std::vector<TextLine>& out) {
    for (const xmlNode* l = block->children; l; l = l->next) {
        if (l->type != XML_ELEMENT_NODE || name_of(l) != "TextLine") continue;
        out.push_back(line_of(l));
        out.back().cell = cell;
    }
}

/// A table whose cells are blocks of their own; false when it has none such.
bool add_table(const xmlNode* n, const Tags& tags, std::vector<TextBlock>& out) {
    TextBlock table{BlockKind::Table, box_of(n), {}, attribute(n, "ID")};
    if (table.id.ends_with('c')) table.id.pop_back();
    table.role = role_of(n, tags);
    for (const xmlNode* c = n->children; c; c = c->next) {
        if (c->type != XML_ELEMENT_NODE || name_of(c) != "TextBlock") continue;
        const TableCell* cell = tag_of(c, tags.cells);
        if (cell) {
            table.cells.push_back(*cell);
            table.cells.back().box = box_of(c);
        }
        add_lines(c, cell ? static_cast<int>(table.cells.size()) - 1 : -1, table.lines);
    }
    if (table.cells.empty()) return false;
    out.push_back(std::move(table));
    return true;
}

void add_blocks(const xmlNode* space, BlockKind kind, const Tags& tags, std::vector<TextBlock>& out) {
    for (const xmlNode* n = space->children; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE) continue;
        const std::string_view name = name_of(n);
        if (name == "ComposedBlock") {
            const BlockKind inner = kind_of(attribute(n, "TYPE"));
            if (inner != BlockKind::Table || !add_table(n, tags, out)) add_blocks(n, inner, tags, out);
        } else if (name == "Illustration" || name == "GraphicalElement")
            out.push_back({name == "GraphicalElement" ? BlockKind::Rule : kind_of(attribute(n, "TYPE")),
                           box_of(n),
                           {},
                           attribute(n, "ID")});
        else if (name == "TextBlock") {
            TextBlock block{kind, box_of(n), {}, attribute(n, "ID"), role_of(n, tags), {}};
            add_lines(n, -1, block.lines);
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
        if (const xmlNode* space = find(page->children, "PrintSpace"))
            add_blocks(space, BlockKind::Text, tags_of(root), text.blocks);
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

} // namespace recto
