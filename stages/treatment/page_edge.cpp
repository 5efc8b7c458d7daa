#include "stages/treatment/page_edge.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>

#include <opencv2/imgproc.hpp>

#include "stages/treatment/beside.h"
#include "stages/treatment/ruler.h"
#include "stages/treatment/shadow_edge.h"
#include "stages/treatment/straight_line.h"
#include "stages/treatment/target.h"

namespace recto::treat {
namespace {
constexpr double kDegrees = 180.0 / std::numbers::pi;

struct Levels {
    double paper = 255, bed = 0;
    double share = 0; ///< Of the picture's frame that shows the bed.
};

/// Most frequent level of a histogram, smoothed over +-4 levels.
int mode_of(const std::array<double, 256>& h) {
    int best = 0;
    double most = -1;
    for (int v = 0; v < 256; ++v) {
        double sum = 0;
        for (int k = std::max(0, v - 4); k <= std::min(255, v + 4); ++k) sum += h[static_cast<std::size_t>(k)];
        if (sum > most) {
            most = sum;
            best = v;
        }
    }
    return best;
}

/// Paper is what fills the middle; the bed is what lies along the frame and is clearly not paper.
std::optional<Levels> levels_of(const cv::Mat& small, const cv::Mat& background) {
    const int w = small.cols, h = small.rows;
    std::array<double, 256> middle{}, ring{};
    for (int y = h / 5; y < h - h / 5; ++y) {
        const auto* row = background.ptr<std::uint8_t>(y);
        for (int x = w / 5; x < w - w / 5; ++x) ++middle[row[x]];
    }
    const int paper = mode_of(middle);
    double outside = 0, all = 0;
    const int thick = 2;
    for (int y = 0; y < h; ++y) {
        const auto* row = small.ptr<std::uint8_t>(y);
        for (int x = 0; x < w; ++x) {
            if (y >= thick && y < h - thick && x == thick) x = std::max(thick, w - thick);
            ++all;
            if (std::abs(row[x] - paper) < 24) continue;
            ++outside;
            ++ring[row[x]];
        }
    }
    if (outside < 0.04 * all) return std::nullopt;
    return Levels{static_cast<double>(paper), static_cast<double>(mode_of(ring)), outside / all};
}

double sample(const cv::Mat& image, double x, double y) {
    const int ix = std::clamp(static_cast<int>(std::floor(x - 0.5)), 0, image.cols - 2);
    const int iy = std::clamp(static_cast<int>(std::floor(y - 0.5)), 0, image.rows - 2);
    const double fx = std::clamp(x - 0.5 - ix, 0.0, 1.0), fy = std::clamp(y - 0.5 - iy, 0.0, 1.0);
    const auto* a = image.ptr<std::uint8_t>(iy) + ix;
    const auto* b = image.ptr<std::uint8_t>(iy + 1) + ix;
    return (a[0] * (1 - fx) + a[1] * fx) * (1 - fy) + (b[0] * (1 - fx) + b[1] * fx) * fy;
}

struct MeasuredSide {
    Line line;
    bool seen = false;
    double quality = 0; ///< Share of normals that agree.
};

/// Whether a part of the side that was found lies beyond another edge parallel to it: something sticks out there, or lies
/// against the sheet, and which of both is the paper's edge cannot be told. A torn corner runs at a slant.
bool has_step(const cv::Mat& work, const Levels& levels, const Line& line, cv::Point2d from, cv::Point2d to,
              cv::Point2d inward) {
    const double middle = (levels.paper + levels.bed) / 2, sign = levels.paper > levels.bed ? 1 : -1;
    constexpr int kNormals = 80;
    constexpr double kDeepest = 120; // 20 mm at 150 dpi
    std::vector<double> depths;
    for (int i = 0; i < kNormals; ++i) {
        cv::Point2d foot = from + (to - from) * (0.03 + 0.94 * (i + 0.5) / kNormals);
        foot -= cv::Point2d(-line.dy, line.dx) * distance(line, foot);
        const auto paper = [&](double t) {
            const cv::Point2d p = foot + inward * t;
            return p.x > 1 && p.y > 1 && p.x < work.cols - 1 && p.y < work.rows - 1 &&
                   (sample(work, p.x, p.y) - middle) * sign > 0;
        };
        if (paper(4) || paper(6)) continue;
        double t = 6;
        while (t < kDeepest && !(paper(t) && paper(t + 2))) t += 1;
        depths.push_back(t);
    }
    if (depths.size() < 6) return false;
    std::nth_element(depths.begin(), depths.begin() + static_cast<std::ptrdiff_t>(depths.size() / 2), depths.end());
    const double typical = depths[depths.size() / 2];
    const auto level =
        std::count_if(depths.begin(), depths.end(), [&](double d) { return std::abs(d - typical) <= 3; });
    return typical > 9 && typical < kDeepest && static_cast<double>(level) > 0.6 * static_cast<double>(depths.size());
}

/// Measures one side on the work image: along normals of `from`-`to`, the outermost crossing from bed to paper.
MeasuredSide measure_side(const cv::Mat& work, const Levels& levels, cv::Point2d from, cv::Point2d to,
                          cv::Point2d inward) {
    MeasuredSide side;
    const cv::Point2d along = to - from;
    const double length = std::hypot(along.x, along.y);
    side.line = {from.x, from.y, along.x / length, along.y / length};
    const double middle = (levels.paper + levels.bed) / 2, sign = levels.paper > levels.bed ? 1 : -1;
    constexpr int kNormals = 160;
    constexpr double kReach = 9; // work pixels: the first estimate comes from a grid of two
    std::vector<cv::Point2d> crossings;
    int tried = 0, frame = 0;
    for (int i = 0; i < kNormals; ++i) {
        const cv::Point2d foot = from + along * (0.03 + 0.94 * (i + 0.5) / kNormals);
        const cv::Point2d outer = foot - inward * kReach;
        if (foot.x < 2.5 || foot.y < 2.5 || foot.x > work.cols - 2.5 || foot.y > work.rows - 2.5) {
            ++frame;
            continue;
        }
        ++tried;
        // From inside outwards: paper first, then the crossing to the bed that stays bed for three pixels.
        double previous = 0;
        bool have = false;
        for (double t = kReach; t >= -kReach; t -= 0.5) {
            const cv::Point2d p = foot + inward * t;
            if (p.x < 0.5 || p.y < 0.5 || p.x > work.cols - 0.5 || p.y > work.rows - 0.5) break;
            const double v = (sample(work, p.x, p.y) - middle) * sign;
            if (have && previous > 0 && v <= 0) {
                const cv::Point2d beyond = p - inward * 1.5;
                if ((sample(work, beyond.x, beyond.y) - middle) * sign < 0) {
                    const double back = 0.5 * (-v) / (previous - v);
                    crossings.push_back(p + inward * back);
                    break;
                }
            }
            previous = v;
            have = true;
        }
        (void)outer;
    }
    if (frame > tried) { // the sheet runs out of the picture here
        side.seen = false;
        side.quality = 1;
        return side;
    }
    side.seen = true;
    const double agreeing = fit_line(crossings, side.line, 6, 1.2);
    side.quality = tried > 0 ? agreeing * static_cast<double>(crossings.size()) / tried : 0;
    if (agreeing > 0 && has_step(work, levels, side.line, from, to, inward)) side.quality *= 0.5;
    return side;
}

/// Whether what was taken for paper along a side at the picture's frame has the paper's level, mostly: the lighter end of an
/// uneven bed has not. Print and pictures there do not count.
bool is_paper(const cv::Mat& work, const Levels& levels, cv::Point2d from, cv::Point2d to, cv::Point2d inward) {
    constexpr double kInside = 6;
    constexpr int kPlaces = 80;
    const double contrast = levels.paper - levels.bed;
    int like = 0, taken = 0;
    for (int i = 0; i < kPlaces; ++i) {
        cv::Point2d p = from + (to - from) * ((i + 0.5) / kPlaces);
        p = {std::clamp(p.x, 0.0, static_cast<double>(work.cols)),
             std::clamp(p.y, 0.0, static_cast<double>(work.rows))};
        p += inward * kInside;
        const double share = (sample(work, p.x, p.y) - levels.bed) / contrast;
        taken += share > 0.5;
        like += share > 0.7;
    }
    return 2 * like >= taken;
}

/// MeasuredSide of a contour as a line: points near that side of the bounding rectangle, fitted robustly.
bool rough_side(const std::vector<cv::Point>& contour, cv::Point2d from, cv::Point2d to, double band, Line& line) {
    const cv::Point2d along = to - from;
    const double length = std::hypot(along.x, along.y);
    if (length < 8) return false;
    line = {from.x, from.y, along.x / length, along.y / length};
    std::vector<cv::Point2d> near;
    for (std::size_t i = 0; i < contour.size(); ++i) {
        // Straight runs are stored by their ends only when compressed; here every pixel is kept.
        const cv::Point2d p(contour[i].x + 0.5, contour[i].y + 0.5);
        const double t = (p.x - from.x) * line.dx + (p.y - from.y) * line.dy;
        if (t > 0.04 * length && t < 0.96 * length && std::abs(distance(line, p)) < band) near.push_back(p);
    }
    return fit_line(near, line, band, 1.5) > 0;
}

std::optional<PageQuad> measure_sheet(const Analysis& a, const Levels& levels, const std::vector<cv::Point>& contour) {
    const int w = a.small.cols, h = a.small.rows;
    // The bounding rectangle that fits best, turned so that its sides are top, right, bottom, left.
    const cv::RotatedRect box = cv::minAreaRect(contour);
    std::array<cv::Point2f, 4> raw;
    box.points(raw.data());
    std::array<cv::Point2d, 4> corner;
    std::array<bool, 4> used{};
    // Assign by the smallest angle from the image's axes: order clockwise from the top left.
    cv::Point2d centre(box.center);
    std::sort(raw.begin(), raw.end(), [&](const cv::Point2f& p, const cv::Point2f& q) {
        return std::atan2(p.y - centre.y, p.x - centre.x) < std::atan2(q.y - centre.y, q.x - centre.x);
    });
    // Clockwise on screen (y down) by rising angle; start at the corner nearest the top left.
    int start = 0;
    double least = 1e18;
    for (int i = 0; i < 4; ++i) {
        const double d = raw[static_cast<std::size_t>(i)].x + raw[static_cast<std::size_t>(i)].y;
        if (d < least) {
            least = d;
            start = i;
        }
    }
    for (int i = 0; i < 4; ++i) corner[static_cast<std::size_t>(i)] = raw[static_cast<std::size_t>((start + i) % 4)];
    (void)used;

    const double band = std::max(6.0, 0.025 * std::min(box.size.width, box.size.height));
    std::array<Line, 4> rough;
    for (std::size_t i = 0; i < 4; ++i)
        if (!rough_side(contour, corner[i], corner[(i + 1) % 4], band, rough[i])) return std::nullopt;
    std::array<cv::Point2d, 4> at;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto p = meet(rough[(i + 3) % 4], rough[i]);
        if (!p) return std::nullopt;
        at[i] = {p->x * 2, p->y * 2}; // small to work pixels
    }
    const cv::Point2d middle = (at[0] + at[1] + at[2] + at[3]) * 0.25;
    PageQuad quad;
    std::array<MeasuredSide, 4> sides;
    double quality = 1;
    for (std::size_t i = 0; i < 4; ++i) {
        const cv::Point2d from = at[i], to = at[(i + 1) % 4], along = to - from;
        const double length = std::hypot(along.x, along.y);
        if (length < 32) return std::nullopt;
        cv::Point2d inward(-along.y / length, along.x / length);
        if ((middle - from).dot(inward) < 0) inward = -inward;
        sides[i] = measure_side(a.work, levels, from, to, inward);
        if (!sides[i].seen) {
            // The frame itself is the side.
            const double ww = a.work.cols, wh = a.work.rows;
            static constexpr int kTop = 0, kRight = 1, kBottom = 2;
            const int k = static_cast<int>(i);
            sides[i].line = k == kTop      ? Line{0, 0, 1, 0}
                            : k == kRight  ? Line{ww, 0, 0, 1}
                            : k == kBottom ? Line{0, wh, 1, 0}
                                           : Line{0, 0, 0, 1};
            if (!is_paper(a.work, levels, from, to, inward)) sides[i].quality *= 0.5;
        }
        quad.side_seen[i] = sides[i].seen;
        quality = std::min(quality, sides[i].quality);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        const auto p = meet(sides[(i + 3) % 4].line, sides[i].line);
        if (!p) return std::nullopt;
        quad.corners[i] = {std::clamp(p->x, 0.0, static_cast<double>(a.work.cols)),
                           std::clamp(p->y, 0.0, static_cast<double>(a.work.rows))};
    }
    // Lean of the sides that were measured, and how well they agree with a rectangle.
    double lean = 0, spread = 0;
    int n = 0;
    std::array<double, 4> leans{};
    for (std::size_t i = 0; i < 4; ++i) {
        if (!sides[i].seen) continue;
        const double raw_angle = std::atan2(sides[i].line.dy, sides[i].line.dx) * kDegrees;
        leans[i] = raw_angle - 90.0 * std::round(raw_angle / 90.0);
        lean += leans[i];
        ++n;
    }
    if (n == 0) return std::nullopt;
    lean /= n;
    for (std::size_t i = 0; i < 4; ++i)
        if (sides[i].seen) spread = std::max(spread, std::abs(leans[i] - lean));
    quad.angle_deg = lean;
    const double contrast = std::abs(levels.paper - levels.bed);
    quad.confidence = std::clamp((quality - 0.35) / 0.45, 0.0, 1.0) * std::clamp((contrast - 16) / 24.0, 0.0, 1.0) *
                      std::exp(-std::max(0.0, spread - 1.0) * 0.7);
    const double area = cv::contourArea(contour) / (static_cast<double>(w) * h);
    if (area < 0.3) quad.confidence *= std::max(0.0, area / 0.3);
    return quad;
}
/// A narrow dark gap between two sheets is the fold of a book, no bed: both pages reach to its middle.
void join_at_fold(Quad& first, Quad& second, bool beside) {
    const std::size_t a0 = beside ? 1 : 3, a1 = 2, b0 = 0, b1 = beside ? 3 : 1;
    const double gap0 = std::hypot(second[b0].x - first[a0].x, second[b0].y - first[a0].y);
    const double gap1 = std::hypot(second[b1].x - first[a1].x, second[b1].y - first[a1].y);
    const double size = beside ? std::hypot(first[1].x - first[0].x, first[1].y - first[0].y)
                               : std::hypot(first[3].x - first[0].x, first[3].y - first[0].y);
    if (std::max(gap0, gap1) > 0.06 * size) return;
    const auto middle = [](Point& p, Point& q) {
        p = {(p.x + q.x) / 2, (p.y + q.y) / 2};
        q = p;
    };
    middle(first[a0], second[b0]);
    middle(first[a1], second[b1]);
}
} // namespace

