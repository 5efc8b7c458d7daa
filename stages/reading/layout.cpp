#include "stages/reading/layout.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stages/reading/ppocr_recognize.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

double right_of(const Box& b) { return b.x + b.width; }
double bottom_of(const Box& b) { return b.y + b.height; }
double middle_x(const Box& b) { return b.x + b.width / 2; }
double middle_y(const Box& b) { return b.y + b.height / 2; }
double overlap(double a0, double a1, double b0, double b1) { return std::min(a1, b1) - std::max(a0, b0); }

using Lines = std::vector<TextLine>;

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

/// Height of the type (width, in vertical text): the median over lines.
double em_of(const Lines& lines, bool vertical) {
    std::vector<double> sizes;
    for (const TextLine& l : lines) sizes.push_back(vertical ? l.box.width : l.box.height);
    return std::max(1.0, median(std::move(sizes)));
}

bool reads_before(const TextLine& a, const TextLine& b) {
    if (a.box.y != b.box.y) return a.box.y < b.box.y;
    if (a.box.x != b.box.x) return a.box.x < b.box.x;
    return a.text < b.text;
}

/// Drops regions that lie within another: the detector sometimes gives a word and its line.
void drop_contained(Lines& lines) {
    std::vector<bool> drop(lines.size(), false);
    for (std::size_t i = 0; i < lines.size(); ++i)
        for (std::size_t k = 0; k < lines.size(); ++k) {
            if (i == k || drop[k] || drop[i]) continue;
            const Box &a = lines[i].box, &b = lines[k].box;
            const double area = a.width * a.height;
            if (area > b.width * b.height || lines[i].text.size() > lines[k].text.size()) continue;
            const double w = overlap(a.x, right_of(a), b.x, right_of(b)),
                         h = overlap(a.y, bottom_of(a), b.y, bottom_of(b));
            if (w > 0 && h > 0 && w * h > 0.75 * area && (a.width * a.height < b.width * b.height || i > k))
                drop[i] = true;
        }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (!drop[i]) {
            if (kept != i) lines[kept] = std::move(lines[i]);
            ++kept;
        }
    lines.resize(kept);
}

/// Indices of `lines` grouped into rows from the top; in a row from the left.
std::vector<std::vector<std::size_t>> rows_of(const Lines& lines) {
    std::vector<std::size_t> order(lines.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return middle_y(lines[a].box) < middle_y(lines[b].box); });
    std::vector<std::vector<std::size_t>> rows;
    for (std::size_t i : order) {
        const Box& b = lines[i].box;
        bool joined = false;
        if (!rows.empty()) {
            // The neighbour in the row that is nearest in x says most about where the baseline is, even on a slope.
            const std::vector<std::size_t>& row = rows.back();
            std::size_t nearest = row[0];
            double best = 1e30;
            bool collides = false;
            for (std::size_t k : row) {
                const Box& o = lines[k].box;
                const double gap = -overlap(b.x, right_of(b), o.x, right_of(o));
                if (-gap > 0.3 * std::min(b.width, o.width)) collides = true; // one above the other: two rows
                if (std::max(gap, 0.0) < best) best = std::max(gap, 0.0), nearest = k;
            }
            const Box& o = lines[nearest].box;
            joined = !collides && overlap(b.y, bottom_of(b), o.y, bottom_of(o)) > 0.5 * std::min(b.height, o.height);
        }
        if (joined) rows.back().push_back(i);
        else rows.push_back({i});
    }
    for (auto& row : rows)
        std::stable_sort(row.begin(), row.end(),
                         [&](std::size_t a, std::size_t b) { return lines[a].box.x < lines[b].box.x; });
    return rows;
}

char32_t last_point(const TextLine& l) {
    const std::u32string t = decode_utf8(l.text);
    return t.empty() ? U' ' : t.back();
}
char32_t first_point(const TextLine& l) {
    const std::u32string t = decode_utf8(l.text);
    return t.empty() ? U' ' : t.front();
}

