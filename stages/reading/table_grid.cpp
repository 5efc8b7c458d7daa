#include "stages/reading/table_grid.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <opencv2/imgproc.hpp>

namespace recto::reading {
namespace {

constexpr double kGridSide = 1800;    ///< Pixels of the longest side in which rules are looked for: 154 dpi for A4.
constexpr int kPiece = 36;            ///< A rule is made of runs that long: more than a stroke of body type.
constexpr int kLargestLetter = 66;    ///< 11 mm.
constexpr double kLeastRuled = 0.3;   ///< Share of a table's rules that is longer than letters, where they have gaps.
constexpr int kGap = 18;              ///< Gaps that a rule may have: 3 mm.
constexpr int kThickestRule = 9;      ///< 1.5 mm; thicker is a bar, a picture or a shadow.
constexpr double kSameBorder = 12;    ///< Rules nearer than that are one border: double rules, and steps of a scan.
constexpr double kMostLean = 0.0175;  ///< One degree.
constexpr double kCoveredShare = 0.7; ///< Of a cell's side, for a border to stand there.
constexpr double kAtEdge = 0.02;      ///< Of a side: a line that ends so near to it goes on outside the picture.
constexpr std::ptrdiff_t kMostStreaks = 6;
constexpr std::size_t kMostRules = 2000;
constexpr std::size_t kMostCells = 4000;

/// A rule: a straight line at `at` + `lean` * place, from place `from` to `to` along it. Working pixels.
struct Rule {
    double from = 0, to = 0, at = 0, lean = 0;
    [[nodiscard]] double length() const { return to - from; }
    [[nodiscard]] double at_place(double place) const { return at + lean * place; }
};

/// Straight pieces that run across `dark` (255: ink), as components of runs at least kPiece long.
std::vector<Rule> pieces_across(const cv::Mat& dark) {
    std::vector<Rule> out;
    cv::Mat runs, joined, labels, stats, centres;
    cv::morphologyEx(dark, runs, cv::MORPH_OPEN, cv::Mat::ones(1, kPiece, CV_8UC1));
    if (cv::countNonZero(runs) == 0) return out;
    cv::dilate(runs, joined, cv::Mat::ones(3, 5, CV_8UC1)); // the steps of one that leans
    const int n = cv::connectedComponentsWithStats(joined, labels, stats, centres, 8, CV_32S);
    struct Sums {
        double n = 0, x = 0, y = 0, xx = 0, xy = 0;
        int from = 1 << 30, to = -1;
    };
    std::vector<Sums> sums(static_cast<std::size_t>(n));
    for (int y = 0; y < runs.rows; ++y) {
        const auto* r = runs.ptr<std::uint8_t>(y);
        const auto* l = labels.ptr<int>(y);
        for (int x = 0; x < runs.cols; ++x) {
            if (r[x] == 0) continue;
            Sums& s = sums[static_cast<std::size_t>(l[x])];
            s.n += 1, s.x += x, s.y += y, s.xx += double(x) * x, s.xy += double(x) * y;
            s.from = std::min(s.from, x), s.to = std::max(s.to, x + 1);
        }
    }
    for (const Sums& s : sums) {
        if (s.n == 0) continue;
        const double length = s.to - s.from;
        if (s.n / length > kThickestRule) continue; // a mean thickness
        const double spread = s.xx - s.x * s.x / s.n;
        const double lean = spread > 0 ? (s.xy - s.x * s.y / s.n) / spread : 0;
        if (std::abs(lean) > 2 * kMostLean && length > 3 * kPiece) continue;
        out.push_back({double(s.from), double(s.to), (s.y - lean * s.x) / s.n, lean});
    }
    return out;
}

/// Pieces on one line joined over gaps. A short piece does not know how it leans: it follows the longer one.
std::vector<Rule> joined_pieces(std::vector<Rule> pieces) {
    std::sort(pieces.begin(), pieces.end(), [](const Rule& a, const Rule& b) { return a.from < b.from; });
    std::vector<Rule> out;
    std::vector<bool> used(pieces.size(), false);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (used[i]) continue;
        Rule rule = pieces[i];
        for (std::size_t k = i + 1; k < pieces.size() && pieces[k].from <= rule.to + kGap; ++k) {
            if (used[k]) continue;
            const Rule& next = pieces[k];
            const Rule& longer = next.length() > rule.length() ? next : rule;
            const double meet = (rule.to + next.from) / 2;
            const double lean = std::clamp(longer.lean, -kMostLean, kMostLean);
            const double here = rule.at_place((rule.from + rule.to) / 2) + lean * (meet - (rule.from + rule.to) / 2);
            const double there = next.at_place((next.from + next.to) / 2) + lean * (meet - (next.from + next.to) / 2);
            if (std::abs(here - there) > 3) continue;
            used[k] = true;
            const double ya = rule.at_place((rule.from + rule.to) / 2), yb = next.at_place((next.from + next.to) / 2);
            const double xa = (rule.from + rule.to) / 2, xb = (next.from + next.to) / 2;
            // Through both middles, unless they are too near to tell a lean.
            const double through = xb - xa > 3 * kPiece ? (yb - ya) / (xb - xa) : lean;
            const double wa = rule.length(), wb = next.length();
            rule.lean = std::clamp(through, -2 * kMostLean, 2 * kMostLean);
            const double x = (xa * wa + xb * wb) / (wa + wb), y = (ya * wa + yb * wb) / (wa + wb);
            rule.at = y - rule.lean * x;
            rule.to = std::max(rule.to, next.to);
        }
        out.push_back(rule);
    }
    return out;
}

/// Goes on from the ends of a rule over ink that was too short for a piece, between a gap and the rule's end.
void extend(Rule& rule, const cv::Mat& dark) {
    const auto inked = [&](int place) {
        const int y = cvRound(rule.at_place(place));
        for (int k = std::max(0, y - 1); k <= std::min(dark.rows - 1, y + 1); ++k)
            if (dark.at<std::uint8_t>(k, place) != 0) return true;
        return false;
    };
    for (const int step : {-1, 1}) {
        const int from = static_cast<int>(step < 0 ? rule.from : rule.to - 1);
        int last = from;
        for (int x = from; x >= 0 && x < dark.cols && std::abs(x - last) <= kGap && std::abs(x - from) <= 2 * kPiece;
             x += step)
            if (inked(x)) last = x;
        (step < 0 ? rule.from : rule.to) = step < 0 ? last : last + 1;
    }
}

/// Rules that run across `dark`.
std::vector<Rule> long_rules_across(const cv::Mat& dark) {
    std::vector<Rule> rules = joined_pieces(pieces_across(dark));
    std::erase_if(rules, [](const Rule& r) { return r.length() < 1.2 * kPiece; });
    if (rules.size() > kMostRules) rules.clear(); // a screen or a pattern
    for (Rule& rule : rules) extend(rule, dark);
    return rules;
}

/// Union of sets of indices.
class Sets {
  public:
    explicit Sets(std::size_t n) : of_(n) { std::iota(of_.begin(), of_.end(), 0); }
    std::size_t find(std::size_t i) {
        while (of_[i] != i) i = of_[i] = of_[of_[i]];
        return i;
    }
    void join(std::size_t a, std::size_t b) { of_[find(a)] = find(b); }

