#pragma once

/// Manual pages and completions, made from the declarations of the command line, so that they cannot say other things
/// than the program does.

#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "pipeline/core/messages.h"

namespace recto::cli {

/// "recto.1", "recto-run.1", ...: manual pages in groff's man language, in the language the app was declared in.
[[nodiscard]] std::map<std::string, std::string> manual_pages(const CLI::App& app, const std::string& version,
                                                              Language language);
/// A completion script for bash, and one for zsh.
[[nodiscard]] std::string bash_completion(const CLI::App& app);
[[nodiscard]] std::string zsh_completion(const CLI::App& app);

/// `recto _manual FOLDER`: for packagers. Writes man/*.1, completions/recto.bash and completions/_recto.
int manual_main(const CLI::App& app, const std::string& folder);

} // namespace recto::cli
