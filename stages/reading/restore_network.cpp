#include "stages/reading/restore_network.h"

#ifdef RECTO_PPOCR

#include <cstdint>
#include <memory>
#include <vector>

#include <openvino/op/ops.hpp>

#include "stages/reading/restore.h"

namespace recto::reading {

namespace {

/// A layer of filters: weights are int8, [channel out][channel in][row][column], with one scale and one bias for each channel out.
struct Filters {
    int in, out, side;
};

/// kRestoreLayers (Filters, in the order in which they are used), kRestoreWeights (std::int8_t), kRestoreScales, kRestoreBiases
/// (float): one after the other.
#include "stages/reading/restore_weights.inc"

using Node = ov::Output<ov::Node>;

/// Takes layer after layer of the table.
class Layers {
  public:
    Node filter(const Node& in, std::size_t stride = 1) {
        const Filters& f = kRestoreLayers[layer_++];
        const auto out = static_cast<std::size_t>(f.out), each = static_cast<std::size_t>(f.in * f.side * f.side);
        std::vector<float> weights(out * each);
        for (std::size_t i = 0; i < weights.size(); ++i)
            weights[i] = static_cast<float>(kRestoreWeights[weight_ + i]) * kRestoreScales[channel_ + i / each];
        const auto side = static_cast<std::size_t>(f.side);
        const auto shape = ov::Shape{out, static_cast<std::size_t>(f.in), side, side};
        const auto kernel = std::make_shared<ov::op::v0::Constant>(ov::element::f32, shape, weights);
        const auto bias = std::make_shared<ov::op::v0::Constant>(ov::element::f32, ov::Shape{1, out, 1, 1},
                                                                 &kRestoreBiases[channel_]);
        const ov::CoordinateDiff pad(2, f.side / 2);
        const auto sums =
            std::make_shared<ov::op::v1::Convolution>(in, kernel, ov::Strides(2, stride), pad, pad, ov::Strides{1, 1});
        weight_ += weights.size(), channel_ += out;
        return std::make_shared<ov::op::v1::Add>(sums, bias);
    }
    Node layer(const Node& in, std::size_t stride = 1) { return relu(filter(in, stride)); }
    /// Adds to its input.
    Node block(const Node& in) { return std::make_shared<ov::op::v1::Add>(in, layer(in)); }
    /// `coarse` with half as many channels as it has, at twice its size, added to `fine`.
    Node joined(const Node& fine, const Node& coarse) {
        return relu(std::make_shared<ov::op::v1::Add>(fine, twice(filter(coarse))));
    }

  private:
    static Node relu(const Node& in) { return std::make_shared<ov::op::v0::Relu>(in); }
    static Node twice(const Node& in) {
        using I = ov::op::v4::Interpolate;
        const auto number = [](auto type, const std::vector<float>& values) {
            return std::make_shared<ov::op::v0::Constant>(type, ov::Shape{2}, values);
        };
        const auto sizes = number(ov::element::i64, {0, 0}), axes = number(ov::element::i64, {2, 3});
        I::InterpolateAttrs how(I::InterpolateMode::NEAREST, I::ShapeCalcMode::SCALES, {0, 0, 0, 0}, {0, 0, 0, 0},
                                I::CoordinateTransformMode::ASYMMETRIC, I::NearestMode::FLOOR);
        return std::make_shared<I>(in, sizes, number(ov::element::f32, {2, 2}), axes, how);
    }

    std::size_t layer_ = 0, weight_ = 0, channel_ = 0;
};

/// Grey levels in and out. Four sizes, each half of the one before, and back; what was seen at a size is added on the way back.
std::shared_ptr<ov::Model> make_model() {
    const auto page =
        std::make_shared<ov::op::v0::Parameter>(ov::element::u8, ov::Shape{1, 1, kRestoredTile, kRestoredTile});
    const auto number = [](float value) {
        return std::make_shared<ov::op::v0::Constant>(ov::element::f32, ov::Shape{}, std::vector<float>{value});
    };
    const Node grey = std::make_shared<ov::op::v0::Convert>(page, ov::element::f32);
    const Node ink =
        std::make_shared<ov::op::v1::Add>(std::make_shared<ov::op::v1::Multiply>(grey, number(-1 / 255.0F)), number(1));
    Layers l;
    Node one = l.layer(ink);
    Node two = l.block(l.layer(one, 2));
    Node four = l.layer(two, 2);
    for (int i = 0; i < 2; ++i) four = l.block(four);
    Node eight = l.layer(four, 2);
    for (int i = 0; i < 4; ++i) eight = l.block(eight);
    four = l.joined(four, eight);
    for (int i = 0; i < 2; ++i) four = l.block(four);
    two = l.block(l.joined(two, four));
    one = l.block(l.joined(one, two));
    const Node chance = std::make_shared<ov::op::v0::Sigmoid>(l.filter(one));
    const Node out =
        std::make_shared<ov::op::v1::Add>(std::make_shared<ov::op::v1::Multiply>(chance, number(-255)), number(255));
    return std::make_shared<ov::Model>(ov::OutputVector{out}, ov::ParameterVector{page});
}

} // namespace

cv::Mat RestoreNetwork::restore(const cv::Mat& tile) {
    const std::lock_guard lock(mutex_);
    if (!network_) network_ = core_.compile_model(make_model(), "CPU", how_);
    ov::InferRequest request = network_->create_infer_request(); // kept, it would keep its pictures
    request.set_input_tensor(
        {ov::element::u8, {1, 1, kRestoredTile, kRestoredTile}, const_cast<std::uint8_t*>(tile.data)});
    request.infer();
    cv::Mat out;
    cv::Mat(kRestoredTile, kRestoredTile, CV_32FC1, request.get_output_tensor().data<float>()).convertTo(out, CV_8UC1);
    return out;
}

void RestoreNetwork::rest() {
    const std::lock_guard lock(mutex_);
    if (network_) network_->release_memory();
}

} // namespace recto::reading

#endif
