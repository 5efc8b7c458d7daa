#include "cli/run_log.h"

#include <cerrno>
#include <chrono>
#include <ctime>

#include <fmt/format.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "pipeline/core/messages.h"

namespace recto::cli {
namespace {

constexpr std::size_t kFileBytes = std::size_t{10} << 20;
constexpr std::size_t kFilesKept = 9; ///< Beside the one that is written.

std::string_view level_name(RunEvent::Level level) {
    switch (level) {
    case RunEvent::Level::Debug: return "debug";
    case RunEvent::Level::Info: return "info";
    case RunEvent::Level::Warning: return "warning";
    case RunEvent::Level::Error: return "error";
    }
    return "info";
}

spdlog::level::level_enum spd_level(std::string_view name) {
    return name == "debug"     ? spdlog::level::debug
           : name == "warning" ? spdlog::level::warn
           : name == "error"   ? spdlog::level::err
                               : spdlog::level::info;
}

/// Milliseconds and the zone's offset, so that lines of two machines can be laid side by side.
std::string time_text() {
    const auto now = std::chrono::system_clock::now();
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    std::tm local{};
    localtime_r(&seconds, &local);
    const long offset = local.tm_gmtoff / 60, magnitude = offset < 0 ? -offset : offset;
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}{:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1,
                       local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, ms, offset < 0 ? '-' : '+',
                       magnitude / 60, magnitude % 60);
}

/// key=value with quotes only where they are needed.
std::string plain_value(const nlohmann::ordered_json& value) {
    if (!value.is_string()) return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const auto text = value.get<std::string>();
    if (!text.empty() && text.find_first_of(" \"=\\\n\r\t") == std::string::npos) return text;
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Areas whose reasons come from the system or a file's structure. A stage that handles text might quote it.
bool reason_is_harmless(std::string_view code) {
    for (const std::string_view area :
         {"io.", "decode.", "intake.", "missing.", "store.", "run.journal", "run.suspect"})
        if (code.starts_with(area)) return true;
    return false;
}

} // namespace

struct RunLog::State {
    std::unique_ptr<spdlog::logger> logger;
    bool json = false;
    std::string run;
};

void LogOptions::add_to(CLI::App& app) {
    app.add_option("--log", file, tr("cli.run.log"));
    app.add_option("--log-format", format, tr("cli.run.log_format"))
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    app.add_option("--log-level", level, tr("cli.run.log_level"))
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
        ->capture_default_str();
}

RunLog::RunLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
RunLog::~RunLog() {
    if (state_->logger) state_->logger->flush();
}

Result<std::unique_ptr<RunLog>> RunLog::open(const LogOptions& options) {
    auto state = std::make_unique<State>();
    state->json = options.format == "json";
    if (options.file.empty()) return std::unique_ptr<RunLog>(new RunLog(std::move(state)));
    try {
        spdlog::sink_ptr sink;
        if (options.file == "-") sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        else sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.file, kFileBytes, kFilesKept);
        state->logger = std::make_unique<spdlog::logger>("run", sink);
    } catch (const spdlog::spdlog_ex& e) {
        return fail(errno == ENOSPC ? "io.no_space" : "io.write", e.what(), options.file);
    }
    state->logger->set_pattern("%v");
    state->logger->set_level(spd_level(options.level));
    state->logger->flush_on(spdlog::level::info);
    // A full disk must not end the run by way of its log.
    state->logger->set_error_handler([](const std::string&) {});
    return std::unique_ptr<RunLog>(new RunLog(std::move(state)));
}

void RunLog::set_run(std::string run_id) { state_->run = std::move(run_id); }

void RunLog::write(const RunEvent& event) {
    const auto level = spd_level(level_name(event.level));
    if (!state_->logger || !state_->logger->should_log(level)) return;
    state_->logger->log(level, log_line(state_->json, time_text(), event.level, state_->run, std::string(event.what),
                                        log_values(event)));
}

void RunLog::write(RunEvent::Level level, const std::string& what, const nlohmann::json& values) {
    const auto spd = spd_level(level_name(level));
    if (!state_->logger || !state_->logger->should_log(spd)) return;
    nlohmann::ordered_json ordered;
    for (const auto& [key, value] : values.items())
        if (!value.is_string() || !value.get_ref<const std::string&>().empty()) ordered[key] = value;
    state_->logger->log(spd, log_line(state_->json, time_text(), level, state_->run, what, ordered));
}

nlohmann::ordered_json log_values(const RunEvent& event) {
    nlohmann::ordered_json out = nlohmann::ordered_json::object();
    const auto put = [&](const char* key, const std::string& value) {
        if (!value.empty()) out[key] = value;
    };
    put("item", event.item);
    put("reference_code", event.reference_code);
    put("page", event.page);
    put("file", event.file);
    if (event.image > 0) out["image"] = event.image;
    put("stage", event.stage);
    put("code", event.code);
    if (reason_is_harmless(event.code)) put("reason", event.reason);
    if (event.seconds > 0) out["seconds"] = static_cast<double>(static_cast<long>(event.seconds * 1000)) / 1000;
    return out;
}

std::string log_line(bool json, const std::string& time, RunEvent::Level level, const std::string& run,
                     const std::string& what, const nlohmann::ordered_json& values) {
    if (json) {
        nlohmann::ordered_json line = {
            {"schema", 1}, {"time", time}, {"level", level_name(level)}, {"batch", run}, {"event", what}};
        line.update(values);
        return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    std::string line = fmt::format("{} {:7} batch={} {}", time, level_name(level), run.empty() ? "-" : run, what);
    for (const auto& [key, value] : values.items()) line += " " + key + "=" + plain_value(value);
    return line;
}

} // namespace recto::cli
