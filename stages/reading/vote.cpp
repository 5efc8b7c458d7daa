#include "stages/reading/vote.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "stages/reading/confidence_trace.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

struct VoteGlyph {
    Glyph glyph;
    float contrast = 0;
    bool space_before = false;
    Vote vote = Vote::Alone;
    std::vector<Alternative> of_word; ///< On the first glyph of a word: that word's.
};

/// A stretch of the result for which the other side has another number of characters.
struct Stretch {
    std::size_t begin, end; ///< Glyphs of the result.
    Alternative other;
};

std::vector<VoteGlyph> flat(ReadLine line) {
    std::vector<VoteGlyph> out;
    for (Word& word : line.line.words)
        for (std::size_t k = 0; k < word.glyphs.size(); ++k) {
            const float contrast = out.size() < line.contrasts.size() ? line.contrasts[out.size()] : 0.0F;
            out.push_back({std::move(word.glyphs[k]), contrast, k == 0 && !out.empty(), Vote::Alone, {}});
            if (k == 0) out.back().of_word = std::move(word.alternatives);
        }
    return out;
}

/// What it costs to see `a` and `b` as the same place: nothing when they say the same; else it grows with the distance
/// of their middles, so that among equal alignments the one that fits the picture is taken.
double mismatch(const Glyph& a, const Glyph& b, bool vertical) {
    const double ca = vertical ? a.box.y + a.box.height / 2 : a.box.x + a.box.width / 2;
    const double cb = vertical ? b.box.y + b.box.height / 2 : b.box.x + b.box.width / 2;
    const double size = std::max({1.0, vertical ? a.box.height : a.box.width, vertical ? b.box.height : b.box.width});
    const double away = std::min(1.0, std::abs(ca - cb) / (2 * size));
    return (a.text == b.text ? 0.0 : 1.0) + 0.5 * away;
}

using Pairs = std::vector<std::pair<int, int>>; ///< Indices into both sides; -1 where a side has nothing.

Pairs align(const std::vector<VoteGlyph>& a, const std::vector<VoteGlyph>& b, bool vertical) {
    const std::size_t n = a.size(), m = b.size(), width = m + 1;
    std::vector<double> cost((n + 1) * width);
    for (std::size_t i = 0; i <= n; ++i)
        for (std::size_t k = 0; k <= m; ++k) {
            double best = i == 0 && k == 0 ? 0 : 1e30;
            if (i > 0) best = std::min(best, cost[(i - 1) * width + k] + 1);
            if (k > 0) best = std::min(best, cost[i * width + k - 1] + 1);
            if (i > 0 && k > 0)
                best =
                    std::min(best, cost[(i - 1) * width + k - 1] + mismatch(a[i - 1].glyph, b[k - 1].glyph, vertical));
            cost[i * width + k] = best;
        }
    Pairs out;
    for (std::size_t i = n, k = m; i > 0 || k > 0;) {
        const double here = cost[i * width + k];
        if (i > 0 && k > 0 &&
            here == cost[(i - 1) * width + k - 1] + mismatch(a[i - 1].glyph, b[k - 1].glyph, vertical))
            out.emplace_back(static_cast<int>(--i), static_cast<int>(--k));
        else if (i > 0 && here == cost[(i - 1) * width + k] + 1) out.emplace_back(static_cast<int>(--i), -1);
        else out.emplace_back(-1, static_cast<int>(--k));
    }
    std::ranges::reverse(out);
    return out;
}

/// What a side that says nothing is worth against characters of the other; and one whose ink says that it left some out.
constexpr double kNothing = 0.5, kLeftOut = 0.15;
/// What it says against letters, figures and marks of Latin print that stay all the same: of 48 that one reader saw and another did not
/// 9 were there (55 pages).
constexpr double kNothingLatin = 0.85;

/// How often two readings that are both wrong say the same: they saw the same worn strokes. And if one network made both of them.
constexpr double kSameError = 0.3, kSameErrorOfOne = 0.6;
/// Letters and the marks between them are few, and readers mistake them alike: what each of two that agree is worth beside one that
/// knew nothing of the other.
constexpr double kShareOfTwo = 0.62;

