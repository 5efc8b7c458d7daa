#pragma once

/// How fast stored bytes are read, so that a check never gets in the way of a batch.

#include <chrono>
#include <cstdint>
#include <functional>

namespace recto::fixity {

/// Bytes a second. One thread.
class Rate {
  public:
    using Time = std::chrono::steady_clock::time_point;
    /// What tells the time and waits; tests put a clock of their own here.
    struct Watch {
        std::function<Time()> now;
        std::function<void(std::chrono::nanoseconds)> wait; ///< May return early, when the work is to end.
    };

    /// 0: no limit.
    Rate(std::uint64_t bytes_per_second, Watch watch);
    /// Counts bytes that were read, and waits until they are paid for. What was not used is not saved up: after a pause at
    /// most a quarter of a second's bytes come at once.
    void spend(std::uint64_t bytes);
    [[nodiscard]] std::uint64_t spent() const { return spent_; }

    static Watch real_watch();

  private:
    std::uint64_t per_second_, spent_ = 0;
    Watch watch_;
    Time paid_until_{};
};

} // namespace recto::fixity
