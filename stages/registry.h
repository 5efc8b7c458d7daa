#pragma once

/// The list of stages, in order: the one place that names them all. Adding a stage is a folder and a line in registry.cpp.

#include <vector>

#include "pipeline/core/settings.h"
#include "pipeline/core/stage.h"

namespace recto {

/// New stage objects, not opened yet.
[[nodiscard]] StageList make_stages();

/// Every setting of the stages, intake and grouping included, in the order of the pipeline.
[[nodiscard]] std::vector<const SettingBase*> stage_settings();

} // namespace recto
