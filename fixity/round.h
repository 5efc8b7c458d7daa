#pragma once

/// A round of checks over an archive's storage, and its second copy: what `recto fixity` does. It may be stopped or killed at any
/// instruction; the same call goes on with the next object.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "fixity/choose.h"
#include "fixity/damage.h"
#include "fixity/examine.h"
#include "pipeline/core/clock.h"

namespace recto::fixity {

struct RoundRequest {
    Sides sides;
    Asked asked;
    Selection selection;
    std::string log_path; ///< Of the check log.
    std::vector<std::string>
        known; ///< Objects that have to be there by other records (index.csv), relative to the storage root.
};

/// For progress; written by the round, read by any thread.
struct RoundStatus {
    std::atomic<std::size_t> objects{0}, planned{0}, damaged{0};
    std::atomic<std::uint64_t> bytes{0};
};

struct RoundHooks {
    std::function<void(const Damage&)> found; ///< When what became of it is known.
    std::function<bool()> go_on;              ///< Asked before each object; false ends the round in order.
    std::function<bool()> pause; ///< A second or so, for another process to finish; false: the work is to end.
    std::function<void(const Error&)> problem; ///< The round goes on without its log or an event.
    /// Writes an event of the archive.
    std::function<Result<void>(const std::string& event, const nlohmann::json& details)> event;
};

struct RoundResult {
    std::size_t stored = 0;  ///< Objects known to either side.
    std::size_t checked = 0; ///< In this call.
    std::size_t left = 0;    ///< Of the share asked for, when it was stopped.
    std::size_t busy = 0;    ///< Being written at the time; the next round checks them.
    std::uint64_t files = 0, bytes = 0;
    bool went_on = false;       ///< With a round that was stopped before.
    std::vector<Damage> damage; ///< All that was found, in the order of checking.
    std::optional<Error> ended; ///< A full disk and the like.

    [[nodiscard]] bool stays() const; ///< Something is damaged and was not mended.
    [[nodiscard]] bool waits() const; ///< Something was mended, or a copy is not up to date: a person should know.
    [[nodiscard]] nlohmann::json summary() const; ///< For the event and the report.
};

/// Errors: those of the storage root as a whole. `clock` tells the age of checks: never a fixed one but in tests.
[[nodiscard]] Result<RoundResult> run_round(const std::shared_ptr<FileSystem>& fs, const RoundRequest& request,
                                            Rate& rate, const Clock& clock, const RoundHooks& hooks,
                                            RoundStatus& status);

} // namespace recto::fixity
