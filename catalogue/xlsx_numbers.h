#pragma once

/// How a workbook shows numbers, as far as it changes what they are. Pure functions.

#include <map>
#include <string>

namespace recto::catalogue {

struct NumberFormat {
    bool date = false;
    int zeros = 0; ///< "0000": padded to that many digits.
};

/// Of a cell style: one of the built-in formats, or the workbook's own (`custom`, by id).
[[nodiscard]] NumberFormat number_format(int id, const std::map<int, std::string>& custom);

/// A day number as 2023-03-17; workbooks of old Macintoshes count from 1904.
[[nodiscard]] std::string date_text(double serial, bool from_1904);

} // namespace recto::catalogue
