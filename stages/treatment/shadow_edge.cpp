#include "stages/treatment/shadow_edge.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <opencv2/core/hal/intrin.hpp>
#include <opencv2/imgproc.hpp>

#include "stages/treatment/beside.h"
#include "stages/treatment/page_frame.h"
#include "stages/treatment/straight_line.h"
#include "stages/treatment/weak_lines.h"

namespace recto::treat {
namespace {
constexpr double kMostDepth = 45;                  ///< Levels; a line darker than that is no shadow but ink or a gap.
constexpr std::array<double, 3> kAlong{0, 0.5, 1}; ///< Where a line is looked at.
constexpr double kLeastEvenness = 0.5;             ///< Of a line; print is less even.
constexpr double kMostWidth = 11; ///< Work pixels, 2 mm; wider ones are folds of books, shades of lids.

/// Sides are counted top, right, bottom, left.
struct SideLine {
    bool seen = false;
    bool hinted = false; ///< A line there, seen or not, is like paper.
    WeakLine line;
    Line at;                                                   ///< In the picture.
    [[nodiscard]] double inward_jump(std::size_t side) const { // paper less bed
        return side == 0 || side == 3 ? line.jump : -line.jump;
    }
    [[nodiscard]] double outward_lean(std::size_t side) const {
        return side == 0 || side == 3 ? -line.lean : line.lean;
    }
    /// Compression leaves a faint line along any step.
    [[nodiscard]] bool has_shadow() const { return line.depth > 0.15 * std::abs(line.jump); }
    /// Soft towards the bed and as sharp towards the paper as a scan can be. Ink is sharp on both sides, folds on neither.
    [[nodiscard]] bool like_paper(std::size_t side) const {
        constexpr double kSoft = 0.25, kSharpest = 1, kSharp = 2.6;
        const double foot = side == 0 || side == 3 ? line.behind_foot : line.before_foot;
        return has_shadow() && outward_lean(side) > kSoft && foot > kSharpest &&
               foot < kSharp + std::abs(line.slope) * kStrip / 2;
    }
};

Line in_picture(const WeakLine& l, bool down) {
    const double n = std::hypot(1.0, l.slope);
    return down ? Line{l.offset, 0, l.slope / n, 1 / n} : Line{0, l.offset, 1 / n, l.slope / n};
}

/// Cells in which there is ink above the grain.
cv::Mat drawn_cells(const Analysis& a) {
    const int columns = a.work.cols / kStrip, rows = a.work.rows / kStrip;
    cv::Mat most(rows, columns, CV_8UC1, cv::Scalar(0));
    std::array<int, 256> histogram{};
    for (int r = 0; r < rows; ++r) {
        for (int c = 0; c < columns; ++c) {
            cv::v_uint8x16 highest = cv::v_setzero_u8();
            for (int k = 0; k < kStrip; ++k)
                highest = cv::v_max(highest, cv::v_load(a.ink.ptr<std::uint8_t>(r * kStrip + k) + c * kStrip));
            const auto v = static_cast<std::uint8_t>(cv::v_reduce_max(highest));
            most.at<std::uint8_t>(r, c) = v;
            ++histogram[v];
        }
    }
    int grain = 0;
    for (int seen = 0; grain < 255; ++grain)
        if ((seen += histogram[static_cast<std::size_t>(grain)]) * 5 >= rows * columns) break;
    return most > std::min(200, grain + 16);
}

/// Steps of a wedge may have the bed's level: what is known of a target may end that much before it does, work pixels (15 mm).
constexpr double kUnseenEnd = 90;
/// How far from a target its own shadow lies, and lines along it are its own (5 mm).
constexpr double kNearTarget = 30;

void clear_beside(cv::Mat& cells, const cv::Size& work, const std::vector<Quad>& beside) {
    for (Quad q : beside) {
        const std::size_t first =
            std::hypot(q[1].x - q[0].x, q[1].y - q[0].y) < std::hypot(q[3].x - q[0].x, q[3].y - q[0].y) ? 1 : 0;
        for (const std::size_t i : {first, first + 2}) { // long sides
            Point &p = q[i], &r = q[(i + 1) % 4];
            const double length = std::max(1.0, std::hypot(r.x - p.x, r.y - p.y));
            const Point by{(r.x - p.x) / length * kUnseenEnd, (r.y - p.y) / length * kUnseenEnd};
            p.x -= by.x, p.y -= by.y, r.x += by.x, r.y += by.y;
        }
        cv::Mat covered;
        cv::resize(quad_mask(work, q, -kNearTarget), covered, cells.size(), 0, 0, cv::INTER_NEAREST);
        cells.setTo(0, covered);
    }
}

/// A line that ends where a target does, or little after it, is the target's own edge.
bool edge_of_any(const WeakLine& l, bool down, const std::vector<Quad>& beside) {
    return std::any_of(beside.begin(), beside.end(), [&](const Quad& q) {
        const Point centre{(q[0].x + q[2].x) / 2, (q[0].y + q[2].y) / 2};
        Point u{q[1].x - q[0].x, q[1].y - q[0].y}, v{q[3].x - q[0].x, q[3].y - q[0].y};
        double length = std::hypot(u.x, u.y), thick = std::hypot(v.x, v.y);
        if (length < thick) std::swap(u, v), std::swap(length, thick);
        return std::all_of(kAlong.begin(), kAlong.end(), [&](double part) {
            const double along = l.from + part * (l.to - l.from), at = l.at(along);
            const Point p{(down ? at : along) - centre.x, (down ? along : at) - centre.y};
            return std::abs(p.x * u.x + p.y * u.y) < (length / 2 + kUnseenEnd) * length &&
                   std::abs(p.x * v.x + p.y * v.y) < (thick / 2 + kNearTarget) * thick;
        });
    });
}

/// How many cells beyond a side are drawn on; those at the picture's frame do not count.
int drawn_beyond(const cv::Mat& cells, const WeakLine& l, bool down, bool before) {
    int n = 0;
    const int length = down ? cells.cols : cells.rows, strips = down ? cells.rows : cells.cols;
    for (int s = 1; s + 1 < strips; ++s) {
        const double lo = std::min(l.at(s * kStrip), l.at((s + 1) * kStrip)),
                     hi = std::max(l.at(s * kStrip), l.at((s + 1) * kStrip));
        const int from = before ? 1 : static_cast<int>(std::ceil((hi + 6) / kStrip)),
                  to = before ? static_cast<int>(std::floor((lo - 6) / kStrip)) : length - 1;
        for (int k = std::max(1, from); k < std::min(length - 1, to); ++k)
            n += cells.at<std::uint8_t>(down ? s : k, down ? k : s) != 0;
    }
    return n;
}

/// Ink, the edge of a column of print, the fold of a book.
bool like_print(const WeakLine& l) {
    if (l.depth > kMostDepth || l.width > kMostWidth || l.jump_error > 0.6 || std::abs(l.jump) > 24) return true;
    if (l.depth > 25 && std::abs(l.lean) < 0.15 && std::abs(l.jump) < 1) return true;
    return l.depth > 0 ? l.depth > 4 && l.evenness < kLeastEvenness
                       : std::abs(l.jump) < std::max(0.7, 5 * l.jump_error);
}

/// The outermost line on one side with nothing but bed beyond it; what lies further in is no side of the sheet.
SideLine outermost(const std::vector<WeakLine>& lines, const cv::Mat& cells, std::size_t side, double middle,
                   double extent) {
    const bool down = side % 2 == 1, before = side == 0 || side == 3;
    SideLine out;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const WeakLine& l = before ? lines[i] : lines[lines.size() - 1 - i];
        const double at = l.at(middle);
        if (before ? at > 0.6 * extent : at < 0.4 * extent) break;
        const int beyond = drawn_beyond(cells, l, down, before);
        if (beyond > 3) break;
        if (l.support < 0.6 || l.to - l.from < 0.6 * middle) continue;
        out.line = l;
        if (!like_print(l)) {
            out.seen = true;
            out.at = in_picture(l, down);
            break;
        }
        // Under uneven light, or with stains along it, a side is not certain; but one so even is no print.
        out.hinted |= l.support > 0.9 && l.evenness > 0.8 && l.depth < 2 * kMostDepth && l.jump_error < 4 &&
                      std::abs(l.jump) < 32 && out.like_paper(side);
    }
    return out;
}

/// Whether a rectangle has the size of a common sheet, in either direction; millimetres.
bool common_size(double a, double b) {
    static constexpr std::array<std::array<double, 2>, 14> kSheets{{{297, 420},
                                                                    {210, 297},
                                                                    {148, 210},
                                                                    {105, 148},
                                                                    {250, 353},
                                                                    {176, 250},
                                                                    {257, 364},
                                                                    {182, 257},
                                                                    {185, 260},
                                                                    {184, 260},
                                                                    {195, 270},
                                                                    {215.9, 279.4},
                                                                    {215.9, 355.6},
                                                                    {130, 185}}};
    const double lo = std::min(a, b), hi = std::max(a, b);
    return std::any_of(kSheets.begin(), kSheets.end(),
                       [&](const auto& s) { return std::abs(lo - s[0]) < 1.3 && std::abs(hi - s[1]) < 1.3; });
}

struct Sheet4 {
    std::array<SideLine, 4> side;
    Quad corners{};
    int seen = 0;
};

/// Corners from the lines, the picture's frame where there is none.
bool close_quad(const Analysis& a, Sheet4& s) {
    const double w = a.work.cols, h = a.work.rows;
    const std::array<Line, 4> frame{Line{0, 0, 1, 0}, Line{w, 0, 0, 1}, Line{0, h, 1, 0}, Line{0, 0, 0, 1}};
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t k = (i + 3) % 4;
        const auto p = meet(s.side[k].seen ? s.side[k].at : frame[k], s.side[i].seen ? s.side[i].at : frame[i]);
        if (!p) return false;
        s.corners[i] = {std::clamp(p->x, 0.0, w), std::clamp(p->y, 0.0, h)};
    }
    return true;
}

