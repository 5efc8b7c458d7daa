#include "pipeline/files/charset.h"

#include <memory>

#include <fmt/format.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>

namespace recto {

Result<std::string> to_charset(std::string_view utf8, const std::string& charset) {
    if (charset == "UTF-8") return std::string(utf8);
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<UConverter, decltype(&ucnv_close)> converter(ucnv_open(charset.c_str(), &status),
                                                                       &ucnv_close);
    if (U_FAILURE(status)) return fail("text.charset", "no such character set", charset);
    ucnv_setFromUCallBack(converter.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
    ucnv_setFallback(converter.get(), false);
    const auto text = icu::UnicodeString::fromUTF8({utf8.data(), static_cast<std::int32_t>(utf8.size())});
    std::string out(static_cast<std::size_t>(text.length()) * 4 + 8, '\0');
    const UChar* from = text.getBuffer();
    char* to = out.data();
    ucnv_fromUnicode(converter.get(), &to, to + out.size(), &from, text.getBuffer() + text.length(), nullptr, true,
                     &status);
    if (U_FAILURE(status)) {
        UChar units[8] = {};
        std::int8_t length = 8;
        UErrorCode told = U_ZERO_ERROR;
        ucnv_getInvalidUChars(converter.get(), units, &length, &told);
        std::string character;
        const icu::UnicodeString bad(units, length);
        bad.toUTF8String(character);
        return fail("text.charset", fmt::format("{} (U+{:04X})", character, static_cast<unsigned>(bad.char32At(0))),
                    charset);
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
    return out;
}

} // namespace recto
