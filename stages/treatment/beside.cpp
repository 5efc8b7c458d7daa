#include "stages/treatment/beside.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <opencv2/imgproc.hpp>

#include "stages/treatment/page_frame.h"
#include "stages/treatment/straight_line.h"

namespace recto::treat {
namespace {

/// Boxes that overlap or nearly so become one: the rows of a chart, both edges of a ruler.
void join(std::vector<cv::Rect>& boxes, int reach) {
    for (bool again = true; again;) {
        again = false;
        for (std::size_t i = 0; i < boxes.size() && !again; ++i)
            for (std::size_t k = i + 1; k < boxes.size() && !again; ++k) {
                const cv::Rect &p = boxes[i], &q = boxes[k];
                const cv::Rect wide(p.x - reach, p.y - reach, p.width + 2 * reach, p.height + 2 * reach);
                if ((wide & q).empty()) continue;
                boxes[i] = p | q;
                boxes.erase(boxes.begin() + static_cast<std::ptrdiff_t>(k));
                again = true;
            }
    }
}

/// Middle level of a ring around the box.
int level_around(const cv::Mat& small, const cv::Rect& box, int near, int far) {
    std::array<int, 256> histogram{};
    const cv::Rect all({0, 0}, small.size());
    const cv::Rect outer = cv::Rect(box.x - far, box.y - far, box.width + 2 * far, box.height + 2 * far) & all,
                   inner(box.x - near, box.y - near, box.width + 2 * near, box.height + 2 * near);
    int n = 0;
    for (int y = outer.y; y < outer.y + outer.height; ++y)
        for (int x = outer.x; x < outer.x + outer.width; ++x)
            if (!inner.contains({x, y})) ++histogram[small.at<std::uint8_t>(y, x)], ++n;
    int level = 0;
    for (int seen = 0; level < 255 && 2 * (seen += histogram[static_cast<std::size_t>(level)]) < n;) ++level;
    return level;
}

/// The piece of `mask` that fills most of `seed`, with those that lie mostly in it, when they make up a compact rectangle not
/// much larger than it.
std::optional<cv::RotatedRect> compact_piece(const cv::Mat& mask, const cv::Rect& seed, double mm) {
    cv::Mat labels, stats, centroids;
    const int n = cv::connectedComponentsWithStats(mask, labels, stats, centroids, 8, CV_32S);
    std::vector<int> share(static_cast<std::size_t>(n), 0);
    const cv::Rect here = seed & cv::Rect({0, 0}, mask.size());
    for (int y = here.y; y < here.y + here.height; ++y)
        for (int x = here.x; x < here.x + here.width; ++x) ++share[static_cast<std::size_t>(labels.at<int>(y, x))];
    share[0] = 0;
    // A sheet that touches is no part of it: cards and bodies of rulers are not much larger than what is seen of them.
    const double seed_thick = std::min(seed.width, seed.height), seed_length = std::max(seed.width, seed.height),
                 most_thick = std::min(95 * mm, std::max(seed_thick + 36 * mm, 0.8 * seed_length)),
                 most_length = std::min(330 * mm, std::max(seed_length + 45 * mm, 4 * seed_length));
    const auto largest = static_cast<int>(std::max_element(share.begin(), share.end()) - share.begin());
    std::vector<cv::Point> points;
    for (int i = 1; i < n; ++i) {
        if (share[static_cast<std::size_t>(i)] == 0) continue;
        const int area = stats.at<int>(i, cv::CC_STAT_AREA);
        if (i != largest && 2 * share[static_cast<std::size_t>(i)] <= area) continue;
        const cv::Rect box(stats.at<int>(i, cv::CC_STAT_LEFT), stats.at<int>(i, cv::CC_STAT_TOP),
                           stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT));
        if (area > most_thick * most_length) return std::nullopt;
        for (int y = box.y; y < box.y + box.height; ++y)
            for (int x = box.x; x < box.x + box.width; ++x)
                if (labels.at<int>(y, x) == i) points.emplace_back(x, y);
    }
    if (points.empty()) return std::nullopt;
    cv::RotatedRect box = cv::minAreaRect(points);
    box.size.width += 1, box.size.height += 1;
    const double w = static_cast<double>(box.size.width), h = static_cast<double>(box.size.height);
    if (static_cast<double>(points.size()) < 0.55 * w * h || w * h < 0.4 * seed.area()) return std::nullopt;
    if (std::min(w, h) > most_thick || std::max(w, h) > most_length) return std::nullopt;
    return box;
}

/// What else belongs to a target along its long sides: names, figures, the other edge of a clear ruler. Such rows end where
/// it ends; the sheet's edge and its print go on. `other`: what differs from the bed.
cv::RotatedRect grown(const cv::Mat& other, cv::RotatedRect box, double mm) {
    if (box.size.width < box.size.height) {
        std::swap(box.size.width, box.size.height);
        box.angle += 90;
    }
    const double length = static_cast<double>(box.size.width), thick = static_cast<double>(box.size.height),
                 most = 40 * mm, flank = 15 * mm, near = 3 * mm;
    const cv::Size frame(static_cast<int>(length + 2 * flank), static_cast<int>(thick + 2 * most));
    cv::Mat turn = cv::getRotationMatrix2D(box.center, static_cast<double>(box.angle), 1), straight;
    turn.at<double>(0, 2) += frame.width / 2.0 - static_cast<double>(box.center.x);
    turn.at<double>(1, 2) += frame.height / 2.0 - static_cast<double>(box.center.y);
    cv::warpAffine(other, straight, turn, frame, cv::INTER_NEAREST, cv::BORDER_CONSTANT, cv::Scalar(0));
    const int left = static_cast<int>(flank), right = frame.width - left, off = static_cast<int>(near);
    const auto own = [&](int y) {
        const cv::Mat row = straight.row(y);
        const double inside = cv::countNonZero(row.colRange(left, right)) / length,
                     outside = (cv::countNonZero(row.colRange(0, left - off)) +
                                cv::countNonZero(row.colRange(right + off, frame.width))) /
                               (2 * (flank - near));
        return outside > std::max(0.05, 0.4 * inside) ? -1 : inside > 0.015 ? 1 : 0;
    };
    const auto reach = [&](int from, int step) {
        int last = 0;
        const int gap = static_cast<int>(6 * mm);
        for (int k = 1; k <= static_cast<int>(most) - 1; ++k) {
            const int what = own(from + step * k);
            if (what < 0 || k - last > gap) break;
            if (what > 0) last = k;
        }
        return last;
    };
    const int top = static_cast<int>(most), bottom = frame.height - static_cast<int>(most) - 1;
    const int up = reach(top, -1), down = reach(bottom, 1);
    const double shift = (down - up) / 2.0, angle = static_cast<double>(box.angle) * CV_PI / 180;
    box.center +=
        cv::Point2f(static_cast<float>(-std::sin(angle) * shift), static_cast<float>(std::cos(angle) * shift));
    box.size.height += static_cast<float>(up + down);
    return box;
}

/// The whole of what was known by `seed`, small pixels: the compact piece of what differs from the bed around it, its lines
/// closed and, where need be, lines that lead away from it opened; the seed itself where there is no such piece.
cv::RotatedRect whole_of(const cv::Mat& small, const cv::Rect& seed, double mm) {
    const int reach = static_cast<int>(60 * mm);
    const cv::Rect field = cv::Rect(seed.x - reach, seed.y - reach, seed.width + 2 * reach, seed.height + 2 * reach) &
                           cv::Rect({0, 0}, small.size());
    const int bed = level_around(small, seed, static_cast<int>(2 * mm), static_cast<int>(7 * mm));
    cv::Mat off;
    cv::medianBlur(small(field), off, 3);
    cv::absdiff(off, cv::Scalar(bed), off);
    const auto square = [&](double size) {
        const int side = static_cast<int>(std::lround(size * mm)) | 1;
        return cv::getStructuringElement(cv::MORPH_RECT, {side, side});
    };
    // On a wider canvas: at the picture's frame there is nothing to close to.
    const int pad = static_cast<int>(8 * mm);
    cv::copyMakeBorder(off, off, pad, pad, pad, pad, cv::BORDER_CONSTANT, cv::Scalar(0));
    const cv::Point home = cv::Point(pad, pad) - field.tl();
    const cv::Rect inside = seed + home;
    // Light steps of a wedge differ little from the bed; but so may the sheet.
    const auto search = [&] {
        for (const int least : {7, 14}) {
            cv::Mat other = off > least;
            cv::morphologyEx(other, other, cv::MORPH_CLOSE, square(3.2));
            for (const bool open : {false, true}) {
                if (open) cv::morphologyEx(other, other, cv::MORPH_OPEN, square(5));
                if (const auto box = compact_piece(other, inside, mm)) return *box;
            }
        }
        return cv::RotatedRect(cv::Point2f(static_cast<float>(inside.x + inside.width / 2.0),
                                           static_cast<float>(inside.y + inside.height / 2.0)),
                               cv::Size2f(static_cast<float>(seed.width), static_cast<float>(seed.height)), 0);
    };
    cv::RotatedRect found = grown(off > 6, search(), mm);
    found.center -= cv::Point2f(home);
    return found;
}
} // namespace

