#pragma once

#include <cstdint>
#include <functional>

#include "pipeline/engine/progress.h"

namespace recto::cli {

using CountProgress = std::function<void(std::int64_t done, std::int64_t of)>;

/// Progress of counted work on stderr once it takes longer than two seconds; the time counts from this call. `message` gets done,
/// of, rate a second and time left. A bar by default where stderr is a terminal, else nothing.
[[nodiscard]] CountProgress show_counts(const char* message);
[[nodiscard]] CountProgress show_counts(const char* message, ProgressMode mode);

} // namespace recto::cli
