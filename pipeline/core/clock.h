#pragma once

/// Wall time, injected so that tests and reproducible runs control it. Durations are measured with steady_clock, never with this.

#include <chrono>
#include <memory>
#include <string>

namespace recto {

class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual std::chrono::system_clock::time_point now() const = 0; ///< Any thread.
};

/// The system's clock, or a fixed one when SOURCE_DATE_EPOCH (seconds since 1970) is set in the environment.
[[nodiscard]] std::shared_ptr<const Clock> default_clock();
[[nodiscard]] std::shared_ptr<const Clock> fixed_clock(std::chrono::system_clock::time_point at);

/// RFC 3339 with seconds and offset, e.g. "2026-11-22T17:15:00+08:00"; local zone of the process.
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point t);

} // namespace recto
