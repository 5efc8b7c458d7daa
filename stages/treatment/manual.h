#pragma once

/// What a person decided about a scan in place of what treatment finds by itself: the turn, the angle, the page's
/// corners, the fold, or that the scan stays as it is. What is not given stays automatic.
///
/// All places are pixels of the scan as stored in its file (before any orientation tag), so they hold whatever treatment
/// does with the image later.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/core/model.h"
#include "pipeline/core/result.h"

namespace recto::treat {

/// Where an open book or a folded letter is cut in two.
struct Fold {
    double share = 0; ///< Of the upright image's width, 0 to 1; 0: `ends` say it.
    std::array<Point, 2> ends{};
};

struct ManualTreatment {
    bool keep = false;           ///< As it was scanned: nothing turned, cut or cropped. No other value goes with it.
    std::optional<int> turn_deg; ///< Clockwise, of the scan as viewers show it (tag applied): 0, 90, 180, 270.
    std::optional<double> angle_deg; ///< Skew to take out, as PageTreatment::skew_deg; -45 to 45, 0: none.
    std::optional<Quad> quad;        ///< The page's corners, in any order around it.
    bool whole = false;              ///< All of the scan is the page: no crop.
    std::optional<Fold> fold;        ///< Two pages, cut here.
    bool one_page = false;           ///< Not two pages, whatever a gutter looks like.
    std::string half;                ///< "left", "right": `quad` is that half of a spread and gets no margin.

    [[nodiscard]] bool empty() const;
};

/// The values as people write them; an empty text is not given.
///   turn   "0", "90", "180", "270"
///   angle  degrees, "1.5", "-0.4"
///   quad   "x,y x,y x,y x,y", each number pixels or a share of the scan ("12%"); or "whole"
///   split  "none"; "48%" of the upright width; or the fold's two ends, "x,y x,y"
///   keep   "yes"
struct ManualWords {
    std::string turn, angle, quad, split, keep;
};

/// `info` is of the scan they speak of. Errors: "by_hand.value": the value's name (turn, angle, corners, split, keep), the
/// word and what is wrong with it (corners outside
/// the scan, a quad that crosses itself or is smaller than a hundredth of the scan, keep beside another value, ...).
[[nodiscard]] Result<ManualTreatment> parse_manual(const ManualWords& words, const ImageInfo& info);

/// Only what is given: {"turn": 90, "angle": 1.5, "quad": [[x, y], ...], "split": {...} or "none", "keep": true}
void to_json(nlohmann::json& j, const ManualTreatment& m);
void from_json(const nlohmann::json& j, ManualTreatment& m);

/// True when treatment would now do something else with the scan than it did: another turn, number of pages, an angle more
/// than 0.2 degrees away, a corner more than a hundredth of the scan's longer side away. `then` and `now`: of one scan.
[[nodiscard]] bool differs(const PageTreatment& then, const PageTreatment& now, const ImageInfo& info);

} // namespace recto::treat
