#include "stages/reading/marks.h"

#include <algorithm>
#include <array>
#include <utility>

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
constexpr std::array<Exchange, 7> kUpright = {{
    {"’", "，"},
    {"'", "，"},
    {"‘", "，"},
    {"`", "，"},
    {"°", "。"},
    {"º", "。"},
    {"∵", "："},
}};
constexpr std::u32string_view kFigures = U"〇一二三四五六七八九";

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

} // namespace

void settle_marks(TextLine& line) {
    const std::u32string text = decode_utf8(line.text);
    const bool chinese = std::ranges::any_of(text, is_ideograph);
    const bool vertical_print = line.vertical && chinese;
    bool changed = false;
    for (Word& word : line.words) {
        bool here = false;
        for (std::size_t i = 0; i < word.glyphs.size(); ++i) {
            Glyph& glyph = word.glyphs[i];
            here |= settle_zero(glyph, i > 0 ? &word.glyphs[i - 1] : nullptr,
                                i + 1 < word.glyphs.size() ? &word.glyphs[i + 1] : nullptr);
            if (!chinese) here |= exchange(glyph.text, kAscii);
            else if (vertical_print) here |= exchange(glyph.text, kUpright);
            const double along = line.vertical ? glyph.box.height : glyph.box.width;
            const double across = line.vertical ? line.box.width : line.box.height;
            const bool numbers = !std::ranges::any_of(text, [](char32_t c) { return c >= U'A' && is_word_letter(c); });
            if (glyph.text == "-" && numbers && along > kWidestHyphen * across) glyph.text = "—", here = true;
        }
        if (!here) continue;
        changed = true;
        word.text.clear();
        for (const Glyph& glyph : word.glyphs) word.text += glyph.text;
    }
    if (!changed) return;
    line.text.clear();
    for (const Word& word : line.words) line.text += (line.text.empty() ? "" : " ") + word.text;
}

} // namespace recto::reading
