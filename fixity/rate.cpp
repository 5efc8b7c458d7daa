#include "fixity/rate.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace recto::fixity {

using std::chrono::nanoseconds;

Rate::Rate(std::uint64_t bytes_per_second, Watch watch) : per_second_(bytes_per_second), watch_(std::move(watch)) {}

Rate::Watch Rate::real_watch() {
    return {[] { return std::chrono::steady_clock::now(); }, [](nanoseconds t) { std::this_thread::sleep_for(t); }};
}

void Rate::spend(std::uint64_t bytes) {
    spent_ += bytes;
    if (per_second_ == 0) return;
    const Time now = watch_.now();
    const double seconds = static_cast<double>(bytes) / static_cast<double>(per_second_);
    paid_until_ = std::max(paid_until_, now - std::chrono::milliseconds(250)) +
                  nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
    if (paid_until_ > now) watch_.wait(paid_until_ - now);
}

} // namespace recto::fixity
