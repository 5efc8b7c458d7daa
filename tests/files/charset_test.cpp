// Text out in GB18030 and GB2312: known bytes, and what is refused.

#include "pipeline/files/charset.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

TEST(Charset, KnownBytes) {
    EXPECT_EQ(to_charset("档号·A—1", "UTF-8").value(), "档号·A—1");
    EXPECT_EQ(to_charset("档号·A—1", "GB18030").value(), "\xB5\xB5\xBA\xC5\xA1\xA4"
                                                         "A\xA1\xAA"
                                                         "1");
    EXPECT_EQ(to_charset("档号·A—1", "GB2312").value(), "\xB5\xB5\xBA\xC5\xA1\xA4"
                                                        "A\xA1\xAA"
                                                        "1");
    EXPECT_EQ(to_charset("𠀀", "GB18030").value(), "\x95\x32\x82\x36") << "four bytes beyond the first plane";
}

TEST(Charset, WhatASetCannotHoldIsNamedAndNothingPutInItsPlace) {
    for (const char* text : {"朱镕", "龍", "€", "ⅰ", "ɑ", "𠀀", "é…", "\xEF\xB8\xB5"}) {
        const auto out = to_charset(text, "GB2312");
        if (std::string(text) == "é…") {
            EXPECT_EQ(out.value(), "\xA8\xA6\xA1\xAD");
            continue;
        }
        ASSERT_FALSE(out) << text;
        EXPECT_EQ(out.error().code, "text.charset");
    }
    EXPECT_EQ(to_charset("朱镕", "GB2312").error().reason, "镕 (U+9555)");
    EXPECT_EQ(to_charset("甲乙𠀀", "GB2312").error().reason, "𠀀 (U+20000)");
    EXPECT_EQ(to_charset("x", "no such set").error().code, "text.charset");
}

} // namespace
} // namespace recto
