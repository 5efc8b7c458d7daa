// The glue of treatment: measures once, decides, composes one transform a page, measures again. The steps read top to
// bottom in treat_image(); it is one file because every step needs what the earlier ones found.

#include "stages/treatment/treatment.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "stages/treatment/analysis.h"
#include "stages/treatment/blank.h"
#include "stages/treatment/deskew.h"
#include "stages/treatment/page_edge.h"
#include "stages/treatment/page_frame.h"
#include "stages/treatment/quality.h"
#include "stages/treatment/separator.h"
#include "stages/treatment/settings.h"
#include "stages/treatment/signature.h"
#include "stages/treatment/split.h"
#include "stages/treatment/streaks.h"
#include "stages/treatment/target.h"

namespace recto {
namespace treat {
namespace {

Finding finding(std::string code, Severity severity, std::vector<std::string> args = {}) {
    Finding f;
    f.code = std::move(code);
    f.severity = severity;
    f.args = std::move(args);
    return f;
}

Finding finding_at(std::string code, Severity severity, const Quad& source_quad, std::vector<std::string> args = {}) {
    Finding f = finding(std::move(code), severity, std::move(args));
    f.has_place = true;
    f.place = bounding_box(Transform(1, 1), source_quad);
    return f;
}

std::string degrees(double v) { return fmt::format("{:.1f}", std::abs(v)); }

/// One sheet (or half of a spread) to be made a page.
struct Sheet {
    Quad region{};         ///< Work pixels, oriented frame.
    bool has_quad = false; ///< The region is the paper's edge, not the image's frame.
    double quad_confidence = 0;
    double edge_angle = 0;
    int sides_seen = 0;
    std::string split; ///< "", "left", "right".
};

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

class Treater {
  public:
    Treater(const Raster& raster, const ImageInfo& info, const Options& options, OrientationProbe* probe,
            const ManualTreatment& manual)
        : raster_(raster), info_(info), options_(obeying(options, manual)), probe_(probe), manual_(manual) {}

    ImageTreatment run();

  private:
    void find_streaks_on_glass();
    void find_sheets();
    void limit_ink_to_sheets();
    void measure_skew();
    void decide_orientation();
    [[nodiscard]] Orientation ask_probe();
    void split_spread();
    void cut_in_two(const Sheet& sheet, const Transform& straight, const Transform& to_sheet, double x_top,
                    double x_bottom, double height);
    PageTreatment make_page(const Sheet& sheet);
    void deskew_page(PageTreatment& page, const Sheet& sheet, const cv::Mat& ink);
    void crop_page(PageTreatment& page, const Sheet& sheet, Transform upright);
    void assess_page(PageTreatment& page, const Sheet& sheet, const cv::Mat& region);

    [[nodiscard]] Quad to_source(const Quad& work) const {
        Quad q;
        for (std::size_t i = 0; i < 4; ++i) q[i] = a_.work_to_source(work[i]);
        return q;
    }
    /// Source -> upright, unskewed frame at full resolution.
    [[nodiscard]] Transform upright() const {
        Transform t = a_.to_oriented;
        return t.rotate_quarters(turn_deg_ / 90);
    }
    [[nodiscard]] double source_dpi() const {
        const double dpi = std::max(raster_.dpi.x, raster_.dpi.y);
        return dpi > 0 ? dpi : std::max(raster_.width(), raster_.height()) / 11.7;
    }

    const Raster& raster_;
    const ImageInfo& info_;
    const Options options_;
    OrientationProbe* probe_;
    const ManualTreatment& manual_;

