#include "pipeline/core/page_text.h"

#include <algorithm>
#include <iterator>

#include <nlohmann/json.hpp>

namespace recto {
namespace {
BlockKind parse_block_kind(std::string_view name) {
    for (BlockKind k : {BlockKind::Table, BlockKind::Picture, BlockKind::Seal, BlockKind::Rule, BlockKind::Unread})
        if (to_string(k) == name) return k;
    return BlockKind::Text;
}

constexpr std::string_view kRoles[] = {"body",   "letterhead", "document-number", "title",    "signature", "date",
                                       "header", "footer",     "page-number",     "footnote", "marginal",  "caption"};
BlockRole parse_block_role(std::string_view name) {
    const auto* at = std::ranges::find(kRoles, name);
    return at == std::end(kRoles) ? BlockRole::Body : static_cast<BlockRole>(at - std::begin(kRoles));
}
ReadState parse_read_state(std::string_view name) {
    if (name == "blank") return ReadState::Blank;
    return name == "not-machine-readable" ? ReadState::NotMachineReadable : ReadState::Read;
}
} // namespace

std::string_view to_string(BlockKind kind) {
    switch (kind) {
    case BlockKind::Text: return "text";
    case BlockKind::Table: return "table";
    case BlockKind::Picture: return "picture";
    case BlockKind::Seal: return "seal";
    case BlockKind::Rule: return "rule";
    case BlockKind::Unread: return "unread";
    }
    return "text";
}

std::string_view to_string(BlockRole role) { return kRoles[static_cast<std::size_t>(role)]; }

std::string_view to_string(ReadState state) {
    switch (state) {
    case ReadState::Read: return "read";
    case ReadState::Blank: return "blank";
    case ReadState::NotMachineReadable: return "not-machine-readable";
    }
    return "read";
}

std::string PageText::plain() const {
    std::string out;
    for (const TextBlock& block : blocks) {
        if (block.lines.empty()) continue;
        if (!out.empty()) out += '\n';
        int row = -1; // of the cell that was written last
        for (std::size_t i = 0; i < block.lines.size(); ++i) {
            const TextLine& line = block.lines[i];
            const bool in_cell = line.cell >= 0 && static_cast<std::size_t>(line.cell) < block.cells.size();
            const int here = in_cell ? block.cells[static_cast<std::size_t>(line.cell)].row : -1;
            if (i > 0) {
                const bool same_cell = in_cell && line.cell == block.lines[i - 1].cell;
                out += here >= 0 && here == row && !same_cell ? '\t' : '\n';
            }
            out += line.text;
            row = here;
        }
        out += '\n';
    }
    return out;
}

static void to_json(nlohmann::json& j, const Alternative& a) { j = {a.text, a.confidence}; }
static void from_json(const nlohmann::json& j, Alternative& a) {
    j.at(0).get_to(a.text);
    j.at(1).get_to(a.confidence);
}
static void to_json(nlohmann::json& j, const Glyph& g) {
    j = {g.text, g.box, g.confidence};
#ifdef RECTO_TRACE_CONFIDENCE
    j.push_back(g.variants), j.push_back(g.trace);
#else
    if (!g.variants.empty()) j.push_back(g.variants);
#endif
}
static void from_json(const nlohmann::json& j, Glyph& g) {
    j.at(0).get_to(g.text);
    j.at(1).get_to(g.box);
    j.at(2).get_to(g.confidence);
    if (j.size() > 3) j.at(3).get_to(g.variants);
#ifdef RECTO_TRACE_CONFIDENCE
    if (j.size() > 4) j.at(4).get_to(g.trace);
#endif
}
static void to_json(nlohmann::json& j, const Word& w) {
    j = {{"text", w.text}, {"box", w.box}, {"confidence", w.confidence}, {"glyphs", w.glyphs}};
    if (!w.alternatives.empty()) j["alternatives"] = w.alternatives;
}
static void from_json(const nlohmann::json& j, Word& w) {
    j.at("text").get_to(w.text);
    j.at("box").get_to(w.box);
    j.at("confidence").get_to(w.confidence);
    j.at("glyphs").get_to(w.glyphs);
    if (j.contains("alternatives")) j.at("alternatives").get_to(w.alternatives);
}
static void to_json(nlohmann::json& j, const TextLine& l) {
    j = {{"text", l.text}, {"box", l.box}, {"confidence", l.confidence}, {"vertical", l.vertical}, {"words", l.words}};
    if (!l.id.empty()) j["id"] = l.id;
    if (l.cell >= 0) j["cell"] = l.cell;
}
static void from_json(const nlohmann::json& j, TextLine& l) {
    j.at("text").get_to(l.text);
    j.at("box").get_to(l.box);
    j.at("confidence").get_to(l.confidence);
    j.at("vertical").get_to(l.vertical);
    j.at("words").get_to(l.words);
    l.id = j.value("id", "");
    l.cell = j.value("cell", -1);
}
static void to_json(nlohmann::json& j, const TableCell& c) { j = {c.row, c.column, c.rows, c.columns, c.box}; }
static void from_json(const nlohmann::json& j, TableCell& c) {
    j.at(0).get_to(c.row);
    j.at(1).get_to(c.column);
    j.at(2).get_to(c.rows);
    j.at(3).get_to(c.columns);
    j.at(4).get_to(c.box);
}
static void to_json(nlohmann::json& j, const TextBlock& b) {
    j = {{"kind", to_string(b.kind)}, {"box", b.box}, {"lines", b.lines}};
    if (b.role != BlockRole::Body) j["role"] = to_string(b.role);
    if (!b.cells.empty()) j["cells"] = b.cells;
}
static void from_json(const nlohmann::json& j, TextBlock& b) {
    b.kind = parse_block_kind(j.at("kind").get<std::string>());
    j.at("box").get_to(b.box);
    j.at("lines").get_to(b.lines);
    b.role = parse_block_role(j.value("role", ""));
    if (j.contains("cells")) j.at("cells").get_to(b.cells);
}

void to_json(nlohmann::json& j, const LayerFacts& l) {
    j = {{"characters", l.characters}, {"kept", l.kept}};
    if (l.likeness >= 0) j["likeness"] = l.likeness;
}
void from_json(const nlohmann::json& j, LayerFacts& l) {
    j.at("characters").get_to(l.characters);
    j.at("kept").get_to(l.kept);
    l.likeness = j.value("likeness", -1.0);
}

void to_json(nlohmann::json& j, const PageText& t) {
    j = {{"schema", 1},
         {"width", t.width},
         {"height", t.height},
         {"engine", t.engine},
         {"language", t.language},
         {"state", to_string(t.state)},
         {"confidence", t.confidence},
         {"blocks", t.blocks}};
    if (t.layer) j["layer"] = *t.layer;
}
void from_json(const nlohmann::json& j, PageText& t) {
    j.at("width").get_to(t.width);
    j.at("height").get_to(t.height);
    j.at("engine").get_to(t.engine);
    j.at("language").get_to(t.language);
    t.state = parse_read_state(j.at("state").get<std::string>());
    j.at("confidence").get_to(t.confidence);
    j.at("blocks").get_to(t.blocks);
    if (const auto layer = j.find("layer"); layer != j.end()) t.layer = layer->get<LayerFacts>();
    else t.layer.reset();
}

} // namespace recto
