#include "stages/grouping/checks.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/files/codes.h"

namespace recto::group {

namespace {

bool has_content(const Page& p) { return p.page_class != PageClass::Separator && p.page_class != PageClass::Blank; }

struct Signature {
    bool known = false;
    std::uint64_t bits = 0;
};

Signature signature_of(const Page& p) {
    Signature s;
    const std::string& hex = p.treatment.signature;
    if (hex.size() != 16) return s;
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), s.bits, 16);
    // A nearly flat signature (an empty or evenly grey page) is alike to everything.
    s.known = error == std::errc() && end == hex.data() + hex.size() && std::popcount(s.bits) >= 4 &&
              std::popcount(s.bits) <= 60;
    return s;
}

bool alike(const Page& a, const Page& b) {
    const auto close = [](double x, double y, double share) { return std::abs(x - y) <= share * std::max(x, y); };
    return close(a.treatment.transform.width(), b.treatment.transform.width(), 0.05) &&
           close(a.treatment.transform.height(), b.treatment.transform.height(), 0.05) &&
           close(a.treatment.ink_ratio, b.treatment.ink_ratio, 0.10);
}

/// The page's own print says which way up it is; less than that is the stack's to say.
bool knows_its_turn(const Page& p) {
    const PageTreatment& t = p.treatment;
    return t.orientation_confidence >= 0.3 && std::none_of(t.findings.begin(), t.findings.end(), [](const Finding& f) {
               return f.code == "treat.orientation_unsure";
           });
}

} // namespace

void mark_sides(Item& item, std::string_view duplex) {
    if (duplex == "off") return;
    std::size_t first = 0;
    while (first < item.pages.size() && !has_content(item.pages[first])) ++first;
    bool spread = false, even = true, any = false;
    int blanks = 0, shots = 0;
    for (std::size_t i = first; i < item.pages.size(); ++i) {
        const Page& p = item.pages[i];
        spread |= !p.treatment.split.empty();
        any |= p.page_class == PageClass::Separator;
        ++shots;
        if (p.page_class != PageClass::Blank) continue;
        ++blanks;
        even &= (i - first) % 2 == 1;
    }
    if (spread) { // an open book: left is the back of one leaf, right the front of the next
        for (Page& p : item.pages)
            if (!p.treatment.split.empty()) p.side = p.treatment.split == "left" ? "verso" : "recto";
        return;
    }
    if (duplex == "auto" && (blanks == 0 || !even || any)) return;
    for (std::size_t i = first; i < item.pages.size(); ++i) {
        Page& p = item.pages[i];
        const bool back = (i - first) % 2 == 1;
        if (back && p.page_class == PageClass::Blank && has_content(item.pages[i - 1]))
            p.page_class = PageClass::BlankVerso;
        if (shots % 2 != 0) continue;
        p.leaf = static_cast<int>((i - first) / 2) + 1;
        p.side = back ? "verso" : "recto";
    }
}

void check_duplicates(Item& item, int distance) {
    std::vector<Signature> signatures;
    for (const Page& p : item.pages) signatures.push_back(signature_of(p));
    std::map<std::string, int> seen; // bytes of an image -> order of its first page
    for (std::size_t i = 0; i < item.pages.size(); ++i) {
        Page& page = item.pages[i];
        if (!has_content(page) || page.error) continue;
        int earlier = 0;
        const Source& source = item.sources[static_cast<std::size_t>(page.image.source)];
        if (!source.sha512.empty()) {
            const std::string key = source.sha512 + "/" + std::to_string(page.image.index) + page.treatment.split;
            const auto [it, fresh] = seen.emplace(key, page.order);
            if (!fresh) earlier = it->second;
        }
        for (std::size_t k = 0; k < i && earlier == 0 && signatures[i].known; ++k) {
            const Page& other = item.pages[k];
            if (!signatures[k].known || !has_content(other) || other.error) continue;
            if (std::popcount(signatures[i].bits ^ signatures[k].bits) <= distance && alike(page, other))
                earlier = other.order;
        }
        if (earlier == 0) continue;
        Finding f;
        f.code = "group.duplicate";
        f.severity = Severity::Warning;
        f.args = {std::to_string(page.order), std::to_string(earlier)};
        page.findings.push_back(std::move(f));
    }
}