/// Where a side must begin and end, along it.
std::array<double, 2> wanted_run(const Sheet4& s, std::size_t i) {
    const bool down = i % 2 == 1;
    const Point p = s.corners[i], q = s.corners[(i + 1) % 4];
    const double u = down ? p.y : p.x, v = down ? q.y : q.x;
    return {std::min(u, v), std::max(u, v)};
}

/// How much of a side between two places lies under, or right beside, a target: nothing can be seen of it there.
double hidden(const WeakLine& l, bool down, double from, double to, const std::vector<Quad>& beside) {
    constexpr double kBeside = 15; // 2.5 mm
    double sum = 0;
    for (double along = from + kStrip / 2.0; along < to; along += kStrip) {
        const double at = l.at(along);
        const cv::Point2f p(static_cast<float>(down ? at : along), static_cast<float>(down ? along : at));
        const bool under = std::any_of(beside.begin(), beside.end(), [&](const Quad& q) {
            std::vector<cv::Point2f> corners;
            for (const Point& c : q) corners.emplace_back(static_cast<float>(c.x), static_cast<float>(c.y));
            return cv::pointPolygonTest(corners, p, true) > -kBeside;
        });
        if (under) sum += std::min<double>(kStrip, to - along + kStrip / 2.0);
    }
    return sum;
}

