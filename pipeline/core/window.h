#pragma once

/// Time windows such as "20:00-06:00" or "Mon-Fri 20:00-06:00; Sat,Sun 00:00-24:00": when work may start.
///
/// A window is what the clock on the wall shows in the process's time zone (TZ): an instant lies in it when its local
/// weekday and time of day do. So the change to daylight saving time needs no rule of its own: an hour that is left out
/// is in no window, an hour that comes twice counts both times, and a clock that is set is believed as it then stands.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/result.h"

namespace recto {

/// Plain value; copies may be used from any thread.
class TimeWindows {
  public:
    using TimePoint = std::chrono::system_clock::time_point;

    /// [DAYS] HH:MM-HH:MM[,HH:MM-HH:MM]; ... Days are Mon to Sun or 周一 to 周日, single, as a list or as a range; none
    /// means every day. A window that ends before it begins ends on the next day and belongs to the day it begins on. The
    /// end is not part of it; 24:00 is allowed as an end. Full-width signs are read as plain ones. Error: "window.bad".
    static Result<TimeWindows> parse(std::string_view text);

    /// True when work may start at `t`. Without any window it always may.
    [[nodiscard]] bool open_at(TimePoint t) const;
    /// The next whole minute after `t` at which open_at() changes; none within nine days: it never does.
    [[nodiscard]] std::optional<TimePoint> next_change(TimePoint t) const;
    [[nodiscard]] bool empty() const { return spans_.empty(); }

  private:
    struct Span {
        int days;       ///< Bit 0 = Monday, of the day on which the window begins.
        int begin, end; ///< Minutes of the day; end <= begin: on the next day.
    };
    std::vector<Span> spans_;
};

/// "2026-11-23 20:00 (Mon)" in local time, for a sentence; the weekday in the process's language.
[[nodiscard]] std::string local_minute(std::chrono::system_clock::time_point t);

} // namespace recto
