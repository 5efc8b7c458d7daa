// The digitization report as JSON, CSV and XLSX.

#include <fmt/format.h>
#include <xlsxwriter.h>

#include "catalogue/report.h"
#include "pipeline/core/messages.h"
#include "pipeline/files/csv.h"

namespace recto::catalogue {

namespace {

std::vector<std::string> reason_args(const Rate& r) { return {std::to_string(r.unknown)}; }

nlohmann::json rate_json(const Rate& r) {
    nlohmann::json j = {{"done", r.done}, {"of", r.of}, {"unknown", r.unknown}};
    if (r.known()) {
        j["rate"] = r.value();
    } else {
        j["rate"] = nullptr;
        j["reason"] = r.why;
        j["message"] = format_message(Language::English, r.why, reason_args(r));
        j["message_zh"] = format_message(Language::Chinese, r.why, reason_args(r));
    }
    return j;
}

nlohmann::json row_json(const ReportRow& r) {
    return {{"key", r.key},
            {"title", r.title},
            {"volumes", rate_json(r.volumes)},
            {"items", rate_json(r.items)},
            {"pages", rate_json(r.pages)},
            {"held", r.held}};
}

std::vector<std::string> headings(const DigitizationReport& report) {
    return {in_both_languages("rates.by." + report.by), in_both_languages("rates.title"),
            in_both_languages("rates.volumes_done"),    in_both_languages("rates.volumes"),
            in_both_languages("rates.volume_rate"),     in_both_languages("rates.items_done"),
            in_both_languages("rates.items"),           in_both_languages("rates.item_rate"),
            in_both_languages("rates.pages_done"),      in_both_languages("rates.pages"),
            in_both_languages("rates.page_rate"),       in_both_languages("rates.held"),
            in_both_languages("rates.remark")};
}

std::string remark_of(const ReportRow& row) {
    std::string out;
    for (const Rate* r : {&row.volumes, &row.items, &row.pages}) {
        if (r->known()) continue;
        const std::string text = in_both_languages(r->why, reason_args(*r));
        if (out.find(text) == std::string::npos) out += (out.empty() ? "" : "; ") + text;
    }
    return out;
}

} // namespace

nlohmann::json report_json(const DigitizationReport& report) {
    nlohmann::json rows = nlohmann::json::array();
    for (const ReportRow& r : report.rows) rows.push_back(row_json(r));
    return {{"schema", 1},
            {"by", report.by},
            {"total", row_json(report.total)},
            {"rows", rows},
            {"stored_items", report.stored_items},
            {"stored_pages", report.stored_pages},
            {"not_in_inventory", report.not_in_inventory},
            {"provisional", report.provisional}};
}

std::string report_csv(const DigitizationReport& report) {
    std::string out(kBom);
    out += csv_row(headings(report));
    const auto line = [&](const ReportRow& r, const std::string& key) {
        std::vector<std::string> cells{key, r.title};
        for (const Rate* rate : {&r.volumes, &r.items, &r.pages}) {
            cells.push_back(std::to_string(rate->done));
            cells.push_back(std::to_string(rate->of));
            cells.push_back(rate->known() ? fmt::format("{:.2f}%", 100 * rate->value())
                                          : in_both_languages("rates.cannot"));
        }
        cells.push_back(std::to_string(r.held));
        cells.push_back(remark_of(r));
        out += csv_row(cells);
    };
    for (const ReportRow& r : report.rows) line(r, r.key.empty() ? in_both_languages("rates.not_given") : r.key);
    line(report.total, in_both_languages("rates.total"));
    return out;
}

Result<void> write_report_xlsx(const DigitizationReport& report, const std::string& path) {
    lxw_workbook_options options{};
    options.constant_memory = LXW_FALSE;
    lxw_workbook* book = workbook_new_opt(path.c_str(), &options);
    if (!book) return fail("io.write", "no workbook could be made", path);
    lxw_worksheet* sheet = workbook_add_worksheet(book, "数字化率");
    lxw_format* bold = workbook_add_format(book);
    format_set_bold(bold);
    lxw_format* text = workbook_add_format(book);
    format_set_num_format(text, "@"); // stays text when a person edits it: 0025, 1-5
    lxw_format* percent = workbook_add_format(book);
    format_set_num_format(percent, "0.00%");
    lxw_col_t column = 0;
    for (const std::string& h : headings(report)) worksheet_write_string(sheet, 0, column++, h.c_str(), bold);
    worksheet_freeze_panes(sheet, 1, 1);
    worksheet_set_column(sheet, 0, 1, 24, nullptr);
    lxw_row_t at = 1;
    const auto line = [&](const ReportRow& r, const std::string& key) {
        worksheet_write_string(sheet, at, 0, key.c_str(), text);
        worksheet_write_string(sheet, at, 1, r.title.c_str(), text);
        lxw_col_t c = 2;
        for (const Rate* rate : {&r.volumes, &r.items, &r.pages}) {
            worksheet_write_number(sheet, at, c++, static_cast<double>(rate->done), nullptr);
            worksheet_write_number(sheet, at, c++, static_cast<double>(rate->of), nullptr);
            if (rate->known()) worksheet_write_number(sheet, at, c++, rate->value(), percent);
            else worksheet_write_string(sheet, at, c++, in_both_languages("rates.cannot").c_str(), text);
        }
        worksheet_write_number(sheet, at, c++, static_cast<double>(r.held), nullptr);
        worksheet_write_string(sheet, at, c, remark_of(r).c_str(), text);
        ++at;
    };
    for (const ReportRow& r : report.rows) line(r, r.key.empty() ? in_both_languages("rates.not_given") : r.key);
    line(report.total, in_both_languages("rates.total"));
    if (const lxw_error e = workbook_close(book); e != LXW_NO_ERROR) return fail("io.write", lxw_strerror(e), path);
    return {};
}

} // namespace recto::catalogue
