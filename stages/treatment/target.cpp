#include "stages/treatment/target.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {
struct Patch {
    cv::Rect place;
    cv::Vec3d colour;
};

double difference(const cv::Vec3d& a, const cv::Vec3d& b) {
    return std::max({std::abs(a[0] - b[0]), std::abs(a[1] - b[1]), std::abs(a[2] - b[2])});
}

constexpr int kThumbnail = 200; ///< Pixels on the longer side, about.

/// Small pixels a pixel of a thumbnail of that size.
int thumbnail_step(const Analysis& a, int size) { return std::max(1, std::max(a.small.cols, a.small.rows) / size); }

/// Always three channels.
cv::Mat thumbnail(const Analysis& a, int size) {
    const cv::Mat& from = a.colour.empty() ? a.small : a.colour;
    const int by = thumbnail_step(a, size);
    cv::Mat out;
    cv::resize(from, out, cv::Size(std::max(1, from.cols / by), std::max(1, from.rows / by)), 0, 0, cv::INTER_AREA);
    if (out.channels() == 1) cv::cvtColor(out, out, cv::COLOR_GRAY2RGB);
    return out;
}

/// Even rectangles of at most a twelfth of the image that are not of the colour of the paper, which is that of the largest
/// even area.
/// `even`: most that neighbouring pixels of a patch differ, levels. `longest`: most that a patch is longer than wide.
std::vector<Patch> find_patches(const cv::Mat& image, cv::Vec3d& paper, int even, int longest) {
    cv::Mat low, high, range, flat;
    cv::erode(image, low, cv::Mat());
    cv::dilate(image, high, cv::Mat());
    cv::subtract(high, low, range);
    std::vector<cv::Mat> channels;
    cv::split(range, channels);
    flat = cv::max(cv::max(channels[0], channels[1]), channels[2]) <= even;
    cv::Mat labels, stats, centroids;
    const int n = cv::connectedComponentsWithStats(flat, labels, stats, centroids, 4, CV_32S);
    if (n < 9) return {};
    int largest = 1;
    const auto area = [&](int i) { return stats.at<int>(i, cv::CC_STAT_AREA); };
    for (int i = 2; i < n; ++i)
        if (area(i) > area(largest)) largest = i;
    const auto place = [&](int i) {
        return cv::Rect(stats.at<int>(i, cv::CC_STAT_LEFT), stats.at<int>(i, cv::CC_STAT_TOP),
                        stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT));
    };
    // Of those that matter only: most even places are specks.
    const auto colour = [&](int i) {
        const cv::Scalar mean = cv::mean(image(place(i)), labels(place(i)) == i);
        return cv::Vec3d(mean[0], mean[1], mean[2]);
    };
    paper = colour(largest);
    std::vector<Patch> patches;
    for (int i = 1; i < n; ++i) {
        const int w = stats.at<int>(i, cv::CC_STAT_WIDTH), h = stats.at<int>(i, cv::CC_STAT_HEIGHT);
        if (std::min(w, h) < 3 || std::max(w, h) > longest * std::min(w, h)) continue;
        if (area(i) < 0.7 * w * h || 12 * area(i) > image.rows * image.cols) continue;
        if (i == largest) continue;
        if (const cv::Vec3d own = colour(i); difference(own, paper) >= 24) patches.push_back({place(i), own});
    }
    return patches;
}

/// Those of one size that have another beside or below them.
std::vector<Patch> in_grid(const std::vector<Patch>& patches) {
    if (patches.size() < 8) return {};
    std::vector<int> widths, heights;
    for (const Patch& p : patches) {
        widths.push_back(p.place.width);
        heights.push_back(p.place.height);
    }
    const auto middle = [](std::vector<int>& v) {
        std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
        return v[v.size() / 2];
    };
    const int w = middle(widths), h = middle(heights);
    std::vector<Patch> even, out;
    for (const Patch& p : patches)
        if (std::abs(p.place.width - w) <= std::max(1.0, 0.3 * w) &&
            std::abs(p.place.height - h) <= std::max(1.0, 0.3 * h))
            even.push_back(p);
    for (const Patch& p : even) {
        const bool neighbour = std::any_of(even.begin(), even.end(), [&](const Patch& q) {
            const int dx = std::abs(p.place.x - q.place.x), dy = std::abs(p.place.y - q.place.y);
            return (dx > 0 && dx < 2.5 * w && dy <= 0.25 * h + 1) || (dy > 0 && dy < 2.5 * h && dx <= 0.25 * w + 1);
        });
        if (neighbour) out.push_back(p);
    }
    return out;
}

int distinct_colours(const std::vector<Patch>& patches) {
    std::vector<cv::Vec3d> kinds;
    for (const Patch& p : patches)
        if (std::none_of(kinds.begin(), kinds.end(), [&](const cv::Vec3d& k) { return difference(k, p.colour) < 16; }))
            kinds.push_back(p.colour);
    return static_cast<int>(kinds.size());
}
} // namespace

