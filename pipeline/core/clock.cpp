#include "pipeline/core/clock.h"

#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

namespace recto {
namespace {
class SystemClock final : public Clock {
  public:
    std::chrono::system_clock::time_point now() const override { return std::chrono::system_clock::now(); }
};
class FixedClock final : public Clock {
  public:
    explicit FixedClock(std::chrono::system_clock::time_point at) : at_(at) {}
    std::chrono::system_clock::time_point now() const override { return at_; }

  private:
    std::chrono::system_clock::time_point at_;
};
} // namespace

std::shared_ptr<const Clock> fixed_clock(std::chrono::system_clock::time_point at) {
    return std::make_shared<FixedClock>(at);
}

std::shared_ptr<const Clock> default_clock() {
    if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH")) {
        char* end = nullptr;
        const long long seconds = std::strtoll(epoch, &end, 10);
        if (end != epoch && *end == '\0')
            return fixed_clock(std::chrono::system_clock::time_point(std::chrono::seconds(seconds)));
    }
    return std::make_shared<SystemClock>();
}

std::string rfc3339(std::chrono::system_clock::time_point t) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(t);
    std::tm local{};
    localtime_r(&seconds, &local);
    const long offset = local.tm_gmtoff / 60;
    const std::string date = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1,
                                         local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
    if (offset == 0) return date + "Z";
    const long magnitude = offset < 0 ? -offset : offset;
    return fmt::format("{}{}{:02}:{:02}", date, offset < 0 ? '-' : '+', magnitude / 60, magnitude % 60);
}

} // namespace recto
