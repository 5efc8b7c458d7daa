#pragma once

/// Which objects are checked now, and in which order.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "fixity/check_log.h"
#include "pipeline/core/result.h"

namespace recto::fixity {

struct Selection {
    int share = 1, of = 1;                  ///< --share 1/12
    int older_than_days = 0;                ///< 0: all.
    [[nodiscard]] std::string text() const; ///< For the log: the same text, the same selection.
};

/// "1/12", "1/1". Error: "fixity.share".
[[nodiscard]] Result<Selection> parse_share(std::string_view text);

/// The objects to check, those that were found damaged first, then those checked longest ago. Of objects that were never
/// checked those come first at which the share of this month begins: so a share a month goes through the whole archive
/// within a year even where the log is always lost. What was found good in this round already is left out.
[[nodiscard]] std::vector<std::string> choose(const std::vector<std::string>& objects, const Selection& selection,
                                              const CheckLog& log, std::chrono::system_clock::time_point now);

} // namespace recto::fixity
