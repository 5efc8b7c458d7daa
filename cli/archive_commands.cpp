// recto init, package, verify, status, config: commands about an archive, and about the settings.

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
#include "stages/package/package.h"
#include "stages/verify/verify.h"

namespace recto::cli {
namespace {

int init(const std::string& archive, const ArchiveIdentity& identity) {
    if (auto made = create_archive(archive, identity); !made) return report_error(made.error());
    std::fprintf(stderr, "%s\n", tr("cli.init.done", archive).c_str());
    return kDone;
}

struct PackageArguments {
    std::string archive, writer = "bag", output;
    std::vector<std::string> items;
    SettingsOptions settings;
    bool json = false;
};

/// All items in one set of packages: what a handover is.
int package_set(const PackageArguments& a, const PackageWriter& writer, const std::vector<IndexRow>& rows,
                const PackageSetRequest& request, EventLog& events) {
    const auto result = writer.write_set(request);
    if (!result) return report_error(result.error());
    nlohmann::json out = nlohmann::json::array(), left = nlohmann::json::array();
    int code = kDone;
    for (const auto& [object, error] : result->left_out) {
        const auto row = std::ranges::find(rows, object, [](const IndexRow& r) { return "urn:uuid:" + r.id; });
        Error e = error;
        if (row != rows.end()) e.file = row->reference_code;
        (void)report_error(e);
        left.push_back({{"item", e.file}, {"error", e.code}});
        code = kSomeFailed;
    }
    for (const PackageResult& made : result->packages) {
        out.push_back({{"path", made.path}, {"files", made.files}, {"bytes", made.bytes}, {"existed", made.existed}});
        if (!made.existed)
            (void)events.append("package", {{"as", a.writer}, {"files", made.files}, {"bytes", made.bytes}});
        if (!a.json) std::printf("%s\n", made.path.c_str());
    }
    if (a.json)
        std::printf("%s\n",
                    nlohmann::json{{"schema", 1}, {"items", result->items}, {"packages", out}, {"left_out", left}}
                        .dump(1)
                        .c_str());
    std::fprintf(stderr, "%s\n",
                 tr("cli.package.set_done", std::to_string(result->items), std::to_string(result->packages.size()),
                    std::to_string(result->left_out.size()), a.output)
                     .c_str());
    return code;
}

int package(const PackageArguments& a) {
    const PackageWriter* writer = find_package_writer(a.writer);
    if (!writer) {
        std::string names;
        for (const auto* w : package_writers()) names += (names.empty() ? "" : ", ") + std::string(w->name());
        std::fprintf(stderr, "recto: %s\n", tr("cli.package.unknown", a.writer, names).c_str());
        return kUsage;
    }
    const auto settings = a.settings.load();
    if (!settings) return report_error(settings.error());
    auto archive = open_archive(a.archive, nullptr, "recto package");
    if (!archive) return report_error(archive.error());
    auto fs = posix_file_system();
    OcflStore store(fs, (*archive)->paths.storage());
    if (auto opened = store.open(); !opened) return report_error(opened.error());
    if (auto recovered = store.recover(); !recovered) return report_error(recovered.error());
    const auto index = read_index(*fs, (*archive)->paths);
    if (!index) return report_error(index.error());

    std::vector<IndexRow> rows;
    int code = kDone;
    if (a.items.empty()) {
        rows = *index;
    } else {
        for (const auto& wanted : a.items) {
            const auto it = std::find_if(index->begin(), index->end(), [&](const IndexRow& r) {
                return r.reference_code == wanted || r.id == wanted;
            });
            if (it != index->end()) {
                rows.push_back(*it);
                continue;
            }
            std::fprintf(stderr, "recto: %s\n", tr("cli.package.no_item", wanted).c_str());
            code = kNoInput;
        }
        if (code != kDone) return code;
    }
    const auto clock = default_clock();
    if (writer->takes_set()) {
        std::vector<std::string> objects;
        for (const auto& row : rows) objects.push_back("urn:uuid:" + row.id);
        return package_set(a, *writer, rows, {*fs, store, objects, a.output, *clock, *settings}, *(*archive)->events);
    }
    Decoder decoder(program_path(), 1);
    const auto decode = [&](const std::string& path, int index) { return decoder.decode(path, index); };
    int made = 0, held = 0;
    nlohmann::json out = nlohmann::json::array();
    for (const auto& row : rows) {
        const auto state = store.state("urn:uuid:" + row.id);
        if (!state) {
            code = report_error(state.error());
            continue;
        }
        const auto result = writer->write({*fs, store, *state, a.output, *clock, *settings, false, decode});
        if (!result) {
            held += result.error().code == "package.held";
            Error e = result.error();
            if (e.file.empty()) e.file = row.reference_code;
            (void)report_error(e);
            out.push_back({{"item", row.reference_code}, {"id", row.id}, {"error", e.code}});
            // An item that is held is left out when everything was asked for; asked for by name it is a failure.
            code = code == kDone ? static_cast<int>(kSomeFailed) : code;
            continue;
        }
        ++made;
        if (!result->renamed.empty())
            std::fprintf(stderr, "recto: %s\n", tr("cli.package.renamed", row.reference_code, result->renamed).c_str());
        out.push_back({{"item", row.reference_code},
                       {"id", row.id},
                       {"path", result->path},
                       {"files", result->files},
                       {"bytes", result->bytes},
                       {"existed", result->existed}});
        if (!result->existed)
            (void)(*archive)->events->append("package", {{"as", a.writer},
                                                         {"id", row.id},
                                                         {"version", state->head},
                                                         {"files", result->files},
                                                         {"bytes", result->bytes}});
        if (!a.json) std::printf("%s\n", result->path.c_str());
    }
    if (made > 0)
        if (const auto finished = writer->finish(*fs, a.output); !finished) code = report_error(finished.error());
    if (a.json) std::printf("%s\n", nlohmann::json{{"schema", 1}, {"packages", out}}.dump(1).c_str());
    std::fprintf(stderr, "%s\n", tr("cli.package.done", std::to_string(made), std::to_string(held), a.output).c_str());
    return code;
}

int verify(const std::vector<std::string>& paths, const std::string& schemas, bool json) {
    Decoder decoder(program_path(), 2);
    recto::verify::Options options;
    options.decode = [&](const std::string& path, int index) { return decoder.decode(path, index); };
    options.check_pdf = [&](const std::string& path) { return decoder.check_pdf(path); };
    options.schema_folder = schemas;
    options.default_schema_folder = schema_folder();
    std::vector<recto::verify::Report> reports;
    for (const auto& path : paths) {
        reports.push_back(recto::verify::verify_path(path, options));
        if (!json) std::printf("%s", reports.back().to_text(ui_language()).c_str());
    }
    if (json) {
        nlohmann::json list = nlohmann::json::array();
        for (const auto& r : reports) list.push_back(r.to_json());
        std::printf("%s\n", nlohmann::json{{"schema", 1}, {"reports", list}}
                                .dump(1, ' ', false, nlohmann::json::error_handler_t::replace)
                                .c_str());
    }
    // Fixity is an event of the archive; a locked archive is verified all the same, it is only not written down.
    for (const auto& r : reports) {
        if (r.kind != recto::verify::Kind::Archive) continue;
        if (auto archive = open_archive(r.path, nullptr, "recto verify"))
            (void)(*archive)->events->append(
                "fixity", {{"objects", r.objects}, {"files", r.files}, {"errors", r.errors()}, {"agent", agent()}});
    }
    return recto::verify::exit_code(reports);
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

void add_package(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("package", tr("cli.package"));
    auto a = std::make_shared<PackageArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("ITEM", a->items, tr("cli.package.item"));
    std::string kinds = tr("cli.package.as");
    for (const PackageWriter* w : package_writers())
        kinds += fmt::format("\n{}: {}", w->name(), ui_language() == Language::Chinese ? w->chinese() : w->english());
    command->add_option("--as", a->writer, kinds)->capture_default_str();
    command->add_option("-o,--output", a->output, tr("cli.package.output"))->required();
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return package(*a); }; });
}

void add_verify(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("verify", tr("cli.verify"));
    struct A {
        std::vector<std::string> paths;
        std::string schemas;
        bool json = false;
    };
    auto a = std::make_shared<A>();
    command->add_option("PATH", a->paths, tr("cli.verify.path"))->required();
    command->add_option("--schemas", a->schemas, tr("cli.verify.schemas"));
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return verify(a->paths, a->schemas, a->json); }; });
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
