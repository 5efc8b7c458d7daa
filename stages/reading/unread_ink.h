#pragma once

/// Ink like writing where no line was read: notes, signatures, handwriting, print too worn to be found at first sight.

#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/page_text.h"

namespace recto::reading {

/// How writing looks on a page.
struct Writing {
    double height = 0;   ///< Of its letters, pixels; 0: not known.
    double contrast = 0; ///< Grey steps between print and paper; 0: not known. What is much fainter shines through.
};

/// Groups of marks that have the size and the stroke of writing and of which no more than a part lies in `explained` (lines,
/// seals, ...). Rules, blots, dense pictures, specks and what touches the picture's edge are none. `grey`: CV_8UC1, print darker
/// than paper. Boxes in its pixels, from the top; at most 60. Pure function, any thread.
[[nodiscard]] std::vector<Box> find_unread_ink(const cv::Mat& grey, const Writing& writing,
                                               const std::vector<Box>& explained);

/// Of the region of a line what its characters take up: it may be longer than what was read of it. Across it is the region's; of
/// faint characters a few rows only count as ink. Upright boxes, page pixels.
[[nodiscard]] Box read_part(const TextLine& line, const Box& region);

/// Windows of one size that together show all of `places`, each with `margin` around it where the page has it.
[[nodiscard]] std::vector<cv::Rect> windows_over(const std::vector<Box>& places, cv::Size window, double margin,
                                                 cv::Size page);

} // namespace recto::reading