/// Appends `next` to `line`: as a new word, or grown together when Chinese fragments nearly touch.
void append(TextLine& line, TextLine next, double gap, double em) {
    const bool grow = gap < 0.8 * em && is_cjk(last_point(line)) && is_cjk(first_point(next));
    for (std::size_t i = 0; i < next.words.size(); ++i) {
        Word& word = next.words[i];
        if (i == 0 && grow && !line.words.empty()) {
            Word& last = line.words.back();
            const auto a = static_cast<double>(std::max<std::size_t>(1, last.glyphs.size())),
                       b = static_cast<double>(std::max<std::size_t>(1, word.glyphs.size()));
            last.confidence = (last.confidence * a + word.confidence * b) / (a + b);
            last.text += word.text;
            last.box = unite(last.box, word.box);
            for (Glyph& g : word.glyphs) last.glyphs.push_back(std::move(g));
        } else {
            line.words.push_back(std::move(word));
        }
    }
    const Box box = unite(line.box, next.box);
    refresh_line(line);
    line.box = box;
}

void add_block(std::vector<TextBlock>& out, BlockKind kind, Lines lines) {
    if (lines.empty()) return;
    TextBlock block;
    block.kind = kind;
    block.box = lines[0].box;
    for (const TextLine& l : lines) block.box = unite(block.box, l.box);
    block.lines = std::move(lines);
    out.push_back(std::move(block));
}

struct Row {
    TextLine line;
    int cells = 1; ///< Fragments that stand apart by more than an em.
};

/// Text without columns: rows joined, tables told apart, cut into paragraphs.
void arrange_single(Lines lines, std::vector<TextBlock>& out) {
    const double em = em_of(lines, false);
    std::vector<Row> rows;
    for (const auto& indices : rows_of(lines)) {
        Row row{std::move(lines[indices[0]]), 1};
        for (std::size_t i = 1; i < indices.size(); ++i) {
            TextLine& next = lines[indices[i]];
            const double gap = next.box.x - right_of(row.line.box),
                         size = std::min(row.line.box.height, next.box.height);
            if (gap > size) ++row.cells;
            append(row.line, std::move(next), gap, size);
        }
        rows.push_back(std::move(row));
    }
    // A table: at least three rows of several cells, with no more than one row of a single cell between two of them.
    std::vector<bool> table(rows.size(), false);
    for (std::size_t i = 0; i < rows.size();) {
        if (rows[i].cells < 2) {
            ++i;
            continue;
        }
        std::size_t last = i, count = 1;
        for (std::size_t k = i + 1; k < rows.size() && k <= last + 2; ++k) {
            if (rows[k].line.box.y - bottom_of(rows[k - 1].line.box) > 3.5 * em) break;
            if (rows[k].cells >= 2) last = k, ++count;
        }
        if (count >= 3)
            std::fill(table.begin() + static_cast<std::ptrdiff_t>(i),
                      table.begin() + static_cast<std::ptrdiff_t>(last) + 1, true);
        i = last + 1;
    }

    std::vector<double> pitches, lefts;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        lefts.push_back(rows[i].line.box.x);
        if (i > 0) pitches.push_back(middle_y(rows[i].line.box) - middle_y(rows[i - 1].line.box));
    }
    const double pitch = median(pitches);
    std::sort(lefts.begin(), lefts.end());
    const double left = lefts.empty() ? 0 : lefts[lefts.size() / 8];
    Lines block;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (i > 0) {
            const Box &a = rows[i - 1].line.box, &b = rows[i].line.box;
            const double step = middle_y(b) - middle_y(a), tall = std::max(a.height, b.height),
                         low = std::min(a.height, b.height);
            bool ends = table[i] != table[i - 1] || tall > 1.4 * low + 2;
            ends = ends || (step > 1.45 * pitch && step > 1.6 * tall) || step > 3.2 * tall;
            // First line of a paragraph: indented after a line that was not.
            if (!table[i]) ends = ends || (b.x > left + 1.2 * low && a.x < left + 0.6 * low && b.x < left + 6 * low);
            if (ends) {
                add_block(out, table[i - 1] ? BlockKind::Table : BlockKind::Text, std::move(block));
                block.clear();
            }
        }
        block.push_back(std::move(rows[i].line));
    }
    if (!rows.empty()) add_block(out, table.back() ? BlockKind::Table : BlockKind::Text, std::move(block));
}

/// How full the rows of running text are: text width over the width of the column, averaged over rows.
struct Side {
    std::size_t rows = 0;
    double left = 1e30, right = -1e30, fill = 0;
    std::vector<double> middles; ///< Of rows, ascending.
};

