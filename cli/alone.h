#pragma once

/// A suspect's work in a process of its own (pipeline/engine/run.h): both ends of it.

#include <string>

#include <nlohmann/json.hpp>

#include "pipeline/core/result.h"
#include "pipeline/core/settings.h"

namespace recto::cli {

/// Runs `recto _alone` on a request, by files in `folder`, and waits, with a time limit a little above a page's. Errors:
/// "run.suspect", and those of the stages.
Result<nlohmann::json> run_alone(const nlohmann::json& request, const std::string& folder, const Settings& settings);

/// `recto _alone REQUEST RESULT`.
int alone_main(const std::string& request_path, const std::string& result_path);

} // namespace recto::cli
