#include "catalogue/xlsx_numbers.h"

#include <chrono>
#include <cmath>

#include <fmt/format.h>

namespace recto::catalogue {

NumberFormat number_format(int id, const std::map<int, std::string>& custom) {
    NumberFormat f;
    const auto it = custom.find(id);
    if (it == custom.end()) {
        f.date = (id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 36) || (id >= 50 && id <= 58);
        return f;
    }
    const std::string& code = it->second;
    if (!code.empty() && code.find_first_not_of('0') == std::string::npos) f.zeros = static_cast<int>(code.size());
    // Letters in quotes, in brackets or behind a backslash are text; "General" has none of the date's letters in lower case.
    bool quoted = false, bracket = false;
    bool year = false, day = false, month = false;
    for (std::size_t i = 0; i < code.size(); ++i) {
        const char c = code[i];
        if (c == '"') quoted = !quoted;
        else if (c == '[' && !quoted) bracket = true;
        else if (c == ']') bracket = false;
        else if (c == '\\' || c == '_') ++i;
        else if (!quoted && !bracket) {
            if (c == 'y' || c == 'Y' || c == 'e') year = true;
            if (c == 'd' || c == 'D') day = true;
            if (c == 'm' || c == 'M') month = true;
        }
    }
    f.date = code != "General" && (year || day ||
                                   (month && code.find('h') == std::string::npos &&
                                    code.find('s') == std::string::npos && code.find('0') == std::string::npos));
    return f;
}

std::string date_text(double serial, bool from_1904) {
    using namespace std::chrono;
    auto days_since = static_cast<long>(std::floor(serial));
    // 1900 counts a 29 February that was none.
    if (!from_1904 && days_since < 60) ++days_since;
    const sys_days base = from_1904 ? sys_days(year(1904) / 1 / 1) : sys_days(year(1899) / 12 / 30);
    const year_month_day ymd(base + days(days_since));
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                       static_cast<unsigned>(ymd.day()));
}

} // namespace recto::catalogue
