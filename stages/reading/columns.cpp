#include "stages/reading/columns.h"

#include <algorithm>
#include <cmath>

#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

constexpr std::size_t kProseRows = 8;
constexpr double kProseWords = 4; ///< A row, on average.

/// How full the rows of running text are: text width over the width of the column, averaged over rows.
struct Side {
    std::size_t rows = 0;
    double left = 1e30, right = -1e30, fill = 0;
    std::vector<double> middles;      ///< Of rows, ascending.
    std::vector<double> starts, ends; ///< Of the same rows.
    double words = 0;                 ///< A row.
    bool chinese = false; ///< Set in squares, so that all lines of a paragraph but its last end at one place.
};

Side side_of(const std::vector<const TextLine*>& members) {
    Side s;
    Lines boxes;
    std::size_t chinese = 0, words = 0;
    for (const TextLine* member : members) {
        TextLine l;
        l.box = member->box;
        words += member->words.size();
        chinese += std::ranges::any_of(decode_utf8(member->text), is_cjk) ? 1U : 0U;
        boxes.push_back(l);
        s.left = std::min(s.left, l.box.x);
        s.right = std::max(s.right, right_of(l.box));
    }
    const auto rows = rows_of(boxes);
    s.rows = rows.size();
    s.words = static_cast<double>(words) / static_cast<double>(std::max<std::size_t>(1, rows.size()));
    s.chinese = 2 * chinese > members.size();
    double text = 0;
    for (const auto& row : rows) {
        double y = 0, start = 1e30, end = -1e30;
        for (std::size_t i : row) {
            text += boxes[i].box.width, y += middle_y(boxes[i].box);
            start = std::min(start, boxes[i].box.x), end = std::max(end, right_of(boxes[i].box));
        }
        s.ends.push_back(end);
        s.starts.push_back(start);
        s.middles.push_back(y / static_cast<double>(row.size()));
    }
    s.fill = text / std::max(1.0, static_cast<double>(s.rows) * (s.right - s.left));
    return s;
}

/// Share of the rows of the shorter side that have a partner at the same height on the other.
double aligned_share(const Side& a, const Side& b, double em) {
    const Side &few = a.rows <= b.rows ? a : b, &many = a.rows <= b.rows ? b : a;
    std::size_t hits = 0;
    for (double y : few.middles)
        hits +=
            std::any_of(many.middles.begin(), many.middles.end(), [&](double o) { return std::abs(o - y) < 0.35 * em; })
                ? 1
                : 0;
    return static_cast<double>(hits) / static_cast<double>(std::max<std::size_t>(1, few.rows));
}

/// Share of the places that are one, or, with `indents`, as far behind it as a paragraph is indented.
double straight_share(const std::vector<double>& places, bool indents, double em) {
    std::ptrdiff_t most = 0;
    for (double edge : places)
        most = std::max(most, std::ranges::count_if(places, [&](double place) {
                            const double behind = (place - edge) / em;
                            return (behind >= 0 && behind < 0.7) || (indents && behind > 1.4 && behind < 2.7);
                        }));
    return static_cast<double>(most) / static_cast<double>(std::max<std::size_t>(1, places.size()));
}

/// Chinese columns begin and end straight; holes in lines that go through, where print was lost, do not. Latin ones run around
/// pictures and end anywhere.
bool stands_straight(const Side& left, const Side& right, double em) {
    if (!left.chinese || !right.chinese) return true;
    if (straight_share(right.starts, true, em) < 0.6) return false;
    return left.rows > 5 || straight_share(left.ends, false, em) >= 0.6;
}

/// Sentences in long rows, which may run around a picture and so leave much of their width empty; cells have fewer words.
bool is_prose(const Side& s) { return s.rows >= kProseRows && s.words >= kProseWords; }

/// Whether paragraphs end on the left while the right goes on beside them, between edges that are straight: columns with much
/// paper between them. Where print was lost out of lines that go through, nothing stands behind a paragraph's end.
bool paragraphs_end_within(const Side& left, const Side& right, double em) {
    if (!is_prose(left) || !is_prose(right) || straight_share(left.ends, false, em) < 0.6 ||
        straight_share(right.starts, true, em) < 0.6)
        return false;
    std::size_t ends = 0;
    for (std::size_t i = 0; i < left.rows; ++i) {
        const bool goes_on =
            std::ranges::any_of(right.middles, [&](double y) { return std::abs(y - left.middles[i]) < 0.35 * em; });
        ends += goes_on && left.ends[i] < left.right - 3 * em ? 1 : 0;
    }
    return ends >= 2;
}

/// A line over a gutter is that wide at least and that high at most, and its gap there has that width at least, em. It is so many
/// times as wide as its spaces, and that share of the gutter, at least.
constexpr double kBridgeWidth = 14, kBridgeHeight = 1.7, kBridgeGap = 0.5, kBridgeStands = 1.3, kBridgeFits = 0.6;

/// A box may be drawn too wide and reach into the gutter; it is that far over its border at most, has that much beside it at least,
/// em, and one line in so many does so at most.
constexpr double kReach = 0.4, kBesides = 3;
constexpr std::size_t kMostReach = 10;

