// Makes stages/treatment/orient_weights.inc: trains the small classifier of stages/treatment/orient_model.h on type set
// from fonts (typeset.h) and cut by the stage's own code. Usage:
//   train_orientation train OUT.inc FONT...     5 minutes of processor time on two threads; fixed seed: the same fonts in
//                                               the same order give the same weights on machines of one kind
//   train_orientation judge BLOCKS SEED FONT... blocks of other fonts and another seed, each in its four turns, by the
//                                               weights that are built in
// The weights in use come from bench/train_orientation.sh, which names the fonts.

#include <algorithm>
#include <array>
#include <barrier>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <opencv2/core/utility.hpp>
#include <opencv2/imgproc.hpp>

#include "bench/typeset.h"
#include "stages/treatment/analysis.h"
#include "stages/treatment/orient.h"
#include "stages/treatment/orient_model.h"
#include "stages/treatment/orient_windows.h"

using namespace recto::treat;
using namespace recto::treat::net;
using recto::bench::Block;
using recto::bench::Typesetter;

namespace {
constexpr int kThreads = 2; ///< Part of the result: sums are taken in their order.
constexpr int kBlocks = 14000, kTestBlocks = 400, kFromBlock = 24, kEpochs = 6, kBatch = 96;

/// An upright window in a byte a pixel, and what it was cut from.
struct Sample {
    std::array<std::int8_t, kWindowPixels> pixels;
    std::uint8_t kind;
};

std::vector<Sample> cut_samples(const Block& block) {
    std::vector<Sample> out;
    const cv::Mat ink = normalised_ink(block.ink);
    const Print print(ink, 0);
    const std::size_t step = std::max<std::size_t>(1, print.count() / kFromBlock);
    Window w;
    for (std::size_t i = 0; i < print.count() && out.size() < kFromBlock; i += step) {
        if (!print.window(i, 0, 1, w)) continue;
        Sample s;
        for (std::size_t k = 0; k < w.size(); ++k)
            s.pixels[k] = static_cast<std::int8_t>(std::clamp(std::lround(w[k] * 24), -127L, 127L));
        s.kind = static_cast<std::uint8_t>(block.kind);
        out.push_back(s);
    }
    return out;
}

std::vector<Sample> make(const std::vector<std::string>& fonts, int blocks, std::uint32_t seed) {
    std::vector<std::vector<Sample>> of_block(static_cast<std::size_t>(blocks));
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                Typesetter typesetter(fonts);
                for (int i = t; i < blocks; i += kThreads)
                    of_block[static_cast<std::size_t>(i)] =
                        cut_samples(typesetter.set(seed + static_cast<std::uint32_t>(i), 380));
            });
    }
    std::vector<Sample> out;
    for (const auto& s : of_block) out.insert(out.end(), s.begin(), s.end());
    return out;
}

/// Where each pixel of a window turned clockwise by 90 `quarters` comes from.
const std::array<std::array<int, kWindowPixels>, 4>& turns() {
    static const auto kTable = [] {
        std::array<std::array<int, kWindowPixels>, 4> t{};
        for (int y = 0; y < kWindow; ++y)
            for (int x = 0; x < kWindow; ++x) {
                int u = x, v = y;
                for (auto& table : t) {
                    table[static_cast<std::size_t>(y * kWindow + x)] = v * kWindow + u;
                    const int swap = u; // one quarter more
                    u = v;
                    v = kWindow - 1 - swap;
                }
            }
        return t;
    }();
    return kTable;
}

void unpack(const Sample& s, std::size_t quarters, Window& w) {
    const auto& from = turns()[quarters];
    for (std::size_t k = 0; k < w.size(); ++k)
        w[k] = static_cast<float>(s.pixels[static_cast<std::size_t>(from[k])]) / 24.0F;
}

/// Everything that is learnt, in one row: filters and biases of the three layers, then of the sums.
constexpr int kAtTwo = kWeightsOne + kOne, kAtThree = kAtTwo + kWeightsTwo + kTwo,
              kAtOut = kAtThree + kWeightsThree + kThree, kAll = kAtOut + kWeightsOut + 4;
using Parameters = std::vector<float>;

