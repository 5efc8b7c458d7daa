#include "stages/treatment/orient.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <vector>

#include "stages/treatment/orient_model.h"
#include "stages/treatment/orient_windows.h"

namespace recto::treat {
namespace {
constexpr int kMostWindows = 288, kFirstLook = 64, kSecondLook = 96; ///< Places.
constexpr std::size_t kFew = 96;                                     ///< Places.
constexpr double kWider = 1.5, kNarrower = 0.8;
/// What a later look's confidence is worth: with every look there is one more chance to be wrong and sure. 5 of 400 turns of
/// drawn receipts were at 1, none is at 0.65.
constexpr double kLater = 0.65;
/// Characters that read well of which reading tells something, and by how many times the best turn leads what both tests together
/// say. Of 215 doubtful turns of worn and of broken pages with so many none was wrong, at a lead of 1.5 too.
constexpr int kLeastRead = 8;
constexpr double kClear = 1.7;
/// Share that is left to a turn against which everything speaks.
constexpr double kFloor = 0.005;
/// Confidence of the cheap test with which Tesseract's agreement turns a page. The highest of a wrong turn was 0.147.
constexpr double kConfirmed = 0.15;

/// Order in which letters are looked at: every look is spread over the whole page. `n`: above 0.
std::vector<std::size_t> spread_order(std::size_t n) {
    auto step = std::max<std::size_t>(1, static_cast<std::size_t>(0.618 * static_cast<double>(n)));
    while (std::gcd(step, n) != 1) ++step;
    std::vector<std::size_t> order(std::min<std::size_t>(n, 2 * kMostWindows));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i * step % n;
    return order;
}

/// What the windows say together.
struct Tally {
    Evidence logs{}, sum{};
    std::vector<Evidence> each; ///< Logarithms.

