#include "pipeline/engine/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "pipeline/core/messages.h"

namespace recto {

std::string duration_text(double seconds) {
    const auto s = static_cast<long>(std::lround(std::max(0.0, seconds)));
    if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
    return fmt::format("{}:{:02}", s / 60, s % 60);
}

void Progress::clear_line() {
    if (drawn_) std::fputs("\r\033[K", stderr);
    drawn_ = false;
}

void Progress::note(const std::string& line) {
    const std::lock_guard lock(mutex_);
    clear_line();
    std::fprintf(stderr, "%s\n", line.c_str());
}

void Progress::show(bool last) {
    const std::lock_guard lock(mutex_);
    if (mode_ == ProgressMode::None) return;
    const auto now = std::chrono::steady_clock::now();
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    // An image weighs 3 of 10 and a page 7 of 10 of a page's work; pages not yet known are guessed from images.
    const int images = images_known, treated = images_treated, done = pages_done;
    const int pages = std::max<int>(pages_known, images - treated + pages_known);
    const double total = 3.0 * images + 7.0 * pages, finished = 3.0 * treated + 7.0 * done;
    const double share = total > 0 ? std::min(1.0, finished / total) : 0;
    const double rate = elapsed > 0 ? done / elapsed : 0;
    const double eta = share > 0.01 ? elapsed * (1 - share) / share : -1;
    if (mode_ == ProgressMode::Json) {
        if (!last && now - last_json_ < std::chrono::seconds(1)) return;
        last_json_ = now;
        nlohmann::json j = {{"schema", 1},
                            {"event", last ? "end" : "progress"},
                            {"elapsed_s", std::round(elapsed * 10) / 10},
                            {"images", images},
                            {"images_treated", treated},
                            {"pages", pages},
                            {"pages_done", done},
                            {"pages_failed", pages_failed.load()},
                            {"items", items_known.load()},
                            {"items_done", items_done.load()},
                            {"pages_per_minute", std::round(rate * 600) / 10}};
        j["eta_s"] = eta < 0 ? nlohmann::json(nullptr) : nlohmann::json(std::round(eta));
        std::fprintf(stderr, "%s\n", j.dump().c_str());
        return;
    }
    clear_line();
    if (last) return;
    constexpr int kWidth = 24;
    const int filled = static_cast<int>(share * kWidth);
    std::string bar;
    for (int i = 0; i < kWidth; ++i) bar += i < filled ? "█" : "░";
    const std::string line =
        bar + " " +
        tr("run.progress", std::to_string(done), std::to_string(pages), fmt::format("{:.1f}", rate * 60),
           eta < 0 ? std::string("–") : duration_text(eta), std::to_string(pages_failed.load()));
    std::fputs(line.c_str(), stderr);
    std::fflush(stderr);
    drawn_ = true;
}

} // namespace recto
