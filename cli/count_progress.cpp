#include "cli/count_progress.h"

#include <chrono>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/progress_option.h"
#include "pipeline/core/messages.h"

namespace recto::cli {

CountProgress show_counts(const char* message) { return show_counts(message, ProgressOption().mode()); }

CountProgress show_counts(const char* message, ProgressMode mode) {
    const auto start = std::chrono::steady_clock::now();
    return [=, last = start, drawn = false](std::int64_t done, std::int64_t of) mutable {
        const auto now = std::chrono::steady_clock::now();
        const double seconds = std::chrono::duration<double>(now - start).count();
        if (mode == ProgressMode::Bar && done == of && drawn) std::fprintf(stderr, "\n");
        const auto pause = std::chrono::milliseconds(mode == ProgressMode::Json ? 1000 : 500);
        if (mode == ProgressMode::None || done == of || done == 0 || seconds < 2 || now - last < pause) return;
        last = now;
        const double rate = static_cast<double>(done) / seconds, left = static_cast<double>(of - done) / rate;
        if (mode == ProgressMode::Json) {
            const nlohmann::json j = {
                {"schema", 1}, {"event", "progress"},      {"elapsed_s", std::round(seconds * 10) / 10}, {"done", done},
                {"of", of},    {"eta_s", std::round(left)}};
            std::fprintf(stderr, "%s\n", j.dump().c_str());
            return;
        }
        drawn = true;
        std::fprintf(stderr, "\r%s\033[K",
                     tr(message, std::to_string(done), std::to_string(of),
                        rate < 10 ? fmt::format("{:.1f}", rate) : fmt::format("{:.0f}", rate), duration_text(left))
                         .c_str());
    };
}

} // namespace recto::cli
