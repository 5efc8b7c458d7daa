#include "stages/treatment/orient_model.h"

#include <algorithm>
#include <cmath>

#include <opencv2/core/hal/intrin.hpp>
#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {
/// int8 weights, one scale a row: kHiddenWeights[kHidden * kWindowPixels], kHiddenScale[kHidden], kHiddenBias[kHidden],
/// kOutWeights[4 * kHidden], kOutBias[4].
#include "stages/treatment/orient_weights.inc"

/// The hidden layer's weights as floats, made once.
const std::array<float, kHidden * kWindowPixels>& weights() {
    static const auto kTable = [] {
        std::array<float, kHidden * kWindowPixels> t{};
        for (std::size_t i = 0; i < t.size(); ++i) t[i] = static_cast<float>(kHiddenWeights[i]);
        return t;
    }();
    return kTable;
}
static_assert(kWindowPixels % 8 == 0);
} // namespace

void cut_windows(const cv::Mat& band, int most, std::vector<Window>& out) {
    if (band.rows < 6 || band.cols < 6 || most <= 0) return;
    const int length =
        std::max(kWindow, static_cast<int>(std::lround(band.cols * static_cast<double>(kWindow) / band.rows)));
    cv::Mat line;
    cv::resize(band, line, cv::Size(length, kWindow), 0, 0, band.rows > kWindow ? cv::INTER_AREA : cv::INTER_LINEAR);
    // Half-overlapping windows, thinned evenly when there are too many.
    const int places = std::max(1, (length - kWindow) / (kWindow / 2) + 1);
    const int step = std::max(1, (places + most - 1) / most);
    for (int i = 0; i < places; i += step) {
        const int x = std::min(i * (kWindow / 2), length - kWindow);
        double sum = 0, squares = 0;
        for (int y = 0; y < kWindow; ++y) {
            const auto* row = line.ptr<std::uint8_t>(y) + x;
            for (int k = 0; k < kWindow; ++k) {
                sum += row[k];
                squares += static_cast<double>(row[k]) * row[k];
            }
        }
        const double mean = sum / kWindowPixels, variance = squares / kWindowPixels - mean * mean;
        if (mean < 12 || variance < 400) continue;
        const auto scale = static_cast<float>(1 / std::sqrt(variance));
        Window w;
        for (int y = 0; y < kWindow; ++y) {
            const auto* row = line.ptr<std::uint8_t>(y) + x;
            for (int k = 0; k < kWindow; ++k)
                w[static_cast<std::size_t>(y * kWindow + k)] =
                    (static_cast<float>(row[k]) - static_cast<float>(mean)) * scale;
        }
        out.push_back(w);
    }
}

Evidence judge(const Window& window) {
    std::array<float, kHidden> hidden{};
    for (int h = 0; h < kHidden; ++h) {
        const float* row = weights().data() + static_cast<std::ptrdiff_t>(h) * kWindowPixels;
        float sum = 0;
#if CV_SIMD128
        cv::v_float32x4 one = cv::v_setzero_f32(), two = cv::v_setzero_f32();
        for (int i = 0; i < kWindowPixels; i += 8) {
            one = cv::v_fma(cv::v_load(row + i), cv::v_load(window.data() + i), one);
            two = cv::v_fma(cv::v_load(row + i + 4), cv::v_load(window.data() + i + 4), two);
        }
        sum = cv::v_reduce_sum(one + two);
#else
        for (int i = 0; i < kWindowPixels; ++i) sum += row[i] * window[static_cast<std::size_t>(i)];
#endif
        hidden[static_cast<std::size_t>(h)] = std::max(0.0F, sum * kHiddenScale[h] + kHiddenBias[h]);
    }
    Evidence e{};
    double top = -1e9;
    for (std::size_t c = 0; c < 4; ++c) {
        double v = kOutBias[c];
        for (int h = 0; h < kHidden; ++h)
            v += static_cast<double>(kOutWeights[static_cast<int>(c) * kHidden + h]) *
                 hidden[static_cast<std::size_t>(h)];
        e[c] = v;
        top = std::max(top, v);
    }
    double sum = 0;
    for (double& v : e) sum += v = std::exp(v - top);
    for (double& v : e) v /= sum;
    return e;
}

} // namespace recto::treat
