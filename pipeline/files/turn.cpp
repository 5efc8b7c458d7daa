#include "pipeline/files/turn.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <vector>

#include <opencv2/core/hal/intrin.hpp>

namespace recto::files {
namespace {

constexpr int kTaps = 6, kBefore = 2;   ///< Taps lie at -2 to 3 around the whole part of a position.
constexpr int kOne = 1 << 14;           ///< Weights: 1.0.
constexpr int kFraction = 5;            ///< Between the shears samples have this many bits behind the point.
constexpr int kTile = 256, kVector = 8; ///< Page pixels a side of a tile; samples at once.
using Weights = std::array<std::int16_t, kTaps>;

/// Lanczos weights of a position `t` (0 to 1) past a sample; they add up to kOne.
Weights weights_at(double t) {
    std::array<double, kTaps> w{};
    double sum = 0;
    for (int k = 0; k < kTaps; ++k) {
        const double x = (k - kBefore - t) * std::numbers::pi;
        w[static_cast<std::size_t>(k)] = std::abs(x) < 1e-9 ? 1 : 3 * std::sin(x) * std::sin(x / 3) / (x * x);
        sum += w[static_cast<std::size_t>(k)];
    }
    Weights out{};
    int rest = kOne;
    for (std::size_t k = 0; k < kTaps; ++k) {
        out[k] = static_cast<std::int16_t>(std::lround(w[k] / sum * kOne));
        rest -= out[k];
    }
    out[t < 0.5 ? kBefore : kBefore + 1] = static_cast<std::int16_t>(out[t < 0.5 ? kBefore : kBefore + 1] + rest);
    return out;
}

/// Whole part of a position, and the weights of the rest.
struct Place {
    explicit Place(double at) : whole(static_cast<int>(std::floor(at))), weights(weights_at(at - std::floor(at))) {}
    int whole;
    Weights weights;
};

/// Sum of six vectors of samples by pairs of weights, as two vectors of 32 bits: low and high half.
struct Sum {
    cv::v_int32x4 low = cv::v_setzero_s32(), high = cv::v_setzero_s32();
    void add(const std::int16_t* a, const std::int16_t* b, const cv::v_int16x8& wl, const cv::v_int16x8& wh) {
        cv::v_int16x8 zl, zh;
        cv::v_zip(cv::v_load(a), cv::v_load(b), zl, zh);
        low = low + cv::v_dotprod(zl, wl);
        high = high + cv::v_dotprod(zh, wh);
    }
};

/// The same weights for all of a row: pairs (w0,w1,w0,w1,...).
struct RowFilter {
    explicit RowFilter(const Weights& w) {
        for (std::size_t p = 0; p < 3; ++p) {
            const std::int16_t a = w[2 * p], b = w[2 * p + 1];
            pairs[p] = cv::v_int16x8(a, b, a, b, a, b, a, b);
        }
    }
    /// `in`: the first tap of the sample; taps are `channels` samples apart.
    [[nodiscard]] Sum at(const std::int16_t* in, int channels) const {
        Sum sum;
        for (int p = 0; p < 3; ++p)
            sum.add(in + 2 * p * channels, in + (2 * p + 1) * channels, pairs[static_cast<std::size_t>(p)],
                    pairs[static_cast<std::size_t>(p)]);
        return sum;
    }
    std::array<cv::v_int16x8, 3> pairs;
};

/// Rows of samples of 16 bits with room for a vector that reaches beyond the end.
struct Samples {
    void resize(int rows, int samples) {
        stride = samples + 2 * kVector;
        data.resize(static_cast<std::size_t>(stride) * static_cast<std::size_t>(rows));
    }
    [[nodiscard]] std::int16_t* row(int y) { return data.data() + static_cast<std::ptrdiff_t>(y) * stride; }
    std::vector<std::int16_t> data;
    int stride = 0;
};

/// One turn: page (x, y) takes source (x + p y + p v + a, v) with v = q (x + p y) + y + b.
class Turn {
  public:
    Turn(const cv::Mat& source, const cv::Matx33d& back, int fill)
        : source_(source), fill_(fill), channels_(source.channels()), q_(back(1, 0)),
          p_(std::abs(q_) > 1e-12 ? (back(0, 0) - 1) / q_ : 0), b_(back(1, 2)), a_(back(0, 2) - p_ * b_) {}

