#pragma once

/// The network of restore.h in OpenVINO. Its weights (restore_weights.inc) are made by bench/train_restoration.py from type that
/// was worn by computation, so they can be made again from the fonts alone.

#ifdef RECTO_PPOCR

#include <mutex>
#include <optional>

#include <opencv2/core.hpp>
#include <openvino/openvino.hpp>

namespace recto::reading {

/// Compiled when first asked, as most batches have no worn page. Any thread; one call after the other, because what it keeps
/// while it runs is large (30 MB).
class RestoreNetwork {
  public:
    RestoreNetwork(ov::Core core, ov::AnyMap how) : core_(std::move(core)), how_(std::move(how)) {}

    /// As RestoreTile. Throws what OpenVINO throws.
    cv::Mat restore(const cv::Mat& tile);
    /// Gives back what the last tile took.
    void rest();

  private:
    std::mutex mutex_;
    ov::Core core_;
    ov::AnyMap how_;
    std::optional<ov::CompiledModel> network_;
};

} // namespace recto::reading

#endif