double target_confidence(const Analysis& a) {
    if (a.bilevel || a.small.cols < 32 || a.small.rows < 32) return 0;
    const cv::Mat image = thumbnail(a, kThumbnail);
    cv::Vec3d paper;
    const std::vector<Patch> patches = in_grid(find_patches(image, paper, 24, 4));
    const int distinct = distinct_colours(patches);
    if (patches.size() < 8 || distinct < 6) return 0;
    cv::Rect box = patches[0].place;
    double covered = 0;
    for (const Patch& p : patches) {
        box |= p.place;
        covered += p.place.area();
    }
    const double share = box.area() / static_cast<double>(image.total());
    if (covered < 0.25 * box.area() || share < 0.12) return 0;
    // What else is on the image: a document beside a chart is a document.
    cv::Mat other, mask;
    cv::absdiff(image, cv::Scalar(paper[0], paper[1], paper[2]), other);
    cv::cvtColor(other, mask, cv::COLOR_RGB2GRAY);
    mask = mask > 30;
    mask(box).setTo(0);
    const double outside = cv::countNonZero(mask) /
                           std::max(1.0, static_cast<double>(image.total() - static_cast<std::size_t>(box.area())));
    double confidence =
        0.72 + std::min(0.13, 0.01 * (static_cast<double>(patches.size()) - 8)) + std::min(0.13, 0.02 * (distinct - 6));
    if (outside > 0.15 && share < 0.5) confidence *= 0.6;
    return confidence;
}

namespace {
void find_strips(const Analysis& a, int size, std::vector<cv::Rect>& out) {
    const cv::Mat image = thumbnail(a, size);
    cv::Vec3d paper;
    // Of twenty steps each is narrow; their inside is narrower still.
    constexpr int kLongest = 10;
    // Steps of a grey wedge are small; the thumbnail has no grain left.
    std::vector<Patch> patches = find_patches(image, paper, 9, kLongest);
    const int step = thumbnail_step(a, size);
    // The largest ones: print and pictures have any number of small ones.
    constexpr std::size_t kMost = 100;
    if (patches.size() > kMost) {
        std::nth_element(patches.begin(), patches.begin() + kMost, patches.end(),
                         [](const Patch& p, const Patch& q) { return p.place.area() > q.place.area(); });
        patches.resize(kMost);
    }
    // A row: patches of one size, one behind the other, not in steps wider than two of them (some have the bed's colour).
    for (int round = 0; round < 4 && patches.size() >= 5; ++round) {
        std::vector<std::size_t> best;
        for (const bool down : {false, true})
            for (const Patch& first : patches) {
                std::vector<std::size_t> row;
                for (std::size_t i = 0; i < patches.size(); ++i) {
                    const cv::Rect &p = first.place, &q = patches[i].place;
                    const int slack = 1 + std::min(p.width, p.height) / 3;
                    const bool level = down ? std::abs(p.x - q.x) <= slack : std::abs(p.y - q.y) <= slack;
                    if (level && std::abs(p.width - q.width) <= slack && std::abs(p.height - q.height) <= slack)
                        row.push_back(i);
                }
                const auto at = [&](std::size_t i) { return down ? patches[i].place.y : patches[i].place.x; };
                std::sort(row.begin(), row.end(), [&](std::size_t i, std::size_t k) { return at(i) < at(k); });
                const int size = down ? first.place.height : first.place.width;
                std::vector<std::size_t> run;
                for (const std::size_t i : row) {
                    if (!run.empty() && at(i) - at(run.back()) > 3 * size + 6) {
                        if (run.size() > best.size()) best = run;
                        run.clear();
                    }
                    run.push_back(i);
                }
                if (run.size() > best.size()) best = run;
            }
        if (best.size() < 5) break;
        std::vector<Patch> row;
        for (const std::size_t i : best) row.push_back(patches[i]);
        cv::Rect box = row[0].place;
        double covered = 0;
        for (const Patch& p : row) {
            box |= p.place;
            covered += p.place.area();
        }
        if (distinct_colours(row) >= 4 && covered > 0.4 * box.area()) {
            // The flat inside of a patch is a pixel smaller all around; and a patch of the colour of paper or bed may lie at
            // either end.
            const bool down = box.height > box.width;
            const int more = 2 + (down ? row[0].place.height : row[0].place.width), x = down ? 1 : 1 + more,
                      y = down ? 1 + more : 1;
            box = cv::Rect(box.x - x, box.y - y, box.width + 2 * x, box.height + 2 * y);
            out.push_back(cv::Rect(box.x * step, box.y * step, box.width * step, box.height * step) &
                          cv::Rect({0, 0}, a.small.size()));
        }
        for (auto it = best.rbegin(); it != best.rend(); ++it)
            patches.erase(patches.begin() + static_cast<std::ptrdiff_t>(*it));
    }
}
} // namespace

std::vector<cv::Rect> find_target_strips(const Analysis& a) {
    std::vector<cv::Rect> out;
    if (a.bilevel || a.small.cols < 64 || a.small.rows < 64) return out;
    // Narrow patches show only on the larger one, patches with grain or scratches only on the smaller one.
    for (const int size : {kThumbnail, 2 * kThumbnail}) find_strips(a, size, out);
    return out;
}

} // namespace recto::treat