    void fill(cv::Mat& page) {
        source_rows_.reserve(static_cast<std::size_t>(source_.rows));
        for (int v = 0; v < source_.rows; ++v) source_rows_.emplace_back(p_ * v + a_);
        for (int y = 0; y < page.rows; y += kTile)
            for (int x = 0; x < page.cols; x += kTile)
                fill_tile(page(cv::Rect(x, y, std::min(kTile, page.cols - x), std::min(kTile, page.rows - y))), x, y);
    }

  private:
    /// Fills `tile`, whose first pixel is (x0, y0) of the page.
    void fill_tile(cv::Mat tile, int x0, int y0) {
        const int w = tile.cols, h = tile.rows;
        // Columns of the two intermediate pictures, and rows of the first one.
        const double shift0 = p_ * y0, shift1 = p_ * (y0 + h - 1);
        const int left = x0 + static_cast<int>(std::floor(std::min(shift0, shift1))) - kBefore;
        const int right = x0 + w + static_cast<int>(std::floor(std::max(shift0, shift1))) + kTaps - kBefore;
        const double lift0 = q_ * left + b_, lift1 = q_ * right + b_;
        const int top = y0 + static_cast<int>(std::floor(std::min(lift0, lift1))) - kBefore;
        const int bottom = y0 + h + static_cast<int>(std::floor(std::max(lift0, lift1))) + kTaps - kBefore;
        if (!seen(left, right, top, bottom)) {
            tile.setTo(cv::Scalar::all(fill_));
            return;
        }
        const int columns = right - left, samples = columns * channels_;
        first_.resize(bottom - top, samples);
        for (int v = top; v < bottom; ++v) shear_source(v, left, columns, first_.row(v - top));
        plan_columns(left, columns);
        second_.resize(1, samples);
        for (int y = 0; y < h; ++y) {
            shear_columns(y0 + y - top);
            const Place place(x0 + p_ * (y0 + y) - left);
            const RowFilter filter(place.weights);
            const std::int16_t* in = second_.row(0) + static_cast<std::ptrdiff_t>(place.whole - kBefore) * channels_;
            finish_row(filter, in, tile.ptr<std::uint8_t>(y), w * channels_);
        }
    }

    [[nodiscard]] bool seen(int left, int right, int top, int bottom) const {
        const double low = a_ + std::min(p_ * top, p_ * bottom) - kTaps,
                     high = a_ + std::max(p_ * top, p_ * bottom) + kTaps;
        return bottom > 0 && top < source_.rows && right + high > 0 && left + low < source_.cols;
    }

    /// First shear: row `v` of the source, shifted, from column `left`; kFraction bits behind the point.
    void shear_source(int v, int left, int columns, std::int16_t* out) {
        const int samples = columns * channels_;
        if (v < 0 || v >= source_.rows) {
            std::fill_n(out, samples + kVector, static_cast<std::int16_t>(fill_ << kFraction));
            return;
        }
        const Place& place = source_rows_[static_cast<std::size_t>(v)];
        const int from = left + place.whole - kBefore, count = columns + kTaps;
        line_.resize(static_cast<std::size_t>(count * channels_ + 2 * kVector));
        const int inside0 = std::clamp(-from, 0, count), inside1 = std::clamp(source_.cols - from, inside0, count);
        const auto fill = static_cast<std::int16_t>(fill_);
        std::fill(line_.begin(), line_.begin() + inside0 * channels_, fill);
        std::fill(line_.begin() + inside1 * channels_, line_.end(), fill);
        if (inside1 > inside0) {
            const auto* in = source_.ptr<std::uint8_t>(v) + static_cast<std::ptrdiff_t>(from + inside0) * channels_;
            widen(in, line_.data() + inside0 * channels_, (inside1 - inside0) * channels_);
        }
        const RowFilter filter(place.weights);
        for (int i = 0; i < samples; i += kVector) {
            const Sum s = filter.at(line_.data() + i, channels_);
            cv::v_store(out + i, cv::v_rshr_pack<14 - kFraction>(s.low, s.high));
        }
    }