namespace {
void doubt(PageQuad& q) { q.confidence = std::min(q.confidence, kSureQuad - 0.1); }

/// Boxes of small pixels as quads of work pixels.
Quad in_work(const cv::Rect& r) {
    const double x = 2.0 * r.x, y = 2.0 * r.y, w = 2.0 * r.width, h = 2.0 * r.height;
    return {{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}};
}

bool any_sure(const PageEdges& e) {
    return std::any_of(e.pages.begin(), e.pages.end(), [](const PageQuad& q) { return q.confidence >= kSureQuad; });
}

/// `strips` are cut out. `doubtful`: there are targets on the picture.
PageEdges find_by_level(const Analysis& a, const Levels& levels, const std::vector<cv::Rect>& strips, bool doubtful) {
    PageEdges result;
    const int w = a.small.cols, h = a.small.rows;
    result.bed_visible = true;
    const bool dark = levels.bed < levels.paper;
    result.bed_lighter = !dark;
    const double middle = (levels.paper + levels.bed) / 2;

    // A frame of bed around the picture keeps a thin rim of bed from being closed away with the strokes.
    cv::Mat padded, mask;
    constexpr int kPad = 12;
    cv::copyMakeBorder(a.small, padded, kPad, kPad, kPad, kPad, cv::BORDER_CONSTANT, cv::Scalar(levels.bed));
    cv::threshold(padded, mask, middle, 255, dark ? cv::THRESH_BINARY : cv::THRESH_BINARY_INV);
    const cv::Mat seven = cv::getStructuringElement(cv::MORPH_RECT, {7, 7});
    cv::morphologyEx(mask, mask, cv::MORPH_CLOSE, seven);
    cv::morphologyEx(mask, mask, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_RECT, {9, 9}));
    mask = mask(cv::Rect(kPad, kPad, w, h)).clone();
    for (const cv::Rect& strip : strips) mask(strip).setTo(0);

