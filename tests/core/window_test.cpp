// Time windows: what the wall clock shows, in zones with and without daylight saving, over midnight, with a clock that jumps.

#include "pipeline/core/window.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace recto {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using TimePoint = TimeWindows::TimePoint;

/// An instant from UTC, so that no test asks the code under test what a local time means.
TimePoint utc(int year, int month, int day, int hour, int minute, int second = 0) {
    std::tm t{};
    t.tm_year = year - 1900;
    t.tm_mon = month - 1;
    t.tm_mday = day;
    t.tm_hour = hour;
    t.tm_min = minute;
    t.tm_sec = second;
    return std::chrono::system_clock::from_time_t(timegm(&t));
}

class Window : public testing::Test {
  protected:
    void SetUp() override {
        if (const char* tz = std::getenv("TZ")) before_ = tz;
    }
    void TearDown() override { zone(before_); }
    static void zone(const std::string& name) {
        if (name.empty()) unsetenv("TZ");
        else setenv("TZ", name.c_str(), 1);
        tzset();
    }
    static TimeWindows windows(std::string_view text) {
        auto w = TimeWindows::parse(text);
        EXPECT_TRUE(w) << text << ": " << w.error().reason;
        return w ? *w : TimeWindows{};
    }
    /// Whole minutes of [from, to) in which the window is open.
    static int open_minutes(const TimeWindows& w, TimePoint from, TimePoint to) {
        int n = 0;
        for (auto t = from; t < to; t += minutes(1)) n += w.open_at(t);
        return n;
    }

  private:
    std::string before_;
};

TEST_F(Window, ShanghaiSpansMidnightEveryNight) {
    zone("Asia/Shanghai");
    const auto w = windows("20:00-06:00");
    EXPECT_FALSE(w.open_at(utc(2026, 11, 22, 11, 59, 59))); // 19:59:59
    EXPECT_TRUE(w.open_at(utc(2026, 11, 22, 12, 0)));       // 20:00
    EXPECT_TRUE(w.open_at(utc(2026, 11, 22, 16, 0)));       // midnight
    EXPECT_TRUE(w.open_at(utc(2026, 11, 22, 21, 59, 59)));  // 05:59:59
    EXPECT_FALSE(w.open_at(utc(2026, 11, 22, 22, 0)));      // 06:00: the end is out
    EXPECT_EQ(w.next_change(utc(2026, 11, 22, 11, 59, 59)), utc(2026, 11, 22, 12, 0));
    EXPECT_EQ(w.next_change(utc(2026, 11, 22, 12, 0)), utc(2026, 11, 22, 22, 0));
    EXPECT_EQ(w.next_change(utc(2026, 11, 22, 22, 0)), utc(2026, 11, 23, 12, 0));
    EXPECT_EQ(open_minutes(w, utc(2026, 11, 1, 0, 0), utc(2026, 11, 8, 0, 0)), 7 * 600);
    // No daylight saving since 1991: each night of the year has ten hours.
    for (int month = 1; month <= 12; ++month)
        EXPECT_EQ(open_minutes(w, utc(2026, month, 10, 4, 0), utc(2026, month, 11, 4, 0)), 600) << month;
}

TEST_F(Window, BerlinSpringNightIsAnHourShorter) {
    zone("Europe/Berlin"); // 2026-03-29 02:00 CET becomes 03:00 CEST, at 01:00 UTC
    const auto w = windows("20:00-06:00");
    EXPECT_EQ(w.next_change(utc(2026, 3, 28, 12, 0)), utc(2026, 3, 28, 19, 0)); // 20:00 CET
    EXPECT_EQ(w.next_change(utc(2026, 3, 28, 19, 0)), utc(2026, 3, 29, 4, 0));  // 06:00 CEST
    EXPECT_EQ(open_minutes(w, utc(2026, 3, 28, 12, 0), utc(2026, 3, 29, 12, 0)), 9 * 60);
    // An end inside the hour that is left out closes at the change; a beginning there opens at it.
    EXPECT_EQ(windows("22:00-02:30").next_change(utc(2026, 3, 28, 21, 0)), utc(2026, 3, 29, 1, 0));
    EXPECT_EQ(windows("02:30-06:00").next_change(utc(2026, 3, 28, 21, 0)), utc(2026, 3, 29, 1, 0));
    // A window that lies wholly in it does not open that night, but the next.
    EXPECT_EQ(windows("02:15-02:45").next_change(utc(2026, 3, 28, 21, 0)), utc(2026, 3, 30, 0, 15));
}

TEST_F(Window, BerlinAutumnNightIsAnHourLonger) {
    zone("Europe/Berlin"); // 2026-10-25 03:00 CEST becomes 02:00 CET, at 01:00 UTC
    const auto w = windows("20:00-06:00");
    EXPECT_EQ(w.next_change(utc(2026, 10, 24, 18, 0)), utc(2026, 10, 25, 5, 0)); // 06:00 CET
    EXPECT_EQ(open_minutes(w, utc(2026, 10, 24, 10, 0), utc(2026, 10, 25, 10, 0)), 11 * 60);
    // The wall clock shows 02:00 to 03:00 twice, and both times count.
    EXPECT_EQ(open_minutes(windows("02:15-02:45"), utc(2026, 10, 24, 22, 0), utc(2026, 10, 25, 10, 0)), 60);
    EXPECT_FALSE(windows("22:00-02:30").open_at(utc(2026, 10, 25, 0, 45))); // 02:45 CEST
    EXPECT_TRUE(windows("22:00-02:30").open_at(utc(2026, 10, 25, 1, 15)));  // 02:15 CET
}

