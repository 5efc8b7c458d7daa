// recto init, status, config: commands about an archive, and about the settings.

#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "cli/archive_access.h"
#include "cli/cli.h"
#include "config/config.h"
#include "pipeline/engine/progress.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/ocfl.h"

namespace recto::cli {
namespace {

int init(const std::string& archive, const ArchiveIdentity& identity) {
    if (auto made = create_archive(archive, identity); !made) return report_error(made.error());
    std::fprintf(stderr, "%s\n", tr("cli.init.done", archive).c_str());
    return kDone;
}

int status(const std::string& path, bool json) {
    const auto config = look_at_archive(path);
    if (!config) return report_error(config.error());
    auto fs = posix_file_system();
    const ArchivePaths paths(path);
    const auto index = read_index(*fs, paths);
    if (!index) return report_error(index.error());
    int held = 0, pages = 0;
    for (const auto& r : *index) {
        held += r.state == "held";
        pages += r.pages;
    }
    EventLog events(fs, paths.events(), default_clock());
    const auto chain = events.verify();
    const auto free = fs->free_bytes(path);
    std::string last;
    if (const auto runs = fs->list(paths.reports()))
        for (const auto& r : *runs) last = std::max(last, r);
    std::string holder;
    if (auto lock = ArchiveLock::acquire(paths.lock(), "recto status"); !lock) holder = lock.error().reason;
    if (json) {
        nlohmann::json j = {{"schema", 1},
                            {"archive", path},
                            {"repository", {{"code", config->code}, {"name", config->name}}},
                            {"items", index->size()},
                            {"held", held},
                            {"pages", pages},
                            {"events", chain ? *chain : -1},
                            {"events_good", chain.has_value()},
                            {"free_bytes", free ? *free : 0},
                            {"last_run", last},
                            {"in_use_by", holder}};
        std::printf("%s\n", j.dump(1).c_str());
    } else {
        std::printf("%s\n", tr("cli.status.text", config->code + (config->name.empty() ? "" : " " + config->name),
                               std::to_string(index->size()), std::to_string(held), std::to_string(pages),
                               last.empty() ? "–" : last, chain ? std::to_string(*chain) : chain.error().to_string(),
                               std::to_string((free ? *free : 0) >> 30))
                                .c_str());
        if (!holder.empty()) std::printf("%s\n", tr("run.locked", holder).c_str());
        for (const auto& r : *index)
            if (r.state == "held") std::printf("  %s\n", tr("cli.status.held", r.reference_code).c_str());
    }
    return chain ? kDone : kSomeFailed;
}

} // namespace

void add_init(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("init", tr("cli.init"));
    auto archive = std::make_shared<std::string>();
    auto identity = std::make_shared<ArchiveIdentity>();
    command->add_option("ARCHIVE", *archive, tr("cli.opt.archive"))->required();
    identity->add_to(*command);
    command->callback(
        [&action, archive, identity] { action = [archive, identity] { return init(*archive, *identity); }; });
}

void add_status(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("status", tr("cli.status"));
    auto archive = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    command->add_option("ARCHIVE", *archive, tr("cli.opt.archive"))->required();
    command->add_flag("--json", *json, tr("cli.opt.json"));
    command->callback([&action, archive, json] { action = [archive, json] { return status(*archive, *json); }; });
}

void add_config(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("config", tr("cli.config"));
    struct A {
        bool list = false, schema = false, json = false;
        SettingsOptions settings;
    };
    auto a = std::make_shared<A>();
    command->add_flag("--list", a->list, tr("cli.config.list"));
    command->add_flag("--schema", a->schema, tr("cli.config.schema"));
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    a->settings.add_to(*command);
    command->callback([&action, a] {
        action = [a]() -> int {
            if (a->schema) {
                std::printf("%s\n", settings_schema().dump(2).c_str());
                return kDone;
            }
            const auto settings = a->settings.load();
            if (!settings) return report_error(settings.error());
            if (a->json) std::printf("%s\n", settings_json(*settings).dump(1).c_str());
            else std::printf("%s", settings_table(ui_language(), *settings).c_str());
            return kDone;
        };
    });
}

} // namespace recto::cli
