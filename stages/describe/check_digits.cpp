#include "stages/describe/check_digits.h"

#include <algorithm>
#include <utility>

#include "pipeline/files/dates.h"

namespace recto::describe {

int number_in(std::string_view digits) {
    int n = 0;
    for (const char c : digits) n = n * 10 + (c - '0');
    return n;
}

bool is_province(std::string_view two) {
    const int n = number_in(two);
    return (n >= 11 && n <= 15) || (n >= 21 && n <= 23) || (n >= 31 && n <= 37) || (n >= 41 && n <= 46) ||
           (n >= 50 && n <= 54) || (n >= 61 && n <= 65) || n == 71 || (n >= 81 && n <= 83);
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_birth_date(std::string_view eight) {
    const int year = number_in(eight.substr(0, 4)), month = number_in(eight.substr(4, 2));
    const int day = number_in(eight.substr(6, 2));
    return year >= 1850 && year <= 2100 && month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month);
}

bool valid_id_number(std::string_view number) {
    if (number.size() != 18 || !all_digits(number.substr(0, 17)) || !is_province(number.substr(0, 2))) return false;
    if (!is_birth_date(number.substr(6, 8))) return false;
    static constexpr int kWeights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    static constexpr std::string_view kLast = "10X98765432";
    int sum = 0;
    for (std::size_t i = 0; i < 17; ++i) sum += kWeights[i] * (number[i] - '0');
    return number[17] == kLast[static_cast<std::size_t>(sum % 11)];
}

bool valid_credit_code(std::string_view number) {
    static constexpr std::string_view kSigns = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    if (number.size() != 18 || !all_digits(number.substr(2, 6))) return false;
    std::size_t sum = 0, weight = 1;
    for (std::size_t i = 0; i < 17; ++i) {
        const std::size_t value = kSigns.find(number[i]);
        if (value == std::string_view::npos) return false;
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    return number[17] == kSigns[(31 - sum % 31) % 31];
}

bool valid_card_number(std::string_view digits) {
    if (digits.size() < 12 || digits.size() > 19) return false;
    int sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        int n = digits[digits.size() - 1 - i] - '0';
        if (i % 2 == 1 && (n *= 2) > 9) n -= 9;
        sum += n;
    }
    return sum % 10 == 0;
}

long long capital_amount(std::u32string_view text) {
    constexpr long long kMost = 1'000'000'000'000LL;
    long long total = 0, section = 0, digit = -1, fen = -1;
    const auto take_digit = [&] { return std::exchange(digit, -1); };
    for (const char32_t c : text) {
        static constexpr std::u32string_view kDigits = U"零壹贰叁肆伍陆柒捌玖";
        const char32_t simple = c == U'貳' || c == U'弍'   ? U'贰'
                                : c == U'參' || c == U'叄' ? U'叁'
                                : c == U'陸'               ? U'陆'
                                                           : c;
        if (const std::size_t value = kDigits.find(simple); value != std::u32string_view::npos) {
            if (digit > 0) return -1; // two figures without a unit between them
            digit = static_cast<long long>(value);
        } else if (c == U'拾' || c == U'佰' || c == U'仟') {
            const long long d = take_digit();
            section += (d < 0 ? 1 : d) * (c == U'拾' ? 10 : c == U'佰' ? 100 : 1000);
        } else if (c == U'万' || c == U'萬') {
            total += (section + std::max(0LL, take_digit())) * 10'000;
            section = 0;
        } else if (c == U'亿' || c == U'億') {
            total = (total + section + std::max(0LL, take_digit())) * 100'000'000;
            section = 0;
        } else if (c == U'元' || c == U'圆' || c == U'圓') {
            if (fen >= 0) return -1;
            fen = (total + section + std::max(0LL, take_digit())) * 100;
        } else if (c == U'角' || c == U'分') {
            if (fen < 0) fen = 0;
            fen += std::max(0LL, take_digit()) * (c == U'角' ? 10 : 1);
        } else if (c != U'整' && c != U'正') return -1;
        if (total > kMost) return -1;
    }
    return digit > 0 ? -1 : fen;
}

} // namespace recto::describe
