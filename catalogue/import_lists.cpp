// What an import says to people and programs.

#include "catalogue/imports.h"
#include "pipeline/core/messages.h"
#include "pipeline/files/csv.h"

namespace recto::catalogue {

namespace {

bool worth_saying(const ImportedRow& row) { return row.state == RowState::Refused || !row.remarks.empty(); }

} // namespace

std::string result_csv(const ImportPlan& plan, bool all_rows) {
    std::string out(kBom);
    out += csv_row({"工作表 / Sheet", "行 / Row", "档号 / Reference code", "结果 / Outcome", "列 / Column",
                    "代码 / Code", "说明 / Reason"});
    for (const ImportedRow& row : plan.rows) {
        if (!all_rows && !worth_saying(row)) continue;
        const std::string number = std::to_string(row.entry.row);
        const std::string state = in_both_languages("catalogue.state." + std::string(to_string(row.state)));
        if (row.remarks.empty()) out += csv_row({row.entry.sheet, number, row.entry.code, state, "", "", ""});
        for (const Remark& remark : row.remarks) {
            const Finding f = remark.finding();
            out += csv_row({row.entry.sheet, number, row.entry.code, state, remark.column, remark.code,
                            f.chinese() + " / " + f.english()});
        }
    }
    return out;
}

nlohmann::json result_json(const ImportPlan& plan, bool all_rows) {
    nlohmann::json sheets = nlohmann::json::array(), rows = nlohmann::json::array();
    for (const SheetPlan& s : plan.sheets) {
        nlohmann::json columns = nlohmann::json::array();
        for (const Column& c : s.mapping.columns)
            columns.push_back({{"heading", c.heading}, {"id", c.id}, {"by", c.by}});
        sheets.push_back({{"sheet", s.name},
                          {"read", s.mapped},
                          {"heading_row", s.heading_row},
                          {"heading_rows", s.mapped ? s.mapping.heading_rows : 0},
                          {"level", s.mapping.level},
                          {"signature", s.mapping.signature},
                          {"rows", s.rows},
                          {"columns", columns}});
    }
    for (const ImportedRow& row : plan.rows) {
        if (!all_rows && !worth_saying(row)) continue;
        nlohmann::json remarks = nlohmann::json::array();
        for (const Remark& r : row.remarks) {
            const Finding f = r.finding();
            remarks.push_back({{"column", r.column},
                               {"code", r.code},
                               {"refused", r.refused},
                               {"message", f.english()},
                               {"message_zh", f.chinese()}});
        }
        rows.push_back({{"sheet", row.entry.sheet},
                        {"row", row.entry.row},
                        {"code", row.entry.code},
                        {"outcome", to_string(row.state)},
                        {"remarks", remarks}});
    }
    return {{"schema", 1},
            {"file", plan.file},
            {"format", plan.format},
            {"encoding", plan.encoding},
            {"import", plan.id},
            {"already", plan.already},
            {"sheets", sheets},
            {"counts",
             {{"rows", plan.rows.size()},
              {"imported", plan.imported},
              {"merged", plan.merged},
              {"updated", plan.updated},
              {"refused", plan.refused}}},
            {"rows", rows}};
}

} // namespace recto::catalogue
