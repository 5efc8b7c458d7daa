// recto catalogue import, rebuild: what the archivist does with lists.

#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>

#include "catalogue/imports.h"
#include "catalogue/rebuild.h"
#include "cli/archive_access.h"
#include "cli/cli.h"
#include "cli/search_access.h"
#include "cli/store_access.h"
#include "pipeline/files/names.h"

namespace recto::cli {
namespace {

struct ImportArguments {
    std::vector<std::string> files;
    std::string archive, level, result, operator_name;
    std::vector<std::string> maps, sheets;
    bool update = false, strict = false, dry_run = false, json = false, all_rows = false;
    SettingsOptions settings;
};

void print_mapping(const catalogue::ImportPlan& plan) {
    for (const auto& s : plan.sheets) {
        const std::string name = s.name.empty() ? plan.file : plan.file + " / " + s.name;
        if (!s.mapped) {
            std::fprintf(stderr, "%s\n", tr("catalogue.sheet_skipped", name).c_str());
            continue;
        }
        std::fprintf(stderr, "%s\n",
                     tr("catalogue.sheet_mapped", name, std::to_string(s.heading_row), std::to_string(s.rows),
                        tr("catalogue.level." + s.mapping.level))
                         .c_str());
        for (const auto& c : s.mapping.columns) {
            if (c.heading.empty()) continue;
            std::fprintf(stderr, "  %s → %s  (%s)\n", c.heading.c_str(), c.id.empty() ? "–" : c.id.c_str(),
                         tr("catalogue.by." + c.by).c_str());
        }
    }
}

void print_rows(const catalogue::ImportPlan& plan, bool all_refused) {
    std::size_t shown = 0, more = 0;
    for (const auto& row : plan.rows)
        for (const auto& remark : row.remarks) {
            if (row.state != catalogue::RowState::Refused && remark.code == "catalogue.merged") continue;
            if (!all_refused && ++shown > 20) {
                ++more;
                continue;
            }
            const Finding f = remark.finding();
            std::fprintf(stderr, "  %s%s\n", row.entry.sheet.empty() ? "" : (row.entry.sheet + ": ").c_str(),
                         (ui_language() == Language::Chinese ? f.chinese() : f.english()).c_str());
        }
    if (more > 0) std::fprintf(stderr, "  … %zu\n", more);
}

int import_one(const ImportArguments& a, const std::string& file, const catalogue::ImportOptions& options,
               const Settings& settings, catalogue::Store& store, OpenArchive* archive, nlohmann::json& out) {
    auto fs = posix_file_system();
    const auto bytes = fs->read(file);
    if (!bytes) return report_error(bytes.error());
    const std::string name = decode_name(file_name(file));
    auto plan =
        archive ? catalogue::import_file(store, *fs, catalogue_folder(archive->paths), *bytes, name, settings, options)
                : catalogue::plan_import(store, *bytes, name, settings, options);
    if (!plan) {
        if (a.json)
            out.push_back(
                {{"schema", 1}, {"file", name}, {"error", plan.error().code}, {"reason", plan.error().reason}});
        return report_error(plan.error());
    }
    if (archive && !plan->already)
        (void)archive->events->append("catalogue.import", {{"import", plan->id},
                                                           {"key", plan->key},
                                                           {"imported", plan->imported},
                                                           {"merged", plan->merged},
                                                           {"updated", plan->updated},
                                                           {"refused", plan->refused}});
    if (a.json) {
        out.push_back(catalogue::result_json(*plan, a.all_rows));
    } else {
        if (a.dry_run) print_mapping(*plan);
        print_rows(*plan, false);
    }
    if (!a.result.empty()) {
        const std::string text =
            a.result.ends_with(".json")
                ? catalogue::result_json(*plan, true).dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
                      "\n"
                : catalogue::result_csv(*plan, a.all_rows);
        std::string path = a.result;
        if (a.files.size() > 1) { // one list a file
            const auto dot = path.rfind('.');
            path.insert(dot == std::string::npos || dot < path.rfind('/') + 1 ? path.size() : dot,
                        "-" + escape_name(name));
        }
        if (auto written = write_atomically(*fs, path, text); !written) return report_error(written.error());
    }
    const char* sentence = a.dry_run       ? "catalogue.import.planned"
                           : plan->already ? "catalogue.import.already"
                                           : "catalogue.import.done";
    std::fprintf(stderr, "%s\n",
                 tr(sentence, name, std::to_string(plan->imported), std::to_string(plan->merged),
                    std::to_string(plan->updated), std::to_string(plan->refused))
                     .c_str());
    return plan->refused > 0 ? kSomeFailed : kDone;
}

int import(ImportArguments a) {
    if (a.archive.empty()) {
        if (a.files.size() < 2) {
            std::fprintf(stderr, "recto: %s\n", tr("catalogue.import.no_archive").c_str());
            return kUsage;
        }
        a.archive = a.files.back();
        a.files.pop_back();
    }
    auto settings = a.settings.load();
    if (!settings) return report_error(settings.error());
    catalogue::ImportOptions options;
    for (const std::string& map : a.maps) {
        auto pairs = catalogue::parse_heading_map(map);
        if (!pairs) return report_error(pairs.error());
        options.given.insert(pairs->begin(), pairs->end());
    }
    options.sheets = a.sheets;
    options.level = a.level;
    options.update = a.update;
    options.strict = a.strict;
    options.operator_name = a.operator_name;
    options.agent = agent();
    options.now = rfc3339(default_clock()->now());

    std::unique_ptr<OpenArchive> archive;
    std::unique_ptr<catalogue::Store> store;
    if (a.dry_run) {
        auto config = look_at_archive(a.archive);
        if (!config) return report_error(config.error());
        // Nothing is written, not even an empty database.
        const auto there = has_store(a.archive);
        if (!there) return report_error(there.error());
        auto opened = *there ? read_store(a.archive)
                             : catalogue::Store::open({{"", ":memory:", nullptr}, config->code, agent(), options.now});
        if (!opened) return report_error(opened.error());
        store = std::move(*opened);
    } else {
        auto locked = open_archive(a.archive, nullptr, "recto catalogue import");
        if (!locked) return report_error(locked.error());
        archive = std::move(*locked);
        auto opened = open_store(archive->paths, archive->identity);
        if (!opened) return report_error(opened.error());
        store = std::move(*opened);
        if (isatty(2) != 0 && !a.json)
            store->database().on_rows = [n = std::int64_t{0}, start = std::chrono::steady_clock::now(),
                                         last = std::chrono::steady_clock::now()](std::int64_t rows) mutable {
                n += rows;
                const auto now = std::chrono::steady_clock::now();
                const double seconds = std::chrono::duration<double>(now - start).count();
                if (seconds < 2 || now - last < std::chrono::milliseconds(500)) return;
                last = now;
                std::fprintf(stderr, "\r%s\033[K\r",
                             tr("catalogue.import.progress", std::to_string(n),
                                fmt::format("{:.0f}", static_cast<double>(n) / seconds))
                                 .c_str());
            };
    }
    int code = kDone;
    nlohmann::json out = nlohmann::json::array();
    for (const std::string& file : a.files) {
        const int one = import_one(a, file, options, *settings, *store, archive.get(), out);
        // A broken file says more than a refused row.
        if (code == kDone || (code == kSomeFailed && one != kDone)) code = one;
        if (archive) archive->lock->renew();
    }
    if (a.json)
        std::printf("%s\n", nlohmann::json{{"schema", 1}, {"dry_run", a.dry_run}, {"files", out}}
                                .dump(1, ' ', false, nlohmann::json::error_handler_t::replace)
                                .c_str());
    return code;
}

int rebuild(const std::string& path, bool json) {
    auto archive = open_archive(path, nullptr, "recto catalogue rebuild");
    if (!archive) return report_error(archive.error());
    auto store = open_store((*archive)->paths, (*archive)->identity);
    if (!store) return report_error(store.error());
    const auto made = catalogue::rebuild(**store, archive_parts((*archive)->paths), show_rebuild());
    if (!made) return report_error(made.error());
    for (const Error& e : made->problems) (void)report_error(e);
    const auto unindexed = refresh_index(**store, (*archive)->paths, true);
    if (!unindexed) return report_error(unindexed.error());
    const auto rows = (*store)->inventory_size();
    if (!rows) return report_error(rows.error());
    if (json)
        std::printf("%s\n", nlohmann::json{{"schema", 1},
                                           {"items", made->items},
                                           {"imports", made->imports},
                                           {"inventory", *rows},
                                           {"problems", made->problems.size()}}
                                .dump(1)
                                .c_str());
    std::fprintf(stderr, "%s\n",
                 tr("catalogue.rebuild.done", std::to_string(made->items), std::to_string(made->imports),
                    std::to_string(*rows), std::to_string(made->problems.size()))
                     .c_str());
    return made->problems.empty() && *unindexed == 0 ? kDone : kSomeFailed;
}

} // namespace

void add_catalogue(CLI::App& app, Action& action) {
    auto* group = app.add_subcommand("catalogue", tr("cli.catalogue"));
    group->require_subcommand(1);

    auto* command = group->add_subcommand("import", tr("cli.catalogue.import"));
    auto a = std::make_shared<ImportArguments>();
    command->add_option("FILE", a->files, tr("cli.catalogue.file"))->required();
    command->add_option("-o,--archive", a->archive, tr("cli.catalogue.archive"));
    command->add_option("--map", a->maps, tr("cli.catalogue.map"))
        ->type_name("HEADING=FIELD")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->add_option("--sheet", a->sheets, tr("cli.catalogue.sheet"))
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->add_option("--level", a->level, tr("cli.catalogue.level"))->check(CLI::IsMember({"item", "volume"}));
    command->add_flag("--update", a->update, tr("cli.catalogue.update"));
    command->add_flag("--strict", a->strict, tr("cli.catalogue.strict"));
    command->add_flag("--dry-run", a->dry_run, tr("cli.catalogue.dry_run"));
    command->add_option("--result", a->result, tr("cli.catalogue.result"));
    command->add_flag("--all-rows", a->all_rows, tr("cli.catalogue.all_rows"));
    command->add_option("--operator", a->operator_name, tr("cli.catalogue.operator"));
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return import(*a); }; });

    auto* again = group->add_subcommand("rebuild", tr("cli.catalogue.rebuild"));
    auto path = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    again->add_option("ARCHIVE", *path, tr("cli.opt.archive"))->required();
    again->add_flag("--json", *json, tr("cli.opt.json"));
    again->callback([&action, path, json] { action = [path, json] { return rebuild(*path, *json); }; });
    add_assign(*group, action);
}

} // namespace recto::cli
