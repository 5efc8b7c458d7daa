#pragma once

/// The lines of a page as description reads them, and the way back from characters to their place.

#include <string>
#include <vector>

#include "pipeline/core/item.h"

namespace recto::describe {

/// One printed line that bears text (pictures, seals and rules are left out).
struct Line {
    int page = 0;                   ///< Page order, from 1.
    const TextLine* line = nullptr; ///< Of the item's page; lives as long as the item is not changed.
    std::string text;               ///< As read, trimmed of nothing.
    std::string squeezed;           ///< Width folded, no white space: what rules look at.
    std::vector<std::size_t> from;  ///< Byte of `text` for each byte of `squeezed`, and text.size() behind the last.
    double top = 0, bottom = 0, left = 0, right = 0; ///< Shares of the page, 0 to 1.
    double height = 0;                               ///< Pixels: the line's box across its direction.
    bool table = false, stamp = false;
};

/// Lines of one page in reading order; with `stamps` also what stands in seals and stamps.
[[nodiscard]] std::vector<Line> lines_of(const Page& page, bool stamps = false);

/// Where bytes [begin, end) of the line's text stand, page pixels: the union of their glyphs' boxes, else a share of
/// the word's box by characters.
[[nodiscard]] Box place_of(const TextLine& line, std::size_t begin, std::size_t end);
/// Mean confidence of those characters, 0 to 1.
[[nodiscard]] double confidence_of(const TextLine& line, std::size_t begin, std::size_t end);

/// A field that stands at bytes [begin, end) of a line; `weight`: how far the rule that found it is to be trusted.
[[nodiscard]] Field make_field(std::string id, const Line& line, std::size_t begin, std::size_t end, std::string value,
                               double weight);

/// The smallest box of the page's source that holds a box of the page.
[[nodiscard]] Box in_source(const Page& page, const Box& place);

[[nodiscard]] Box unite(const Box& a, const Box& b); ///< A box without size is nothing.
[[nodiscard]] std::size_t characters_in(std::string_view utf8);

} // namespace recto::describe
