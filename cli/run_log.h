#pragma once

/// The log of a run for machines and for people who look after them: one line an event, with time, level, run, and the
/// identities of what it is about. Text read from pages never stands in it.

#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "pipeline/core/result.h"
#include "pipeline/engine/run_status.h"

namespace recto::cli {

struct LogOptions {
    std::string file, format = "text", level = "info"; ///< `file`: "" none, "-" standard error.
    void add_to(CLI::App& app);
};

class RunLog {
  public:
    /// Opens (appends to) the log; files are rotated at 10 MiB, ten are kept. Errors: "io.*".
    static Result<std::unique_ptr<RunLog>> open(const LogOptions& options);
    ~RunLog();
    RunLog(const RunLog&) = delete;
    RunLog& operator=(const RunLog&) = delete;

    void set_run(std::string run_id);  ///< Before any worker thread is there.
    void write(const RunEvent& event); ///< Any thread.
    /// An event about the run as a whole, with values of its own.
    void write(RunEvent::Level level, const std::string& what, const nlohmann::json& values);

  private:
    struct State;
    explicit RunLog(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// One line without its end. `values` is a flat object; keys in the order given.
[[nodiscard]] std::string log_line(bool json, const std::string& time, RunEvent::Level level, const std::string& run,
                                   const std::string& what, const nlohmann::ordered_json& values);
/// What of an event may be logged, in order, without what is empty.
[[nodiscard]] nlohmann::ordered_json log_values(const RunEvent& event);

} // namespace recto::cli
