// The lists that go out to people: errata, rescan, inventory.

#include <algorithm>

#include "catalogue/reconcile.h"
#include "pipeline/core/messages.h"
#include "pipeline/files/csv.h"

namespace recto::catalogue {

namespace {

std::string count(int n) { return n < 0 ? std::string() : std::to_string(n); }

std::string message_of(Verdict v) {
    switch (v) {
    case Verdict::Match: return "reconcile.match";
    case Verdict::MissingPages: return "reconcile.missing_pages";
    case Verdict::ExtraPages: return "reconcile.extra_pages";
    case Verdict::NoPageCount: return "reconcile.no_page_count";
    case Verdict::NotScanned: return "reconcile.not_scanned";
    case Verdict::NotInCatalogue: return "reconcile.not_in_catalogue";
    }
    return "reconcile.match";
}

std::vector<std::string> args_of(const ReconciledItem& item) {
    return {item.code, count(item.expected), count(item.counted), count(std::abs(item.expected - item.counted))};
}

const ScannedItem* scan_of(const ReconciledItem& item, const std::vector<ScannedItem>& scanned) {
    return item.scanned < 0 || static_cast<std::size_t>(item.scanned) >= scanned.size()
               ? nullptr
               : &scanned[static_cast<std::size_t>(item.scanned)];
}

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

} // namespace

std::string errata_csv(const Catalogue& catalogue, const Reconciliation& r, const std::vector<ScannedItem>& scanned) {
    std::string out(kBom);
    out += csv_row({"序号 / No.", "目录行 / Catalogue row", "档号 / Reference code", "题名 / Title", "问题 / Problem",
                    "目录值 / Catalogue", "实际值 / Found", "处理 / Action taken", "处理人 / By", "日期 / Date"});
    int number = 0;
    const auto write = [&](int row, const std::string& code, const std::string& title, const std::string& problem,
                           const std::string& expected, const std::string& found) {
        out += csv_row({std::to_string(++number), row > 0 ? std::to_string(row) : "", code, title, problem, expected,
                        found, "", "", ""});
    };
    for (const Remark& remark : catalogue.remarks()) {
        const Finding f = remark.finding();
        write(remark.row, "", "", f.chinese() + " / " + f.english(), "", "");
    }
    for (const ReconciledItem& item : r.items) {
        const SheetRemark* sheet = item.verdict == Verdict::NotScanned ? r.missing_sheet(item.code) : nullptr;
        if (sheet) // says more than that it was not scanned
            write(item.row, item.code, item.title, sheet->finding.chinese() + " / " + sheet->finding.english(),
                  count(item.expected), "");
        else if (item.verdict != Verdict::Match && item.verdict != Verdict::NoPageCount)
            write(item.row, item.code, item.title, in_both_languages(message_of(item.verdict), args_of(item)),
                  count(item.expected), count(item.counted));
        const ScannedItem* scan = scan_of(item, scanned);
        if (!scan) continue;
        for (const Finding& f : scan->findings) {
            // Page counts have their row already; the other disagreements follow, each with both values.
            if (!begins(f.code, "describe.") && !begins(f.code, "reconcile.security") && !begins(f.code, "group.code"))
                continue;
            const bool values = f.code == "describe.differs" && f.args.size() >= 3;
            write(item.row, item.code, item.title, f.chinese() + " / " + f.english(), values ? f.args[1] : "",
                  values ? f.args[2] : "");
        }
    }
    for (const SheetRemark& s : r.sheets)
        if (s.code.empty())
            write(0, s.scanned < 0 ? "" : scanned[static_cast<std::size_t>(s.scanned)].code, "",
                  s.finding.chinese() + " / " + s.finding.english(), "", "");
    return out;
}

std::string rescan_csv(const Reconciliation& r, const std::vector<ScannedItem>& scanned) {
    std::string out(kBom);
    out += csv_row({"序号 / No.", "档号 / Reference code", "页 / Page", "印刷页码 / Printed number", "文件 / File",
                    "图像 / Image", "原因 / Reason", "代码 / Code", "已重扫 / Rescanned"});
    int number = 0;
    for (const ReconciledItem& item : r.items) {
        const ScannedItem* scan = scan_of(item, scanned);
        if (!scan) continue;
        std::vector<PageRemark> pages = scan->rescan;
        std::stable_sort(pages.begin(), pages.end(), [](const PageRemark& a, const PageRemark& b) {
            return static_cast<int>(a.finding.severity) > static_cast<int>(b.finding.severity);
        });
        for (const PageRemark& p : pages)
            out += csv_row({std::to_string(++number), scan->name, std::to_string(p.order), p.printed_number, p.file,
                            std::to_string(p.image), p.finding.chinese() + " / " + p.finding.english(), p.finding.code,
                            ""});
        if (item.verdict == Verdict::MissingPages)
            out +=
                csv_row({std::to_string(++number), item.code, "", "", "", "",
                         in_both_languages("reconcile.missing_pages", args_of(item)), "reconcile.missing_pages", ""});
    }
    return out;
}

std::string inventory_csv(const Reconciliation& r, const std::vector<ScannedItem>& scanned) {
    static constexpr std::pair<PageClass, std::string_view> kClasses[] = {
        {PageClass::Body, "正文 / Body"},
        {PageClass::Cover, "封面 / Cover"},
        {PageClass::Contents, "卷内目录 / Contents"},
        {PageClass::BackNote, "备考表 / Back note"},
        {PageClass::Blank, "空白 / Blank"},
        {PageClass::BlankVerso, "空白背面 / Blank verso"},
        {PageClass::Separator, "分隔页 / Separator"},
        {PageClass::Target, "测试卡 / Target"}};
    std::string out(kBom);
    std::vector<std::string> row{"目录行 / Catalogue row", "档号 / Reference code",         "题名 / Title",
                                 "状态 / State",           "目录页数 / Pages in catalogue", "实际页数 / Pages counted"};
    for (const auto& [c, heading] : kClasses) row.emplace_back(heading);
    row.insert(row.end(), {"暂扣 / Held", "来源 / Delivery", "标识 / Id"});
    out += csv_row(row);
    for (const ReconciledItem& item : r.items) {
        const ScannedItem* scan = scan_of(item, scanned);
        row = {item.row > 0 ? std::to_string(item.row) : "",
               item.code,
               item.title,
               in_both_languages("reconcile.state." + std::string(to_string(item.verdict))),
               count(item.expected),
               count(item.counted)};
        for (const auto& [c, heading] : kClasses) {
            const auto it = scan ? scan->classes.find(c) : std::map<PageClass, int>::const_iterator{};
            row.push_back(!scan ? "" : it == scan->classes.end() ? "0" : std::to_string(it->second));
        }
        row.push_back(scan && scan->held ? "是 / yes" : "");
        row.push_back(scan ? scan->delivery : "");
        row.push_back(scan ? scan->id.to_string() : "");
        out += csv_row(row);
    }
    return out;
}

} // namespace recto::catalogue
