#pragma once

/// Where on an image a barcode may stand, told from blocks of gradients: bars have them in one direction only, the modules of
/// a matrix code fill a square about half. Reading barcodes costs more than all other treatment; most pages have none.

#include <vector>

#include <opencv2/core.hpp>

#include "stages/treatment/analysis.h"

namespace recto::treat {

struct CodePlace {
    cv::Rect place;      ///< Work pixels.
    bool matrix = false; ///< Else bars.
    double area = 0;     ///< Work pixels that look like a code, at most place's area.
    int level = 0;       ///< Found in the work image reduced by 2^level: the larger, the larger its bars or modules.
};

struct CodePlaces {
    std::vector<CodePlace> places; ///< Largest first, at most four; none within another.
    cv::Mat print;                 ///< CV_8UC1, one byte a block of 16 work pixels: 255 = print. Empty without places.
    bool tiny = false;             ///< The image is too small to tell; reading it is cheap.

    /// Share of the image, 0 to 1, that holds print outside `codes` (work pixels) and the text right beside them.
    [[nodiscard]] double print_outside(const std::vector<cv::Rect>& codes) const;
};

/// Looks at the work image and two reductions of it, so that bars and modules of 0.3 to 5 mm are seen.
[[nodiscard]] CodePlaces find_code_places(const Analysis& analysis);

} // namespace recto::treat
