#include "stages/grouping/page_words.h"

#include <algorithm>
#include <cctype>

#include "pipeline/files/codes.h"

namespace recto::group {

namespace {

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

/// Characters of covers, contents and back notes only; this is no conversion of text.
char32_t simple_form(char32_t c) {
    static constexpr std::u32string_view kTraditional =
        U"內錄頁題號檔備註順責編單檢標歸間時關況說明圖測試靜總數類屬長機構擬辦";
    static constexpr std::u32string_view kSimple =
        U"内录页题号档备注顺责编单检标归间时关况说明图测试静总数类属长机构拟办";
    static_assert(kTraditional.size() == kSimple.size());
    if (const auto at = kTraditional.find(c); at != std::u32string_view::npos) return kSimple[at];
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

std::u32string code_points(std::string_view text) {
    std::u32string out;
    for (std::size_t pos = 0; pos < text.size();) out += next_code_point(text, pos);
    return out;
}

/// `word` stands in `line` with at most one character exchanged.
bool almost_in(const std::u32string& line, const std::u32string& word) {
    for (std::size_t from = 0; from + word.size() <= line.size(); ++from) {
        std::size_t wrong = 0;
        for (std::size_t k = 0; k < word.size() && wrong < 2; ++k) wrong += line[from + k] != word[k];
        if (wrong < 2) return true;
    }
    return false;
}

} // namespace

std::size_t length_of(std::string_view text) {
    std::size_t n = 0;
    for (std::size_t pos = 0; pos < text.size(); ++n) next_code_point(text, pos);
    return n;
}

PageWords words_of(const PageText& text) {
    PageWords w;
    const double height = text.height > 0 ? text.height : 1;
    for (const TextBlock& block : text.blocks) {
        w.table |= block.kind == BlockKind::Table;
        for (const TextLine& line : block.lines) {
            WordLine l;
            l.text = squeeze(line.text);
            if (l.text.empty()) continue;
            for (const char32_t c : code_points(l.text)) append_utf8(l.folded, simple_form(c));
            l.middle = (line.box.y + line.box.height / 2) / height;
            l.height = line.box.height / height;
            w.all += l.folded + "\n";
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

double heading(const PageWords& w, std::string_view word, double upto, std::size_t extra) {
    const std::u32string wanted = code_points(word);
    double best = 0;
    for (const WordLine& line : w.lines) {
        if (line.middle > upto) continue;
        const std::u32string have = code_points(line.folded);
        if (have.size() > wanted.size() + extra) continue;
        if (have.find(wanted) != std::u32string::npos) return 1;
        if (wanted.size() >= 4 && almost_in(have, wanted)) best = 0.75;
    }
    return best;
}

} // namespace recto::group