constexpr double kFlankReach = 1.6; ///< Em, of lines above and below.
constexpr double kInsetWidth = 12;  ///< At most, em.
constexpr double kInsetRows =
    0.25; ///< At most, of the rows of a side: a column between two others has as many as they.

/// Lines that others flank on both sides, at their height or half a line off; a line that is missing there is made up for by those
/// above and below it.
std::vector<bool> flanked(const Lines& lines, double em) {
    std::vector<bool> out(lines.size(), false);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Box& b = lines[i].box;
        if (b.width > kInsetWidth * em) continue;
        struct Flank {
            bool level = false, above = false, below = false;
            [[nodiscard]] bool stands() const { return level || (above && below); }
        } before, after;
        for (const TextLine& o : lines) {
            const bool left = b.x - right_of(o.box) > 0.3 * em;
            const bool right = o.box.x - right_of(b) > 0.3 * em;
            if (!left && !right) continue;
            Flank& flank = left ? before : after;
            if (overlap(b.y - em / 2, bottom_of(b) + em / 2, o.box.y, bottom_of(o.box)) > 0) flank.level = true;
            else if (bottom_of(o.box) < b.y) flank.above |= b.y - bottom_of(o.box) < kFlankReach * em;
            else flank.below |= o.box.y - bottom_of(b) < kFlankReach * em;
        }
        out[i] = before.stands() && after.stands();
    }
    return out;
}

/// White within a line: from the end of a character to the start of the next.
struct Gap {
    double from, to;
    [[nodiscard]] double width() const { return to - from; }
};

/// The gaps of each line that may be a gutter's: in justified print and on a typewriter spaces are as wide as each other, so that
/// the gutter stands out where a line bridges it.
std::vector<std::vector<Gap>> wide_gaps(const Lines& lines, double em) {
    std::vector<std::vector<Gap>> out(lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].box.width < kBridgeWidth * em || lines[i].box.height > kBridgeHeight * em) continue;
        std::vector<Gap> gaps;
        std::vector<double> spaces;
        double end = lines[i].box.x, widest = 0;
        const auto pass = [&](const Box& b, bool begins_word) {
            if (const Gap gap{end, b.x}; gap.width() > 0) {
                gaps.push_back(gap);
                widest = std::max(widest, gap.width());
                if (begins_word) spaces.push_back(gap.width());
            }
            end = right_of(b);
        };
        for (const Word& word : lines[i].words) {
            if (word.glyphs.empty()) pass(word.box, true);
            for (std::size_t k = 0; k < word.glyphs.size(); ++k) pass(word.glyphs[k].box, k == 0);
        }
        const double space = spaces.size() < 3 ? 0 : median(spaces);
        for (const Gap& g : gaps)
            if (g.width() >= std::max({kBridgeGap * em, 0.75 * widest, kBridgeStands * space})) out[i].push_back(g);
    }
    return out;
}

/// A line over a stripe, parted at its gap there.
struct Bridge {
    std::size_t line;
    double gap; ///< Its width, pixels.
    TextLine left, right;
};

/// Lines sorted by how they lie to an upright stripe from x to x + 0.9 em.
struct Sorted {
    std::vector<std::size_t> others, crossing, insets;
    std::vector<bool> reaches_in; ///< Of all lines: one of `others` that ends or begins within the stripe.
    std::vector<Bridge> bridges;
};

Sorted sort_at(double x, const Lines& lines, const std::vector<std::vector<Gap>>& gaps,
               const std::vector<bool>& may_be_inset, double em) {
    const double from = x + 0.5 * em, to = x + 0.9 * em;
    Sorted out;
    out.reaches_in.assign(lines.size(), false);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Box& b = lines[i].box;
        const bool clear = b.x >= to || right_of(b) <= from;
        if (!clear)
            out.reaches_in[i] = (b.x < x - kBesides * em && right_of(b) < to + kReach * em) ||
                                (right_of(b) > to + kBesides * em && b.x > from - kReach * em);
        if (clear || out.reaches_in[i]) {
            out.others.push_back(i);
            continue;
        }
        const auto gap =
            std::ranges::find_if(gaps[i], [&](const Gap& g) { return overlap(g.from, g.to, from, to) > 0; });
        if (gap != gaps[i].end()) {
            auto [left, right] = parted_at(lines[i], (gap->from + gap->to) / 2);
            if (!left.words.empty() && !right.words.empty()) {
                out.bridges.push_back({i, gap->width(), std::move(left), std::move(right)});
                continue;
            }
        }
        (may_be_inset[i] ? out.insets : out.crossing).push_back(i);
    }
    return out;
}

/// The heights between which no line crosses the stripe.
std::vector<double> cuts_between(const Lines& lines, const std::vector<std::size_t>& crossing) {
    std::vector<double> cuts = {-1e30};
    for (std::size_t i : crossing) cuts.push_back(middle_y(lines[i].box));
    std::sort(cuts.begin(), cuts.end());
    cuts.push_back(1e30);
    return cuts;
}

/// Lines that stand on the two sides of a stripe between two heights.
struct Divided {
    std::vector<const TextLine*> left, right;
    std::size_t whole = 0;    ///< How many,
    std::size_t reaching = 0; ///< and how many of them reach into the stripe.
};

