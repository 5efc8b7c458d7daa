#include "cli/progress_option.h"

#include <unistd.h>

#include "pipeline/core/messages.h"

namespace recto::cli {

void ProgressOption::add_to(CLI::App& app) {
    app.add_option("--progress", chosen, tr("cli.run.progress"))->check(CLI::IsMember({"auto", "bar", "json", "none"}));
}

ProgressMode ProgressOption::mode() const {
    if (chosen == "json") return ProgressMode::Json;
    return chosen == "bar" || (chosen == "auto" && isatty(STDERR_FILENO)) ? ProgressMode::Bar : ProgressMode::None;
}

} // namespace recto::cli
