#include "stages/treatment/deskew.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include <opencv2/core/hal/intrin.hpp>
#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {
constexpr double kRadians = std::numbers::pi / 180.0;
/// Profiles are kept at eighths of a pixel, so that a shift is a plain addition and no angle is favoured by blur.
constexpr int kPhases = 8;

/// Strips whose rows are added in 16 bits before they go into the profile.
constexpr int kTogether = 4;

/// Adds kTogether rows to `target`. All may be read and written up to the next multiple of 8.
void add_rows(std::int32_t* target, const std::array<const std::int16_t*, kTogether>& rows, int n) {
#if CV_SIMD128
    for (int i = 0; i < n; i += 8) {
        const cv::v_int16x8 sum =
            (cv::v_load(rows[0] + i) + cv::v_load(rows[1] + i)) + (cv::v_load(rows[2] + i) + cv::v_load(rows[3] + i));
        cv::v_int32x4 low, high;
        cv::v_expand(sum, low, high);
        cv::v_store(target + i, cv::v_load(target + i) + low);
        cv::v_store(target + i + 4, cv::v_load(target + i + 4) + high);
    }
#else
    for (int i = 0; i < n; ++i)
        for (const std::int16_t* row : rows) target[i] += row[i];
#endif
}

/// Adds `n` bytes to sums of 16 bits.
void add_column(std::uint16_t* target, const std::uint8_t* source, int n) {
    int i = 0;
#if CV_SIMD128
    for (; i + 8 <= n; i += 8) cv::v_store(target + i, cv::v_load(target + i) + cv::v_load_expand(source + i));
#endif
    for (; i < n; ++i) target[i] = static_cast<std::uint16_t>(target[i] + source[i]);
}

/// Values between those of `in` at fraction `t` after each: Catmull-Rom. `in` is read from -1 to n + 1.
void shifted(const float* in, int n, float t, std::int16_t* out) {
    const float a = ((-0.5F * t + 1) * t - 0.5F) * t, b = (1.5F * t - 2.5F) * t * t + 1,
                c = ((-1.5F * t + 2) * t + 0.5F) * t, d = (0.5F * t - 0.5F) * t * t;
    int i = 0;
#if CV_SIMD128
    const cv::v_float32x4 va = cv::v_setall_f32(a), vb = cv::v_setall_f32(b), vc = cv::v_setall_f32(c),
                          vd = cv::v_setall_f32(d);
    const auto four = [&](const float* at) {
        return cv::v_round(va * cv::v_load(at - 1) + vb * cv::v_load(at) + vc * cv::v_load(at + 1) +
                           vd * cv::v_load(at + 2));
    };
    for (; i + 8 <= n; i += 8) cv::v_store(out + i, cv::v_pack(four(in + i), four(in + i + 4)));
#endif
    for (; i < n; ++i)
        out[i] = cv::saturate_cast<std::int16_t>(a * in[i - 1] + b * in[i] + c * in[i + 1] + d * in[i + 2]);
}

