#include "pipeline/core/running_text.h"

#include <algorithm>
#include <cstdint>

namespace recto {
namespace {

/// The code point that begins at `at`; what is no UTF-8 gives a value that no rule here knows.
char32_t point_at(const std::string& s, std::size_t at) {
    const auto byte = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U; };
    const unsigned lead = byte(at);
    if (lead < 0x80) return lead;
    if (lead < 0xE0) return (lead & 0x1F) << 6 | (byte(at + 1) & 0x3F);
    if (lead < 0xF0) return (lead & 0x0F) << 12 | (byte(at + 1) & 0x3F) << 6 | (byte(at + 2) & 0x3F);
    return (lead & 0x07) << 18 | (byte(at + 1) & 0x3F) << 12 | (byte(at + 2) & 0x3F) << 6 | (byte(at + 3) & 0x3F);
}

/// Where the character before `end` begins.
std::size_t before(const std::string& s, std::size_t end) {
    while (end > 0 && (static_cast<unsigned char>(s[--end]) & 0xC0) == 0x80) {}
    return end;
}

bool is_small_letter(char32_t c) {
    if (c >= 'a' && c <= 'z') return true;
    if (c >= 0xDF && c <= 0xFF) return c != 0xF7;
    if (c >= 0x139 && c <= 0x148) return c % 2 == 0; // In Latin Extended-A capitals and small letters take turns, ...
    if (c >= 0x179 && c <= 0x17E) return c % 2 == 0; // ... twice with the capitals on the odd places.
    if (c >= 0x100 && c <= 0x177) return c % 2 == 1;
    return c == 0x17F || (c >= 0x3AC && c <= 0x3CE) || (c >= 0x430 && c <= 0x45F);
}

bool is_letter(char32_t c) {
    return is_small_letter(c) || (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7) ||
           (c >= 0x386 && c <= 0x3FF) || (c >= 0x400 && c <= 0x52F);
}

bool is_hyphen(char32_t c) { return c == '-' || c == 0x2010; }

/// Written without spaces between words.
bool is_unspaced(char32_t c) {
    return (c >= 0x2E80 && c <= 0x312F) || (c >= 0x3190 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0xFE30 && c <= 0xFE4F) || (c >= 0xFF00 && c <= 0xFF60) || (c >= 0x20000 && c <= 0x3FFFF);
}

/// Where the hyphen behind a letter at the end of `s` begins; npos without one.
std::size_t hyphen_of(const std::string& s) {
    if (s.empty()) return std::string::npos;
    const std::size_t at = before(s, s.size());
    return at > 0 && is_hyphen(point_at(s, at)) && is_letter(point_at(s, before(s, at))) ? at : std::string::npos;
}

void append_line(std::string& out, const TextLine& line, const TextLine* last) {
    if (line.text.empty()) return;
    if (!last || out.empty()) {
        out += line.text;
        return;
    }
    if (hyphen_joins(*last, line)) out.resize(before(out, out.size()));
    else if (hyphen_of(out) == std::string::npos && !is_unspaced(point_at(out, before(out, out.size()))) &&
             !is_unspaced(point_at(line.text, 0)))
        out += ' ';
    out += line.text;
}

/// Whether the paragraph ends with this line: it leaves more of its block's width free than a word would need.
bool ends_short(const TextBlock& block, const TextLine& line) {
    const Box &b = block.box, &l = line.box;
    const double room = line.vertical ? b.y + b.height - l.y - l.height : b.x + b.width - l.x - l.width;
    const double extent = line.vertical ? b.height : b.width, type = line.vertical ? l.width : l.height;
    return room > std::max(0.25 * extent, 4 * type);
}

/// A heading is broken by its sense, and its lines are of unequal length.
bool runs_on(BlockRole role) {
    return role == BlockRole::Title || role == BlockRole::Letterhead || role == BlockRole::Caption;
}

void add_paragraphs(const TextBlock& block, std::string& out) {
    if (const auto rows = table_rows(block); !rows.empty()) {
        for (const auto& row : rows)
            for (std::size_t i = 0; i < row.size(); ++i) {
                out += row[i];
                out += i + 1 < row.size() ? '\t' : '\n';
            }
        for (const TextLine& line : block.lines) // what stands in no cell
            if (line.cell < 0 || static_cast<std::size_t>(line.cell) >= block.cells.size()) out += line.text + '\n';
        return;
    }
    for (std::size_t i = 0; i < block.lines.size();) {
        std::size_t end = i + 1;
        while (end < block.lines.size() && block.kind != BlockKind::Table &&
               (runs_on(block.role) || hyphen_joins(block.lines[end - 1], block.lines[end]) ||
                !ends_short(block, block.lines[end - 1])))
            ++end;
        out += joined_text(std::span(block.lines).subspan(i, end - i)) + '\n';
        i = end;
    }
}

} // namespace

bool hyphen_joins(const TextLine& line, const TextLine& next) {
    return line.vertical == next.vertical && line.cell == next.cell && hyphen_of(line.text) != std::string::npos &&
           !next.text.empty() && is_small_letter(point_at(next.text, 0));
}

std::string joined_text(std::span<const TextLine> lines) {
    std::string out;
    for (std::size_t i = 0; i < lines.size(); ++i) append_line(out, lines[i], i > 0 ? &lines[i - 1] : nullptr);
    return out;
}

std::vector<std::vector<std::string>> table_rows(const TextBlock& block) {
    std::int64_t rows = 0, columns = 0;
    for (const TableCell& c : block.cells) {
        if (c.row < 0 || c.column < 0 || c.row >= kMostTableCells || c.column >= kMostTableCells) return {};
        rows = std::max<std::int64_t>(rows, std::int64_t{c.row} + 1);
        columns = std::max<std::int64_t>(columns, std::int64_t{c.column} + 1);
        // The last columns may belong to spans alone.
        if (c.rows > 0 && c.rows < kMostTableCells) rows = std::max<std::int64_t>(rows, std::int64_t{c.row} + c.rows);
        if (c.columns > 0 && c.columns < kMostTableCells)
            columns = std::max<std::int64_t>(columns, std::int64_t{c.column} + c.columns);
    }
    if (rows == 0 || rows * columns > kMostTableCells) return {};
    std::vector<std::vector<std::string>> out(static_cast<std::size_t>(rows),
                                              std::vector<std::string>(static_cast<std::size_t>(columns)));
    for (std::size_t c = 0; c < block.cells.size(); ++c) {
        std::vector<TextLine> lines;
        for (const TextLine& line : block.lines)
            if (line.cell >= 0 && static_cast<std::size_t>(line.cell) == c) lines.push_back(line);
        if (!lines.empty())
            out[static_cast<std::size_t>(block.cells[c].row)][static_cast<std::size_t>(block.cells[c].column)] =
                joined_text(lines);
    }
    return out;
}

std::string PageText::paragraphs() const {
    std::string out;
    for (const TextBlock& block : blocks) {
        if (block.lines.empty()) continue;
        if (!out.empty()) out += '\n';
        add_paragraphs(block, out);
    }
    return out;
}

} // namespace recto
