#pragma once

/// The better network (PP-OCRv6 small, Apache-2.0) as it reads worn lines of Chinese (docs/DECISIONS.md, 66): the same layers with
/// weights of their own, which saw three pictures of a line at once where the network from elsewhere sees three colours. The source
/// has what was learnt beyond those weights (worn_weights.inc), made by bench/train_worn_reading.py from type that was worn by
/// computation.

#ifdef RECTO_PPOCR

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include <opencv2/core.hpp>
#include <openvino/openvino.hpp>

#include "stages/reading/worn_line.h"

namespace recto::reading {

/// Whether what was learnt belongs to the recognizer whose file has this SHA-256 (hex).
[[nodiscard]] bool has_learnt_worn_print(std::string_view digest);

/// Adds what was learnt to the weights of that recognizer, as it was read from its file. Throws std::runtime_error where it has
/// other layers.
void learn_worn_print(ov::Model& network);

/// Read and compiled when first asked, as most batches have no worn page. Any thread; one call after the other, because what it
/// keeps while it runs is large.
class WornNetwork {
  public:
    /// `make`: gives the network, which takes pictures as cut_strip makes them; called once. `how`: it is compiled.
    WornNetwork(ov::Core core, std::function<std::shared_ptr<ov::Model>()> make, ov::AnyMap how)
        : core_(std::move(core)), make_(std::move(make)), how_(std::move(how)) {}

    /// `strip`: as Networks::worn_line. Throws what OpenVINO throws.
    LineLikelihoods read(const cv::Mat& strip);
    /// Gives back what the last lines took.
    void rest();

  private:
    std::mutex mutex_;
    ov::Core core_;
    std::function<std::shared_ptr<ov::Model>()> make_;
    ov::AnyMap how_;
    std::optional<ov::CompiledModel> network_;
};

} // namespace recto::reading

#endif