/// One layer forward: before the maximum all outputs are kept, `where` says which of them won.
template <int In, int Out, int Pool>
void forward(const float* in, int side, const float* w, float* out, std::uint8_t* where) {
    const int outside = (side - 2) / Pool;
    for (int y = 0; y < outside; ++y)
        for (int x = 0; x < outside; ++x, out += Out, where += Out) {
            for (int c = 0; c < Out; ++c) out[c] = 0, where[c] = 255; // 255: below 0, nothing flows back
            for (int d = 0; d < Pool * Pool; ++d) {
                const float* at = in + ((y * Pool + d / Pool) * side + x * Pool + d % Pool) * In;
                float sum[Out];
                for (int c = 0; c < Out; ++c) sum[c] = w[9 * In * Out + c];
                const float* f = w;
                for (int r = 0; r < 3; ++r)
                    for (int k = 0; k < 3 * In; ++k, f += Out) {
                        const float v = at[r * side * In + k];
                        for (int c = 0; c < Out; ++c) sum[c] += v * f[c];
                    }
                for (int c = 0; c < Out; ++c)
                    if (sum[c] > out[c]) out[c] = sum[c], where[c] = static_cast<std::uint8_t>(d);
            }
        }
}

/// And back: `error` of the outputs to gradients `g` of the weights and, where wanted, the error of the inputs.
template <int In, int Out, int Pool>
void backward(const float* in, int side, const float* w, const float* error, const std::uint8_t* where, float* g,
              float* error_in) {
    const int outside = (side - 2) / Pool;
    if (error_in) std::fill(error_in, error_in + side * side * In, 0.0F);
    for (int y = 0; y < outside; ++y)
        for (int x = 0; x < outside; ++x, error += Out, where += Out)
            for (int d = 0; d < Pool * Pool; ++d) {
                float e[Out];
                bool any = false;
                for (int c = 0; c < Out; ++c) {
                    e[c] = where[c] == d ? error[c] : 0;
                    any |= e[c] != 0;
                }
                if (!any) continue;
                const int at = ((y * Pool + d / Pool) * side + x * Pool + d % Pool) * In;
                for (int c = 0; c < Out; ++c) g[9 * In * Out + c] += e[c];
                for (int r = 0; r < 3; ++r)
                    for (int k = 0; k < 3 * In; ++k) {
                        const int i = at + r * side * In + k;
                        float* gf = g + (r * 3 * In + k) * Out;
                        for (int c = 0; c < Out; ++c) gf[c] += in[i] * e[c];
                        if (!error_in) continue;
                        const float* f = w + (r * 3 * In + k) * Out;
                        float sum = 0;
                        for (int c = 0; c < Out; ++c) sum += f[c] * e[c];
                        error_in[i] += sum;
                    }
            }
}

/// One thread's part of the work, with all values in between.
struct Worker {
    Window input{};
    std::array<float, kSideOne * kSideOne * kOne> one{}, error_one{};
    std::array<float, kSideTwo * kSideTwo * kTwo> two{}, error_two{};
    std::array<float, kFlat> three{}, error_three{};
    std::array<std::uint8_t, kSideOne * kSideOne * kOne> where_one{};
    std::array<std::uint8_t, kSideTwo * kSideTwo * kTwo> where_two{};
    std::array<std::uint8_t, kFlat> where_three{};
    std::array<float, 4> p{};
    Parameters gradient = Parameters(kAll);
    double loss = 0;

    void look(const Parameters& w) {
        forward<1, kOne, 2>(input.data(), kWindow, w.data(), one.data(), where_one.data());
        forward<kOne, kTwo, 2>(one.data(), kSideOne, w.data() + kAtTwo, two.data(), where_two.data());
        forward<kTwo, kThree, 1>(two.data(), kSideTwo, w.data() + kAtThree, three.data(), where_three.data());
        const float* out = w.data() + kAtOut;
        for (std::size_t c = 0; c < 4; ++c) p[c] = out[kWeightsOut + c];
        for (std::size_t i = 0; i < kFlat; ++i)
            for (std::size_t c = 0; c < 4; ++c) p[c] += three[i] * out[4 * i + c];
        const float top = *std::max_element(p.begin(), p.end());
        float sum = 0;
        for (auto& v : p) sum += v = std::exp(v - top);
        for (auto& v : p) v /= sum;
    }
    void learn(const Parameters& w, std::size_t label) {
        look(w);
        loss -= std::log(std::max(1e-9F, p[label]));
        p[label] -= 1;
        float* g = gradient.data();
        for (std::size_t c = 0; c < 4; ++c) g[kAtOut + kWeightsOut + c] += p[c];
        for (std::size_t i = 0; i < kFlat; ++i) {
            float sum = 0;
            for (std::size_t c = 0; c < 4; ++c) {
                g[kAtOut + 4 * i + c] += three[i] * p[c];
                sum += w[kAtOut + 4 * i + c] * p[c];
            }
            error_three[i] = sum;
        }
        backward<kTwo, kThree, 1>(two.data(), kSideTwo, w.data() + kAtThree, error_three.data(), where_three.data(),
                                  g + kAtThree, error_two.data());
        backward<kOne, kTwo, 2>(one.data(), kSideOne, w.data() + kAtTwo, error_two.data(), where_two.data(), g + kAtTwo,
                                error_one.data());
        backward<1, kOne, 2>(input.data(), kWindow, w.data(), error_one.data(), where_one.data(), g, nullptr);
    }
};