TEST_F(Window, WeekdaysAreThoseOfTheBeginning) {
    zone("Asia/Shanghai"); // 2026-11-22 is a Sunday
    const auto w = windows("Mon-Fri 20:00-06:00");
    EXPECT_FALSE(w.open_at(utc(2026, 11, 22, 13, 0))); // Sunday 21:00
    EXPECT_FALSE(w.open_at(utc(2026, 11, 22, 18, 0))); // Monday 02:00 belongs to Sunday night
    EXPECT_TRUE(w.open_at(utc(2026, 11, 23, 13, 0)));  // Monday 21:00
    EXPECT_TRUE(w.open_at(utc(2026, 11, 27, 18, 0)));  // Saturday 02:00 belongs to Friday night
    EXPECT_EQ(w.next_change(utc(2026, 11, 27, 22, 0)), utc(2026, 11, 30, 12, 0)); // Saturday 06:00 to Monday 20:00

    const auto weekend = windows("Mon-Fri 20:00-06:00; Sat,Sun 00:00-24:00");
    // Friday 20:00 to Monday 00:00 in one piece, then Monday night.
    EXPECT_EQ(weekend.next_change(utc(2026, 11, 27, 12, 0)), utc(2026, 11, 29, 16, 0));
    EXPECT_EQ(weekend.next_change(utc(2026, 11, 29, 16, 0)), utc(2026, 11, 30, 12, 0));
    // A range over the end of the week.
    const auto wrapped = windows("Sat-Mon 01:00-02:00");
    EXPECT_EQ(open_minutes(wrapped, utc(2026, 11, 15, 16, 0), utc(2026, 11, 22, 16, 0)), 3 * 60);
}

TEST_F(Window, SeveralTimesAndManyWaysToWriteThem) {
    zone("UTC");
    const auto w = windows("12:00-13:30,20:00-6:00");
    EXPECT_EQ(open_minutes(w, utc(2026, 11, 22, 0, 0), utc(2026, 11, 23, 0, 0)), 90 + 600);
    const auto chinese = windows("周一至周五 20:00-06:00;周六、周日 00:00-24:00");
    const auto english = windows("mon-fri 20:00-06:00; SAT,Sunday 00:00-24:00");
    for (auto t = utc(2026, 11, 16, 0, 0); t < utc(2026, 11, 30, 0, 0); t += minutes(30))
        ASSERT_EQ(chinese.open_at(t), english.open_at(t));
}

TEST_F(Window, ClockJumpsAreBelieved) {
    zone("Asia/Shanghai");
    const auto w = windows("20:00-06:00");
    // Each answer depends on the instant alone: forward out of the window, back into it, back before it.
    EXPECT_TRUE(w.open_at(utc(2026, 11, 22, 21, 0)));
    EXPECT_FALSE(w.open_at(utc(2026, 11, 22, 22, 30)));
    EXPECT_TRUE(w.open_at(utc(2026, 11, 22, 21, 30)));
    EXPECT_FALSE(w.open_at(utc(1970, 1, 1, 0, 0)));                             // a dead clock battery: 08:00
    EXPECT_EQ(w.next_change(utc(1970, 1, 1, 0, 0, 1)), utc(1970, 1, 1, 12, 0)); // still an answer
    EXPECT_TRUE(w.open_at(utc(2099, 1, 1, 13, 0)));
}

TEST_F(Window, NeverClosingAndEmpty) {
    zone("UTC");
    EXPECT_FALSE(windows("00:00-24:00").next_change(utc(2026, 11, 22, 0, 0)));
    EXPECT_TRUE(TimeWindows{}.open_at(utc(2026, 11, 22, 0, 0)));
    EXPECT_FALSE(TimeWindows{}.next_change(utc(2026, 11, 22, 0, 0)));
}

TEST_F(Window, WhatIsNoWindowIsRefusedWithThePart) {
    for (const char* text : {"", ";", "20:00", "20:00-", "20:00-06:00-08:00", "25:00-06:00", "20:60-06:00",
                             "24:00-06:00", "8-17", "20:00~06:00", "06:00-06:00", "Mo 20:00-06:00", "Mon- 20:00-06:00",
                             "Mon", "20:00-24:01", "2:0-3:00", "20:00-06:00 Mon", "-1:00-06:00"}) {
        const auto w = TimeWindows::parse(text);
        ASSERT_FALSE(w) << text;
        EXPECT_EQ(w.error().code, "window.bad");
        EXPECT_FALSE(w.error().reason.empty());
    }
    EXPECT_NE(TimeWindows::parse("Mon-Fri 20:00-06:00; Sat 1-2").error().reason.find("1-2"), std::string::npos);
}

TEST_F(Window, TheMinuteIsShownInLocalTime) {
    zone("Asia/Shanghai");
    EXPECT_EQ(local_minute(utc(2026, 11, 23, 12, 0)), "2026-11-23 20:00 (Mon)");
}

} // namespace
} // namespace recto
