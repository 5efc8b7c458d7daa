#include "stages/reading/worn_page.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <opencv2/imgproc.hpp>

#include "stages/reading/ppocr_page.h"

namespace recto::reading {

namespace {

/// Two regions show the same line when their corners differ by no more than these shares of the line's height, along it and across.
constexpr double kAlong = 0.25, kAcross = 0.1;
/// Two boxes are of the same line when each has more than the first of these shares of the other; of lines that touch, one has no more
/// than the second of the other.
constexpr double kSamePlace = 0.6, kOverlap = 0.3;
/// Confidence that a line needs that is in one picture only.
constexpr double kJoins = 0.5;

bool is_same_line(const Quad& a, const Quad& b) {
    const double across = std::hypot(a[3].x - a[0].x, a[3].y - a[0].y),
                 length = std::hypot(a[1].x - a[0].x, a[1].y - a[0].y);
    if (length <= 0) return false;
    const Point along{(a[1].x - a[0].x) / length, (a[1].y - a[0].y) / length};
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = b[i].x - a[i].x, y = b[i].y - a[i].y;
        if (std::abs(x * along.x + y * along.y) > kAlong * across) return false;
        if (std::abs(y * along.x - x * along.y) > kAcross * across) return false;
    }
    return true;
}

} // namespace

const WornPage::Place& WornPage::look_at(const Quad& quad) {
    const auto known = std::ranges::find_if(seen_, [&](const Place& p) { return is_same_line(p.quad, quad); });
    if (known != seen_.end()) return *known;
    Place place{quad, {}};
    for (const StripGeometry& g : plan_strips(quad, false)) {
        // In the order of red, green and blue, which the network gets from blue on.
        std::vector<cv::Mat> pictures;
        for (auto view = views.rbegin(); view != views.rend(); ++view)
            cv::extractChannel(cut_strip(view->pyramid, g), pictures.emplace_back(), 1);
        cv::Mat strip;
        cv::merge(pictures, strip);
        const LineLikelihoods seen = networks_.worn_line(strip);
        const Charset& charset = networks_.charset(networks_.recognizers() - 1);
        place.strips.push_back({g, read_worn(seen, charset, networks_.language()), seen.steps});
    }
    seen_.push_back(std::move(place));
    return seen_.back();
}

ReadLine WornPage::read(PageView& view, const Quad& quad) {
    ReadLine out;
    for (const auto& [g, characters, steps] : look_at(quad).strips)
        append(out, build_line(characters, networks_.charset(networks_.recognizers() - 1), cut_strip(view.pyramid, g),
                               g, static_cast<double>(g.bucket) / steps, view.pyramid.size()));
    refresh_line(out.line);
    calibrate(out.line, Reader::Together);
    return out;
}

void WornPage::join(PageView& chosen) {
    for (std::size_t v = 1; v < views.size(); ++v) {
        const PageView& other = views[v];
        if (&other == &chosen) continue;
        std::vector<Box> boxes;
        for (const TextRegion& region : chosen.regions) boxes.push_back(bounds(region.quad));
        for (std::size_t j = 0; j < other.lines.size(); ++j) {
            if (other.lines[j].line.words.empty() || other.lines[j].line.vertical) continue;
            const Box box = bounds(other.regions[j].quad);
            // The line that has this one's place, where there is one such, and how much of this one's place others have.
            std::size_t same = boxes.size();
            double others = 0;
            for (std::size_t i = 0; i < boxes.size(); ++i) {
                const double share = share_within(box, boxes[i]);
                if (share > kSamePlace && share_within(boxes[i], box) > kSamePlace) same = i;
                else others += share;
            }
            if (others > kOverlap) continue;
            ReadLine line = read(chosen, other.regions[j].quad);
            if (is_in_letters(line.line)) continue;
            if (same < boxes.size()) {
                ReadLine& kept = chosen.lines[same];
                if (chosen.shines() && kept.line.words.empty()) continue; // taken out: it stands on the other side
                if (kept.line.vertical || is_in_letters(kept.line) || worth_of(line.line) <= worth_of(kept.line))
                    continue;
                kept = std::move(line);
                chosen.regions[same] = other.regions[j];
                boxes[same] = box;
            } else if (line.line.confidence >= kJoins) {
                chosen.lines.push_back(std::move(line));
                chosen.regions.push_back(other.regions[j]);
                boxes.push_back(box);
            }
        }
    }
    chosen.better.resize(chosen.lines.size());
}

} // namespace recto::reading
