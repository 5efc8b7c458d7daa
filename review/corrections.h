#pragma once

/// Doubtful lines of a stored item: for the report, and as a corrections file already filled in for `recto correct`.

#include <string>
#include <vector>

#include "pipeline/core/item.h"

namespace recto {

/// A line that a person should look at. Boxes are pixels of the page image.
struct DoubtfulLine {
    std::string page_id, line_id, text;
    int order = 0; ///< Of the page.
    Box box;
    double confidence = 0; ///< 0 to 1.
};

/// Lines whose confidence is below `below`, worst first. Only lines that have a name are listed: `item` is as stored
/// (amend::load_item), because a name that is not in ALTO could not be found again. Pure.
[[nodiscard]] std::vector<DoubtfulLine> doubtful_lines(const Item& item, double below);

/// One record a line: item, page id, line id, old text, empty new text, who; and for people the page's place and the
/// confidence. With `heading` the BOM and the heading row come first. CSV for Excel: cells never run as formulas. Pure.
[[nodiscard]] std::string write_corrections_csv(const Item& item, const std::vector<DoubtfulLine>& lines,
                                                bool heading = true, const std::string& who = {});

} // namespace recto
