#pragma once

/// The detection network in OpenVINO, which only this and ppocr_engine.cpp know of.

#ifdef RECTO_PPOCR

#include <list>
#include <memory>
#include <mutex>

#include <opencv2/core.hpp>
#include <openvino/openvino.hpp>

namespace recto::reading {

/// A network that takes pictures of any size needs 170 bytes a pixel while it runs; compiled for one size it needs 65 and is
/// a third faster, for 0.2 s of compiling and 13 MiB. So large pictures, of which a batch has a few sizes, get a network of their own,
/// as do those of one usual size, and other small ones share one. Which of the two a picture gets goes by its size alone: both round
/// differently, and what is read must not depend on the pages before. Any thread; one call after the other.
class DetectorNetwork {
  public:
    /// `model`: with 8-bit input (rows of R, G, B), of no certain size. `usual`: of small pictures. `keeps_memory`: see PpocrOptions.
    /// Throws what OpenVINO throws.
    DetectorNetwork(ov::Core core, std::shared_ptr<ov::Model> model, ov::AnyMap how, cv::Size usual, bool keeps_memory);

    /// How likely each pixel of a tile is text, CV_32FC1 of its size; the caller's own. `tile`: CV_8UC3, continuous. Throws what
    /// OpenVINO throws.
    cv::Mat text_map(const cv::Mat& tile);
    /// Gives back what the last pictures took.
    void rest();

  private:
    struct Compiled {
        cv::Size size; ///< Of the pictures it takes; empty: any.
        ov::CompiledModel network;
        double held = 0; ///< What it keeps from one picture to the next, in pixels of a network of one size.
    };
    [[nodiscard]] bool may_go(const Compiled& compiled) const {
        return compiled.size != usual_ && !compiled.size.empty();
    }
    static cv::Mat seen_by(ov::CompiledModel& network, const cv::Mat& tile);
    Compiled& network_for(cv::Size size);
    Compiled& add(cv::Size size);
    void make_room(const Compiled& next, double wanted);

    std::mutex mutex_;
    ov::Core core_;
    std::shared_ptr<ov::Model> model_;
    ov::AnyMap how_;
    cv::Size usual_;
    bool keeps_memory_;
    std::list<Compiled> networks_; ///< The one used last first.
};

} // namespace recto::reading

#endif
