#include "pipeline/files/names.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include "pipeline/core/digest.h"

namespace recto {
namespace {

constexpr std::size_t kMaxName = 200;                  ///< Bytes; leaves room for suffixes below ext4's and NTFS's 255.
constexpr std::size_t kTail = 9;                       ///< "~" and 8 hexadecimal digits.
constexpr std::string_view kReserved = "/\\:*?\"<>|%"; ///< Separators, Windows' forbidden set, and our own escape.

/// Reads one code point at `i` and advances; -1 (one byte consumed) where the bytes are not UTF-8.
UChar32 next_code_point(std::string_view s, std::size_t& i) {
    UChar32 c = 0;
    auto n = static_cast<std::int64_t>(i);
    U8_NEXT(reinterpret_cast<const std::uint8_t*>(s.data()), n, static_cast<std::int64_t>(s.size()), c);
    if (c < 0) {
        ++i; // One byte at a time, so that every invalid byte is seen.
        return -1;
    }
    i = static_cast<std::size_t>(n);
    return c;
}

void append_escaped(std::string& out, std::string_view bytes) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    for (unsigned char b : bytes) {
        out += '%';
        out += kHex[b >> 4];
        out += kHex[b & 15];
    }
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

/// True when `s` ends as a shortened name does.
bool has_tail(std::string_view s) {
    if (s.size() < kTail || s[s.size() - kTail] != '~') return false;
    return std::all_of(s.end() - (kTail - 1), s.end(), is_hex);
}

/// The names Windows keeps for devices, with or without an extension.
bool is_device_name(std::string_view s) {
    std::string stem(s.substr(0, s.find('.')));
    while (!stem.empty() && stem.back() == ' ') stem.pop_back();
    std::transform(stem.begin(), stem.end(), stem.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    if (stem == "CON" || stem == "PRN" || stem == "AUX" || stem == "NUL") return true;
    return stem.size() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")) && stem[3] >= '1' && stem[3] <= '9';
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/// One step of the natural order: a number (digits without leading zeros) or a folded code point.
struct Token {
    UChar32 code_point = 0; ///< '0' for numbers, so that they sort where digits do.
    std::string digits;     ///< ASCII digits of a number, without leading zeros; "0" for zero.
};

int digit_value(UChar32 c) {
    // Decimal digits of any script (full-width ones occur in Chinese file names); not numerals such as 三.
    return u_charType(c) == U_DECIMAL_DIGIT_NUMBER ? u_charDigitValue(c) : -1;
}

bool next_token(std::string_view s, std::size_t& i, Token& token) {
    if (i >= s.size()) return false;
    std::size_t at = i;
    UChar32 c = next_code_point(s, at);
    token.digits.clear();
    int d = c < 0 ? -1 : digit_value(c);
    if (d < 0) {
        // Invalid bytes sort after all characters, by value.
        token.code_point = c < 0 ? 0x110000 + static_cast<unsigned char>(s[i]) : u_foldCase(c, U_FOLD_CASE_DEFAULT);
        i = at;
        return true;
    }
    token.code_point = '0';
    while (d >= 0) {
        if (token.digits == "0") token.digits.clear();
        token.digits += static_cast<char>('0' + d);
        i = at;
        if (at >= s.size()) break;
        c = next_code_point(s, at);
        d = c < 0 ? -1 : digit_value(c);
    }
    return true;
}

/// Strict conversion: false when `bytes` is not well-formed in that encoding.
bool decode_as(const char* encoding, std::string_view bytes, std::string& out) {
    UErrorCode status = U_ZERO_ERROR;
    UConverter* converter = ucnv_open(encoding, &status);
    if (U_FAILURE(status)) return false;
    ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
    std::vector<UChar> buffer(bytes.size() * 2 + 1);
    std::int32_t length = ucnv_toUChars(converter, buffer.data(), static_cast<std::int32_t>(buffer.size()),
                                        bytes.data(), static_cast<std::int32_t>(bytes.size()), &status);
    ucnv_close(converter);
    if (U_FAILURE(status)) return false;
    out.clear();
    icu::UnicodeString(buffer.data(), length).toUTF8String(out);
    return true;
}

} // namespace

bool is_valid_utf8(std::string_view bytes) {
    std::size_t i = 0;
    while (i < bytes.size())
        if (next_code_point(bytes, i) < 0) return false;
    return true;
}

std::string to_nfc(std::string_view utf8) {
    if (std::all_of(utf8.begin(), utf8.end(), [](unsigned char c) { return c < 0x80; })) return std::string(utf8);
    if (!is_valid_utf8(utf8)) return std::string(utf8); // Nothing to normalise; bytes are kept as they are.
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
    if (U_FAILURE(status)) return std::string(utf8);
    icu::UnicodeString text = nfc->normalize(
        icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size()))), status);
    if (U_FAILURE(status)) return std::string(utf8);
    std::string out;
    return text.toUTF8String(out);
}

