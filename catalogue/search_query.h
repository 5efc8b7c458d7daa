#pragma once

/// What a person types into the search, as a tree. Words stand together for AND; "..." (also “...” 「...」) is a phrase; OR
/// (also |) an alternative; a leading - (also －) or NOT excludes; parentheses group; word* is the beginning of a word of letters;
/// title:, 题名: and so on look in one field. A Chinese word is a phrase of its characters. Pure, any thread.

#include <string>
#include <string_view>
#include <vector>

#include "catalogue/text_cut.h"
#include "pipeline/core/result.h"

namespace recto::catalogue {

/// Where a term is looked for. Frozen order: the index names its columns by it.
enum class SearchField : std::uint8_t { Any, Text, Title, Creator, Number, Code };

/// Filters of the item, all of which must hold. Empty: any.
struct SearchFilter {
    std::vector<std::string> fonds, years, retentions;
    std::string from, to;    ///< EDTF or as catalogues write dates; the item's date must touch the span.
    bool classified = false; ///< Also items whose catalogue entry has a 密级 (they are left out otherwise).
};

struct QueryNode {
    enum class Kind : std::uint8_t { Term, And, Or } kind = Kind::Term;
    // Term
    SearchField field = SearchField::Any;
    std::vector<Token> tokens; ///< No gap at either end; never empty.
    bool prefix = false;
    // And, Or: at least one child is not excluded; of Or, none is.
    std::vector<QueryNode> children;
    bool excluded = false; ///< Of a child of And.
};

struct SearchQuery {
    bool has_words = false; ///< False: filters alone.
    QueryNode root;
    SearchFilter filter; ///< From fonds:, year:, retention:, date: in the query.
};

/// Errors, all with what is wrong and where: "search.quote" (not closed), "search.parenthesis", "search.operator" (OR or NOT
/// without a word beside it), "search.field" (no such field; the nearest is named), "search.excluded_only", "search.no_word" (nothing
/// but punctuation), "search.filter_place" (fonds: and the like inside OR or excluded), "search.date".
[[nodiscard]] Result<SearchQuery> parse_query(std::string_view text);

/// Terms that are not excluded, in order.
[[nodiscard]] std::vector<const QueryNode*> positive_terms(const QueryNode& root);

/// One field and its words, as --field gives them: "title=防汛 通知". Adds them to the query.
Result<void> add_field(SearchQuery& query, std::string_view field_and_words);
/// Excludes the words (a phrase), as --not gives them.
Result<void> add_exclusion(SearchQuery& query, std::string_view words);

} // namespace recto::catalogue
