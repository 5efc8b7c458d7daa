#pragma once

/// Reading order: from lines in no order to blocks as a person reads them. Pure functions of boxes and texts, any thread.
///
/// Horizontal text. Fragments are sorted into rows by their overlap in height. A gutter is an empty upright stripe that
/// separates text on both sides over at least three rows; it divides columns when the text on its sides fills its width
/// (running text), and cells of a table when it does not. Columns are read from the left to the right, each from the
/// top, by recursion; a row that a gutter does not divide (a title, a letterhead, a full-width paragraph) ends the run
/// of columns. Table rows are read row by row: the cells of a row become one line, separated by one space each, and the
/// block is a Table. Elsewhere fragments of one row that stand apart become one line in the same way.
///
/// Vertical text (Chinese, from the right): when most of the characters of a page stand in vertical lines, lines are
/// read by registers from the top, in each from right to left.
///
/// Paragraphs: a block ends where the distance to the next line is larger than usual, the size of the type changes, or
/// a line is indented.

#include <vector>

#include "pipeline/core/page_text.h"

namespace recto::reading {

/// Blocks in reading order. `lines` in any order; empty lines are dropped. Deterministic: ties go by position, then text.
[[nodiscard]] std::vector<TextBlock> arrange(std::vector<TextLine> lines);

} // namespace recto::reading