    std::vector<std::vector<cv::Point>> contours;
    cv::findContours(mask, contours, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_NONE);
    std::sort(contours.begin(), contours.end(),
              [](const auto& p, const auto& q) { return cv::contourArea(p) > cv::contourArea(q); });
    if (contours.empty()) return result;
    const double whole = static_cast<double>(w) * h, largest = cv::contourArea(contours[0]);
    if (largest < 0.1 * whole) return result;
    for (std::size_t i = 0; i < std::min<std::size_t>(2, contours.size()); ++i) {
        if (i == 1 && (cv::contourArea(contours[1]) < 0.5 * largest || cv::contourArea(contours[1]) < 0.1 * whole))
            break;
        if (const auto quad = measure_sheet(a, levels, contours[i])) result.pages.push_back(*quad);
    }
    // A ruler or a wedge that runs from frame to frame looks like a bed of which little shows.
    constexpr double kLittle = 0.2;
    if (doubtful && levels.share < kLittle)
        for (PageQuad& q : result.pages) doubt(q);
    // What else lies on the bed, long and not wide: a ruler, a bar of which few patches were told apart.
    for (std::size_t i = 1; i < contours.size(); ++i) {
        const double area = cv::contourArea(contours[i]);
        if (area < 0.001 * whole) break;
        const cv::RotatedRect box = cv::minAreaRect(contours[i]);
        const double width = std::min(box.size.width, box.size.height),
                     length = std::max(box.size.width, box.size.height);
        if (length > 3 * width && area > 0.7 * width * length)
            result.beside.push_back(in_work(cv::boundingRect(contours[i])));
    }
    if (result.pages.size() == 2) {
        const auto centre = [](const PageQuad& q) {
            Point p;
            for (const auto& c : q.corners) {
                p.x += c.x / 4;
                p.y += c.y / 4;
            }
            return p;
        };
        const Point p = centre(result.pages[0]), q = centre(result.pages[1]);
        const bool beside = std::abs(p.x - q.x) > std::abs(p.y - q.y);
        if (beside ? p.x > q.x : p.y > q.y) std::swap(result.pages[0], result.pages[1]);
        join_at_fold(result.pages[0].corners, result.pages[1].corners, beside);
    }
    return result;
}

} // namespace