bool divides(const Side& a, const Side& b, double em) {
    const bool wide = a.right - a.left > 7 * em && b.right - b.left > 7 * em;
    const bool full = (a.fill > 0.68 && b.fill > 0.68) || (is_prose(a) && is_prose(b));
    const double aligned = aligned_share(a, b, em);
    const bool apart = aligned < 0.5 && a.fill > 0.5 && b.fill > 0.5;
    // Few pages leave that much empty between columns whose lines are level: print was lost there.
    if (b.left - a.right > 6 * em && aligned > 0.6 && !paragraphs_end_within(a, b, em)) return false;
    if (aligned > 0.6 && !stands_straight(a, b, em)) return false;
    return wide && (full || apart);
}

/// Both sides stand side by side: what is above or below the other side belongs to neither.
bool side_by_side(const Divided& d) {
    const auto span = [](const std::vector<const TextLine*>& side) {
        double y0 = 1e30, y1 = -1e30;
        for (const TextLine* l : side) y0 = std::min(y0, l->box.y), y1 = std::max(y1, bottom_of(l->box));
        return std::pair(y0, y1);
    };
    const auto [l0, l1] = span(d.left);
    const auto [r0, r1] = span(d.right);
    return overlap(l0, l1, r0, r1) >= 0.3 * std::min(l1 - l0, r1 - r0);
}

/// The gutter at x between two heights; none where that is no gutter. `score`: how many rows it divides. `misfits` gets the lines
/// that bridge it otherwise than two lines of its columns would; it is none then, too, until they are taken for what crosses it.
Gutter gutter_between(double x, const Lines& lines, const Sorted& sorted, double top, double bottom, double em,
                      double& score, std::vector<std::size_t>& misfits) {
    const auto here = [&](std::size_t i) { return middle_y(lines[i].box) > top && middle_y(lines[i].box) < bottom; };
    Divided d;
    for (std::size_t i : sorted.others) {
        if (!here(i)) continue;
        (lines[i].box.x < x ? d.left : d.right).push_back(&lines[i]);
        ++d.whole;
        d.reaching += sorted.reaches_in[i] ? 1 : 0;
    }
    if (d.left.size() < 3 || d.right.size() < 3 || kMostReach * d.reaching > d.whole || !side_by_side(d)) return {};
    const Side a = side_of(d.left), b = side_of(d.right);
    if (a.rows < 3 || b.rows < 3 || !divides(a, b, em)) return {};
    std::size_t bridges = 0;
    const std::size_t misfits_before = misfits.size();
    for (const Bridge& bridge : sorted.bridges) {
        if (!here(bridge.line)) continue;
        ++bridges;
        const bool fits = bridge.gap >= kBridgeFits * (b.left - a.right) && bridge.left.box.x > a.left - em &&
                          right_of(bridge.right.box) < b.right + em;
        if (!fits) misfits.push_back(bridge.line);
    }
    if (misfits.size() > misfits_before || 2 * bridges > d.whole) return {};
    const double rows = static_cast<double>(std::min(a.rows, b.rows) + bridges);
    const auto within = static_cast<double>(std::ranges::count_if(sorted.insets, here));
    if (within > kInsetRows * rows || (within > 0 && !(is_prose(a) && is_prose(b)))) return {};
    score = rows - within + 0.01 * (b.left - a.right) / em;
    const std::vector<bool> none(lines.size(), false);
    Gutter out{true, x, top, bottom, none, none, (a.right + b.left) / 2};
    for (std::size_t i : sorted.insets) out.inset[i] = true;
    for (const Bridge& bridge : sorted.bridges) out.bridge[bridge.line] = true;
    return out;
}

} // namespace

Gutter find_gutter(const Lines& lines, double em) {
    Gutter best;
    double best_score = 0;
    const std::vector<bool> may_be_inset = flanked(lines, em);
    const std::vector<std::vector<Gap>> gaps = wide_gaps(lines, em);
    std::vector<double> candidates;
    for (const TextLine& l : lines) candidates.push_back(right_of(l.box));
    std::sort(candidates.begin(), candidates.end());
    double last = -1e30;
    for (double x : candidates) {
        if (x - last < 0.3 * em) continue; // near enough to the one tried
        last = x;
        Sorted sorted = sort_at(x, lines, gaps, may_be_inset, em);
        for (bool again = true; again;) {
            std::vector<std::size_t> misfits;
            const std::vector<double> cuts = cuts_between(lines, sorted.crossing);
            for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
                double score = 0;
                Gutter g = gutter_between(x, lines, sorted, cuts[k], cuts[k + 1], em, score, misfits);
                if (g.found && score > best_score) best_score = score, best = std::move(g);
            }
            again = !misfits.empty();
            std::erase_if(sorted.bridges, [&](const Bridge& b) { return std::ranges::count(misfits, b.line) > 0; });
            for (std::size_t i : misfits) (may_be_inset[i] ? sorted.insets : sorted.crossing).push_back(i);
        }
    }
    return best;
}

} // namespace recto::reading
