// Page classes and printed numbers, once the text is known.

#include <algorithm>
#include <cmath>
#include <optional>

#include "pipeline/core/messages.h"
#include "pipeline/files/codes.h"
#include "stages/grouping/checks.h"
#include "stages/grouping/grouping.h"
#include "stages/grouping/page_classes.h"
#include "stages/grouping/page_words.h"

namespace recto::group {

namespace {

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
    const PageWords w = words_of(text);
    std::optional<Number> best;
    double best_distance = 0;
    for (const WordLine& line : w.lines) {
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
    // Only a run of numbers that mostly follow each other is believed to be page numbers at all: one more a page, or one
    // more a leaf where leaves are numbered and both their sides are pages.
    std::size_t by_page = 0, by_leaf = 0;
    for (std::size_t k = 1; k < seen.size(); ++k) {
        const int rise = seen[k].value - seen[k - 1].value;
        const int pages = static_cast<int>(seen[k].page - seen[k - 1].page);
        by_page += rise == pages ? 1 : 0;
        by_leaf += 2 * rise == pages ? 1 : 0;
    }
    if (std::max(by_page, by_leaf) * 2 < seen.size() - 1) return;
    for (std::size_t k = 1; k < seen.size(); ++k) {
        const int rise = seen[k].value - seen[k - 1].value;
        const int between = static_cast<int>(seen[k].page - seen[k - 1].page);
        const int pages = by_leaf > by_page ? (between + 1) / 2 : between;
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
        const PageWords w = words_of(page.text);
        std::vector<double> heights;
        for (const WordLine& l : w.lines) heights.push_back(l.height);
        if (heights.size() < 5) continue;
        std::nth_element(heights.begin(), heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2),
                         heights.end());
        const double usual = heights[heights.size() / 2];
        const bool head = std::any_of(w.lines.begin(), w.lines.end(), [&](const WordLine& l) {
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

bool bears_content(const Page& p) {
    return p.page_class != PageClass::Separator && p.page_class != PageClass::Blank &&
           p.page_class != PageClass::BlankVerso;
}

/// Classes of the pages that have words. Places are counted over all pages with content, those classified by an earlier call
/// too, so that a second call finds the same.
void find_classes(Item& item) {
    std::vector<Page*> pages;
    for (Page& page : item.pages)
        if (bears_content(page)) pages.push_back(&page);
    std::size_t front = 0; // pages before the body: the cover, then contents
    for (std::size_t i = 0; i < pages.size(); ++i) {
        Page& page = *pages[i];
        const bool several = pages.size() > 1;
        if (page.page_class == PageClass::Body && !page.error) {
            std::erase_if(page.findings, [](const Finding& f) { return f.code == "group.class_unsure"; });
            const PageWords w = words_of(page.text);
            Standing at;
            at.first = i == 0 && several;
            at.front = i <= front + 1;
            at.after_contents = i > 0 && pages[i - 1]->page_class == PageClass::Contents;
            at.last = i + 2 >= pages.size() && several;
            ClassGuess g = guess_class(w, at);
            if (w.characters == 0) g = {PageClass::Body, PageClass::Body, 0.6, false}; // a picture, or handwriting
            page.page_class = g.best;
            page.class_confidence = g.confidence;
            if (g.unsure) {
                Finding f;
                f.code = "group.class_unsure";
                f.args = {std::to_string(page.order),
                          in_both_languages("report.class." + std::string(to_string(g.best))),
                          in_both_languages("report.class." + std::string(to_string(g.second)))};
                page.findings.push_back(std::move(f));
            }
        }
        if (page.page_class == PageClass::Contents || (i == 0 && page.page_class == PageClass::Cover)) front = i + 1;
        else if (page.page_class == PageClass::Target && front == i) front = i + 1; // charts are scanned first
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
        const PageWords w = words_of(page.text);
        if (picture || w.characters > 8 || (w.characters > 0 && page.text.confidence >= 0.5)) continue;
        const bool back = i > first && (i - first) % 2 == 1 && item.pages[i - 1].page_class != PageClass::Blank;
        page.page_class = back ? PageClass::BlankVerso : PageClass::Blank;
        page.class_confidence = w.characters == 0 ? 0.8 : 0.7;
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
    check_duplicates_by_text(item);
    check_numbers(item);
    check_letterheads(item);
    if (!settings.get(kClassify)) return;
    find_blank_by_text(item);
    find_classes(item);
}

} // namespace recto::group
