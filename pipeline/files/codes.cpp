#include "pipeline/files/codes.h"

#include <algorithm>
#include <vector>

#include "pipeline/files/names.h"

namespace recto {

namespace {

bool is_space(char32_t c) {
    return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x3000 || c == 0xA0 || c == 0xFEFF ||
           (c >= 0x2000 && c <= 0x200B) || c == 0x202F || c == 0x205F;
}

char32_t narrow(char32_t c) {
    if (c >= 0xFF01 && c <= 0xFF5E) return c - 0xFEE0;
    return c == 0x3000 ? U' ' : c;
}

} // namespace

char32_t next_code_point(std::string_view text, std::size_t& pos) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char b = byte(pos);
    if (b < 0x80) {
        ++pos;
        return b;
    }
    int more = b >= 0xC2 && b < 0xE0 ? 1 : b >= 0xE0 && b < 0xF0 ? 2 : b >= 0xF0 && b < 0xF5 ? 3 : 0;
    char32_t c = more == 1 ? b & 0x1FU : more == 2 ? b & 0x0FU : b & 0x07U;
    bool good = more > 0 && pos + static_cast<std::size_t>(more) < text.size() + 0U;
    for (int i = 1; good && i <= more; ++i) {
        const unsigned char t = byte(pos + static_cast<std::size_t>(i));
        good = (t & 0xC0) == 0x80;
        c = (c << 6) | (t & 0x3FU);
    }
    // Overlong forms, surrogates and values past U+10FFFF are no text.
    if (good && more == 2) good = c >= 0x800 && (c < 0xD800 || c > 0xDFFF);
    if (good && more == 3) good = c >= 0x10000 && c <= 0x10FFFF;
    if (!good) {
        ++pos;
        return 0xDC80U + (b - 0x80U);
    }
    pos += static_cast<std::size_t>(more) + 1;
    return c;
}

void append_utf8(std::string& out, char32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c >= 0xDC80 && c <= 0xDCFF) {
        out += static_cast<char>(c - 0xDC00);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | (c >> 6));
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | (c >> 12));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | (c >> 18));
        out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    }
}

std::string fold_code(std::string_view code) {
    const std::string nfc = is_valid_utf8(code) ? to_nfc(code) : std::string(code);
    std::string out;
    for (std::size_t pos = 0; pos < nfc.size();) {
        char32_t c = next_code_point(nfc, pos);
        if (is_space(c)) continue;
        switch (c) {
        case 0x30FB:
        case 0xFF65:
        case 0x2022:
        case 0x2027:
        case 0x2219:
        case 0x22C5:
        case 0xFF0E: c = 0xB7; break;
        case 0x2010:
        case 0x2011:
        case 0x2012:
        case 0x2013:
        case 0x2014:
        case 0x2015:
        case 0x2212:
        case 0xFE63: c = '-'; break;
        default: c = narrow(c);
        }
        if (c >= 'a' && c <= 'z') c -= 32;
        append_utf8(out, c);
    }
    return out;
}

std::string fold_width(std::string_view utf8) {
    std::string out;
    for (std::size_t pos = 0; pos < utf8.size();) append_utf8(out, narrow(next_code_point(utf8, pos)));
    return out;
}

std::string trim_text(std::string_view utf8) {
    std::size_t begin = 0, end = 0;
    bool started = false;
    for (std::size_t pos = 0; pos < utf8.size();) {
        const std::size_t at = pos;
        if (is_space(next_code_point(utf8, pos))) continue;
        if (!started) begin = at;
        started = true;
        end = pos;
    }
    return started ? std::string(utf8.substr(begin, end - begin)) : std::string();
}

std::optional<int> parse_page_count(std::string_view text) {
    std::string t = trim_text(fold_width(text));
    const auto strip_end = [&](std::string_view end) {
        if (t.size() > end.size() && std::string_view(t).substr(t.size() - end.size()) == end) {
            t.resize(t.size() - end.size());
            t = trim_text(t);
        }
    };
    if (t.rfind("共", 0) == 0) t = trim_text(std::string_view(t).substr(std::string_view("共").size()));
    for (const std::string_view end : {".", "页", "頁", "pages", "page", "pp", "p"}) strip_end(end);
    if (t.empty() || t.size() > 5) return std::nullopt;
    int n = 0;
    for (const char c : t) {
        if (c < '0' || c > '9') return std::nullopt;
        n = n * 10 + (c - '0');
    }
    return n;
}

double similarity(std::string_view a, std::string_view b, std::size_t longest) {
    std::u32string x, y;
    for (std::size_t pos = 0; pos < a.size();) x += next_code_point(a, pos);
    for (std::size_t pos = 0; pos < b.size();) y += next_code_point(b, pos);
    if (x.empty() && y.empty()) return 1;
    x.resize(std::min(x.size(), longest));
    y.resize(std::min(y.size(), longest));
    std::vector<std::size_t> row(y.size() + 1);
    for (std::size_t j = 0; j <= y.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= x.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= y.size(); ++j) {
            const std::size_t up = row[j];
            row[j] = std::min({up + 1, row[j - 1] + 1, diagonal + (x[i - 1] == y[j - 1] ? 0 : 1)});
            diagonal = up;
        }
    }
    return 1 - static_cast<double>(row[y.size()]) / static_cast<double>(std::max(x.size(), y.size()));
}

} // namespace recto