Side side_of(const Lines& lines, const std::vector<std::size_t>& members) {
    Side s;
    Lines boxes;
    for (std::size_t i : members) {
        TextLine l;
        l.box = lines[i].box;
        boxes.push_back(l);
        s.left = std::min(s.left, l.box.x);
        s.right = std::max(s.right, right_of(l.box));
    }
    const auto rows = rows_of(boxes);
    s.rows = rows.size();
    double text = 0;
    for (const auto& row : rows) {
        double y = 0;
        for (std::size_t i : row) text += boxes[i].box.width, y += middle_y(boxes[i].box);
        s.middles.push_back(y / static_cast<double>(row.size()));
    }
    s.fill = text / std::max(1.0, static_cast<double>(s.rows) * (s.right - s.left));
    return s;
}

/// Share of the rows of the shorter side that have a partner at the same height on the other.
double aligned_share(const Side& a, const Side& b, double em) {
    const Side &few = a.rows <= b.rows ? a : b, &many = a.rows <= b.rows ? b : a;
    std::size_t hits = 0;
    for (double y : few.middles)
        hits +=
            std::any_of(many.middles.begin(), many.middles.end(), [&](double o) { return std::abs(o - y) < 0.35 * em; })
                ? 1
                : 0;
    return static_cast<double>(hits) / static_cast<double>(std::max<std::size_t>(1, few.rows));
}

struct Gutter {
    bool found = false;
    double x = 0, top = 0, bottom = 0; ///< An empty stripe right of x, between heights (of line middles).
};

/// The gutter that divides most rows of running text.
Gutter find_gutter(const Lines& lines, double em) {
    Gutter best;
    double best_score = 0;
    const double width = 0.9 * em;
    std::vector<double> candidates;
    for (const TextLine& l : lines) candidates.push_back(right_of(l.box));
    std::sort(candidates.begin(), candidates.end());
    double last = -1e30;
    for (double x : candidates) {
        if (x - last < 0.3 * em) continue; // near enough to the one tried
        last = x;
        std::vector<std::size_t> crossing, others;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const Box& b = lines[i].box;
            (b.x < x + width && right_of(b) > x + 0.3 * em ? crossing : others).push_back(i);
        }
        std::vector<double> cuts = {-1e30};
        for (std::size_t i : crossing) cuts.push_back(middle_y(lines[i].box));
        std::sort(cuts.begin(), cuts.end());
        cuts.push_back(1e30);
        for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
            std::vector<std::size_t> left, right;
            for (std::size_t i : others) {
                const double y = middle_y(lines[i].box);
                if (y <= cuts[k] || y >= cuts[k + 1]) continue;
                (lines[i].box.x < x ? left : right).push_back(i);
            }
            if (left.size() < 3 || right.size() < 3) continue;
            // Both sides must stand side by side: what is above or below the other side belongs to neither.
            auto span = [&](const std::vector<std::size_t>& side) {
                double y0 = 1e30, y1 = -1e30;
                for (std::size_t i : side)
                    y0 = std::min(y0, lines[i].box.y), y1 = std::max(y1, bottom_of(lines[i].box));
                return std::pair(y0, y1);
            };
            const auto [l0, l1] = span(left);
            const auto [r0, r1] = span(right);
            if (overlap(l0, l1, r0, r1) < 0.3 * std::min(l1 - l0, r1 - r0)) continue;
            const Side a = side_of(lines, left), b = side_of(lines, right);
            if (a.rows < 3 || b.rows < 3) continue;
            const bool wide = a.right - a.left > 7 * em && b.right - b.left > 7 * em;
            const bool full = a.fill > 0.68 && b.fill > 0.68;
            const bool apart = aligned_share(a, b, em) < 0.5 && a.fill > 0.5 && b.fill > 0.5;
            if (!wide || !(full || apart)) continue;
            const double score = static_cast<double>(std::min(a.rows, b.rows)) + 0.01 * (b.left - a.right) / em;
            if (score > best_score) {
                best_score = score;
                best = {true, x, cuts[k], cuts[k + 1]};
            }
        }
    }
    return best;
}

