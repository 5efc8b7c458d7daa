#pragma once

/// Reads the barcode at a place (ZXing: Code 128, Code 39, Code 93, QR, DataMatrix, PDF417, Aztec), turned, skewed, blurred or
/// speckled.

#include <vector>

#include "pipeline/core/raster.h"
#include "stages/treatment/analysis.h"
#include "stages/treatment/code_places.h"
#include "stages/treatment/separator.h"

namespace recto::treat {

struct CodeReading {
    std::vector<Barcode> codes; ///< With places in work pixels.
    bool damaged = false;       ///< A code is there for certain, but what it says could not be restored.
};

/// `thorough`: also tries images that were smoothed, and looks whether an unread place is a code all the same; for sheets
/// that bear little else, as each attempt costs up to some ten milliseconds.
[[nodiscard]] CodeReading read_code_at(const Raster& raster, const Analysis& analysis, const CodePlace& place,
                                       bool thorough);

/// All codes of a grey image, places in its pixels.
[[nodiscard]] CodeReading read_codes(const cv::Mat& grey);

} // namespace recto::treat
