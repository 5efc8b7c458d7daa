#include "stages/reading/line_rows.h"

#include <cmath>
#include <numeric>
#include <utility>

#include "stages/reading/ppocr_recognize.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

char32_t last_point(const TextLine& l) {
    const std::u32string t = decode_utf8(l.text);
    return t.empty() ? U' ' : t.back();
}
char32_t first_point(const TextLine& l) {
    const std::u32string t = decode_utf8(l.text);
    return t.empty() ? U' ' : t.front();
}

} // namespace

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

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

std::pair<TextLine, TextLine> parted_at(const TextLine& line, double x) {
    std::pair<TextLine, TextLine> out;
    for (const Word& word : line.words) {
        std::size_t left = 0; // characters; they stand in order
        while (left < word.glyphs.size() && middle_x(word.glyphs[left].box) < x) ++left;
        const bool whole = word.glyphs.empty() || left == 0 || left == word.glyphs.size();
        if (whole) {
            (middle_x(word.box) < x ? out.first : out.second).words.push_back(word);
            continue;
        }
        Word parts[2];
        for (std::size_t i = 0; i < word.glyphs.size(); ++i) {
            Word& part = parts[i < left ? 0 : 1];
            const Glyph& glyph = word.glyphs[i];
            part.box = part.glyphs.empty() ? glyph.box : unite(part.box, glyph.box);
            part.text += glyph.text;
            part.confidence += glyph.confidence;
            part.glyphs.push_back(glyph);
        }
        for (Word& part : parts) part.confidence /= static_cast<double>(part.glyphs.size());
        out.first.words.push_back(std::move(parts[0]));
        out.second.words.push_back(std::move(parts[1]));
    }
    refresh_line(out.first);
    refresh_line(out.second);
    return out;
}

std::vector<Lines> joined_rows(Lines lines, double apart) {
    std::vector<Lines> rows;
    for (const auto& indices : rows_of(lines)) {
        Lines row;
        row.push_back(std::move(lines[indices[0]]));
        for (std::size_t i = 1; i < indices.size(); ++i) {
            TextLine& next = lines[indices[i]];
            TextLine& last = row.back();
            const double gap = next.box.x - right_of(last.box), size = std::min(last.box.height, next.box.height);
            if (gap > apart * size) row.push_back(std::move(next));
            else append(last, std::move(next), gap, size);
        }
        rows.push_back(std::move(row));
    }
    return rows;
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

} // namespace recto::reading