std::vector<Quad> find_beside(const Analysis& a, double dpi, const std::vector<cv::Rect>& known) {
    // Where the resolution is not known the sheet is taken for one of A4.
    const double mm = dpi > 0 ? dpi / 25.4 / 2 : std::max(a.small.cols, a.small.rows) / 300.0;
    std::vector<cv::Rect> seeds = known;
    join(seeds, static_cast<int>(4 * mm));
    std::vector<Quad> out;
    for (const cv::Rect& seed : seeds) {
        cv::RotatedRect whole = whole_of(a.small, seed, mm);
        whole.size.width += static_cast<float>(2 * mm), whole.size.height += static_cast<float>(2 * mm);
        std::array<cv::Point2f, 4> corner;
        whole.points(corner.data());
        Quad q;
        for (std::size_t i = 0; i < 4; ++i)
            q[i] = {2.0 * static_cast<double>(corner[i].x), 2.0 * static_cast<double>(corner[i].y)};
        out.push_back(q);
    }
    return out;
}

cv::Mat without(const cv::Mat& work, const std::vector<Quad>& beside) {
    if (beside.empty()) return work;
    cv::Mat out = work.clone(), smooth;
    cv::blur(work, smooth, {7, 7});
    for (const Quad& q : beside) {
        const cv::Mat mask = quad_mask(work.size(), q, -3);
        std::vector<cv::Point2f> corners;
        for (const Point& p : q) corners.emplace_back(static_cast<float>(p.x), static_cast<float>(p.y));
        const cv::Rect box =
            (cv::boundingRect(corners) + cv::Point(-6, -6) + cv::Size(12, 12)) & cv::Rect({0, 0}, work.size());
        if (box.empty()) continue;
        const bool tall = box.height > box.width;
        // Across its shorter side, from what lies before to what lies behind.
        const int lines = tall ? box.height : box.width, length = tall ? work.cols : work.rows;
        const int from = tall ? box.x : box.y, to = from + (tall ? box.width : box.height);
        for (int l = 0; l < lines; ++l) {
            const auto at = [&](int k) { return tall ? cv::Point(k, box.y + l) : cv::Point(box.x + l, k); };
            int first = to, last = from - 1;
            for (int k = from; k < to; ++k)
                if (mask.at<std::uint8_t>(at(k)) != 0) first = std::min(first, k), last = k;
            if (last < first) continue;
            constexpr int kOff = 5;
            const bool before = first - kOff >= 0, behind = last + kOff < length;
            if (!before && !behind) continue;
            const double a = smooth.at<std::uint8_t>(at(before ? first - kOff : last + kOff)),
                         b = smooth.at<std::uint8_t>(at(behind ? last + kOff : first - kOff));
            for (int k = first; k <= last; ++k) {
                const double part = static_cast<double>(k - first + 1) / (last - first + 2);
                out.at<std::uint8_t>(at(k)) = cv::saturate_cast<std::uint8_t>(a + (b - a) * part);
            }
        }
    }
    return out;
}

