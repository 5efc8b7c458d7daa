// Page classes and printed numbers, once the text is known.

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>

#include "pipeline/files/codes.h"
#include "stages/grouping/grouping.h"

namespace recto::group {

namespace {

/// A line as it is compared: width folded, no white space (engines space Chinese characters at will).
std::string squeeze(std::string_view text) {
    std::string out;
    const std::string narrow = fold_width(text);
    for (std::size_t pos = 0; pos < narrow.size();) {
        const char32_t c = next_code_point(narrow, pos);
        if (c == ' ' || c == '\t' || c == 0xA0 || (c >= 0x2000 && c <= 0x200B)) continue;
        append_utf8(out, c);
    }
    return out;
}

std::size_t length_of(std::string_view text) {
    std::size_t n = 0;
    for (std::size_t pos = 0; pos < text.size(); ++n) next_code_point(text, pos);
    return n;
}

struct Line {
    std::string text;    ///< Squeezed.
    double middle = 0.5; ///< Height of its middle on the page, 0 top to 1 bottom.
    double height = 0;   ///< Share of the page's height.
};

struct Words {
    std::vector<Line> lines;
    std::string all;
    std::size_t characters = 0;
    bool table = false;
};

Words words_of(const PageText& text) {
    Words w;
    const double height = text.height > 0 ? text.height : 1;
    for (const TextBlock& block : text.blocks) {
        w.table |= block.kind == BlockKind::Table;
        for (const TextLine& line : block.lines) {
            Line l;
            l.text = squeeze(line.text);
            if (l.text.empty()) continue;
            l.middle = (line.box.y + line.box.height / 2) / height;
            l.height = line.box.height / height;
            w.all += l.text + "\n";
            w.characters += length_of(l.text);
            w.lines.push_back(std::move(l));
        }
    }
    return w;
}

int count_of(const std::string& text, std::initializer_list<std::string_view> words) {
    return static_cast<int>(std::count_if(words.begin(), words.end(),
                                          [&](std::string_view word) { return text.find(word) != std::string::npos; }));
}

/// A line in the upper part of the page that is the heading `words` and little else.
bool has_heading(const Words& w, std::initializer_list<std::string_view> words, double upto, std::size_t extra) {
    return std::any_of(w.lines.begin(), w.lines.end(), [&](const Line& line) {
        if (line.middle > upto) return false;
        return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
            return line.text.find(word) != std::string::npos && length_of(line.text) <= length_of(word) + extra;
        });
    });
}

bool is_back_note(const Words& w) { return has_heading(w, {"卷内备考表", "备考表", "卷內備考表", "備考表"}, 0.5, 6); }

bool is_contents(const Words& w) {
    const int columns = count_of(w.all, {"顺序号", "序号", "文号", "责任者", "题名", "页号", "页次", "页数", "备注",
                                         "順序號", "文號", "責任者", "題名", "頁號", "備註", "文件编号"});
    if (has_heading(w, {"卷内文件目录", "卷内目录", "卷內文件目錄", "卷內目錄", "归档文件目录"}, 0.4, 8))
        return columns >= 2 || w.table;
    return has_heading(w, {"目录", "目錄"}, 0.3, 2) && (columns >= 3 || (w.table && columns >= 2));
}

bool is_cover(const Words& w) {
    // A cover bears form words and little text; a letter may quote one of them, never most of them.
    if (w.characters == 0 || w.characters > 260) return false;
    const bool heading = has_heading(w, {"案卷", "卷宗", "案卷封面", "文书档案", "檔案", "档案"}, 0.75, 8);
    const int forms =
        count_of(w.all, {"全宗", "案卷号", "案卷题名", "目录号", "保管期限", "立卷单位", "归档号", "卷宗", "案卷",
                         "起止", "件数", "页数", "密级", "档号", "室编", "馆编", "立卷人", "檔號", "保管期限"});
    return (heading && forms >= 2) || forms >= 4;
}

struct Number {
    std::string text;
    int value = 0; ///< Of its first run of digits.
};

