#include "stages/reading/column_parts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <opencv2/core.hpp>

namespace recto::reading {

namespace {

constexpr double kShortestPart = 0.45,
                 kLongestPart = 1.5; ///< Of the usual distance: marks are short, two thin characters long.
/// Distances that are tried, of a character's width, which may seem larger where notes stand beside the column.
constexpr double kPitches[] = {0.75, 0.85, 0.95, 1.05, 1.15, 1.3, 1.5};
constexpr double kUneven =
    3; ///< What a character of half or one and a half times the distance costs, in full rows of ink.
constexpr double kTooLong =
    8; ///< What a longer one costs: a mark at the end of its place is easily taken for part of the character beside it.
constexpr double kClear = 0.12, kBesideStroke = 0.05; ///< So near to a stroke, of the distance, a cut costs up to that.
constexpr double kSpaced =
    0.3; ///< What a distance of a whole character more costs: where all cuts are clear two may be taken for one.

struct Parting {
    double cost = 0; ///< A character.
    ColumnParts parts;
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
            const double here = cost[f] + cuts[t] + (empty ? 0.0 : (off > 0 ? kTooLong : kUneven) * off * off + 0.02);
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

int usual_length(const ColumnParts& parts) {
    std::vector<int> lengths;
    for (const auto& [from, to] : parts) lengths.push_back(to - from);
    std::ranges::nth_element(lengths, lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2));
    return lengths[lengths.size() / 2];
}

ColumnParts part_column(const std::vector<float>& ink, double em) {
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
    if (best.parts.size() > 2) { // the distance that these parts have on the mean, and most often
        const double whole = (best.parts.back().first + best.parts.back().second - best.parts.front().first -
                              best.parts.front().second) /
                             2.0;
        attempt(whole / static_cast<double>(best.parts.size() - 1));
        attempt(usual_length(best.parts));
    }
    const int length = static_cast<int>(ink.size());
    for (auto& [from, to] : best.parts) from = std::max(0, from - room), to = std::min(length, to - room);
    return best.parts;
}

} // namespace recto::reading
