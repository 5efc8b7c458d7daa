#pragma once

#include <string>

#include "pipeline/core/result.h"

namespace recto::reading {

/// The bytes of a file that set-up brings. Errors: "missing.model" naming it.
[[nodiscard]] Result<std::string> model_file(const std::string& path);

} // namespace recto::reading
