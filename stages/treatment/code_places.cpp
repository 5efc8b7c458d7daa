#include "stages/treatment/code_places.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {
constexpr int kBlock = 16; // pixels of the level: 2.7 mm in the work image, which has about 150 dpi
constexpr int kLevels = 3;

/// Structure tensor and levels of one block, from every other row. Gradients span two pixels, so that each edge counts, and
/// edges along the rows as much as those across: modules of a whole number of pixels have their edges at few rows.
struct Block {
    int xx = 0, xy = 0, yy = 0; ///< Sums of products of the gradients.
    int steps = 0;              ///< Sum of the larger gradient of each pixel: twice the heights of the edges.
    int sum = 0, least = 255, most = 0;
};

Block measure(const std::uint8_t* at, std::size_t stride) {
    Block b;
    for (std::size_t k = 0; k < kBlock / 2; ++k) {
        const std::uint8_t* row = at + 2 * k * stride;
        const std::uint8_t* next = row + 2 * stride;
        // Loops of a fixed length and of one kind each: the compiler makes vector code of them.
        std::int16_t gx[kBlock], gy[kBlock];
        for (int x = 0; x < kBlock; ++x) {
            gx[x] = static_cast<std::int16_t>(row[x + 2] - row[x]);
            gy[x] = static_cast<std::int16_t>(next[x] - row[x]);
        }
        int xx = 0, xy = 0, yy = 0;
        for (int x = 0; x < kBlock; ++x) {
            xx += gx[x] * gx[x];
            xy += gx[x] * gy[x];
            yy += gy[x] * gy[x];
        }
        b.xx += xx;
        b.xy += xy;
        b.yy += yy;
        int steps = 0, sum = 0;
        std::uint8_t least = 255, most = 0;
        for (int x = 0; x < kBlock; ++x) {
            const auto ax = static_cast<std::int16_t>(gx[x] < 0 ? -gx[x] : gx[x]);
            const auto ay = static_cast<std::int16_t>(gy[x] < 0 ? -gy[x] : gy[x]);
            steps += ax > ay ? ax : ay;
        }
        for (int x = 0; x < kBlock; ++x) sum += row[x];
        for (int x = 0; x < kBlock; ++x) least = row[x] < least ? row[x] : least;
        for (int x = 0; x < kBlock; ++x) most = row[x] > most ? row[x] : most;
        b.steps += steps;
        b.sum += sum;
        b.least = std::min<int>(b.least, least);
        b.most = std::max<int>(b.most, most);
    }
    return b;
}

struct Maps {
    cv::Mat bars, matrix; ///< One byte a block, 255 = yes; empty for an image too small.
    cv::Mat contrast;     ///< Range of levels in each block.
};

/// `finer`: contrast of the blocks at twice the resolution. What loses contrast by the reduction is print or a code that the
/// finer level has shown already.
Maps look(const cv::Mat& image, const cv::Mat& finer) {
    Maps m;
    const int bw = (image.cols - 2) / kBlock, bh = (image.rows - 2) / kBlock;
    if (bw < 4 || bh < 4) return m;
    m.bars = cv::Mat(bh, bw, CV_8UC1, cv::Scalar(0));
    m.matrix = m.bars.clone();
    m.contrast = m.bars.clone();
    constexpr double kSamples = kBlock * kBlock / 2.0;
    for (int by = 0; by < bh; ++by)
        for (int bx = 0; bx < bw; ++bx) {
            const Block b = measure(image.ptr<std::uint8_t>(by * kBlock) + bx * kBlock, image.step);
            const int contrast = b.most - b.least;
            int before = contrast;
            if (!finer.empty())
                for (int y = 2 * by; y < std::min(2 * by + 2, finer.rows); ++y)
                    for (int x = 2 * bx; x < std::min(2 * bx + 2, finer.cols); ++x)
                        before = std::max<int>(before, finer.at<std::uint8_t>(y, x));
            m.contrast.at<std::uint8_t>(by, bx) = static_cast<std::uint8_t>(before);
            if (contrast < 40 || contrast < 0.75 * before) continue;
            // Bars and modules are about half of the place; rules and print are less.
            const double fill = (b.most - b.sum / kSamples) / contrast;
            if (fill < 0.2 || fill > 0.8) continue;
            const double xx = b.xx, yy = b.yy, xy = b.xy;
            const double coherence = std::sqrt((xx - yy) * (xx - yy) + 4 * xy * xy) / std::max(1.0, xx + yy);
            const double transitions = b.steps / static_cast<double>(kBlock) / contrast;
            if (coherence > 0.8 && transitions > 2.8) m.bars.at<std::uint8_t>(by, bx) = 255;
            else if (coherence < 0.75 && transitions > 0.9 && fill > 0.25 && fill < 0.75)
                m.matrix.at<std::uint8_t>(by, bx) = 255;
        }
    return m;
}