/// The number of a line that is a page number and nothing else.
std::optional<Number> page_number(std::string line) {
    for (std::string::size_type at; (at = line.find("．")) != std::string::npos;) line.replace(at, 3, ".");
    // "第3页", "第3页共5页", "第 3 页/共 5 页"
    std::size_t pos = 0;
    std::u32string t;
    while (pos < line.size()) t += next_code_point(line, pos);
    const auto lower = [](char32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
    for (char32_t& c : t) c = lower(c);
    const auto strip_prefix = [&](std::u32string_view p) {
        if (t.rfind(p, 0) != 0) return false;
        t.erase(0, p.size());
        return true;
    };
    const auto is_digit = [](char32_t c) { return c >= '0' && c <= '9'; };
    const auto is_dash = [](char32_t c) {
        return c == '-' || c == 0x2014 || c == 0x2013 || c == 0x2012 || c == 0x2015 || c == 0x2212 || c == 0x4E00 ||
               c == '~' || c == 0xB7 || c == 0x2022 || c == '_' || c == 0x2010 || c == 0x2011 || c == 0x30FC;
    };
    bool framed = strip_prefix(U"第") || strip_prefix(U"page") || strip_prefix(U"p.");
    std::size_t i = 0;
    while (i < t.size() && !is_digit(t[i])) {
        if (!is_dash(t[i]) && t[i] != '(' && t[i] != '[') return std::nullopt;
        framed = true;
        ++i;
    }
    std::size_t end = i;
    while (end < t.size() && is_digit(t[end])) ++end;
    if (end == i || end - i > 4) return std::nullopt;
    // An inserted leaf, "12-1": a dash with digits on both sides.
    if (end + 1 < t.size() && t[end] == '-' && is_digit(t[end + 1])) {
        std::size_t more = end + 1;
        while (more < t.size() && is_digit(t[more])) ++more;
        if (more - end <= 3) end = more;
    }
    Number n;
    for (std::size_t k = i; k < end; ++k) n.text += static_cast<char>(t[k]);
    const std::string main = n.text.substr(0, n.text.find('-'));
    n.value = std::stoi(main);
    std::u32string_view rest = std::u32string_view(t).substr(end);
    if (rest.rfind(U"页", 0) == 0 || rest.rfind(U"頁", 0) == 0) {
        rest.remove_prefix(1);
        framed = true;
    }
    const bool total = rest.rfind(U"of", 0) == 0 || rest.rfind(U"/", 0) == 0 || rest.rfind(U",共", 0) == 0 ||
                       rest.rfind(U"(共", 0) == 0 || rest.rfind(U"共", 0) == 0;
    if (total) {
        if (rest.size() > 8) return std::nullopt;
        return n;
    }
    for (const char32_t c : rest)
        if (!is_dash(c) && c != ')' && c != ']' && c != '.') return std::nullopt;
    if (!framed && main.size() > 3) return std::nullopt; // a bare "2023" is a year
    return n;
}

std::optional<Number> number_on(const PageText& text) {
    const Words w = words_of(text);
    std::optional<Number> best;
    double best_distance = 0;
    for (const Line& line : w.lines) {
        const bool bottom = line.middle > 0.86, top = line.middle < 0.09;
        if (!bottom && !top) continue;
        const auto n = page_number(line.text);
        if (!n) continue;
        // The outermost line wins, the foot before the head.
        const double distance = bottom ? 1 - line.middle : 1 + line.middle;
        if (!best || distance < best_distance) {
            best = n;
            best_distance = distance;
        }
    }
    return best;
}

/// Numbers that rise by more than the pages between them can explain: pages may be missing.
void check_numbers(Item& item) {
    for (Page& page : item.pages)
        std::erase_if(page.findings, [](const Finding& f) { return f.code == "group.number_gap"; });
    struct Seen {
        int value;
        std::size_t page;
    };
    std::vector<Seen> seen;
    for (std::size_t i = 0; i < item.pages.size(); ++i)
        if (const auto n = number_on(item.pages[i].text); n && n->text.find('-') == std::string::npos)
            seen.push_back({n->value, i});
    if (seen.size() < 3) return;
    // Only a run of numbers that mostly follow each other is believed to be page numbers at all.
    std::size_t steps = 0;
    for (std::size_t k = 1; k < seen.size(); ++k)
        steps += seen[k].value - seen[k - 1].value == static_cast<int>(seen[k].page - seen[k - 1].page) ? 1 : 0;
    if (steps * 2 < seen.size() - 1) return;
    for (std::size_t k = 1; k < seen.size(); ++k) {
        const int rise = seen[k].value - seen[k - 1].value;
        const int pages = static_cast<int>(seen[k].page - seen[k - 1].page);
        if (rise <= pages || rise > pages + 50) continue;
        Finding f;
        f.code = "group.number_gap";
        f.severity = Severity::Warning;
        f.args = {std::to_string(seen[k - 1].value), std::to_string(seen[k].value), std::to_string(rise - pages)};
        item.pages[seen[k].page].findings.push_back(std::move(f));
    }
}

/// An official letterhead is red on paper; a copy of it without colour is no full record (DA/T 31-2017, 9.3).
void check_letterheads(Item& item) {
    for (Page& page : item.pages) {
        std::erase_if(page.findings, [](const Finding& f) { return f.code == "group.red_head_grey"; });
        const auto source = static_cast<std::size_t>(page.image.source),
                   image = static_cast<std::size_t>(page.image.index);
        if (page.error || source >= item.sources.size() || image >= item.sources[source].images.size()) continue;
        const std::string& photometric = item.sources[source].images[image].photometric;
        if (photometric != "grey" && photometric != "bilevel") continue;
        const Words w = words_of(page.text);
        std::vector<double> heights;
        for (const Line& l : w.lines) heights.push_back(l.height);
        if (heights.size() < 5) continue;
        std::nth_element(heights.begin(), heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2),
                         heights.end());
        const double usual = heights[heights.size() / 2];
        const bool head = std::any_of(w.lines.begin(), w.lines.end(), [&](const Line& l) {
            if (l.middle > 0.35 || l.height < 1.6 * usual || length_of(l.text) < 6) return false;
            const bool ends = l.text.ends_with("文件") || l.text.ends_with("公报") || l.text.ends_with("纪要");
            return ends && count_of(l.text, {"政府", "委员会", "办公", "局", "厅", "部", "院", "委", "人大", "政协",
                                             "社", "公司", "厂", "会"}) > 0;
        });
        if (!head) continue;
        Finding f;
        f.code = "group.red_head_grey";
        f.severity = Severity::Warning;
        f.args = {std::to_string(page.order)};
        page.findings.push_back(std::move(f));
    }
}