bool crossed_by_any(const Quad& sheet, const std::vector<Quad>& targets, bool inside) {
    constexpr double kAlong = 150, kShort = 240; // 25 mm, which a card may have beyond its patches, and 40
    const auto corners = [](const Quad& q) {
        std::vector<cv::Point2f> out;
        for (const Point& p : q) out.emplace_back(static_cast<float>(p.x), static_cast<float>(p.y));
        return out;
    };
    const std::vector<cv::Point2f> page = corners(sheet);
    return std::any_of(targets.begin(), targets.end(), [&](const Quad& q) {
        const std::vector<cv::Point2f> target = corners(q);
        std::vector<cv::Point2f> common;
        const double share = static_cast<double>(cv::intersectConvexConvex(page, target, common)) /
                             std::max(1.0, cv::contourArea(target));
        if (share < 0.12) return false;
        if (share < 0.9 || inside) return true;
        for (std::size_t i = 0; i < 4; ++i) {
            const Point from = sheet[i], to = sheet[(i + 1) % 4];
            const double length = std::hypot(to.x - from.x, to.y - from.y);
            if (length < 1) continue;
            const Line side{from.x, from.y, (to.x - from.x) / length, (to.y - from.y) / length};
            for (std::size_t k = 0; k < 4; ++k) {
                const Point u = q[k], v = q[(k + 1) % 4];
                if (std::hypot(v.x - u.x, v.y - u.y) > kShort && std::abs(distance(side, {u.x, u.y})) < kAlong &&
                    std::abs(distance(side, {v.x, v.y})) < kAlong)
                    return true;
            }
        }
        return false;
    });
}

} // namespace recto::treat
