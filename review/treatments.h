#pragma once

/// The file in which a person sets values for pages that treatment was not sure of. `recto treat` applies it.

#include <string>
#include <vector>

#include "pipeline/engine/run.h"
#include "review/outliers.h"

namespace recto {

/// One record a page that has a finding of treatment or a warning, or is unlike the rest: item, page id, empty cells for turn,
/// angle, corners, split, keep and who; and for people the page's place, what was done to it, what was found, file and image. BOM and a
/// heading row in both languages come first; cells never run as formulas. Pages with an error are left out. Pure.
[[nodiscard]] std::string treatments_csv(const RunReport& run, const std::vector<Outlier>& odd);

} // namespace recto
