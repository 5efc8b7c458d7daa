#include "cli/doctor.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/archive_access.h"
#include "cli/cli.h"
#include "cli/store_access.h"
#include "pipeline/core/messages.h"

namespace recto::cli {
namespace {

std::string_view state_name(Check::State state) {
    switch (state) {
    case Check::State::Good: return "good";
    case Check::State::Note: return "note";
    case Check::State::Warning: return "warning";
    case Check::State::Error: return "error";
    case Check::State::Missing: return "missing";
    }
    return "error";
}

void print(const Checks& checks, const std::string& archive, int code, bool json) {
    if (json) {
        nlohmann::json list = nlohmann::json::array();
        for (const auto& c : checks)
            list.push_back({{"id", c.id},
                            {"state", state_name(c.state)},
                            {"message", format_message(Language::English, c.message, c.args)},
                            {"message_zh", format_message(Language::Chinese, c.message, c.args)},
                            {"remedy", c.remedy}});
        const nlohmann::json out = {{"schema", 1}, {"archive", archive}, {"exit_code", code}, {"checks", list}};
        std::printf("%s\n", out.dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
        return;
    }
    for (const auto& c : checks) {
        std::printf("%s  %s\n", tr("doctor.state." + std::string(state_name(c.state))).c_str(),
                    format_message(ui_language(), c.message, c.args).c_str());
        if (!c.remedy.empty()) std::printf("        → %s\n", c.remedy.c_str());
    }
    std::printf("%s\n", tr(code == kDone ? "doctor.fit" : "doctor.unfit").c_str());
}

int doctor(const std::string& archive, const SettingsOptions& chosen_settings, bool json) {
    auto fs = posix_file_system();
    SettingsOptions chosen = chosen_settings;
    Checks of_archive;
    ArchivePaths paths(archive);
    bool usable = false;
    Checks of_catalogue;
    if (!archive.empty()) {
        const auto config = look_at_archive(archive);
        if (!config && config.error().code == "init.none") return report_error(config.error());
        if (!config) {
            of_archive.push_back({"archive",
                                  Check::State::Error,
                                  "doctor.archive_unreadable",
                                  {archive, config.error().reason},
                                  "ls -l " + paths.settings()});
        } else {
            usable = true;
            if (!config->work.empty())
                paths.work = config->work[0] == '/' ? config->work : join_path(archive, config->work);
            if (chosen.profile.empty()) chosen.profile = config->profile;
            of_catalogue = check_catalogue(*fs, database_of(paths, *config), archive, config->code);
        }
    }
    const auto settings = chosen.load();
    if (!settings) return report_error(settings.error());
    const MachineFacts facts = machine_facts();
    Checks checks = check_machine(*fs, facts, *settings);
    if (usable)
        for (auto& c : check_archive(*fs, paths, *settings, facts.now)) of_archive.push_back(std::move(c));
    checks.insert(checks.end(), of_archive.begin(), of_archive.end());
    checks.insert(checks.end(), of_catalogue.begin(), of_catalogue.end());
    const int code = doctor_exit_code(checks);
    print(checks, archive, code, json);
    return code;
}

} // namespace

int doctor_exit_code(const Checks& checks) {
    Check::State worst = Check::State::Good;
    for (const auto& c : checks) worst = std::max(worst, c.state);
    return worst == Check::State::Missing ? kMissing : worst >= Check::State::Warning ? kSomeFailed : kDone;
}

void add_doctor(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("doctor", tr("cli.doctor"));
    struct A {
        std::string archive;
        SettingsOptions settings;
        bool json = false;
    };
    auto a = std::make_shared<A>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"));
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return doctor(a->archive, a->settings, a->json); }; });
}

} // namespace recto::cli