/// The chance that a character is right of which two readings with these chances say the same.
double agreed(const std::string& text, double a, double b, Witness second) {
    const double right = a * b, wrong = (1 - a) * (1 - b);
    if (!is_letter(text) && !is_latin_mark(text))
        return right / std::max(1e-9, right + (second == Witness::Picture ? kSameErrorOfOne : kSameError) * wrong);
    return 1 / (1 + std::pow(std::max(1e-9, wrong) / std::max(1e-9, right), kShareOfTwo));
}

/// The chance that the first of two that differ is right.
double disputed(double a, double b) {
    const double first = a * (1 - b), second = b * (1 - a);
    return first / std::max(1e-9, first + second + (1 - a) * (1 - b));
}

bool is_latin_print(const Glyph& glyph) { // letters, figures and marks
    const std::u32string points = decode_utf8(glyph.text);
    return !points.empty() && points[0] < 0x250;
}

/// Takes the surer side of a stretch in which the two differ. `nothing`: what each side is worth where it says nothing.
void settle(std::vector<VoteGlyph>& a, std::vector<VoteGlyph>& b, Pairs::const_iterator from, Pairs::const_iterator to,
            std::array<double, 2> nothing, std::vector<VoteGlyph>& out, std::vector<Stretch>& stretches) {
    double sum_a = 0, sum_b = 0;
    int count_a = 0, count_b = 0;
    for (auto p = from; p != to; ++p) {
        if (p->first >= 0) sum_a += a[static_cast<std::size_t>(p->first)].glyph.confidence, ++count_a;
        if (p->second >= 0) sum_b += b[static_cast<std::size_t>(p->second)].glyph.confidence, ++count_b;
    }
    const auto is_latin = [&](const std::pair<int, int>& at) {
        return is_latin_print(at.first >= 0 ? a[static_cast<std::size_t>(at.first)].glyph
                                            : b[static_cast<std::size_t>(at.second)].glyph);
    };
    const double mean_a = count_a > 0 ? sum_a / count_a : nothing[0],
                 mean_b = count_b > 0 ? sum_b / count_b : nothing[1];
    const bool first = mean_a >= mean_b;
    const bool alone = std::min(count_a, count_b) == 0 && !a.empty() && !b.empty() && std::all_of(from, to, is_latin);
    const double against = alone && nothing[first ? 1 : 0] == kNothing ? kNothingLatin : first ? mean_b : mean_a;
    Stretch stretch{out.size(), 0, {"", first ? mean_b : mean_a}};
    for (auto p = from; p != to; ++p) {
        const int at = first ? p->second : p->first;
        if (at >= 0) stretch.other.text += (first ? b : a)[static_cast<std::size_t>(at)].glyph.text;
    }
    for (auto p = from; p != to; ++p) {
        const int kept = first ? p->first : p->second, other = first ? p->second : p->first;
        if (kept < 0) continue;
        VoteGlyph& g = (first ? a : b)[static_cast<std::size_t>(kept)];
        g.vote = Vote::Disputed;
        trace_disputed(g.glyph, other < 0 ? nullptr : &(first ? b : a)[static_cast<std::size_t>(other)].glyph);
        g.glyph.confidence = disputed(g.glyph.confidence, against);
        if (other >= 0) {
            const Glyph& o = (first ? b : a)[static_cast<std::size_t>(other)].glyph;
            std::erase_if(g.glyph.variants, [&](const Alternative& v) { return v.text == o.text; });
            g.glyph.variants.insert(g.glyph.variants.begin(), {o.text, o.confidence});
        }
        out.push_back(std::move(g));
    }
    stretch.end = out.size();
    if (count_a != count_b) stretches.push_back(std::move(stretch));
}

