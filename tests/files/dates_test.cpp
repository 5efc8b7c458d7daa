// Dates as documents and catalogues write them, with known answers.

#include "pipeline/files/dates.h"

#include <gmock/gmock.h>

namespace recto {
namespace {

std::string edtf(std::string_view line) {
    std::string out;
    for (const auto& d : find_dates(line)) out += (out.empty() ? "" : " ") + d.edtf;
    return out;
}

TEST(Dates, AsDocumentsWriteThem) {
    EXPECT_EQ(edtf("2023年3月17日"), "2023-03-17");
    EXPECT_EQ(edtf("2023 年 3 月 17 日"), "2023-03-17");
    EXPECT_EQ(edtf("２０２３年３月１７日"), "2023-03-17");
    for (const char* zero : {"〇", "○", "零", "O", "0", "◯"})
        EXPECT_EQ(edtf("二" + std::string(zero) + "二三年三月十七日"), "2023-03-17") << zero;
    EXPECT_EQ(edtf("一九八五年十二月三十一日"), "1985-12-31");
    EXPECT_EQ(edtf("一九八五年十月十日"), "1985-10-10");
    EXPECT_EQ(edtf("一九六二年二月廿三日"), "1962-02-23");
    EXPECT_EQ(edtf("一九六二年一月卅一日"), "1962-01-31");
    EXPECT_EQ(edtf("一九六二年元月二十日"), "1962-01-20");
    EXPECT_EQ(edtf("贰零零壹年拾月壹日"), "2001-10-01");
    EXPECT_EQ(edtf("民国二十三年五月六日"), "1934-05-06");
    EXPECT_EQ(edtf("中華民國三十五年十月"), "1946-10");
    EXPECT_EQ(edtf("民国35年1月1日"), "1946-01-01");
    EXPECT_EQ(edtf("光绪三十年三月初五日"), "1904~") << "a lunar day is no day of ours";
    EXPECT_EQ(edtf("一九五三年腊月廿三"), "1953~");
    EXPECT_EQ(edtf("2023.3.17"), "2023-03-17");
    EXPECT_EQ(edtf("2023-03-17"), "2023-03-17");
    EXPECT_EQ(edtf("2023/3/17"), "2023-03-17");
    EXPECT_EQ(edtf("自2022年5月至2023年3月17日止"), "2022-05 2023-03-17");
    EXPECT_EQ(edtf("2023年度"), "2023");
    EXPECT_EQ(edtf("2023年2月30日"), "2023-02?") << "no such day";
    EXPECT_EQ(edtf("2024年2月29日"), "2024-02-29");
}

TEST(Dates, English) {
    EXPECT_EQ(edtf("17 March 2023"), "2023-03-17");
    EXPECT_EQ(edtf("March 17, 2023"), "2023-03-17");
    EXPECT_EQ(edtf("the 17th of March, 1934"), "1934-03-17");
    EXPECT_EQ(edtf("Mar. 17, 1934"), "1934-03-17");
    EXPECT_EQ(edtf("March 1934"), "1934-03");
    EXPECT_EQ(edtf("They may 2023 times"), "2023-05") << "a known weakness: a month's name and a year";
    EXPECT_EQ(edtf("in May we"), "");
}

TEST(Dates, WhatIsNoDate) {
    for (const char* text : {"", "0025-WS·2012-Y-BGS-0001", "12345年", "192.168.1.1", "2023年13月", "10.1016.2023.3",
                             "二三年", "第2023号", "2023-03-17-001", "\xff\xfe年", "三月十七日", "年月日"})
        for (const auto& d : find_dates(text)) EXPECT_FALSE(d.has_month) << text << " -> " << d.edtf;
}

TEST(Dates, TheBytesAreTheDate) {
    const std::string line = "柳州  二〇二三 年三月十七日 印";
    const auto d = find_dates(line);
    ASSERT_EQ(d.size(), 1U);
    EXPECT_EQ(d[0].as_written, "二〇二三 年三月十七日");
    EXPECT_EQ(line.substr(d[0].begin, d[0].end - d[0].begin), d[0].as_written);
}

TEST(Dates, OfCatalogues) {
    EXPECT_EQ(normalise_date("20230317"), "2023-03-17");
    EXPECT_EQ(normalise_date(" 20230300 "), "2023-03");
    EXPECT_EQ(normalise_date("20230000"), "2023");
    EXPECT_EQ(normalise_date("202303"), "2023-03");
    EXPECT_EQ(normalise_date("2023"), "2023");
    EXPECT_EQ(normalise_date("2023.3"), "2023-03");
    EXPECT_EQ(normalise_date("2023年3月17日"), "2023-03-17");
    EXPECT_EQ(normalise_date("20231317"), std::nullopt);
    EXPECT_EQ(normalise_date("soon"), std::nullopt);
    EXPECT_EQ(normalise_date(""), std::nullopt);
    EXPECT_TRUE(dates_agree("2023-03", "2023-03-17"));
    EXPECT_FALSE(dates_agree("2023-03-18", "2023-03-17"));
    EXPECT_TRUE(dates_agree("1904~", "1904-04-20"));
}

TEST(Dates, EveryDayOfFourYearsInBothScripts) {
    static constexpr const char* kDigits[] = {"〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
    const auto small = [](int n) {
        std::string s;
        if (n >= 20) s += kDigits[n / 10];
        if (n >= 10) s += "十";
        if (n % 10 != 0) s += kDigits[n % 10];
        return s;
    };
    static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int year : {1949, 1978, 2000, 2023})
        for (int month = 1; month <= 12; ++month)
            for (int day = 1; day <= kDays[month - 1]; ++day) {
                char iso[48];
                std::snprintf(iso, sizeof iso, "%04d-%02d-%02d", year, month, day);
                std::string chinese;
                for (const char c : std::to_string(year)) chinese += kDigits[c - '0'];
                EXPECT_EQ(edtf(chinese + "年" + small(month) + "月" + small(day) + "日"), iso);
                EXPECT_EQ(edtf(std::to_string(year) + "年" + std::to_string(month) + "月" + std::to_string(day) + "日"),
                          iso);
            }
}

} // namespace
} // namespace recto