    void add(const Evidence& e) {
        Evidence l;
        for (std::size_t c = 0; c < 4; ++c) {
            sum[c] += e[c];
            logs[c] += l[c] = std::log(0.97 * e[c] + 0.0075); // no window is ever certain
        }
        each.push_back(l);
    }
    void add_all(const Tally& other) {
        each.insert(each.end(), other.each.begin(), other.each.end());
        for (std::size_t c = 0; c < 4; ++c) {
            sum[c] += other.sum[c];
            logs[c] += other.logs[c];
        }
    }
    [[nodiscard]] std::size_t best() const {
        return static_cast<std::size_t>(std::max_element(logs.begin(), logs.end()) - logs.begin());
    }
    /// The mean lead over the next best turn in its own deviations of the mean.
    [[nodiscard]] double lead(double& mean) const {
        const std::size_t top = best();
        std::size_t second = top == 0 ? 1 : 0;
        for (std::size_t c = 0; c < 4; ++c)
            if (c != top && logs[c] > logs[second]) second = c;
        const auto n = static_cast<double>(each.size());
        mean = (logs[top] - logs[second]) / n;
        double squares = 0.25; // of one doubtful witness, so that few that agree by chance are not sure
        for (const Evidence& e : each) squares += std::pow(e[top] - e[second] - mean, 2);
        return mean / std::sqrt(squares / n / n);
    }
};

/// Looks at up to `most` places, fewer when they agree early. A place is turned by quarters before it is judged, so that
/// what the classifier may have learnt to prefer cancels out: each by another one where there are many, each by all four where
/// there are few or an earlier look left doubt.
void look(const Print& print, double wider, std::size_t most, bool doubt, Tally& tally) {
    Window window;
    int quarters = 0;
    const int turns = doubt || print.count() <= kFew ? 4 : 1;
    const std::size_t end = tally.each.size() + most;
    for (const std::size_t i : spread_order(print.count())) {
        Evidence e{};
        int judged = 0;
        for (int t = 0; t < turns; ++t, quarters = (quarters + 1) % 4) {
            if (!print.window(i, quarters, wider, window)) break;
            const Evidence seen = judge(window);
            for (std::size_t c = 0; c < 4; ++c) e[c] += seen[(c + static_cast<std::size_t>(quarters)) % 4];
            ++judged;
        }
        if (judged < turns) continue;
        for (double& share : e) share /= turns;
        tally.add(e);
        const auto n = tally.each.size();
        double mean = 0;
        if (n >= end || (n % kFirstLook == 0 && tally.lead(mean) > 7)) return;
    }
}

double confidence_of(const Tally& tally) {
    double mean = 0;
    const double lead = tally.lead(mean), n = static_cast<double>(tally.each.size());
    // On held-out fonts no page with a lead above 2.4 was judged wrongly. Real pages are given a wide margin, and windows
    // that say little each weigh less however many agree: a texture repeats one accident.
    const double each = std::min(1.0, tally.sum[tally.best()] / n / 0.45);
    return (1 - std::exp(-mean * 10)) * (1 - std::exp(-lead / 5.8)) * each * each;
}
/// Another look where the first left doubt: what agrees and is surer stands, what contradicts is weighed with the rest.
void look_again(const Print& print, double wider, Tally& tally, double& confidence) {
    if (print.count() == 0) return;
    Tally other;
    look(print, wider, kSecondLook, true, other);
    if (other.each.size() < 4) return;
    if (other.best() != tally.best()) {
        tally.add_all(other);
        confidence = confidence_of(tally);
    } else if (const double later = kLater * confidence_of(other); later > confidence) {
        confidence = later;
        std::swap(tally, other);
    }
}
} // namespace

Orientation estimate_orientation(const cv::Mat& ink, double skew_deg) {
    Orientation o;
    const Print print(ink, skew_deg);
    if (print.count() == 0) return o;
    Tally tally;
    look(print, 1, kMostWindows, false, tally);
    if (tally.each.size() < 4) return o;
    o.confidence = confidence_of(tally);
    // Narrow letters show more in wider windows, letters that touch do not; dots and broken strokes are letters only together.
    if (o.confidence < kSureOrientation) look_again(print, kWider, tally, o.confidence);
    if (o.confidence < kSureOrientation) {
        const Print joined(ink, skew_deg, true);
        look_again(joined, 1, tally, o.confidence);
        if (o.confidence < kSureOrientation) look_again(joined, kNarrower, tally, o.confidence);
    }
    o.witnesses = static_cast<int>(tally.each.size());
    o.turn_deg = static_cast<int>((4 - tally.best()) % 4) * 90;
    for (std::size_t c = 0; c < 4; ++c) o.scores[(4 - c) % 4] = tally.sum[c] / static_cast<double>(o.witnesses);
    return o;
}

bool needs_second_opinion(const Orientation& cheap) {
    return cheap.confidence < (cheap.turn_deg == 0 ? kSureUpright : kSureOrientation);
}

Turn decide_turn(const Orientation& cheap, const Orientation& second) {
    const bool agree = second.confidence > 0 && second.turn_deg == cheap.turn_deg;
    if (!needs_second_opinion(cheap)) {
        if (agree) return {cheap.turn_deg, 1 - (1 - cheap.confidence) * (1 - second.confidence), false};
        // Asked all the same, and contradicted: an upright page stays, a turn needs more.
        if (cheap.turn_deg == 0) return {0, cheap.confidence * (1 - 0.5 * second.confidence), false};
        if (second.confidence < 0.5 || cheap.confidence > 0.85) return {cheap.turn_deg, cheap.confidence, false};
        return {0, 0.1, true};
    }
    const double both = 1 - (1 - cheap.confidence) * (1 - second.confidence);
    if (agree && cheap.turn_deg == 0 && cheap.confidence > 0.05) return {0, both, false};
    if (agree && cheap.confidence >= kConfirmed && both >= 0.5) return {cheap.turn_deg, both, false};
    const bool speaks_for_a_turn = (cheap.turn_deg != 0 && cheap.confidence > (agree ? 0.05 : 0.2)) ||
                                   (second.turn_deg != 0 && second.confidence > 0.35);
    return {0, second.turn_deg == 0 ? std::max(0.1, second.confidence * 0.5) : 0.1, speaks_for_a_turn};
}

std::optional<Turn> decide_by_reading(const Orientation& cheap, const Orientation& read) {
    if (read.witnesses < kLeastRead) return std::nullopt;
    std::size_t best = 0;
    Evidence both{};
    for (std::size_t q = 0; q < 4; ++q) {
        both[q] = (cheap.witnesses > 0 ? cheap.scores[q] : 0.25) * (read.scores[q] + kFloor);
        if (both[q] > both[best]) best = q;
    }
    double next = 0;
    for (std::size_t q = 0; q < 4; ++q)
        if (q != best) next = std::max(next, both[q]);
    if (both[best] < kClear * next) return Turn{0, 0.1, true};
    return Turn{static_cast<int>(best) * 90, 1 - next / both[best], false};
}

} // namespace recto::treat
