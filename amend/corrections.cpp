#include "amend/corrections.h"

#include <algorithm>

#include "stages/encode/text_layer.h"

namespace recto::amend {
namespace {

/// One character of a line and where it stands along it.
struct Cell {
    std::string text; ///< A cluster, or " ".
    Box box;
    double confidence = 0;
    bool placed = false;
};

Box part(const Box& box, bool vertical, double from, double to) {
    if (vertical) return {box.x, box.y + from * box.height, box.width, (to - from) * box.height};
    return {box.x + from * box.width, box.y, (to - from) * box.width, box.height};
}

Box joined(const Box& a, const Box& b) {
    const double x = std::min(a.x, b.x), y = std::min(a.y, b.y);
    return {x, y, std::max(a.x + a.width, b.x + b.width) - x, std::max(a.y + a.height, b.y + b.height) - y};
}

double begin_of(const Box& b, bool vertical) { return vertical ? b.y : b.x; }
double end_of(const Box& b, bool vertical) { return vertical ? b.y + b.height : b.x + b.width; }

std::vector<Cell> cells_of(const TextLine& line) {
    std::vector<Cell> cells;
    const auto spaces = encode::spaces_before(line);
    for (std::size_t w = 0; w < line.words.size(); ++w) {
        const Word& word = line.words[w];
        if (w > 0 && spaces[w]) cells.push_back({" ", {}, 0, false});
        if (!word.glyphs.empty()) {
            for (const Glyph& g : word.glyphs) cells.push_back({g.text, g.box, g.confidence, true});
            continue;
        }
        const auto parts = encode::clusters(word.text);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const auto n = static_cast<double>(parts.size());
            cells.push_back({std::string(parts[i]),
                             part(word.box, line.vertical, static_cast<double>(i) / n, static_cast<double>(i + 1) / n),
                             word.confidence, true});
        }
    }
    return cells;
}

/// For each new character the old one that it is, or -1: a longest common subsequence.
std::vector<int> matched(const std::vector<Cell>& before, const std::vector<Cell>& after) {
    const std::size_t n = before.size(), m = after.size();
    std::vector<std::vector<int>> best(n + 1, std::vector<int>(m + 1, 0));
    for (std::size_t i = n; i-- > 0;)
        for (std::size_t k = m; k-- > 0;)
            best[i][k] =
                before[i].text == after[k].text ? best[i + 1][k + 1] + 1 : std::max(best[i + 1][k], best[i][k + 1]);
    std::vector<int> out(m, -1);
    for (std::size_t i = 0, k = 0; i < n && k < m;) {
        if (before[i].text == after[k].text) out[k++] = static_cast<int>(i++);
        else if (best[i + 1][k] >= best[i][k + 1]) ++i;
        else ++k;
    }
    return out;
}

/// Gives the characters from `first` to before `last` the room between their neighbours.
void spread(std::vector<Cell>& cells, std::size_t first, std::size_t last, const Box& line, bool vertical) {
    double from = begin_of(line, vertical), to = end_of(line, vertical);
    if (first > 0) from = end_of(cells[first - 1].box, vertical);
    if (last < cells.size()) to = begin_of(cells[last].box, vertical);
    if (to < from) std::swap(from, to);
    const double step = (to - from) / static_cast<double>(last - first);
    for (std::size_t i = first; i < last; ++i) {
        const double at = from + step * static_cast<double>(i - first);
        cells[i].box = vertical ? Box{line.x, at, line.width, step} : Box{at, line.y, step, line.height};
        cells[i].placed = true;
    }
}

double overlap(const Box& a, const Box& b) {
    const double w = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
    const double h = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
    if (w <= 0 || h <= 0) return 0;
    return w * h / (a.width * a.height + b.width * b.height - w * h);
}

} // namespace

void to_json(nlohmann::json& j, const Correction& c) {
    j = {{"page", c.page}, {"line", c.line}, {"old", c.old_text}, {"new", c.new_text}, {"box", c.box}};
}
void from_json(const nlohmann::json& j, Correction& c) {
    j.at("page").get_to(c.page);
    j.at("line").get_to(c.line);
    j.at("old").get_to(c.old_text);
    j.at("new").get_to(c.new_text);
    j.at("box").get_to(c.box);
}

std::vector<Correction> corrections_of(const nlohmann::json& edits, const std::string& page) {
    std::vector<Correction> out;
    if (!edits.is_array()) return out;
    for (const auto& edit : edits) {
        const std::string kind = edit.value("edit", "");
        if (kind == "replace" && edit.value("page", "") == page) out.clear();
        if (kind != "correct") continue;
        for (const auto& line : edit.value("lines", nlohmann::json::array()))
            if (line.value("page", "") == page) out.push_back(line.get<Correction>());
    }
    return out;
}

void name_lines(PageText& text) {
    for (std::size_t b = 0; b < text.blocks.size(); ++b) {
        TextBlock& block = text.blocks[b];
        if (block.id.empty()) block.id = "b" + std::to_string(b + 1);
        for (std::size_t l = 0; l < block.lines.size(); ++l)
            if (block.lines[l].id.empty()) block.lines[l].id = block.id + "l" + std::to_string(l + 1);
    }
}

