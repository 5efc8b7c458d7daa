// Patch codes: four bars in proportion 1 : 2.5, spaces of 1, after Kodak publication A-61599. Proportions are compared,
// not inches, so that a sheet printed "to fit" or scanned without a resolution is still found.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "stages/treatment/separator.h"

namespace recto::treat {
namespace {
struct Hit {
    int line = 0;            ///< Scan line, pixels.
    double from = 0, to = 0; ///< Along the scan line.
    std::string bars;        ///< "NWNW" in scanning order.
};

struct Run {
    int from = 0, length = 0;
    bool black = false;
};

void runs_of(const std::uint8_t* line, int n, std::vector<Run>& runs) {
    runs.clear();
    for (int i = 0; i < n;) {
        const bool black = line[i] != 0;
        int j = i;
        while (j < n && (line[j] != 0) == black) ++j;
        runs.push_back({i, j - i, black});
        i = j;
    }
}

/// Looks along the rows of `mask` (255 = bar).
std::vector<Hit> scan(const cv::Mat& mask, double least_unit, double most_unit) {
    std::vector<Hit> hits;
    std::vector<Run> runs;
    for (int y = 1; y < mask.rows; y += 3) {
        runs_of(mask.ptr<std::uint8_t>(y), mask.cols, runs);
        for (std::size_t i = 0; i + 6 < runs.size(); ++i) {
            if (!runs[i].black) continue;
            double total = 0;
            for (std::size_t k = 0; k < 7; ++k) total += runs[i + k].length;
            const double unit = total / 10.0;
            if (unit < least_unit || unit > most_unit) continue;
            std::string bars;
            bool fits = true;
            for (std::size_t k = 0; k < 7 && fits; ++k) {
                const double r = runs[i + k].length / unit;
                if (k % 2 == 1) fits = r > 0.55 && r < 1.6;
                else if (r > 0.55 && r < 1.6) bars += 'N';
                else if (r > 1.9 && r < 3.1) bars += 'W';
                else fits = false;
            }
            if (!fits || std::count(bars.begin(), bars.end(), 'W') != 2) continue;
            // A quiet zone on both sides, or the frame.
            const double before = i > 0 ? runs[i - 1].length : 1e9,
                         after = i + 7 < runs.size() ? runs[i + 7].length : 1e9;
            if (before < 1.4 * unit && i > 1) continue;
            if (after < 1.4 * unit && i + 8 < runs.size()) continue;
            hits.push_back({y, static_cast<double>(runs[i].from), runs[i].from + total, bars});
        }
    }
    return hits;
}

std::string kind_of(std::string bars, bool from_start) {
    if (!from_start) std::reverse(bars.begin(), bars.end());
    if (bars == "NWNW") return "patch-t";
    if (bars == "WNWN") return "patch-3";
    if (bars == "WNNW") return "patch-2";
    return "patch";
}

/// Hits on neighbouring scan lines at the same place with the same bars, over at least nine units (0.72 in).
void collect(const std::vector<Hit>& hits, bool rows, int extent, std::vector<Barcode>& out) {
    std::vector<bool> used(hits.size(), false);
    for (std::size_t i = 0; i < hits.size(); ++i) {
        if (used[i]) continue;
        const Hit* last = &hits[i];
        int count = 1;
        for (std::size_t j = i + 1; j < hits.size(); ++j) {
            if (used[j] || hits[j].bars != last->bars || hits[j].line == last->line) continue;
            if (hits[j].line - last->line > 15) break;
            const double unit = (last->to - last->from) / 10;
            if (std::abs(hits[j].from - last->from) > 1.5 * unit || std::abs(hits[j].to - last->to) > 1.5 * unit)
                continue;
            used[j] = true;
            last = &hits[j];
            ++count;
        }
        const Hit& first = hits[i];
        const double unit = (first.to - first.from) / 10, length = last->line - first.line;
        if (length < 9 * unit || count < length / 3 * 0.6) continue;
        const double middle = (first.from + last->to) / 2;
        Barcode b;
        b.kind = kind_of(first.bars, middle < extent / 2.0);
        const double x0 = first.from, x1 = last->to, y0 = first.line, y1 = last->line;
        if (rows) b.place = {{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}};
        else b.place = {{{y0, x0}, {y1, x0}, {y1, x1}, {y0, x1}}};
        out.push_back(b);
    }
}
} // namespace

std::vector<Barcode> find_patch_codes(const cv::Mat& grey, double dpi) {
    std::vector<Barcode> found;
    if (grey.cols < 64 || grey.rows < 64) return found;
    // A nominal unit is 0.08 in; a sheet scaled to fit another paper is within a third of that. Without a credible
    // resolution the short side is taken for 8.3 in.
    const double per_inch = dpi > 20 ? dpi : std::min(grey.cols, grey.rows) / 8.27;
    cv::Mat mask;
    cv::threshold(grey, mask, 0, 255, cv::THRESH_BINARY_INV | cv::THRESH_OTSU); // faint prints too
    cv::medianBlur(mask, mask, 3);                                              // toner pinholes and specks
    const double least = 0.05 * per_inch, most = 0.13 * per_inch;
    if (least < 1.5) return found;
    collect(scan(mask, least, most), true, grey.cols, found);
    cv::Mat turned_mask;
    cv::transpose(mask, turned_mask);
    collect(scan(turned_mask, least, most), false, grey.rows, found);
    return found;
}

} // namespace recto::treat
