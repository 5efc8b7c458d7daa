#include "pipeline/core/raster.h"

#include <opencv2/imgproc.hpp>

namespace recto {

std::string_view to_string(ColourMode mode) {
    switch (mode) {
    case ColourMode::Bilevel: return "bilevel";
    case ColourMode::Grey: return "grey";
    case ColourMode::Colour: return "colour";
    }
    return "grey";
}

std::string_view to_string(DpiSource source) {
    switch (source) {
    case DpiSource::File: return "file";
    case DpiSource::Inferred: return "inferred";
    case DpiSource::Assumed: return "assumed";
    }
    return "assumed";
}

cv::Mat to_grey(const Raster& raster) {
    if (raster.pixels.channels() == 1) return raster.pixels;
    cv::Mat grey;
    cv::cvtColor(raster.pixels, grey, cv::COLOR_RGB2GRAY);
    return grey;
}

} // namespace recto
