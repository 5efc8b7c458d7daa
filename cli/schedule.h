#pragma once

/// When a long command may work and how much of the machine it takes: --window, --wait, --nice.

#include <chrono>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "pipeline/core/clock.h"
#include "pipeline/core/window.h"

namespace recto::cli {

struct ScheduleOptions {
    std::string window;
    bool wait = false;
    int nice = 0;
    void add_to(CLI::App& app);
    /// --window alone, with the help text of this id.
    CLI::Option* add_window(CLI::App& app, const char* help);
    /// The windows named; none when --window was not given. Error: "window.bad".
    [[nodiscard]] Result<TimeWindows> windows() const;
    /// kDone inside the windows. Outside, with --wait, waits for the next and says so; else says when it opens: kTryAgain. A
    /// signal ends the wait: kInterrupted, or kTryAgain.
    [[nodiscard]] int enter(const TimeWindows& windows, const Clock& clock) const;
    /// Lowers this thread's priority, and so that of all threads and children made later; says when it could not.
    void apply_nice() const;
};

/// The clock on the wall, which windows go by: never a fixed one.
[[nodiscard]] std::shared_ptr<const Clock> wall_clock();

/// "2026-11-23 20:00 (Mon)", or that it never opens.
[[nodiscard]] std::string next_opening(const TimeWindows& windows, const Clock& clock);

} // namespace recto::cli
