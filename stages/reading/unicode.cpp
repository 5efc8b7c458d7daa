#include "stages/reading/unicode.h"

namespace recto::reading {

std::u32string decode_utf8(std::string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const int extra = lead < 0x80                   ? 0
                          : lead >= 0xF0 && lead < 0xF5 ? 3
                          : lead >= 0xE0 && lead < 0xF0 ? 2
                          : lead >= 0xC2 && lead < 0xE0 ? 1
                                                        : -1;
        char32_t point = extra == 0 ? lead : extra == 1 ? lead & 0x1F : extra == 2 ? lead & 0x0F : lead & 0x07;
        bool good = extra >= 0 && i + static_cast<std::size_t>(extra) < text.size();
        for (int k = 1; good && k <= extra; ++k) {
            const auto next = static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]);
            good = (next & 0xC0) == 0x80;
            point = point << 6 | (next & 0x3F);
        }
        // Overlong forms, surrogates and values beyond Unicode are no characters.
        static constexpr char32_t kFirst[] = {0, 0x80, 0x800, 0x10000};
        good = good && point >= kFirst[extra] && point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF);
        out.push_back(good ? point : kBadUtf8);
        i += good ? static_cast<std::size_t>(extra) + 1 : 1;
    }
    return out;
}

bool is_cjk(char32_t c) {
    return (c >= 0x2E80 && c <= 0x303F) || (c >= 0x3040 && c <= 0x312F) || (c >= 0x3190 && c <= 0x4DBF) ||
           (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE4F) ||
           (c >= 0xFF00 && c <= 0xFF60) || (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x20000 && c <= 0x3FFFF);
}

bool is_han(char32_t c) {
    return (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

bool is_word_letter(char32_t c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7) || (c >= 0x370 && c <= 0x52F);
}

bool is_letter(std::string_view character) {
    const std::u32string points = decode_utf8(character);
    return !points.empty() && is_word_letter(points[0]) && !(points[0] >= '0' && points[0] <= '9');
}

/// Figures of Latin-1 that are set small: ² ³ ¹ ¼ ½ ¾.
static bool is_small_figure(char32_t c) { return c == 0xB2 || c == 0xB3 || c == 0xB9 || (c >= 0xBC && c <= 0xBE); }

bool is_latin_mark(std::string_view character) {
    const std::u32string points = decode_utf8(character);
    if (points.empty()) return false;
    const char32_t c = points[0];
    return (c < 0xC0 || (c >= 0x2010 && c <= 0x2027)) && !is_word_letter(c) && !is_small_figure(c);
}

bool is_latin_punctuation(char32_t c) {
    return (c > ' ' && c < 0x7F && !is_word_letter(c)) || (c >= 0x2010 && c <= 0x2027) || c == 0xAB || c == 0xBB;
}

} // namespace recto::reading
