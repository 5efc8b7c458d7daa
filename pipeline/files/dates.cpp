#include "pipeline/files/dates.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "pipeline/files/codes.h"

namespace recto {

namespace {

/// A line as characters without white space, each with its bytes.
struct Chars {
    std::u32string c;
    std::vector<std::size_t> begin, end;
};

Chars squeeze(std::string_view line) {
    Chars out;
    for (std::size_t pos = 0; pos < line.size();) {
        const std::size_t at = pos;
        char32_t c = next_code_point(line, pos);
        if (c == ' ' || c == '\t' || c == 0x3000 || c == 0xA0 || (c >= 0x2000 && c <= 0x200B)) continue;
        if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
        out.c += c;
        out.begin.push_back(at);
        out.end.push_back(pos);
    }
    return out;
}

/// Value of a digit of either kind; -1 when it is none. Ring-like marks stand for zero only inside a Chinese year.
int digit(char32_t c) {
    if (c >= '0' && c <= '9') return static_cast<int>(c - '0');
    static constexpr std::u32string_view kChinese = U"〇一二三四五六七八九";
    static constexpr std::u32string_view kFormal = U"零壹贰叁肆伍陆柒捌玖";
    if (const auto i = kChinese.find(c); i != std::u32string_view::npos) return static_cast<int>(i);
    if (const auto i = kFormal.find(c); i != std::u32string_view::npos) return static_cast<int>(i);
    if (c == 0x25CB || c == 0x25EF || c == 0x2B55 || c == 'O' || c == 'o') return 0;
    if (c == U'元') return -1;
    return -1;
}

/// A number below 100 at `i`: "17", "十七", "二十", "廿三", "卅一", "初五", "元"; moves past it. -1 when there is none.
int small_number(const std::u32string& t, std::size_t& i, bool& lunar) {
    if (i < t.size() && t[i] == U'元') return ++i, 1;
    if (i < t.size() && t[i] == U'正' && i + 1 < t.size() && t[i + 1] == U'月') return lunar = true, ++i, 1;
    if (i < t.size() && (t[i] == U'冬' || t[i] == U'腊') && i + 1 < t.size() && t[i + 1] == U'月') {
        lunar = true;
        return t[i++] == U'冬' ? 11 : 12;
    }
    if (i < t.size() && t[i] == U'初') {
        lunar = true;
        ++i;
    }
    int tens = 0;
    bool any = false;
    std::size_t k = i;
    const int first = k < t.size() ? digit(t[k]) : -1;
    if (first >= 0 && t[k] >= '0' && t[k] <= '9') {
        int n = 0;
        const std::size_t from = k;
        while (k < t.size() && t[k] >= '0' && t[k] <= '9' && k - from < 3) n = n * 10 + static_cast<int>(t[k++] - '0');
        if (k - from > 2) return -1;
        i = k;
        return n;
    }
    if (first >= 0) {
        any = true;
        tens = first;
        ++k;
    }
    if (k < t.size() && (t[k] == U'十' || t[k] == U'拾')) {
        tens = (any ? tens : 1) * 10;
        ++k;
        const int unit = k < t.size() ? digit(t[k]) : -1;
        if (unit >= 0) {
            tens += unit;
            ++k;
        }
        i = k;
        return tens;
    }
    if (!any && k < t.size() && (t[k] == U'廿' || t[k] == U'卄' || t[k] == U'卅')) {
        tens = t[k] == U'卅' ? 30 : 20;
        ++k;
        const int unit = k < t.size() ? digit(t[k]) : -1;
        if (unit >= 0) {
            tens += unit;
            ++k;
        }
        i = k;
        return tens;
    }
    if (!any) return -1;
    const int unit = k < t.size() ? digit(t[k]) : -1; // "二三日": by place
    if (unit >= 0) {
        tens = tens * 10 + unit;
        ++k;
    }
    i = k;
    return tens;
}

/// Fills edtf; false when nothing believable is left. month, day: -1 when not given.
bool settle(DateFound& d, int year, int month, int day, bool lunar) {
    if (year < 1000 || year > 2199) return false;
    if (lunar) {
        d.edtf = fmt::format("{:04}~", year);
        d.has_month = month > 0;
        d.has_day = day > 0;
        return true;
    }
    if (month < 0) {
        d.edtf = fmt::format("{:04}", year);
        return true;
    }
    if (month < 1 || month > 12) return false;
    d.has_month = true;
    if (day < 0) {
        d.edtf = fmt::format("{:04}-{:02}", year, month);
    } else if (day >= 1 && day <= days_in_month(year, month)) {
        d.has_day = true;
        d.edtf = fmt::format("{:04}-{:02}-{:02}", year, month, day);
    } else {
        d.edtf = fmt::format("{:04}-{:02}?", year, month);
    }
    return true;
}

struct Era {
    std::u32string_view name;
    int before; ///< Year before its first.
    bool lunar;
};
// The Republic counts Gregorian years; the reigns are lunar.
constexpr Era kEras[] = {{U"中华民国", 1911, false}, {U"中華民國", 1911, false}, {U"民国", 1911, false},
                         {U"民國", 1911, false},     {U"宣统", 1908, true},      {U"宣統", 1908, true},
                         {U"光绪", 1874, true},      {U"光緒", 1874, true},      {U"同治", 1861, true},
                         {U"咸丰", 1850, true},      {U"咸豐", 1850, true},      {U"道光", 1820, true}};

/// Month and day behind 年, and the date's end.
bool chinese_rest(const Chars& t, std::size_t i, std::size_t from, int year, bool lunar, std::string_view line,
                  DateFound& d) {
    if (from >= 2 && (t.c.compare(from - 2, 2, U"农历") == 0 || t.c.compare(from - 2, 2, U"農曆") == 0)) lunar = true;
    int month = -1, day = -1;
    std::size_t end = i, k = i;
    if (k < t.c.size() && t.c[k] == U'闰') {
        lunar = true;
        ++k;
    }
    const int m = small_number(t.c, k, lunar);
    if (m > 0 && k < t.c.size() && t.c[k] == U'月') {
        month = m;
        end = ++k;
        const int n = small_number(t.c, k, lunar);
        if (n > 0 && k < t.c.size() && (t.c[k] == U'日' || t.c[k] == U'号')) {
            day = n;
            end = k + 1;
        } else if (n > 0 && lunar) {
            day = n;
            end = k;
        }
    }
    d.begin = t.begin[from];
    d.end = t.end[end - 1];
    d.as_written = std::string(line.substr(d.begin, d.end - d.begin));
    return settle(d, year, month, day, lunar);
}

bool is_digit_char(char32_t c) { return c >= '0' && c <= '9'; }

/// A Chinese or numeric date that begins at `i`.
bool date_at(const Chars& t, std::size_t i, std::string_view line, DateFound& d) {
    const std::u32string& c = t.c;
    for (const Era& era : kEras) {
        if (c.compare(i, era.name.size(), era.name) != 0) continue;
        std::size_t k = i + era.name.size();
        bool ignored = false;
        const int n = small_number(c, k, ignored);
        if (n > 0 && k < c.size() && c[k] == U'年')
            return chinese_rest(t, k + 1, i, era.before + n, era.lunar, line, d);
        return false;
    }
    if (i > 0 && (digit(c[i - 1]) >= 0 && c[i - 1] != 'O' && c[i - 1] != 'o')) return false;
    if (i + 4 > c.size()) return false;
    int year = 0;
    bool chinese = false, latin = false;
    for (std::size_t k = i; k < i + 4; ++k) {
        const int v = digit(c[k]);
        if (v < 0) return false;
        chinese |= c[k] > 0x7F && c[k] != 0x25CB;
        latin |= is_digit_char(c[k]);
        year = year * 10 + v;
    }
    if (!chinese && !latin) return false;
    std::size_t k = i + 4;
    if (k >= c.size()) return false;
    if (c[k] == U'年') return chinese_rest(t, k + 1, i, year, false, line, d);
    // 2023.3.17, 2023-03-17, 2023/3/17: one sign in both places, arabic digits only.
    const char32_t sign = c[k];
    if (chinese || (sign != '.' && sign != '-' && sign != '/')) return false;
    const auto run = [&](std::size_t from) {
        std::size_t to = from;
        while (to < c.size() && is_digit_char(c[to])) ++to;
        return to;
    };
    const std::size_t m_end = run(k + 1);
    if (m_end == k + 1 || m_end - k > 3 || m_end >= c.size() || c[m_end] != sign) return false;
    const std::size_t d_end = run(m_end + 1);
    if (d_end == m_end + 1 || d_end - m_end > 3) return false;
    if (d_end < c.size() && (c[d_end] == sign || c[d_end] == '-') && d_end + 1 < c.size() &&
        is_digit_char(c[d_end + 1]))
        return false;
    const auto value = [&](std::size_t from, std::size_t to) {
        int n = 0;
        for (; from < to; ++from) n = n * 10 + static_cast<int>(c[from] - '0');
        return n;
    };
    d.begin = t.begin[i];
    d.end = t.end[d_end - 1];
    d.as_written = std::string(line.substr(d.begin, d.end - d.begin));
    return settle(d, year, value(k + 1, m_end), value(m_end + 1, d_end), false);
}

// ---- English ---------------------------------------------------------------------------------------------------------

struct Token {
    std::string text; ///< Lower case letters or digits.
    std::size_t begin, end;
    bool number;
};

std::vector<Token> tokens(std::string_view line) {
    std::vector<Token> out;
    for (std::size_t i = 0; i < line.size();) {
        const auto u = static_cast<unsigned char>(line[i]);
        if (u >= 0x80 || !std::isalnum(u)) {
            ++i;
            continue;
        }
        const bool number = std::isdigit(u) != 0;
        Token t{"", i, i, number};
        while (i < line.size() && static_cast<unsigned char>(line[i]) < 0x80 &&
               (number ? std::isdigit(static_cast<unsigned char>(line[i]))
                       : std::isalpha(static_cast<unsigned char>(line[i]))))
            t.text += static_cast<char>(std::tolower(static_cast<unsigned char>(line[i++])));
        t.end = i;
        out.push_back(std::move(t));
    }
    return out;
}

int month_of(const std::string& word) {
    static constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                              "may",       "june",     "july",     "august",
                                                              "september", "october",  "november", "december"};
    for (std::size_t m = 0; m < kMonths.size(); ++m)
        if (word == kMonths[m] || (word.size() == 3 && kMonths[m].substr(0, 3) == word) || (word == "sept" && m == 8))
            return static_cast<int>(m) + 1;
    return -1;
}

bool near(std::string_view line, const Token& a, const Token& b) {
    if (b.begin - a.end > 4) return false;
    for (std::size_t i = a.end; i < b.begin; ++i)
        if (std::string_view(" ,.\t").find(line[i]) == std::string_view::npos) return false;
    return true;
}

void find_english(std::string_view line, std::vector<DateFound>& out) {
    const auto t = tokens(line);
    const auto number = [&](std::size_t i, std::size_t digits) {
        return i < t.size() && t[i].number && t[i].text.size() <= digits;
    };
    const auto is_suffix = [&](std::size_t i) {
        return i < t.size() && (t[i].text == "st" || t[i].text == "nd" || t[i].text == "rd" || t[i].text == "th");
    };
    for (std::size_t i = 0; i < t.size(); ++i) {
        const int month = t[i].number ? -1 : month_of(t[i].text);
        if (month < 0) continue;
        std::size_t first = i, last = i;
        int day = -1, year = -1;
        // 17 March 2023, 17th of March 2023
        std::size_t b = i;
        if (b > 0 && t[b - 1].text == "of") --b;
        if (b > 0 && is_suffix(b - 1)) --b;
        if (b > 0 && number(b - 1, 2) && near(line, t[b - 1], t[b])) {
            day = std::stoi(t[b - 1].text);
            first = b - 1;
        }
        std::size_t a = i + 1;
        if (day < 0 && number(a, 2) && near(line, t[i], t[a])) { // March 17(th), 2023
            day = std::stoi(t[a].text);
            last = a++;
            if (is_suffix(a)) last = a++;
        }
        if (a < t.size() && t[a].number && t[a].text.size() == 4 && near(line, t[a - 1], t[a])) {
            year = std::stoi(t[a].text);
            last = a;
        }
        DateFound d;
        d.begin = t[first].begin;
        d.end = t[last].end;
        d.as_written = std::string(line.substr(d.begin, d.end - d.begin));
        if (year > 0 && settle(d, year, month, day, false)) {
            out.push_back(std::move(d));
            i = last;
        }
    }
}

} // namespace

