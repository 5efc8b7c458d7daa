#include "stages/treatment/streaks.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace recto::treat {
namespace {

/// Along the line; it has to be seen in nearly all that can show it, first and last included.
constexpr int kBands = 20;
constexpr int kReach = 4;        ///< Work pixels to either side: what lies there must be alike, so that a line is thin.
constexpr int kAlike = 14;       ///< Grey levels.
constexpr int kStep = 9;         ///< Grey levels that a line differs from its sides at least.
constexpr double kShare = 0.75;  ///< Of the places looked at in a band.
constexpr double kEnough = 0.25; ///< Of a band's rows must be fit to be looked at: no print beside them.
constexpr double kMargin = 0.015;
/// A dark line is not seen on a bed darker than this, a light one not on paper lighter than that.
constexpr int kDarkest = 60, kLightest = 220;
constexpr int kWidest = 4;
constexpr std::size_t kMost = 3;

struct Sort {
    std::array<int, kBands> looked{}, hits{}, hidden{}; ///< `hidden`: such a line would not show there.
};
struct Column {
    Sort dark, light;
};

bool is_line(const Sort& c, int rows_a_band) {
    int seen = 0, told = 0;
    for (std::size_t b = 0; b < kBands; ++b) {
        const bool end = b == 0 || b == kBands - 1; // rules end before the image does
        if (end && c.hidden[b] >= rows_a_band / 2) continue;
        const bool enough = c.looked[b] >= kEnough * rows_a_band; // else full of print
        const bool hit = enough && c.hits[b] >= kShare * c.looked[b];
        if (end && !hit) return false;
        told += enough;
        seen += hit;
    }
    return told >= kBands / 2 && seen >= told - 1;
}

void find_down(const cv::Mat& image, bool down, std::vector<Streak>& out) {
    if (image.rows < 20 * kBands || image.cols < 100) return;
    std::vector<Streak> found;
    std::vector<Column> columns(static_cast<std::size_t>(image.cols));
    const int first = std::max(kReach, static_cast<int>(kMargin * image.cols)),
              last = std::min(image.cols - kReach, static_cast<int>((1 - kMargin) * image.cols));
    for (int y = 0; y < image.rows; y += 2) {
        const auto band = static_cast<std::size_t>(std::min(kBands - 1, y * kBands / image.rows));
        const auto* row = image.ptr<std::uint8_t>(y);
        for (int x = first; x < last; ++x) {
            const int left = row[x - kReach], right = row[x + kReach];
            if (std::abs(left - right) > kAlike) continue;
            Column& c = columns[static_cast<std::size_t>(x)];
            const int step = 2 * row[x] - left - right;
            if (left < kDarkest) ++c.dark.hidden[band];
            else ++c.dark.looked[band];
            c.dark.hits[band] += step < -2 * kStep;
            c.light.looked[band] += left <= kLightest; // to be seen at both ends: lighter than print is all paper
            c.light.hits[band] += step > 2 * kStep;
        }
    }
    const int rows_a_band = image.rows / 2 / kBands;
    for (int x = first; x < last; ++x) {
        const Column& c = columns[static_cast<std::size_t>(x)];
        const bool dark = is_line(c.dark, rows_a_band);
        if (!dark && !is_line(c.light, rows_a_band)) continue;
        int end = x + 1;
        while (end < last) {
            const Column& next = columns[static_cast<std::size_t>(end)];
            if (!is_line(dark ? next.dark : next.light, rows_a_band)) break;
            ++end;
        }
        if (end - x <= kWidest) found.push_back({down, (x + end - 1) / 2.0, static_cast<double>(end - x), dark});
        x = end;
    }
    // More of them are the rules of a table that fills the image.
    if (found.size() <= kMost) out.insert(out.end(), found.begin(), found.end());
}

} // namespace

std::vector<Streak> find_streaks(const cv::Mat& work) {
    std::vector<Streak> out;
    find_down(work, true, out);
    cv::Mat across;
    cv::transpose(work, across);
    find_down(across, false, out);
    return out;
}

} // namespace recto::treat