/// A verso whose print shines through is not white, so the picture alone does not tell it from a page; that nothing can
/// be read on it does. Handwriting and pictures are left alone: a page too many is seen, a page too few is lost.
void find_blank_by_text(Item& item) {
    constexpr double kShowThrough = 0.02; // share of ink; printed pages have 0.02 to 0.09, show-through up to 0.015
    constexpr double kAlmostNone = 0.005;
    std::size_t first = 0;
    while (first < item.pages.size() &&
           (item.pages[first].page_class == PageClass::Separator || item.pages[first].page_class == PageClass::Blank))
        ++first;
    for (std::size_t i = first; i < item.pages.size(); ++i) {
        Page& page = item.pages[i];
        if (page.page_class != PageClass::Body || page.error || page.text.width <= 0) continue;
        if (page.treatment.ink_ratio >= kShowThrough) continue;
        if (page.text.state == ReadState::NotMachineReadable) {
            // A few handwritten words and faint show-through look alike from here: a person decides.
            const bool said = std::any_of(page.findings.begin(), page.findings.end(),
                                          [](const Finding& f) { return f.code == "group.maybe_blank"; });
            if (page.treatment.ink_ratio < kAlmostNone && !said) {
                Finding f;
                f.code = "group.maybe_blank";
                f.severity = Severity::Warning;
                f.args = {std::to_string(page.order)};
                page.findings.push_back(std::move(f));
            }
            continue;
        }
        const bool picture = std::any_of(page.text.blocks.begin(), page.text.blocks.end(), [](const TextBlock& b) {
            return b.kind == BlockKind::Picture || b.kind == BlockKind::Seal;
        });
        const Words w = words_of(page.text);
        if (picture || w.characters > 8 || (w.characters > 0 && page.text.confidence >= 0.5)) continue;
        const bool back = i > first && (i - first) % 2 == 1 && item.pages[i - 1].page_class != PageClass::Blank;
        page.page_class = back ? PageClass::BlankVerso : PageClass::Blank;
        Finding f;
        f.code = "group.blank_by_text";
        f.args = {std::to_string(page.order)};
        page.findings.push_back(std::move(f));
    }
}

} // namespace

std::string find_printed_number(const PageText& text) {
    const auto n = number_on(text);
    return n ? n->text : std::string();
}

void classify_by_text(Item& item, const Settings& settings) {
    for (Page& page : item.pages)
        if (page.page_class == PageClass::Body) page.printed_number = find_printed_number(page.text);
    check_numbers(item);
    check_letterheads(item);
    if (!settings.get(kClassify)) return;
    find_blank_by_text(item);

    std::vector<Page*> read; // pages with text, in order
    for (Page& page : item.pages)
        if (page.page_class == PageClass::Body && !page.error) read.push_back(&page);
    std::size_t front = 0; // pages before the body: the cover, then contents
    for (std::size_t i = 0; i < read.size(); ++i) {
        const Words w = words_of(read[i]->text);
        if (w.characters == 0) continue;
        // The back note closes the item; a blank or a stray leaf may lie behind it.
        if (i + 2 >= read.size() && read.size() > 1 && is_back_note(w)) read[i]->page_class = PageClass::BackNote;
        else if (is_contents(w) && i <= front + 1) {
            read[i]->page_class = PageClass::Contents;
            front = i + 1;
        } else if (i == 0 && read.size() > 1 && is_cover(w)) {
            read[i]->page_class = PageClass::Cover;
            front = 1;
        }
    }
}

} // namespace recto::group
