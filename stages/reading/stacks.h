#pragma once

/// Figures or Latin letters under each other, as in the first column of a table, are lines of their own, not a column of writing.

#include <vector>

#include "stages/reading/ppocr_detect.h"
#include "stages/reading/ppocr_recognize.h"

namespace recto::reading {

/// A vertical line without Chinese becomes empty; its rows are added as lines, each with its region. Any thread.
void part_stacks(std::vector<ReadLine>& lines, std::vector<TextRegion>& regions);

} // namespace recto::reading