/// What the other side makes of the words in which it has more or fewer characters. A stretch over several words is none of
/// them; what the result left out belongs to the word before it.
void add_alternatives(std::vector<Word>& words, const std::vector<Stretch>& stretches) {
    std::size_t begin = 0;
    for (Word& word : words) {
        const std::size_t end = begin + word.glyphs.size();
        for (const Stretch& s : stretches) {
            const bool inside = s.begin < s.end ? s.begin >= begin && s.end <= end : s.begin > begin && s.begin <= end;
            if (!inside) continue;
            Alternative whole{"", s.other.confidence};
            for (std::size_t k = begin; k < s.begin; ++k) whole.text += word.glyphs[k - begin].text;
            whole.text += s.other.text;
            for (std::size_t k = s.end; k < end; ++k) whole.text += word.glyphs[k - begin].text;
            if (!whole.text.empty()) word.alternatives.push_back(std::move(whole));
        }
        begin = end;
    }
}

/// A line of these glyphs.
VotedLine line_of(std::vector<VoteGlyph> glyphs, bool vertical) {
    VotedLine voted;
    voted.line.line.vertical = vertical;
    for (VoteGlyph& g : glyphs) {
        TextLine& line = voted.line.line;
        if (line.words.empty() || g.space_before) line.words.emplace_back();
        Word& word = line.words.back();
        for (Alternative& a : g.of_word) word.alternatives.push_back(std::move(a));
        word.text += g.glyph.text;
        word.box = word.glyphs.empty() ? g.glyph.box : unite(word.box, g.glyph.box);
        word.confidence += g.glyph.confidence;
        word.glyphs.push_back(std::move(g.glyph));
        voted.line.contrasts.push_back(g.contrast);
        voted.votes.push_back(g.vote);
    }
    for (Word& word : voted.line.line.words) word.confidence /= static_cast<double>(word.glyphs.size());
    refresh_line(voted.line.line);
    return voted;
}

} // namespace

VotedLine vote(ReadLine a, ReadLine b, Witness second) {
    const bool vertical = a.line.vertical;
    const std::array<double, 2> nothing = {a.skipped > b.skipped ? kLeftOut : kNothing,
                                           b.skipped > a.skipped ? kLeftOut : kNothing};
    const int skipped = std::min(a.skipped, b.skipped);
    std::vector<VoteGlyph> left = flat(std::move(a)), right = flat(std::move(b)), out;
    std::vector<Stretch> stretches;
    const Pairs pairs = align(left, right, vertical);
    for (auto p = pairs.begin(); p != pairs.end();) {
        const auto same = [&](const std::pair<int, int>& at) {
            return at.first >= 0 && at.second >= 0 &&
                   left[static_cast<std::size_t>(at.first)].glyph.text ==
                       right[static_cast<std::size_t>(at.second)].glyph.text;
        };
        if (same(*p)) {
            VoteGlyph &x = left[static_cast<std::size_t>(p->first)], &y = right[static_cast<std::size_t>(p->second)];
            VoteGlyph& kept = x.glyph.confidence >= y.glyph.confidence ? x : y;
            kept.vote = Vote::Agreed;
            trace_agreed(kept.glyph, x.glyph, y.glyph);
            kept.glyph.confidence = agreed(x.glyph.text, x.glyph.confidence, y.glyph.confidence, second);
            out.push_back(std::move(kept));
            ++p;
            continue;
        }
        const auto end = std::find_if(p, pairs.end(), same);
        settle(left, right, p, end, nothing, out, stretches);
        p = end;
    }
    VotedLine voted = line_of(std::move(out), vertical);
    voted.line.skipped = skipped;
    add_alternatives(voted.line.line.words, stretches);
    return voted;
}

ReadLine fill_in(ReadLine line, ReadLine other) {
    if (line.skipped <= other.skipped) return line;
    const bool vertical = line.line.vertical;
    const int skipped = other.skipped;
    std::vector<VoteGlyph> left = flat(std::move(line)), right = flat(std::move(other)), out;
    for (const auto& [mine, its] : align(left, right, vertical)) {
        if (mine >= 0) out.push_back(std::move(left[static_cast<std::size_t>(mine)]));
        else if (right[static_cast<std::size_t>(its)].glyph.confidence > kNothing)
            out.push_back(std::move(right[static_cast<std::size_t>(its)]));
    }
    ReadLine filled = line_of(std::move(out), vertical).line;
    filled.skipped = skipped;
    return filled;
}

} // namespace recto::reading
