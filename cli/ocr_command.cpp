// recto ocr: stored pages read again by the engine and models of now.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <unistd.h>

#include <fmt/format.h>

#include "amend/reread.h"
#include "cli/alone.h"
#include "cli/amend_workshop.h"
#include "pipeline/engine/journal.h"
#include "pipeline/engine/limits.h"
#include "pipeline/engine/memory.h"
#include "pipeline/engine/pool.h"
#include "pipeline/engine/progress.h"
#include "pipeline/engine/run.h"
#include "pipeline/files/csv.h"
#include "stages/encode/encode.h"

namespace recto::cli {
namespace {

using amend::RereadFate;
using amend::RereadPage;

struct OcrArguments : AmendArguments {
    std::vector<std::string> items;
    std::string progress = "auto";
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

/// Pages of several items read side by side, items stored one after the other on the caller's thread.
class Rereader {
  public:
    Rereader(const OcrArguments& a, OpenWorkshop& workshop, Journal& journal, Progress& progress, int workers)
        : a_(a), workshop_(workshop), journal_(journal), progress_(progress), workers_(workers),
          memory_(static_cast<std::size_t>(machine_limits().memory / 2)), benches_(static_cast<std::size_t>(workers)) {
        for (const auto& stage : shop().stages.pages)
            if (stage->info().name == "reading") reading_ = stage.get();
    }

    /// False: it ended before all was done (SIGTERM, full disk).
    bool run(const std::vector<PlannedItem>& items) {
        Pool pool("read-", workers_);
        std::size_t next = 0;
        while (true) {
            while (!stop_ && next < items.size() && waiting_ < 4 * workers_) take(items[next++].id, pool);
            if (jobs_.empty()) return !stop_;
            bool idle = false;
            {
                std::unique_lock lock(mutex_);
                done_.wait_for(lock, std::chrono::milliseconds(200),
                               [&] { return jobs_.front()->left == 0 || (stop_ && busy_ == 0); });
                idle = busy_ == 0;
            }
            progress_.show();
            if (jobs_.front()->left == 0) {
                finish(*jobs_.front());
                jobs_.pop_front();
            } else if (stop_) {
                pool.drop_queued();
                if (!idle) continue;
                // What was read of an item that is not whole is remembered; the next call goes on from there.
                left_.push_back(std::move(jobs_.front()));
                jobs_.pop_front();
            }
        }
    }

    void request_stop() { stop_ = true; } ///< Any thread.

    nlohmann::json results = nlohmann::json::array();
    std::vector<std::pair<std::string, RereadPage>> rows; ///< With the item's name.
    int items_changed = 0, items_failed = 0;
    bool disk_full = false;

  private:
    struct Job {
        amend::StoredItem stored;
        std::vector<std::size_t> pages;
        std::vector<std::optional<Result<PageText>>> texts; ///< As `pages`.
        std::atomic<int> left{0};
    };

    amend::Workshop& shop() { return workshop_.shop(); }

    void take(const std::string& id, Pool& pool) {
        auto job = std::make_unique<Job>();
        auto stored = amend::load_item(workshop_.fs(), shop().store, id);
        if (!stored) {
            note(stored.error());
            ++items_failed;
            return;
        }
        job->stored = std::move(*stored);
        job->pages = amend::pages_to_reread(job->stored.item, a_.only_missing);
        job->texts.resize(job->pages.size());
        job->left = static_cast<int>(job->pages.size());
        waiting_ += job->left;
        for (std::size_t k = 0; k < job->pages.size(); ++k)
            pool.submit(Priority::Read, [this, job = job.get(), k](int worker) { read(*job, k, worker); });
        jobs_.push_back(std::move(job));
    }

