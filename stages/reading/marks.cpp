#include "stages/reading/marks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "stages/reading/page_number.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

using Exchange = std::pair<std::string_view, std::string_view>;

constexpr std::array<Exchange, 9> kAscii = {{
    {"，", ","},
    {"．", "."},
    {"：", ":"},
    {"；", ";"},
    {"（", "("},
    {"）", ")"},
    {"？", "?"},
    {"！", "!"},
    {"％", "%"},
}};
constexpr std::array<Exchange, 13> kUpright = {{
    {":", "："},
    {";", "；"},
    {",", "，"},
    {"(", "（"},
    {")", "）"},
    {"!", "！"},
    {"’", "，"},
    {"'", "，"},
    {"‘", "，"},
    {"`", "，"},
    {"°", "。"},
    {"º", "。"},
    {"∵", "："},
}};
/// Marks that are full-width between Chinese characters.
constexpr std::array<Exchange, 5> kFullWidth = {{{":", "："}, {";", "；"}, {",", "，"}, {"?", "？"}, {"!", "！"}}};
/// Brackets that are taken for each other, opening and closing, in kinds.
constexpr std::u32string_view kOpening = U"(（[［〔【", kClosing = U")）]］〕】";
constexpr std::array<int, 6> kKind = {0, 0, 1, 1, 2, 3};
constexpr std::u32string_view kFigures = U"〇一二三四五六七八九";

/// Two strokes that stand nearer than this share of a place, each narrower than that one, are no Chinese characters: those take
/// a place each. The figure is .92 of its place wide (median of 71 on drawn pages of six kinds); dashes that were typed as two
/// measure .70, .78 apart.
constexpr double kNearStrokes = 0.88, kNarrowStroke = 0.78;
constexpr std::size_t kLeastPlaces = 4;

/// A hyphen is at most this share of its line's height wide.
constexpr double kWidestHyphen = 0.45;

bool is_ideograph(char32_t c) { return (c >= 0x3400 && c <= 0x9FFF) || (c >= 0x20000 && c != kBadUtf8); }

template <std::size_t N> bool exchange(std::string& text, const std::array<Exchange, N>& table) {
    const auto at = std::ranges::find(table, std::string_view(text), &Exchange::first);
    if (at == table.end()) return false;
    text = at->second;
    return true;
}

bool is_figure(const Glyph* glyph) {
    const std::u32string text = glyph != nullptr ? decode_utf8(glyph->text) : std::u32string();
    return text.size() == 1 && kFigures.find(text[0]) != std::u32string_view::npos;
}

/// A ring has many code points; beside a Chinese figure it is the figure zero. True when one was settled.
bool settle_zero(Glyph& glyph, const Glyph* before, const Glyph* after) {
    if (glyph.text != "○" && glyph.text != "O" && glyph.text != "o") return false;
    if (!is_figure(before) && !is_figure(after)) return false;
    glyph.text = "〇";
    return true;
}

bool ends_or_begins_chinese(const Glyph* glyph) {
    return glyph == nullptr || std::ranges::all_of(decode_utf8(glyph->text), is_ideograph);
}

/// A stroke after a Chinese figure is the figure one where a dash cannot be: before a zero or what a figure counts.
bool settle_one(Glyph& glyph, const Glyph* before, const Glyph* after) {
    if (glyph.text != "—" && glyph.text != "-" && glyph.text != "–" && glyph.text != "－") return false;
    if (!is_figure(before) || after == nullptr) return false;
    if (after->text != "〇" && after->text != "年" && after->text != "月" && after->text != "日") return false;
    glyph.text = "一";
    return true;
}

/// Two short strokes in a row are a dash that was typed as two, not twice the figure one.
bool settle_typed_dash(TextLine& line) {
    const auto middle = [&](const Glyph& g) {
        return line.vertical ? g.box.y + g.box.height / 2 : g.box.x + g.box.width / 2;
    };
    const auto length = [&](const Glyph& g) { return line.vertical ? g.box.height : g.box.width; };
    const auto is_stroke = [](const Glyph& g) { return g.text == "一"; };
    std::vector<double> places;
    std::vector<std::pair<Glyph*, Glyph*>> twos;
    for (Word& word : line.words)
        for (std::size_t i = 1; i < word.glyphs.size(); ++i) {
            Glyph &a = word.glyphs[i - 1], &b = word.glyphs[i];
            if (is_stroke(a) && is_stroke(b)) twos.emplace_back(&a, &b);
            else if (ends_or_begins_chinese(&a) && ends_or_begins_chinese(&b)) places.push_back(middle(b) - middle(a));
        }
    if (twos.empty() || places.size() < kLeastPlaces) return false;
    const auto half = places.begin() + static_cast<std::ptrdiff_t>(places.size() / 2);
    std::ranges::nth_element(places, half);
    bool changed = false;
    for (const auto& [a, b] : twos) {
        if (middle(*b) - middle(*a) > kNearStrokes * *half) continue;
        if (std::max(length(*a), length(*b)) > kNarrowStroke * *half) continue;
        a->text = b->text = "-";
        changed = true;
    }
    return changed;
}

