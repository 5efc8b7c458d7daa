#pragma once

/// The paper on the scanner bed: where the sheet ends and the bed begins.
///
/// The bed is what lies along the frame and differs from the paper; the sheet is the largest piece of the rest. Each of
/// its four sides is then measured on its own by the crossing of the middle grey between bed and paper, sub-pixel,
/// along many normals, and fitted robustly (least squares within a shrinking band). Nothing is guessed: when a side is
/// not straight, or the contrast is not certain, or print lies outside, the confidence says so.

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/transform.h"
#include "stages/treatment/analysis.h"

namespace recto::treat {

struct PageQuad {
    Quad corners{};                                   ///< Work pixels, from the image's top left clockwise.
    double confidence = 0;                            ///< 0 to 1; >= kSureQuad means "certain".
    double angle_deg = 0;                             ///< Mean lean of the sides that are seen, > 0: turned clockwise.
    bool side_seen[4] = {false, false, false, false}; ///< Top, right, bottom, left; false: the sheet runs to the frame.
    [[nodiscard]] int sides_seen() const { return side_seen[0] + side_seen[1] + side_seen[2] + side_seen[3]; }
};

inline constexpr double kSureQuad = 0.5;
/// Below this a quad made of weak lines is not worth a word: print often looks like one.
inline constexpr double kHintQuad = 0.2;

struct PageEdges {
    bool bed_visible = false;    ///< Something that is not paper lies along the frame.
    bool bed_lighter = false;    ///< And it is lighter than the sheet.
    std::vector<PageQuad> pages; ///< None, one, or two sheets side by side (left first, or upper first).
    std::vector<Quad> beside;    ///< Work pixels: colour bars, wedges, rulers that lie on the bed beside the sheets.
};

/// `dpi`: of analysis.work; 0: not known. Sheets of the bed's own colour are told by their shadows (shadow_edge.h).
[[nodiscard]] PageEdges find_page_edges(const Analysis& analysis, double dpi = 0);

/// Area of the intersection over that of the union, of two convex quads; 0 to 1.
[[nodiscard]] double intersection_over_union(const Quad& a, const Quad& b);

} // namespace recto::treat
