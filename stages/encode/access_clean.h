#pragma once

/// The gentle clean-up of the images that people are given (PDF, access JPEG), by `encode.access_clean`. Masters and
/// preservation images never see it. Marks of age belong to the record (DA/T 31-2017, 10.4 forbids removing them), so
/// the default is off and no level takes away a stain, a fold, foxing, pencil, a seal or a stamp.
///
///   light   evens slow changes of light: the shadow of a gutter, a lamp at one side. The light is the product of one curve
///           along the rows and one along the columns, each a median, so that a stain is not light; where the paper's hue
///           changes with it (browned edges) nothing is evened.
///   paper   the same; the paper is lightened by one factor in all channels, which keeps its tone; what shines through from
///           the other side is faded by three fifths; lines of the scanner's glass that treatment found, punch holes and
///           black outside the paper are painted in the paper's colour.
///
/// The result is measured: no connected ink of the input may lose more than a tenth of its contrast to the paper. One that
/// does vetoes all of it, and the page is left as it is.

#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/model.h"
#include "pipeline/core/raster.h"

namespace recto::encode {

enum class AccessClean { Off, Light, Paper };
[[nodiscard]] AccessClean parse_access_clean(std::string_view name); ///< "light", "paper"; all else is Off.

/// What treatment knows of the page, in pixels of the image.
struct KnownMarks {
    std::vector<Quad> streaks; ///< Lines drawn by the scanner.
    bool has_paper = false;
    Quad paper{}; ///< The paper's corners, when has_paper.
};

/// From a page's treatment and its findings ("treat.streak"), for an image of `width` x `height` pixels made from the page image.
[[nodiscard]] KnownMarks known_marks(const PageTreatment& treatment, const std::vector<Finding>& findings, int width,
                                     int height);

struct AccessCleaning {
    Raster image; ///< Shares the pixels of the input when nothing was done.
    bool done = false, vetoed = false;
    double ink_kept = 1; ///< Share of its contrast that the ink which lost most kept; before the veto took effect.
    /// {"level", "light_gain", "paper_gain", "faded", "holes", "streaks", "border", "ink_kept", "vetoed"}: what item.json
    /// says of the page; null when nothing was done and nothing vetoed.
    nlohmann::json record;
};

/// Largest share of its contrast that an ink mark may lose.
inline constexpr double kMostInkLost = 0.1;

/// `page`: sRGB or grey of any resolution, no profile. Bi-level pages and images under 200 pixels are returned as they are.
/// Pure function, any thread; about 130 ms a million pixels for "light", 240 for
/// "paper"; at its peak some 25 bytes a pixel.
[[nodiscard]] AccessCleaning clean_for_people(const Raster& page, AccessClean level, const KnownMarks& known = {});

} // namespace recto::encode
