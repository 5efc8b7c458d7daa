#pragma once

/// Inner part of treatment: what one image is while it is treated. The image as a whole is measured and decided in
/// treatment.cpp, each page of it is made in page_maker.cpp.

#include <string>
#include <utility>
#include <vector>

#include "stages/treatment/analysis.h"
#include "stages/treatment/deskew.h"
#include "stages/treatment/page_frame.h"
#include "stages/treatment/treatment.h"

namespace recto::treat {

inline Finding finding(std::string code, Severity severity, std::vector<std::string> args = {}) {
    Finding f;
    f.code = std::move(code);
    f.severity = severity;
    f.args = std::move(args);
    return f;
}

inline Finding finding_at(std::string code, Severity severity, const Quad& source_quad,
                          std::vector<std::string> args = {}) {
    Finding f = finding(std::move(code), severity, std::move(args));
    f.has_place = true;
    f.place = bounding_box(Transform(1, 1), source_quad);
    return f;
}

/// One sheet (or half of a spread) to be made a page.
struct Sheet {
    Quad region{};         ///< Work pixels, oriented frame.
    bool has_quad = false; ///< The region is the paper's edge, not the image's frame.
    double quad_confidence = 0;
    double edge_angle = 0;
    int sides_seen = 0;
    std::string split; ///< "", "left", "right".
};

/// One call; the arguments outlive it. `options` already obey `manual`.
class Treater {
  public:
    Treater(const Raster& raster, const ImageInfo& info, const Options& options, OrientationProbe* probe,
            const ManualTreatment& manual)
        : raster_(raster), info_(info), options_(options), probe_(probe), manual_(manual) {}

    ImageTreatment run();

  private:
    void find_streaks_on_glass();
    void find_sheets();
    void limit_ink_to_sheets();
    void measure_skew();
    void decide_orientation();
    /// The sheet, straight, as other opinions on its way up want it: grey, work pixels.
    [[nodiscard]] cv::Mat page_to_read() const;
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
    std::vector<Quad> beside_; ///< Work pixels: colour bars and rulers on the bed.
    SkewEstimate skew_;
    bool skew_by_edges_ = false; ///< No print to measure: the paper's sides were taken.
    int turn_deg_ = 0;           ///< Found by content, after the orientation tag.
    double turn_confidence_ = 0;
    bool orientation_unsure_ = false;
    ImageTreatment result_;
};

} // namespace recto::treat
