// What the recognizer learnt of worn print belongs to one file of weights; its layers take it, and others refuse it.

#include "stages/reading/worn_network.h"

#ifdef RECTO_PPOCR

#include <fstream>
#include <iterator>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <openvino/op/ops.hpp>

#include "pipeline/core/digest.h"

using namespace recto;
using namespace recto::reading;

namespace {

const std::string kFile = std::string(RECTO_SOURCE_DIR) + "/build/deps/models/ppocrv6_small_rec.onnx";

TEST(WornNetwork, KnowsTheFileItLearntFrom) {
    std::ifstream in(kFile, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    EXPECT_TRUE(has_learnt_worn_print(digest_hex(DigestAlgorithm::Sha256, bytes)))
        << "another network came with the packages: bench/train_worn_reading.sh makes weights for it";
    EXPECT_FALSE(has_learnt_worn_print(digest_hex(DigestAlgorithm::Sha256, bytes + "x")));
}

TEST(WornNetwork, EachPictureHasItsSay) {
    ov::Core core;
    auto learnt = core.read_model(kFile);
    learn_worn_print(*learnt);
    const auto read = [&](const std::shared_ptr<ov::Model>& network, std::size_t stroke) {
        ov::Tensor line(ov::element::f32, {1, 3, 48, 112});
        std::fill_n(line.data<float>(), line.get_size(), 1.0F);
        for (std::size_t y = 12; y < 36; ++y) // in one of the three
            std::fill_n(line.data<float>() + ((stroke * 48 + y) * 112 + 50), 6, -1.0F);
        auto request = core.compile_model(network, "CPU").create_infer_request();
        request.set_input_tensor(line);
        request.infer();
        const ov::Tensor out = request.get_output_tensor();
        return std::vector<float>(out.data<float>(), out.data<float>() + out.get_size());
    };
    const std::vector<float> scan = read(learnt, 0), whole = read(learnt, 1), even = read(learnt, 2);
    EXPECT_NEAR(std::accumulate(scan.begin(), scan.end(), 0.0), 14, 1e-3) << "a share for each character, at 14 steps";
    EXPECT_NE(scan, whole);
    EXPECT_NE(whole, even);
    EXPECT_NE(scan, read(core.read_model(kFile), 0)) << "it learnt something";
}

TEST(WornNetwork, IsRefusedByOtherLayers) {
    const auto in = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 3, 48, -1});
    const auto make = [&](const std::string& name) {
        const std::vector<float> ones(std::size_t{3} * 3, 1);
        auto kernel = std::make_shared<ov::op::v0::Constant>(ov::element::f32, ov::Shape{1, 3, 3, 1}, ones);
        kernel->set_friendly_name(name);
        const auto sums = std::make_shared<ov::op::v1::Convolution>(
            in, kernel, ov::Strides{1, 1}, ov::CoordinateDiff{0, 0}, ov::CoordinateDiff{0, 0}, ov::Strides{1, 1});
        return std::make_shared<ov::Model>(ov::OutputVector{sums}, ov::ParameterVector{in});
    };
    EXPECT_THROW(learn_worn_print(*make("other")), std::runtime_error);
    EXPECT_THROW(learn_worn_print(*make("conv2d_68.w_0")), std::runtime_error) << "a name it knows, of another shape";
}

} // namespace

#endif