int days_in_month(int year, int month) {
    static constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; // 0 is one, as the header says
    return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

std::vector<DateFound> find_dates(std::string_view line) {
    std::vector<DateFound> out;
    const Chars t = squeeze(line);
    for (std::size_t i = 0; i < t.c.size();) {
        DateFound d;
        if (!date_at(t, i, line, d)) {
            ++i;
            continue;
        }
        while (i < t.c.size() && t.begin[i] < d.end) ++i;
        out.push_back(std::move(d));
    }
    find_english(line, out);
    std::sort(out.begin(), out.end(), [](const DateFound& a, const DateFound& b) { return a.begin < b.begin; });
    return out;
}

std::optional<std::string> normalise_date(std::string_view value) {
    const std::string text = trim_text(value);
    const std::string narrow = fold_width(text);
    const bool digits =
        !narrow.empty() && std::all_of(narrow.begin(), narrow.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits) {
        if (narrow.size() != 4 && narrow.size() != 6 && narrow.size() != 8) return std::nullopt;
        // Catalogues pad what is not known with zeros: 20230300.
        const auto part = [&](std::size_t at, std::size_t n) {
            return at < narrow.size() ? std::stoi(narrow.substr(at, n)) : 0;
        };
        const int month = part(4, 2), day = part(6, 2);
        DateFound d;
        if (month > 12 || (month == 0 && day > 0)) return std::nullopt;
        if (!settle(d, part(0, 4), month > 0 ? month : -1, day > 0 ? day : -1, false)) return std::nullopt;
        return d.edtf;
    }
    const auto found = find_dates(text);
    if (found.size() == 1 && found[0].begin == 0 && found[0].end == text.size()) return found[0].edtf;
    // "2023-03", "2023.3"
    const auto sep = narrow.find_first_of("-./");
    if (sep == 4 && narrow.size() >= 6 && narrow.size() <= 7 &&
        narrow.find_first_not_of("0123456789", 5) == std::string::npos && narrow.find_first_not_of("0123456789") == 4) {
        DateFound d;
        if (settle(d, std::stoi(narrow.substr(0, 4)), std::stoi(narrow.substr(5)), -1, false)) return d.edtf;
    }
    return std::nullopt;
}

bool dates_agree(std::string_view a, std::string_view b) {
    if (a.empty() || b.empty()) return true;
    const auto plain = [](std::string_view s) {
        const bool vague = s.back() == '~' || s.back() == '?';
        return vague ? s.substr(0, s.size() - 1) : s;
    };
    a = plain(a);
    b = plain(b);
    const std::size_t n = std::min(a.size(), b.size());
    return a.substr(0, n) == b.substr(0, n);
}

} // namespace recto
