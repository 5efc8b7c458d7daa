// recto treat: turn, angle, corners, fold or "keep as it is" set by a person, for one page or from a CSV file.

#include <memory>

#include "cli/treat_rows.h"

namespace recto::cli {
namespace {

struct TreatArguments : AmendArguments {
    treat::ManualWords words;
    bool keep = false, automatic = false;
};

/// A refusal of the one row that the options make: the option stands in place of the row's number.
Finding as_option(const amend::Refusal& r) {
    Finding f = r.why;
    if (f.code == "correct.no_item") f.code = "by_hand.option_item";
    else if (f.code == "correct.no_page") f.code = "by_hand.option_page";
    else if (f.code == "by_hand.bad_value") f.code = "by_hand.option_value";
    return f;
}

int treat_pages(const TreatArguments& a) {
    auto columns = treatment_columns();
    std::vector<CsvRow> rows;
    auto arguments = static_cast<const AmendArguments&>(a);
    if (!a.file.empty()) {
        auto read = read_row_file(a.file, columns, "by_hand.columns");
        if (!read) return report_error(read.error());
        rows = std::move(*read);
    } else {
        for (std::size_t i = 0; i < columns.size(); ++i) columns[i].index = static_cast<int>(i);
        const std::string keep = a.automatic ? "auto" : a.keep ? "yes" : "";
        rows.push_back(
            {1, 1, {a.page, a.words.turn, a.words.angle, a.words.quad, a.words.split, keep, a.who, a.item}, ""});
        if (!any_value(rows[0], columns)) return report_error(fail("by_hand.nothing", "", a.page).value());
        if (arguments.who.empty()) arguments.who = user_name();
        arguments.file = "recto treat";
    }
    const RowFile<amend::TreatRow> kind{
        "treat",
        "by_hand",
        true,
        [](const CsvRow& row, const std::vector<RowColumn>& c) { return cell_of(row, c[kTreatedItem]); },
        any_value,
        treatment_of,
        amend::treat_item};
    return apply_row_file(arguments, kind, rows, columns, a.file.empty() ? as_option : nullptr);
}

} // namespace

void add_treat(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("treat", tr("cli.treat"));
    auto a = std::make_shared<TreatArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    auto* file = command->add_option("FILE", a->file, tr("cli.treat.file"));
    auto* item = command->add_option("--item", a->item, tr("cli.amend.item"))->excludes(file);
    auto* page = command->add_option("--page", a->page, tr("cli.replace.page"))->needs(item);
    item->needs(page);
    const auto value = [&](const char* name, std::string& into, const char* help) {
        return command->add_option(name, into, tr(help))->needs(page);
    };
    value("--turn", a->words.turn, "cli.treat.turn")->check(CLI::IsMember({"0", "90", "180", "270"}));
    value("--angle", a->words.angle, "cli.treat.angle");
    value("--corners", a->words.quad, "cli.treat.corners");
    value("--split", a->words.split, "cli.treat.split");
    auto* keep = command->add_flag("--keep", a->keep, tr("cli.treat.keep"))->needs(page);
    command->add_flag("--auto", a->automatic, tr("cli.treat.auto"))->needs(page)->excludes(keep);
    command->add_option("--who", a->who, tr("cli.amend.who"));
    command->add_option("--reason", a->reason, tr("cli.amend.reason"));
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a, command] {
        if (a->file.empty() && a->item.empty()) throw CLI::RequiredError("FILE", CLI::ExitCodes::RequiredError);
        action = [a] { return treat_pages(*a); };
    });
}

} // namespace recto::cli
