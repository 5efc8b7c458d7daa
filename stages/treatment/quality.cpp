#include "stages/treatment/quality.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {
struct Tile {
    int x = 0, y = 0;
    int ink = 0;
};

/// Mean, over the strongest edges of a tile, of the steepest one-pixel step divided by the height of the edge.
void edge_steepness(const cv::Mat& grey, double contrast, std::vector<double>& steepness) {
    constexpr int kReach = 4;
    // Soft print has low and flat edges; what counts as an edge follows the page's own contrast.
    const int least_step = std::max(4, static_cast<int>(0.06 * contrast)),
              least_height = std::max(16, static_cast<int>(0.25 * contrast));
    for (int y = 2; y + 2 < grey.rows; y += 2) {
        const auto* row = grey.ptr<std::uint8_t>(y);
        for (int x = kReach; x + kReach + 1 < grey.cols; ++x) {
            const int step = row[x] - row[x + 1];
            if (std::abs(step) < least_step) continue;
            // The steepest step within reach only: grain beside a stroke is no edge of its own.
            bool steepest = true;
            for (int k = 1; k <= kReach && steepest; ++k)
                steepest = std::abs(row[x - k] - row[x - k + 1]) <= std::abs(step) &&
                           std::abs(row[x + k] - row[x + k + 1]) < std::abs(step);
            if (!steepest) continue;
            int high = std::max(row[x], row[x + 1]), low = std::min(row[x], row[x + 1]);
            const int sign = step > 0 ? 1 : -1; // walk up to the left or right while it rises
            for (int k = 1; k < kReach; ++k) {
                const int left = row[x - k], right = row[x + 1 + k];
                if (sign > 0) {
                    high = std::max(high, left);
                    low = std::min(low, right);
                } else {
                    high = std::max(high, right);
                    low = std::min(low, left);
                }
            }
            const int height = high - low;
            if (height < least_height) continue;
            steepness.push_back(static_cast<double>(std::abs(step)) / height);
        }
    }
}
} // namespace

Quality measure_quality(const Raster& raster, const Analysis& a, const cv::Mat& region) {
    Quality q;
    int paper[256] = {}, strokes[256] = {};
    double paper_pixels = 0, stroke_pixels = 0, region_pixels = 0, dark = 0;
    double level = 0;
    const cv::Mat ink = normalised_ink(a.ink, &level);
    constexpr int kTile = 64; // work pixels
    std::vector<Tile> tiles;
    for (int ty = 0; ty + kTile <= a.work.rows; ty += kTile) {
        for (int tx = 0; tx + kTile <= a.work.cols; tx += kTile) {
            Tile tile{tx, ty, 0};
            for (int y = ty; y < ty + kTile; y += 2) {
                const auto* in = region.empty() ? nullptr : region.ptr<std::uint8_t>(y);
                const auto* i = ink.ptr<std::uint8_t>(y);
                const auto* v = a.work.ptr<std::uint8_t>(y);
                for (int x = tx; x < tx + kTile; x += 2) {
                    if (in && !in[x]) continue;
                    ++region_pixels;
                    if (v[x] < 64) ++dark;
                    if (i[x] > 160) {
                        ++strokes[v[x]];
                        ++stroke_pixels;
                        ++tile.ink;
                    } else if (i[x] == 0) {
                        ++paper[v[x]];
                        ++paper_pixels;
                    }
                }
            }
            if (tile.ink > 20 && tile.ink < kTile * kTile / 8) tiles.push_back(tile);
        }
    }
    if (region_pixels > 0) q.dark_share = dark / region_pixels;
    const auto quantile = [](const int* h, double total, double share) {
        double sum = 0;
        for (int v = 0; v < 256; ++v) {
            sum += h[v];
            if (sum >= share * total) return v;
        }
        return 255;
    };
    if (paper_pixels > 0) {
        q.paper_level = quantile(paper, paper_pixels, 0.5);
        q.clipped_white = paper[255] / paper_pixels;
    }
    if (stroke_pixels < 60 || tiles.size() < 2) return q;
    q.ink_level = quantile(strokes, stroke_pixels, 0.3);
    q.contrast = std::clamp((q.paper_level - q.ink_level) / 255.0, 0.0, 1.0);

    // The twelve fullest tiles, spread over the page, at full resolution.
    std::sort(tiles.begin(), tiles.end(), [](const Tile& l, const Tile& r) {
        return l.ink != r.ink ? l.ink > r.ink : (l.y != r.y ? l.y < r.y : l.x < r.x);
    });
    std::vector<Tile> chosen;
    for (const Tile& t : tiles) {
        const bool near = std::any_of(chosen.begin(), chosen.end(), [&](const Tile& c) {
            return std::abs(c.x - t.x) < 2 * kTile && std::abs(c.y - t.y) < 2 * kTile;
        });
        if (!near) chosen.push_back(t);
        if (chosen.size() == 12) break;
    }
    std::vector<double> steepness;
    const double contrast = q.paper_level - q.ink_level;
    const cv::Rect all(0, 0, raster.width(), raster.height());
    for (const Tile& t : chosen) {
        const Point p = a.work_to_source({static_cast<double>(t.x), static_cast<double>(t.y)});
        const Point r = a.work_to_source({static_cast<double>(t.x + kTile), static_cast<double>(t.y + kTile)});
        const cv::Rect box =
            cv::Rect(cv::Point(static_cast<int>(std::min(p.x, r.x)), static_cast<int>(std::min(p.y, r.y))),
                     cv::Point(static_cast<int>(std::max(p.x, r.x)), static_cast<int>(std::max(p.y, r.y)))) &
            all;
        if (box.width < 16 || box.height < 16) continue;
        cv::Mat grey;
        if (raster.pixels.channels() == 3) cv::cvtColor(raster.pixels(box), grey, cv::COLOR_RGB2GRAY);
        else grey = raster.pixels(box);
        edge_steepness(grey, contrast, steepness);
        cv::Mat across;
        cv::transpose(grey, across);
        edge_steepness(across, contrast, steepness);
    }
    if (steepness.size() < 50) return q;
    q.measured = true;
    auto mid = steepness.begin() + static_cast<std::ptrdiff_t>(steepness.size() * 3 / 4);
    std::nth_element(steepness.begin(), mid, steepness.end());
    // A crisp scan has three quarters of its edges steeper than .45 of their height a pixel; below .2 print is soft.
    q.sharpness = std::clamp((*mid - 0.08) / 0.47, 0.0, 1.0);

    // Text cut off: ink of full strength in the outermost work pixels, over and over along one side of the frame, that
    // goes on inside the page as strokes (frame marks were taken away before).
    const int w = ink.cols, h = ink.rows;
    const auto runs = [&](int side) {
        const int n = side % 2 == 0 ? w : h;
        int count = 0;
        bool inside = false;
        int length = 0;
        for (int i = 0; i < n; ++i) {
            const auto at = [&](int d) {
                switch (side) {
                case 0: return ink.at<std::uint8_t>(d, i);
                case 1: return ink.at<std::uint8_t>(i, w - 1 - d);
                case 2: return ink.at<std::uint8_t>(h - 1 - d, i);
                default: return ink.at<std::uint8_t>(i, d);
                }
            };
            const bool touching = at(1) > 120 && at(2) > 120 && at(4) > 80;
            if (touching && !inside) {
                inside = true;
                length = 0;
            }
            if (touching) ++length;
            if (!touching && inside) {
                inside = false;
                if (length <= 24) ++count;
            }
        }
        return count;
    };
    for (int side = 0; side < 4; ++side) q.cut[side] = runs(side) >= 5;
    return q;
}

} // namespace recto::treat
