#include "stages/describe/lines.h"

#include <algorithm>

#include "pipeline/files/codes.h"

namespace recto::describe {

namespace {

/// A piece of a line's text with its box: glyphs, or words that have none.
struct Piece {
    std::size_t begin, end;
    Box box;
    double confidence;
    bool whole_word; ///< No glyphs: the place inside has to be estimated.
};

std::vector<Piece> pieces_of(const TextLine& line) {
    std::vector<Piece> out;
    std::size_t cursor = 0;
    for (const Word& word : line.words) {
        const std::size_t at = word.text.empty() ? std::string::npos : line.text.find(word.text, cursor);
        if (at == std::string::npos) continue;
        cursor = at + word.text.size();
        std::size_t inside = at;
        bool exact = !word.glyphs.empty();
        for (const Glyph& g : word.glyphs) {
            if (line.text.compare(inside, g.text.size(), g.text) != 0) exact = false;
            inside += g.text.size();
        }
        if (!exact || inside != cursor) {
            out.push_back({at, cursor, word.box, word.confidence, true});
            continue;
        }
        inside = at;
        for (const Glyph& g : word.glyphs) {
            out.push_back({inside, inside + g.text.size(), g.box, g.confidence, false});
            inside += g.text.size();
        }
    }
    if (out.empty()) out.push_back({0, line.text.size(), line.box, line.confidence, true});
    return out;
}

} // namespace

std::size_t characters_in(std::string_view utf8) {
    std::size_t n = 0;
    for (std::size_t pos = 0; pos < utf8.size(); ++n) next_code_point(utf8, pos);
    return n;
}

Field make_field(std::string id, const Line& line, std::size_t begin, std::size_t end, std::string value,
                 double weight) {
    Field f;
    f.id = std::move(id);
    f.as_written = line.text.substr(begin, end - begin);
    f.value = std::move(value);
    f.source = "extracted";
    f.page = line.page;
    f.place = place_of(*line.line, begin, end);
    f.confidence = confidence_of(*line.line, begin, end) * weight;
    return f;
}

Box unite(const Box& a, const Box& b) {
    if (a.width <= 0 && a.height <= 0) return b;
    if (b.width <= 0 && b.height <= 0) return a;
    Box u;
    u.x = std::min(a.x, b.x);
    u.y = std::min(a.y, b.y);
    u.width = std::max(a.x + a.width, b.x + b.width) - u.x;
    u.height = std::max(a.y + a.height, b.y + b.height) - u.y;
    return u;
}

Box in_source(const Page& page, const Box& place) {
    const Transform& t = page.treatment.transform;
    if (t.width() <= 0) return place;
    double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
    for (const Point corner :
         {Point{place.x, place.y}, Point{place.x + place.width, place.y}, Point{place.x, place.y + place.height},
          Point{place.x + place.width, place.y + place.height}}) {
        const Point p = t.invert(corner);
        x0 = std::min(x0, p.x), y0 = std::min(y0, p.y), x1 = std::max(x1, p.x), y1 = std::max(y1, p.y);
    }
    return {x0, y0, x1 - x0, y1 - y0};
}

Box place_of(const TextLine& line, std::size_t begin, std::size_t end) {
    Box place;
    for (const Piece& p : pieces_of(line)) {
        const std::size_t from = std::max(begin, p.begin), to = std::min(end, p.end);
        if (from >= to) continue;
        Box box = p.box;
        if (p.whole_word) {
            const std::string_view text = std::string_view(line.text).substr(p.begin, p.end - p.begin);
            const double all = static_cast<double>(std::max<std::size_t>(1, characters_in(text)));
            const double a = static_cast<double>(characters_in(text.substr(0, from - p.begin))) / all;
            const double b = static_cast<double>(characters_in(text.substr(0, to - p.begin))) / all;
            if (line.vertical) {
                box.y += a * box.height;
                box.height *= b - a;
            } else {
                box.x += a * box.width;
                box.width *= b - a;
            }
        }
        place = unite(place, box);
    }
    return place;
}

double confidence_of(const TextLine& line, std::size_t begin, std::size_t end) {
    double sum = 0, count = 0;
    for (const Piece& p : pieces_of(line)) {
        const std::size_t from = std::max(begin, p.begin), to = std::min(end, p.end);
        if (from >= to) continue;
        const double n = static_cast<double>(characters_in(std::string_view(line.text).substr(from, to - from)));
        sum += n * p.confidence;
        count += n;
    }
    return count > 0 ? sum / count : line.confidence;
}

std::vector<Line> lines_of(const Page& page, bool stamps) {
    std::vector<Line> out;
    const double width = std::max(1, page.text.width), height = std::max(1, page.text.height);
    for (const TextBlock& block : page.text.blocks) {
        const bool stamp = stamps && block.kind == BlockKind::Seal;
        if (block.kind != BlockKind::Text && block.kind != BlockKind::Table && !stamp) continue;
        for (const TextLine& line : block.lines) {
            Line l;
            l.page = page.order;
            l.line = &line;
            l.text = line.text;
            for (std::size_t pos = 0; pos < line.text.size();) {
                const std::size_t at = pos;
                char32_t c = next_code_point(line.text, pos);
                if (c <= ' ' || c == 0x3000 || c == 0xA0 || (c >= 0x2000 && c <= 0x200B) || c == 0xFEFF) continue;
                if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
                const std::size_t before = l.squeezed.size();
                append_utf8(l.squeezed, c);
                l.from.insert(l.from.end(), l.squeezed.size() - before, at);
            }
            if (l.squeezed.empty()) continue;
            l.from.push_back(line.text.size());
            l.left = line.box.x / width;
            l.right = (line.box.x + line.box.width) / width;
            l.top = line.box.y / height;
            l.bottom = (line.box.y + line.box.height) / height;
            l.height = line.vertical ? line.box.width : line.box.height;
            l.table = block.kind == BlockKind::Table;
            l.stamp = stamp;
            out.push_back(std::move(l));
        }
    }
    return out;
}

} // namespace recto::describe
