#pragma once

/// From what reading found to what the archival files say: one cleaned text that the PDF, ALTO and the text file share,
/// and its placement along each printed line. Pure functions, any thread.

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/page_text.h"

namespace recto::encode {

/// What every format can hold: ill-formed UTF-8 becomes U+FFFD; control characters, noncharacters, U+FEFF and soft
/// hyphens go; white space of any kind becomes one U+0020, none at either end. Nothing else is changed (no folding).
[[nodiscard]] std::string clean_characters(std::string_view utf8);

/// `text` with every line cleaned as above, lines that become empty dropped, boxes cut to the page, and words that,
/// joined as line.text says, are exactly line.text: where the engine's words disagree with its line, the line's text wins
/// and is spread over the line's box. A word keeps its glyphs only when they spell it, and its other readings only while it
/// stays one word. The lines of a table with cells come in the order of the cells, those in no cell last.
[[nodiscard]] PageText clean_text(const PageText& text);

/// True when line.text has a space before word `index` (line from clean_text).
[[nodiscard]] std::vector<bool> spaces_before(const TextLine& line);

/// User-perceived characters: a base with its combining marks, variation selectors and joined parts.
[[nodiscard]] std::vector<std::string_view> clusters(std::string_view utf8);

/// One text-showing operation of the invisible layer: a line whose characters lie end to end.
struct TextRun {
    double x = 0, y = 0; ///< Start of the baseline in points, PDF's axes (y upwards).
    double size =
        0; ///< Font size in points: the line's height (width for a vertical line), up to 2 pt off beside other text.
    bool vertical = false; ///< Turned a quarter clockwise: text runs down the page.
    struct Unit {
        std::string text; ///< One cluster, or " ".
        int width = 0;    ///< Advance in thousandths of the size, a multiple of width_step(size), > 0.
    };
    std::vector<Unit> units;
};

/// Grid of the advances in thousandths of an em: 50 (1/20 em) up to 18 pt, finer above, so that a character is never
/// further than 0.5 pt from its place.
[[nodiscard]] int width_step(double size);

/// The share of the size that the font's ascent takes; the rest is descent, so the selection covers the line's box.
inline constexpr double kAscent = 0.88;

/// The runs of a page, in reading order. `text` from clean_text; the page measures `width_pt` x `height_pt` points.
[[nodiscard]] std::vector<TextRun> lay_out(const PageText& text, double width_pt, double height_pt);

} // namespace recto::encode
