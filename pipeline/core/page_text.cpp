#include "pipeline/core/page_text.h"

#include <nlohmann/json.hpp>

namespace recto {
namespace {
BlockKind parse_block_kind(std::string_view name) {
    for (BlockKind k : {BlockKind::Table, BlockKind::Picture, BlockKind::Seal, BlockKind::Rule})
        if (to_string(k) == name) return k;
    return BlockKind::Text;
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
    }
    return "text";
}

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
        for (const TextLine& line : block.lines) {
            out += line.text;
            out += '\n';
        }
    }
    return out;
}

static void to_json(nlohmann::json& j, const Glyph& g) { j = {g.text, g.box, g.confidence}; }
static void from_json(const nlohmann::json& j, Glyph& g) {
    j.at(0).get_to(g.text);
    j.at(1).get_to(g.box);
    j.at(2).get_to(g.confidence);
}
static void to_json(nlohmann::json& j, const Word& w) {
    j = {{"text", w.text}, {"box", w.box}, {"confidence", w.confidence}, {"glyphs", w.glyphs}};
}
static void from_json(const nlohmann::json& j, Word& w) {
    j.at("text").get_to(w.text);
    j.at("box").get_to(w.box);
    j.at("confidence").get_to(w.confidence);
    j.at("glyphs").get_to(w.glyphs);
}
static void to_json(nlohmann::json& j, const TextLine& l) {
    j = {{"text", l.text}, {"box", l.box}, {"confidence", l.confidence}, {"vertical", l.vertical}, {"words", l.words}};
    if (!l.id.empty()) j["id"] = l.id;
}
static void from_json(const nlohmann::json& j, TextLine& l) {
    j.at("text").get_to(l.text);
    j.at("box").get_to(l.box);
    j.at("confidence").get_to(l.confidence);
    j.at("vertical").get_to(l.vertical);
    j.at("words").get_to(l.words);
    l.id = j.value("id", "");
}
static void to_json(nlohmann::json& j, const TextBlock& b) {
    j = {{"kind", to_string(b.kind)}, {"box", b.box}, {"lines", b.lines}};
}
static void from_json(const nlohmann::json& j, TextBlock& b) {
    b.kind = parse_block_kind(j.at("kind").get<std::string>());
    j.at("box").get_to(b.box);
    j.at("lines").get_to(b.lines);
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
}
void from_json(const nlohmann::json& j, PageText& t) {
    j.at("width").get_to(t.width);
    j.at("height").get_to(t.height);
    j.at("engine").get_to(t.engine);
    j.at("language").get_to(t.language);
    t.state = parse_read_state(j.at("state").get<std::string>());
    j.at("confidence").get_to(t.confidence);
    j.at("blocks").get_to(t.blocks);
}

} // namespace recto