/// Which bracket it is; -1: none of `marks`.
int place_in(std::u32string_view marks, std::string_view text) {
    const std::u32string points = decode_utf8(text);
    const std::size_t at = points.size() == 1 ? marks.find(points[0]) : std::u32string_view::npos;
    return at == std::u32string_view::npos ? -1 : static_cast<int>(at);
}

/// One side of a pair of brackets.
struct Bracket {
    Glyph* glyph;
    std::u32string_view marks;

    [[nodiscard]] int kind() const { return kind_of(glyph->text); }
    [[nodiscard]] int kind_of(std::string_view text) const {
        const int at = place_in(marks, text);
        return at < 0 ? -1 : kKind[static_cast<std::size_t>(at)];
    }
    /// Where the network thought of the kind second; the end of the variants where it did not.
    [[nodiscard]] std::vector<Alternative>::iterator variant(int kind) const {
        return std::ranges::find_if(glyph->variants, [&](const Alternative& a) { return kind_of(a.text) == kind; });
    }
    [[nodiscard]] double confidence(int wanted) const {
        if (kind() == wanted) return glyph->confidence;
        const auto at = variant(wanted);
        return at == glyph->variants.end() ? 0 : at->confidence;
    }
    void become(int wanted) const {
        if (kind() == wanted) return;
        const auto at = variant(wanted);
        std::swap(glyph->text, at->text);
        std::swap(glyph->confidence, at->confidence);
    }
};

/// Where the two of a pair are of different kinds one was misread: both become the kind that is likelier for the two together.
bool settle_pairs(TextLine& line) {
    std::vector<Bracket> open;
    bool changed = false;
    for (Word& word : line.words)
        for (Glyph& glyph : word.glyphs) {
            if (place_in(kOpening, glyph.text) >= 0) open.push_back({&glyph, kOpening});
            if (place_in(kClosing, glyph.text) < 0 || open.empty()) continue;
            const Bracket first = open.back(), second{&glyph, kClosing};
            open.pop_back();
            const int a = first.kind(), b = second.kind();
            if (a == b) continue;
            const auto both = [&](int kind) { return first.confidence(kind) * second.confidence(kind); };
            if (both(a) <= 0 && both(b) <= 0) continue; // nested and one of them lost, or a misprint
            const int kind = both(a) >= both(b) ? a : b;
            first.become(kind);
            second.become(kind);
            changed = true;
        }
    return changed;
}

} // namespace

void settle_marks(TextLine& line) {
    const std::u32string text = decode_utf8(line.text);
    const bool chinese = std::ranges::any_of(text, is_ideograph);
    const bool vertical_print = line.vertical && chinese;
    bool changed = chinese && settle_pairs(line);
    if (const PageNumber number = page_number(line); number.before && number.after) {
        Glyph &first = line.words.front().glyphs.front(), &last = line.words.back().glyphs.back();
        const bool settled = first.text == last.text && (first.text == "-" || first.text == "–");
        if (!settled) first.text = last.text = "—", changed = true;
    }
    for (Word& word : line.words) {
        for (std::size_t i = 0; i < word.glyphs.size(); ++i) {
            Glyph& glyph = word.glyphs[i];
            const Glyph* before = i > 0 ? &word.glyphs[i - 1] : nullptr;
            const Glyph* after = i + 1 < word.glyphs.size() ? &word.glyphs[i + 1] : nullptr;
            changed |= settle_zero(glyph, before, after);
            changed |= settle_one(glyph, before, after);
            if (!chinese) changed |= exchange(glyph.text, kAscii);
            else if (vertical_print) changed |= exchange(glyph.text, kUpright);
            else if (before != nullptr && ends_or_begins_chinese(before) && ends_or_begins_chinese(after))
                changed |= exchange(glyph.text, kFullWidth);
            const double along = line.vertical ? glyph.box.height : glyph.box.width;
            const double across = line.vertical ? line.box.width : line.box.height;
            const bool numbers = !std::ranges::any_of(text, [](char32_t c) { return c >= U'A' && is_word_letter(c); });
            if (glyph.text == "-" && numbers && along > kWidestHyphen * across) glyph.text = "—", changed = true;
        }
    }
    changed |= chinese && settle_typed_dash(line);
    if (!changed) return;
    for (Word& word : line.words) {
        if (word.glyphs.empty()) continue;
        word.text.clear();
        for (const Glyph& glyph : word.glyphs) word.text += glyph.text;
    }
    line.text.clear();
    for (const Word& word : line.words) line.text += (line.text.empty() ? "" : " ") + word.text;
}

} // namespace recto::reading