std::string escape_name(std::string_view code) {
    const std::string name = to_nfc(code);
    if (name.empty()) return "%"; // A lone % comes from nothing else: % itself becomes %25.
    const auto is_edge = [](char c) { return c == ' ' || c == '.'; };
    const std::size_t head =
        static_cast<std::size_t>(std::find_if_not(name.begin(), name.end(), is_edge) - name.begin());
    std::size_t tail = name.size();
    while (tail > head && is_edge(name[tail - 1])) --tail;

    std::string out;
    std::size_t cut = 0; ///< Longest prefix of `out` that ends at a character and leaves room for the tail.
    const bool device = is_device_name(name);
    const std::size_t tilde = has_tail(name) ? name.size() - kTail : std::string::npos;
    for (std::size_t i = 0; i < name.size();) {
        const std::size_t start = i;
        const UChar32 c = next_code_point(name, i);
        const std::string_view bytes = std::string_view(name).substr(start, i - start);
        const bool escape = c < 0x20 || (c >= 0x7f && c <= 0x9f) || // Invalid bytes are negative.
                            (c < 0x80 && kReserved.find(static_cast<char>(c)) != std::string_view::npos) ||
                            start < head || start >= tail || (device && start == 0) ||
                            start == tilde; // A code that looks shortened must not meet a shortened one.
        if (escape) append_escaped(out, bytes);
        else out += bytes;
        if (out.size() <= kMaxName - kTail) cut = out.size();
    }
    if (out.size() <= kMaxName) return out;
    return out.substr(0, cut) + "~" + digest_hex(DigestAlgorithm::Sha256, name).substr(0, kTail - 1);
}

std::string unescape_name(std::string_view name) {
    if (name == "%") return {};
    if (name.size() > kMaxName - kTail - 4 && has_tail(name)) return std::string(name); // Shortened: no way back.
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '%' && i + 2 < name.size() && hex_value(name[i + 1]) >= 0 && hex_value(name[i + 2]) >= 0) {
            out += static_cast<char>(hex_value(name[i + 1]) * 16 + hex_value(name[i + 2]));
            i += 2;
        } else {
            out += name[i];
        }
    }
    return out;
}

std::string percent_encode(std::string_view path) {
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : path) {
        const auto b = static_cast<unsigned char>(c);
        const bool plain = (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b == '-' ||
                           b == '.' || b == '_' || b == '~' || b == '/';
        if (plain) {
            out += c;
        } else {
            out += '%';
            out += kHex[b >> 4];
            out += kHex[b & 15];
        }
    }
    return out;
}

bool natural_less(std::string_view a, std::string_view b) {
    std::size_t i = 0, j = 0;
    Token x, y;
    while (true) {
        const bool more_a = next_token(a, i, x), more_b = next_token(b, j, y);
        if (!more_a || !more_b) {
            if (more_a != more_b) return more_b;
            return a < b; // Equal but for case and leading zeros: bytes decide, so that the order is total.
        }
        if (x.digits.empty() != y.digits.empty() || x.digits.empty()) {
            if (x.code_point != y.code_point) return x.code_point < y.code_point;
        } else if (x.digits != y.digits) {
            return x.digits.size() != y.digits.size() ? x.digits.size() < y.digits.size() : x.digits < y.digits;
        }
    }
}

std::string decode_name(std::string_view bytes) {
    if (is_valid_utf8(bytes)) return to_nfc(bytes);
    std::string out;
    if (decode_as("GB18030", bytes, out) || decode_as("ISO-8859-1", bytes, out)) return to_nfc(out);
    return std::string(bytes.size(), '?');
}

} // namespace recto