    Analysis a_;
    cv::Mat ink_; ///< Normalised, limited to the sheets.
    std::vector<Sheet> sheets_;
    SkewEstimate skew_;
    bool skew_by_edges_ = false; ///< No print to measure: the paper's sides were taken.
    int turn_deg_ = 0;           ///< Found by content, after the orientation tag.
    double turn_confidence_ = 0;
    bool orientation_unsure_ = false;
    ImageTreatment result_;
};

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
    const PageEdges edges = find_page_edges(a_);
    bool unsure = edges.bed_visible && edges.pages.empty();
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
    if (sheets_.size() == 2) { // facing pages only when they are of one size
        const auto area = [](const Quad& q) {
            std::vector<cv::Point2f> c;
            for (const auto& p : q) c.emplace_back(static_cast<float>(p.x), static_cast<float>(p.y));
            return cv::contourArea(c);
        };
        const double one = area(sheets_[0].region), two = area(sheets_[1].region);
        if (std::min(one, two) < 0.7 * std::max(one, two)) sheets_.clear();
        else if (!options_.split || manual_.fold) sheets_ = {as_one(sheets_[0], sheets_[1])};
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
    Orientation second;
    if (probe_ && (options_.second_opinion_always || needs_second_opinion(cheap))) second = ask_probe();
    const Turn turn = decide_turn(cheap, second);
    turn_deg_ = turn.turn_deg;
    turn_confidence_ = turn.confidence;
    orientation_unsure_ = turn.unsure;
}

Orientation Treater::ask_probe() {
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
    return probe_->probe(page, source_dpi() / a_.factor);
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

void Treater::deskew_page(PageTreatment& page, const Sheet& sheet, const cv::Mat& ink) {
    SkewEstimate skew = skew_;
    if (manual_.angle_deg) {
        page.skew_deg = *manual_.angle_deg;
        page.skew_confidence = 1;
        page.deskewed = *manual_.angle_deg != 0;
        return;
    }
    if (!sheet.split.empty()) { // facing pages seldom lie equally straight
        const SkewEstimate own = estimate_skew(ink, options_.max_skew_deg);
        if (own.confidence >= kSureSkew) skew = own;
        else if (sheet.has_quad && sheet.sides_seen >= 3) skew.angle_deg = sheet.edge_angle;
    }
    page.skew_deg = skew.angle_deg;
    page.skew_confidence = skew.confidence;
    page.residual_skew_deg = skew.angle_deg;
    if (!options_.deskew) return;
    if (skew.confidence < kSureSkew) {
        page.residual_skew_deg = 0;
        if (skew.confidence > 0.15 && std::abs(skew.angle_deg) > 0.4)
            page.findings.push_back(finding("treat.skew_unsure", Severity::Warning, {degrees(skew.angle_deg)}));
        return;
    }
    if (std::abs(skew.angle_deg) < options_.min_skew_deg) return;
    if (std::abs(skew.angle_deg) > options_.max_skew_deg + 0.1) {
        page.findings.push_back(finding("treat.skew_large", Severity::Rescan, {degrees(skew.angle_deg)}));
        return;
    }
    if (skew_by_edges_ && sheet.split.empty()) {
        page.deskewed = true;
        page.residual_skew_deg = 0;
        return;
    }
    // Measured again on the turned ink: the comb must now stand upright.
    cv::Mat turned_ink;
    const cv::Mat turn = cv::getRotationMatrix2D({(ink.cols - 1) / 2.0F, (ink.rows - 1) / 2.0F}, skew.angle_deg, 1);
    cv::warpAffine(ink, turned_ink, turn, ink.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar(0));
    const double left = residual_skew(turned_ink, skew.across);
    if (std::abs(left) > std::max(0.08, 0.25 * std::abs(skew.angle_deg))) {
        page.findings.push_back(finding("treat.deskew_vetoed", Severity::Warning, {degrees(skew.angle_deg)}));
        return;
    }
    page.residual_skew_deg = left;
    page.deskewed = true;
}

void Treater::crop_page(PageTreatment& page, const Sheet& sheet, Transform t) {
    if (page.deskewed) t.rotate(-page.skew_deg);
    const Quad source_quad = to_source(sheet.region);
    const double margin = options_.crop_margin_mm / 25.4 * source_dpi();
    // What the scan holds, in the frame after turning: nothing outside it is worth keeping.
    const Box canvas{0, 0, static_cast<double>(t.width()), static_cast<double>(t.height())};
    const bool half = !sheet.split.empty();
    if (sheet.has_quad && options_.crop) {
        // Print that lies outside the paper that was found means that it was not the paper.
        bool vetoed = false;
        if (!half && !manual_.quad) {
            Quad wide = sheet.region;
            const double reach = margin / a_.factor + 2;
            const cv::Mat inside = quad_mask(a_.work.size(), wide, -reach);
            cv::Mat outside = normalised_ink(a_.ink) > 120;
            const int all = cv::countNonZero(outside);
            outside.setTo(0, inside);
            cv::morphologyEx(outside, outside, cv::MORPH_OPEN, cv::Mat::ones(2, 2, CV_8UC1));
            const int lost = cv::countNonZero(outside);
            vetoed = lost > 300 && lost > 0.03 * all;
            if (vetoed) page.findings.push_back(finding("treat.crop_vetoed", Severity::Warning));
        }
        if (!vetoed) {
            Box box = bounding_box(t, source_quad);
            const double l = std::max(canvas.x, std::floor(box.x - margin)),
                         u = std::max(canvas.y, std::floor(box.y - margin));
            const double r = std::min(canvas.width, std::ceil(box.x + box.width + margin));
            const double b = std::min(canvas.height, std::ceil(box.y + box.height + margin));
            t.crop({l, u, r - l, b - u});
            page.cropped = true;
            page.transform = t;
            return;
        }
    }
    if (half) {
        const Box box = bounding_box(t, source_quad);
        const double l = std::max(0.0, std::floor(box.x)), u = std::max(0.0, std::floor(box.y));
        const double r = std::min(canvas.width, std::ceil(box.x + box.width)),
                     b = std::min(canvas.height, std::ceil(box.y + box.height));
        t.crop({l, u, r - l, b - u});
        page.transform = t;
        return;
    }
    if (page.deskewed) {
        // The turned canvas grew by white corners. The page keeps its own size unless that would cut print.
        const Transform plain = upright();
        const double w = plain.width(), h = plain.height();
        const Box keep{std::round((canvas.width - w) / 2), std::round((canvas.height - h) / 2), w, h};
        bool cuts = false;
        const double margin_work = 4;
        cv::Mat strong = ink_ > 120;
        std::vector<cv::Point> points;
        cv::findNonZero(strong, points);
        int lost = 0;
        const cv::Matx33d m = t.matrix() * a_.to_oriented.matrix().inv();
        for (const auto& p : points) {
            const double sx = (p.x + 0.5) * a_.factor, sy = (p.y + 0.5) * a_.factor;
            const double x = m(0, 0) * sx + m(0, 1) * sy + m(0, 2), y = m(1, 0) * sx + m(1, 1) * sy + m(1, 2);
            const double slack = margin_work * a_.factor;
            if (x < keep.x + slack || y < keep.y + slack || x > keep.x + keep.width - slack ||
                y > keep.y + keep.height - slack)
                ++lost;
        }
        cuts = lost > 12;
        if (!cuts) t.crop(keep);
    }
    page.transform = t;
}

void Treater::assess_page(PageTreatment& page, const Sheet& sheet, const cv::Mat& region) {
    const BlankCheck blank = check_blank(a_, region);
    page.blank = blank.blank;
    page.ink_ratio = blank.ink_ratio;
    const Quality q = measure_quality(raster_, a_, region);
    page.sharpness = q.sharpness;
    page.contrast = q.contrast;
    const Quad place = to_source(sheet.region);
    if (blank.blank) {
        page.findings.push_back(finding("treat.blank", Severity::Info));
        if (blank.confidence < 0.4) page.findings.push_back(finding("treat.blank_unsure", Severity::Warning));
    } else if (q.measured) {
        if (!a_.bilevel && q.sharpness < options_.min_sharpness)
            page.findings.push_back(finding_at("treat.blurred", Severity::Rescan, place));
        if (!a_.bilevel && q.contrast < options_.min_contrast)
            page.findings.push_back(finding_at("treat.faint", Severity::Warning, place));
    }
    if (!a_.bilevel && !page.blank && q.measured) {
        if (q.clipped_white > 0.9 && q.ink_level > 150)
            page.findings.push_back(finding_at("treat.overexposed", Severity::Rescan, place));
        if (q.paper_level < 80) page.findings.push_back(finding_at("treat.underexposed", Severity::Rescan, place));
    }
    if (!sheet.has_quad && q.measured && (q.cut[0] || q.cut[1] || q.cut[2] || q.cut[3]))
        page.findings.push_back(finding_at("treat.cut_off", Severity::Rescan, place));
    const double dpi = std::min(raster_.dpi.x, raster_.dpi.y);
    if (dpi > 0 && raster_.dpi.source != DpiSource::Assumed && dpi < options_.min_dpi - 0.5)
        page.findings.push_back(finding("treat.low_resolution", Severity::Rescan,
                                        {fmt::format("{:.0f}", dpi), fmt::format("{:.0f}", options_.min_dpi)}));
}

PageTreatment Treater::make_page(const Sheet& sheet) {
    PageTreatment page;
    const Transform plain = upright();
    // The turn as a whole, from the image as stored (a mirrored tag counts by its turn).
    const auto tag_turn = [&] {
        switch (info_.orientation) {
        case 3:
        case 4: return 180;
        case 6:
        case 7: return 90;
        case 5:
        case 8: return 270;
        default: return 0;
        }
    }();
    page.orientation_deg = (tag_turn + turn_deg_) % 360;
    page.orientation_confidence = turn_confidence_;
    page.split = sheet.split;
    const bool whole = !sheet.has_quad && sheet.split.empty();
    const cv::Mat region = whole ? cv::Mat() : quad_mask(a_.work.size(), sheet.region, 4);
    cv::Mat ink = ink_;
    if (!sheet.split.empty()) {
        cv::Mat half; // assigning zeros to `ink` would clear the pixels it shares with ink_
        ink_.copyTo(half, region);
        ink = half;
    }
    if (sheet.has_quad) {
        page.has_quad = true;
        page.quad_confidence = sheet.quad_confidence;
    }
    deskew_page(page, sheet, ink);
    Transform straight = plain;
    if (page.deskewed) straight.rotate(-page.skew_deg);
    if (sheet.has_quad || !sheet.split.empty()) {
        page.has_quad = true;
        page.quad = content_order(to_source(sheet.region), straight);
        if (!sheet.has_quad) page.quad_confidence = 0.6;
    }
    crop_page(page, sheet, plain);
    const bool swapped = page.orientation_deg % 180 == 90;
    page.dpi = raster_.dpi;
    if (swapped) std::swap(page.dpi.x, page.dpi.y);
    assess_page(page, sheet, region);
    if (page.blank) // the skew of stains and of print that shines through is of no interest
        std::erase_if(page.findings, [](const Finding& f) { return f.code == "treat.skew_unsure"; });
    if (orientation_unsure_ && !page.blank)
        page.findings.push_back(finding("treat.orientation_unsure", Severity::Warning));
    page.signature = to_hex(
        signature_of(page_view(a_, a_.small, 2, page.transform, std::max(1.0, page.transform.width() / 160.0), 255)));
    return page;
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
} // namespace

ImageTreatment treat_image(const Raster& raster, const ImageInfo& info, const Options& options, OrientationProbe* probe,
                           const ManualTreatment* manual) {
    static const ManualTreatment kNone;
    return Treater(raster, info, options, probe, manual ? *manual : kNone).run();
}
} // namespace treat

} // namespace recto
