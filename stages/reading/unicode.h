#pragma once

/// The little Unicode that reading needs: decoding, and which characters are written without spaces between them.

#include <string>
#include <string_view>

namespace recto::reading {

/// Stands for each byte that is no part of valid UTF-8 (outside the range of code points).
inline constexpr char32_t kBadUtf8 = 0xFFFFFFFF;

[[nodiscard]] std::u32string decode_utf8(std::string_view text);

/// Han, kana, bopomofo, CJK punctuation and full-width forms: no space stands between two of them.
[[nodiscard]] bool is_cjk(char32_t c);
/// A Chinese character, no mark.
[[nodiscard]] bool is_han(char32_t c);
/// Letters and digits of alphabetic scripts that separate words by spaces (Latin, Greek, Cyrillic).
[[nodiscard]] bool is_word_letter(char32_t c);
/// Begins with one of these letters, which no figure is.
[[nodiscard]] bool is_letter(std::string_view character);
/// Begins with a mark of ASCII, Latin-1 or general punctuation (dashes, quotes, bullets): neither letter nor figure.
[[nodiscard]] bool is_latin_mark(std::string_view character);
/// ASCII and general punctuation that belongs to the word it touches.
[[nodiscard]] bool is_latin_punctuation(char32_t c);

} // namespace recto::reading
