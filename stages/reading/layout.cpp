#include "stages/reading/layout.h"

#include <algorithm>
#include <cmath>

#include "stages/reading/columns.h"
#include "stages/reading/line_rows.h"
#include "stages/reading/ppocr_recognize.h"
#include "stages/reading/table_text.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

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

struct Row {
    TextLine line;
    Lines pieces; ///< The same in parts that stand apart by more than an em; empty when it is one.
    [[nodiscard]] std::size_t cells() const { return std::max<std::size_t>(1, pieces.size()); }
};

Row row_of(Lines pieces) {
    Row row;
    if (pieces.size() > 1) row.pieces = pieces;
    row.line = std::move(pieces[0]);
    for (std::size_t i = 1; i < pieces.size(); ++i) {
        const double gap = pieces[i].box.x - right_of(row.line.box),
                     size = std::min(row.line.box.height, pieces[i].box.height);
        append(row.line, std::move(pieces[i]), gap, size);
    }
    return row;
}

/// Gives a table without rules its cells where their columns are beyond doubt: three or more, parted from top to bottom by
/// white, with a piece each in nearly every row. A list of titles with page numbers has two, and stays lines.
void add_table(std::vector<TextBlock>& out, std::vector<Row> rows) {
    struct Column {
        double left, right;
        std::size_t pieces = 0;
    };
    std::vector<Column> columns;
    Lines all;
    for (const Row& row : rows)
        for (const TextLine& piece : row.pieces) all.push_back(piece);
    const double em = em_of(all, false);
    std::sort(all.begin(), all.end(), [](const TextLine& a, const TextLine& b) { return a.box.x < b.box.x; });
    for (const TextLine& piece : all) {
        if (columns.empty() || piece.box.x > columns.back().right + 0.5 * em)
            columns.push_back({piece.box.x, right_of(piece.box)});
        columns.back().right = std::max(columns.back().right, right_of(piece.box));
        ++columns.back().pieces;
    }
    bool sure = columns.size() >= 3 && rows.size() >= 3;
    for (const Column& c : columns) sure = sure && c.pieces >= 3 && c.pieces <= rows.size();
    for (const Row& row : rows) sure = sure && row.pieces.size() + 1 >= columns.size();
    TextBlock block;
    block.kind = BlockKind::Table;
    for (std::size_t r = 0; sure && r < rows.size(); ++r) {
        const Box& row = rows[r].line.box;
        std::size_t placed = 0;
        for (std::size_t c = 0; c < columns.size(); ++c) {
            const double left = columns[c].left, right = columns[c].right;
            std::size_t here = 0;
            for (const TextLine& piece : rows[r].pieces) {
                if (middle_x(piece.box) < left || middle_x(piece.box) > right) continue;
                ++here;
                block.lines.push_back(piece);
                block.lines.back().cell = static_cast<int>(block.cells.size());
            }
            sure = sure && here <= 1;
            placed += here;
            block.cells.push_back(
                {static_cast<int>(r), static_cast<int>(c), 1, 1, {left, row.y, right - left, row.height}});
        }
        sure = sure && placed == rows[r].pieces.size();
    }
    if (!sure) {
        Lines lines;
        for (Row& row : rows) lines.push_back(std::move(row.line));
        add_block(out, BlockKind::Table, std::move(lines));
        return;
    }
    block.box = block.lines[0].box;
    for (const TextLine& l : block.lines) block.box = unite(block.box, l.box);
    out.push_back(std::move(block));
}

