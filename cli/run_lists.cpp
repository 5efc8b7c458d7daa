#include "cli/run_lists.h"

#include <algorithm>
#include <map>

#include "cli/cli.h"

namespace recto::cli {

namespace {

std::string sentence_of(const Finding& f) { return ui_language() == Language::Chinese ? f.chinese() : f.english(); }

} // namespace

bool reconcile_run(FileSystem& fs, const std::string& folder, const ArchivePaths& paths,
                   const catalogue::Catalogue* listed, std::vector<catalogue::ScannedItem>& scanned, RunReport& run,
                   ReportContext& context) {
    // What was kept of the items comes in the order in which they ended; people read them as delivered.
    std::map<std::string, std::size_t> place;
    for (std::size_t i = 0; i < run.items.size(); ++i) place.emplace(run.items[i].id, i);
    std::ranges::stable_sort(scanned, {}, [&](const catalogue::ScannedItem& s) { return place[s.id.to_string()]; });

    catalogue::Reconciliation reconciled = catalogue::reconcile(listed ? *listed : catalogue::Catalogue(), scanned);
    if (!run.stopped.empty()) reconciled.sheets.clear(); // the items behind them may be on their way
    for (const auto& s : reconciled.sheets)
        if (s.scanned >= 0)
            run.items[place[scanned[static_cast<std::size_t>(s.scanned)].id.to_string()]].findings.push_back(s.finding);
    if (!fs.make_folders(folder)) return true;
    const auto write_list = [&](const std::string& name, const std::string& text) {
        if (fs.write(join_path(folder, name), text)) context.files.push_back(name);
    };
    if (listed) {
        write_list("errata.csv", catalogue::errata_csv(*listed, reconciled, scanned));
        write_list("inventory.csv", catalogue::inventory_csv(reconciled, scanned));
        context.reconciliation.push_back(
            tr("run.reconciled", std::to_string(reconciled.matching), std::to_string(reconciled.missing_pages),
               std::to_string(reconciled.extra_pages), std::to_string(reconciled.not_scanned),
               std::to_string(reconciled.not_in_catalogue)));
        for (const auto& i : reconciled.items) {
            const auto* sheet =
                i.verdict == catalogue::Verdict::NotScanned ? reconciled.missing_sheet(i.code) : nullptr;
            if (sheet) context.reconciliation.push_back(sentence_of(sheet->finding));
            else if (i.verdict != catalogue::Verdict::Match)
                context.reconciliation.push_back(tr("run.verdict." + std::string(catalogue::to_string(i.verdict)),
                                                    i.code, std::to_string(i.expected), std::to_string(i.counted)));
        }
        for (const auto& s : reconciled.sheets)
            if (s.code.empty()) context.reconciliation.push_back(sentence_of(s.finding));
    }
    const std::string rescan = catalogue::rescan_csv(reconciled, scanned);
    write_list("rescan.csv", rescan);
    (void)fs.write(join_path(paths.rescan(), run.run_id + ".csv"), rescan);
    return !listed || (reconciled.missing_pages + reconciled.extra_pages == 0 && reconciled.sheets.empty());
}

} // namespace recto::cli
