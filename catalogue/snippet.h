#pragma once

/// What of a page is shown to a person who searched: where the words stand, and the text around them. Pure functions.

#include <string>
#include <utility>
#include <vector>

#include "catalogue/search_query.h"
#include "catalogue/text_cut.h"

namespace recto::catalogue {

/// One place where a term of the query stands: its parts by lines, in reading order.
struct TextMatch {
    std::vector<TextSpan> spans;
    int term = 0; ///< Which of positive_terms(root).
};

/// All places, in reading order, of terms that are looked for in the text.
[[nodiscard]] std::vector<TextMatch> find_matches(const TextBlocks& blocks, const QueryNode& root);

struct Snippet {
    std::string text;
    std::vector<std::pair<std::size_t, std::size_t>> marks; ///< Bytes [begin, end) of `text`, ascending, apart.
    bool more_before = false, more_after = false;           ///< The page's text goes on.
};

/// About `width` columns of text (a Chinese character takes two) where most of the terms stand together; lines are joined
/// as they are read. Without matches the page's beginning.
[[nodiscard]] Snippet make_snippet(const TextBlocks& blocks, const std::vector<TextMatch>& matches, std::size_t width);

} // namespace recto::catalogue
