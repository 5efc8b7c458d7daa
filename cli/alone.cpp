#include "cli/alone.h"

#include <csignal>
#include <cstring>
#include <thread>

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <fmt/format.h>

#include "cli/cli.h"
#include "config/config.h"
#include "pipeline/core/ids.h"
#include "pipeline/engine/run.h"
#include "pipeline/files/decode.h"
#include "stages/registry.h"

extern char** environ;

namespace recto::cli {

Result<nlohmann::json> run_alone(const nlohmann::json& request, const std::string& folder, const Settings& settings) {
    auto fs = posix_file_system();
    RECTO_TRY(fs->make_folders(folder));
    const std::string name = Uuid::random().to_string();
    const std::string in = join_path(folder, name + ".request.json"), out = join_path(folder, name + ".result.json");
    nlohmann::json whole = request;
    whole["settings"] = nlohmann::json::object();
    for (const SettingBase* s : all_settings())
        if (settings.is_set(*s)) whole["settings"][std::string(s->key)] = to_string(settings.value_of(*s));
    RECTO_TRY(fs->write(in, whole.dump()));
    const std::string program = program_path();
    std::vector<std::string> words = {program, "_alone", in, out};
    std::vector<char*> argv;
    for (auto& w : words) argv.push_back(w.data());
    argv.push_back(nullptr);
    pid_t pid = 0;
    if (const int error = posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv.data(), environ); error != 0)
        return fail_retry("run.suspect", std::strerror(error), program);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(settings.get(kPageTimeLimit) + 30);
    int status = 0;
    for (;;) {
        if (waitpid(pid, &status, WNOHANG) == pid) break;
        if (std::chrono::steady_clock::now() > until) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const auto text = fs->read(out);
    (void)fs->remove(in);
    (void)fs->remove(out);
    if (WIFSIGNALED(status))
        return fail("run.suspect", fmt::format("the process for this page alone ended by signal {}", WTERMSIG(status)));
    if (!text)
        return fail("run.suspect",
                    fmt::format("the process for this page alone ended with code {}", WEXITSTATUS(status)));
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    if (!json.is_object()) return fail("run.suspect", "the process for this page alone gave no result");
    if (json.contains("error")) {
        const auto& e = json["error"];
        return tl::unexpected(Error{e.value("code", "run.suspect"), e.value("reason", ""), e.value("file", ""),
                                    e.value("page", 0), e.value("stage", ""), e.value("retry", false)});
    }
    return json.at("value");
}

int alone_main(const std::string& request_path, const std::string& result_path) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto fs = posix_file_system();
    const auto text = fs->read(request_path);
    if (!text) return report_error(text.error());
    const auto request = nlohmann::json::parse(*text, nullptr, false);
    if (!request.is_object()) return kBadData;
    const auto work = [&]() -> Result<nlohmann::json> {
        Settings settings;
        for (const SettingBase* s : all_settings())
            if (request.at("settings").contains(std::string(s->key))) {
                RECTO_ASSIGN(auto value, s->parse(request["settings"][std::string(s->key)].get<std::string>()));
                settings.set(*s, std::move(value));
            }
        StageList stages = make_stages();
        Decoder decoder(program_path(), 1);
        const StageContext context{&settings, 1, model_folder(),
                                   [&](const Source& source, int index) { return decoder.text(source.path, index); }};
        RECTO_TRY(stages.treatment->open(context));
        for (auto& s : stages.pages) RECTO_TRY(s->open(context));
        return execute_alone(request, stages, settings,
                             [&](const Source& source, int index) { return decoder.decode(source.path, index); });
    };
    const auto value = work();
    nlohmann::json out;
    if (value) out["value"] = *value;
    else
        out["error"] = {{"code", value.error().code}, {"reason", value.error().reason}, {"file", value.error().file},
                        {"page", value.error().page}, {"stage", value.error().stage},   {"retry", value.error().retry}};
    return fs->write(result_path, out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) ? kDone : kIo;
}

} // namespace recto::cli