  private:
    std::vector<std::size_t> of_;
};

/// Whether a rule across and one down touch.
bool meet(const Rule& across, const Rule& down) {
    const double x = down.at_place(across.at), y = across.at_place(x), reach = kSameBorder + 4;
    return x > across.from - reach && x < across.to + reach && y > down.from - reach && y < down.to + reach;
}

/// Places of borders out of those of rules, ascending: those nearer than kSameBorder are one, at their mean by length.
struct Borders {
    std::vector<double> at;
    std::vector<std::vector<Rule>> rules; ///< Of each border, in the table's own axes (no lean).
};

Borders borders_of(std::vector<Rule> rules) {
    std::sort(rules.begin(), rules.end(), [](const Rule& a, const Rule& b) { return a.at < b.at; });
    Borders out;
    double last = -1e9, sum = 0, weight = 0;
    for (const Rule& r : rules) {
        if (r.at - last > kSameBorder || out.at.empty()) {
            out.at.push_back(r.at);
            out.rules.emplace_back();
            sum = weight = 0;
        }
        last = r.at;
        sum += r.at * r.length();
        weight += r.length();
        out.at.back() = sum / weight;
        out.rules.back().push_back(r);
    }
    return out;
}

/// Whether a border stands along [a, b].
bool covers(const std::vector<Rule>& rules, double a, double b) {
    double covered = 0, until = a;
    std::vector<Rule> sorted = rules;
    std::sort(sorted.begin(), sorted.end(), [](const Rule& p, const Rule& q) { return p.from < q.from; });
    for (const Rule& r : sorted) {
        const double from = std::max(r.from, until), to = std::min(r.to, b);
        if (to > from) covered += to - from, until = to;
    }
    return covered >= kCoveredShare * (b - a);
}

/// Many tables have no rule at their left and right sides: where three rules across end together, one is thought there.
void add_open_sides(const Borders& rows, Borders& columns) {
    double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;
    for (const auto& rules : rows.rules)
        for (const Rule& r : rules) left = std::min(left, r.from), right = std::max(right, r.to);
    for (const bool at_left : {true, false}) {
        const double side = at_left ? left : right;
        int ends = 0;
        top = 1e9, bottom = -1e9;
        for (const auto& rules : rows.rules) {
            double reach = at_left ? 1e9 : -1e9;
            for (const Rule& r : rules) reach = at_left ? std::min(reach, r.from) : std::max(reach, r.to);
            if (std::abs(reach - side) > 2 * kSameBorder) continue;
            ++ends;
            top = std::min(top, rules.front().at), bottom = std::max(bottom, rules.front().at);
        }
        const bool there = !columns.at.empty() &&
                           std::abs((at_left ? columns.at.front() : columns.at.back()) - side) < 3 * kSameBorder;
        if (there || ends < 3) continue;
        const auto at = at_left ? 0 : static_cast<std::ptrdiff_t>(columns.at.size());
        columns.at.insert(columns.at.begin() + at, side);
        columns.rules.insert(columns.rules.begin() + at, {Rule{top, bottom, side, 0}});
    }
}

/// The cells of one drawn table whose rules are given in its own axes; empty when it is none. Boxes in those axes.
std::vector<TableCell> cells_of(std::vector<Rule> across, std::vector<Rule> down) {
    const Borders rows = borders_of(std::move(across));
    Borders columns = borders_of(std::move(down));
    add_open_sides(rows, columns);
    if (rows.at.size() < 3 || columns.at.size() < 3) return {};
    const std::size_t nr = rows.at.size() - 1, nc = columns.at.size() - 1;
    if (nr * nc > kMostCells) return {};
    Sets sets(nr * nc);
    for (std::size_t r = 0; r < nr; ++r)
        for (std::size_t c = 0; c < nc; ++c) {
            if (c + 1 < nc && !covers(columns.rules[c + 1], rows.at[r], rows.at[r + 1]))
                sets.join(r * nc + c, r * nc + c + 1);
            if (r + 1 < nr && !covers(rows.rules[r + 1], columns.at[c], columns.at[c + 1]))
                sets.join(r * nc + c, (r + 1) * nc + c);
        }
    // A cell is a rectangle: one that is not yet takes in what lies in its corners.
    struct Span {
        std::size_t r0, r1, c0, c1;
    };
    std::map<std::size_t, Span> spans;
    for (bool again = true; again;) {
        again = false;
        spans.clear();
        for (std::size_t r = 0; r < nr; ++r)
            for (std::size_t c = 0; c < nc; ++c) {
                const auto [it, fresh] = spans.try_emplace(sets.find(r * nc + c), Span{r, r, c, c});
                Span& s = it->second;
                s = {std::min(s.r0, r), std::max(s.r1, r), std::min(s.c0, c), std::max(s.c1, c)};
            }
        for (const auto& [set, s] : spans)
            for (std::size_t r = s.r0; r <= s.r1; ++r)
                for (std::size_t c = s.c0; c <= s.c1; ++c)
                    if (sets.find(r * nc + c) != sets.find(set)) {
                        sets.join(r * nc + c, set);
                        again = true;
                    }
    }
    std::vector<TableCell> cells;
    std::vector<bool> row_begins(nr + 1, false), column_begins(nc + 1, false);
    for (const auto& [set, s] : spans) {
        row_begins[s.r0] = row_begins[s.r1 + 1] = true;
        column_begins[s.c0] = column_begins[s.c1 + 1] = true;
    }
    // Borders that part no two cells (a stroke that took itself for a rule) count for nothing.
    std::vector<int> row_of(nr + 1, 0), column_of(nc + 1, 0);
    for (std::size_t i = 1; i <= nr; ++i) row_of[i] = row_of[i - 1] + (row_begins[i] ? 1 : 0);
    for (std::size_t i = 1; i <= nc; ++i) column_of[i] = column_of[i - 1] + (column_begins[i] ? 1 : 0);
    if (row_of[nr] < 2 || column_of[nc] < 2) return {};
    for (const auto& [set, s] : spans)
        cells.push_back({row_of[s.r0],
                         column_of[s.c0],
                         row_of[s.r1 + 1] - row_of[s.r0],
                         column_of[s.c1 + 1] - column_of[s.c0],
                         {columns.at[s.c0], rows.at[s.r0], columns.at[s.c1 + 1] - columns.at[s.c0],
                          rows.at[s.r1 + 1] - rows.at[s.r0]}});
    std::sort(cells.begin(), cells.end(), [](const TableCell& a, const TableCell& b) {
        return a.row != b.row ? a.row < b.row : a.column < b.column;
    });
    return cells;
}

/// Squares for one character each, as manuscript paper has them.
bool is_writing_paper(const std::vector<TableCell>& cells) {
    std::size_t squares = 0;
    for (const TableCell& c : cells) {
        const double longer = std::max(c.box.width, c.box.height), shorter = std::min(c.box.width, c.box.height);
        squares += longer < 80 && shorter > 0.8 * longer ? 1 : 0; // 13 mm
    }
    return cells.size() >= 40 && 10 * squares >= 8 * cells.size();
}

double median_lean(const std::vector<Rule>& rules) {
    std::vector<std::pair<double, double>> leans;
    double all = 0;
    for (const Rule& r : rules) leans.emplace_back(r.lean, r.length()), all += r.length();
    std::sort(leans.begin(), leans.end());
    double seen = 0;
    for (const auto& [lean, length] : leans)
        if ((seen += length) >= all / 2) return lean;
    return 0;
}

TableGrid grid_of(const std::vector<Rule>& across, const std::vector<Rule>& down, double scale) {
    // The table's own axes: its rows' lean and its columns' lean, which differ on a sheet that shears in the scanner.
    const double a = std::clamp(median_lean(across), -kMostLean, kMostLean),
                 d = std::clamp(median_lean(down), -kMostLean, kMostLean);
    std::vector<Rule> level, upright;
    for (const Rule& r : across) {
        const double x = (r.from + r.to) / 2, y = r.at_place(x);
        level.push_back({r.from - d * y, r.to - d * y, y - a * x, 0});
    }
    for (const Rule& r : down) {
        const double y = (r.from + r.to) / 2, x = r.at_place(y);
        upright.push_back({r.from - a * x, r.to - a * x, x - d * y, 0});
    }
    TableGrid grid;
    grid.cells = cells_of(std::move(level), std::move(upright));
    if (grid.cells.size() < 4 || is_writing_paper(grid.cells)) return {};
    const auto to_page = [&](double u, double v) { // u = x - d*y, v = y - a*x
        const double x = (u + d * v) / (1 - a * d), y = (v + a * u) / (1 - a * d);
        return Point{x * scale, y * scale};
    };
    double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
    for (TableCell& c : grid.cells) {
        const Point p = to_page(c.box.x, c.box.y), q = to_page(c.box.x + c.box.width, c.box.y),
                    r = to_page(c.box.x, c.box.y + c.box.height),
                    s = to_page(c.box.x + c.box.width, c.box.y + c.box.height);
        const double left = (p.x + r.x) / 2, right = (q.x + s.x) / 2, top = (p.y + q.y) / 2, bottom = (r.y + s.y) / 2;
        c.box = {left, top, right - left, bottom - top};
        x0 = std::min(x0, left), x1 = std::max(x1, right), y0 = std::min(y0, top), y1 = std::max(y1, bottom);
    }
    grid.box = {x0, y0, x1 - x0, y1 - y0};
    return grid;
}

} // namespace

