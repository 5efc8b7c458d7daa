#include "cli/ending_signals.h"

#include <chrono>
#include <cstdio>

#include <pthread.h>
#include <unistd.h>

#include "cli/cli.h"

namespace recto::cli {

sigset_t ending_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int s : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, s);
    return signals;
}

void block_ending_signals() {
    const sigset_t signals = ending_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

SignalListener::SignalListener(std::function<void(int)> heard, std::function<void()> tick)
    : thread_([heard = std::move(heard), tick = std::move(tick)](const std::stop_token& stop) {
          const sigset_t signals = ending_signals();
          auto ticked = std::chrono::steady_clock::now();
          while (!stop.stop_requested()) {
              const timespec wait{0, 50'000'000};
              if (const int signal = sigtimedwait(&signals, nullptr, &wait); signal > 0) heard(signal);
              const auto now = std::chrono::steady_clock::now();
              if (!tick || now - ticked < std::chrono::milliseconds(200)) continue;
              ticked = now;
              tick();
          }
      }) {}

void end_at_once(int signal, const char* interrupted) {
    if (signal == SIGINT) std::fprintf(stderr, "\n%s\n", tr(interrupted).c_str());
    _exit(signal == SIGINT ? kInterrupted : kTryAgain);
}

} // namespace recto::cli
