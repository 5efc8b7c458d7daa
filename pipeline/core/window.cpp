#include "pipeline/core/window.h"

#include <array>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

#include "pipeline/core/messages.h"

namespace recto {
namespace {

constexpr int kMinutesOfDay = 24 * 60;
constexpr int kEveryDay = 0x7F;

/// Names of days by number; the first of each row is what is shown.
constexpr std::array<std::array<std::string_view, 5>, 7> kDays{{{"mon", "monday", "周一", "星期一", "礼拜一"},
                                                                {"tue", "tuesday", "周二", "星期二", "礼拜二"},
                                                                {"wed", "wednesday", "周三", "星期三", "礼拜三"},
                                                                {"thu", "thursday", "周四", "星期四", "礼拜四"},
                                                                {"fri", "friday", "周五", "星期五", "礼拜五"},
                                                                {"sat", "saturday", "周六", "星期六", "礼拜六"},
                                                                {"sun", "sunday", "周日", "星期日", "周天"}}};

/// Signs as an input method writes them become the plain ones; letters become small.
std::string plain_signs(std::string_view text) {
    static constexpr std::pair<std::string_view, char> kSigns[] = {
        {"\uFF1A", ':'}, {"\uFF1B", ';'}, {"\uFF0C", ','}, {"\u3001", ','}, {"\uFF5E", '-'}, {"\u301C", '-'},
        {"\u2013", '-'}, {"\u2014", '-'}, {"\uFF0D", '-'}, {"\u81F3", '-'}, {"\u3000", ' '},
    };
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        bool found = false;
        for (const auto& [from, to] : kSigns) {
            if (!text.substr(i).starts_with(from)) continue;
            out += to;
            i += from.size();
            found = true;
            break;
        }
        // Full-width digits: U+FF10 to U+FF19.
        if (!found && i + 2 < text.size() && text.substr(i).starts_with("\xEF\xBC") &&
            static_cast<unsigned char>(text[i + 2]) >= 0x90 && static_cast<unsigned char>(text[i + 2]) <= 0x99) {
            out += static_cast<char>('0' + (static_cast<unsigned char>(text[i + 2]) - 0x90));
            i += 3;
            found = true;
        }
        if (found) continue;
        const char c = text[i++];
        out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == '\t' || c == '\n' ? ' ' : c;
    }
    return out;
}

std::string_view without_blanks(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> out;
    for (;;) {
        const auto end = text.find(at);
        out.push_back(without_blanks(text.substr(0, end)));
        if (end == std::string_view::npos) return out;
        text.remove_prefix(end + 1);
    }
}

std::optional<int> day_number(std::string_view name) {
    for (std::size_t d = 0; d < kDays.size(); ++d)
        for (const auto known : kDays[d])
            if (name == known) return static_cast<int>(d);
    return std::nullopt;
}

/// "mon", "mon-fri", "mon,wed", "sat-mon" as bits.
std::optional<int> parse_days(std::string_view text) {
    int bits = 0;
    for (const auto part : split(text, ',')) {
        const auto ends = split(part, '-');
        if (ends.size() > 2) return std::nullopt;
        const auto first = day_number(ends.front()), last = day_number(ends.back());
        if (!first || !last) return std::nullopt;
        for (int d = *first;; d = (d + 1) % 7) {
            bits |= 1 << d;
            if (d == *last) break;
        }
    }
    return bits;
}

/// Minutes of "6:30" or "06:30"; 24:00 is the end of a day.
std::optional<int> parse_minute(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon < 1 || colon > 2 || text.size() != colon + 3) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (i != colon && (text[i] < '0' || text[i] > '9')) return std::nullopt;
    const int hours = std::atoi(std::string(text.substr(0, colon)).c_str());
    const int minutes = std::atoi(std::string(text.substr(colon + 1)).c_str());
    if (minutes > 59 || hours > 24 || (hours == 24 && minutes > 0)) return std::nullopt;
    return hours * 60 + minutes;
}

std::tm local_time(TimeWindows::TimePoint t) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(t);
    std::tm local{};
    localtime_r(&seconds, &local);
    return local;
}

int monday_first(const std::tm& t) { return (t.tm_wday + 6) % 7; }

} // namespace

Result<TimeWindows> TimeWindows::parse(std::string_view text) {
    const std::string plain = plain_signs(text);
    TimeWindows out;
    const auto bad = [&](std::string_view part, std::string_view why) {
        return fail("window.bad", fmt::format("'{}': {}", part, why));
    };
    for (const auto part : split(plain, ';')) {
        if (part.empty()) continue;
        // The times begin at the first digit: no name of a day has one.
        const auto digit = part.find_first_of("0123456789");
        if (digit == std::string_view::npos) return bad(part, "no times; write for example 20:00-06:00");
        int days = kEveryDay;
        if (const auto names = without_blanks(part.substr(0, digit)); !names.empty()) {
            const auto bits = parse_days(names);
            if (!bits) return bad(names, "not a list of days; write for example Mon-Fri or Sat,Sun");
            days = *bits;
        }
        for (const auto times : split(part.substr(digit), ',')) {
            const auto ends = split(times, '-');
            if (ends.size() != 2) return bad(times, "write two times, for example 20:00-06:00");
            const auto begin = parse_minute(ends[0]), end = parse_minute(ends[1]);
            if (!begin || !end || *begin == kMinutesOfDay) return bad(times, "not two times from 00:00 to 24:00");
            if (*begin == *end) return bad(times, "begins when it ends; the whole day is 00:00-24:00");
            out.spans_.push_back({days, *begin, *end});
        }
    }
    if (out.spans_.empty()) return bad(text, "no window; write for example 20:00-06:00");
    return out;
}

bool TimeWindows::open_at(TimePoint t) const {
    if (spans_.empty()) return true;
    const std::tm local = local_time(t);
    const int minute = local.tm_hour * 60 + local.tm_min, today = monday_first(local), yesterday = (today + 6) % 7;
    for (const Span& s : spans_) {
        const bool begins_today = (s.days >> today & 1) != 0, began_yesterday = (s.days >> yesterday & 1) != 0;
        if (s.end > s.begin) {
            if (begins_today && minute >= s.begin && minute < s.end) return true;
        } else if ((begins_today && minute >= s.begin) || (began_yesterday && minute < s.end)) {
            return true;
        }
    }
    return false;
}

std::optional<TimeWindows::TimePoint> TimeWindows::next_change(TimePoint t) const {
    // Minute by minute, so that every rule of every time zone is obeyed; nine days are 13,000 looks, a few milliseconds.
    const bool now = open_at(t);
    auto at = std::chrono::floor<std::chrono::minutes>(t);
    for (int i = 0; i < 9 * kMinutesOfDay; ++i) {
        at += std::chrono::minutes(1);
        if (open_at(at) != now) return at;
    }
    return std::nullopt;
}

std::string local_minute(std::chrono::system_clock::time_point t) {
    const std::tm local = local_time(t);
    constexpr std::array<std::string_view, 7> kShort{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const auto day = static_cast<std::size_t>(monday_first(local));
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} ({})", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                       local.tm_hour, local.tm_min, ui_language() == Language::Chinese ? kDays[day][2] : kShort[day]);
}

} // namespace recto
