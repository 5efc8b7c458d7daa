#pragma once

/// What a person or a program sees while a run goes on: counts, rate, ETA, failures. All on stderr.

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

namespace recto {

enum class ProgressMode { None, Bar, Json };

/// Counters are set by the engine from any thread; show() is called by one thread several times a second.
class Progress {
  public:
    explicit Progress(ProgressMode mode) : mode_(mode), start_(std::chrono::steady_clock::now()) {}
    std::atomic<int> images_known{0}, images_treated{0}, pages_known{0}, pages_done{0}, pages_failed{0}, items_known{0},
        items_done{0};
    std::atomic<bool> planning_done{false};

    void show(bool last = false);       ///< Redraws the bar, or writes a JSON line at most once a second.
    void note(const std::string& line); ///< A message above the bar. Any thread.

  private:
    ProgressMode mode_;
    std::chrono::steady_clock::time_point start_, last_json_{};
    std::mutex mutex_;
    bool drawn_ = false;
    void clear_line();
};

/// "1:02:03" or "2:03" from seconds.
[[nodiscard]] std::string duration_text(double seconds);

} // namespace recto
