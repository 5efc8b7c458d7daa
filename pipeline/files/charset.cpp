#include "pipeline/files/charset.h"

#include <memory>

#include <fmt/format.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>

namespace recto {

namespace {

/// Whether two bytes of GBK are of GB 2312-80 too. GBK is the way in: it has the middle dot of a 档号 and the long dash where
/// the whole field has them, while tables of GB2312 by itself put look-alikes there.
bool in_gb2312(unsigned char high, unsigned char low) {
    if (high < 0xA1 || high > 0xF7 || low < 0xA1 || low > 0xFE) return false;
    if (high >= 0xAA && high < 0xB0) return false;              // private
    if (high == 0xA2 && low < 0xB1) return false;               // added by GBK: small Roman numerals,
    if (high == 0xA6 && low > 0xD8) return false;               // vertical forms,
    if (high == 0xA8 && low > 0xBA && low < 0xC5) return false; // letters of pinyin
    return high != 0xD7 || low < 0xFA;
}

} // namespace

Result<std::string> to_charset(std::string_view utf8, const std::string& charset) {
    if (charset == "UTF-8") return std::string(utf8);
    const bool narrow = charset == "GB2312";
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<UConverter, decltype(&ucnv_close)> converter(
        ucnv_open(narrow ? "GBK" : charset.c_str(), &status), &ucnv_close);
    if (U_FAILURE(status)) return fail("text.charset", "no such character set", charset);
    ucnv_setFromUCallBack(converter.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
    ucnv_setFallback(converter.get(), false);
    const auto text = icu::UnicodeString::fromUTF8({utf8.data(), static_cast<std::int32_t>(utf8.size())});
    std::string out(static_cast<std::size_t>(text.length()) * 4 + 8, '\0');
    const UChar* from = text.getBuffer();
    char* to = out.data();
    ucnv_fromUnicode(converter.get(), &to, to + out.size(), &from, text.getBuffer() + text.length(), nullptr, true,
                     &status);
    const auto cannot = [&](const icu::UnicodeString& bad) {
        std::string character;
        bad.toUTF8String(character);
        return fail("text.charset", fmt::format("{} (U+{:04X})", character, static_cast<unsigned>(bad.char32At(0))),
                    charset);
    };
    if (U_FAILURE(status)) {
        UChar units[8] = {};
        std::int8_t length = 8;
        UErrorCode told = U_ZERO_ERROR;
        ucnv_getInvalidUChars(converter.get(), units, &length, &told);
        return cannot(icu::UnicodeString(units, length));
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
    // All of the text is of GBK, in which every character is one unit of UTF-16, and one or two bytes.
    for (std::size_t at = 0, unit = 0; narrow && at < out.size(); ++unit) {
        const auto high = static_cast<unsigned char>(out[at]);
        if (high < 0x80) {
            ++at;
            continue;
        }
        if (at + 1 >= out.size() || !in_gb2312(high, static_cast<unsigned char>(out[at + 1])))
            return cannot(icu::UnicodeString(text.charAt(static_cast<std::int32_t>(unit))));
        at += 2;
    }
    return out;
}

} // namespace recto
