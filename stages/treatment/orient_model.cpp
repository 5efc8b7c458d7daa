#include "stages/treatment/orient_model.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <opencv2/core/hal/intrin.hpp>

namespace recto::treat {
namespace {
using namespace net;

/// int8 weights with one scale for each channel out: kFilters{One,Two,Three}, kScale..., kBias..., and kOut..., which has a
/// scale for each turn.
#include "stages/treatment/orient_weights.inc"

/// The weights as floats, made once.
struct Weights {
    alignas(32) std::array<float, kWeightsOne> one;
    alignas(32) std::array<float, kWeightsTwo> two;
    alignas(32) std::array<float, kWeightsThree> three;
    alignas(32) std::array<float, kWeightsOut> out;

    Weights() {
        spread(kFiltersOne, kScaleOne, one, kOne);
        spread(kFiltersTwo, kScaleTwo, two, kTwo);
        spread(kFiltersThree, kScaleThree, three, kThree);
        spread(kFiltersOut, kScaleOut, out, 4);
    }
    template <std::size_t N>
    static void spread(const std::int8_t* from, const float* scale, std::array<float, N>& to, std::size_t channels) {
        for (std::size_t i = 0; i < N; ++i) to[i] = static_cast<float>(from[i]) * scale[i % channels];
    }
};
const Weights& weights() {
    static const Weights kTable;
    return kTable;
}

/// One output pixel of a layer: `in` is the top left of 3 x 3 pixels with In channels in rows of `stride` floats. `Out`
/// sums stay in registers.
template <int In, int Out> void filter(const float* in, int stride, const float* w, const float* bias, float* out) {
#if CV_SIMD128
    constexpr int kParts = Out / 4;
    cv::v_float32x4 sum[kParts];
    for (int p = 0; p < kParts; ++p) sum[p] = cv::v_load(bias + 4 * p);
    for (int y = 0; y < 3; ++y)
        for (int k = 0; k < 3 * In; ++k, w += Out) {
            const cv::v_float32x4 v = cv::v_setall_f32(in[y * stride + k]);
            for (int p = 0; p < kParts; ++p) sum[p] = cv::v_fma(v, cv::v_load(w + 4 * p), sum[p]);
        }
    for (int p = 0; p < kParts; ++p) cv::v_store(out + 4 * p, sum[p]);
#else
    std::copy(bias, bias + Out, out);
    for (int y = 0; y < 3; ++y)
        for (int k = 0; k < 3 * In; ++k, w += Out)
            for (int c = 0; c < Out; ++c) out[c] += in[y * stride + k] * w[c];
#endif
}

/// A layer of filters, then the maximum of each `Pool` x `Pool` outputs, none below 0. Square images, channels last.
template <int In, int Out, int Pool>
void layer(const float* in, int side, const float* w, const float* bias, float* out) {
    const int outside = (side - 2) / Pool;
    float one[Out];
    for (int y = 0; y < outside; ++y)
        for (int x = 0; x < outside; ++x, out += Out) {
            std::fill(out, out + Out, 0.0F);
            for (int dy = 0; dy < Pool; ++dy)
                for (int dx = 0; dx < Pool; ++dx) {
                    filter<In, Out>(in + ((y * Pool + dy) * side + x * Pool + dx) * In, side * In, w, bias, one);
                    for (int c = 0; c < Out; ++c) out[c] = std::max(out[c], one[c]);
                }
        }
}
} // namespace

Evidence judge(const Window& window) {
    const Weights& w = weights();
    std::array<float, kSideOne * kSideOne * kOne> one{};
    std::array<float, kSideTwo * kSideTwo * kTwo> two{};
    std::array<float, kFlat> three{};
    layer<1, kOne, 2>(window.data(), kWindow, w.one.data(), kBiasOne, one.data());
    layer<kOne, kTwo, 2>(one.data(), kSideOne, w.two.data(), kBiasTwo, two.data());
    layer<kTwo, kThree, 1>(two.data(), kSideTwo, w.three.data(), kBiasThree, three.data());
    Evidence e{};
    for (std::size_t c = 0; c < 4; ++c) e[c] = static_cast<double>(kBiasOut[c]);
    for (std::size_t i = 0; i < kFlat; ++i)
        for (std::size_t c = 0; c < 4; ++c) e[c] += static_cast<double>(three[i] * w.out[4 * i + c]);
    const double top = *std::max_element(e.begin(), e.end());
    double sum = 0;
    for (double& v : e) sum += v = std::exp(v - top);
    for (double& v : e) v /= sum;
    return e;
}

} // namespace recto::treat
