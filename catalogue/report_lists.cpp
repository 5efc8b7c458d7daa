// The digitization report as JSON, CSV and XLSX.

#include <fmt/format.h>

#include "catalogue/report.h"
#include "pipeline/core/clock.h"
#include "pipeline/core/messages.h"
#include "pipeline/files/csv.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/xlsx_out.h"

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
    XlsxOut book(default_clock()->now());
    book.sheet("数字化率", {24, 24});
    const std::vector<std::string> heads = headings(report);
    book.row({heads.begin(), heads.end()}, XlsxOut::Style::Heading);
    book.freeze();
    const auto line = [&](const ReportRow& r, const std::string& key) {
        std::vector<XlsxOut::Cell> cells{key, r.title};
        for (const Rate* rate : {&r.volumes, &r.items, &r.pages}) {
            cells.emplace_back(static_cast<double>(rate->done));
            cells.emplace_back(static_cast<double>(rate->of));
            if (rate->known()) cells.emplace_back(XlsxOut::Percent{rate->value()});
            else cells.emplace_back(in_both_languages("rates.cannot"));
        }
        cells.emplace_back(static_cast<double>(r.held));
        cells.emplace_back(remark_of(r));
        book.row(cells);
    };
    for (const ReportRow& r : report.rows) line(r, r.key.empty() ? in_both_languages("rates.not_given") : r.key);
    line(report.total, in_both_languages("rates.total"));
    RECTO_ASSIGN(const std::string bytes, book.finish());
    return posix_file_system()->write(path, bytes);
}

} // namespace recto::catalogue
