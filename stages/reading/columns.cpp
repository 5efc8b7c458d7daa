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

Side side_of(const Lines& lines, const std::vector<std::size_t>& members) {
    Side s;
    Lines boxes;
    std::size_t chinese = 0, words = 0;
    for (std::size_t i : members) {
        TextLine l;
        l.box = lines[i].box;
        words += lines[i].words.size();
        chinese += std::ranges::any_of(decode_utf8(lines[i].text), is_cjk) ? 1U : 0U;
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

constexpr double kInsetWidth = 12; ///< At most, em.
constexpr double kInsetRows =
    0.25; ///< At most, of the rows of a side: a column between two others has as many as they.

/// Lines that others flank on both sides, at their height or half a line off.
std::vector<bool> flanked(const Lines& lines, double em) {
    std::vector<bool> out(lines.size(), false);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Box& b = lines[i].box;
        if (b.width > kInsetWidth * em) continue;
        bool before = false, after = false;
        for (const TextLine& o : lines) {
            if (overlap(b.y - em / 2, bottom_of(b) + em / 2, o.box.y, bottom_of(o.box)) <= 0) continue;
            before = before || right_of(o.box) < b.x - 0.3 * em;
            after = after || o.box.x > right_of(b) + 0.3 * em;
        }
        out[i] = before && after;
    }
    return out;
}

} // namespace

Gutter find_gutter(const Lines& lines, double em) {
    Gutter best;
    double best_score = 0;
    const double width = 0.9 * em;
    const std::vector<bool> may_be_inset = flanked(lines, em);
    std::vector<double> candidates;
    for (const TextLine& l : lines) candidates.push_back(right_of(l.box));
    std::sort(candidates.begin(), candidates.end());
    double last = -1e30;
    for (double x : candidates) {
        if (x - last < 0.3 * em) continue; // near enough to the one tried
        last = x;
        std::vector<std::size_t> crossing, others, insets;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const Box& b = lines[i].box;
            const bool crosses = b.x < x + width && right_of(b) > x + 0.5 * em;
            (!crosses ? others : may_be_inset[i] ? insets : crossing).push_back(i);
        }
        std::vector<double> cuts = {-1e30};
        for (std::size_t i : crossing) cuts.push_back(middle_y(lines[i].box));
        std::sort(cuts.begin(), cuts.end());
        cuts.push_back(1e30);
        for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
            std::vector<std::size_t> left, right;
            for (std::size_t i : others) {
                const double y = middle_y(lines[i].box);
                if (y <= cuts[k] || y >= cuts[k + 1]) continue;
                (lines[i].box.x < x ? left : right).push_back(i);
            }
            if (left.size() < 3 || right.size() < 3) continue;
            // Both sides must stand side by side: what is above or below the other side belongs to neither.
            auto span = [&](const std::vector<std::size_t>& side) {
                double y0 = 1e30, y1 = -1e30;
                for (std::size_t i : side)
                    y0 = std::min(y0, lines[i].box.y), y1 = std::max(y1, bottom_of(lines[i].box));
                return std::pair(y0, y1);
            };
            const auto [l0, l1] = span(left);
            const auto [r0, r1] = span(right);
            if (overlap(l0, l1, r0, r1) < 0.3 * std::min(l1 - l0, r1 - r0)) continue;
            const Side a = side_of(lines, left), b = side_of(lines, right);
            if (a.rows < 3 || b.rows < 3) continue;
            const bool wide = a.right - a.left > 7 * em && b.right - b.left > 7 * em;
            const bool full = (a.fill > 0.68 && b.fill > 0.68) || (is_prose(a) && is_prose(b));
            const double aligned = aligned_share(a, b, em);
            const bool apart = aligned < 0.5 && a.fill > 0.5 && b.fill > 0.5;
            // Few pages leave that much empty between columns whose lines are level: print was lost there.
            if (b.left - a.right > 6 * em && aligned > 0.6 && !paragraphs_end_within(a, b, em)) continue;
            if (aligned > 0.6 && !stands_straight(a, b, em)) continue;
            if (!wide || !(full || apart)) continue;
            const double rows = static_cast<double>(std::min(a.rows, b.rows));
            const auto within = static_cast<double>(std::ranges::count_if(insets, [&](std::size_t i) {
                const double y = middle_y(lines[i].box);
                return y > cuts[k] && y < cuts[k + 1];
            }));
            if (within > kInsetRows * rows || (within > 0 && !(is_prose(a) && is_prose(b)))) continue;
            const double score = rows - within + 0.01 * (b.left - a.right) / em;
            if (score > best_score) {
                best_score = score;
                best = {true, x, cuts[k], cuts[k + 1], std::vector<bool>(lines.size(), false)};
                for (std::size_t i : insets) best.inset[i] = true;
            }
        }
    }
    return best;
}

} // namespace recto::reading
