#include "stages/treatment/sauvola.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <opencv2/core/hal/intrin.hpp>

namespace recto::treat {
namespace {
/// Sums of levels and of their squares over `window` rows, a column each; moved down row by row, so that a window costs the
/// same whatever its size.
class ColumnSums {
  public:
    ColumnSums(const cv::Mat& padded, int window)
        : padded_(padded), window_(window), levels_(static_cast<std::size_t>(padded.cols) + 8),
          squares_(levels_.size()) {
        const std::vector<std::uint8_t> none(levels_.size(), 0);
        for (int y = 0; y + 1 < window; ++y) exchange(padded.ptr<std::uint8_t>(y), none.data());
        none_ = none;
    }
    /// For the window whose first row is `y`; called for 0, 1, 2, ...
    void move_to(int y) {
        exchange(padded_.ptr<std::uint8_t>(y + window_ - 1), y > 0 ? padded_.ptr<std::uint8_t>(y - 1) : none_.data());
    }
    /// Element i becomes the sum of the first i columns, modulo 2^32.
    void sum_up(std::vector<std::uint32_t>& levels, std::vector<std::uint32_t>& squares) const {
        std::uint32_t level = 0, square = 0;
        for (std::size_t x = 0; x + 1 < levels.size(); ++x) {
            levels[x + 1] = level += static_cast<std::uint32_t>(levels_[x]);
            squares[x + 1] = square += static_cast<std::uint32_t>(squares_[x]);
        }
    }

  private:
    void exchange(const std::uint8_t* in, const std::uint8_t* out) {
        int x = 0;
        for (; x + 8 <= padded_.cols; x += 8) { // a^2 - b^2 = (a - b)(a + b)
            const cv::v_int16x8 a = cv::v_reinterpret_as_s16(cv::v_load_expand(in + x)),
                                b = cv::v_reinterpret_as_s16(cv::v_load_expand(out + x)), d = a - b;
            cv::v_int32x4 level[2], square[2];
            cv::v_expand(d, level[0], level[1]);
            cv::v_mul_expand(d, a + b, square[0], square[1]);
            for (int half = 0; half < 2; ++half) {
                int* l = &levels_[static_cast<std::size_t>(x) + 4 * half];
                int* q = &squares_[static_cast<std::size_t>(x) + 4 * half];
                cv::v_store(l, cv::v_load(l) + level[half]);
                cv::v_store(q, cv::v_load(q) + square[half]);
            }
        }
        for (; x < padded_.cols; ++x) {
            levels_[static_cast<std::size_t>(x)] += in[x] - out[x];
            squares_[static_cast<std::size_t>(x)] += in[x] * in[x] - out[x] * out[x];
        }
    }
    const cv::Mat& padded_;
    int window_;
    std::vector<int> levels_, squares_;
    std::vector<std::uint8_t> none_;
};

} // namespace

/// Squared, so that no root is drawn: with t = v - m (1 - k), ink where t < 0 or t^2 < (m k / range)^2 s^2.
cv::Mat sauvola(const cv::Mat& image, int window, double k, double range, int lightest) {
    cv::Mat padded, ink(image.size(), CV_8UC1, cv::Scalar(0));
    const int half = window / 2;
    cv::copyMakeBorder(image, padded, half, half, half, half, cv::BORDER_REFLECT);
    ColumnSums columns(padded, window);
    // Sums from the row's start; what a sum of squares loses beyond 32 bits, its differences do not need.
    std::vector<std::uint32_t> levels(static_cast<std::size_t>(padded.cols) + 1, 0), squares(levels.size(), 0);
    const auto count = static_cast<float>(1.0 / (static_cast<double>(window) * window)),
               rest = static_cast<float>(1 - k), slope = static_cast<float>(k / range);
    const auto in_window = [&](const std::vector<std::uint32_t>& sums, int x) {
        return static_cast<float>(sums[static_cast<std::size_t>(x + window)] - sums[static_cast<std::size_t>(x)]);
    };
    const auto is_ink = [&](std::uint8_t v, int x) {
        const float m = in_window(levels, x) * count, variance = std::max(0.0F, in_window(squares, x) * count - m * m);
        const float t = v - m * rest, reach = m * slope;
        return v <= lightest && (t < 0 || t * t < reach * reach * variance);
    };
    const auto four_in_window = [&](const std::vector<std::uint32_t>& sums, int x) {
        return cv::v_cvt_f32(cv::v_reinterpret_as_s32(cv::v_load(&sums[static_cast<std::size_t>(x + window)]) -
                                                      cv::v_load(&sums[static_cast<std::size_t>(x)])));
    };
    const cv::v_uint8x16 limit = cv::v_setall_u8(static_cast<std::uint8_t>(std::clamp(lightest, 0, 255)));
    for (int y = 0; y < image.rows; ++y) {
        columns.move_to(y);
        const auto* v = image.ptr<std::uint8_t>(y);
        if (*std::min_element(v, v + image.cols) > lightest) continue; // between the lines
        columns.sum_up(levels, squares);
        auto* o = ink.ptr<std::uint8_t>(y);
        const auto four = [&](int x, const cv::v_uint32x4& values) {
            const cv::v_float32x4 m = four_in_window(levels, x) * cv::v_setall_f32(count);
            const cv::v_float32x4 variance =
                cv::v_max(cv::v_setzero_f32(), four_in_window(squares, x) * cv::v_setall_f32(count) - m * m);
            const cv::v_float32x4 level = cv::v_cvt_f32(cv::v_reinterpret_as_s32(values));
            const cv::v_float32x4 t = level - m * cv::v_setall_f32(rest), reach = m * cv::v_setall_f32(slope);
            return cv::v_reinterpret_as_s32((t < cv::v_setzero_f32()) | (t * t < reach * reach * variance));
        };
        int x = 0;
        for (; x + 16 <= image.cols; x += 16) {
            const cv::v_uint8x16 sixteen = cv::v_load(v + x), candidates = sixteen <= limit;
            if (!cv::v_check_any(candidates)) continue;
            cv::v_uint16x8 low, high;
            cv::v_uint32x4 part[4];
            cv::v_expand(sixteen, low, high);
            cv::v_expand(low, part[0], part[1]);
            cv::v_expand(high, part[2], part[3]);
            // Masks of 32 bits, -1 or 0, narrowed to 255 or 0.
            const cv::v_int8x16 mask = cv::v_pack(cv::v_pack(four(x, part[0]), four(x + 4, part[1])),
                                                  cv::v_pack(four(x + 8, part[2]), four(x + 12, part[3])));
            cv::v_store(o + x, cv::v_reinterpret_as_u8(mask) & candidates);
        }
        for (; x < image.cols; ++x) o[x] = is_ink(v[x], x) ? 255 : 0;
    }
    return ink;
}

} // namespace recto::treat