/// Sums of ink over strips of columns, one profile along the rows a strip. For lines that run down the image is
/// transposed by the caller, which turns the angle's sign.
class Strips {
  public:
    /// `columns`: the ink transposed (row r of it is column r of the image), so that a column is contiguous.
    /// Columns within a strip are sheared by `base` (tangent) to the strip's middle while they are summed.
    /// `strip_width`: 8 or 16.
    Strips(const cv::Mat& columns, int strip_width, double base, bool phases) {
        length_ = columns.cols;
        width_ = columns.rows;
        count_ = (width_ + strip_width - 1) / strip_width;
        pad_ = static_cast<int>(width_ * 0.5 * std::tan(21 * kRadians)) + 8;
        phases_ = phases ? kPhases : 1;
        // Rows begin and end with zeros: those of strips that are added together lie shifted against each other.
        margin_ = static_cast<int>(kTogether * strip_width * std::tan(21 * kRadians)) + 12;
        stride_ = length_ + 2 + 2 * margin_ + 8;
        centres_.resize(static_cast<std::size_t>(count_));
        rows_.create(count_ * phases_ + 1, stride_, CV_16S);
        rows_.row(count_ * phases_).setTo(0);
        std::vector<std::uint16_t> sums(static_cast<std::size_t>(length_ + 4));
        std::vector<float> smooth(static_cast<std::size_t>(length_ + 6));
        const float scale = strip_width > 8 ? 0.5F : 1.0F; // four rows stay within 16 bits
        for (int s = 0; s < count_; ++s) {
            const int first = s * strip_width, last = std::min(width_, first + strip_width);
            const double centre = (first + last - 1) / 2.0;
            centres_[static_cast<std::size_t>(s)] = centre - (width_ - 1) / 2.0;
            std::fill(sums.begin(), sums.end(), std::uint16_t{0});
            for (int c = first; c < last; ++c) {
                // Row y of the strip's profile takes the column's row y + shift.
                const int shift = static_cast<int>(std::lround((c - centre) * base));
                const int from = std::max(0, -shift), to = std::min(length_, length_ - shift);
                if (from < to)
                    add_column(sums.data() + 2 + from, columns.ptr<std::uint8_t>(c) + from + shift, to - from);
            }
            for (int y = 0; y < length_ + 2; ++y) { // 1 2 1; row y lies at y + 1, and the row before it at 1
                const auto* at = sums.data() + y;
                smooth[static_cast<std::size_t>(y + 2)] = scale * static_cast<float>(at[0] + 2 * at[1] + at[2]);
            }
            for (int p = 0; p < phases_; ++p) {
                auto* row = rows_.ptr<std::int16_t>(s * phases_ + p);
                std::fill(row, row + margin_, std::int16_t{0});
                shifted(smooth.data() + 2, length_ + 2, static_cast<float>(p) / static_cast<float>(kPhases),
                        row + margin_);
                std::fill(row + margin_ + length_ + 2, row + stride_, std::int16_t{0});
            }
        }
        profile_.resize(static_cast<std::size_t>(length_ + 2 * pad_ + 2 * margin_ + 16));
    }

    /// Energy of the derivative of the profile at the tangent `slope`, over the strips [first, last).
    double energy(double slope, int first = 0, int last = -1) {
        if (last < 0) last = count_;
        std::fill(profile_.begin(), profile_.end(), 0);
        const int room = static_cast<int>(profile_.size()) - 8;
        for (int s = first; s < last; s += kTogether) {
            std::array<const std::int16_t*, kTogether> rows{};
            std::array<int, kTogether> down{};
            const int n = std::min(kTogether, last - s);
            for (int k = 0; k < n; ++k) {
                // Profile row y takes the strip's row y + shift, i.e. strip row r goes to r - shift.
                const double shift = centres_[static_cast<std::size_t>(s + k)] * slope;
                const int steps = static_cast<int>(std::lround(shift * phases_));
                const int whole = steps >= 0 ? steps / phases_ : -((phases_ - 1 - steps) / phases_);
                down[static_cast<std::size_t>(k)] = -whole;
                rows[static_cast<std::size_t>(k)] =
                    rows_.ptr<std::int16_t>((s + k) * phases_ + steps - whole * phases_);
            }
            const int low = *std::min_element(down.begin(), down.begin() + n),
                      high = *std::max_element(down.begin(), down.begin() + n);
            const int offset = pad_ + low, many = length_ + 2 + high - low;
            if (offset < 0 || high - low > margin_ || offset + many > room) continue;
            for (int k = 0; k < kTogether; ++k) {
                auto& row = rows[static_cast<std::size_t>(k)];
                row = k < n ? row + margin_ - (down[static_cast<std::size_t>(k)] - low)
                            : rows_.ptr<std::int16_t>(count_ * phases_);
            }
            add_rows(profile_.data() + offset, rows, many);
        }
        return derivative_energy();
    }

    /// The same over `parts` equal parts of the page, each by itself: columns of print whose lines are not level with each
    /// other add up instead of blurring each other's comb.
    double energy_of(int parts, double slope, int first = 0, int last = -1) {
        if (last < 0) last = count_;
        double sum = 0;
        for (int k = 0; k < parts; ++k)
            sum += energy(slope, first + (last - first) * k / parts, first + (last - first) * (k + 1) / parts);
        return sum;
    }