/// Text without columns: rows joined, tables told apart, cut into paragraphs.
void arrange_single(Lines lines, std::vector<TextBlock>& out) {
    const double em = em_of(lines, false);
    std::vector<Row> rows;
    for (Lines& pieces : joined_rows(std::move(lines), 1)) rows.push_back(row_of(std::move(pieces)));
    // A table: at least three rows of several cells, with no more than one row of a single cell between two of them.
    std::vector<bool> table(rows.size(), false);
    for (std::size_t i = 0; i < rows.size();) {
        if (rows[i].cells() < 2) {
            ++i;
            continue;
        }
        std::size_t last = i, count = 1;
        for (std::size_t k = i + 1; k < rows.size() && k <= last + 2; ++k) {
            if (rows[k].line.box.y - bottom_of(rows[k - 1].line.box) > 3.5 * em) break;
            if (rows[k].cells() >= 2) last = k, ++count;
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
    std::vector<Row> block;
    const auto close = [&](bool is_table) {
        if (is_table) add_table(out, std::move(block));
        else {
            Lines text;
            for (Row& row : block) text.push_back(std::move(row.line));
            add_block(out, BlockKind::Text, std::move(text));
        }
        block.clear();
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (i > 0) {
            const Box &a = block.back().line.box, &b = rows[i].line.box;
            const double step = middle_y(b) - middle_y(a), tall = std::max(a.height, b.height),
                         low = std::min(a.height, b.height);
            bool ends = table[i] != table[i - 1] || tall > 1.4 * low + 2;
            ends = ends || (step > 1.45 * pitch && step > 1.6 * tall) || step > 3.2 * tall;
            // First line of a paragraph: indented after a line that was not.
            if (!table[i]) ends = ends || (b.x > left + 1.2 * low && a.x < left + 0.6 * low && b.x < left + 6 * low);
            if (ends) close(table[i - 1]);
        }
        block.push_back(std::move(rows[i]));
    }
    if (!rows.empty()) close(table.back());
}

void arrange_horizontal(Lines lines, std::vector<TextBlock>& out, int depth) {
    if (lines.empty()) return;
    const double em = em_of(lines, false);
    const Gutter g = depth < 12 && lines.size() >= 6 && lines.size() <= 4000 ? find_gutter(lines, em) : Gutter{};
    if (!g.found) return arrange_single(std::move(lines), out);
    Lines above, left, right, inset, below;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        TextLine& l = lines[i];
        const double y = middle_y(l.box);
        if (y > g.top && y < g.bottom && g.bridge[i]) {
            auto [before, behind] = parted_at(l, g.cut);
            left.push_back(std::move(before));
            right.push_back(std::move(behind));
            continue;
        }
        Lines& part = y <= g.top ? above : y >= g.bottom ? below : g.inset[i] ? inset : l.box.x < g.x ? left : right;
        part.push_back(std::move(l));
    }
    // The line that ends a run of columns is on its border and went above or below by its middle.
    for (Lines* part : {&above, &left, &right, &inset, &below}) arrange_horizontal(std::move(*part), out, depth + 1);
}

/// Fragments of a column from the top; those side by side (a note in two files of small type) from the right.
Lines down_a_column(Lines column) {
    std::stable_sort(column.begin(), column.end(), reads_before);
    for (std::size_t i = 0; i < column.size();) {
        std::size_t end = i + 1;
        const Box first = column[i].box;
        while (end < column.size() &&
               overlap_y(first, column[end].box) > 0.5 * std::min(first.height, column[end].box.height) &&
               overlap_x(first, column[end].box) < 0.3 * std::min(first.width, column[end].box.width))
            ++end;
        std::stable_sort(column.begin() + static_cast<std::ptrdiff_t>(i),
                         column.begin() + static_cast<std::ptrdiff_t>(end),
                         [](const TextLine& a, const TextLine& b) { return middle_x(a.box) > middle_x(b.box); });
        i = end;
    }
    return column;
}

/// Vertical text: registers from the top, columns from the right, a column's fragments joined.
void arrange_vertical(Lines lines, std::vector<TextBlock>& out) {
    std::stable_sort(lines.begin(), lines.end(), reads_before);
    std::vector<Lines> registers;
    std::vector<std::pair<double, double>> spans;
    for (TextLine& l : lines) {
        std::size_t best = registers.size();
        double most = 0;
        for (std::size_t i = 0; i < spans.size(); ++i) {
            const auto [top, bottom] = spans[i];
            const double o = overlap(l.box.y, bottom_of(l.box), top, bottom);
            // A register may begin with a short column, of which the next is only partly the neighbour.
            if (o > 0.3 * std::min(l.box.height, bottom - top) && o > most) most = o, best = i;
        }
        // A column's next fragment, where a neighbour does not bridge the two: registers lie further apart.
        for (std::size_t i = 0; i < registers.size() && best == registers.size(); ++i)
            for (const TextLine& o : registers[i]) {
                const double width = std::min(o.box.width, l.box.width);
                if (overlap_x(o.box, l.box) > 0.5 * width && l.box.y - bottom_of(o.box) < 0.75 * width) best = i;
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
        double left = 0, right = 0; // of the column's widest fragment: notes in two files beside it belong to it
        for (TextLine& l : reg) {
            const bool same = !columns.empty() && overlap(l.box.x, right_of(l.box), left, right) >
                                                      0.5 * std::min(l.box.width, right - left);
            if (!same) columns.emplace_back();
            if (!same || l.box.width > right - left) left = l.box.x, right = right_of(l.box);
            columns.back().push_back(std::move(l));
        }
        Lines joined;
        for (Lines& column : columns) {
            column = down_a_column(std::move(column));
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

/// A page of vertical text. What stands level on it and is wider than a column (a title, a page number) is read before the
/// register that it stands above, behind the last one below it; what is narrower are fragments of columns.
void arrange_upright_page(Lines lines, std::vector<TextBlock>& out) {
    Lines columns, level;
    for (TextLine& l : lines)
        if (l.vertical) columns.push_back(std::move(l));
        else level.push_back(std::move(l));
    const double em = em_of(columns, true);
    Box body = columns[0].box;
    for (const TextLine& l : columns) body = unite(body, l.box);
    Lines across;
    for (TextLine& l : level) {
        const double reach = 0.75 * em; // of a column's last character
        const bool outside = bottom_of(l.box) < body.y - reach || l.box.y > bottom_of(body) + reach ||
                             right_of(l.box) < body.x || l.box.x > right_of(body);
        if (outside || l.box.width > 1.7 * em) across.push_back(std::move(l));
        else columns.push_back(std::move(l));
    }
    std::vector<TextBlock> level_blocks;
    arrange_horizontal(std::move(across), level_blocks, 0);
    arrange_vertical(std::move(columns), out);
    for (TextBlock& block : level_blocks) {
        const auto at = std::find_if(out.begin(), out.end(), [&](const TextBlock& o) {
            return o.lines[0].vertical && o.box.y + em / 2 > middle_y(block.box);
        });
        out.insert(at, std::move(block));
    }
}

/// Puts a table beside which text stands where its column has it: behind what stands above it there.
void insert_table(std::vector<TextBlock>& out, std::size_t from, TextBlock table) {
    std::size_t at = out.size();
    bool above = false;
    for (std::size_t i = from; i < out.size(); ++i) {
        const Box& o = out[i].box;
        if (overlap_x(o, table.box) < 0.3 * std::min(o.width, table.box.width)) continue;
        if (middle_y(o) < middle_y(table.box)) at = i + 1, above = true;
        else if (!above) at = std::min(at, i);
    }
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(at), std::move(table));
}

/// Level text with drawn tables in it. A table that has the height of the page to itself parts the columns above it from those
/// below.
void arrange_with_tables(Lines lines, std::vector<TextBlock> tables, std::vector<TextBlock>& out) {
    std::vector<TextBlock> within; // of the part that is being arranged
    const auto finish = [&](Lines part) {
        const std::size_t from = out.size();
        arrange_horizontal(std::move(part), out, 0);
        for (TextBlock& table : within) insert_table(out, from, std::move(table));
        within.clear();
    };
    for (TextBlock& table : tables) {
        const bool alone = std::none_of(lines.begin(), lines.end(), [&](const TextLine& l) {
            return overlap_y(l.box, table.box) > 0.5 * l.box.height;
        });
        if (!alone) {
            within.push_back(std::move(table));
            continue;
        }
        Lines above, rest;
        for (TextLine& l : lines) (middle_y(l.box) < middle_y(table.box) ? above : rest).push_back(std::move(l));
        finish(std::move(above));
        lines = std::move(rest);
        out.push_back(std::move(table));
    }
    finish(std::move(lines));
}

} // namespace

std::vector<TextBlock> arrange(std::vector<TextLine> lines, const std::vector<TableGrid>& tables) {
    std::erase_if(lines, [](const TextLine& l) { return l.text.empty() || l.words.empty(); });
    std::stable_sort(lines.begin(), lines.end(), reads_before);
    drop_contained(lines);
    std::size_t upright = 0, level = 0;
    for (const TextLine& l : lines) (l.vertical ? upright : level) += decode_utf8(l.text).size();
    std::vector<TextBlock> out;
    if (upright > level) { // The rules of such a page part its columns.
        arrange_upright_page(std::move(lines), out);
        return out;
    }
    std::vector<TextBlock> drawn = take_tables({&lines}, tables);
    const auto middle =
        std::stable_partition(lines.begin(), lines.end(), [](const TextLine& l) { return !l.vertical; });
    Lines vertical(std::make_move_iterator(middle), std::make_move_iterator(lines.end()));
    lines.erase(middle, lines.end());
    arrange_with_tables(std::move(lines), std::move(drawn), out);
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

void place_tables(std::vector<TextBlock>& blocks, const std::vector<TableGrid>& tables) {
    std::vector<Lines*> groups;
    for (TextBlock& b : blocks)
        if (b.kind == BlockKind::Text || b.kind == BlockKind::Table) groups.push_back(&b.lines);
    std::vector<TextBlock> drawn = take_tables(groups, tables);
    if (drawn.empty()) return;
    std::erase_if(blocks, [](const TextBlock& b) {
        return b.lines.empty() && (b.kind == BlockKind::Text || b.kind == BlockKind::Table);
    });
    for (TextBlock& b : blocks) {
        if (b.lines.empty()) continue;
        b.box = b.lines[0].box;
        for (const TextLine& l : b.lines) b.box = unite(b.box, l.box);
    }
    for (TextBlock& table : drawn) insert_table(blocks, 0, std::move(table));
}

} // namespace recto::reading
