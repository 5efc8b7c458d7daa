// recto ocr: stored pages read again by the engine and models of now.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cli/cli.h"
#include "cli/ending_signals.h"
#include "cli/progress_option.h"
#include "cli/rereader.h"
#include "pipeline/engine/limits.h"
#include "pipeline/files/csv.h"
#include "stages/encode/encode.h"

namespace recto::cli {
namespace {

using amend::RereadFate;
using amend::RereadPage;

struct OcrArguments : AmendArguments {
    std::vector<std::string> items;
    ProgressOption progress;
    bool only_missing = false, dry_run = false;
    int jobs = 0;
};

/// An item with pages to read.
struct PlannedItem {
    std::string id, name;
    std::vector<RereadPage> pages; ///< As they stand.
};

/// Looks without the archive's lock: what is to be done is decided again, item by item, once it is held.
class OcrPlan {
  public:
    Result<void> make(const OcrArguments& a) {
        const ArchivePaths paths(a.archive);
        RECTO_TRY(look_at_archive(a.archive));
        OcflStore store(fs_, paths.storage());
        RECTO_TRY(store.open());
        std::vector<std::string> ids;
        if (a.items.empty()) {
            RECTO_ASSIGN(const auto objects, store.object_paths());
            for (const std::string& object : objects) {
                const auto state = store.state_at(object);
                if (!state) errors.push_back(state.error());
                else if (state->id.starts_with("urn:uuid:") && state->files.contains("metadata/item.json"))
                    ids.push_back(state->id.substr(9));
            }
        }
        RECTO_ASSIGN(const auto index, read_index(*fs_, paths));
        for (const std::string& wanted : a.items) {
            RECTO_ASSIGN(std::string id, find(store, index, wanted, a.archive));
            if (std::ranges::find(ids, id) == ids.end()) ids.push_back(std::move(id));
        }
        for (const std::string& id : ids)
            if (auto looked = look_at(store, id, a.only_missing); !looked) errors.push_back(looked.error());
        return {};
    }

    std::vector<PlannedItem> items;
    std::vector<Error> errors; ///< Of items that cannot be looked at.
    int pages = 0;

  private:
    static Result<std::string> find(OcflStore& store, const std::vector<IndexRow>& index, const std::string& wanted,
                                    const std::string& archive) {
        std::string found;
        for (const IndexRow& row : index) {
            if (row.id != wanted && row.reference_code != wanted && "urn:uuid:" + row.id != wanted) continue;
            if (!found.empty())
                return fail("amend.no_item", "several items are called so: " + found + ", " + row.id, wanted);
            found = row.id;
        }
        if (!found.empty()) return found;
        if (const auto state = store.state("urn:uuid:" + wanted); state && state->head > 0) return wanted;
        return fail("amend.no_item", wanted, archive);
    }

    Result<void> look_at(OcflStore& store, const std::string& id, bool only_missing) {
        RECTO_ASSIGN(const auto state, store.state("urn:uuid:" + id));
        RECTO_ASSIGN(const auto path, store.content_path(state, "metadata/item.json"));
        RECTO_ASSIGN(const auto text, fs_->read(path));
        RECTO_ASSIGN(const Item item, item_from_json(nlohmann::json::parse(text, nullptr, false)));
        PlannedItem planned{id, item.display_name(), {}};
        for (const std::size_t at : amend::pages_to_reread(item, only_missing)) {
            const Page& page = item.pages[at];
            RereadPage row;
            row.page = page.id.to_string();
            row.order = page.order;
            row.before = {page.text.engine, page.text.language, page.text.state, 0, page.text.confidence};
            planned.pages.push_back(std::move(row));
        }
        if (planned.pages.empty()) return {};
        pages += static_cast<int>(planned.pages.size());
        items.push_back(std::move(planned));
        return {};
    }

