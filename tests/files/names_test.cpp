#include "pipeline/files/names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace recto {
namespace {

TEST(EscapeName, KeepsWhatIsHarmless) {
    EXPECT_EQ(escape_name("X001-WS·2023-永久-0001"), "X001-WS·2023-永久-0001");
    EXPECT_EQ(escape_name("a b~c"), "a b~c");
}

TEST(EscapeName, EscapesWhatFileSystemsRefuse) {
    EXPECT_EQ(escape_name("J01/2023:1"), "J01%2F2023%3A1");
    EXPECT_EQ(escape_name("100%"), "100%25");
    EXPECT_EQ(escape_name(".hidden"), "%2Ehidden");
    EXPECT_EQ(escape_name(".."), "%2E%2E");
    EXPECT_EQ(escape_name("end. "), "end%2E%20");
    EXPECT_EQ(escape_name(std::string("a\0b\n", 4)), "a%00b%0A");
    EXPECT_EQ(escape_name("con"), "%63on");
    EXPECT_EQ(escape_name("COM1.tif"), "%43OM1.tif");
    EXPECT_EQ(escape_name("console"), "console");
    EXPECT_EQ(escape_name(""), "%");
    EXPECT_EQ(escape_name("\xc2\x85x"), "%C2%85x"); // A C1 control.
    EXPECT_EQ(escape_name("\xff"), "%FF");
}

TEST(EscapeName, NormalisesToNfc) { EXPECT_EQ(escape_name("e\xcc\x81"), "\xc3\xa9"); }

TEST(EscapeName, ShortensLongNamesAtACharacter) {
    std::string code;
    while (code.size() < 300) code += "档";
    const std::string name = escape_name(code);
    EXPECT_LE(name.size(), 200u);
    EXPECT_GE(name.size(), 190u);
    EXPECT_TRUE(is_valid_utf8(name));
    EXPECT_EQ(name[name.size() - 9], '~');
    EXPECT_EQ(unescape_name(name), name);
    EXPECT_NE(escape_name(code + "一"), escape_name(code + "二"));
    // A code that is spelt like a shortened name meets no shortened name.
    EXPECT_NE(escape_name(name), name);
    EXPECT_EQ(unescape_name(escape_name("a~01234567")), "a~01234567");
}

TEST(EscapeName, IsInjectiveAndReversible) {
    // Codes from an alphabet of everything that is treated specially; shared prefixes make collisions likely if any.
    const std::vector<std::string> parts{"%", "2",  "F",   "/",  ".",   " ",    "a",    "~", "0123abcd", "档",
                                         "·", "\\", "%2F", "\n", "CON", "\xff", "\xe6", "é", "𠀀",       ":"};
    std::mt19937 random(20260317);
    std::map<std::string, std::string> seen;
    for (int i = 0; i < 200'000; ++i) {
        std::string code;
        for (unsigned n = random() % 7; n > 0; --n) code += parts[random() % parts.size()];
        if (random() % 50 == 0) code += std::string(150, 'x') + parts[random() % parts.size()];
        const std::string name = escape_name(code);
        ASSERT_LE(name.size(), 200u);
        ASSERT_FALSE(name.empty());
        ASSERT_EQ(name.find('/'), std::string::npos);
        ASSERT_EQ(name.find('\0'), std::string::npos);
        ASSERT_NE(name, ".");
        ASSERT_NE(name, "..");
        const auto [it, fresh] = seen.emplace(name, to_nfc(code));
        ASSERT_EQ(it->second, to_nfc(code)) << name;
        if (name.size() < 190) { ASSERT_EQ(unescape_name(name), to_nfc(code)) << name; }
    }
}

TEST(NaturalOrder, NumbersByValue) {
    std::vector<std::string> names{"10.tif", "2.tif", "1.tif",     "页10",      "页9",
                                   "a",      "B",     "img２.tif", "img10.tif", "002.tif"};
    std::sort(names.begin(), names.end(), natural_less);
    EXPECT_EQ(names, (std::vector<std::string>{"1.tif", "002.tif", "2.tif", "10.tif", "a", "B", "img２.tif",
                                               "img10.tif", "页9", "页10"}));
}

TEST(NaturalOrder, IsAStrictTotalOrder) {
    const std::vector<std::string> parts{"1", "01", "10", "2", "a", "A", "-", "二", "\xff", "００2", ".tif"};
    std::mt19937 random(3);
    std::vector<std::string> names;
    for (int i = 0; i < 120; ++i) {
        std::string s;
        for (unsigned n = random() % 4; n > 0; --n) s += parts[random() % parts.size()];
        names.push_back(s);
    }
    for (const auto& a : names)
        for (const auto& b : names) {
            EXPECT_EQ(a == b, !natural_less(a, b) && !natural_less(b, a));
            EXPECT_FALSE(natural_less(a, b) && natural_less(b, a));
            for (const auto& c : names)
                if (natural_less(a, b) && natural_less(b, c)) {
                    ASSERT_TRUE(natural_less(a, c)) << a << " " << b << " " << c;
                }
        }
}

TEST(Names, Utf8AndLegacyEncodings) {
    EXPECT_TRUE(is_valid_utf8("扫描·𠀀"));
    EXPECT_FALSE(is_valid_utf8("\xc0\x80"));         // Overlong.
    EXPECT_FALSE(is_valid_utf8("\xed\xa0\x80"));     // A surrogate.
    EXPECT_FALSE(is_valid_utf8("\xf4\x90\x80\x80")); // Beyond U+10FFFF.
    EXPECT_FALSE(is_valid_utf8("ab\xe6\xa1"));
    EXPECT_EQ(decode_name("\xb5\xb5\xb0\xb8"), "档案"); // GB18030.
    EXPECT_EQ(decode_name("caf\xe9"), "café");          // Latin-1: a lone lead byte is not GB18030.
    EXPECT_EQ(decode_name("档案"), "档案");
}

} // namespace
} // namespace recto
