#pragma once

/// Numbers that prove themselves: check digits, and sums in capital numerals. Pure functions, any thread.

#include <string_view>

namespace recto::describe {

[[nodiscard]] bool all_digits(std::string_view text);     ///< ASCII; false for "".
[[nodiscard]] int number_in(std::string_view digits);     ///< Of a few digits.
[[nodiscard]] bool is_province(std::string_view two);     ///< Two digits of GB/T 2260.
[[nodiscard]] bool is_birth_date(std::string_view eight); ///< YYYYMMDD from 1850 to 2100, and a day that there is.

/// Check digits. `number` holds digits (for the first, an X may end it; for the second, digits and capitals).
[[nodiscard]] bool valid_id_number(std::string_view number); ///< GB 11643, 18 characters: province, date, check digit.
[[nodiscard]] bool valid_credit_code(std::string_view number); ///< GB 32100, 18 characters.
[[nodiscard]] bool valid_card_number(std::string_view digits); ///< Luhn, 12 to 19 digits.

/// 人民币壹仟贰佰元整 in fen (hundredths of a yuan): -1 when it is no sum in capital numerals.
[[nodiscard]] long long capital_amount(std::u32string_view text);

} // namespace recto::describe
