#include "stages/reading/table_text.h"

#include <algorithm>
#include <utility>

#include "stages/reading/ppocr_recognize.h"

namespace recto::reading {

namespace {

constexpr int kOutside = -1;
/// A line, with the paper that the detector gives it, is at most so much higher than a row of the table.
constexpr double kTallest = 1.4;

int cell_at(const TableGrid& table, const Box& box) {
    if (!holds_middle(table.box, box)) return kOutside;
    for (std::size_t i = 0; i < table.cells.size(); ++i)
        if (holds_middle(table.cells[i].box, box)) return static_cast<int>(i);
    return kOutside;
}

/// A part of a line that stands in one cell, or outside the table.
struct CellPiece {
    int cell = kOutside;
    TextLine line;
};

void add_word(std::vector<CellPiece>& out, int cell, const TextLine& line, Word word) {
    if (out.empty() || out.back().cell != cell) {
        out.push_back({cell, {}});
        out.back().line.vertical = line.vertical;
    }
    out.back().line.words.push_back(std::move(word));
}

/// The line cut where it goes from one cell to another; one piece, the line itself, where it does not.
std::vector<CellPiece> cut_by_cells(const TextLine& line, const TableGrid& table) {
    std::vector<CellPiece> out;
    for (const Word& word : line.words) {
        if (word.glyphs.empty()) {
            add_word(out, cell_at(table, word.box), line, word);
            continue;
        }
        std::size_t from = 0;
        int cell = cell_at(table, word.glyphs[0].box);
        for (std::size_t i = 1; i <= word.glyphs.size(); ++i) {
            const int next = i < word.glyphs.size() ? cell_at(table, word.glyphs[i].box) : -2;
            if (next == cell) continue;
            if (from == 0 && i == word.glyphs.size()) {
                add_word(out, cell, line, word);
                break;
            }
            Word part{{}, word.glyphs[from].box, word.confidence, {}};
            for (std::size_t k = from; k < i; ++k) {
                part.text += word.glyphs[k].text;
                part.box = unite(part.box, word.glyphs[k].box);
                part.glyphs.push_back(word.glyphs[k]);
            }
            add_word(out, cell, line, std::move(part));
            from = i;
            cell = next;
        }
    }
    if (out.size() == 1) out[0].line = line;
    else
        for (CellPiece& piece : out) refresh_line(piece.line);
    return out;
}

/// What is read in one cell.
Lines lines_in_cell(Lines lines) {
    std::size_t upright = 0;
    for (const TextLine& l : lines) upright += l.vertical ? 1 : 0;
    if (2 * upright > lines.size()) { // columns, from the right
        std::stable_sort(lines.begin(), lines.end(),
                         [](const TextLine& a, const TextLine& b) { return middle_x(a.box) > middle_x(b.box); });
        for (std::size_t i = 0; i < lines.size();) {
            std::size_t end = i + 1;
            while (end < lines.size() &&
                   overlap_x(lines[i].box, lines[end].box) > 0.5 * std::min(lines[i].box.width, lines[end].box.width))
                ++end;
            std::stable_sort(lines.begin() + static_cast<std::ptrdiff_t>(i),
                             lines.begin() + static_cast<std::ptrdiff_t>(end), reads_before);
            i = end;
        }
        return lines;
    }
    Lines out;
    for (Lines& row : joined_rows(std::move(lines), 1e9)) out.push_back(std::move(row[0]));
    return out;
}

/// Whether the text keeps to the cells: on manuscript and account paper it runs over their borders, and what the strokes of
/// large letters enclose is lower than the letters.
bool keeps_to_cells(const std::vector<Lines*>& groups, const TableGrid& table) {
    std::size_t inside = 0, running = 0, taller = 0;
    int rows = 1;
    for (const TableCell& cell : table.cells) rows = std::max(rows, cell.row + cell.rows);
    const double row_height = table.box.height / rows;
    for (const Lines* lines : groups)
        for (const TextLine& line : *lines) {
            if (!holds_middle(table.box, line.box)) continue;
            ++inside;
            std::vector<int> cells;
            for (const CellPiece& piece : cut_by_cells(line, table)) cells.push_back(piece.cell);
            taller += !line.vertical && line.box.height > kTallest * row_height;
            std::sort(cells.begin(), cells.end());
            running += std::unique(cells.begin(), cells.end()) - cells.begin() > 2 ? 1 : 0;
        }
    return inside > 0 && 2 * taller < inside && (running < 3 || 2 * running < inside);
}

} // namespace

std::vector<TextBlock> take_tables(const std::vector<Lines*>& groups, const std::vector<TableGrid>& tables) {
    std::vector<TextBlock> out;
    for (const TableGrid& table : tables) {
        if (!keeps_to_cells(groups, table)) continue;
        std::vector<Lines> cells(table.cells.size());
        for (Lines* lines : groups) {
            Lines kept;
            for (TextLine& line : *lines) {
                std::vector<CellPiece> pieces = cut_by_cells(line, table);
                if (std::all_of(pieces.begin(), pieces.end(), [](const auto& p) { return p.cell == kOutside; })) {
                    kept.push_back(std::move(line));
                    continue;
                }
                for (CellPiece& piece : pieces)
                    (piece.cell == kOutside ? kept : cells[static_cast<std::size_t>(piece.cell)])
                        .push_back(std::move(piece.line));
            }
            *lines = std::move(kept);
        }
        TextBlock block;
        block.kind = BlockKind::Table;
        block.box = table.box;
        block.cells = table.cells;
        for (std::size_t c = 0; c < cells.size(); ++c) {
            if (cells[c].empty()) continue;
            for (TextLine& line : lines_in_cell(std::move(cells[c]))) {
                line.cell = static_cast<int>(c);
                block.lines.push_back(std::move(line));
            }
        }
        if (!block.lines.empty()) out.push_back(std::move(block));
    }
    return out;
}

} // namespace recto::reading
