#include "stages/reading/upright.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <opencv2/imgproc.hpp>

namespace recto::reading {

namespace {

constexpr double kShortestPart = 0.45,
                 kLongestPart = 1.5; ///< Of the usual distance: marks are short, two thin characters long.
constexpr double kPitches[] = {0.95, 1.05, 1.15, 1.3, 1.5}; ///< Distances that are tried, of a character's width.
constexpr double kUneven =
    3; ///< What a character of half or one and a half times the distance costs, in full rows of ink.
constexpr double kClear = 0.12, kBesideStroke = 0.05; ///< So near to a stroke, of the distance, a cut costs up to that.
constexpr double kSpaced =
    0.3; ///< What a distance of a whole character more costs: where all cuts are clear two may be taken for one.
constexpr int kLetterRows = 38; ///< Of the strip: the height of a character with the space to the next.
constexpr int kInkDepth = 40;   ///< Grey steps.

struct Parting {
    double cost = 0; ///< A character.
    std::vector<std::pair<int, int>> parts;
};

/// The cheapest way to part `ink` (1: a row as full as they come) at about `pitch`.
Parting part_at(const std::vector<float>& ink, double pitch) {
    const int n = static_cast<int>(ink.size());
    const int least = std::max(1, cvRound(kShortestPart * pitch)),
              most = std::max(least + 1, cvRound(kLongestPart * pitch));
    std::vector<double> sums(ink.size() + 1, 0);
    std::partial_sum(ink.begin(), ink.end(), sums.begin() + 1);
    // A cut costs the ink that it goes through; in the middle of a gap it costs less than beside a stroke.
    const double clear = std::max(1.0, kClear * pitch);
    std::vector<double> cuts(ink.size() + 1, 0);
    for (std::size_t i = 1; i < ink.size(); ++i) cuts[i] = std::min(ink[i - 1], ink[i]);
    for (const bool down : {true, false}) {
        double distance = clear;
        for (int i = down ? 0 : n - 1; i >= 0 && i < n; i += down ? 1 : -1) {
            const auto at = static_cast<std::size_t>(i);
            distance = ink[at] > 0 ? 0 : distance + 1;
            cuts[down ? at + 1 : at] += distance < clear ? kBesideStroke * (1 - distance / clear) : 0;
        }
    }
    cuts.front() = cuts.back() = 0;
    std::vector<double> cost(ink.size() + 1, std::numeric_limits<double>::max());
    std::vector<int> before(ink.size() + 1, -1);
    cost[0] = 0;
    for (int to = 1; to <= n; ++to) {
        const auto t = static_cast<std::size_t>(to);
        for (int from = std::max(0, to - most); from < to; ++from) {
            const auto f = static_cast<std::size_t>(from);
            if (before[f] < 0 && from > 0) continue;
            const int length = to - from;
            const bool empty = sums[t] - sums[f] < 0.02;
            if (!empty && length < least) continue;
            const double off = (length - pitch) / (pitch / 2);
            const double here = cost[f] + cuts[t] + (empty ? 0.0 : kUneven * off * off + 0.02);
            if (here < cost[t]) cost[t] = here, before[t] = from;
        }
    }
    Parting out;
    if (before.back() < 0) return out;
    for (int to = n; to > 0; to = before[static_cast<std::size_t>(to)]) {
        const int from = before[static_cast<std::size_t>(to)];
        if (sums[static_cast<std::size_t>(to)] - sums[static_cast<std::size_t>(from)] >= 0.02)
            out.parts.emplace_back(from, to);
    }
    std::ranges::reverse(out.parts);
    out.cost = out.parts.empty() ? 0 : cost.back() / static_cast<double>(out.parts.size());
    return out;
}

} // namespace

std::vector<std::pair<int, int>> part_column(const std::vector<float>& ink, double em) {
    std::vector<float> full = ink;
    const float most = full.empty() ? 0 : *std::ranges::max_element(full);
    if (most <= 0 || em < 4) return {};
    // A mark at an end may be as short as its ink: it needs room.
    const int room = cvRound(em);
    full.insert(full.begin(), static_cast<std::size_t>(room), 0);
    full.insert(full.end(), static_cast<std::size_t>(room), 0);
    for (float& f : full) f = f < 0.02F * most ? 0 : f / most;
    Parting best;
    const auto attempt = [&](double pitch) {
        Parting one = part_at(full, pitch);
        one.cost += kSpaced * std::max(0.0, pitch / em - 1.15);
        if (!one.parts.empty() && (best.parts.empty() || one.cost < best.cost)) best = std::move(one);
    };
    for (const double pitch : kPitches) attempt(pitch * em);
    for (int i = 0; i < 2 && best.parts.size() > 2; ++i) { // the distance that these parts have on the mean
        const double whole = (best.parts.back().first + best.parts.back().second - best.parts.front().first -
                              best.parts.front().second) /
                             2.0;
        attempt(whole / static_cast<double>(best.parts.size() - 1));
    }
    const int length = static_cast<int>(ink.size());
    for (auto& [from, to] : best.parts) from = std::max(0, from - room), to = std::min(length, to - room);
    return best.parts;
}

std::optional<UprightLine> set_upright(Pyramid& pyramid, const Quad& quad) {
    UprightLine out;
    const cv::Mat column = cut_line(pyramid, quad, true, kStripHeight, out.column); // rows run across, from the right
    const int background = [&] {
        std::array<int, 32> bins{};
        for (int y = 0; y < column.rows; ++y)
            for (int x = 0; x < column.cols; ++x) ++bins[column.at<std::uint8_t>(y, x) >> 3];
        return static_cast<int>(std::ranges::max_element(bins) - bins.begin()) * 8 + 4;
    }();
    std::vector<float> down(static_cast<std::size_t>(column.cols), 0), across(static_cast<std::size_t>(column.rows), 0);
    for (int y = 0; y < column.rows; ++y)
        for (int x = 0; x < column.cols; ++x)
            if (const int depth = std::abs(column.at<std::uint8_t>(y, x) - background); depth > kInkDepth) {
                down[static_cast<std::size_t>(x)] += static_cast<float>(depth);
                across[static_cast<std::size_t>(y)] += static_cast<float>(depth);
            }
    const float most = *std::ranges::max_element(across);
    if (most <= 0) return std::nullopt;
    int top = 0, bottom = column.rows;
    while (across[static_cast<std::size_t>(top)] < 0.05F * most) ++top;
    while (across[static_cast<std::size_t>(bottom - 1)] < 0.05F * most) --bottom;
    const auto parts = part_column(down, bottom - top);
    if (parts.empty()) return std::nullopt;
    // The usual distance: the median, as marks are shorter and gaps longer.
    std::vector<int> lengths;
    for (const auto& [from, to] : parts) lengths.push_back(to - from);
    std::ranges::nth_element(lengths, lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2));
    const double scale = static_cast<double>(kLetterRows) / std::max(lengths[lengths.size() / 2], bottom - top);

