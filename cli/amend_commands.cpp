// recto replace, insert, release: changes to stored items.

#include <cstdio>
#include <memory>

#include "cli/amend_workshop.h"
#include "cli/cli.h"
#include "stages/intake/intake.h"

namespace recto::cli {
namespace {

enum class Change { Replace, Insert, Release };

int amend_item(const AmendArguments& a, Change change) {
    const char* name = change == Change::Replace ? "replace" : change == Change::Insert ? "insert" : "release";
    auto workshop = OpenWorkshop::open(a, std::string("recto ") + name, change != Change::Release);
    if (!workshop) return report_error(workshop.error());
    const auto id = (*workshop)->find(a.item);
    if (!id) return report_error(id.error());
    amend::Request request{*id, a.who, a.reason, a.sheet};
    if (request.who.empty()) request.who = a.capture.operator_name.empty() ? user_name() : a.capture.operator_name;
    const std::string file = a.file.empty() ? a.file : intake::absolute_path(a.file);
    auto out = change == Change::Replace  ? amend::replace_page((*workshop)->shop(), request, a.page, file)
               : change == Change::Insert ? amend::insert_page((*workshop)->shop(), request, a.page, a.before, file)
                                          : amend::release_item((*workshop)->shop(), request);
    if (!out) return report_error(out.error());
    (*workshop)->record(name, *out, {{"pages", out->pages}});
    const std::string page = out->pages.empty() ? "" : out->pages.front();
    const std::string row = std::string("cli.") + name + (out->already ? ".already" : ".done");
    if (change == Change::Release) std::fprintf(stderr, "%s\n", tr(row, out->name, out->version).c_str());
    else std::fprintf(stderr, "%s\n", tr(row, out->name, page, out->version).c_str());
    tell(*out);
    if (a.json)
        std::printf("%s\n", outcome_json(*out).dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return kDone;
}

void add_capture(CLI::App& command, AmendArguments& a) {
    command.add_option("--operator", a.capture.operator_name, tr("cli.run.operator"));
    command.add_option("--device", a.capture.device, tr("cli.run.device"));
    command.add_option("--station", a.capture.station, tr("cli.run.station"));
    command.add_flag("--by-sheet", a.sheet, "")->group(""); // what `recto watch` says of a routed page
}

} // namespace

void add_replace(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("replace", tr("cli.replace"));
    auto a = std::make_shared<AmendArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("ITEM", a->item, tr("cli.amend.item"))->required();
    command->add_option("--page", a->page, tr("cli.replace.page"))->required();
    command->add_option("FILE", a->file, tr("cli.amend.file"))->required();
    command->add_option("--who", a->who, tr("cli.amend.who"));
    command->add_option("--reason", a->reason, tr("cli.amend.reason"));
    add_capture(*command, *a);
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return amend_item(*a, Change::Replace); }; });
}

void add_insert(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("insert", tr("cli.insert"));
    auto a = std::make_shared<AmendArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("ITEM", a->item, tr("cli.amend.item"))->required();
    command->add_option("--page", a->page, tr("cli.insert.page"));
    auto* before = command->add_flag("--before", a->before, tr("cli.insert.before"));
    command->add_flag_function("--after", [](std::int64_t) {}, tr("cli.insert.after"))->excludes(before);
    command->add_option("FILE", a->file, tr("cli.amend.file"))->required();
    command->add_option("--who", a->who, tr("cli.amend.who"));
    command->add_option("--reason", a->reason, tr("cli.amend.reason"));
    add_capture(*command, *a);
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return amend_item(*a, Change::Insert); }; });
}

void add_release(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("release", tr("cli.release"));
    auto a = std::make_shared<AmendArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("ITEM", a->item, tr("cli.amend.item"))->required();
    command->add_option("--who", a->who, tr("cli.amend.who"))->required();
    command->add_option("--reason", a->reason, tr("cli.amend.reason"))->required();
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return amend_item(*a, Change::Release); }; });
}

} // namespace recto::cli
