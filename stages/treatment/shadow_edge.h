#pragma once

/// A sheet on a bed of its own colour: seen by the shadow along its sides, if at all.

#include <optional>
#include <vector>

#include <opencv2/core.hpp>

#include "stages/treatment/analysis.h"
#include "stages/treatment/page_edge.h"

namespace recto::treat {

/// The sheet whose sides are the outermost weak lines of the picture, or run to its frame. Nothing when there are no such lines,
/// when anything but bed lies outside of them, or when they look like print. `dpi`: of analysis.work, 0 when not known.
/// `beside`: colour bars and rulers (see find_beside()); they may lie outside, and their own edges are no sides.
///
/// Print on a page looks much the same: a frame, the rules of a form, a fold. What tells a sheet apart is counted:
///  - paper and bed are not quite of one level, by the same sign at every side;
///  - the shadow is softer on the bed's side; ink is as sharp on both;
///  - some sides have a shadow and the others run out of the picture, which print does not;
///  - the shadows of the sides are not equally dark; the lines of a frame are;
///  - the rectangle has the size of a common sheet;
/// and against it: lines like it inside (rules of a table, a double frame). Ink, uneven lines, lines that end in the middle of
/// nowhere or cross at a corner (folds) and anything drawn outside are a veto. Confidence: see PageQuad.
[[nodiscard]] std::optional<PageQuad> find_shadow_edges(const Analysis& analysis, double dpi,
                                                        const std::vector<Quad>& beside);

/// Whether the quad (work pixels) has the size of a common sheet of paper, within 1.3 mm. `dpi` as above.
[[nodiscard]] bool has_sheet_size(const Quad& quad, double dpi);

/// Whether there is ink outside the quad, away from its sides and from what lies beside it.
[[nodiscard]] bool drawn_outside(const Analysis& analysis, const Quad& quad, const std::vector<Quad>& beside);

} // namespace recto::treat