    std::shared_ptr<FileSystem> fs_ = posix_file_system();
};

void print_json(const nlohmann::json& j) {
    std::printf("%s\n", j.dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

int tell_plan(const OcrArguments& a, const OcrPlan& plan) {
    nlohmann::json items = nlohmann::json::array();
    for (const PlannedItem& item : plan.items) {
        nlohmann::json pages = nlohmann::json::array();
        for (const RereadPage& p : item.pages) {
            pages.push_back({{"page", p.page},
                             {"order", p.order},
                             {"engine", p.before.engine},
                             {"language", p.before.language},
                             {"state", to_string(p.before.state)},
                             {"confidence", p.before.confidence}});
            if (!a.json)
                std::printf("%s\t%d\t%s\t%s\t%s\n", item.name.c_str(), p.order, p.page.c_str(),
                            p.before.engine.empty() ? "-" : p.before.engine.c_str(),
                            std::string(to_string(p.before.state)).c_str());
        }
        items.push_back({{"id", item.id}, {"name", item.name}, {"pages", pages}});
    }
    if (a.json) print_json({{"schema", 1}, {"dry_run", true}, {"items", items}, {"pages", plan.pages}});
    std::fprintf(stderr, "%s\n",
                 tr("cli.ocr.planned", std::to_string(plan.pages), std::to_string(plan.items.size())).c_str());
    return plan.errors.empty() ? kDone : kSomeFailed;
}

struct OcrTotals {
    int pages = 0, changed = 0, unchanged = 0, kept = 0, failed = 0;
    std::size_t before = 0, after = 0;

    explicit OcrTotals(const std::vector<std::pair<std::string, RereadPage>>& rows) {
        for (const auto& [item, p] : rows) {
            ++pages;
            changed += p.fate == RereadFate::Changed;
            unchanged += p.fate == RereadFate::Unchanged;
            kept += p.fate == RereadFate::Kept;
            failed += p.fate == RereadFate::Failed;
            before += p.before.characters;
            after += p.fate == RereadFate::Changed ? p.after.characters : p.before.characters;
        }
    }
};

std::string pages_csv(const std::vector<std::pair<std::string, RereadPage>>& rows) {
    std::string out(kBom);
    out += csv_row({"件 / item", "页标识 / page id", "页 / page", "结果 / outcome", "原引擎 / engine before",
                    "现引擎 / engine now", "原状态 / state before", "现状态 / state now", "原字数 / characters before",
                    "现字数 / characters now", "原置信度 / confidence before", "现置信度 / confidence now",
                    "差异 / difference", "保留人工行 / lines of a person kept", "原因 / reason"});
    for (const auto& [item, p] : rows) {
        const bool read = p.fate != RereadFate::Failed;
        out += csv_row({item, p.page, std::to_string(p.order), std::string(to_string(p.fate)), p.before.engine,
                        p.after.engine, std::string(to_string(p.before.state)),
                        read ? std::string(to_string(p.after.state)) : "", std::to_string(p.before.characters),
                        read ? std::to_string(p.after.characters) : "", fmt::format("{:.3f}", p.before.confidence),
                        read ? fmt::format("{:.3f}", p.after.confidence) : "", fmt::format("{:.4f}", p.difference),
                        std::to_string(p.lines_kept), p.error ? p.error->to_string() : p.why});
    }
    return out;
}

/// The folder of this call's report, by the time; two in a second get numbers.
std::string report_folder(FileSystem& fs, const ArchivePaths& paths) {
    const std::time_t t = std::chrono::system_clock::to_time_t(default_clock()->now());
    std::tm tm{};
    localtime_r(&t, &tm);
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &tm);
    for (int n = 1;; ++n) {
        std::string folder =
            join_path(paths.reports(), std::string(text) + "-ocr" + (n > 1 ? fmt::format("-{}", n) : ""));
        if (const auto stat = fs.stat(folder); !stat || !stat->exists) return folder;
    }
}

int ocr(OcrArguments a) {
    OcrPlan plan;
    if (auto made = plan.make(a); !made) return report_error(made.error());
    for (const Error& e : plan.errors) (void)report_error(e);
    if (a.dry_run) return tell_plan(a, plan);
    if (plan.items.empty()) { // before models are loaded
        std::fprintf(stderr, "%s\n", tr("cli.ocr.nothing").c_str());
        const int code = plan.errors.empty() ? kDone : kSomeFailed;
        if (a.json)
            print_json({{"schema", 1},
                        {"items", nlohmann::json::array()},
                        {"totals", {{"pages", 0}, {"items_failed", plan.errors.size()}}},
                        {"pages_left", 0},
                        {"exit_code", code}});
        return code;
    }
    if (a.who.empty()) a.who = user_name();
    const int workers = a.jobs > 0 ? a.jobs : machine_limits().workers();
    std::optional<SignalListener> listener(std::in_place,
                                           [](int signal) { end_at_once(signal, "cli.ocr.interrupted"); });
    auto workshop = OpenWorkshop::open(a, "recto ocr", true, workers);
    listener.reset();
    if (!workshop) return report_error(workshop.error());
    const ArchivePaths& paths = (*workshop)->archive().paths;
    auto journal = Journal::open((*workshop)->shop().fs, paths.work);
    if (!journal) return report_error(journal.error());
    Progress progress(a.progress.mode());
    progress.pages_known = plan.pages;
    progress.items_known = static_cast<int>(plan.items.size());
    progress.planning_done = true;
    Rereader rereader({a.who, a.reason, a.only_missing}, **workshop, **journal, progress, workers);

    auto renewed = std::chrono::steady_clock::now();
    listener.emplace(
        [&](int signal) {
            if (signal == SIGINT) { // Somebody waits. What is stored is whole; pages in work are no suspects.
                (*journal)->abandon_all();
                end_at_once(signal, "cli.ocr.interrupted");
            }
            progress.note(tr("run.stopping"));
            rereader.request_stop();
        },
        [&, renewed]() mutable {
            if (std::chrono::steady_clock::now() - renewed < std::chrono::seconds(30)) return;
            (*workshop)->archive().lock->renew();
            renewed = std::chrono::steady_clock::now();
        });
    const auto began = std::chrono::steady_clock::now();
    std::vector<std::string> ids;
    for (const PlannedItem& item : plan.items) ids.push_back(item.id);
    const bool whole = rereader.run(ids);
    listener.reset();
    progress.show(true);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();

    const OcrTotals totals(rereader.rows);
    const int failed_items = rereader.items_failed + static_cast<int>(plan.errors.size());
    const int code = !whole ? kTryAgain : totals.failed > 0 || failed_items > 0 ? kSomeFailed : kDone;
    nlohmann::json j = {{"schema", 1},
                        {"items", rereader.results},
                        {"totals",
                         {{"pages", totals.pages},
                          {"changed", totals.changed},
                          {"unchanged", totals.unchanged},
                          {"kept", totals.kept},
                          {"failed", totals.failed},
                          {"items_changed", rereader.items_changed},
                          {"items_failed", failed_items},
                          {"characters_before", totals.before},
                          {"characters_after", totals.after}}},
                        {"pages_left", plan.pages - totals.pages},
                        {"seconds", std::round(seconds * 10) / 10},
                        {"exit_code", code}};
    FileSystem& fs = (*workshop)->fs();
    const std::string folder = report_folder(fs, paths);
    const auto write = [&]() -> Result<void> {
        RECTO_TRY(fs.make_folders(folder));
        RECTO_TRY(fs.write(join_path(folder, "pages.csv"), pages_csv(rereader.rows)));
        return fs.write(join_path(folder, "ocr.json"),
                        j.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    };
    if (totals.pages > 0) {
        if (auto written = write(); written) j["report"] = join_path(folder, "pages.csv");
        else (void)report_error(written.error());
    }
    std::fprintf(stderr, "%s\n",
                 tr("cli.ocr.done", std::to_string(totals.pages), std::to_string(totals.changed),
                    std::to_string(totals.unchanged), std::to_string(totals.kept), std::to_string(totals.failed),
                    std::to_string(rereader.items_changed), std::to_string(totals.before), std::to_string(totals.after),
                    fmt::format("{:.1f}", seconds),
                    fmt::format("{:.1f}", seconds > 0 ? 60 * totals.pages / seconds : 0))
                     .c_str());
    if (!whole) std::fprintf(stderr, "%s\n", tr("cli.ocr.left", std::to_string(plan.pages - totals.pages)).c_str());
    if (j.contains("report")) std::fprintf(stderr, "%s\n", tr("run.report", j["report"].get<std::string>()).c_str());
    if (a.json) print_json(j);
    return code;
}

} // namespace

void add_ocr(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("ocr", tr("cli.ocr"));
    auto a = std::make_shared<OcrArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("--item", a->items, tr("cli.ocr.item_option"))
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->add_flag("--only-missing", a->only_missing, tr("cli.ocr.only_missing"));
    command->add_option("--who", a->who, tr("cli.amend.who"));
    command->add_option("--reason", a->reason, tr("cli.amend.reason"));
    a->settings.add_to(*command);
    command->add_option("-j,--jobs", a->jobs, tr("cli.run.jobs"))->check(CLI::Range(1, 1024));
    command->add_flag("--dry-run", a->dry_run, tr("cli.ocr.dry_run"));
    a->progress.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] {
        action = [a] {
            block_ending_signals(); // before any thread is made
            return ocr(*a);
        };
    });
}

} // namespace recto::cli
