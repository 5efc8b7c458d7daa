#include "cli/schedule.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <signal.h>
#include <sys/resource.h>

#include "cli/cli.h"
#include "cli/ending_signals.h"
#include "pipeline/core/messages.h"

namespace recto::cli {

namespace {

/// How a wait ended.
enum class Waited { Open, Stopped, Interrupted };

/// Waits until `windows` are open. The clock is asked again every few seconds, so that one that is set, or a machine that
/// slept, is noticed. `signals` (blocked) end the wait: SIGINT as Interrupted, any other as Stopped.
Waited wait_until_open(const TimeWindows& windows, const Clock& clock, const sigset_t& signals) {
    while (!windows.open_at(clock.now())) {
        const auto opens = windows.next_change(clock.now());
        auto pause = std::chrono::milliseconds(5000);
        if (opens)
            pause = std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(*opens - clock.now()),
                               std::chrono::milliseconds(20), pause);
        const timespec time{pause.count() / 1000, static_cast<long>(pause.count() % 1000) * 1'000'000};
        const int signal = sigtimedwait(&signals, nullptr, &time);
        if (signal == SIGINT) return Waited::Interrupted;
        if (signal > 0) return Waited::Stopped;
    }
    return Waited::Open;
}

} // namespace

std::string next_opening(const TimeWindows& windows, const Clock& clock) {
    auto at = clock.now();
    for (int i = 0; i < 2; ++i) { // from inside a window: past its end, then to the next beginning
        const auto change = windows.next_change(at);
        if (!change) break;
        if (windows.open_at(*change)) return local_minute(*change);
        at = *change;
    }
    return tr("window.open_end");
}

void ScheduleOptions::add_to(CLI::App& app) {
    auto* option = add_window(app, "cli.run.window");
    app.add_flag("--wait", wait, tr("cli.run.wait"))->needs(option);
    app.add_option("--nice", nice, tr("cli.run.nice"))->check(CLI::Range(0, 19));
}

CLI::Option* ScheduleOptions::add_window(CLI::App& app, const char* help) {
    return app.add_option("--window", window, tr(help));
}

Result<TimeWindows> ScheduleOptions::windows() const {
    if (window.empty()) return TimeWindows{};
    return TimeWindows::parse(window);
}

int ScheduleOptions::enter(const TimeWindows& windows, const Clock& clock) const {
    if (windows.open_at(clock.now())) return kDone;
    const std::string opens = next_opening(windows, clock);
    if (!wait) {
        std::fprintf(stderr, "recto: %s\n", tr("window.closed", window, opens).c_str());
        return kTryAgain;
    }
    std::fprintf(stderr, "%s\n", tr("window.waiting", window, opens).c_str());
    const Waited waited = wait_until_open(windows, clock, ending_signals());
    if (waited == Waited::Open) return kDone;
    return waited == Waited::Interrupted ? kInterrupted : kTryAgain;
}

void ScheduleOptions::apply_nice() const {
    if (nice == 0 || setpriority(PRIO_PROCESS, 0, nice) == 0) return;
    // A parent may have lowered it further already; going back up is what is refused.
    std::fprintf(stderr, "recto: %s\n",
                 tr("cli.run.nice_refused", std::to_string(nice), std::string(std::strerror(errno))).c_str());
}

std::shared_ptr<const Clock> wall_clock() {
    class Wall final : public Clock {
      public:
        std::chrono::system_clock::time_point now() const override { return std::chrono::system_clock::now(); }
    };
    return std::make_shared<Wall>();
}

} // namespace recto::cli