    void read(Job& job, std::size_t k, int worker) {
        {
            const std::lock_guard lock(mutex_);
            if (stop_) return;
            ++busy_;
        }
        const Item& item = job.stored.item;
        const Page& page = item.pages[job.pages[k]];
        const std::string key = amend::reread_key(item, page, *reading_, shop().settings);
        auto text = known(key);
        if (!text) text = read_now(item, page, key, worker);
        if (!*text) ++progress_.pages_failed;
        ++progress_.pages_done;
        const std::lock_guard lock(mutex_);
        job.texts[k] = std::move(text);
        --busy_;
        --waiting_;
        --job.left;
        done_.notify_all();
    }

    /// The reading of an interrupted call.
    std::optional<Result<PageText>> known(const std::string& key) {
        const auto record = journal_.find(key);
        if (!record) return std::nullopt;
        try {
            return record->get<PageText>();
        } catch (const std::exception&) { return std::nullopt; } // not of this version's making
    }

    Result<PageText> read_now(const Item& item, const Page& page, const std::string& key, int worker) {
        const Source& source = item.sources.at(static_cast<std::size_t>(page.image.source));
        const ImageInfo& info = source.images.at(static_cast<std::size_t>(page.image.index));
        const auto pixels = static_cast<double>(info.width) * info.height;
        const auto lease =
            memory_.lease(static_cast<std::size_t>(pixels * (6 + reading_->info().peak_bytes_per_pixel)) +
                          reading_->info().peak_fixed_bytes);
        const std::string mark = "ocr:" + key, folder = join_path(join_path(shop().work, "ocr"), key);
        RECTO_TRY(workshop_.fs().make_folders(folder));
        RECTO_TRY(journal_.begin(mark, source.path));
        const bool suspect = journal_.suspects().contains(mark);
        const Limits limits{
            std::chrono::steady_clock::now() + std::chrono::seconds(shop().settings.get(kPageTimeLimit)), {}};
        auto& bench = benches_[static_cast<std::size_t>(worker)];
        if (!suspect && !bench) bench = reading_->make_worker();
        auto text = suspect ? read_alone(item, page, folder)
                            : amend::reread_page(item, page, *bench, shop().decode, folder, limits);
        if (text) (void)journal_.put(key, "reading", nlohmann::json(*text)); // not kept: read again next time
        (void)workshop_.fs().remove_tree(folder);
        journal_.end(mark);
        if (suspect) journal_.clear_suspect(mark);
        return text;
    }

    /// A page in work when a former call died: in a process of its own.
    Result<PageText> read_alone(const Item& item, const Page& page, const std::string& folder) {
        const Source& source = item.sources.at(static_cast<std::size_t>(page.image.source));
        RECTO_ASSIGN(const auto results, run_alone({{"kind", "page"},
                                                    {"source", source},
                                                    {"index", page.image.index},
                                                    {"stages", {{{"stage", "reading"}, {"folder", folder}}}},
                                                    {"results", nlohmann::json::object()},
                                                    {"item",
                                                     {{"id", item.id.to_string()},
                                                      {"reference_code", item.reference_code},
                                                      {"provisional_name", item.provisional_name}}},
                                                    {"page",
                                                     {{"id", page.id.to_string()},
                                                      {"order", page.order},
                                                      {"serial", page.serial},
                                                      {"class", to_string(page.page_class)},
                                                      {"treatment", page.treatment},
                                                      {"findings", page.findings}}}},
                                                   join_path(shop().work, "alone"), shop().settings));
        return results.at("reading").get<PageText>();
    }

    void finish(Job& job) {
        std::vector<std::pair<std::size_t, Result<PageText>>> readings;
        for (std::size_t k = 0; k < job.pages.size(); ++k)
            readings.emplace_back(job.pages[k], std::move(*job.texts[k]));
        const std::string id = job.stored.item.id.to_string(), name = job.stored.item.display_name();
        std::vector<RereadPage> pages;
        const amend::Request request{id, a_.who, a_.reason, false};
        auto out = amend::put_readings(shop(), request, job.stored, std::move(readings), pages);
        if (!out) {
            note(out.error());
            ++items_failed;
            if (out.error().code == "io.no_space") {
                disk_full = true;
                stop_ = true;
            }
            return;
        }
        for (const RereadPage& p : pages) {
            rows.emplace_back(name, p);
            if (p.fate == RereadFate::Failed) note(*p.error);
            if (p.fate == RereadFate::Kept)
                progress_.note("  " + tr(p.why, name, std::to_string(p.order), std::to_string(p.after.characters)));
        }
        if (!out->already) {
            workshop_.record("ocr", *out, {{"pages", out->pages}});
            ++items_changed;
            progress_.note(tr("cli.ocr.item", out->name, std::to_string(out->pages.size()),
                              std::to_string(pages.size()), out->version));
        }
        ++progress_.items_done;
        auto j = outcome_json(*out);
        j["readings"] = pages;
        results.push_back(std::move(j));
    }

