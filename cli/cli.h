#pragma once

/// The command line (docs in README.md; the contract of exit codes below). Each command is one file.

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "pipeline/core/messages.h"
#include "pipeline/core/result.h"
#include "pipeline/core/settings.h"

namespace recto::cli {

/// Frozen: other programs rely on them.
enum ExitCode : int {
    kDone = 0,
    kSomeFailed = 1, ///< Done; some pages or checks failed (the report says which).
    kUsage = 64,
    kBadData = 65, ///< Bad data, or no usable page.
    kNoInput = 66,
    kMissing = 69, ///< A needed part is missing.
    kInternal = 70,
    kCannotCreate = 73,
    kIo = 74,
    kTryAgain = 75, ///< SIGTERM, archive locked, disk full after a pause.
    kBadConfig = 78,
    kInterrupted = 130,
};

/// Exit code for an error by its code.
[[nodiscard]] int exit_code_of(const Error& error);
/// Prints the error in the process's language (and its reason) to stderr; returns its exit code.
int report_error(const Error& error);

/// Options that several commands share.
struct SettingsOptions {
    std::string profile;
    std::vector<std::string> sets; ///< "key=value".
    std::string language;          ///< --lang: the same as reading.language.
    void add_to(CLI::App& app);
    /// Profile, then --set, then --lang.
    [[nodiscard]] Result<Settings> load() const;
};

/// A command adds itself to `app` and, when chosen, leaves what to do in `action`.
using Action = std::function<int()>;
void add_init(CLI::App& app, Action& action);
void add_run(CLI::App& app, Action& action);
void add_text(CLI::App& app, Action& action);
void add_inspect(CLI::App& app, Action& action);
void add_clean(CLI::App& app, Action& action);
void add_package(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);
void add_fixity(CLI::App& app, Action& action);
void add_status(CLI::App& app, Action& action);
void add_config(CLI::App& app, Action& action);
void add_search(CLI::App& app, Action& action);
void add_catalogue(CLI::App& app, Action& action);
void add_assign(CLI::App& group, Action& action); ///< A part of `recto catalogue`.
void add_report(CLI::App& app, Action& action);
void add_replace(CLI::App& app, Action& action);
void add_insert(CLI::App& app, Action& action);
void add_release(CLI::App& app, Action& action);
void add_correct(CLI::App& app, Action& action);
void add_treat(CLI::App& app, Action& action);
void add_ocr(CLI::App& app, Action& action);
void add_watch(CLI::App& app, Action& action);
void add_separator(CLI::App& app, Action& action);
void add_summary(CLI::App& app, Action& action);
void add_doctor(CLI::App& app, Action& action);

/// The whole program. Returns the exit code.
int main(int argc, char** argv);

/// Folder of the OCR models: RECTO_MODELS, else share/recto/models beside the program, else where the build found them.
[[nodiscard]] std::string model_folder();
/// Folder of the XML schemas, found likewise (RECTO_SCHEMAS); may not exist.
[[nodiscard]] std::string schema_folder();
/// Path of this program.
[[nodiscard]] std::string program_path();
/// "recto 0.1.0".
[[nodiscard]] std::string agent();

} // namespace recto::cli
