// One function a rule; kept in one file because all lean on one folded line and one way to propose.

#include "stages/describe/validate.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "pipeline/files/codes.h"
#include "pipeline/files/dates.h"
#include "stages/describe/check_digits.h"
#include "stages/describe/extract.h"
#include "stages/describe/lines.h"

namespace recto::describe {

namespace {

/// A glyph this sure is not taken for another one.
constexpr double kSureGlyph = 0.9;
/// By how much the least sure of several candidates must be less sure than the next.
constexpr double kClearlyLess = 0.05;

std::u32string code_points(std::string_view utf8) {
    std::u32string out;
    for (std::size_t pos = 0; pos < utf8.size();) out += next_code_point(utf8, pos);
    return out;
}

std::string utf8_of(std::u32string_view text) {
    std::string out;
    for (const char32_t c : text) append_utf8(out, c);
    return out;
}

/// A line with full-width figures and letters as ASCII, character by character, and where each began.
struct Folded {
    std::u32string text;
    std::vector<std::size_t> at; ///< Byte of the line's text; one more for the end.
};

Folded fold_line(std::string_view line) {
    Folded out;
    for (std::size_t pos = 0; pos < line.size();) {
        out.at.push_back(pos);
        char32_t c = next_code_point(line, pos);
        if (c == 0x3000) c = ' ';
        else if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
        else if (c == 0xFFE5) c = 0xA5; // ¥
        out.text += c;
    }
    out.at.push_back(line.size());
    return out;
}

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_letter(char32_t c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_zero_sign(char32_t c) { return c == U'〇' || c == U'○' || c == U'◯'; }
bool is_han(char32_t c) { return (c >= 0x3400 && c <= 0x9FFF) || c >= 0x20000; }

/// The digit that a sign is, or looks like; 0 when it is like none.
char32_t digit_like(char32_t c) {
    if (is_digit(c)) return c;
    if (is_zero_sign(c)) return '0';
    switch (c) {
    case 'O':
    case 'o':
    case 'Q':
    case 'D': return '0';
    case 'l':
    case 'I':
    case 'i':
    case '|': return '1';
    case 'Z':
    case 'z': return '2';
    case 'S':
    case 's': return '5';
    case 'b':
    case 'G': return '6';
    case 'B': return '8';
    case 'g':
    case 'q': return '9';
    default: return 0;
    }
}

/// What else a sign may be when print is worn.
std::u32string_view looks_like(char32_t c) {
    switch (c) {
    case '0': return U"86DQ";
    case '1': return U"7";
    case '3': return U"85";
    case '4': return U"A";
    case '5': return U"36";
    case '6': return U"58G";
    case '7': return U"1T";
    case '8': return U"3B06";
    case '9': return U"4";
    case 'A': return U"4";
    case 'B': return U"8";
    case 'C': return U"G";
    case 'D': return U"0";
    case 'E': return U"F";
    case 'F': return U"E";
    case 'G': return U"6C";
    case 'M': return U"N";
    case 'N': return U"M";
    case 'P': return U"R";
    case 'Q': return U"0";
    case 'R': return U"P";
    case 'T': return U"7";
    default: return {};
    }
}

using Valid = std::function<bool(std::string_view)>;
using Confidence = std::function<double(std::size_t)>; ///< Of the character at this index of the folded line.

/// The value that one exchange makes right: the only one there is, or the one at the glyph that the reader was least sure
/// of. "" when neither is clear. `number` stands at `first` of the line.
std::string mended(std::u32string number, std::size_t first, const Valid& valid, const Confidence& confidence) {
    struct Candidate {
        std::string text;
        double confidence;
    };
    std::vector<Candidate> found;
    for (std::size_t i = 0; i < number.size(); ++i)
        for (const char32_t other : looks_like(number[i])) {
            const char32_t was = std::exchange(number[i], other);
            if (std::string text = utf8_of(number); valid(text))
                found.push_back({std::move(text), confidence(first + i)});
            number[i] = was;
        }
    if (found.size() == 1) return found[0].text;
    std::ranges::stable_sort(found, {}, &Candidate::confidence);
    if (found.size() > 1 && found[0].confidence < kSureGlyph &&
        found[0].confidence + kClearlyLess < found[1].confidence)
        return found[0].text;
    return {};
}

bool contains_any(const std::u32string& text, std::initializer_list<std::u32string_view> words) {
    return std::ranges::any_of(words, [&](std::u32string_view w) { return text.find(w) != std::u32string::npos; });
}

/// The checks of one line.
class LineChecker {
  public:
    LineChecker(const TextLine& line, const Dictionary& dictionary)
        : line_(line), dictionary_(dictionary), folded_(fold_line(line.text)), text_(folded_.text) {}

    std::vector<Doubtful> run() {
        dates();
        document_numbers();
        long_numbers();
        cards();
        amounts();
        labelled();
        names();
        std::ranges::stable_sort(out_, {}, &Doubtful::begin);
        return std::move(out_);
    }

  private:
    /// `first` to before `last` of the folded line.
    void add(const char* code, std::size_t first, std::size_t last, std::string proposal) {
        out_.push_back({code, folded_.at[first], folded_.at[last], std::move(proposal)});
    }

    [[nodiscard]] double confidence_at(std::size_t i) const {
        return confidence_of(line_, folded_.at[i], folded_.at[i + 1]);
    }
    [[nodiscard]] Confidence confidence() const {
        return [this](std::size_t i) { return confidence_at(i); };
    }

    // ---- Dates ---------------------------------------------------------------------------------------------------

    /// Figures or Chinese numerals before `end`: the number and where it begins.
    [[nodiscard]] std::optional<std::pair<int, std::size_t>> number_before(std::size_t end) const {
        std::size_t first = end;
        while (first > 0 && is_digit(text_[first - 1]) && end - first < 3) --first;
        if (first < end) return std::pair{number_in(utf8_of(text_.substr(first, end - first))), first};
        static constexpr std::u32string_view kNumerals = U"一二三四五六七八九十廿卅";
        while (first > 0 && kNumerals.find(text_[first - 1]) != std::u32string_view::npos && end - first < 4) --first;
        if (first == end) return std::nullopt;
        int n = 0;
        for (std::size_t i = first; i < end; ++i) {
            const std::size_t value = kNumerals.find(text_[i]) + 1;
            if (value == 10) n = std::max(n, 1) * 10;
            else if (value == 11) n += 20;
            else if (value == 12) n += 30;
            else n += static_cast<int>(value);
        }
        return std::pair{n, first};
    }

    void dates() {
        // A lunar month has at most 30 days, and its second month has thirty as often as not.
        const bool lunar = contains_any(text_, {U"农历", U"旧历", U"阴历", U"夏历", U"古历", U"光绪", U"宣统", U"同治",
                                                U"咸丰", U"道光", U"嘉庆", U"正月", U"腊月", U"冬月", U"闰",   U"農曆",
                                                U"舊曆", U"陰曆", U"光緒", U"宣統", U"臘月", U"閏"});
        std::vector<std::pair<std::size_t, std::size_t>> told;
        if (!lunar)
            for (const DateFound& d : find_dates(line_.text)) {
                if (!d.edtf.ends_with('?')) continue;
                out_.push_back({"check.date", d.begin, d.end, ""});
                told.emplace_back(d.begin, d.end);
            }
        for (std::size_t at = 1; at + 1 < text_.size(); ++at) {
            if (text_[at] != U'月') continue;
            const auto month = number_before(at);
            if (!month) continue;
            std::size_t end = at + 1;
            while (end < text_.size() && end - at < 6 && text_[end] != U'日' && text_[end] != U'号') ++end;
            if (end >= text_.size() || end == at + 1 || (text_[end] != U'日' && text_[end] != U'号')) continue;
            const auto day = number_before(end);
            if (!day || day->second != at + 1) continue;
            // With a year the date was looked at as a whole, and only impossible months are left.
            const int most = lunar ? 30 : month->first >= 1 && month->first <= 12 ? days_in_month(0, month->first) : 0;
            const bool possible = month->first >= 1 && month->first <= 12 && day->first >= 1 && day->first <= most;
            const std::size_t begin = folded_.at[month->second];
            const bool known =
                std::ranges::any_of(told, [&](const auto& t) { return t.first <= begin && begin < t.second; });
            if (!possible && !known) add("check.date", month->second, end + 1, "");
        }
    }

    // ---- 发文字号 ------------------------------------------------------------------------------------------------

    void document_numbers() {
        static constexpr std::u32string_view kOpen = U"〔[({【〈﹝「", kClose = U"〕])}】〉﹞」";
        for (std::size_t i = 1; i + 1 < text_.size(); ++i) {
            // Four signs that are, or look like, a year, with a bracket at one side at least and 号 behind a number.
            std::size_t first = i;
            const std::size_t open = kOpen.find(text_[i]);
            const bool opened = open != std::u32string_view::npos;
            if (opened) ++first;
            else if (!is_han(text_[i]) || is_year_sign(text_[i])) continue;
            else ++first;
            if (!is_han(text_[i - 1]) && text_[i - 1] != ' ' && opened) continue;
            std::size_t last = first;
            while (last < text_.size() && last - first < 5 && is_year_sign(text_[last])) ++last;
            if (last - first != 4 || last >= text_.size()) continue;
            const std::size_t close = kClose.find(text_[last]);
            const bool closed = close != std::u32string_view::npos;
            if (!opened && !closed) continue;
            std::size_t number = last + (closed ? 1 : 0);
            if (number < text_.size() && text_[number] == U'第') ++number;
            std::size_t end = number;
            while (end < text_.size() && end - number < 6 && digit_like(text_[end]) != 0) ++end;
            if (end == number || end >= text_.size() || (text_[end] != U'号' && text_[end] != U'號')) continue;
            std::u32string year, serial;
            for (std::size_t k = first; k < last; ++k) year += digit_like(text_[k]);
            for (std::size_t k = number; k < end; ++k) serial += digit_like(text_[k]);
            const int value = number_in(utf8_of(year));
            const bool letters = year != text_.substr(first, 4) || serial != text_.substr(number, end - number);
            const bool paired = opened && closed && open == close;
            const bool plausible = value >= 1900 && value <= 2099;
            if (!letters && paired && plausible) continue;
            std::string proposal;
            if (plausible) proposal = utf8_of(U"〔" + year + U"〕" + serial + U"号");
            add("check.document_number", opened ? i : first, end + 1, proposal);
            i = end;
        }
    }

    static bool is_year_sign(char32_t c) { return digit_like(c) != 0; }

    // ---- Identity numbers, credit codes ----------------------------------------------------------------------------

    void long_numbers() {
        const bool of_person = contains_any(text_, {U"身份证", U"身分证", U"公民身份", U"身份證", U"证件号"});
        const bool of_unit = contains_any(text_, {U"信用代码", U"信用代碼"});
        for (std::size_t i = 0; i < text_.size();) {
            std::size_t end = i;
            while (end < text_.size() && (is_digit(text_[end]) || is_letter(text_[end]) || is_zero_sign(text_[end])))
                ++end;
            if (end == i) {
                ++i;
                continue;
            }
            if (end - i == 18 && !id_number(i, of_person)) credit_code(i, of_unit);
            if (end - i == 15 && of_person) short_id_number(i);
            i = end;
        }
    }

    /// True when it is one, right or wrong.
    bool id_number(std::size_t first, bool labelled) {
        std::u32string number;
        int signs = 0;
        for (std::size_t k = 0; k < 18; ++k) {
            const char32_t c = text_[first + k];
            char32_t digit = digit_like(c);
            if (k == 17 && (c == 'X' || c == 'x' || c == 0xD7)) digit = 'X';
            if (digit == 0) return false;
            signs += digit != c && digit != 'X';
            number += digit;
        }
        const std::string plain = utf8_of(number);
        const bool likely = is_province(plain.substr(0, 2)) && is_birth_date(std::string_view(plain).substr(6, 8));
        if (signs > 3 || (!labelled && !likely)) return false;
        if (valid_id_number(plain)) {
            if (signs > 0) add("check.id_number", first, first + 18, plain);
            return true;
        }
        add("check.id_number", first, first + 18, mended(number, first, valid_id_number, confidence()));
        return true;
    }

    /// 15 digits, before 1999: no check digit, but a date.
    void short_id_number(std::size_t first) {
        std::u32string number;
        for (std::size_t k = 0; k < 15; ++k) {
            const char32_t digit = digit_like(text_[first + k]);
            if (digit == 0) return;
            number += digit;
        }
        const std::string plain = utf8_of(number);
        const auto right = [](std::string_view n) {
            return all_digits(n) && is_province(n.substr(0, 2)) && is_birth_date("19" + std::string(n.substr(6, 6)));
        };
        const bool as_it_stands = number == text_.substr(first, 15);
        if (right(plain)) {
            if (!as_it_stands) add("check.id_number", first, first + 15, plain);
            return;
        }
        add("check.id_number", first, first + 15, mended(number, first, right, confidence()));
    }

    void credit_code(std::size_t first, bool labelled) {
        std::u32string code;
        int signs = 0, letters = 0;
        for (std::size_t k = 0; k < 18; ++k) {
            char32_t c = text_[first + k];
            if (c >= 'a' && c <= 'z') c -= 32;
            // The code has no I, O, S and Z, so that nobody takes them for 1, 0, 5 and 2.
            const bool figure_only = k >= 2 && k < 8;
            if (c == 'I' || c == 'O' || c == 'S' || c == 'Z' || is_zero_sign(c) || (figure_only && !is_digit(c))) {
                c = digit_like(c);
                if (c == 0) return;
                ++signs;
            }
            letters += is_letter(c) && k >= 8;
            code += c;
        }
        const std::string plain = utf8_of(code);
        const bool likely = letters > 0 && is_province(plain.substr(2, 2)) && plain[0] >= '1' && plain[0] <= 'Y';
        if (!labelled && !likely) return;
        if (valid_credit_code(plain)) {
            if (signs > 0) add("check.credit_code", first, first + 18, plain);
            return;
        }
        add("check.credit_code", first, first + 18, mended(code, first, valid_credit_code, confidence()));
    }

    // ---- Cards -----------------------------------------------------------------------------------------------------

    void cards() {
        if (!contains_any(text_, {U"银行卡", U"卡号", U"借记卡", U"信用卡", U"储蓄卡", U"卡號"})) return;
        for (std::size_t i = 0; i < text_.size(); ++i) {
            if (!is_digit(text_[i])) continue;
            // Groups of four may have spaces between them.
            std::u32string number;
            std::size_t end = i;
            for (std::size_t k = i; k < text_.size(); ++k) {
                const bool space = text_[k] == ' ' && k + 1 < text_.size() && digit_like(text_[k + 1]) != 0;
                if (digit_like(text_[k]) == 0 && !space) break;
                if (!space) number += text_[k];
                end = k + 1;
            }
            std::u32string plain;
            for (const char32_t c : number) plain += digit_like(c);
            if (plain.size() >= 16 && plain.size() <= 19 && (plain[0] >= '3' && plain[0] <= '6')) {
                const std::string digits = utf8_of(plain);
                const bool spaced = end - i != number.size();
                const auto right = [](std::string_view n) { return all_digits(n) && valid_card_number(n); };
                if (right(digits)) {
                    if (plain != number) add("check.card_number", i, end, digits);
                } else
                    // Where spaces stand between, indices of digits are not those of the line: no glyph decides then.
                    add("check.card_number", i, end,
                        mended(plain, i, right, spaced ? Confidence([](std::size_t) { return 1.0; }) : confidence()));
            }
            i = end;
        }
    }

    // ---- Amounts ---------------------------------------------------------------------------------------------------

    struct Amount {
        std::size_t first, last;
        long long fen;
    };

    [[nodiscard]] std::vector<Amount> amounts_in_words() const {
        static constexpr std::u32string_view kSigns = U"零壹贰叁肆伍陆柒捌玖拾佰仟万亿元圆角分整正貳參叄弍陸萬億圓";
        static constexpr std::u32string_view kCapitals = U"壹贰叁肆伍陆柒捌玖貳參叄弍陸拾佰仟";
        std::vector<Amount> found;
        for (std::size_t i = 0; i < text_.size();) {
            std::size_t end = i;
            while (end < text_.size() && kSigns.find(text_[end]) != std::u32string_view::npos) ++end;
            if (end == i) {
                ++i;
                continue;
            }
            const std::u32string run = text_.substr(i, end - i);
            const bool capital = run.find_first_of(kCapitals) != std::u32string::npos;
            if (const long long fen = capital ? capital_amount(run) : -1; fen >= 0) found.push_back({i, end, fen});
            i = end;
        }
        return found;
    }

    [[nodiscard]] std::vector<Amount> amounts_in_figures() const {
        std::vector<Amount> found;
        for (std::size_t i = 0; i < text_.size();) {
            if (!is_digit(text_[i])) {
                ++i;
                continue;
            }
            std::size_t end = i;
            long long whole = 0, part = 0;
            int after = -1; // figures behind the point
            bool good = true;
            while (end < text_.size()) {
                const char32_t c = text_[end];
                const bool more = end + 1 < text_.size() && is_digit(text_[end + 1]);
                if (is_digit(c) && after < 0) whole = whole * 10 + (c - '0');
                else if (is_digit(c)) {
                    part = part * 10 + (c - '0');
                    ++after;
                } else if (c == '.' && after < 0 && more) after = 0;
                else if (c != ',' || after >= 0 || !more) break;
                good = good && whole < 1'000'000'000'000LL && after <= 2;
                ++end;
            }
            std::size_t before = i;
            while (before > 0 && text_[before - 1] == ' ') --before;
            const bool marked = before > 0 && (text_[before - 1] == 0xA5 || text_[before - 1] == '$');
            const bool yuan = end < text_.size() && text_[end] == U'元';
            if (good && (marked || yuan))
                found.push_back({marked ? before - 1 : i, end, whole * 100 + (after == 1 ? part * 10 : part)});
            i = end;
        }
        return found;
    }

    void amounts() {
        const auto words = amounts_in_words(), figures = amounts_in_figures();
        // With several of each nothing says which belong together.
        if (words.size() != 1 || figures.size() != 1 || words[0].fen == figures[0].fen) return;
        add("check.amount", std::min(words[0].first, figures[0].first), std::max(words[0].last, figures[0].last),
            fmt::format("¥{}.{:02}", words[0].fen / 100, words[0].fen % 100));
    }

    // ---- Telephone numbers and postcodes -----------------------------------------------------------------------------

    /// Digits (and what looks like one, and hyphens) behind a label and a colon or space.
    void labelled() {
        static constexpr std::u32string_view kPhones[] = {U"电话", U"手机", U"传真", U"電話"};
        static constexpr std::u32string_view kPostcodes[] = {U"邮编", U"邮政编码", U"郵編"};
        for (const auto& label : kPhones)
            behind(label, [&](std::size_t first, std::size_t last) { phone(first, last); });
        for (const auto& label : kPostcodes)
            behind(label, [&](std::size_t first, std::size_t last) { postcode(first, last); });
    }

    template <class Use> void behind(std::u32string_view label, const Use& use) {
        for (std::size_t at = 0; (at = text_.find(label, at)) != std::u32string::npos;) {
            at += label.size();
            std::size_t first = at;
            while (first < text_.size() && (text_[first] == ' ' || text_[first] == ':' || text_[first] == U'号' ||
                                            text_[first] == U'码' || text_[first] == U'：'))
                ++first;
            std::size_t last = first;
            while (last < text_.size() && (digit_like(text_[last]) != 0 || text_[last] == '-')) ++last;
            while (last > first && text_[last - 1] == '-') --last;
            // A word that goes on is no number.
            if (last > first && is_digit(text_[first]) && (last == text_.size() || !is_letter(text_[last])))
                use(first, last);
        }
    }

    [[nodiscard]] std::u32string digits_between(std::size_t first, std::size_t last) const {
        std::u32string digits;
        for (std::size_t i = first; i < last; ++i)
            if (text_[i] != '-') digits += digit_like(text_[i]);
        return digits;
    }

    static bool is_phone(std::u32string_view digits) {
        // Short numbers are of their time: exchanges had three figures once.
        const bool mobile = digits.size() == 11 && digits[0] == '1' && digits[1] >= '3';
        const bool trunk = digits[0] == '0' && digits.size() >= 10 && digits.size() <= 12;
        const bool foreign = digits.starts_with(U"00") || digits.starts_with(U"86");
        const bool service = digits.size() == 10 && (digits.starts_with(U"400") || digits.starts_with(U"800"));
        return digits.size() <= 8 || mobile || trunk || foreign || service;
    }

    void phone(std::size_t first, std::size_t last) {
        std::u32string written;
        for (std::size_t i = first; i < last; ++i) written += text_[i] == '-' ? U'-' : digit_like(text_[i]);
        // Behind the last hyphen there may be an extension.
        const std::size_t hyphen = written.rfind(U'-');
        const bool extended = hyphen != std::u32string::npos && written.size() - hyphen <= 6 && hyphen > 0;
        const bool right =
            is_phone(digits_between(first, last)) || (extended && is_phone(digits_between(first, first + hyphen)));
        const bool signs = written != text_.substr(first, last - first);
        if (right && !signs) return;
        add("check.phone", first, last, right ? utf8_of(written) : "");
    }

    void postcode(std::size_t first, std::size_t last) {
        const std::u32string digits = digits_between(first, last);
        const bool right = digits.size() == 6;
        const bool signs = digits != text_.substr(first, last - first);
        if (right && !signs) return;
        add("check.postcode", first, last, right ? utf8_of(digits) : "");
    }

    // ---- Names of the dictionary -------------------------------------------------------------------------------------

    void names() {
        if (dictionary_.empty()) return;
        std::vector<double> sure(text_.size());
        for (std::size_t i = 0; i < text_.size(); ++i) sure[i] = confidence_at(i);
        for (const std::size_t length : dictionary_.lengths()) {
            const auto& known = *dictionary_.of_length(length);
            for (std::size_t i = 0; i + length <= text_.size(); ++i) {
                const std::u32string here = text_.substr(i, length);
                if (std::ranges::binary_search(known, here)) continue;
                const std::u32string* name = nullptr;
                bool several = false;
                for (const std::u32string& n : known) {
                    std::size_t differ = 0, where = 0;
                    for (std::size_t k = 0; k < length && differ < 2; ++k)
                        if (n[k] != here[k]) {
                            ++differ;
                            where = k;
                        }
                    if (differ != 1 || sure[i + where] >= kSureGlyph || !is_word_sign(here[where])) continue;
                    several = name != nullptr;
                    name = &n;
                }
                if (name) add("check.dictionary", i, i + length, several ? std::string() : utf8_of(*name));
            }
        }
    }

    static bool is_word_sign(char32_t c) { return is_han(c) || is_letter(c) || is_digit(c); }

    const TextLine& line_;
    const Dictionary& dictionary_;
    const Folded folded_;
    const std::u32string& text_;
    std::vector<Doubtful> out_;
};

/// A wrong check digit is a misread or a forged number; a phone number may be of another time.
Severity severity_of(std::string_view code) {
    return code == "check.phone" || code == "check.postcode" || code == "check.dictionary" ||
                   code == "check.document_number"
               ? Severity::Info
               : Severity::Warning;
}

} // namespace

Dictionary::Dictionary(std::string_view file) {
    if (file.starts_with("\xEF\xBB\xBF")) file.remove_prefix(3);
    for (std::size_t at = 0; at < file.size();) {
        const std::size_t end = std::min(file.find('\n', at), file.size());
        const std::string name = trim_text(fold_width(file.substr(at, end - at)));
        at = end + 1;
        if (name.empty() || name[0] == '#') continue;
        std::u32string points = code_points(name);
        if (points.size() >= 3) by_length_[points.size()].push_back(std::move(points));
    }
    for (auto& [length, names] : by_length_) {
        std::ranges::sort(names);
        names.erase(std::ranges::unique(names).begin(), names.end());
    }
}

const std::vector<std::u32string>* Dictionary::of_length(std::size_t length) const {
    const auto found = by_length_.find(length);
    return found == by_length_.end() ? nullptr : &found->second;
}

std::vector<std::size_t> Dictionary::lengths() const {
    std::vector<std::size_t> out;
    for (const auto& entry : by_length_) out.push_back(entry.first);
    return out;
}

std::vector<Doubtful> check_line(const TextLine& line, const Dictionary& dictionary) {
    if (line.text.empty()) return {};
    return LineChecker(line, dictionary).run();
}

std::vector<Finding> check_page(const Page& page, const Dictionary& dictionary) {
    std::vector<Finding> out;
    int block = 0;
    for (const TextBlock& b : page.text.blocks) {
        ++block;
        int number = 0;
        for (const TextLine& l : b.lines) {
            ++number;
            for (Doubtful& d : check_line(l, dictionary)) {
                Finding f;
                f.code = d.code;
                f.severity = severity_of(f.code);
                f.args = {l.id.empty() ? fmt::format("b{}l{}", block, number) : l.id,
                          l.text.substr(d.begin, d.end - d.begin), d.proposal.empty() ? "–" : d.proposal, l.text};
                f.place = in_source(page, place_of(l, d.begin, d.end));
                f.has_place = true;
                out.push_back(std::move(f));
            }
        }
    }
    return out;
}

} // namespace recto::describe
