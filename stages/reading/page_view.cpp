#include "stages/reading/page_view.h"

#include <string>

#include "stages/reading/shine_through.h"
#include "stages/reading/unicode.h"

namespace recto::reading {
namespace {

constexpr double kDoubtfulMark = 0.3; ///< As kDoubtful, of a mark of Latin print.
/// Share of doubtful characters from which on a page is worn. Of sound Chinese print fewer are in doubt than of Latin letters.
constexpr double kWorn = 0.04, kWornChinese = 0.015;
/// Share of characters of a lower confidence from which on a Chinese page is unsteady; of clean ones it is up to 0.029.
constexpr double kSteady = 0.95, kUnsteady = 0.03;

} // namespace

bool is_chinese(const Glyph& glyph) {
    const std::u32string text = decode_utf8(glyph.text);
    return !text.empty() && is_cjk(text.front());
}

bool is_in_letters(const TextLine& line) {
    std::size_t letters = 0, chinese = 0;
    for (const Word& word : line.words)
        for (const Glyph& g : word.glyphs) letters += is_letter(g.text), chinese += is_chinese(g);
    return letters > chinese;
}

bool is_doubtful(const Glyph& glyph) {
    return glyph.confidence < (is_latin_mark(glyph.text) ? kDoubtfulMark : kDoubtful);
}

bool is_doubtful(const ReadLine& line) {
    if (line.skipped > 0) return true;
    for (const Word& word : line.line.words)
        for (const Glyph& glyph : word.glyphs)
            if (is_doubtful(glyph)) return true;
    return line.line.words.empty();
}

double PageView::worth() const {
    double sum = 0;
    for (const ReadLine& l : lines) sum += worth_of(l.line);
    return sum;
}

bool PageView::is_chinese() const {
    std::size_t chinese = 0, all = 0;
    each_glyph([&](const Glyph& g) { chinese += reading::is_chinese(g), ++all; });
    return 2 * chinese >= all;
}

bool PageView::worn(bool may_shine) const {
    const float faint = may_shine ? kFaintPrint * contrast_of_print(lines) : 0;
    double doubt = 0, all = 0;
    for (const ReadLine& l : lines) {
        std::size_t i = 0;
        for (const Word& word : l.line.words)
            for (const Glyph& g : word.glyphs) {
                doubt += l.contrasts[i++] >= faint && is_doubtful(g);
                ++all;
            }
    }
    if (all == 0) return !regions.empty();
    // The other side's print is made whole as well: a sheet that shines through is read from repaired pictures only where it must.
    return doubt > (is_chinese() && !shines() ? kWornChinese : kWorn) * all;
}

bool PageView::unsteady() const {
    double below = 0, all = 0;
    each_glyph([&](const Glyph& g) { below += g.confidence < kSteady, ++all; });
    return is_chinese() && below > kUnsteady * all;
}

} // namespace recto::reading