    /// Weights of each column for the second shear, and the runs of columns with one whole shift.
    void plan_columns(int left, int columns) {
        const int samples = columns * channels_;
        pairs_.resize(3, 2 * samples);
        runs_.clear();
        for (int x = 0; x < columns; ++x) {
            const Place place(q_ * (left + x) + b_);
            if (runs_.empty() || runs_.back().shift != place.whole) runs_.push_back({x * channels_, place.whole});
            for (int c = 0; c < channels_; ++c)
                for (int p = 0; p < 3; ++p)
                    std::memcpy(pairs_.row(p) + 2 * static_cast<std::ptrdiff_t>(x * channels_ + c),
                                place.weights.data() + static_cast<std::ptrdiff_t>(2 * p), 2 * sizeof(std::int16_t));
        }
        runs_.push_back({samples, 0});
    }

    /// Second shear of one row: `row` of the first picture, each column lifted by its own shift. A run's last vector may reach
    /// into the next run, which then writes its own samples over it.
    void shear_columns(int row) {
        std::int16_t* out = second_.row(0);
        for (std::size_t r = 0; r + 1 < runs_.size(); ++r) {
            const std::int16_t* in = first_.row(row + runs_[r].shift - kBefore);
            const std::ptrdiff_t step = first_.stride;
            for (int i = runs_[r].from; i < runs_[r + 1].from; i += kVector) {
                Sum s;
                for (int p = 0; p < 3; ++p) {
                    const std::int16_t* w = pairs_.row(p) + 2 * static_cast<std::ptrdiff_t>(i);
                    s.add(in + 2 * p * step + i, in + (2 * p + 1) * step + i, cv::v_load(w), cv::v_load(w + kVector));
                }
                cv::v_store(out + i, cv::v_rshr_pack<14>(s.low, s.high));
            }
        }
    }

    /// Third shear, to whole levels again.
    void finish_row(const RowFilter& filter, const std::int16_t* in, std::uint8_t* out, int samples) const {
        int i = 0;
        std::uint8_t last[kVector];
        for (; i < samples; i += kVector) {
            const Sum s = filter.at(in + i, channels_);
            std::uint8_t* to = i + kVector <= samples ? out + i : last;
            cv::v_pack_u_store(to, cv::v_rshr_pack<14 + kFraction>(s.low, s.high));
            if (to == last) std::memcpy(out + i, last, static_cast<std::size_t>(samples - i));
        }
    }

    static void widen(const std::uint8_t* in, std::int16_t* out, int n) {
        int i = 0;
        for (; i + kVector <= n; i += kVector)
            cv::v_store(out + i, cv::v_reinterpret_as_s16(cv::v_load_expand(in + i)));
        for (; i < n; ++i) out[i] = in[i];
    }

    struct Run {
        int from, shift;
    };
    const cv::Mat& source_;
    int fill_, channels_;
    double q_, p_, b_, a_;
    std::vector<Place> source_rows_;
    Samples first_, second_, pairs_;
    std::vector<Run> runs_;
    std::vector<std::int16_t> line_;
};

} // namespace

bool is_small_turn(const cv::Matx33d& m) {
    const double scale = m(2, 2), c = m(0, 0) / scale, s = m(1, 0) / scale;
    return std::abs(m(2, 0)) < 1e-12 && std::abs(m(2, 1)) < 1e-12 && c > 0.939 && std::abs(c * c + s * s - 1) < 1e-9 &&
           std::abs(m(1, 1) / scale - c) < 1e-9 && std::abs(m(0, 1) / scale + s) < 1e-9;
}

void turn_pixels(const cv::Mat& source, cv::Mat& page, const cv::Matx33d& back, int fill) {
    Turn(source, back * (1 / back(2, 2)), fill).fill(page);
}

} // namespace recto::files
