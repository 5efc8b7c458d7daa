#include "stages/reading/ppocr_detector.h"

#ifdef RECTO_PPOCR

#include <algorithm>
#include <iterator>
#include <utility>

namespace recto::reading {

namespace {

/// From so many pixels on a picture gets a network of its size.
constexpr double kLargePicture = 800'000;
/// Networks of large pictures that are kept, 13 MiB each; by one that keeps no memory the last: it is asked of few pages, as they were scanned.
constexpr std::ptrdiff_t kMostSizes = 5, kMostSizesOfFew = 1;
/// Pixels for which memory is kept between two pictures, which saves asking the system for it again: two sheets of A4 a little
/// different in size, or one with small print.
constexpr double kMostHeld = 2.4e6;
/// What a picture costs a network of any size, beside one of its own.
constexpr double kAnySizeCost = 2.6;

} // namespace

DetectorNetwork::DetectorNetwork(ov::Core core, std::shared_ptr<ov::Model> model, ov::AnyMap how, cv::Size usual,
                                 bool keeps_memory)
    : core_(std::move(core)), model_(std::move(model)), how_(std::move(how)), usual_(usual),
      keeps_memory_(keeps_memory) {
    add(usual); // a damaged model is told now
}

cv::Mat DetectorNetwork::text_map(const cv::Mat& tile) {
    const std::lock_guard lock(mutex_);
    Compiled& compiled = network_for(tile.size());
    const double wanted = static_cast<double>(tile.total()) * (compiled.size.empty() ? kAnySizeCost : 1.0);
    make_room(compiled, wanted);
    compiled.held = std::max(compiled.held, wanted);
    cv::Mat map = seen_by(compiled.network, tile);
    if (!keeps_memory_) {
        compiled.network.release_memory();
        compiled.held = 0;
    }
    return map;
}

void DetectorNetwork::rest() {
    const std::lock_guard lock(mutex_);
    for (Compiled& c : networks_)
        if (std::exchange(c.held, 0) > 0) c.network.release_memory();
}

cv::Mat DetectorNetwork::seen_by(ov::CompiledModel& network, const cv::Mat& tile) {
    // A request keeps its pictures as long as it lives; making one costs nothing.
    ov::InferRequest request = network.create_infer_request();
    request.set_input_tensor({ov::element::u8,
                              {1, static_cast<std::size_t>(tile.rows), static_cast<std::size_t>(tile.cols), 3},
                              const_cast<std::uint8_t*>(tile.data)});
    request.infer();
    const ov::Tensor result = request.get_output_tensor();
    const ov::Shape shape = result.get_shape(); // 1, 1, rows, columns
    if (shape.size() != 4) return {};
    return cv::Mat(static_cast<int>(shape[2]), static_cast<int>(shape[3]), CV_32FC1,
                   const_cast<float*>(result.data<float>()))
        .clone();
}

/// The network for pictures of that size, first in the list.
DetectorNetwork::Compiled& DetectorNetwork::network_for(cv::Size size) {
    const cv::Size wanted = size.area() < kLargePicture && size != usual_ ? cv::Size() : size;
    const auto at = std::ranges::find(networks_, wanted, &Compiled::size);
    if (at != networks_.end()) {
        networks_.splice(networks_.begin(), networks_, at);
        return networks_.front();
    }
    const auto goes = [&](const Compiled& c) { return may_go(c); };
    if (!wanted.empty() && std::ranges::count_if(networks_, goes) >= (keeps_memory_ ? kMostSizes : kMostSizesOfFew))
        networks_.erase(std::next(std::find_if(networks_.rbegin(), networks_.rend(), goes)).base());
    return add(wanted);
}

/// The network for pictures of that size, empty: of any, first in the list.
DetectorNetwork::Compiled& DetectorNetwork::add(cv::Size size) {
    std::shared_ptr<ov::Model> model = model_;
    if (!size.empty()) {
        model = model_->clone();
        model->reshape(ov::PartialShape{1, size.height, size.width, 3});
    }
    networks_.push_front({size, core_.compile_model(model, "CPU", how_), 0});
    return networks_.front();
}

/// Networks that were not used for longest give up their memory until there is enough for the next.
void DetectorNetwork::make_room(const Compiled& next, double wanted) {
    double held = std::max(next.held, wanted);
    for (const Compiled& c : networks_) held += &c == &next ? 0 : c.held;
    for (auto c = networks_.rbegin(); c != networks_.rend() && held > kMostHeld; ++c) {
        if (&*c == &next || c->held == 0) continue;
        c->network.release_memory();
        held -= std::exchange(c->held, 0);
    }
}

} // namespace recto::reading

#endif
