#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "pipeline/engine/progress.h"

namespace recto::cli {

/// --progress auto|bar|json|none. auto: a bar where stderr is a terminal.
struct ProgressOption {
    std::string chosen = "auto";
    void add_to(CLI::App& app);
    [[nodiscard]] ProgressMode mode() const;
};

} // namespace recto::cli
