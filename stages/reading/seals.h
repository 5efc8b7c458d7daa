#pragma once

/// Red seals over text: found by colour and shape, and taken out of the picture that the engine reads.

#include <vector>

#include "pipeline/core/raster.h"
#include "pipeline/core/transform.h"

namespace recto::reading {

/// Round or square red marks of a seal's size: 9 to 26 % of the page's long side (on A4 27 to 77 mm; an official seal
/// has 38 to 45 mm), about as wide as high. Red type (letterheads) is smaller or longer. Page pixels. Colour pages only.
[[nodiscard]] std::vector<Box> find_seals(const Raster& page);

/// Red marks as of two or three seals that touch: up to 57 % of the long side. Only to read the text under them: a table
/// ruled in red may look like one.
[[nodiscard]] std::vector<Box> find_overlapping_seals(const Raster& page);

/// A copy of the page in which the red of these places is turned to paper: there every pixel takes the value of its red
/// channel, in which red ink is nearly as bright as paper and black print stays black.
[[nodiscard]] Raster without_seals(const Raster& page, const std::vector<Box>& seals);

} // namespace recto::reading
