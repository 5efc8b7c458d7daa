#pragma once

/// Test targets scanned with the records: colour charts, grey wedges. They are kept, and are no page of the record.

#include <vector>

#include <opencv2/core.hpp>

#include "stages/treatment/analysis.h"

namespace recto::treat {

/// Confidence, 0 to 1, that the image is a chart of even patches in a grid; 0 for a document beside which a colour bar lies.
/// Resolution charts are known by their words (see grouping).
[[nodiscard]] double target_confidence(const Analysis& analysis);

/// Colour bars and grey wedges on the image: five or more even patches of one size in a row, of four or more colours.
/// Pixels of analysis.small.
[[nodiscard]] std::vector<cv::Rect> find_target_strips(const Analysis& analysis);

} // namespace recto::treat
