#pragma once

/// The signals that end a long command, heard on one thread: SIGINT (somebody waits), SIGTERM and SIGHUP (end in order).

#include <functional>
#include <thread>

#include <signal.h>

namespace recto::cli {

[[nodiscard]] sigset_t ending_signals();

/// Blocks them in the calling thread and in all that it makes from now on: to be called before any other is made.
void block_ending_signals();

/// Hears them while it lives. They must be blocked.
class SignalListener {
  public:
    /// `heard` and `tick` (five times a second) are called on the listener's thread; `tick` may be empty.
    explicit SignalListener(std::function<void(int signal)> heard, std::function<void()> tick = {});
    ~SignalListener() = default; ///< No call is under way afterwards. Takes at most a twentieth of a second.

  private:
    std::jthread thread_;
};

/// For work that has nothing to lose yet, such as loading models: ends the process with `interrupted` on stderr and 130, or
/// with 75 where the signal is not SIGINT.
void end_at_once(int signal, const char* interrupted);

} // namespace recto::cli
