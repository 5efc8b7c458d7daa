// The way of the data, top to bottom: plan -> take files -> treat images -> group into items -> work pages -> join -> store.
// Every arrow is a task in a pool; the last finisher of a step submits the next.

#include "pipeline/engine/run.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <sys/resource.h>
#include <unistd.h>

#include <opencv2/core.hpp>

#include "pipeline/core/cpu_time.h"
#include "pipeline/core/digest.h"
#include "pipeline/core/messages.h"
#include "pipeline/engine/run_state.h"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace recto {
namespace {

std::size_t resident_peak() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

/// Of this process, its children not.
double own_cpu_seconds() {
    rusage u{};
    getrusage(RUSAGE_SELF, &u);
    return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

} // namespace

std::vector<const SettingBase*> engine_settings() { return {&kPageTimeLimit, &kTreatAhead, &kMinFree, &kDiskWait}; }

Run::Run(RunOptions options, RunHooks hooks, StageList& stages, const Settings& settings,
         const CatalogueView& catalogue, std::shared_ptr<FileSystem> fs, std::shared_ptr<const Clock> clock,
         Progress& progress)
    : state_(std::make_unique<State>(std::move(options), std::move(hooks), stages, settings, catalogue, std::move(fs),
                                     std::move(clock), progress)) {}
Run::~Run() = default;

void Run::request_stop() {
    if (state_->ending.exchange(true)) state_->stop.request_stop();
}
RunStatus Run::status() const { return state_->status(); }
void Run::abandon() {
    if (state_->journal) state_->journal->abandon_all();
}

Result<RunReport> Run::execute() {
    State& s = *state_;
    const auto start = std::chrono::steady_clock::now();
    const double own_before = own_cpu_seconds(), children_before = added_cpu_seconds();
    s.report.run_id = s.options.run_id;
    s.report.started = rfc3339(s.clock->now());

    RECTO_ASSIGN(BatchPlan plan, s.hooks.plan(s.options.inputs));
    {
        const std::lock_guard lock(s.mutex);
        s.report.skipped = plan.skipped;
        s.report.errors = plan.errors;
        for (const auto& d : plan.deliveries) s.report.files += static_cast<int>(d.files.size());
    }
    for (const auto& e : plan.errors) s.tell_error("file.failed", e);
    if (s.options.dry_run || plan.deliveries.empty()) {
        for (const auto& d : plan.deliveries)
            for (const auto& f : d.files) s.progress.note(d.name + "\t" + f);
        s.report.exit_code = plan.deliveries.empty() ? 66 : 0;
        s.report.ended = rfc3339(s.clock->now());
        return s.report;
    }

    RECTO_TRY(make_archive_folders(*s.fs, s.paths));
    s.store = std::make_unique<OcflStore>(s.fs, s.paths.storage());
    RECTO_TRY(s.store->open());
    RECTO_TRY(s.store->recover());
    RECTO_ASSIGN(s.journal, Journal::open(s.fs, s.paths.work));
    if (s.options.fresh) RECTO_TRY(s.journal->forget_all());

    const int jobs = s.options.serial ? 0 : s.options.jobs;
    s.memory = std::make_unique<MemoryBudget>(s.options.memory ? s.options.memory : physical_memory() / 2);
    s.benches.resize(static_cast<std::size_t>(std::max(1, jobs)));
    s.waiting = std::move(plan.deliveries);
    std::reverse(s.waiting.begin(), s.waiting.end());
    {
        const std::lock_guard lock(s.pool_mutex);
        s.io = std::make_unique<Pool>("io-", s.options.serial ? 0 : 2);
        s.cpu = std::make_unique<Pool>("work-", jobs, [](int) {
#ifdef _OPENMP
            omp_set_num_threads(1); // binds the calling thread only, so every worker does it
#endif
        });
    }
    s.open_more();
    s.wait_until_done();
    {
        std::unique_ptr<Pool> io, cpu; // end after the lock is given back: their last tasks may want it
        const std::lock_guard lock(s.pool_mutex);
        io = std::move(s.io);
        cpu = std::move(s.cpu);
    }

    // What was committed goes into the index even when the run ended early.
    RECTO_TRY(update_index(*s.fs, s.paths, s.index_rows));
    RunReport& r = s.report;
    // Items were made in the order in which their images happened to be ready; people read them as delivered.
    s.items.sort([](const ItemState& a, const ItemState& b) {
        return std::tie(a.delivery->order, a.delivery->plan.path) < std::tie(b.delivery->order, b.delivery->plan.path);
    });
    for (auto& item : s.items) r.items.push_back(std::move(item.report));
    std::unique_lock times_lock(
        s.mutex); // asking a map for a stage that never ran makes a row: not while status() reads
    for (const Stage* stage : std::initializer_list<const Stage*>{s.stages.treatment.get()})
        r.stages.push_back(s.times[std::string(stage->info().name)]);
    for (const auto& stage : s.stages.pages) r.stages.push_back(s.times[std::string(stage->info().name)]);
    for (const auto& stage : s.stages.items) r.stages.push_back(s.times[std::string(stage->info().name)]);
    for (const char* name : {"intake", "decode", "render", "store"}) r.stages.push_back(s.times[name]);
    times_lock.unlock();
    for (auto& t : r.stages) // a stage that had nothing to do has an unnamed row
        if (t.name.empty()) t.name = "-";
    std::erase_if(r.stages, [](const StageTimes& t) { return t.name == "-"; });

    const bool held = std::any_of(r.items.begin(), r.items.end(),
                                  [](const auto& i) { return i.state == "held" || i.state == "failed"; });
    const bool doubtful = std::any_of(r.items.begin(), r.items.end(), [](const ItemReport& i) {
        return std::any_of(i.findings.begin(), i.findings.end(),
                           [](const Finding& f) { return f.severity >= Severity::Rescan; });
    });
    if (r.stopped == "internal") r.exit_code = 70;
    else if (!r.stopped.empty()) r.exit_code = 75;
    else if (r.pages == 0) r.exit_code = 65;
    else r.exit_code = (r.pages_failed > 0 || !r.errors.empty() || held || doubtful) ? 1 : 0;
    if (!r.stopped.empty()) r.left = s.status().left;
    r.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double own = own_cpu_seconds() - own_before, children = added_cpu_seconds() - children_before;
    r.cpu_seconds = own + children;
    // OpenVINO computes on threads of its own: what no stage's thread has spent, and no decoding child, is theirs.
    StageTimes others;
    others.name = "other-threads";
    others.cpu_seconds = own + children;
    for (const auto& t : r.stages) others.cpu_seconds -= t.cpu_seconds;
    if (others.cpu_seconds > 0) r.stages.push_back(others);
    r.peak_bytes = resident_peak();
    r.ended = rfc3339(s.clock->now());
    return r;
}

/// Whether a piece of work may begin. A no is for good: what depends on the work passed over will not come either.
bool Run::State::admitted() {
    if (closed.load()) return false;
    if (!ending.load() && (!options.may_start || options.may_start())) return true;
    if (!closed.exchange(true)) tell({.what = "run.closing"});
    return false;
}

void Run::State::submit(Pool& pool, Priority priority, Pool::Task task, bool begun) {
    outstanding.fetch_add(1);
    pool.submit(priority, [this, begun, task = std::move(task)](int worker) {
        // After a stop, queued tasks are passed over; nothing depends on them any more.
        try {
            if (!stopping() && (begun || admitted())) task(worker);
        } catch (const std::exception& e) {
            // Work on files is guarded where it is done; what comes here is a fault of ours. The run ends in order.
            {
                const std::lock_guard lock(mutex);
                report.errors.push_back({"run.exception", e.what(), {}, 0, "engine", false});
                report.stopped = "internal";
            }
            stop.request_stop();
        }
        outstanding.fetch_sub(1);
    });
}

void Run::State::wait_until_done() {
    auto last_lock = std::chrono::steady_clock::now();
    const auto limit = std::chrono::seconds(settings.get(kPageTimeLimit) * 2 + 60);
    while (outstanding.load() > 0) {
        if (cpu->is_serial()) {
            if (!io->run_one() && !cpu->run_one()) break;
        } else {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        progress.show();
        const auto now = std::chrono::steady_clock::now();
        if (now - last_lock < std::chrono::seconds(5)) continue;
        last_lock = now;
        const std::lock_guard lock(mutex);
        for (const auto& [worker, work] : busy) {
            if (now - work.since < limit) continue;
            // A thread cannot be killed safely; the process can. The page is a suspect in the next run, alone in a child.
            progress.note(tr("run.watchdog", work.what));
            _exit(75);
        }
    }
    const std::lock_guard lock(mutex);
    if (report.stopped.empty() && (stopping() || (closed && ending))) report.stopped = "signal";
    if (report.stopped.empty() && closed) report.stopped = "window";
}

void Run::State::open_more() {
    const std::lock_guard lock(mutex);
    while (!waiting.empty() && images_open < settings.get(kTreatAhead)) {
        BatchDelivery next = std::move(waiting.back());
        waiting.pop_back();
        images_open += static_cast<int>(next.files.size()); // corrected when images are known
        open(std::move(next));
    }
    if (waiting.empty()) progress.planning_done = true;
}

/// Called with the mutex held.
void Run::State::open(BatchDelivery delivery) {
    DeliveryState& d = deliveries.emplace_back();
    d.plan = std::move(delivery);
    d.order = deliveries.size();
    d.files.resize(d.plan.files.size());
    d.pending = static_cast<int>(d.files.size());
    progress.images_known += static_cast<int>(d.files.size());
    for (std::size_t f = 0; f < d.files.size(); ++f)
        submit(*io, Priority::Treat, [this, &d, f](int) {
            take_file(d, f);
            ++files_taken;
            if (d.pending.fetch_sub(1) == 1) taken(d);
        });
}

/// All files of a delivery are known: split multi-page files off where intake says so, and treat every image.
void Run::State::taken(DeliveryState& d) {
    std::vector<int> counts;
    for (const auto& f : d.files) counts.push_back(static_cast<int>(f.file.source.images.size()));
    auto parts = hooks.refine ? hooks.refine(d.plan, counts) : std::vector<BatchDelivery>{d.plan};
    std::vector<DeliveryState*> states;
    {
        const std::lock_guard lock(mutex);
        images_open -= static_cast<int>(d.files.size());
        progress.images_known -= static_cast<int>(d.files.size());
        std::map<std::string, TakenFile*> by_path;
        for (auto& f : d.files) by_path[f.file.source.path] = &f;
        for (auto& part : parts) {
            DeliveryState& p = parts.size() == 1 ? d : deliveries.emplace_back();
            if (&p != &d)
                for (const auto& path : part.files)
                    if (const auto it = by_path.find(path); it != by_path.end())
                        p.files.push_back(std::move(*it->second));
            p.order = d.order;
            p.plan = std::move(part);
            for (auto& f : p.files) {
                const auto n = f.file.source.images.size();
                f.file.treatments.resize(n);
                f.treat_keys.resize(n);
                f.image_errors.resize(n);
                p.images += static_cast<int>(n);
            }
            p.pending = p.images;
            images_open += p.images;
            report.images += p.images;
            progress.images_known += p.images;
            states.push_back(&p);
        }
    }
    for (DeliveryState* p : states) {
        if (p->images == 0) treated(*p);
        for (std::size_t f = 0; f < p->files.size(); ++f)
            for (int i = 0; i < static_cast<int>(p->files[f].file.source.images.size()); ++i)
                submit(*cpu, Priority::Treat, [this, p, f, i](int worker) {
                    treat_image(*p, f, i, worker);
                    ++progress.images_treated;
                    if (p->pending.fetch_sub(1) == 1 && !stopping()) treated(*p);
                });
    }
}

/// All images of a delivery are treated: make its items.
void Run::State::treated(DeliveryState& d) {
    std::vector<TreatedFile> files;
    for (auto& f : d.files) {
        for (std::size_t i = 0; i < f.image_errors.size(); ++i)
            if (f.image_errors[i]) f.file.image_errors.emplace(static_cast<int>(i), *f.image_errors[i]);
        files.push_back(f.file);
    }
    std::vector<Item> made = hooks.group(d.plan, std::move(files));
    // An item without a single readable page is no item: its files are reported by name.
    std::erase_if(made, [](const Item& item) {
        return std::all_of(item.pages.begin(), item.pages.end(), [](const Page& p) { return p.error.has_value(); });
    });

    std::vector<ItemState*> states;
    {
        const std::lock_guard lock(mutex);
        for (const auto& f : d.files) {
            if (f.file.error) report.errors.push_back(*f.file.error);
            for (const auto& [image, error] : f.file.image_errors) report.errors.push_back(error);
        }
        if (made.empty()) images_open -= d.images;
        for (Item& item : made) {
            ItemState& s = items.emplace_back();
            s.delivery = &d;
            s.item = std::move(item);
            report.pages += static_cast<int>(s.item.pages.size());
            progress.pages_known += static_cast<int>(s.item.pages.size());
            ++progress.items_known;
            states.push_back(&s);
        }
    }
    for (ItemState* s : states) start_item(*s);
    if (states.empty()) open_more();
}

} // namespace recto
