#pragma once

/// Dates of documents: kept as written, normalised to EDTF (ISO 8601-2, level 1) without inventing what is not there.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recto {

struct DateFound {
    std::size_t begin = 0, end = 0; ///< Bytes of the text searched.
    std::string as_written;         ///< Those bytes.
    std::string edtf; ///< "2023-03-17", "2023-03", "2023"; "1985~" for lunar dates (whose day is another's in our
                      ///< calendar); "2023-02?" for a day that does not exist.
    bool has_month = false, has_day = false;
};

/// All dates in a line: 2023年3月17日, 二〇二三年三月十七日 (〇 ○ 零 廿 卅), 民国 and late Qing years, 2023.3.17, 2023-03-17,
/// 17 March 2023, March 17, 2023. White space between Chinese characters and full-width digits are accepted.
[[nodiscard]] std::vector<DateFound> find_dates(std::string_view line);

/// A whole value as catalogues have it: the forms above and 20230317, 202303, 2023; nullopt when it is no date.
[[nodiscard]] std::optional<std::string> normalise_date(std::string_view value);

/// 28 to 31 for a month from 1 to 12; of February 29 in leap years of the Gregorian calendar, and for year 0, which stands for one not known.
[[nodiscard]] int days_in_month(int year, int month);

/// True when the two EDTF values do not contradict each other ("2023-03" and "2023-03-17" agree).
[[nodiscard]] bool dates_agree(std::string_view a, std::string_view b);

} // namespace recto
