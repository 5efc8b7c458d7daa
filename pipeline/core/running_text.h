#pragma once

/// From printed lines to text that runs on: words joined over a line's end, the cells of a table. Pure functions, any thread.

#include <span>
#include <string>
#include <vector>

#include "pipeline/core/page_text.h"

namespace recto {

/// Whether `line` ends in a hyphen that divides a word which `next` goes on with: a letter of an alphabet before the
/// hyphen, a small one after it. What is joined so loses the hyphen; "well-" before "known" cannot be told from it.
[[nodiscard]] bool hyphen_joins(const TextLine& line, const TextLine& next);

/// The lines' texts as one: a divided word whole, nothing between Chinese characters, else one space.
[[nodiscard]] std::string joined_text(std::span<const TextLine> lines);

/// The text of a table's cells, by rows and columns, each as joined_text() has it; a cell that spans several stands in its
/// first row and column. Rows have one length. Empty for a block without cells, and where their numbers are beyond
/// kMostTableCells.
[[nodiscard]] std::vector<std::vector<std::string>> table_rows(const TextBlock& block);
inline constexpr int kMostTableCells = 100'000; ///< Rows times columns of a table that anything handles.

} // namespace recto