TextLine* find_line(PageText& text, const std::string& name) {
    for (TextBlock& block : text.blocks)
        for (TextLine& line : block.lines)
            if (line.id == name) return &line;
    return nullptr;
}

TextBlock* find_unread(PageText& text, const std::string& name) {
    const auto at = std::ranges::find_if(
        text.blocks, [&](const TextBlock& b) { return b.kind == BlockKind::Unread && b.id == name; });
    return at == text.blocks.end() ? nullptr : &*at;
}

std::string clean_lines(std::string_view text) {
    std::string out;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        const std::string line = encode::clean_characters(text.substr(from, end - from));
        if (!line.empty()) out += (out.empty() ? "" : "\n") + line;
        from = end + 1;
    }
    return out;
}

std::string text_of_block(const TextBlock& block) {
    std::string out;
    for (const TextLine& l : block.lines) out += (out.empty() ? "" : "\n") + l.text;
    return out;
}

void fill_place(TextBlock& place, const std::string& text) {
    place.kind = BlockKind::Text;
    place.lines.clear();
    const auto rows = static_cast<double>(std::ranges::count(text, '\n') + 1);
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        TextLine line;
        const auto row = static_cast<double>(place.lines.size());
        line.box = part(place.box, true, row / rows, (row + 1) / rows);
        set_line_text(line, text.substr(from, end - from));
        place.lines.push_back(std::move(line));
        from = end + 1;
    }
}

void set_line_text(TextLine& line, const std::string& wanted) {
    const std::string text = encode::clean_characters(wanted);
    if (text.empty() || text == line.text) return;
    const std::vector<Cell> before = cells_of(line);
    std::vector<Cell> after;
    for (const auto& cluster : encode::clusters(text)) after.push_back({std::string(cluster), {}, 1, false});
    const auto from = matched(before, after);
    for (std::size_t i = 0; i < after.size(); ++i) {
        if (from[i] < 0 || after[i].text == " ") continue;
        after[i] = before[static_cast<std::size_t>(from[i])];
        after[i].confidence = 1; // A person has looked at the whole line.
    }
    for (std::size_t i = 0; i < after.size();) {
        if (after[i].placed) {
            ++i;
            continue;
        }
        std::size_t end = i;
        while (end < after.size() && !after[end].placed) ++end;
        spread(after, i, end, line.box, line.vertical);
        i = end;
    }
    line.words.clear();
    bool open = false;
    for (const Cell& c : after) {
        if (c.text == " ") {
            open = false;
            continue;
        }
        if (!open) line.words.push_back({{}, c.box, 1, {}});
        Word& word = line.words.back();
        word.text += c.text;
        word.box = joined(word.box, c.box);
        word.glyphs.push_back({c.text, c.box, c.confidence});
        open = true;
    }
    line.text = text;
    line.confidence = 1;
}

void take_line_out(PageText& text, const std::string& name) {
    for (TextBlock& block : text.blocks) {
        const auto gone = std::erase_if(block.lines, [&](const TextLine& l) { return l.id == name; });
        if (gone == 0) continue;
        if (block.lines.empty()) {
            const std::string id = block.id;
            std::erase_if(text.blocks, [&](const TextBlock& b) { return b.id == id; });
        }
        return;
    }
}

namespace {

/// What was written where nothing had been read; a reader that has read it since is put right.
bool put_on_place(PageText& text, const Correction& c) {
    TextBlock* place = find_unread(text, c.line);
    double best = place ? overlap(place->box, c.box) : 0;
    if (best < 0.5) place = nullptr, best = 0.5;
    for (TextBlock& b : text.blocks) {
        if (b.kind != BlockKind::Unread && b.kind != BlockKind::Text) continue;
        if (const double share = overlap(b.box, c.box); share > best) best = share, place = &b;
    }
    if (!place) return false;
    if (text_of_block(*place) != c.new_text) fill_place(*place, c.new_text);
    name_lines(text);
    return true;
}

} // namespace

bool put_correction_on(PageText& text, const Correction& c) {
    if (c.old_text.empty() && !c.new_text.empty()) return put_on_place(text, c);
    TextLine* line = find_line(text, c.line);
    if (!line || line->text != c.old_text) {
        // Read again by another engine, the line may be called otherwise and read otherwise: then its place tells it.
        TextLine* nearest = nullptr;
        double best = 0.5;
        for (TextBlock& block : text.blocks)
            for (TextLine& l : block.lines)
                if (const double share = overlap(l.box, c.box); share > best) {
                    best = share;
                    nearest = &l;
                }
        line = nearest;
    }
    if (!line) return c.new_text.empty(); // It was to go, and it is not there.
    if (c.new_text.empty()) take_line_out(text, std::string(line->id));
    else set_line_text(*line, c.new_text);
    return true;
}

} // namespace recto::amend