namespace {

constexpr double kSureLine = 0.95;   ///< Such a line has an error in twenty characters at most.
constexpr std::size_t kShortest = 4; ///< Characters of a line that can tell pages apart.

std::u32string without_space(std::string_view text) {
    std::u32string out;
    for (std::size_t at = 0; at < text.size();)
        if (const char32_t c = next_code_point(text, at); c > U' ' && c != U'\u3000') out += c;
    return out;
}

/// The least edits that make `line` a part of `text` (Sellers 1980).
std::size_t edits_to_a_part(const std::u32string& line, const std::u32string& text) {
    std::vector<std::size_t> row(line.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    std::size_t least = line.size();
    for (const char32_t c : text) {
        std::size_t diagonal = row[0]; // a part may begin anywhere
        for (std::size_t i = 0; i < line.size(); ++i) {
            const std::size_t here = std::min({diagonal + (line[i] == c ? 0 : 1), row[i] + 1, row[i + 1] + 1});
            diagonal = row[i + 1];
            row[i + 1] = here;
        }
        least = std::min(least, row.back());
    }
    return least;
}

/// Sure lines of a page, and how many of them another page does not have.
void count_unlike(const Page& page, const Page& other, std::size_t& sure, std::size_t& unlike) {
    std::u32string all;
    for (const TextBlock& b : other.text.blocks)
        for (const TextLine& l : b.lines) all += without_space(l.text);
    for (const TextBlock& b : page.text.blocks)
        for (const TextLine& l : b.lines) {
            const std::u32string text = without_space(l.text);
            if (l.confidence < kSureLine || text.size() < kShortest) continue;
            ++sure;
            unlike += edits_to_a_part(text, all) >= 2 ? 1 : 0;
        }
}

} // namespace

void check_duplicates_by_text(Item& item) {
    const auto bytes_of = [&](const Page& p) {
        const Source& source = item.sources.at(static_cast<std::size_t>(p.image.source));
        return source.sha512 + "/" + std::to_string(p.image.index) + p.treatment.split;
    };
    for (Page& page : item.pages)
        std::erase_if(page.findings, [&](const Finding& f) {
            if (f.code != "group.duplicate" || f.args.size() < 2) return false;
            const auto other =
                std::ranges::find_if(item.pages, [&](const Page& p) { return std::to_string(p.order) == f.args[1]; });
            if (other == item.pages.end() || bytes_of(*other) == bytes_of(page)) return false;
            std::size_t sure = 0, unlike = 0;
            count_unlike(page, *other, sure, unlike);
            count_unlike(*other, page, sure, unlike);
            return unlike >= 2 && 10 * unlike >= sure;
        });
}

void check_orientation(Item& item) {
    std::map<int, std::vector<Page*>> sure; // by turn
    std::vector<Page*> weak;                // those that know little by themselves
    std::size_t pages = 0;
    for (Page& p : item.pages) {
        if (!has_content(p) || p.error) continue;
        ++pages;
        if (knows_its_turn(p)) sure[p.treatment.orientation_deg].push_back(&p);
        else weak.push_back(&p);
    }
    if (pages < 5 || sure.empty()) return;
    const auto stack = std::max_element(sure.begin(), sure.end(),
                                        [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    const std::size_t agree = stack->second.size();
    std::size_t odd = 0;
    for (const auto& [turn, list] : sure)
        if (turn != stack->first) odd += list.size();
    // An item of many ways up says nothing about a page, nor do a few pages about many.
    if (agree < 4 || odd > std::max<std::size_t>(1, agree / 10)) return;
    const auto tell = [&](Page& p, const char* code, Severity severity) {
        Finding f;
        f.code = code;
        f.severity = severity;
        f.args = {std::to_string(p.order), std::to_string(p.treatment.orientation_deg)};
        if (f.code == std::string_view("group.orientation_unlike"))
            f.args.insert(f.args.end(), {std::to_string(agree), std::to_string(stack->first)});
        p.findings.push_back(std::move(f));
    };
    for (const auto& [turn, list] : sure)
        if (turn != stack->first)
            for (Page* p : list)
                // Sure of itself, the page simply lay the other way round; less so, the stack knows better.
                tell(*p, "group.odd_orientation",
                     p->treatment.orientation_confidence >= 0.6 ? Severity::Info : Severity::Warning);
    for (Page* p : weak)
        if (p->treatment.orientation_deg != stack->first) tell(*p, "group.orientation_unlike", Severity::Warning);
}

void check_sizes(Item& item) {
    struct Sheet {
        Page* page;
        double narrow, wide; // millimetres
    };
    std::vector<Sheet> sheets;
    for (Page& p : item.pages) {
        const PageTreatment& t = p.treatment;
        if (p.error || p.page_class == PageClass::Separator || !t.split.empty()) continue;
        if (t.dpi.source == DpiSource::Assumed || t.dpi.x <= 0 || t.dpi.y <= 0) continue;
        const double w = t.transform.width() / t.dpi.x * 25.4, h = t.transform.height() / t.dpi.y * 25.4;
        if (w > 1 && h > 1) sheets.push_back({&p, std::min(w, h), std::max(w, h)});
    }
    if (sheets.size() < 5) return;
    const auto median = [&](double Sheet::* side) {
        std::vector<double> v;
        for (const Sheet& s : sheets) v.push_back(s.*side);
        std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
        return v[v.size() / 2];
    };
    const double narrow = median(&Sheet::narrow), wide = median(&Sheet::wide);
    const auto like = [](double a, double b) { return std::abs(a - b) <= std::max(5.0, 0.03 * b); };
    std::vector<Sheet> odd;
    for (const Sheet& s : sheets)
        if (!like(s.narrow, narrow) || !like(s.wide, wide)) odd.push_back(s);
    if (odd.size() * 5 > sheets.size()) return; // an item of many kinds of paper
    for (const Sheet& s : odd) {
        Finding f;
        f.code = "group.odd_size";
        const bool shorter =
            (like(s.wide, narrow) || like(s.narrow, narrow)) && s.narrow * s.wide < 0.93 * narrow * wide;
        f.severity = shorter ? Severity::Warning : Severity::Info;
        const auto mm = [](double v) { return std::to_string(std::lround(v)); };
        f.args = {std::to_string(s.page->order), mm(s.narrow), mm(s.wide), mm(narrow), mm(wide)};
        s.page->findings.push_back(std::move(f));
    }
}

void check_streaks(Item& item) {
    struct Line {
        Page* page;
        std::string device;
        bool down;
        double at; // millimetres
    };
    std::vector<Line> lines;
    for (Page& p : item.pages) {
        if (p.treatment.split == "right") continue; // the same image as its left half
        const Source& source = item.sources[static_cast<std::size_t>(p.image.source)];
        const double dpi = p.treatment.dpi.x > 0 ? p.treatment.dpi.x : 300;
        for (const Finding& f : p.findings) {
            if (f.code != "treat.streak" || !f.has_place) continue;
            const bool down = f.place.height > f.place.width;
            const double middle = down ? f.place.x + f.place.width / 2 : f.place.y + f.place.height / 2;
            lines.push_back({&p, source.capture.device, down, middle / dpi * 25.4});
        }
    }
    std::set<std::size_t> told;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (told.contains(i)) continue;
        std::vector<std::size_t> same;
        for (std::size_t k = i; k < lines.size(); ++k)
            if (lines[k].down == lines[i].down && lines[k].device == lines[i].device &&
                std::abs(lines[k].at - lines[i].at) < 0.6)
                same.push_back(k);
        if (same.size() < 3) continue;
        told.insert(same.begin(), same.end());
        Finding f;
        f.code = "group.streaks";
        f.severity = Severity::Rescan;
        f.args = {std::to_string(same.size()), std::to_string(lines[i].page->order),
                  std::to_string(std::lround(lines[i].at))};
        lines[i].page->findings.push_back(std::move(f));
    }
}

} // namespace recto::group
