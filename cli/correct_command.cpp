// recto correct: corrected lines from a CSV file.

#include <memory>

#include "cli/row_file.h"

namespace recto::cli {
namespace {

enum { kPageId, kLineId, kOldText, kNewText, kCorrectedBy, kItem };

std::vector<RowColumn> correction_columns() {
    return {{"page id", {"page id", "page_id", "页标识"}, true},
            {"line id", {"line id", "line_id", "行标识"}, true},
            {"old text", {"old text", "old_text", "原文"}, true},
            {"new text", {"new text", "new_text", "改为"}, true},
            {"who", {"who", "修改人"}},
            {"item", {"item", "件", "档号"}, true}};
}

amend::CorrectionRow correction_of(const CsvRow& row, const std::vector<RowColumn>& c) {
    const std::string to = cell_of(row, c[kNewText]);
    return {row.row, cell_of(row, c[kPageId]),           cell_of(row, c[kLineId]),     cell_of(row, c[kOldText]),
            to,      to == "[delete]" || to == "[删除]", cell_of(row, c[kCorrectedBy])};
}

int correct(const AmendArguments& a) {
    auto columns = correction_columns();
    const auto rows = read_row_file(a.file, columns, "correct.columns");
    if (!rows) return report_error(rows.error());
    const RowFile<amend::CorrectionRow> kind{
        "correct",
        "correct",
        false,
        [](const CsvRow& row, const std::vector<RowColumn>& c) { return cell_of(row, c[kItem]); },
        [](const CsvRow& row, const std::vector<RowColumn>& c) { return !cell_of(row, c[kNewText]).empty(); },
        correction_of,
        amend::correct_item};
    return apply_row_file(a, kind, *rows, columns);
}

} // namespace

void add_correct(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("correct", tr("cli.correct"));
    auto a = std::make_shared<AmendArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("FILE", a->file, tr("cli.correct.file"))->required();
    command->add_option("--who", a->who, tr("cli.amend.who"));
    command->add_option("--reason", a->reason, tr("cli.amend.reason"));
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return correct(*a); }; });
}

} // namespace recto::cli