namespace {

/// Lines from one edge of the picture to the other that no rule ends: a copier drew them, or a scanner with dust on its glass. Many of
/// them are the lines of a ledger.
void drop_streaks(std::vector<Rule>& rules, const std::vector<Rule>& crossing, int length) {
    const double edge = kAtEdge * length;
    const auto ended = [&](double place) {
        return std::ranges::any_of(crossing, [&](const Rule& c) {
            return std::abs(c.at_place((c.from + c.to) / 2) - place) < edge + kSameBorder;
        });
    };
    const auto is_streak = [&](const Rule& r) {
        return r.from <= edge && r.to >= length - edge && !ended(r.from) && !ended(r.to);
    };
    if (std::ranges::count_if(rules, is_streak) <= kMostStreaks) std::erase_if(rules, is_streak);
}

/// Without what is no larger than a letter of a letterhead.
cv::Mat without_letters(const cv::Mat& dark) {
    cv::Mat out(dark.size(), CV_8UC1), labels, stats, centres;
    const int n = cv::connectedComponentsWithStats(dark, labels, stats, centres, 8, CV_32S);
    std::vector<std::uint8_t> keep(static_cast<std::size_t>(n), 0);
    for (int i = 1; i < n; ++i)
        keep[static_cast<std::size_t>(i)] =
            std::max(stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT)) > kLargestLetter ? 255
                                                                                                                 : 0;
    for (int y = 0; y < dark.rows; ++y) {
        auto* o = out.ptr<std::uint8_t>(y);
        const auto* l = labels.ptr<int>(y);
        for (int x = 0; x < dark.cols; ++x) o[x] = keep[static_cast<std::size_t>(l[x])];
    }
    return out;
}

