// One rule set per field; kept in one file because the rules lean on each other's results.

#include "stages/describe/extract.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <unicode/regex.h>
#include <unicode/unistr.h>

#include "pipeline/files/codes.h"
#include "pipeline/files/dates.h"
#include "stages/describe/lines.h"

namespace recto::describe {

namespace {

bool ends_with(std::string_view s, std::string_view end) {
    return s.size() >= end.size() && s.substr(s.size() - end.size()) == end;
}
bool begins_with(std::string_view s, std::string_view begin) { return s.substr(0, begin.size()) == begin; }
bool contains(std::string_view s, std::string_view part) { return s.find(part) != std::string_view::npos; }
template <std::size_t N> bool ends_with_any(std::string_view s, const std::string_view (&list)[N]) {
    return std::any_of(std::begin(list), std::end(list), [&](std::string_view e) { return ends_with(s, e); });
}

constexpr std::string_view kGenres[] = {
    "通知", "决定", "决议",   "意见", "报告", "请示", "批复", "函",   "公告", "通告", "通报", "命令", "令",
    "纪要", "议案", "条例",   "办法", "规定", "方案", "计划", "规划", "总结", "章程", "细则", "汇报", "协议",
    "合同", "证明", "介绍信", "名单", "复函", "公报", "指示", "布告", "呈文", "目录", "说明"};
constexpr std::string_view kBodies[] = {
    "人民政府", "政府", "委员会", "办公室", "办公厅", "局",     "厅",       "部",    "院",     "公司",       "档案馆",
    "学校",     "大学", "中学",   "小学",   "法院",   "检察院", "银行",     "协会",  "学会",   "中心",       "处",
    "科",       "厂",   "站",     "社",     "会",     "所",     "署",       "公署",  "革委会", "革命委员会", "总工会",
    "党委",     "支部", "总队",   "支队",   "集团",   "医院",   "领导小组", "指挥部"};

const icu::RegexPattern& number_pattern() {
    static const std::unique_ptr<icu::RegexPattern> pattern = [] {
        UErrorCode status = U_ZERO_ERROR;
        UParseError where{};
        // Name, year in brackets, number; or year first; or by 字第.
        return std::unique_ptr<icu::RegexPattern>(icu::RegexPattern::compile(
            icu::UnicodeString::fromUTF8(
                "([\\p{Han}A-Z]{1,16}?)[〔\\[({【〈﹝「](\\d{4}|\\d{2})(?:年)?[〕\\])}】〉﹞」](?:第)?(\\d{1,5})[号號]"
                "|[〔\\[({【〈﹝「](\\d{4}|\\d{2})(?:年)?[〕\\])}】〉﹞」]([\\p{Han}]{1,12}?字?)第?(\\d{1,5})[号號]"
                "|([\\p{Han}]{1,12}?字)第(\\d{1,5})[号號]"),
            0, where, status));
    }();
    return *pattern;
}

bool is_salutation(const Line& line) {
    if (!ends_with(line.squeezed, ":") || characters_in(line.squeezed) > 60) return false;
    return !contains(line.squeezed, "如下") && !contains(line.squeezed, "关于");
}

bool is_english(const std::vector<Line>& lines) {
    std::size_t latin = 0, all = 0;
    for (const Line& l : lines)
        for (const char c : l.squeezed) {
            ++all;
            latin += static_cast<unsigned char>(c) < 0x80 ? 1 : 0;
        }
    return all > 0 && latin * 10 >= all * 9;
}

struct Pages {
    std::vector<std::vector<Line>> lines; ///< Of the pages that are read for fields.
};

Pages readable(const Item& item) {
    Pages p;
    for (const Page& page : item.pages) {
        if (!counts_as_page(page.page_class) || page.error) continue;
        auto lines = lines_of(page);
        if (!lines.empty()) p.lines.push_back(std::move(lines));
    }
    return p;
}

// ---- 文号 ------------------------------------------------------------------------------------------------------------

struct Place {
    const Line* line = nullptr;
    Field field;
};

std::optional<Place> document_number(const Pages& pages) {
    std::optional<Place> best;
    double best_score = 0;
    if (!pages.lines.empty() && is_english(pages.lines[0])) {
        for (const Line& line : pages.lines[0]) {
            for (const std::string_view word :
                 {"File No.", "File No", "Our ref.", "Our Ref.", "Our ref", "Ref. No.", "Ref:", "Ref."}) {
                if (line.top > 0.5 || !begins_with(line.text, word)) continue;
                const std::size_t from = line.text.find_first_not_of(" \t:.", word.size());
                if (from == std::string::npos || line.text.find_first_of("0123456789", from) == std::string::npos)
                    break;
                return Place{&line, make_field("document_number", line, from, line.text.size(),
                                               trim_text(std::string_view(line.text).substr(from)), 0.8)};
            }
        }
        return std::nullopt;
    }
    for (std::size_t p = 0; p < std::min<std::size_t>(pages.lines.size(), 2); ++p) {
        for (const Line& line : pages.lines[p]) {
            const auto found = find_document_numbers(line.text);
            if (found.empty() || line.table) continue;
            const NumberFound& n = found[0];
            const std::size_t own = characters_in(n.as_written), all = characters_in(line.text);
            double score = p == 0 ? 1 : 0;
            if (own * 10 >= all * 8) score += 3;
            else if (contains(line.squeezed, "签发人")) score += 2.5;
            if (line.top < 0.5) score += 1;
            const std::string before = line.text.substr(0, n.begin);
            for (const std::string_view word : {"根据", "按照", "依据", "《", "》", "转发", "贯彻", "你", "(", "（"})
                if (contains(before, word)) score -= 3;
            if (score < 2.5 || (best && score <= best_score)) continue;
            best_score = score;
            best = Place{&line, make_field("document_number", line, n.begin, n.end, n.value, score >= 4 ? 1.0 : 0.7)};
        }
    }
    return best;
}

// ---- 责任者: letterhead ----------------------------------------------------------------------------------------------

/// "柳州市人民政府文件" -> 柳州市人民政府, with the line's end of it.
std::optional<Place> letterhead(const Pages& pages) {
    if (pages.lines.empty()) return std::nullopt;
    const auto& lines = pages.lines[0];
    if (is_english(lines)) { // a printed or typed heading in capitals at the very top
        const Line& line = lines[0];
        const auto upper =
            std::count_if(line.text.begin(), line.text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
        const auto lower =
            std::count_if(line.text.begin(), line.text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
        if (line.top > 0.2 || upper < 6 || upper < 4 * lower || !contains(trim_text(line.text), " "))
            return std::nullopt;
        return Place{&line, make_field("creator", line, 0, line.text.size(), trim_text(line.text), 0.6)};
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(lines.size(), 6); ++i) {
        const Line& line = lines[i];
        if (line.top > 0.35 || characters_in(line.squeezed) > 40) break;
        // Behind the title or the first sentence a body's name is its signature.
        if (is_salutation(line) || ends_with(line.squeezed, "。") || contains(line.squeezed, "关于")) break;
        std::string name = line.squeezed;
        double weight = 0.6;
        if (ends_with(name, "文件") && characters_in(name) > 4) {
            name.resize(name.size() - std::string_view("文件").size());
            weight = 0.95;
        }
        const auto bracket = name.find('(');
        if (bracket != std::string::npos && bracket > 0) name.resize(bracket); // 柳州市人民政府(通知)
        if (!ends_with_any(name, kBodies) || characters_in(name) < 3) continue;
        const std::size_t end = name.size() < line.from.size() ? line.from[name.size()] : line.text.size();
        return Place{&line, make_field("creator", line, line.from[0], end, name, weight)};
    }
    return std::nullopt;
}

// ---- 题名 ------------------------------------------------------------------------------------------------------------

std::optional<Field> title(const Pages& pages, const Line* number, const Line* head) {
    if (pages.lines.empty()) return std::nullopt;
    const auto& lines = pages.lines[0];
    if (is_english(lines)) {
        for (const Line& line : lines) {
            for (const std::string_view word : {"Subject:", "SUBJECT:", "Re:", "RE:"}) {
                if (!begins_with(line.text, word)) continue;
                const std::size_t from = line.text.find_first_not_of(" \t", word.size());
                if (from == std::string::npos) continue;
                return make_field("title", line, from, line.text.size(),
                                  trim_text(std::string_view(line.text).substr(from)), 0.9);
            }
        }
        return std::nullopt;
    }
    std::size_t start = 0;
    bool anchored = false;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (&lines[i] != number && &lines[i] != head) continue;
        start = i + 1;
        anchored = true;
    }
    const auto is_end = [](const Line& l) {
        std::string s = l.squeezed;
        if (ends_with(s, ")")) { // "…的通知(试行)"
            const auto open = s.rfind('(');
            if (open != std::string::npos) s.resize(open);
        }
        return ends_with_any(s, kGenres);
    };
    if (!anchored) { // no letterhead: the first 关于 in the upper half begins the title
        while (start < lines.size() && lines[start].top < 0.5 && !contains(lines[start].squeezed, "关于") &&
               !is_end(lines[start]))
            ++start;
        if (start >= lines.size() || lines[start].top >= 0.5) return std::nullopt;
    }
    Field f;
    f.id = "title";
    f.source = "extracted";
    double confidence = 0;
    int count = 0;
    bool closed = false, salutation = false;
    for (std::size_t i = start; i < lines.size() && count < 5; ++i) {
        const Line& line = lines[i];
        if (is_salutation(line)) {
            salutation = true;
            break;
        }
        const std::string& s = line.squeezed;
        if (count == 0 &&
            (begins_with(s, "签发人") || !find_document_numbers(line.text).empty() || characters_in(s) < 2))
            continue;
        // A sentence is text, not title.
        if (ends_with(s, "。") || ends_with(s, ";") || ends_with(s, "；") || begins_with(s, "一、") || line.top > 0.7)
            break;
        if (count > 0 && closed && line.height < 0.8 * lines[start].height) break;
        const std::string part = trim_text(line.text);
        f.as_written += (f.as_written.empty() ? "" : "\n") + part;
        f.value += s;
        f.place = unite(f.place, line.line->box);
        f.page = line.page;
        confidence += confidence_of(*line.line, 0, line.text.size());
        ++count;
        closed = is_end(line);
        if (closed) {
            // Only a salutation, or nothing of the title's size, may follow.
            if (i + 1 >= lines.size() || is_salutation(lines[i + 1]) || !is_end(lines[i + 1])) {
                salutation = i + 1 < lines.size() && is_salutation(lines[i + 1]);
                break;
            }
        }
    }
    if (count == 0 || (!closed && !(salutation && anchored))) return std::nullopt;
    if (characters_in(f.value) < 4 || characters_in(f.value) > 150) return std::nullopt;
    const double weight = (anchored ? 0.5 : 0.35) + (closed ? 0.3 : 0.0) + (salutation ? 0.15 : 0.0) +
                          (contains(f.value, "关于") ? 0.05 : 0.0);
    f.confidence = confidence / count * weight;
    return f;
}

// ---- 日期 ------------------------------------------------------------------------------------------------------------

struct DatePlace {
    std::size_t page = 0, line = 0;
    Field field;
    double score = 0;
};

std::optional<DatePlace> date(const Pages& pages) {
    std::optional<DatePlace> best;
    for (std::size_t p = 0; p < pages.lines.size(); ++p) {
        const auto& lines = pages.lines[p];
        const bool english = is_english(lines);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const Line& line = lines[i];
            if (line.table) continue;
            for (const DateFound& d : find_dates(line.text)) {
                if (!d.has_month) continue;
                const std::size_t own = characters_in(d.as_written), all = characters_in(line.text);
                const bool alone = own * 10 >= all * 8;
                double score = (d.has_day ? 1 : 0) + (alone ? 3 : 0);
                if (line.left > 0.4) score += 0.75;
                if (ends_with(line.squeezed, "印发") || contains(line.squeezed, "抄送") ||
                    contains(line.squeezed, "收文") || contains(line.squeezed, "打印"))
                    score -= 4;
                if (d.edtf.back() == '?') score -= 1;
                // Chinese letters are dated at their end, English ones at their head.
                if (english) score += line.top < 0.4 && p == 0 ? 1 : 0;
                else if (p + 1 == pages.lines.size()) score += 0.25;
                if (score < 3 || (best && (english ? score <= best->score : score < best->score))) continue;
                best = DatePlace{p, i, make_field("date", line, d.begin, d.end, d.edtf, alone ? 1.0 : 0.6), score};
                if (d.edtf.back() == '?' || d.edtf.back() == '~') best->field.confidence *= 0.6;
            }
        }
    }
    return best;
}

// ---- 责任者: signature -----------------------------------------------------------------------------------------------

std::optional<Field> signature(const Pages& pages, const DatePlace& date) {
    // Above the date, or the last line of the page before when the date stands alone at a page's top.
    for (std::size_t back = 1; back <= 2; ++back) {
        if (date.line < back) return std::nullopt;
        const Line& line = pages.lines[date.page][date.line - back];
        const std::string& s = line.squeezed;
        if (characters_in(s) < 3 || characters_in(s) > 40) return std::nullopt;
        if (ends_with(s, "。") || ends_with(s, ":") || ends_with(s, ",")) return std::nullopt;
        if (!ends_with_any(s, kBodies)) continue;
        return make_field("creator", line, line.from[0], line.text.size(), s, 0.8);
    }
    return std::nullopt;
}

// ---- volumes ---------------------------------------------------------------------------------------------------------

/// A bound volume (案卷) holds many letters: its title, creator and dates stand on its cover, not on the first letter.
std::vector<Field> describe_volume(const Page& cover) {
    std::vector<Field> out;
    const auto lines = lines_of(cover);
    std::optional<Field> title, creator, date;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Line& line = lines[i];
        const std::string& s = line.squeezed;
        if (!creator && ends_with_any(s, kBodies) && characters_in(s) >= 4 && !contains(s, "关于") &&
            !contains(s, "档案")) {
            const auto colon = s.rfind(':');
            const std::size_t from = colon == std::string::npos ? 0 : colon + 1;
            creator = make_field("creator", line, line.from[from], line.text.size(), s.substr(from), 0.7);
        }
        if (!title && contains(s, "关于")) {
            const auto label = s.find("题名:");
            const std::size_t from = label == std::string::npos ? 0 : label + std::string_view("题名:").size();
            title = make_field("title", line, line.from[from], line.text.size(), s.substr(from), 0.8);
            // The title goes on while its lines stand close and are of its size.
            for (std::size_t k = i + 1; k < lines.size() && k < i + 5; ++k) {
                const Line& next = lines[k];
                if (std::abs(next.height - line.height) > 0.25 * line.height ||
                    next.line->box.y - lines[k - 1].line->box.y > 3.5 * line.height || !find_dates(next.text).empty() ||
                    characters_in(next.squeezed) < 2)
                    break;
                title->as_written += "\n" + trim_text(next.text);
                title->value += next.squeezed;
                title->place = unite(title->place, next.line->box);
            }
        }
        for (const DateFound& d : find_dates(line.text)) {
            if (!d.has_month) continue;
            Field f = make_field("date", line, d.begin, d.end, d.edtf, 0.8);
            if (!date) {
                date = std::move(f);
            } else if (!contains(date->value, "/")) { // from ... to ...
                date->as_written += "\n" + f.as_written;
                date->value += "/" + f.value;
                date->place = unite(date->place, f.place);
            }
        }
    }
    for (auto* field : {&title, &date, &creator})
        if (*field) out.push_back(std::move(**field));
    return out;
}

} // namespace

