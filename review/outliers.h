#pragma once

/// Pages that differ from the rest of their batch: a sheet of another size among a hundred alike, one page blurred, one with
/// hardly any text. Not errors; places to look first. Pure function.

#include <string>
#include <vector>

#include "pipeline/engine/run.h"

namespace recto {

struct Outlier {
    const ItemReport* item = nullptr;
    const PageReport* page = nullptr;
    std::string measure; ///< Id of its name in the message table: "report.measure.sharpness".
    double value = 0, typical = 0;
    double distance =
        0; ///< From the median in units of the usual spread (median absolute deviation, as a normal sigma).
};

/// The `most` farthest measures, farthest first; a page stands there once, with its farthest measure. Blank pages and pages
/// with errors are left out. Nothing is far in a batch of fewer than 8 pages. Pointers into `run`.
[[nodiscard]] std::vector<Outlier> outliers(const RunReport& run, std::size_t most);

} // namespace recto