    const cv::Rect rows(0, std::max(0, top - 2), column.cols, std::min(column.rows, bottom + 2) - std::max(0, top - 2));
    const int advance = std::max(1, cvRound(rows.height * scale * kCondense));
    out.top = top, out.bottom = bottom;
    const int margin = advance / 2;
    out.width = advance * static_cast<int>(parts.size()) + 2 * margin;
    const auto bucket = std::ranges::find_if(kStripWidths, [&](int w) { return w >= out.width; });
    if (bucket == kStripWidths.end()) return std::nullopt;
    out.strip = cv::Mat(kStripHeight, *bucket, CV_8UC3, cv::Scalar::all(128));
    out.strip(cv::Rect(0, 0, out.width, kStripHeight)).setTo(cv::Scalar::all(background));
    int left = margin;
    for (const auto& [from, to] : parts) {
        cv::Mat cell;
        cv::rotate(column(cv::Rect(from, rows.y, to - from, rows.height)), cell, cv::ROTATE_90_CLOCKWISE);
        const int height = std::clamp(cvRound((to - from) * scale), 1, kStripHeight);
        cv::resize(cell, cell, {advance, height}, 0, 0, cv::INTER_AREA);
        cv::cvtColor(cell, cell, cv::COLOR_GRAY2RGB);
        cell.copyTo(out.strip(cv::Rect(left, (kStripHeight - height) / 2, advance, height)));
        int first = from, last = to; // what has ink
        while (first < last - 1 && down[static_cast<std::size_t>(first)] <= 0) ++first;
        while (last > first + 1 && down[static_cast<std::size_t>(last - 1)] <= 0) --last;
        out.cells.push_back({static_cast<double>(first), static_cast<double>(last), left, advance});
        left += advance;
    }
    return out;
}

void to_page(TextLine& line, const UprightLine& upright, cv::Size page) {
    // In the picture of the column: a glyph has the whole of each cell that is mostly its own, else the middle's.
    const auto cell_at = [&](double x) -> const UprightCell& {
        const auto at = static_cast<std::size_t>(std::max(0.0, (x - upright.cells[0].left) / upright.cells[0].width));
        return upright.cells[std::min(upright.cells.size() - 1, at)];
    };
    const auto placed = [&](const Box& b) {
        const double third = upright.cells[0].width / 3.0, middle = b.x + b.width / 2;
        const UprightCell &first = cell_at(std::min(middle, b.x + third)),
                          &last = cell_at(std::max(middle, b.x + b.width - third));
        return Box{first.from, upright.top, std::max(1.0, last.to - first.from), upright.bottom - upright.top};
    };
    for (Word& word : line.words) {
        for (Glyph& glyph : word.glyphs) glyph.box = placed(glyph.box);
        word.box = placed(word.box);
    }
    reading::to_page(line, upright.column, page);
}

} // namespace recto::reading