double real(std::mt19937& engine) { return static_cast<double>(engine()) / 4294967296.0; }

Parameters first_weights(std::mt19937& engine) {
    Parameters w(kAll);
    const auto fill = [&](int at, int count, int inputs) {
        for (int i = 0; i < count; ++i)
            w[static_cast<std::size_t>(at + i)] =
                static_cast<float>((2 * real(engine) - 1) * std::sqrt(6.0 / inputs)); // for outputs cut at 0
    };
    fill(0, kWeightsOne, 9);
    fill(kAtTwo, kWeightsTwo, 9 * kOne);
    fill(kAtThree, kWeightsThree, 9 * kTwo);
    fill(kAtOut, kWeightsOut, 2 * kFlat);
    return w;
}

void say_accuracy(const Parameters& w, const std::vector<Sample>& test) {
    Worker worker;
    std::array<int, recto::bench::kKinds> right{}, all{};
    for (std::size_t i = 0; i < test.size(); ++i) {
        unpack(test[i], i % 4, worker.input);
        worker.look(w);
        const auto best =
            static_cast<std::size_t>(std::max_element(worker.p.begin(), worker.p.end()) - worker.p.begin());
        right[test[i].kind] += best == i % 4;
        ++all[test[i].kind];
    }
    for (std::size_t k = 0; k < all.size(); ++k)
        if (all[k] > 0)
            std::fprintf(stderr, "  %s %.1f %%", name(static_cast<recto::bench::Kind>(k)),
                         100.0 * right[k] / std::max(1, all[k]));
    std::fprintf(stderr, "\n");
}

/// Adam (Kingma and Ba 2015) with a rate that falls as a cosine.
Parameters train(const std::vector<Sample>& training, const std::vector<Sample>& test) {
    std::mt19937 engine(20261123);
    Parameters w = first_weights(engine), first(kAll), second(kAll);
    std::vector<std::uint32_t> order(training.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
    std::vector<Worker> workers(kThreads);
    const std::size_t steps = training.size() / kBatch;
    std::size_t step = 0;
    std::vector<std::uint32_t> chances(kBatch);
    const auto update = [&] {
        const double done = static_cast<double>(step) / static_cast<double>(steps * kEpochs);
        const double warm = std::min(1.0, static_cast<double>(step + 1) / 500);
        const double rate = 2e-3 * warm * (0.5 * (1 + std::cos(3.14159265358979 * done)) + 0.005);
        ++step;
        const double fix1 = 1 - std::pow(0.9, step), fix2 = 1 - std::pow(0.999, step);
        for (std::size_t i = 0; i < kAll; ++i) {
            float g = 0;
            for (auto& worker : workers) {
                g += worker.gradient[i];
                worker.gradient[i] = 0;
            }
            g /= kBatch;
            first[i] = 0.9F * first[i] + 0.1F * g;
            second[i] = 0.999F * second[i] + 0.001F * g * g;
            w[i] -= static_cast<float>(rate * (first[i] / fix1) / (std::sqrt(second[i] / fix2) + 1e-8) +
                                       rate * 2e-3 * static_cast<double>(w[i]));
        }
    };
    const auto next_batch = [&]() noexcept {
        update();
        for (auto& c : chances) c = engine();
    };
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
        for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[engine() % (i + 1)]);
        for (auto& c : chances) c = engine();
        std::barrier meet(kThreads, next_batch);
        {
            std::vector<std::jthread> threads;
            for (int t = 0; t < kThreads; ++t)
                threads.emplace_back([&, t] {
                    Worker& me = workers[static_cast<std::size_t>(t)];
                    for (std::size_t b = 0; b < steps; ++b) {
                        const std::size_t start = b * kBatch;
                        for (std::size_t k = static_cast<std::size_t>(t); k < kBatch; k += kThreads) {
                            const std::uint32_t c = chances[k];
                            const std::size_t quarters = c % 4;
                            unpack(training[order[start + k]], quarters, me.input);
                            if (c / 4 % 32 == 0) { // no print at all: nothing can be told by it
                                Window other;
                                unpack(training[order[start + (k + 1) % kBatch]], (quarters + 1 + c / 128 % 3) % 4,
                                       other);
                                for (std::size_t i = 0; i < other.size(); ++i)
                                    me.input[i] = std::max(me.input[i], other[i]) * 0.8F - 0.3F;
                                me.learn(w, c / 1024 % 4);
                            } else me.learn(w, quarters);
                        }
                        meet.arrive_and_wait();
                    }
                });
        }
        double loss = 0;
        for (auto& worker : workers) {
            loss += worker.loss;
            worker.loss = 0;
        }
        std::fprintf(stderr, "epoch %d loss %.4f", epoch + 1, loss / static_cast<double>(training.size()));
        say_accuracy(w, test);
    }
    return w;
}

