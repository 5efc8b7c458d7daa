#include "stages/reading/salt.h"

#include <algorithm>
#include <array>

#include <opencv2/imgproc.hpp>

namespace recto::reading {

namespace {

constexpr int kRowsBetween = 16; ///< Every so many rows one is looked at.
constexpr int kDarker = 30;      ///< Grey levels darker than all around: grain of a sensor is less.
/// The dots of i and full stops are some in ten letters, and mostly larger.
constexpr double kLeastDotsPerLetter = 0.5;
/// Full stops are smaller than four pixels in smaller letters.
constexpr double kLeastTextHeight = 24;

/// All that is two pixels away from `x` in the middle of `rows` is at least so light: no dot of three pixels reaches there.
bool is_ringed(const std::array<const std::uint8_t*, 5>& rows, int x, int light) {
    for (int k = -2; k <= 2; ++k)
        if (rows[0][x + k] < light || rows[4][x + k] < light) return false;
    for (const std::size_t y : {1U, 2U, 3U})
        if (rows[y][x - 2] < light || rows[y][x + 2] < light) return false;
    return true;
}

} // namespace

double salt_density(const cv::Mat& grey) {
    long dots = 0, seen = 0;
    for (int y = 2; y < grey.rows - 2; y += kRowsBetween) {
        std::array<const std::uint8_t*, 5> rows{};
        for (int k = 0; k < 5; ++k) rows[static_cast<std::size_t>(k)] = grey.ptr<std::uint8_t>(y - 2 + k);
        const auto *above = rows[1], *row = rows[2], *below = rows[3];
        seen += std::max(0, grey.cols - 4);
        for (int x = 2; x < grey.cols - 2; ++x) {
            const int light = row[x] + kDarker;
            if (row[x - 2] < light || row[x + 2] < light) continue; // nearly all end here
            // The darkest of a dot's pixels stands for it, the first of equals.
            if (above[x] <= row[x] || below[x] < row[x] || row[x - 1] <= row[x] || row[x + 1] < row[x]) continue;
            dots += is_ringed(rows, x, light);
        }
    }
    return seen > 0 ? static_cast<double>(dots) / static_cast<double>(seen) : 0;
}

bool is_salt(double density, double text_height) {
    return density >= kLeastSalt && text_height >= kLeastTextHeight &&
           density * text_height * text_height >= kLeastDotsPerLetter;
}

cv::Mat without_salt(const cv::Mat& picture) {
    cv::Mat out;
    cv::medianBlur(picture, out, 3);
    return out;
}

} // namespace recto::reading
