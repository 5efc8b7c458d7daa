#include "stages/encode/text_layer.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "pipeline/core/running_text.h"

namespace recto::encode {
namespace {

bool is_dropped(UChar32 c) {
    if (c == 0xFEFF || c == 0x00AD) return true; // byte order mark; soft hyphen: no mark on paper
    if ((c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE) return true; // noncharacters
    const int type = u_charType(c);
    return type == U_CONTROL_CHAR || type == U_SURROGATE;
}

bool is_space(UChar32 c) { return u_isUWhiteSpace(c) != 0; }

void append(std::string& out, UChar32 c) {
    char buffer[4];
    int n = 0;
    UBool failed = false;
    U8_APPEND(reinterpret_cast<std::uint8_t*>(buffer), n, 4, c, failed);
    if (!failed) out.append(buffer, static_cast<std::size_t>(n));
}

/// Decodes the code point at `i` and moves on; ill-formed bytes give U+FFFD.
UChar32 next(std::string_view s, std::size_t& i) {
    UChar32 c = 0;
    auto at = static_cast<std::int32_t>(i);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(s.data());
    U8_NEXT(bytes, at, static_cast<std::int32_t>(s.size()), c);
    i = static_cast<std::size_t>(at);
    return c < 0 ? 0xFFFD : c;
}

bool extends(UChar32 c) {
    const int type = u_charType(c);
    return type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_COMBINING_SPACING_MARK || c == 0x200D ||
           (c >= 0x1F3FB && c <= 0x1F3FF);
}

/// Relative advance of a cluster where no engine measured it.
double weight(std::string_view cluster) {
    std::size_t i = 0;
    switch (u_getIntPropertyValue(next(cluster, i), UCHAR_EAST_ASIAN_WIDTH)) {
    case U_EA_WIDE:
    case U_EA_FULLWIDTH: return 1.0;
    case U_EA_AMBIGUOUS: return 0.75;
    default: return 0.5;
    }
}

double finite(double v) { return std::isfinite(v) ? v : 0; }

Box cut(const Box& b, double width, double height) {
    const double x0 = std::clamp(finite(b.x), 0.0, width), y0 = std::clamp(finite(b.y), 0.0, height);
    const double x1 = std::clamp(finite(b.x + b.width), x0, width), y1 = std::clamp(finite(b.y + b.height), y0, height);
    return {x0, y0, x1 - x0, y1 - y0};
}

Box join(const Box& a, const Box& b) {
    const double x = std::min(a.x, b.x), y = std::min(a.y, b.y);
    return {x, y, std::max(a.x + a.width, b.x + b.width) - x, std::max(a.y + a.height, b.y + b.height) - y};
}

/// The part of `box` from share `from` to share `to` along the line.
Box part(const Box& box, bool vertical, double from, double to) {
    if (vertical) return {box.x, box.y + from * box.height, box.width, (to - from) * box.height};
    return {box.x + from * box.width, box.y, (to - from) * box.width, box.height};
}

/// Cuts `text` (cleaned, may hold spaces) into words spread over `box` by the widths of their characters.
std::vector<Word> spread(const std::string& text, const Box& box, bool vertical, double confidence) {
    const auto parts = clusters(text);
    double total = 0, at = 0;
    for (auto p : parts) total += weight(p);
    std::vector<Word> words;
    bool open = false;
    for (auto p : parts) {
        const double from = at / total;
        at += weight(p);
        if (p == " ") {
            open = false;
            continue;
        }
        const Box here = part(box, vertical, from, at / total);
        if (!open) words.push_back({std::string(p), here, confidence, {}});
        else {
            words.back().text += p;
            words.back().box = join(words.back().box, here);
        }
        open = true;
    }
    return words;
}

/// Other readings as every format can hold them; one that is empty then is none.
std::vector<Alternative> cleaned(const std::vector<Alternative>& all) {
    std::vector<Alternative> out;
    for (const Alternative& a : all)
        if (std::string text = clean_characters(a.text); !text.empty())
            out.push_back({std::move(text), std::clamp(finite(a.confidence), 0.0, 1.0)});
    return out;
}

/// One engine word as words without white space inside; their glyphs kept when they spell the word.
void add_words(const Word& word, bool vertical, double width, double height, std::vector<Word>& out) {
    const Box box = cut(word.box, width, height);
    const double confidence = std::clamp(finite(word.confidence), 0.0, 1.0);
    std::string spelt;
    for (const Glyph& g : word.glyphs) spelt += g.text;
    if (word.glyphs.empty() || spelt != word.text) {
        const std::string text = clean_characters(word.text);
        if (text.empty()) return;
        if (text.find(' ') == std::string::npos) out.push_back({text, box, confidence, {}, cleaned(word.alternatives)});
        else
            for (Word& w : spread(text, box, vertical, confidence)) out.push_back(std::move(w));
        return;
    }
    bool open = false, split = false;
    const std::size_t first = out.size();
    for (const Glyph& g : word.glyphs) {
        const std::string text = clean_characters(g.text);
        if (clean_characters("x" + g.text + "x").find(' ') != std::string::npos) { // White space ends the word.
            open = false;
            split = true;
            continue;
        }
        if (text.empty()) continue; // A character no format can hold.
        const Glyph glyph{text, cut(g.box, width, height), std::clamp(finite(g.confidence), 0.0, 1.0),
                          cleaned(g.variants)};
        if (!open) out.push_back({text, glyph.box, confidence, {glyph}});
        else {
            out.back().text += text;
            out.back().box = join(out.back().box, glyph.box);
            out.back().glyphs.push_back(glyph);
        }
        open = true;
    }
    if (split || out.size() != first + 1) return; // Other readings were of the whole.
    out.back().alternatives = cleaned(word.alternatives);
    if (box.width > 0 && box.height > 0) out.back().box = box;
}

/// Numbers that a table can have.
bool sound_cells(const std::vector<TableCell>& cells) {
    return cells.size() <= kMostTableCells && std::ranges::all_of(cells, [](const TableCell& c) {
               const auto part = [](int from, int n) {
                   return from >= 0 && n >= 1 && from < kMostTableCells && n <= kMostTableCells - from;
               };
               return part(c.row, c.rows) && part(c.column, c.columns);
           });
}

/// Whether `words` spell `text`, with single spaces between them where `text` has them.
bool spell(const std::vector<Word>& words, std::string_view text, std::vector<bool>* spaces) {
    std::size_t at = 0;
    for (const Word& w : words) {
        const bool space = at < text.size() && text[at] == ' ';
        at += space ? 1 : 0;
        if (text.compare(at, w.text.size(), w.text) != 0) return false;
        at += w.text.size();
        if (spaces) spaces->push_back(space);
    }
    return at == text.size();
}

} // namespace

std::string clean_characters(std::string_view utf8) {
    std::string out;
    out.reserve(utf8.size());
    bool space = false;
    for (std::size_t i = 0; i < utf8.size();) {
        const UChar32 c = next(utf8, i);
        if (is_space(c)) {
            space = !out.empty();
            continue;
        }
        if (is_dropped(c)) continue;
        if (space) out += ' ';
        space = false;
        append(out, c);
    }
    return out;
}

std::vector<std::string_view> clusters(std::string_view utf8) {
    std::vector<std::string_view> out;
    std::size_t start = 0, i = 0;
    bool joined = false;
    while (i < utf8.size()) {
        const std::size_t here = i;
        const UChar32 c = next(utf8, i);
        if (here > start && !joined && !extends(c)) {
            out.push_back(utf8.substr(start, here - start));
            start = here;
        }
        joined = c == 0x200D;
    }
    if (start < utf8.size()) out.push_back(utf8.substr(start));
    return out;
}

PageText clean_text(const PageText& text) {
    PageText out = text;
    const double width = text.width, height = text.height;
    out.confidence = std::clamp(finite(text.confidence), 0.0, 1.0);
    out.blocks.clear();
    for (const TextBlock& block : text.blocks) {
        TextBlock kept{block.kind, cut(block.box, width, height), {}, block.id, block.role, {}};
        const bool table = block.kind == BlockKind::Table && sound_cells(block.cells);
        if (table) kept.cells = block.cells;
        for (TableCell& c : kept.cells) c.box = cut(c.box, width, height);
        for (const TextLine& line : block.lines) {
            TextLine l;
            l.text = clean_characters(line.text);
            if (l.text.empty()) continue;
            l.id = line.id;
            l.vertical = line.vertical;
            if (line.cell >= 0 && static_cast<std::size_t>(line.cell) < kept.cells.size()) l.cell = line.cell;
            l.confidence = std::clamp(finite(line.confidence), 0.0, 1.0);
            for (const Word& w : line.words) add_words(w, line.vertical, width, height, l.words);
            l.box = cut(line.box, width, height);
            if (l.box.width <= 0 || l.box.height <= 0) { // An engine without line boxes: the words say where it is.
                for (std::size_t i = 0; i < l.words.size(); ++i)
                    l.box = i ? join(l.box, l.words[i].box) : l.words[i].box;
            }
            if (l.words.empty() || !spell(l.words, l.text, nullptr))
                l.words = spread(l.text, l.box, l.vertical, l.confidence);
            kept.lines.push_back(std::move(l));
        }
        // One order for the PDF, ALTO and the text: by cells, then what stands in none.
        if (table)
            std::stable_sort(kept.lines.begin(), kept.lines.end(), [](const TextLine& a, const TextLine& b) {
                return static_cast<unsigned>(a.cell) < static_cast<unsigned>(b.cell);
            });
        if (!kept.lines.empty() || block.lines.empty()) out.blocks.push_back(std::move(kept));
    }
    return out;
}

std::vector<bool> spaces_before(const TextLine& line) {
    std::vector<bool> spaces;
    spell(line.words, line.text, &spaces);
    return spaces;
}

int width_step(double size) { return size <= 18 ? 50 : size <= 36 ? 25 : 10; }

namespace {

struct Place {
    std::string text;
    double start, end; ///< Along the line, in points from the page's left (top) edge.
};

/// Where each character of a line starts and ends, spaces included.
std::vector<Place> places(const TextLine& line, double scale) {
    std::vector<Place> out;
    const auto spaces = spaces_before(line);
    auto from = [&](const Box& b) { return (line.vertical ? b.y : b.x) * scale; };
    auto to = [&](const Box& b) { return (line.vertical ? b.y + b.height : b.x + b.width) * scale; };
    for (std::size_t w = 0; w < line.words.size(); ++w) {
        const Word& word = line.words[w];
        const double start = from(word.box), end = std::max(start, to(word.box));
        if (w > 0 && spaces[w]) out.push_back({" ", out.back().end, start});
        else if (w > 0) out.back().end = start; // No space on paper: no gap, or readers would invent one.
        if (!word.glyphs.empty()) {
            const std::size_t n = word.glyphs.size();
            double at = start;
            for (std::size_t g = 0; g < n; ++g) {
                // Between two glyphs the border lies in the middle of the white between them.
                const double border = g + 1 == n ? end : (to(word.glyphs[g].box) + from(word.glyphs[g + 1].box)) / 2;
                out.push_back({word.glyphs[g].text, at, border});
                at = border;
            }
        } else {
            const auto parts = clusters(word.text);
            double total = 0, at = 0;
            for (auto p : parts) total += weight(p);
            for (auto p : parts) {
                const double a = start + (end - start) * at / total;
                at += weight(p);
                out.push_back({std::string(p), a, start + (end - start) * at / total});
            }
        }
    }
    return out;
}

/// poppler and others see a word break only where the gap is wider than 0.15 em.
constexpr double kLeastSpace = 0.2;

/// `size` 0: that of the line's box.
TextRun run_of(const TextLine& line, double sx, double sy, double height_pt, double size) {
    TextRun run;
    run.vertical = line.vertical;
    const double extent = line.vertical ? line.box.width * sx : line.box.height * sy;
    run.size = std::max(1.0, std::round((size > 0 ? size : extent) * 100) / 100);
    auto all = places(line, line.vertical ? sy : sx);
    for (std::size_t i = 1; i + 1 < all.size(); ++i) {
        if (all[i].text != " ") continue;
        const double lacks = kLeastSpace * run.size - (all[i].end - all[i].start);
        if (lacks <= 0) continue;
        all[i].start -= lacks / 2;
        all[i].end += lacks / 2;
        all[i - 1].end = all[i].start;
        all[i + 1].start = all[i].end;
    }
    const double origin = all.front().start;
    if (line.vertical) {
        run.x = line.box.x * sx + (1 - kAscent) * run.size;
        run.y = height_pt - origin;
    } else {
        run.x = origin;
        // Another size than the box's reaches as far over it as under it.
        const double below = size > 0 ? (run.size - extent) / 2 : 0;
        run.y = height_pt - (line.box.y + line.box.height) * sy - below + (1 - kAscent) * run.size;
    }
    const int step = width_step(run.size);
    const double grid = run.size * step / 1000;
    long at = 0; // In grid steps from the origin; rounding each end to the grid keeps errors from adding up.
    for (Place& p : all) {
        long end = std::lround((p.end - origin) / grid);
        end = std::clamp(end, at + 1, at + 100'000 / step);
        run.units.push_back({std::move(p.text), static_cast<int>(end - at) * step});
        at = end;
    }
    return run;
}

// Readers that find the order by themselves (pdftotext without -raw) take lines for one block only when their sizes differ by
// less than 5 % and their baselines lie within 1.5 sizes. Single lines side by side are a table to them, read across: columns
// would be mixed. So lines that have others beside them share a size, as far as their place allows.
constexpr double kBlockPitch = 1.45;
constexpr double kMostGrown = 2; ///< Points, half of them on each side: the text stays within 0.35 mm of its print.

double middle_of(std::vector<double> values) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

/// Sizes in points for the lines `first` to before `last` of a block or cell.
void share_size(const std::vector<TextLine>& lines, std::size_t first, std::size_t last, double sy,
                std::vector<double>& sizes) {
    std::vector<double> heights, steps;
    for (std::size_t i = first; i < last; ++i) {
        if (lines[i].vertical) return;
        heights.push_back(lines[i].box.height * sy);
        if (i > first)
            steps.push_back(
                (lines[i].box.y + lines[i].box.height / 2 - lines[i - 1].box.y - lines[i - 1].box.height / 2) * sy);
    }
    if (steps.empty()) return;
    double size = middle_of(heights);
    if (const double pitch = middle_of(steps); pitch < 2 * size) size = std::max(size, pitch / kBlockPitch);
    for (std::size_t i = first; i < last; ++i) {
        const double own = lines[i].box.height * sy;
        sizes[i] = std::max(1.0, std::clamp(size, own - kMostGrown, own + kMostGrown));
    }
}

bool stands_beside(const Box& a, const Box& b) {
    const double x = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x),
                 y = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
    return x <= 0 && y > 0.3 * std::min(a.height, b.height);
}

/// Sizes in points for the lines of block `at`; 0: that of the line's box.
std::vector<double> sizes_of(const PageText& text, std::size_t at, double sy) {
    const TextBlock& block = text.blocks[at];
    std::vector<double> sizes(block.lines.size(), 0);
    if (!block.cells.empty()) {
        for (std::size_t i = 0; i < block.lines.size();) {
            std::size_t end = i + 1;
            while (end < block.lines.size() && block.lines[end].cell == block.lines[i].cell) ++end;
            share_size(block.lines, i, end, sy, sizes);
            i = end;
        }
    } else if (block.lines.size() > 1 && std::any_of(text.blocks.begin(), text.blocks.end(), [&](const TextBlock& o) {
                   return o.lines.size() > 1 && stands_beside(o.box, block.box);
               })) {
        share_size(block.lines, 0, block.lines.size(), sy, sizes);
    }
    return sizes;
}

} // namespace

std::vector<TextRun> lay_out(const PageText& text, double width_pt, double height_pt) {
    std::vector<TextRun> runs;
    if (text.width <= 0 || text.height <= 0) return runs;
    const double sx = width_pt / text.width, sy = height_pt / text.height;
    for (std::size_t b = 0; b < text.blocks.size(); ++b) {
        const auto& lines = text.blocks[b].lines;
        const std::vector<double> sizes = sizes_of(text, b, sy);
        for (std::size_t i = 0; i < lines.size(); ++i)
            if (!lines[i].words.empty()) runs.push_back(run_of(lines[i], sx, sy, height_pt, sizes[i]));
    }
    return runs;
}

} // namespace recto::encode