void write(const char* path, const Parameters& w) {
    std::ofstream out(path);
    out << "// Made by bench/train_orientation.cpp; do not edit.\n";
    const auto layer = [&](const char* name, int at, int count, int channels) {
        std::vector<float> most(static_cast<std::size_t>(channels), 1e-9F);
        const float* v = w.data() + at;
        for (int i = 0; i < count; ++i) {
            auto& m = most[static_cast<std::size_t>(i % channels)];
            m = std::max(m, std::abs(v[i]));
        }
        out << "inline constexpr std::int8_t kFilters" << name << "[kWeights" << name << "] = {\n";
        for (int i = 0; i < count; ++i)
            out << std::lround(v[i] / most[static_cast<std::size_t>(i % channels)] * 127)
                << (i % 40 == 39 ? ",\n" : ",");
        const auto floats = [&](const char* what, const float* from, float by) {
            out << "};\ninline constexpr float k" << what << name << "[" << channels << "] = {\n";
            for (int i = 0; i < channels; ++i) {
                char text[32];
                std::snprintf(text, sizeof text, "%.6eF,", static_cast<double>(from[i] * by));
                out << text << (i % 8 == 7 ? "\n" : "");
            }
        };
        floats("Scale", most.data(), 1.0F / 127);
        floats("Bias", v + count, 1);
        out << "};\n";
    };
    layer("One", 0, kWeightsOne, kOne);
    layer("Two", kAtTwo, kWeightsTwo, kTwo);
    layer("Three", kAtThree, kWeightsThree, kThree);
    layer("Out", kAtOut, kWeightsOut, 4);
}

/// Blocks, every fifth a receipt, in their four turns through the whole cheap test. A line for each: kind, right or not, confidence.
int judge_blocks(int blocks, std::uint32_t seed, const std::vector<std::string>& fonts) {
    Typesetter typesetter(fonts);
    struct Count {
        int all = 0, right = 0, sure = 0, sure_wrong = 0, windows = 0;
    };
    std::array<Count, recto::bench::kKinds> counts{};
    for (int i = 0; i < blocks; ++i) {
        const std::uint32_t of_block = seed + static_cast<std::uint32_t>(i);
        const Block b = i % 5 == 4 ? typesetter.set_receipt(of_block, 700) : typesetter.set(of_block, 700);
        Count& count = counts[static_cast<std::size_t>(b.kind)];
        for (int q = 0; q < 4; ++q) {
            const Orientation o = estimate_orientation(normalised_ink(turned(b.ink, q)), 0);
            const bool right = o.turn_deg == (360 - 90 * q) % 360, sure = o.confidence >= kSureOrientation;
            ++count.all;
            count.right += right;
            count.sure += sure;
            count.sure_wrong += sure && !right;
            count.windows += o.witnesses;
        }
    }
    for (std::size_t k = 0; k < counts.size(); ++k)
        std::printf("%-16s %5d turned blocks: right %.2f %%, sure %.2f %%, sure and wrong %d, %.0f windows\n",
                    name(static_cast<recto::bench::Kind>(k)), counts[k].all,
                    100.0 * counts[k].right / std::max(1, counts[k].all),
                    100.0 * counts[k].sure / std::max(1, counts[k].all), counts[k].sure_wrong,
                    static_cast<double>(counts[k].windows) / std::max(1, counts[k].all));
    return 0;
}
} // namespace

int main(int argc, char** argv) {
    const bool training = argc > 3 && std::strcmp(argv[1], "train") == 0,
               judging = argc > 4 && std::strcmp(argv[1], "judge") == 0;
    if (!training && !judging)
        return std::fprintf(stderr, "usage: train_orientation train OUT.inc FONT... | judge BLOCKS SEED FONT...\n"), 64;
    cv::setNumThreads(1);
    const std::vector<std::string> fonts(argv + (training ? 3 : 4), argv + argc);
    if (Typesetter(fonts).empty()) return std::fprintf(stderr, "fonts of both scripts are needed\n"), 66;
    if (judging) return judge_blocks(std::atoi(argv[2]), static_cast<std::uint32_t>(std::atoi(argv[3])), fonts);
    const auto samples = make(fonts, kBlocks, 1'000'000), test = make(fonts, kTestBlocks, 9'000'000);
    std::fprintf(stderr, "%zu windows\n", samples.size());
    write(argv[2], train(samples, test));
    return 0;
}
