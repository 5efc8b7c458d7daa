#pragma once

/// Archival codes (档号) as people and machines write them, and texts, in the forms in which they are compared; never for showing.

#include <optional>
#include <string>
#include <string_view>

namespace recto {

/// The form in which two spellings of one 档号 are equal: NFC; full-width ASCII as ASCII; the dots ・ • ‧ ∙ ⋅ ． as ·
/// (U+00B7); the dashes － – — ― − ‐ ‑ as "-"; white space (also U+3000) removed; ASCII letters in upper case.
/// A full stop stays: "12.1" is not "12·1". Any bytes are accepted; invalid UTF-8 is kept as it is.
[[nodiscard]] std::string fold_code(std::string_view code);

/// Full-width ASCII and the ideographic space as their ASCII twins; all else untouched. For comparing numbers.
[[nodiscard]] std::string fold_width(std::string_view utf8);

/// A number of pages as catalogues write it: "12", "１２", "12页", "共12页", "12 pp."; nullopt for anything else.
[[nodiscard]] std::optional<int> parse_page_count(std::string_view text);

/// Reads the code point at `pos` and moves past it. Invalid bytes come back as U+DC80 + (byte - 0x80), one at a time,
/// so that a caller can tell them from text and append_utf8 writes them back unchanged.
char32_t next_code_point(std::string_view text, std::size_t& pos);
void append_utf8(std::string& out, char32_t c);

/// Without leading and trailing white space, U+3000, U+00A0 and U+FEFF.
[[nodiscard]] std::string trim_text(std::string_view utf8);

/// 1 for equal texts, 0 for nothing in common: 1 - edit distance / longer length, over the first `longest` code points. The
/// default does for titles; time grows with its square.
[[nodiscard]] double similarity(std::string_view a, std::string_view b, std::size_t longest = 400);

} // namespace recto
