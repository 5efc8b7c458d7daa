#pragma once

/// The page stage "preview": a small JPEG of the page for reports. Work only: never in packages.

#include <memory>

#include "pipeline/core/stage.h"

namespace recto {

/// Result: {"file": path of the JPEG in the work folder, "files": [it, with digest]}.
[[nodiscard]] std::unique_ptr<PageStage> make_preview_stage();

} // namespace recto
