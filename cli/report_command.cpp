// recto report: digitization rates.

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "catalogue/report.h"
#include "cli/cli.h"
#include "cli/item_report.h"
#include "cli/report_purge.h"
#include "cli/store_access.h"
#include "pipeline/files/csv.h"

namespace recto::cli {
namespace {

struct ReportArguments {
    std::string archive, by, xlsx, html;
    std::vector<std::string> items;
    bool json = false, csv = false;
    int purge = -1; ///< Days; -1: nothing is removed.
};

std::string rate_text(const catalogue::Rate& r) {
    if (!r.known()) return tr("rates.cannot");
    return fmt::format("{:.1f}% ({}/{})", 100 * r.value(), r.done, r.of);
}

void print_row(const catalogue::ReportRow& r, const std::string& key) {
    std::printf("%s\n", tr("rates.line", key, rate_text(r.volumes), rate_text(r.items), rate_text(r.pages)).c_str());
}

void print_reasons(const catalogue::ReportRow& r) {
    const std::pair<const char*, const catalogue::Rate*> kRates[] = {
        {"rates.volume_rate", &r.volumes}, {"rates.item_rate", &r.items}, {"rates.page_rate", &r.pages}};
    for (const auto& [name, rate] : kRates)
        if (!rate->known())
            std::printf("  %s\n", tr("rates.reason", tr(name), tr(rate->why, std::to_string(rate->unknown))).c_str());
}

void print_groups(const catalogue::DigitizationReport& report) {
    if (report.rows.empty()) return;
    std::printf("\n%s\n", tr("rates.by." + report.by).c_str());
    for (const auto& r : report.rows) {
        std::string key = r.key.empty() ? tr("rates.not_given") : r.key;
        if (!r.title.empty()) key += " " + r.title;
        print_row(r, key);
    }
}

int pages(const ReportArguments& a, catalogue::Store& store) {
    const auto classes = catalogue::page_classes(store);
    if (!classes) return report_error(classes.error());
    const auto total = catalogue::digitization_report(store, "total");
    if (!total) return report_error(total.error());
    if (a.json) {
        auto j = catalogue::report_json(*total);
        j["by"] = "page";
        for (const auto& c : *classes)
            j["rows"].push_back({{"class", c.page_class}, {"counted", c.counted}, {"pages", c.pages}});
        std::printf("%s\n", j.dump(1).c_str());
        return kDone;
    }
    if (a.csv) {
        std::string out(kBom);
        out += csv_row({"类别 / Class", "计入页数 / Counted", "页 / Pages"});
        for (const auto& c : *classes)
            out += csv_row({c.page_class, c.counted ? "是 / yes" : "否 / no", std::to_string(c.pages)});
        std::fwrite(out.data(), 1, out.size(), stdout);
        return kDone;
    }
    print_row(total->total, tr("rates.total"));
    print_reasons(total->total);
    for (const auto& c : *classes)
        std::printf("  %s\n", tr(c.counted ? "rates.class_counted" : "rates.class_not_counted", c.page_class,
                                 std::to_string(c.pages))
                                  .c_str());
    return kDone;
}

int report(const ReportArguments& a) {
    if (a.purge >= 0) return purge_reports(a.archive, a.purge, a.json);
    if (!a.html.empty()) {
        const Settings settings;
        const auto written = write_item_report(a.archive, a.items, a.html, settings);
        if (!written) return report_error(written.error());
        std::printf("%s\n", written->c_str());
        return kDone;
    }
    auto store = read_store(a.archive);
    if (!store) return report_error(store.error());
    if (a.by == "page") return pages(a, **store);
    const auto wanted = catalogue::digitization_report(**store, a.by.empty() ? "retention" : a.by);
    if (!wanted) return report_error(wanted.error());
    if (!a.xlsx.empty()) {
        // Written beside and renamed, so that a list somebody has open is never half a list.
        auto fs = posix_file_system();
        const std::string beside = a.xlsx + ".tmp";
        auto written = catalogue::write_report_xlsx(*wanted, beside);
        if (written) written = fs->rename(beside, a.xlsx);
        if (!written) return report_error(written.error());
        std::fprintf(stderr, "%s\n", a.xlsx.c_str());
    }
    if (a.json) {
        std::printf(
            "%s\n",
            catalogue::report_json(*wanted).dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    } else if (a.csv) {
        const std::string text = catalogue::report_csv(*wanted);
        std::fwrite(text.data(), 1, text.size(), stdout);
    } else {
        print_row(wanted->total, tr("rates.total"));
        print_reasons(wanted->total);
        print_groups(*wanted);
        if (a.by.empty())
            for (const char* by : {"fonds", "year"}) {
                const auto more = catalogue::digitization_report(**store, by);
                if (!more) return report_error(more.error());
                print_groups(*more);
            }
        if (wanted->total.held > 0)
            std::printf("\n%s\n", tr("rates.held_items", std::to_string(wanted->total.held)).c_str());
        if (wanted->not_in_inventory > 0)
            std::printf("%s\n", tr("rates.not_in_inventory", std::to_string(wanted->not_in_inventory),
                                   std::to_string(wanted->provisional))
                                    .c_str());
    }
    return kDone;
}

} // namespace

void add_report(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("report", tr("cli.report"));
    auto a = std::make_shared<ReportArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    auto* by = command->add_option("--by", a->by, tr("cli.report.by"))
                   ->check(CLI::IsMember({"retention", "fonds", "year", "volume", "item", "page"}));
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    auto* csv = command->add_flag("--csv", a->csv, tr("cli.report.csv"));
    auto* html = command->add_option("--html", a->html, tr("cli.report.html"))->type_name("DIR");
    command->add_option("ITEM", a->items, tr("cli.report.item"))->needs(html);
    auto* xlsx = command->add_option("--xlsx", a->xlsx, tr("cli.report.xlsx"));
    command->add_option("--purge", a->purge, tr("cli.report.purge"))
        ->type_name("DAYS")
        ->check(CLI::Range(0, 36500))
        ->excludes(html)
        ->excludes(by)
        ->excludes(csv)
        ->excludes(xlsx);
    command->callback([&action, a] { action = [a] { return report(*a); }; });
}

} // namespace recto::cli
