#pragma once

/// Cuts text into the terms of the text index. Text and queries are cut by the same function, so what this file equates,
/// a search equates: traditional and simplified characters (as simplified), full and half width, compatibility forms
/// (NFKC), letter case, Latin and Greek accents, ○ and 〇. Stored text is never changed by it. Pure functions, any thread.
///
/// A character of a script without spaces (Chinese, Japanese, Korean, Thai, ...) is a token by itself; letters and digits of
/// other scripts are tokens by words. White space and line breaks are no tokens: they end a word of letters, and join
/// Chinese. Punctuation leaves a gap, so that a phrase does not run over it, except between two words of letters. A word
/// that is hyphenated at a line's end is one token; its pieces are kept beside it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace recto::catalogue {

/// Raised when the same text would give other tokens: an index made by another version is made again.
inline constexpr int kCutVersion = 1;

enum class TokenKind : std::uint8_t { Char, Word, Gap };

/// Bytes [begin, end) of line `line`, counted from 0 through all blocks.
struct TextSpan {
    int line = 0;
    std::size_t begin = 0, end = 0;
    bool operator==(const TextSpan&) const = default;
};

struct Token {
    TokenKind kind = TokenKind::Gap;
    std::string text; ///< Folded; "¦" for a gap.
    TextSpan at;
    std::vector<TextSpan> more; ///< Of a word that goes on in further lines.
};

struct CutText {
    std::vector<Token> tokens;
    std::vector<Token> parts; ///< Pieces of hyphenated words, gaps between those of different words.
};

/// Lines of a page by blocks, in reading order. A block's end is a gap.
using TextBlocks = std::vector<std::vector<std::string_view>>;

[[nodiscard]] CutText cut_text(const TextBlocks& blocks);
/// A title, a query: as blocks_of has it.
[[nodiscard]] CutText cut_text(std::string_view text);

/// Lines and blocks of plain text as PageText::plain writes it: a blank line ends a block. Views into `plain`.
[[nodiscard]] TextBlocks blocks_of(std::string_view plain);

/// Tokens as one string in which a run of tokens is found exactly where it is a substring: characters close together, words
/// between spaces of their own, gaps as "¦".
[[nodiscard]] std::string join_tokens(const std::vector<Token>& tokens);
/// Of a text that is cut first.
[[nodiscard]] std::string joined_tokens(std::string_view text);
/// The way back: kinds and texts, without places.
[[nodiscard]] std::vector<Token> split_tokens(std::string_view joined);

/// Terms for SQLite FTS5 (tokenizer "ascii"): every token, separated by spaces.
[[nodiscard]] std::string unigrams(const std::vector<Token>& tokens);
/// Terms for PostgreSQL: pairs of neighbouring characters, words, and characters that no other follows.
[[nodiscard]] std::vector<std::string> bigrams(const std::vector<Token>& tokens);

/// Places where `wanted` (not empty, no gap at either end) stands in `text`: index of the first token. With `prefix` the
/// last wanted token, a word, may be the beginning of a longer one. Places do not overlap.
[[nodiscard]] std::vector<std::size_t> find_tokens(const std::vector<Token>& text, const std::vector<Token>& wanted,
                                                   bool prefix);

} // namespace recto::catalogue