    void note(const Error& e) { progress_.note("recto: " + e.to_string()); }

    const OcrArguments& a_;
    OpenWorkshop& workshop_;
    Journal& journal_;
    Progress& progress_;
    const int workers_;
    MemoryBudget memory_;
    PageStage* reading_ = nullptr;
    std::vector<std::unique_ptr<PageWorker>> benches_; ///< By worker; each used on its own thread.
    std::deque<std::unique_ptr<Job>> jobs_;            ///< In order; only the owner's thread adds and takes.
    std::vector<std::unique_ptr<Job>> left_;           ///< Not finished; they live as long as tasks might look at them.
    std::mutex mutex_;                                 ///< Guards busy_ and the texts.
    std::condition_variable done_;
    int busy_ = 0;
    std::atomic<int> waiting_{0};
    std::atomic<bool> stop_{false};
};

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

sigset_t signals_that_end() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int s : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, s);
    return signals;
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
    const ProgressMode mode = a.progress == "json"               ? ProgressMode::Json
                              : a.progress == "none"             ? ProgressMode::None
                              : a.progress == "bar" || isatty(2) ? ProgressMode::Bar
                                                                 : ProgressMode::None;
    auto workshop = OpenWorkshop::open(a, "recto ocr", true, workers);
    if (!workshop) return report_error(workshop.error());
    const ArchivePaths& paths = (*workshop)->archive().paths;
    auto journal = Journal::open((*workshop)->shop().fs, paths.work);
    if (!journal) return report_error(journal.error());
    Progress progress(mode);
    progress.pages_known = plan.pages;
    progress.items_known = static_cast<int>(plan.items.size());
    progress.planning_done = true;
    Rereader rereader(a, **workshop, **journal, progress, workers);

    const sigset_t signals = signals_that_end();
    std::jthread watcher([&](std::stop_token stop) {
        auto renewed = std::chrono::steady_clock::now();
        while (!stop.stop_requested()) {
            const timespec wait{0, 200'000'000};
            const int signal = sigtimedwait(&signals, nullptr, &wait);
            if (signal == SIGINT) { // Somebody waits. What is stored is whole; pages in work are no suspects.
                (*journal)->abandon_all();
                std::fprintf(stderr, "\n%s\n", tr("cli.ocr.interrupted").c_str());
                _exit(kInterrupted);
            }
            if (signal == SIGTERM || signal == SIGHUP) {
                progress.note(tr("run.stopping"));
                rereader.request_stop();
            }
            if (std::chrono::steady_clock::now() - renewed > std::chrono::seconds(30)) {
                (*workshop)->archive().lock->renew();
                renewed = std::chrono::steady_clock::now();
            }
        }
    });
    const auto began = std::chrono::steady_clock::now();
    const bool whole = rereader.run(plan.items);
    watcher.request_stop();
    watcher.join();
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
    command->add_option("--progress", a->progress, tr("cli.run.progress"))
        ->check(CLI::IsMember({"auto", "bar", "json", "none"}));
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] {
        action = [a] {
            const sigset_t signals = signals_that_end();
            pthread_sigmask(SIG_BLOCK, &signals,
                            nullptr); // before any thread is made; ocr() has one that waits for them
            return ocr(*a);
        };
    });
}

} // namespace recto::cli
