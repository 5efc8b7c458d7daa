#include "stages/reading/worn_network.h"

#ifdef RECTO_PPOCR

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <openvino/op/constant.hpp>

namespace recto::reading {

namespace {

/// What is added to the weights called `name` (Way::Sum: as many values, a row for each of the first index), or one of the two
/// factors of what is added (Way::Left has a row for each output, Way::Right one for each of the factors' common index), or what
/// each output is scaled by, beyond one (Way::Scale: one row). Values are int8, with one scale for each row.
enum class Way : std::uint8_t { Sum, Left, Right, Scale };
struct Learnt {
    std::string_view name;
    Way way;
    int rows, columns;
};

/// kWornOf, the SHA-256 of the file that they belong to; kWornTables (Learnt), kWornValues (std::int8_t), kWornScales (float): one after the other.
#include "stages/reading/worn_weights.inc"

/// Values of a table, row by row.
using Values = std::vector<float>;

struct Change {
    Values sum, left, right, scale;
    std::size_t rank = 0;
};

std::map<std::string_view, Change> all_changes() {
    std::map<std::string_view, Change> out;
    std::size_t value = 0, row = 0;
    for (const Learnt& t : kWornTables) {
        Change& change = out[t.name];
        Values& values = t.way == Way::Sum     ? change.sum
                         : t.way == Way::Left  ? change.left
                         : t.way == Way::Right ? change.right
                                               : change.scale;
        if (t.way == Way::Right) change.rank = static_cast<std::size_t>(t.rows);
        for (int r = 0; r < t.rows; ++r, ++row)
            for (int c = 0; c < t.columns; ++c)
                values.push_back(static_cast<float>(kWornValues[value++]) * kWornScales[row]);
    }
    return out;
}

bool fits(const Change& change, const ov::Shape& shape) {
    const std::size_t all = ov::shape_size(shape);
    if (!change.sum.empty()) return change.sum.size() == all;
    const std::size_t outputs = change.scale.size();
    return outputs > 0 && all % outputs == 0 && change.left.size() == outputs * change.rank &&
           change.right.size() == change.rank * (all / outputs) && shape[shape.size() == 2 ? 1 : 0] == outputs;
}

/// Filters have a row for each output, matrices of layers that are no filters a column.
Values changed(const Change& change, const float* weights, const ov::Shape& shape) {
    Values out(weights, weights + ov::shape_size(shape));
    for (std::size_t i = 0; i < change.sum.size(); ++i) out[i] += change.sum[i];
    const std::size_t outputs = change.scale.size(), inputs = outputs > 0 ? out.size() / outputs : 0;
    for (std::size_t o = 0; o < outputs; ++o)
        for (std::size_t i = 0; i < inputs; ++i) {
            float& w = out[shape.size() == 2 ? i * outputs + o : o * inputs + i];
            for (std::size_t k = 0; k < change.rank; ++k)
                w += change.left[o * change.rank + k] * change.right[k * inputs + i];
            w *= 1 + change.scale[o];
        }
    return out;
}

} // namespace

bool has_learnt_worn_print(std::string_view digest) { return digest == kWornOf; }

void learn_worn_print(ov::Model& network) {
    using ov::op::v0::Constant;
    const std::map<std::string_view, Change> changes = all_changes();
    std::size_t used = 0;
    for (const auto& op : network.get_ordered_ops()) {
        const auto constant = ov::as_type_ptr<Constant>(op);
        const auto at = constant ? changes.find(constant->get_friendly_name()) : changes.end();
        if (at == changes.end()) continue;
        if (constant->get_element_type() != ov::element::f32 || !fits(at->second, constant->get_shape()))
            throw std::runtime_error("the recognizer's layer " + std::string(at->first) + " has another shape");
        const Values values = changed(at->second, constant->get_data_ptr<float>(), constant->get_shape());
        ov::replace_node(constant, std::make_shared<Constant>(ov::element::f32, constant->get_shape(), values.data()));
        ++used;
    }
    if (used != changes.size()) throw std::runtime_error("the recognizer has other layers");
}

LineLikelihoods WornNetwork::read(const cv::Mat& strip) {
    const std::lock_guard lock(mutex_);
    if (!network_) network_ = core_.compile_model(make_(), "CPU", how_);
    ov::InferRequest request = network_->create_infer_request(); // kept, it would keep its pictures
    request.set_input_tensor({ov::element::u8,
                              {1, static_cast<std::size_t>(strip.rows), static_cast<std::size_t>(strip.cols), 3},
                              const_cast<std::uint8_t*>(strip.data)});
    request.infer();
    const ov::Tensor result = request.get_output_tensor();
    const ov::Shape shape = result.get_shape(); // 1, steps, classes
    const auto* values = result.data<float>();
    return {{values, values + result.get_size()}, static_cast<int>(shape[1]), static_cast<int>(shape[2])};
}

void WornNetwork::rest() {
    const std::lock_guard lock(mutex_);
    if (network_) network_->release_memory();
}

} // namespace recto::reading

#endif
