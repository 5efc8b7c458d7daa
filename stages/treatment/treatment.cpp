// The glue of treatment: measures once, decides, composes one transform a page, measures again. The steps read top to
// bottom in Treater::run().

#include "stages/treatment/treatment.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "stages/treatment/page_edge.h"
#include "stages/treatment/separator.h"
#include "stages/treatment/split.h"
#include "stages/treatment/streaks.h"
#include "stages/treatment/target.h"
#include "stages/treatment/treater.h"

namespace recto::treat {
namespace {

/// Two facing pages as one sheet: their outermost corners.
Sheet as_one(const Sheet& a, const Sheet& b) {
    Sheet out = a;
    out.quad_confidence = std::min(a.quad_confidence, b.quad_confidence);
    out.sides_seen = std::min(a.sides_seen, b.sides_seen);
    const auto outermost = [&](double x, double y) {
        Point best = a.region[0];
        for (const Quad* q : {&a.region, &b.region})
            for (const Point& p : *q)
                if (p.x * x + p.y * y > best.x * x + best.y * y) best = p;
        return best;
    };
    out.region = {{outermost(-1, -1), outermost(1, -1), outermost(1, 1), outermost(-1, 1)}};
    return out;
}

/// Options under which nothing is looked for that a person has decided.
Options obeying(Options o, const ManualTreatment& m) {
    if (m.keep || m.turn_deg) o.orient = false;
    if (m.keep || m.one_page || m.quad || m.whole) o.split = false;
    if (m.keep) o.deskew = false;
    if (m.keep || m.whole) o.crop = false;
    if (m.angle_deg) o.min_skew_deg = 0;
    return o;
}

} // namespace

void Treater::find_streaks_on_glass() {
    const double w = a_.work.cols, h = a_.work.rows;
    for (const Streak& s : find_streaks(a_.work)) {
        const double half = s.width / 2 + 1;
        const Quad line = s.down ? Quad{{{s.at - half, 0}, {s.at + half, 0}, {s.at + half, h}, {s.at - half, h}}}
                                 : Quad{{{0, s.at - half}, {w, s.at - half}, {w, s.at + half}, {0, s.at + half}}};
        result_.findings.push_back(finding_at("treat.streak", Severity::Warning, to_source(line),
                                              {fmt::format("{:.0f}", s.at * a_.factor / source_dpi() * 25.4)}));
    }
}

void Treater::find_sheets() {
    if (manual_.quad) {
        Sheet s;
        for (std::size_t i = 0; i < 4; ++i) s.region[i] = a_.source_to_work((*manual_.quad)[i]);
        s.has_quad = true;
        s.quad_confidence = 1;
        s.split = manual_.half;
        sheets_.push_back(s);
        limit_ink_to_sheets();
        return;
    }
    const PageEdges edges =
        find_page_edges(a_, raster_.dpi.source == DpiSource::Assumed ? 0 : source_dpi() / a_.factor);
    beside_ = edges.beside;
    // Where a target lies there is a bed, or it lies on the page: a person should look.
    bool unsure = (edges.bed_visible || !edges.beside.empty()) && edges.pages.empty();
    for (const auto& p : edges.pages) {
        if (p.confidence < kSureQuad) {
            unsure = true;
            continue;
        }
        Sheet s;
        s.region = p.corners;
        s.has_quad = true;
        s.quad_confidence = p.confidence;
        s.edge_angle = p.angle_deg;
        s.sides_seen = p.sides_seen();
        sheets_.push_back(s);
    }
    // Who crops to the one sheet that is certain loses the other.
    if (unsure) sheets_.clear();
    if (sheets_.size() == 2) { // facing pages only when they are of one size
        const auto area = [](const Quad& q) {
            std::vector<cv::Point2f> c;
            for (const auto& p : q) c.emplace_back(static_cast<float>(p.x), static_cast<float>(p.y));
            return cv::contourArea(c);
        };
        const double one = area(sheets_[0].region), two = area(sheets_[1].region);
        if (std::min(one, two) < 0.7 * std::max(one, two)) {
            sheets_.clear();
            unsure = true;
        } else if (!options_.split || manual_.fold) sheets_ = {as_one(sheets_[0], sheets_[1])};
    }
    if (sheets_.empty()) {
        Sheet whole;
        whole.region = image_quad(a_.work.cols, a_.work.rows);
        sheets_.push_back(whole);
        if (unsure && !manual_.keep && !manual_.whole)
            result_.findings.push_back(finding("treat.edge_unsure", Severity::Info));
        ink_ = normalised_ink(a_.ink);
        return;
    }
    limit_ink_to_sheets();
}

void Treater::limit_ink_to_sheets() {
    cv::Mat mask(a_.work.size(), CV_8UC1, cv::Scalar(0));
    for (const auto& s : sheets_) cv::bitwise_or(mask, quad_mask(a_.work.size(), s.region, 6), mask);
    cv::Mat inside;
    a_.ink.copyTo(inside, mask);
    ink_ = normalised_ink(inside);
}

void Treater::measure_skew() {
    if (manual_.angle_deg) {
        skew_.angle_deg = *manual_.angle_deg;
        skew_.confidence = 1;
        return;
    }
    skew_ = estimate_skew(ink_, options_.max_skew_deg);
    const Sheet& s = sheets_.front();
    // Paper without print that can be measured (blank, a photograph): its own sides, when two or more are seen.
    if (skew_.confidence < kSureSkew && s.has_quad && s.sides_seen >= 2 && s.quad_confidence > 0.8) {
        const bool contradicted = skew_.confidence > 0.25 && std::abs(skew_.angle_deg - s.edge_angle) > 0.5;
        if (!contradicted) {
            skew_.angle_deg = s.edge_angle;
            skew_.confidence = 0.5 + 0.3 * s.quad_confidence * (s.sides_seen / 4.0);
            skew_by_edges_ = true;
        }
    }
}

void Treater::decide_orientation() {
    turn_confidence_ = 0;
    if (manual_.turn_deg) {
        turn_deg_ = *manual_.turn_deg;
        turn_confidence_ = 1;
        return;
    }
    if (!options_.orient) return;
    const double print = static_cast<double>(cv::countNonZero(ink_ > 100)) / static_cast<double>(ink_.total());
    if (print < 0.0008) return; // nothing to tell it by
    const Orientation cheap = estimate_orientation(ink_, skew_by_edges_ ? 0 : skew_.angle_deg);
    const bool doubt = needs_second_opinion(cheap);
    const cv::Mat page = probe_ && (doubt || options_.second_opinion_always) ? page_to_read() : cv::Mat();
    std::optional<Turn> read;
    if (doubt && !page.empty()) read = decide_by_reading(cheap, probe_->read(page));
    const Turn turn =
        read ? *read : decide_turn(cheap, page.empty() ? Orientation{} : probe_->probe(page, source_dpi() / a_.factor));
    turn_deg_ = turn.turn_deg;
    turn_confidence_ = turn.confidence;
    orientation_unsure_ = turn.unsure;
}

cv::Mat Treater::page_to_read() const {
    cv::Rect box(0, 0, a_.work.cols, a_.work.rows);
    if (sheets_.size() == 1 && sheets_.front().has_quad) {
        double x0 = 1e9, y0 = 1e9, x1 = 0, y1 = 0;
        for (const auto& p : sheets_.front().region) {
            x0 = std::min(x0, p.x);
            y0 = std::min(y0, p.y);
            x1 = std::max(x1, p.x);
            y1 = std::max(y1, p.y);
        }
        box &=
            cv::Rect(static_cast<int>(x0), static_cast<int>(y0), static_cast<int>(x1 - x0), static_cast<int>(y1 - y0));
    }
    cv::Mat page = a_.work(box).clone();
    if (std::abs(skew_.angle_deg) > 1 && skew_.confidence >= kSureSkew) {
        const cv::Mat turn = cv::getRotationMatrix2D({page.cols / 2.0F, page.rows / 2.0F}, skew_.angle_deg, 1);
        cv::warpAffine(page, page, turn, page.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar(255));
    }
    return page;
}

void Treater::split_spread() {
    if (!options_.split && !manual_.fold) return;
    const Transform up = upright();
    if (sheets_.size() == 2) {
        // Two sheets on the bed: left and right as a reader sees them once they are upright.
        const Box first = bounding_box(up, to_source(sheets_[0].region)),
                  second = bounding_box(up, to_source(sheets_[1].region));
        const double dx = (second.x + second.width / 2) - (first.x + first.width / 2);
        const double dy = (second.y + second.height / 2) - (first.y + first.height / 2);
        if (std::abs(dx) >= std::abs(dy) ? dx < 0 : dy < 0) std::swap(sheets_[0], sheets_[1]);
        sheets_[0].split = "left";
        sheets_[1].split = "right";
        return;
    }
    Sheet& sheet = sheets_.front();
    Transform straight = up;
    const double lean = skew_.confidence >= kSureSkew ? skew_.angle_deg : 0;
    straight.rotate(-lean);
    const Box box = bounding_box(straight, to_source(sheet.region));
    // An unskewed frame reaches outside a picture without edges; its own size is looked at.
    Box inner = box;
    if (!sheet.has_quad) {
        inner.width = std::min(box.width, static_cast<double>(up.width()));
        inner.height = std::min(box.height, static_cast<double>(up.height()));
        inner.x = box.x + (box.width - inner.width) / 2;
        inner.y = box.y + (box.height - inner.height) / 2;
    }
    if (!manual_.fold && inner.width < 1.12 * inner.height) return;
    Transform to_sheet = straight;
    to_sheet.crop(inner);
    const double w = inner.width, h = inner.height;
    if (manual_.fold && manual_.fold->share == 0) {
        const Point one = to_sheet.apply(manual_.fold->ends[0]), two = to_sheet.apply(manual_.fold->ends[1]);
        const auto at = [&](double y) { // of a line that runs down more than across, by its nature
            const double down = two.y - one.y;
            return std::abs(down) < 1 ? one.x : one.x + (y - one.y) * (two.x - one.x) / down;
        };
        return cut_in_two(sheet, straight, to_sheet, at(0), at(h), h);
    }
    if (manual_.fold) return cut_in_two(sheet, straight, to_sheet, manual_.fold->share * w, manual_.fold->share * w, h);
    const double step = 2.0 * a_.factor;
    const cv::Mat background = page_view(a_, a_.small, 2, to_sheet, step, 255);
    cv::Mat closed;
    // Strokes are taken out along the lines only, so that a shadow running down stays.
    cv::dilate(background, closed, cv::getStructuringElement(cv::MORPH_RECT, {3, 9}));
    cv::erode(closed, closed, cv::getStructuringElement(cv::MORPH_RECT, {3, 9}));
    const cv::Mat ink = page_view(a_, ink_, 1, to_sheet, step, 0);
    const Gutter gutter = find_gutter(closed, ink);
    if (!gutter.found || gutter.confidence < 0.2) return;
    if (gutter.confidence < kSureGutter) {
        result_.findings.push_back(finding("treat.split_unsure", Severity::Warning));
        return;
    }
    cut_in_two(sheet, straight, to_sheet, gutter.x * step, gutter.x * step, h);
}

/// By the line from (x_top, 0) to (x_bottom, height) of the frame of `to_sheet`.
void Treater::cut_in_two(const Sheet& sheet, const Transform& straight, const Transform& to_sheet, double x_top,
                         double x_bottom, double height) {
    const auto back = [&](const Point& p) { return a_.source_to_work(to_sheet.invert(p)); };
    const double w = to_sheet.width(), h = height;
    std::array<Point, 4> c{{{0, 0}, {w, 0}, {w, h}, {0, h}}};
    if (sheet.has_quad) { // the paper's own corners outside, the fold inside
        const Quad corners = content_order(to_source(sheet.region), straight);
        for (std::size_t i = 0; i < 4; ++i) c[i] = to_sheet.apply(corners[i]);
    }
    const auto along = [](const Point& p, const Point& q, double x) {
        const double t = std::clamp((x - p.x) / std::max(1e-6, q.x - p.x), 0.0, 1.0);
        return Point{x, p.y + t * (q.y - p.y)};
    };
    const Point top = along(c[0], c[1], x_top), bottom = along(c[3], c[2], x_bottom);
    Sheet left = sheet, right = sheet;
    left.region = {{back(c[0]), back(top), back(bottom), back(c[3])}};
    right.region = {{back(top), back(c[1]), back(c[2]), back(bottom)}};
    left.split = "left";
    right.split = "right";
    sheets_ = {left, right};
}

ImageTreatment Treater::run() {
    a_ = analyse(raster_, info_.orientation);
    if (options_.separators) {
        const double dpi = std::max(raster_.dpi.x, raster_.dpi.y);
        const SeparatorSearch s =
            find_separator(raster_, a_, raster_.dpi.source == DpiSource::Assumed ? 0 : dpi / a_.factor);
        result_.separator = s.separator;
        if (s.separator.kind.empty())
            for (const Barcode& b : s.codes) result_.codes.push_back({b.kind, b.value});
        if (s.unreadable) result_.findings.push_back(finding("treat.separator_unreadable", Severity::Rescan));
    }
    find_streaks_on_glass();
    find_sheets();
    measure_skew();
    if (result_.separator.kind.empty()) {
        decide_orientation();
        split_spread();
    }
    for (const Sheet& s : sheets_) result_.pages.push_back(make_page(s));
    if (result_.separator.kind.empty() && result_.pages.size() == 1) result_.pages[0].target = target_confidence(a_);
    return std::move(result_);
}

ImageTreatment treat_image(const Raster& raster, const ImageInfo& info, const Options& options, OrientationProbe* probe,
                           const ManualTreatment* manual) {
    static const ManualTreatment kNone;
    const ManualTreatment& decided = manual ? *manual : kNone;
    return Treater(raster, info, obeying(options, decided), probe, decided).run();
}
} // namespace recto::treat
