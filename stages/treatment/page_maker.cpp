// A page out of a treated image: its skew taken out, cropped, and what a person should know of it.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "stages/treatment/blank.h"
#include "stages/treatment/quality.h"
#include "stages/treatment/signature.h"
#include "stages/treatment/treater.h"

namespace recto::treat {
namespace {

std::string degrees(double v) { return fmt::format("{:.1f}", std::abs(v)); }

} // namespace

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
            for (const Quad& q : beside_) outside.setTo(0, quad_mask(a_.work.size(), q, -6));
            cv::morphologyEx(outside, outside, cv::MORPH_OPEN, cv::Mat::ones(2, 2, CV_8UC1));
            const int lost = cv::countNonZero(outside);
            vetoed = lost > 300 && lost > 0.03 * all;
            if (vetoed) page.findings.push_back(finding("treat.crop_vetoed", Severity::Warning));
        }
        if (!vetoed) {
            Box box = bounding_box(t, source_quad);
            if (options_.keep_targets && !half && !manual_.quad)
                for (const Quad& q : beside_) {
                    const Box other = bounding_box(t, to_source(q));
                    const double right = std::max(box.x + box.width, other.x + other.width),
                                 bottom = std::max(box.y + box.height, other.y + other.height);
                    box.x = std::min(box.x, other.x), box.y = std::min(box.y, other.y);
                    box.width = right - box.x, box.height = bottom - box.y;
                }
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

} // namespace recto::treat