std::vector<NumberFound> find_document_numbers(std::string_view line) {
    // The search runs over the squeezed text; `from` leads back to the line's bytes.
    std::string squeezed;
    std::vector<std::size_t> from, to;
    for (std::size_t pos = 0; pos < line.size();) {
        const std::size_t at = pos;
        char32_t c = next_code_point(line, pos);
        if (c <= ' ' || c == 0x3000 || c == 0xA0 || (c >= 0x2000 && c <= 0x200B)) continue;
        if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
        append_utf8(squeezed, c);
        from.push_back(at);
        to.push_back(pos);
        if (c > 0xFFFF) { // two UTF-16 units
            from.push_back(at);
            to.push_back(pos);
        }
    }
    std::vector<NumberFound> out;
    const icu::UnicodeString text = icu::UnicodeString::fromUTF8(squeezed);
    if (text.length() != static_cast<std::int32_t>(from.size())) return out; // invalid bytes were replaced
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::RegexMatcher> m(number_pattern().matcher(text, status));
    if (U_FAILURE(status) || !m) return out;
    while (m->find(status) && U_SUCCESS(status)) {
        const auto group = [&](int g) {
            std::string s;
            m->group(g, status).toUTF8String(s);
            return s;
        };
        NumberFound n;
        n.begin = from[static_cast<std::size_t>(m->start(status))];
        n.end = to[static_cast<std::size_t>(m->end(status)) - 1];
        n.as_written = std::string(line.substr(n.begin, n.end - n.begin));
        if (m->start(1, status) >= 0) n.value = group(1) + "〔" + group(2) + "〕" + group(3) + "号";
        else if (m->start(4, status) >= 0)
            n.value = "〔" + group(4) + "〕" + group(5) + (ends_with(group(5), "字") ? "第" : "") + group(6) + "号";
        else n.value = group(7) + "第" + group(8) + "号";
        out.push_back(std::move(n));
    }
    return out;
}