/// The strokes of large letters are as long as the rules of a small cell, and meet: rules must be more than that.
bool drawn_by_letters(const TableGrid& grid, const std::vector<Rule>& across, const std::vector<Rule>& down,
                      double back, const cv::Mat& letterless) {
    const cv::Rect area(cvFloor(grid.box.x / back) - 3, cvFloor(grid.box.y / back) - 3,
                        cvCeil(grid.box.width / back) + 6, cvCeil(grid.box.height / back) + 6);
    const cv::Mat within = letterless(area & cv::Rect({0, 0}, letterless.size()));
    const auto ruled = [&](const std::vector<Rule>& rules, const cv::Size& piece) {
        double length = 0;
        for (const Rule& r : rules) length += r.length();
        cv::Mat runs;
        cv::morphologyEx(within, runs, cv::MORPH_OPEN, cv::Mat::ones(piece, CV_8UC1));
        return cv::countNonZero(runs) >= kLeastRuled * length;
    };
    return !ruled(across, {kPiece, 1}) || !ruled(down, {1, kPiece});
}

} // namespace

std::vector<TableGrid> find_tables(const cv::Mat& grey) {
    std::vector<TableGrid> out;
    if (std::min(grey.cols, grey.rows) < 200) return out;
    // The darkest pixel of each neighbourhood, so that a hair line is not thinned away with the size.
    const double scale = std::max(1.0, std::max(grey.cols, grey.rows) / kGridSide);
    cv::Mat small = grey, dark;
    if (scale > 1.2) {
        cv::Mat darkest; // never `small`: it is the caller's picture
        cv::erode(grey, darkest, cv::Mat::ones(2, 2, CV_8UC1));
        cv::resize(darkest, small, cv::Size(cvRound(grey.cols / scale), cvRound(grey.rows / scale)), 0, 0,
                   cv::INTER_AREA);
    }
    const double back = static_cast<double>(grey.cols) / small.cols;
    cv::adaptiveThreshold(small, dark, 255, cv::ADAPTIVE_THRESH_MEAN_C, cv::THRESH_BINARY_INV, 41, 18);
    std::vector<Rule> across = long_rules_across(dark);
    if (across.size() < 2) return out;
    std::vector<Rule> down = long_rules_across(cv::Mat(dark.t()));
    const std::vector<Rule> all_across = across;
    drop_streaks(across, down, dark.cols);
    drop_streaks(down, all_across, dark.rows);
    if (down.empty()) return out;
    Sets sets(across.size() + down.size());
    for (std::size_t i = 0; i < across.size(); ++i)
        for (std::size_t k = 0; k < down.size(); ++k)
            if (meet(across[i], down[k])) sets.join(i, across.size() + k);
    std::map<std::size_t, std::pair<std::vector<Rule>, std::vector<Rule>>> tables;
    for (std::size_t i = 0; i < across.size(); ++i) tables[sets.find(i)].first.push_back(across[i]);
    for (std::size_t k = 0; k < down.size(); ++k) tables[sets.find(across.size() + k)].second.push_back(down[k]);
    cv::Mat letterless; // made when first needed
    for (const auto& [set, rules] : tables) {
        if (rules.first.size() < 2 || rules.second.empty()) continue;
        TableGrid grid = grid_of(rules.first, rules.second, back);
        if (grid.cells.empty()) continue;
        if (letterless.empty()) letterless = without_letters(dark);
        if (!drawn_by_letters(grid, rules.first, rules.second, back, letterless)) out.push_back(std::move(grid));
    }
    std::sort(out.begin(), out.end(), [](const TableGrid& a, const TableGrid& b) {
        return a.box.y != b.box.y ? a.box.y < b.box.y : a.box.x < b.box.x;
    });
    // A table within a cell of another: the outer one has the text.
    std::vector<TableGrid> kept;
    for (TableGrid& g : out) {
        const bool inner = std::any_of(out.begin(), out.end(), [&](const TableGrid& o) {
            return &o != &g && o.box.width * o.box.height > g.box.width * g.box.height && g.box.x >= o.box.x &&
                   g.box.y >= o.box.y && g.box.x + g.box.width <= o.box.x + o.box.width &&
                   g.box.y + g.box.height <= o.box.y + o.box.height;
        });
        if (!inner) kept.push_back(g);
    }
    return kept;
}

} // namespace recto::reading