void arrange_horizontal(Lines lines, std::vector<TextBlock>& out, int depth) {
    if (lines.empty()) return;
    const double em = em_of(lines, false);
    const Gutter g = depth < 12 && lines.size() >= 6 && lines.size() <= 4000 ? find_gutter(lines, em) : Gutter{};
    if (!g.found) return arrange_single(std::move(lines), out);
    Lines above, left, right, below;
    for (TextLine& l : lines) {
        const double y = middle_y(l.box);
        Lines& part = y <= g.top ? above : y >= g.bottom ? below : l.box.x < g.x ? left : right;
        part.push_back(std::move(l));
    }
    // The line that ends a run of columns is on its border and went above or below by its middle.
    for (Lines* part : {&above, &left, &right, &below}) arrange_horizontal(std::move(*part), out, depth + 1);
}

/// Vertical text: registers from the top, columns from the right, a column's fragments joined.
void arrange_vertical(Lines lines, std::vector<TextBlock>& out) {
    std::stable_sort(lines.begin(), lines.end(), reads_before);
    std::vector<Lines> registers;
    std::vector<std::pair<double, double>> spans;
    for (TextLine& l : lines) {
        std::size_t best = registers.size();
        double most = 0.3 * l.box.height;
        for (std::size_t i = 0; i < spans.size(); ++i) {
            const double o = overlap(l.box.y, bottom_of(l.box), spans[i].first, spans[i].second);
            if (o > most) most = o, best = i;
        }
        if (best == registers.size()) {
            registers.emplace_back();
            spans.emplace_back(l.box.y, bottom_of(l.box));
        }
        spans[best] = {std::min(spans[best].first, l.box.y), std::max(spans[best].second, bottom_of(l.box))};
        registers[best].push_back(std::move(l));
    }
    for (Lines& reg : registers) {
        std::stable_sort(reg.begin(), reg.end(),
                         [](const TextLine& a, const TextLine& b) { return middle_x(a.box) > middle_x(b.box); });
        std::vector<Lines> columns;
        for (TextLine& l : reg) {
            if (!columns.empty()) {
                const Box& o = columns.back().front().box;
                if (overlap(l.box.x, right_of(l.box), o.x, right_of(o)) > 0.5 * std::min(l.box.width, o.width)) {
                    columns.back().push_back(std::move(l));
                    continue;
                }
            }
            columns.emplace_back();
            columns.back().push_back(std::move(l));
        }
        Lines joined;
        for (Lines& column : columns) {
            std::stable_sort(column.begin(), column.end(), reads_before);
            TextLine line = std::move(column[0]);
            for (std::size_t i = 1; i < column.size(); ++i) {
                const double gap = column[i].box.y - bottom_of(line.box),
                             size = std::min(line.box.width, column[i].box.width);
                append(line, std::move(column[i]), gap, size);
            }
            line.vertical = true;
            joined.push_back(std::move(line));
        }
        add_block(out, BlockKind::Text, std::move(joined));
    }
}

} // namespace

std::vector<TextBlock> arrange(std::vector<TextLine> lines) {
    std::erase_if(lines, [](const TextLine& l) { return l.text.empty() || l.words.empty(); });
    std::stable_sort(lines.begin(), lines.end(), reads_before);
    drop_contained(lines);
    std::size_t upright = 0, level = 0;
    for (const TextLine& l : lines) (l.vertical ? upright : level) += decode_utf8(l.text).size();
    std::vector<TextBlock> out;
    if (upright > level) {
        arrange_vertical(std::move(lines), out);
        return out;
    }
    const auto middle =
        std::stable_partition(lines.begin(), lines.end(), [](const TextLine& l) { return !l.vertical; });
    Lines vertical(std::make_move_iterator(middle), std::make_move_iterator(lines.end()));
    lines.erase(middle, lines.end());
    arrange_horizontal(std::move(lines), out, 0);
    // Vertical lines on a level page (spines, seals, margins): before the first block that begins below their middle.
    std::vector<TextBlock> aside;
    arrange_vertical(std::move(vertical), aside);
    for (TextBlock& block : aside) {
        const auto at =
            std::find_if(out.begin(), out.end(), [&](const TextBlock& o) { return o.box.y > middle_y(block.box); });
        out.insert(at, std::move(block));
    }
    return out;
}

} // namespace recto::reading