    [[nodiscard]] int count() const { return count_; }
    [[nodiscard]] int width() const { return width_; }

  private:
    [[nodiscard]] double derivative_energy() const {
        const int n = static_cast<int>(profile_.size());
        double sum = 0;
        int i = 1;
#if CV_SIMD128_64F
        cv::v_float64x2 low = cv::v_setzero_f64(), high = low;
        for (; i + 4 <= n; i += 4) {
            const cv::v_int32x4 d = cv::v_load(profile_.data() + i) - cv::v_load(profile_.data() + i - 1);
            const cv::v_float64x2 one = cv::v_cvt_f64(d), other = cv::v_cvt_f64_high(d);
            low += one * one;
            high += other * other;
        }
        low += high;
        double halves[2];
        cv::v_store(halves, low);
        sum = halves[0] + halves[1];
#endif
        for (; i < n; ++i) {
            const double d = profile_[static_cast<std::size_t>(i)] - profile_[static_cast<std::size_t>(i - 1)];
            sum += d * d;
        }
        return sum;
    }

    int length_ = 0, width_ = 0, count_ = 0, pad_ = 0, phases_ = 1, stride_ = 0, margin_ = 0;
    std::vector<double> centres_;
    cv::Mat rows_; ///< CV_16S: a row for each strip and phase, and one of zeros.
    std::vector<std::int32_t> profile_;
};

struct Peak {
    double slope = 0;
    double strength = 0; ///< Highest energy over the median of all angles.
    double lead = 0;     ///< Highest energy over the best one more than a degree away.
};

constexpr double kCoarseStep = 0.2;

Peak coarse(const cv::Mat& columns, double max_deg, int parts) {
    Strips strips(columns, 8, 0, false);
    const int n = static_cast<int>(std::ceil(max_deg / kCoarseStep));
    std::vector<double> energies;
    energies.reserve(static_cast<std::size_t>(2 * n + 1));
    for (int i = -n; i <= n; ++i) energies.push_back(strips.energy_of(parts, std::tan(i * kCoarseStep * kRadians)));
    const auto best = static_cast<int>(std::max_element(energies.begin(), energies.end()) - energies.begin());
    double second = 0;
    for (int i = 0; i < static_cast<int>(energies.size()); ++i)
        if (std::abs(i - best) * kCoarseStep > 1.01) second = std::max(second, energies[static_cast<std::size_t>(i)]);
    std::vector<double> sorted = energies;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
    const double median = sorted[sorted.size() / 2];
    Peak p;
    p.slope = std::tan((best - n) * kCoarseStep * kRadians);
    if (median > 0) p.strength = energies[static_cast<std::size_t>(best)] / median;
    if (second > 0) p.lead = energies[static_cast<std::size_t>(best)] / second;
    return p;
}

/// Highest point of the energy near `around` (degrees), by two steps ever smaller and a parabola at the end.
double climb(Strips& strips, int parts, double around, double reach, int first = 0, int last = -1) {
    double centre = around;
    for (double step = reach / 5; step > reach / 30; step /= 5) {
        double best = -1, best_angle = centre;
        for (int i = -5; i <= 5; ++i) {
            const double angle = centre + i * step;
            const double e = strips.energy_of(parts, std::tan(angle * kRadians), first, last);
            if (e > best) {
                best = e;
                best_angle = angle;
            }
        }
        centre = best_angle;
    }
    // Least-squares parabola over a width at which the peak is curved, not noisy.
    const double h = std::clamp(0.35 * parts / strips.width() / kRadians, 0.01, 0.06 * parts);
    double s2 = 0, s4 = 0, se = 0, s1e = 0, s2e = 0;
    constexpr int kHalf = 4;
    for (int i = -kHalf; i <= kHalf; ++i) {
        const double x = i, e = strips.energy_of(parts, std::tan((centre + i * h) * kRadians), first, last);
        s2 += x * x;
        s4 += x * x * x * x;
        se += e;
        s1e += x * e;
        s2e += x * x * e;
    }
    const double n = 2 * kHalf + 1, b = s1e / s2, c = (s2e - s2 * se / n) / (s4 - s2 * s2 / n);
    if (c >= 0) return centre;
    return centre + std::clamp(-b / (2 * c), -static_cast<double>(kHalf), static_cast<double>(kHalf)) * h;
}

