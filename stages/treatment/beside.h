#pragma once

/// Colour bars, grey wedges, charts and rulers: what lies on the bed beside the sheets, whole, cards and names with the
/// patches and marks by which it is known.

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/transform.h"
#include "stages/treatment/analysis.h"

namespace recto::treat {

/// Each as a rectangle that may lean, in work pixels. `known`: what is known of them (find_target_strips(),
/// find_ruler_marks()), in pixels of analysis.small. `dpi`: of analysis.work, 0 when not known.
[[nodiscard]] std::vector<Quad> find_beside(const Analysis& analysis, double dpi, const std::vector<cv::Rect>& known);

/// Whether any of them lies across a side of a sheet that was found, or along it within: the side is that of the target's card then, or of
/// the bed beyond, or what was taken for a target is none. `inside`: any that is not outside counts. Work pixels.
[[nodiscard]] bool crossed_by_any(const Quad& sheet, const std::vector<Quad>& targets, bool inside);

/// The work image with nothing there: what lies around is drawn over it, so that no line is left or made.
[[nodiscard]] cv::Mat without(const cv::Mat& work, const std::vector<Quad>& beside);

} // namespace recto::treat
