#include "stages/treatment/orient.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::treat {

Orientation estimate_orientation(const cv::Mat& grey, const cv::Mat& ink, double skew_deg) {
    (void)grey;
    (void)ink;
    (void)skew_deg;
    return {};
}

} // namespace recto::treat
