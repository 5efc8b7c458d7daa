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

} // namespace recto::reading
