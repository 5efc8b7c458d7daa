#pragma once

/// The corrections file for operators: filled in but for the new text. `recto correct` applies it.

#include <string>
#include <vector>

namespace recto {

/// A line that a person should look at.
struct CorrectionLine {
    std::string item;                       ///< 档号, or the item's UUID.
    std::string page_id, line_id, old_text; ///< Names as stored in item.json and ALTO.
    int order = 0;                          ///< Of the page.
    double confidence = 0;                  ///< 0 to 1.
};

/// One record a line: item, page id, line id, old text, empty new text, who; and for people the page's place and the
/// confidence. BOM and a heading row in both languages come first. CSV for Excel: cells never run as formulas. Pure.
[[nodiscard]] std::string corrections_csv(const std::vector<CorrectionLine>& lines, const std::string& who = {});

} // namespace recto
