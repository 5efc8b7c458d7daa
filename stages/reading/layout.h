#pragma once

/// Reading order: from lines in no order to blocks as a person reads them. Pure functions of boxes and texts, any thread.
///
/// Horizontal text. Fragments are sorted into rows by their overlap in height. A gutter is an empty upright stripe that
/// separates text on both sides over at least three rows; it divides columns when the text on its sides fills its width
/// (running text), and cells of a table when it does not. Columns are read from the left to the right, each from the
/// top, by recursion; a row that a gutter does not divide (a title, a letterhead, a full-width paragraph) ends the run
/// of columns. A line that spans a gutter in running text with white in it there, wider than its spaces, is two lines that were found
/// as one: it is cut. A box that reaches a little into the gutter belongs to its own side. Table rows are read row by row: the cells of a row become one line, separated by one space each, and the
/// block is a Table. Where three columns or more stand clear over three rows or more, it has cells, and a line in each.
/// Elsewhere fragments of one row that stand apart become one line in the same way.
///
/// Drawn tables (table_grid.h) come first: what stands in their cells becomes lines of a Table, read cell by cell. One that
/// has its height to itself ends the run of columns above it; one in a column is read where it stands there.
///
/// Vertical text (Chinese, from the right): when most of the characters of a page stand in vertical lines, lines are
/// read by registers from the top, in each from right to left; notes in two files of small type within a column from
/// right to left, too. A level title or page number on such a page is a block of its own.
///
/// Paragraphs: a block ends where the distance to the next line is larger than usual, the size of the type changes, or
/// a line is indented.

#include <vector>

#include "pipeline/core/page_text.h"
#include "stages/reading/table_grid.h"

namespace recto::reading {

/// Blocks in reading order. `lines` in any order; empty lines are dropped. Deterministic: ties go by position, then text.
[[nodiscard]] std::vector<TextBlock> arrange(std::vector<TextLine> lines, const std::vector<TableGrid>& tables = {});

/// For blocks that an engine has ordered itself: what stands in drawn tables is taken out of them and becomes Tables.
void place_tables(std::vector<TextBlock>& blocks, const std::vector<TableGrid>& tables);

} // namespace recto::reading
