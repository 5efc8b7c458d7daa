#pragma once

/// What layout asks of lines again and again: their boxes' sides, the size of the type, rows of fragments, and fragments grown
/// into one line. Pure functions, any thread.

#include <algorithm>
#include <utility>
#include <vector>

#include "pipeline/core/page_text.h"
#include "stages/reading/boxes.h"

namespace recto::reading {

using Lines = std::vector<TextLine>;

[[nodiscard]] double median(std::vector<double> values); ///< 0 of none.

/// Height of the type (width, in vertical text), pixels: the median over lines; at least 1.
[[nodiscard]] double em_of(const Lines& lines, bool vertical);

/// From the top, then from the left, then by text.
[[nodiscard]] bool reads_before(const TextLine& a, const TextLine& b);

/// Indices of `lines` grouped into rows from the top; in a row from the left.
[[nodiscard]] std::vector<std::vector<std::size_t>> rows_of(const Lines& lines);

/// Appends `next` to `line`: as a new word, or grown together when Chinese fragments are less than 0.8 `em` apart.
void append(TextLine& line, TextLine next, double gap, double em);

/// What of a level line stands left of `x`, and the rest: by the middles of its characters. Either may have no words.
[[nodiscard]] std::pair<TextLine, TextLine> parted_at(const TextLine& line, double x);

/// Lines made of the fragments of each row, from the top; in a row those that stand `apart` ems or more from what is left of
/// them begin a line of their own, so that a row gives one line or several.
[[nodiscard]] std::vector<Lines> joined_rows(Lines lines, double apart);

/// A block of that kind around the lines; nothing without lines.
void add_block(std::vector<TextBlock>& out, BlockKind kind, Lines lines);

} // namespace recto::reading
