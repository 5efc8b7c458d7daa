#pragma once

/// What tells the modules of a matrix code from print, and what is left of a DataMatrix that cannot be read: torn, smeared or written over. ISO/IEC 16022 surrounds its modules with
/// two solid sides that meet in a corner, and two sides whose modules alternate.

#include <opencv2/core.hpp>

namespace recto::treat {

/// True when `grey`, the surroundings of a place that looks like a matrix, has two solid sides of one module's thickness that
/// meet, opposite to at least one of them modules that alternate, and between them modules as of data. Sides may be broken
/// for two fifths of their length. Modules of 2 pixels and more.
[[nodiscard]] bool has_solid_corner(const cv::Mat& grey);

/// 0 to 1: how far all edges have one direction and its right angle, at whatever angle. Of a part of the work image: pages of
/// print below 0.08 (grenzboten_de), readable codes from 0.23 (modules of 0.45 mm, blurred) and mostly above 0.6.
[[nodiscard]] double grid_strength(const cv::Mat& grey);

} // namespace recto::treat
