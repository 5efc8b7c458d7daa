#pragma once

/// Who made it: goes into item.json and PREMIS.

#include <nlohmann/json.hpp>

#include "config/archive_config.h"
#include "pipeline/core/settings.h"
#include "pipeline/core/stage.h"

namespace recto::cli {

/// {"agent","build","cpu","user","settings":{key:value not default},"stages":{name:version},"models":{stage:digests},
///  "repository":{"code","name"},"fonds"}. No paths, no times: equal for equal input.
[[nodiscard]] nlohmann::json make_provenance(const Settings& settings, const StageList& stages,
                                             const ArchiveConfig& archive);

} // namespace recto::cli
