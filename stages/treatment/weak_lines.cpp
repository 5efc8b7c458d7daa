#include "stages/treatment/weak_lines.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/core/hal/intrin.hpp>

#include "stages/treatment/straight_line.h"

namespace recto::treat {
namespace {
constexpr int kFlank = 5;    ///< Work pixels from the core to where its surroundings are read.
constexpr int kHalfStep = 4; ///< From the middle of a step to where its levels are read.
constexpr int kFrameRim = 8; ///< Nothing is sought nearer to the picture's frame.
constexpr int kProfile = 14; ///< Half the profile that is averaged along a line.
constexpr double kTurn = 3;  ///< Work pixels that the ends of two directions tried next to each other lie apart.
constexpr int kFull = 64;    ///< A strip's whole vote.
constexpr double kMaxSlope = 0.1763; // 10 degrees

template <class T> T nth(std::vector<T>& v, double share) {
    const auto k = static_cast<std::ptrdiff_t>(share * static_cast<double>(v.size() - 1));
    std::nth_element(v.begin(), v.begin() + k, v.end());
    return v[static_cast<std::size_t>(k)];
}
} // namespace

WeakLines::WeakLines(const cv::Mat& work, bool down)
    : down_(down), strips_((down ? work.rows : work.cols) / kStrip), length_(down ? work.cols : work.rows) {
    if (strips_ < 8 || strips_ > 1000 || length_ < 64) {
        strips_ = 0;
        return;
    }
    raw_.create(strips_, length_, CV_16SC1);
    down ? add_rows(work) : add_columns(work);
    const int n = length_;
    cv::Mat pairs;
    cv::add(raw_.colRange(0, n - 2), raw_.colRange(2, n), pairs);
    raw_.copyTo(soft_);
    cv::addWeighted(pairs, 0.25, raw_.colRange(1, n - 1), 0.5, 0, soft_.colRange(1, n - 1));
    ridge_.create(strips_, n, CV_16SC1);
    ridge_.setTo(0);
    cv::Mat inner = ridge_.colRange(kFrameRim, n - kFrameRim);
    cv::min(soft_.colRange(kFrameRim - kFlank, n - kFrameRim - kFlank),
            soft_.colRange(kFrameRim + kFlank, n - kFrameRim + kFlank), inner);
    cv::subtract(inner, soft_.colRange(kFrameRim, n - kFrameRim), inner);
    std::vector<int> sample;
    for (int s = 0; s < strips_; ++s) {
        const auto* q = soft_.ptr<std::int16_t>(s);
        for (int y = kFrameRim + s % 13; y < n - kFrameRim; y += 13)
            sample.push_back(std::abs(q[y - kHalfStep] - q[y + kHalfStep]));
    }
    // The third-smallest of ten: print and pictures fill less than that of a page that matters here.
    noise_ = std::max(4, static_cast<int>(std::lround(nth(sample, 0.3) / 0.385)));
}

void WeakLines::add_rows(const cv::Mat& work) {
    for (int s = 0; s < strips_; ++s) {
        auto* out = raw_.ptr<std::int16_t>(s);
        int x = 0;
        for (; x + 8 <= length_; x += 8) {
            cv::v_uint16x8 sum = cv::v_setzero_u16();
            for (int k = 0; k < kStrip; ++k) sum = sum + cv::v_load_expand(work.ptr<std::uint8_t>(s * kStrip + k) + x);
            cv::v_store(out + x, cv::v_reinterpret_as_s16(sum));
        }
        for (; x < length_; ++x) {
            int sum = 0;
            for (int k = 0; k < kStrip; ++k) sum += work.at<std::uint8_t>(s * kStrip + k, x);
            out[x] = static_cast<std::int16_t>(sum);
        }
    }
}

void WeakLines::add_columns(const cv::Mat& work) {
    static_assert(kStrip == 16);
    for (int y = 0; y < length_; ++y) {
        const auto* row = work.ptr<std::uint8_t>(y);
        for (int s = 0; s < strips_; ++s)
            raw_.at<std::int16_t>(s, y) = static_cast<std::int16_t>(cv::v_reduce_sum(cv::v_load(row + s * kStrip)));
    }
}

void WeakLines::mark(cv::Mat& cells) const {
    const int clear = std::max(7 * noise_, 24);
    for (int s = 0; s < strips_; ++s) {
        const auto* answer = ridge_.ptr<std::int16_t>(s);
        for (int y = kFrameRim; y < length_ - kFrameRim; ++y) {
            if (answer[y] < clear) continue;
            const int across = y / kStrip;
            if (down_ ? across < cells.cols && s < cells.rows : across < cells.rows && s < cells.cols)
                cells.at<std::uint8_t>(down_ ? s : across, down_ ? across : s) = 255;
        }
    }
}

/// A vote of each strip for each pair of places, 0 to kFull; each reaches one place further than its pair, so that
/// rounding of the shift loses nothing.
cv::Mat WeakLines::votes() const {
    const int n = length_, low = noise_ + noise_ / 2, high = std::max(4 * noise_, 16);
    cv::Mat step, answer, line(strips_, n, CV_8UC1, cv::Scalar(0));
    cv::absdiff(soft_.colRange(kFrameRim - kHalfStep, n - kFrameRim - kHalfStep),
                soft_.colRange(kFrameRim + kHalfStep, n - kFrameRim + kHalfStep), step);
    cv::max(step, ridge_.colRange(kFrameRim, n - kFrameRim), answer);
    cv::min(answer, high, answer);
    const double gain = static_cast<double>(kFull) / (high - low);
    answer.convertTo(line.colRange(kFrameRim, n - kFrameRim), CV_8U, gain, -low * gain);
    cv::Mat pairs, fours;
    cv::max(line.colRange(0, n - 1), line.colRange(1, n), pairs);
    cv::max(pairs.colRange(0, n - 3), pairs.colRange(2, n - 1), fours); // places k to k + 3
    cv::Mat out(strips_, n / 2, CV_8UC1, cv::Scalar(0));
    for (int s = 0; s < strips_; ++s) {
        const auto* in = fours.ptr<std::uint8_t>(s);
        auto* to = out.ptr<std::uint8_t>(s);
        for (int r = 1; 2 * r - 1 < fours.cols; ++r) to[r] = in[2 * r - 1];
    }
    return out;
}

std::vector<WeakLines::Peak> WeakLines::peaks() const {
    const cv::Mat vote = votes();
    const int rows = vote.cols;
    const double half = strips_ * kStrip / 2.0;
    const int steps = std::max(1, static_cast<int>(std::ceil(kMaxSlope * half / kTurn)));
    std::vector<std::uint16_t> sum(static_cast<std::size_t>(rows)), best(static_cast<std::size_t>(rows), 0);
    std::vector<std::int16_t> best_step(static_cast<std::size_t>(rows), 0);
    for (int step = -steps; step <= steps; ++step) {
        const double slope = step * kTurn / half;
        std::fill(sum.begin(), sum.end(), std::uint16_t{0});
        for (int s = 0; s < strips_; ++s) {
            const int shift = static_cast<int>(std::lround(slope * ((s + 0.5) * kStrip - half) / 2));
            const int begin = std::max(0, -shift), end = std::min(rows, rows - shift);
            const auto* in = vote.ptr<std::uint8_t>(s) + shift;
            int r = begin;
            for (; r + 8 <= end; r += 8)
                cv::v_store(sum.data() + r, cv::v_load(sum.data() + r) + cv::v_load_expand(in + r));
            for (; r < end; ++r) {
                auto& v = sum[static_cast<std::size_t>(r)];
                v = static_cast<std::uint16_t>(v + in[r]);
            }
        }
        for (int r = 0; r < rows; ++r) {
            const auto k = static_cast<std::size_t>(r);
            if (sum[k] <= best[k]) continue;
            best[k] = sum[k];
            best_step[k] = static_cast<std::int16_t>(step);
        }
    }
    std::vector<Peak> out;
    // Among grain and print some direction always gathers votes; what is meant has an eighth of the picture besides.
    std::vector<std::uint16_t> all = best;
    const double usual = nth(all, 0.5), full = kFull * strips_;
    const int least = static_cast<int>(std::max(0.28 * full, usual + (full - usual) / 8));
    const auto at = [&](int r) { return r < 0 || r >= rows ? 0 : static_cast<int>(best[static_cast<std::size_t>(r)]); };
    for (int r = 0; r < rows; ++r) {
        if (at(r) < least) continue;
        int last = r; // a dark line fills every vote for some places around it: its middle is meant
        while (at(last + 1) == at(r)) ++last;
        bool top = true;
        for (int d = 1; d <= 3 && top; ++d) top = at(r - d) <= at(r) && at(last + d) <= at(r);
        if (top)
            out.push_back({static_cast<double>(r + last) + 1,
                           best_step[static_cast<std::size_t>((r + last) / 2)] * kTurn / half});
        r = last;
    }
    return out;
}

/// Where the strips show the line near `offset + slope * along`, and the line through these places.
bool WeakLines::follow(WeakLine& out, double band, std::vector<cv::Point2d>& points) const {
    points.clear();
    const int reach = static_cast<int>(band);
    for (int s = 0; s < strips_; ++s) {
        const double x = (s + 0.5) * kStrip;
        const int centre = static_cast<int>(out.at(x));
        if (centre < kFrameRim + reach || centre >= length_ - kFrameRim - reach) continue;
        const auto *q = soft_.ptr<std::int16_t>(s), *answer = ridge_.ptr<std::int16_t>(s);
        int best = 0, place = -1, step = 0, step_place = -1;
        for (int y = centre - reach; y <= centre + reach; ++y) {
            if (answer[y] > best) best = answer[y], place = y;
            if (const int d = std::abs(q[y - 2] - q[y + 2]); d > step) step = d, step_place = y;
        }
        if (best >= 2.5 * noise_ && best >= 0.4 * step) {
            const int a = q[place - 1], b = q[place], c = q[place + 1], bend = a - 2 * b + c;
            const double shift = bend > 0 ? std::clamp(0.5 * (a - c) / bend, -1.0, 1.0) : 0;
            points.emplace_back(x, place + 0.5 + shift);
        } else if (step >= 3 * noise_) {
            points.emplace_back(x, step_place + 0.5);
        }
    }
    Line line{strips_ * kStrip / 2.0, out.at(strips_ * kStrip / 2.0), 1 / std::hypot(1.0, out.slope),
              out.slope / std::hypot(1.0, out.slope)};
    if (fit_line(points, line, band, 1.3) == 0 || std::abs(line.dx) < 0.9) return false;
    out.slope = line.dy / line.dx;
    out.offset = line.y - out.slope * line.x;
    return true;
}

bool WeakLines::measure(const Peak& peak, WeakLine& out) const {
    out.slope = peak.slope;
    out.offset = peak.middle - peak.slope * strips_ * kStrip / 2.0;
    std::vector<cv::Point2d> points;
    if (!follow(out, 5, points) || !follow(out, 3, points)) return false;
    std::vector<double> shows(static_cast<std::size_t>(strips_), 0.0);
    for (const auto& p : points)
        if (std::abs(p.y - out.at(p.x)) <= 1.6) shows[static_cast<std::size_t>(p.x / kStrip)] = 1;
    if (!take_run(shows, out)) return false;
    if (!take_profile(shows, out)) return false;
    return true;
}

/// The run of strips that shows a line best: each that does not costs a little more than one that does brings.
bool WeakLines::take_run(const std::vector<double>& shows, WeakLine& out) const {
    const auto does = [&](int s) { return shows[static_cast<std::size_t>(s)] >= 0.45; };
    double gain = 0, most = 0;
    int begin = 0, from = 0, to = -1, on = 0, off = 0;
    for (int s = 0; s < strips_; ++s) {
        gain += does(s) ? 1 : -1.3;
        if (gain > most) most = gain, from = begin, to = s;
        if (gain < 0) gain = 0, begin = s + 1;
    }
    if (to - from < 7) return false;
    for (int s = 0; s < strips_; ++s) (s >= from && s <= to ? on : off) += does(s);
    out.from = from * kStrip, out.to = (to + 1) * kStrip;
    out.support = static_cast<double>(on) / (to - from + 1);
    out.beyond = static_cast<double>(off) / std::max(1, strips_ - (to - from + 1));
    return true;
}

bool WeakLines::take_profile(std::vector<double>& shows, WeakLine& out) const {
    const int from = static_cast<int>(out.from) / kStrip, to = static_cast<int>(out.to) / kStrip - 1;
    // Profile along the run, the middle value of the strips; and the levels 1 to 3 mm off.
    std::array<std::vector<int>, 2 * kProfile + 1> profile;
    std::vector<double> jumps, far_jumps;
    for (int s = from; s <= to; ++s) {
        if (shows[static_cast<std::size_t>(s)] < 0.45) continue;
        const auto *q = soft_.ptr<std::int16_t>(s), *p = raw_.ptr<std::int16_t>(s);
        const double y = out.at((s + 0.5) * kStrip) - 0.5;
        const int base = static_cast<int>(std::floor(y));
        if (base < 1 || base + 2 >= length_) continue;
        for (int k = -kProfile; k <= kProfile; ++k) {
            const int at = std::clamp(base + k, 0, length_ - 2);
            const double part = y - base;
            profile[static_cast<std::size_t>(k + kProfile)].push_back(
                static_cast<int>(std::lround(p[at] * (1 - part) + p[at + 1] * part)));
        }
        std::vector<int> before, behind, far_before, far_behind;
        for (int k = 7; k <= 18; ++k) {
            before.push_back(q[std::max(0, base - k)]);
            behind.push_back(q[std::min(length_ - 1, base + k)]);
        }
        for (int k = 20; k <= 40; k += 2) {
            if (base - k >= 2) far_before.push_back(q[base - k]);
            if (base + k < length_ - 2) far_behind.push_back(q[base + k]);
        }
        if (far_before.size() > 4 && far_behind.size() > 4)
            far_jumps.push_back((nth(far_behind, 0.6) - nth(far_before, 0.6)) / 16.0);
        const int one = nth(before, 0.6), two = nth(behind, 0.6);
        jumps.push_back((two - one) / 16.0);
    }
    if (jumps.size() < 6) return false;
    std::array<double, 2 * kProfile + 1> m;
    for (std::size_t k = 0; k < m.size(); ++k) m[k] = nth(profile[k], 0.5) / 16.0;
    const auto mid = static_cast<std::size_t>(kProfile);
    std::size_t core = mid;
    for (std::size_t k = mid - 2; k <= mid + 2; ++k)
        if (m[k] < m[core]) core = k;
    double before = 0, behind = 0;
    for (int k = 9; k <= 13; ++k)
        before += m[mid - static_cast<std::size_t>(k)] / 5, behind += m[mid + static_cast<std::size_t>(k)] / 5;
    const auto crossing = [&](double share, int side) { // distance from the core
        const double base = side < 0 ? before : behind, want = m[core] + share * (base - m[core]);
        for (int k = 1; k <= 10; ++k) {
            const double a = m[core + static_cast<std::size_t>(side * (k - 1) + kProfile) - mid],
                         b = m[core + static_cast<std::size_t>(side * k + kProfile) - mid];
            if (b >= want) return k - 1 + (b > a ? (want - a) / (b - a) : 0.0);
        }
        return 10.0;
    };
    if (std::min(before, behind) - m[core] > std::max(0.4, 0.06 * noise_)) {
        out.depth = std::min(before, behind) - m[core];
        out.width = crossing(0.5, -1) + crossing(0.5, 1);
        out.before_foot = crossing(0.8, -1), out.behind_foot = crossing(0.8, 1);
        out.lean = (out.behind_foot - out.before_foot) / 2 - (crossing(0.35, 1) - crossing(0.35, -1)) / 2;
        std::vector<double> depths;
        for (int s = from; s <= to; ++s) {
            const auto* p = raw_.ptr<std::int16_t>(s);
            const int at =
                static_cast<int>(std::lround(out.at((s + 0.5) * kStrip) - 0.5)) + static_cast<int>(core) - kProfile;
            if (shows[static_cast<std::size_t>(s)] < 0.45 || at < 1 || at + 1 >= length_) continue;
            depths.push_back((before + behind) / 2 - std::min({p[at - 1], p[at], p[at + 1]}) / 16.0);
        }
        const double typical = nth(depths, 0.5), low = nth(depths, 0.2), high = nth(depths, 0.8);
        out.evenness = typical > 0 ? std::clamp(1 - (high - low) / (2 * typical), 0.0, 1.0) : 0;
    }
    out.jump = nth(jumps, 0.5);
    std::vector<double> off_by;
    for (const double j : jumps) off_by.push_back(std::abs(j - out.jump));
    out.jump_error = 1.5 * nth(off_by, 0.5) * 1.25 / std::sqrt(static_cast<double>(jumps.size())) + 0.05;
    // The far end of a shadow is no other level: what holds 4 to 6 mm off is.
    if (far_jumps.size() * 2 > jumps.size()) {
        const double far = nth(far_jumps, 0.5);
        out.jump = far * out.jump <= 0 ? 0 : std::copysign(std::min(std::abs(far), std::abs(out.jump)), far);
    }

    // How much of that profile each strip shows, 1 where the line is: weak strips count where they lie right.
    constexpr int kNear = 6;
    double level = 0, power = 0;
    std::array<double, 2 * kNear + 1> want;
    for (std::size_t k = 0; k < want.size(); ++k)
        level += (want[k] = m[mid - kNear + k]) / static_cast<double>(want.size());
    for (double& v : want) v -= level, power += v * v;
    std::vector<double> share(shows.size(), 0.0);
    for (int s = 0; s < strips_; ++s) {
        const double y = out.at((s + 0.5) * kStrip) - 0.5;
        const int base = static_cast<int>(std::lround(y));
        if (base < kNear || base + kNear >= length_) continue;
        const auto* p = raw_.ptr<std::int16_t>(s) + base - kNear;
        double sum = 0;
        for (std::size_t k = 0; k < want.size(); ++k) sum += want[k] * p[k] / 16.0;
        share[static_cast<std::size_t>(s)] = sum / std::max(1e-3, power);
    }
    for (std::size_t k = 0; k < shows.size(); ++k) {
        std::array<double, 3> three{share[k > 0 ? k - 1 : k], share[k], share[k + 1 < share.size() ? k + 1 : k]};
        std::sort(three.begin(), three.end());
        shows[k] = std::min(three[1], 1.0);
    }
    return take_run(shows, out);
}

std::vector<WeakLine> WeakLines::find() const {
    std::vector<WeakLine> out;
    if (strips_ == 0) return out;
    const std::vector<Peak> all = peaks();
    // A sheet's sides are among the outermost; those of a page full of rules need not be known.
    constexpr int kEachEnd = 16;
    const auto add = [&](const Peak& p) {
        WeakLine line;
        if (!measure(p, line)) return 0;
        const double middle = line.at(strips_ * kStrip / 2.0);
        const bool again = std::any_of(out.begin(), out.end(), [&](const WeakLine& other) {
            return std::abs(other.at(strips_ * kStrip / 2.0) - middle) < 3 && std::abs(other.slope - line.slope) < 0.01;
        });
        if (!again) out.push_back(line);
        return again ? 0 : 1;
    };
    std::size_t first = 0, last = all.size();
    for (int n = 0; n < kEachEnd && first < last;) n += add(all[first++]);
    const auto behind = static_cast<std::ptrdiff_t>(out.size());
    for (int n = 0; n < kEachEnd && first < last;) n += add(all[--last]);
    std::reverse(out.begin() + behind, out.end());
    return out;
}

} // namespace recto::treat