std::vector<Field> extract_fields(const Item& item) {
    std::vector<Field> out;
    bool volume = false;
    for (const Page& page : item.pages) {
        if (page.page_class == PageClass::Cover && !page.error) return describe_volume(page);
        volume |= page.page_class == PageClass::Contents;
    }
    if (volume) return out; // what the first letter says is not about the volume
    const Pages pages = readable(item);
    if (pages.lines.empty()) return out;
    const auto number = document_number(pages);
    const auto head = letterhead(pages);
    if (number) out.push_back(number->field);
    if (auto t = title(pages, number ? number->line : nullptr, head ? head->line : nullptr))
        out.push_back(std::move(*t));
    const auto d = date(pages);
    std::optional<Field> creator;
    if (d) {
        out.push_back(d->field);
        creator = signature(pages, *d);
    }
    if (head && creator) {
        // Both say the same: sure. A red letterhead names the body in full and in large print.
        if (similarity(head->field.value, creator->value) > 0.8)
            creator = head->field, creator->confidence = std::min(1.0, creator->confidence * 1.05);
        else if (contains(head->field.value, creator->value) || head->field.confidence > creator->confidence)
            creator = head->field;
    } else if (head) {
        creator = head->field;
    }
    if (creator) out.push_back(std::move(*creator));
    return out;
}

} // namespace recto::describe
