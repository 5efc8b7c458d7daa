#pragma once

/// Names of files from archival codes and of codes from files.

#include <string>
#include <string_view>

namespace recto {

/// The one function that makes a file name from a 档号 or any other code: NFC; `/ \ : * ? " < > |`, control characters,
/// leading or trailing space and dots, and `%` become %XX of their UTF-8 bytes; at most 200 bytes (longer: cut at a
/// character and "~" + 8 hex digits of the SHA-256 of the whole appended). Injective. Documented in docs/FORMATS.md.
[[nodiscard]] std::string escape_name(std::string_view code);
/// The way back; a shortened name comes back as it is.
[[nodiscard]] std::string unescape_name(std::string_view name);

/// A relative reference: bytes other than unreserved ones and "/" become %XX (RFC 3986).
[[nodiscard]] std::string percent_encode(std::string_view path);

/// Natural order: digit runs by value ("2.tif" before "10.tif"), else by code point, case folded first.
[[nodiscard]] bool natural_less(std::string_view a, std::string_view b);

[[nodiscard]] std::string to_nfc(std::string_view utf8);
[[nodiscard]] bool is_valid_utf8(std::string_view bytes);
/// UTF-8 for display: valid UTF-8 as NFC; else read as GB18030 when that decodes; else Latin-1.
[[nodiscard]] std::string decode_name(std::string_view bytes);

} // namespace recto