PageEdges find_page_edges(const Analysis& a, double dpi) {
    const std::vector<cv::Rect> strips = find_target_strips(a);
    std::vector<cv::Rect> known = strips;
    for (const cv::Rect& r : find_ruler_marks(a, dpi)) known.push_back(r);
    std::vector<Quad> seen; // what is known, as it was found
    for (const cv::Rect& r : known) seen.push_back(in_work(r));
    PageEdges result;
    if (a.small.cols < 64 || a.small.rows < 64) return result;
    if (const auto levels = levels_of(a.small, a.background)) {
        result = find_by_level(a, *levels, strips, !known.empty());
        // Where a sheet lies at a corner of the picture, it is the bed that fills the middle.
        if (result.bed_lighter && !any_sure(result)) {
            PageEdges other = find_by_level(a, {levels->bed, levels->paper, 1 - levels->share}, strips, !known.empty());
            if (any_sure(other) && std::none_of(other.pages.begin(), other.pages.end(),
                                                [&](const PageQuad& q) { return drawn_outside(a, q.corners, seen); }))
                result = other;
        }
    }
    for (const cv::Rect& strip : strips) result.beside.push_back(in_work(strip));
    // A picture or a tinted box on a white page looks like a sheet on a lighter bed: its size has to speak for it, or that it
    // runs out of the picture, and nothing may be drawn outside.
    if (result.bed_lighter)
        for (PageQuad& q : result.pages)
            if ((q.sides_seen() == 4 && !has_sheet_size(q.corners, dpi)) || drawn_outside(a, q.corners, seen)) doubt(q);
    for (PageQuad& q : result.pages)
        if (crossed_by_any(q.corners, seen, false)) doubt(q);
    if (any_sure(result)) return result;
    const std::vector<Quad> beside = find_beside(a, dpi, known);
    if (auto quad = find_shadow_edges(a, dpi, beside); quad && quad->confidence > kHintQuad) {
        // Shadows are faint: with a target inside, a side may have been missed behind it.
        if (crossed_by_any(quad->corners, beside, true)) doubt(*quad);
        result.pages = {*quad};
    }
    // Known better than by their level.
    if (!beside.empty()) result.beside = beside;
    return result;
}

double intersection_over_union(const Quad& a, const Quad& b) {
    std::vector<cv::Point2f> pa, pb, common;
    for (const auto& p : a) pa.emplace_back(static_cast<float>(p.x), static_cast<float>(p.y));
    for (const auto& p : b) pb.emplace_back(static_cast<float>(p.x), static_cast<float>(p.y));
    const double inter = cv::intersectConvexConvex(pa, pb, common);
    const double all = cv::contourArea(pa) + cv::contourArea(pb) - inter;
    return all > 0 ? inter / all : 0;
}

} // namespace recto::treat