/// Groups of neighbouring blocks of the form that codes have.
void add_groups(const cv::Mat& mask, bool matrix, int level, std::vector<CodePlace>& out) {
    cv::Mat joined, labels, stats, centroids;
    cv::morphologyEx(mask, joined, cv::MORPH_CLOSE, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
    // Lines of text that touch a matrix are thinner than it.
    if (matrix) cv::morphologyEx(joined, joined, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
    const int n = cv::connectedComponentsWithStats(joined, labels, stats, centroids, 8, CV_32S);
    for (int i = 1; i < n; ++i) {
        const int w = stats.at<int>(i, cv::CC_STAT_WIDTH), h = stats.at<int>(i, cv::CC_STAT_HEIGHT);
        const int area = stats.at<int>(i, cv::CC_STAT_AREA);
        if (matrix) {
            if (std::min(w, h) < 3 || area < 0.62 * w * h || 3 * std::min(w, h) < 2 * std::max(w, h)) continue;
            // A page of print or a photograph; a code as large has modules that the next level shows.
            if (std::max(w, h) > 26 || w * h > 0.55 * static_cast<double>(mask.total())) continue;
        } else if (std::max(w, h) < 5 || std::min(w, h) < 2 || area < 8 || area < w * h / 3) continue;
        const int side = kBlock << level;
        CodePlace p;
        p.place = cv::Rect(stats.at<int>(i, cv::CC_STAT_LEFT) * side, stats.at<int>(i, cv::CC_STAT_TOP) * side,
                           w * side, h * side);
        p.matrix = matrix;
        p.level = level;
        p.area = static_cast<double>(area) * side * side;
        out.push_back(p);
    }
}

/// The largest first, without those that lie in one of them for the most part.
void keep_largest(std::vector<CodePlace>& places) {
    std::stable_sort(places.begin(), places.end(),
                     [](const CodePlace& a, const CodePlace& b) { return a.area > b.area; });
    std::vector<CodePlace> kept;
    for (const CodePlace& p : places) {
        const bool inside = std::any_of(kept.begin(), kept.end(), [&](const CodePlace& k) {
            return k.matrix == p.matrix && (k.place & p.place).area() * 2 > p.place.area();
        });
        if (!inside && kept.size() < 4) kept.push_back(p);
    }
    places = std::move(kept);
}

/// Blocks that are darker than the paper by more than specks make them; grain does not count.
cv::Mat print_of(const Analysis& a) {
    cv::Mat ink, share;
    cv::subtract(a.background, a.small, ink);
    cv::threshold(ink, ink, 28, 255, cv::THRESH_TOZERO);
    cv::resize(ink, share, cv::Size(std::max(1, a.work.cols / kBlock), std::max(1, a.work.rows / kBlock)), 0, 0,
               cv::INTER_AREA);
    cv::threshold(share, share, 7, 255, cv::THRESH_BINARY);
    return share;
}
} // namespace

CodePlaces find_code_places(const Analysis& a) {
    CodePlaces result;
    cv::Mat quarter;
    if (a.small.cols > 2 && a.small.rows > 2)
        cv::resize(a.small, quarter, cv::Size(a.small.cols / 2, a.small.rows / 2), 0, 0, cv::INTER_AREA);
    const cv::Mat* images[kLevels] = {&a.work, &a.small, &quarter};
    cv::Mat finer;
    for (int level = 0; level < kLevels; ++level) {
        const Maps m = look(*images[level], finer);
        if (m.bars.empty()) {
            result.tiny = level == 0;
            break;
        }
        add_groups(m.bars, false, level, result.places);
        add_groups(m.matrix, true, level, result.places);
        finer = m.contrast;
    }
    keep_largest(result.places);
    if (!result.places.empty()) result.print = print_of(a);
    return result;
}

double CodePlaces::print_outside(const std::vector<cv::Rect>& codes) const {
    if (print.empty()) return 0;
    cv::Mat rest = print.clone();
    for (const cv::Rect& c : codes) {
        // Human-readable text and a frame around the code belong to it.
        const cv::Rect r(c.x / kBlock - 2, c.y / kBlock - 2, c.width / kBlock + 5, c.height / kBlock + 5);
        rest(r & cv::Rect(0, 0, rest.cols, rest.rows)).setTo(0);
    }
    return cv::countNonZero(rest) / static_cast<double>(rest.total());
}

} // namespace recto::treat
