#pragma once

/// What a page's words say of its class.

#include "pipeline/core/item.h"
#include "stages/grouping/page_words.h"

namespace recto::group {

/// Where a page stands among the pages of its item that bear content.
struct Standing {
    bool first = false;          ///< The first of more than one.
    bool front = false;          ///< Only the cover and contents lie before it.
    bool after_contents = false; ///< The page before is 卷内目录.
    bool last = false;           ///< Of the last two (a stray leaf may lie behind the back note), of more than one.
};

struct ClassGuess {
    PageClass best = PageClass::Body, second = PageClass::Body;
    double confidence = 0; ///< Of `best`, 0 to 1.
    bool unsure = false;   ///< `second` is nearly as likely.
};

/// Scores cover, 卷内目录, 备考表 and target by headings, form words and place; body is what none of them is.
[[nodiscard]] ClassGuess guess_class(const PageWords& words, const Standing& standing);

} // namespace recto::group