double to_confidence(double strength, double lead, double disagreement) {
    const double by_strength = 1 - std::exp(-std::max(0.0, strength - 1.15) * 1.6);
    const double by_lead = 1 - std::exp(-std::max(0.0, lead - 1.02) * 8.0);
    const double by_parts = std::exp(-std::max(0.0, disagreement - 0.2) * 2.0);
    return std::clamp(by_strength * by_lead * by_parts, 0.0, 1.0);
}

/// Does the other direction have a clear comb of its own that says something else? A hatched drawing has, and a page that was
/// photographed askew.
bool contradicts(const Peak& other, double angle) {
    const bool clear = (other.strength > 10 && other.lead > 1.2) || (other.strength > 4 && other.lead > 2);
    return clear && std::abs(std::atan(other.slope) / kRadians + angle) > 0.5;
}

struct Inks {
    cv::Mat ink, columns;       ///< About 150 dpi, and transposed.
    cv::Mat half, half_columns; ///< About 75 dpi.
};

SkewEstimate estimate(const Inks& inks, double max_deg, int parts) {
    SkewEstimate result;
    const Peak across = coarse(inks.half_columns, max_deg + 1, parts), down = coarse(inks.half, max_deg + 1, parts);
    result.across_strength = across.strength;
    result.down_strength = down.strength;
    if (across.strength <= 0 && down.strength <= 0) return result;
    result.across = across.strength * across.lead >= down.strength * down.lead;
    const Peak& peak = result.across ? across : down;

    Strips strips(result.across ? inks.columns : inks.ink, 16, peak.slope, true);
    double angle = climb(strips, parts, std::atan(peak.slope) / kRadians, 0.3);
    // The two halves of the page along the lines are asked apart: a real skew is seen by both.
    const int middle = strips.count() / 2;
    const double one = climb(strips, 1, angle, 1.0, 0, middle),
                 other = climb(strips, 1, angle, 1.0, middle, strips.count());
    const double disagreement = std::max(std::abs(one - angle), std::abs(other - angle));
    result.confidence = to_confidence(peak.strength, peak.lead, disagreement);
    // Both see the same other angle: columns that are not level with each other made up a comb of their own.
    if (std::min(std::abs(one - angle), std::abs(other - angle)) > 0.1 && (one > angle) == (other > angle))
        result.confidence *= 0.4;
    if (contradicts(result.across ? down : across, angle)) result.confidence *= 0.4;
    // A line that runs down leans the other way when the image is transposed.
    if (!result.across) angle = -angle;
    if (std::abs(angle) > max_deg + 0.1) result.confidence = std::min(result.confidence, 0.2);
    result.angle_deg = angle;
    return result;
}
} // namespace

SkewEstimate estimate_skew(const cv::Mat& ink, double max_deg) {
    if (ink.cols < 32 || ink.rows < 32) return {};
    Inks inks{ink, {}, {}, {}};
    cv::transpose(ink, inks.columns);
    // Whole pairs only: halving exactly is several times as fast, and its pixels are square.
    const cv::Size half(ink.cols / 2, ink.rows / 2);
    cv::resize(ink(cv::Rect(0, 0, 2 * half.width, 2 * half.height)), inks.half, half, 0, 0, cv::INTER_AREA);
    cv::transpose(inks.half, inks.half_columns);
    const SkewEstimate whole = estimate(inks, max_deg, 1);
    if (whole.confidence >= kSureSkew || whole.across_strength + whole.down_strength <= 0) return whole;
    const SkewEstimate by_parts = estimate(inks, max_deg, 4);
    return by_parts.confidence >= kSureSkew ? by_parts : whole;
}

double residual_skew(const cv::Mat& ink, bool across) {
    if (ink.cols < 32 || ink.rows < 32) return 0;
    cv::Mat columns;
    if (across) cv::transpose(ink, columns);
    else columns = ink;
    Strips strips(columns, 16, 0, true);
    const double angle = climb(strips, 1, 0, 1.0);
    return across ? angle : -angle;
}

} // namespace recto::treat