/// Where most sides part two levels, one that does not is no side but print on the paper.
void drop_strangers(Sheet4& s) {
    std::vector<double> jumps;
    for (std::size_t i = 0; i < 4; ++i)
        if (s.side[i].seen) jumps.push_back(s.side[i].inward_jump(i));
    if (jumps.size() < 3) return;
    std::sort(jumps.begin(), jumps.end());
    const double typical = jumps[jumps.size() / 2];
    if (std::abs(typical) < 1.5) return;
    for (std::size_t i = 0; i < 4; ++i)
        if (s.side[i].seen && s.side[i].inward_jump(i) / typical < 0.25) s.side[i].seen = false, --s.seen;
}

bool down_side(std::size_t side) { return side % 2 == 1; }

double angle_of(const SideLine& side) {
    const double raw = std::atan2(side.at.dy, side.at.dx) * 180 / std::numbers::pi;
    return raw - 90 * std::round(raw / 90);
}

} // namespace

std::optional<PageQuad> find_shadow_edges(const Analysis& a, double dpi, const std::vector<Quad>& beside) {
    if (a.bilevel) return std::nullopt;
    const cv::Mat work = without(a.work, beside);
    const WeakLines across(work, false), down(work, true);
    std::vector<WeakLine> rows = across.find(), columns = down.find();
    std::erase_if(rows, [&](const WeakLine& l) { return edge_of_any(l, false, beside); });
    std::erase_if(columns, [&](const WeakLine& l) { return edge_of_any(l, true, beside); });
    if (rows.empty() && columns.empty()) return std::nullopt;
    cv::Mat cells = drawn_cells(a);
    across.mark(cells);
    down.mark(cells);
    clear_beside(cells, a.work.size(), beside);
    const double w = a.work.cols, h = a.work.rows;
    Sheet4 s;
    s.side = {outermost(rows, cells, 0, w / 2, h), outermost(columns, cells, 1, h / 2, w),
              outermost(rows, cells, 2, w / 2, h), outermost(columns, cells, 3, h / 2, w)};
    bool hinted = false;
    for (const SideLine& x : s.side) s.seen += x.seen, hinted |= x.hinted;
    constexpr double kHint = kHintQuad + 0.05;
    if (s.seen == 0) {
        if (!hinted || !close_quad(a, s)) return std::nullopt;
        return PageQuad{.corners = s.corners, .confidence = kHint};
    }
    if (s.side[0].seen && s.side[2].seen && s.side[2].line.at(w / 2) - s.side[0].line.at(w / 2) < 0.15 * h)
        return std::nullopt;
    if (s.side[1].seen && s.side[3].seen && s.side[1].line.at(h / 2) - s.side[3].line.at(h / 2) < 0.15 * w)
        return std::nullopt;
    drop_strangers(s);
    if (!close_quad(a, s)) return std::nullopt;

    // Vetoes, and how well the lines run from corner to corner.
    double complete = 1, lean = 0, spread = 0;
    for (std::size_t i = 0; i < 4; ++i)
        if (s.side[i].seen) lean += angle_of(s.side[i]) / s.seen;
    int shadows = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        if (!s.side[i].seen) continue;
        const WeakLine& l = s.side[i].line;
        spread = std::max(spread, std::abs(angle_of(s.side[i]) - lean));
        shadows += s.side[i].has_shadow();
        const auto [begin, end] = wanted_run(s, i);
        const double length = std::max(1.0, end - begin);
        const double before_run = hidden(l, down_side(i), begin, l.from, beside),
                     behind_run = hidden(l, down_side(i), l.to, end, beside);
        const double run = std::min(l.to, end) - std::max(l.from, begin) + before_run + behind_run;
        // A corner may be torn off or folded over; where a side is to run out of the picture it has to.
        const std::size_t before = down_side(i) ? 0 : 3, behind = down_side(i) ? 2 : 1;
        const auto short_of = [&](double by, std::size_t neighbour) {
            return by > (s.side[neighbour].seen ? std::max(0.12 * length, 3.0 * kStrip) : 2.5 * kStrip);
        };
        const bool missing = short_of(l.from - begin - before_run, before) || short_of(end - l.to - behind_run, behind);
        const double over = std::max(0.0, begin - l.from) + std::max(0.0, l.to - end);
        if (over > 0.12 * length && over > 4 * kStrip) return std::nullopt; // crosses the other: folds
        complete =
            std::min({complete, std::clamp(run / length * 1.15, 0.0, 1.0), l.support * 1.15, missing ? 0.4 : 1.0});
    }

    // What speaks for a sheet and what for print.
    double evidence = 0;
    int same = 0, opposite = 0;
    double softer = 0, darkest = 0, lightest = 1e9;
    for (std::size_t i = 0; i < 4; ++i) {
        if (!s.side[i].seen) continue;
        const SideLine& x = s.side[i];
        const double jump = x.inward_jump(i);
        if (std::abs(jump) > std::max(0.7, 5 * x.line.jump_error)) (jump > 0 ? same : opposite)++;
        if (x.has_shadow()) {
            softer += std::clamp(x.outward_lean(i) / 0.5, -1.0, 1.0) / shadows;
            darkest = std::max(darkest, x.line.depth);
            lightest = std::min(lightest, x.line.depth);
        }
    }
    if (opposite > same) std::swap(same, opposite);
    if (opposite == 0) evidence += 2.0 * same / s.seen * (s.seen == 1 ? 1 : 1.25);
    evidence += 1.5 * softer;
    if (s.seen == 2 || s.seen == 3) evidence += 1.2;
    if (shadows > 1 && darkest > 1.7 * lightest) evidence += 0.8;
    const bool known_size = s.seen >= 2 && has_sheet_size(s.corners, dpi);
    if (known_size) evidence += 1.3;
    // A target outside speaks for a bed, where there is little else to tell by; a picture on a page has four sides.
    const bool target_outside = std::any_of(beside.begin(), beside.end(), [&](const Quad& q) {
        return intersection_over_union(q, s.corners) == 0 && std::any_of(q.begin(), q.end(), [&](const Point& p) {
                   return p.x > 0 && p.y > 0 && p.x < w && p.y < h;
               });
    });
    if (target_outside && s.seen <= 2) evidence += 1;
    // Lines like it inside.
    int twins = 0;
    for (const bool is_down : {false, true})
        for (const WeakLine& l : is_down ? columns : rows) {
            const double middle = is_down ? h / 2 : w / 2, at = l.at(middle);
            const SideLine &lo = s.side[is_down ? 3 : 0], &hi = s.side[is_down ? 1 : 2];
            if ((lo.seen && at < lo.line.at(middle) + 4) || (hi.seen && at > hi.line.at(middle) - 4)) continue;
            if (l.support < 0.6 || l.depth <= 0 || l.evenness < kLeastEvenness) continue;
            for (const SideLine* x : {&lo, &hi})
                if (x->seen && l.to - l.from > 0.5 * (x->line.to - x->line.from) &&
                    std::abs(l.depth - x->line.depth) < 0.35 * x->line.depth &&
                    std::abs(l.slope - x->line.slope) < 0.008) {
                    ++twins;
                    break;
                }
        }
    evidence -= 0.7 * std::min(3, twins);

    PageQuad quad;
    quad.corners = s.corners;
    quad.angle_deg = lean;
    for (std::size_t i = 0; i < 4; ++i) quad.side_seen[i] = s.side[i].seen;
    quad.confidence = std::clamp((evidence - 0.9) / 3.2, 0.0, 1.0) * std::clamp((complete - 0.3) / 0.5, 0.0, 1.0) *
                      std::exp(-std::max(0.0, spread - 0.7) * 0.7);
    // A tinted box on a page looks the same, but does not run out of the picture.
    if (shadows == 0 && !known_size && (s.seen == 4 || s.seen == 1))
        quad.confidence = std::min(quad.confidence, kSureQuad - 0.1);
    // A single shadow between two equal levels may be a fold, and cropping there would cut the page in half.
    if (s.seen == 1 && same == 0) quad.confidence = std::min(quad.confidence, kSureQuad - 0.1);
    // Where some sides cannot be told, or a single one is all there is, a person should look.
    bool one_is_paper = false;
    for (std::size_t i = 0; i < 4; ++i) one_is_paper |= s.side[i].seen && s.side[i].like_paper(i);
    if (hinted || (shadows > 0 && evidence > 2.3) || (one_is_paper && evidence > 0.7))
        quad.confidence = std::max(quad.confidence, kHint);
    return quad;
}

bool has_sheet_size(const Quad& quad, double dpi) {
    if (dpi <= 0) return false;
    const auto side = [&](std::size_t p, std::size_t q) {
        return std::hypot(quad[p].x - quad[q].x, quad[p].y - quad[q].y) * 25.4 / dpi;
    };
    return common_size((side(0, 1) + side(3, 2)) / 2, (side(0, 3) + side(1, 2)) / 2);
}

bool drawn_outside(const Analysis& a, const Quad& quad, const std::vector<Quad>& beside) {
    cv::Mat cells = drawn_cells(a), sheet;
    clear_beside(cells, a.work.size(), beside);
    cv::resize(quad_mask(a.work.size(), quad, -kStrip), sheet, cells.size(), 0, 0, cv::INTER_NEAREST);
    cv::dilate(sheet, sheet, cv::Mat());
    cells.setTo(0, sheet);
    return cv::countNonZero(cells) > 3;
}

} // namespace recto::treat
