// recto run: wires intake, grouping, the stages, the catalogue and the archive together and hands them to the engine.

#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <optional>

#include <unistd.h>

#include <fmt/format.h>

#include "amend/edits.h"
#include "catalogue/catalogue.h"
#include "catalogue/reconcile.h"
#include "cli/alone.h"
#include "cli/amend_workshop.h"
#include "cli/archive_access.h"
#include "cli/cli.h"
#include "cli/ending_signals.h"
#include "cli/given_file.h"
#include "cli/metrics_file.h"
#include "cli/progress_option.h"
#include "cli/provenance.h"
#include "cli/run_estimate.h"
#include "cli/run_lists.h"
#include "cli/run_log.h"
#include "cli/run_store.h"
#include "cli/schedule.h"
#include "cli/size.h"
#include "config/config.h"
#include "pipeline/engine/limits.h"
#include "pipeline/engine/run.h"
#include "pipeline/files/decode.h"
#include "review/report.h"
#include "stages/grouping/grouping.h"
#include "stages/intake/intake.h"
#include "stages/orientation.h"
#include "stages/registry.h"

namespace recto::cli {
namespace {

struct RunArguments {
    std::vector<std::string> inputs;
    std::string archive, catalogue, treatments, memory, metrics;
    ProgressOption progress;
    bool create = false, fresh = false, dry_run = false, serial = false, json = false;
    int jobs = 0;
    CaptureFacts capture;
    ArchiveIdentity identity;
    SettingsOptions settings;
    ScheduleOptions schedule;
    LogOptions log;
};

RunHooks make_hooks(const RunArguments& a, const Settings& settings, const std::string& repository,
                    const std::string& work, Decoder& decoder, const CatalogueView& cat, RunStore* store,
                    std::vector<catalogue::ScannedItem>& scanned) {
    auto fs = posix_file_system();
    RunHooks h;
    const auto from_intake = [](const intake::Delivery& d) {
        return BatchDelivery{d.name, d.path, std::string(intake::to_string(d.kind)), d.files, d.is_input};
    };
    h.plan = [=, &settings](const std::vector<std::string>& inputs) -> Result<BatchPlan> {
        RECTO_ASSIGN(const auto plan, intake::plan_deliveries(inputs, *fs, settings));
        BatchPlan out;
        for (const auto& d : plan.deliveries) out.deliveries.push_back(from_intake(d));
        for (const auto& s : plan.skipped) out.skipped.push_back(s.finding());
        out.errors = plan.errors;
        return out;
    };
    h.take = [&, fs](const std::string& path, Journal& journal) {
        intake::TakeOptions options;
        options.overrides = a.capture;
        options.recall = [&](const std::string& p, const FileStat& s) { return journal.recall_digest(p, s); };
        options.remember = [&](const std::string& p, const FileStat& s, const std::string& sum) {
            journal.remember_digest(p, s, sum);
        };
        return intake::take_source(path, decoder, *fs, options);
    };
    h.refine = [=, &settings](const BatchDelivery& d, const std::vector<int>& counts) {
        intake::Delivery back{d.name, d.path, intake::DeliveryKind::Folder, d.files, d.is_input};
        for (auto kind : {intake::DeliveryKind::File, intake::DeliveryKind::Flat})
            if (intake::to_string(kind) == d.kind) back.kind = kind;
        std::vector<BatchDelivery> out;
        for (const auto& part : intake::refine_after_probe(back, counts, settings)) out.push_back(from_intake(part));
        return out;
    };
    h.decode = [&](const Source& source, int index) { return decoder.decode(source.path, index); };
    h.group = [&, store, repository](const BatchDelivery& d, std::vector<TreatedFile> files) {
        group::GroupInput in;
        in.name = d.name;
        in.is_file = d.kind == intake::to_string(intake::DeliveryKind::File);
        for (auto& f : files)
            in.sources.push_back(
                {std::move(f.source), std::move(f.treatments), std::move(f.image_errors), std::move(f.error)});
        auto items = group::group_items(in, {repository, &cat, &settings});
        if (store) store->keep_assigned_codes(items);
        return items;
    };
    h.classify = [&](Item& item) {
        amend::put_corrections_on(item);
        group::classify_by_text(item, settings);
    };
    h.put_edits_on = amend::put_on;
    h.on_item = [&](const Item& item) { scanned.push_back(catalogue::summarise(item)); };
    if (store) h.on_stored = [store](const ItemReport& r) { store->take(r.id); };
    h.group_fingerprint = [&] { return settings.fingerprint(group::settings()); };
    h.run_alone = [&settings, work](const nlohmann::json& request) {
        return run_alone(request, join_path(work, "alone"), settings);
    };
    return h;
}

std::string run_name(const Clock& clock) {
    const std::time_t t = std::chrono::system_clock::to_time_t(clock.now());
    std::tm tm{};
    localtime_r(&t, &tm);
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &tm);
    return text;
}

void print_summary(const RunReport& r, const std::string& report) {
    int stored = 0, unchanged = 0, held = 0, failed = 0;
    for (const auto& i : r.items) {
        stored += i.state == "stored";
        unchanged += i.state == "unchanged";
        held += i.state == "held";
        failed += i.state == "failed";
    }
    std::fprintf(stderr, "\n%-14s %8s %8s %10s %10s\n", tr("run.table.stage").c_str(), tr("run.table.done").c_str(),
                 tr("run.table.reused").c_str(), "CPU s", "wall s");
    for (const auto& t : r.stages)
        std::fprintf(stderr, "%-14s %8lld %8lld %10.2f %10.2f\n", t.name.c_str(), static_cast<long long>(t.calls),
                     static_cast<long long>(t.cached), t.cpu_seconds, t.wall_seconds);
    std::fprintf(
        stderr, "\n%s\n",
        tr("run.summary", std::to_string(r.pages), std::to_string(r.items.size()), std::to_string(stored),
           std::to_string(unchanged), std::to_string(held), std::to_string(failed), std::to_string(r.pages_failed),
           fmt::format("{:.1f}", r.wall_seconds),
           fmt::format("{:.1f}", r.wall_seconds > 0 ? 60.0 * (r.pages - r.pages_reused) / r.wall_seconds : 0.0),
           std::to_string(r.peak_bytes >> 20))
            .c_str());
    for (const auto& i : r.items)
        if (i.state == "held" || i.state == "failed")
            std::fprintf(stderr, "  %s\n", tr("run.item_held", i.name, i.reason).c_str());
    int shown = 0;
    for (const auto& e : r.errors) {
        if (++shown > 20) {
            std::fprintf(stderr, "  … %zu\n", r.errors.size() - 20);
            break;
        }
        std::fprintf(stderr, "  %s\n", e.to_string().c_str());
    }
    if (!report.empty()) std::fprintf(stderr, "%s\n", tr("run.report", report).c_str());
}

int tell_estimate(const RunArguments& a, const intake::IntakePlan& plan, const Settings& settings, StageList& stages) {
    std::vector<std::string> files;
    for (const auto& d : plan.deliveries) files.insert(files.end(), d.files.begin(), d.files.end());
    for (const auto& stage : stages.pages) {
        if (stage->info().name != "encode") continue;
        const auto estimate = estimate_sizes(files, settings, *stage, a.progress.mode());
        if (!estimate) return report_error(estimate.error());
        std::printf("%s", a.json ? (estimate->to_json().dump(1) + "\n").c_str() : estimate->to_text().c_str());
    }
    return kDone;
}

/// `closed` becomes true when the window closed with work left.
int run(const RunArguments& a, const TimeWindows& windows, bool& closed) {
    auto fs = posix_file_system();
    const auto clock = default_clock();
    const ProgressMode mode = a.progress.mode();
    SettingsOptions chosen = a.settings;
    if (chosen.profile.empty()) // the archive's own profile, when it names one
        if (const auto config = look_at_archive(a.archive)) chosen.profile = config->profile;
    auto settings = chosen.load();
    if (!settings) return report_error(settings.error());
    std::size_t memory = 0;
    if (!a.memory.empty() && (memory = parse_size(a.memory)) == 0)
        return report_error(Error{
            "config.bad_value", "--memory " + a.memory + ": give bytes, or a number with K, M or G", {}, 0, {}, false});

    // Read before anything is made, so that a bad catalogue or input leaves no half-made archive behind.
    // Its rows go into the archive's store, so that a later run without --catalogue does not forget what it said.
    catalogue::Catalogue cat;
    if (!a.catalogue.empty()) {
        auto loaded = catalogue::Catalogue::load(a.catalogue, *fs, *settings);
        if (!loaded) return report_error(loaded.error());
        cat = std::move(*loaded);
        for (const auto& remark : cat.remarks())
            std::fprintf(
                stderr, "%s: %s\n", a.catalogue.c_str(),
                (ui_language() == Language::Chinese ? remark.finding().chinese() : remark.finding().english()).c_str());
    }
    const auto planned = intake::plan_deliveries(a.inputs, *fs, *settings);
    if (!planned) return report_error(planned.error());
    if (planned->deliveries.empty()) {
        std::fprintf(stderr, "recto: %s\n", tr("cli.no_input").c_str());
        return kNoInput;
    }
    std::vector<amend::GivenRow> given_rows;
    if (!a.treatments.empty()) {
        std::vector<std::string> files;
        for (const auto& d : planned->deliveries) files.insert(files.end(), d.files.begin(), d.files.end());
        Decoder decoder(program_path(), 1);
        auto given = read_given_file(a.treatments, files,
                                     a.capture.operator_name.empty() ? user_name() : a.capture.operator_name, decoder);
        if (!given) return report_error(given.error());
        if (!given->refused.empty()) {
            for (const Finding& f : given->refused) tell_row(a.treatments, f);
            std::fprintf(stderr, "recto: %s\n",
                         tr("by_hand.given_refused", a.treatments, std::to_string(given->refused.size())).c_str());
            return kBadData;
        }
        given_rows = std::move(given->rows);
    }
    StageList stages = make_stages();
    const int jobs = a.jobs > 0 ? a.jobs : machine_limits().workers();
    const auto wall = wall_clock();
    if (!a.dry_run) // before models are loaded or the archive is touched
        if (const int code = a.schedule.enter(windows, *wall); code != kDone) return code;
    auto log = RunLog::open(a.log);
    if (!log) return report_error(log.error());
    Decoder decoder(program_path(), jobs + 2); // starts no child before it is asked
    if (!a.dry_run) {
        const StageContext context{&*settings, a.serial ? 1 : jobs, model_folder(),
                                   [&](const Source& source, int index) { return decoder.text(source.path, index); }};
        std::vector<Stage*> all = {stages.treatment.get()};
        for (auto& s : stages.pages) all.push_back(s.get());
        for (auto& s : stages.items) all.push_back(s.get());
        // Models take a second or two to load, and nothing is at stake yet: a signal ends the process at once.
        const SignalListener listener([](int signal) { end_at_once(signal, "run.interrupted"); });
        for (Stage* s : all)
            if (auto opened = s->open(context); !opened) return report_error(opened.error());
    }

    RunOptions options;
    if (a.dry_run) {
        options.inputs = a.inputs;
        options.dry_run = true;
        Decoder none(program_path(), 1);
        std::vector<catalogue::ScannedItem> scanned;
        Progress progress(ProgressMode::None);
        Run engine(options, make_hooks(a, *settings, "", "", none, cat, nullptr, scanned), stages, *settings, cat, fs,
                   clock, progress);
        const auto r = engine.execute();
        return r ? tell_estimate(a, *planned, *settings, stages) : report_error(r.error());
    }

    auto archive = open_archive(a.archive, a.create ? &a.identity : nullptr, "recto run");
    if (!archive) return report_error(archive.error());
    const ArchivePaths& paths = (*archive)->paths;
    auto opened = RunStore::open(**archive, a.catalogue, a.capture.operator_name, *settings);
    if (!opened) return report_error(opened.error());
    RunStore& store = **opened;
    options.inputs = a.inputs;
    options.archive = a.archive;
    options.work = paths.work;
    options.jobs = jobs;
    options.serial = a.serial;
    options.memory = memory;
    options.fresh = a.fresh;
    options.run_id = run_name(*clock);
    for (int n = 2;; ++n) { // two runs in a second, or a fixed clock
        const auto stat = fs->stat(join_path(paths.reports(), options.run_id));
        if (!stat || !stat->exists) break;
        options.run_id = run_name(*clock) + "-" + std::to_string(n);
    }
    if (!windows.empty()) options.may_start = [&] { return windows.open_at(wall->now()); };
    options.provenance = make_provenance(*settings, stages, (*archive)->identity);

    std::vector<catalogue::ScannedItem> scanned;
    Progress progress(mode);
    RunHooks hooks =
        make_hooks(a, *settings, (*archive)->identity.code, paths.work, decoder, store.view(), &store, scanned);
    amend::GivenValues given(std::move(given_rows), *settings, *clock, hooks.decode,
                             orientation_probes(*settings, model_folder()));
    hooks.put_given_on = [&](Item& item) { return given.put_on(item); };
    (*log)->set_run(options.run_id);
    hooks.on_event = [&](const RunEvent& event) { (*log)->write(event); };
    Run engine(options, std::move(hooks), stages, *settings, store.view(), fs, clock, progress);
    MetricsFile metrics(a.metrics, paths, progress);
    metrics.update(engine.status(), true);

    // Ctrl-C ends the process at once: everything on disk is whole or will be done again, and the pages in work are left to
    // the next run, not suspected.
    auto renewed = std::chrono::steady_clock::now(), measured = renewed;
    std::optional<SignalListener> listener(
        std::in_place,
        [&](int signal) {
            if (signal == SIGINT) {
                engine.abandon();
                end_at_once(signal, "run.interrupted");
            }
            progress.note(tr("run.stopping"));
            engine.request_stop();
        },
        [&, renewed, measured]() mutable {
            const auto now = std::chrono::steady_clock::now();
            if (now - renewed > std::chrono::seconds(30)) {
                (*archive)->lock->renew();
                renewed = now;
            }
            if (now - measured > std::chrono::seconds(15)) {
                metrics.update(engine.status(), windows.open_at(wall->now()));
                measured = now;
            }
        });
    (*log)->write(RunEvent::Level::Info, "run.begin",
                  {{"archive", a.archive}, {"agent", agent()}, {"inputs", a.inputs}, {"workers", jobs}});
    if (auto begun = store.begin(options.run_id); !begun) return report_error(begun.error());
    (void)(*archive)->events->append("run.begin", {{"run", options.run_id}, {"agent", agent()}, {"inputs", a.inputs}});
    auto result = engine.execute();
    listener.reset();
    progress.show(true);
    if (!result) {
        (void)(*archive)->events->append("run.end", {{"run", options.run_id}, {"error", result.error().code}});
        const int code = report_error(result.error());
        (*log)->write(RunEvent::Level::Error, "run.end", {{"code", result.error().code}, {"exit_code", code}});
        metrics.update(engine.status(), windows.open_at(wall->now()), code);
        return code;
    }
    RunReport& r = *result;
    if (auto ended = store.end(); !ended) {
        (void)report_error(ended.error());
        r.exit_code = std::max<int>(r.exit_code, kSomeFailed);
    }
    // Without a list for this run: its items, and what else the store says belongs to their volumes.
    if (a.catalogue.empty()) {
        auto rows = store.rows_for(scanned);
        if (!rows) return report_error(rows.error());
        cat = std::move(*rows);
    }
    const bool listed = !a.catalogue.empty() || store.has_catalogue();

    const std::string folder = join_path(paths.reports(), options.run_id);
    ReportContext context{
        a.archive, (*archive)->identity.name.empty() ? (*archive)->identity.code : (*archive)->identity.name, {}, {}};
    const bool agrees = reconcile_run(*fs, folder, paths, listed ? &cat : nullptr, scanned, r, context);
    std::string report;
    if (auto written = write_report(*fs, folder, r, context)) report = *written;
    else (void)report_error(written.error());
    const auto not_given = r.stopped.empty() ? given.refused() : std::vector<amend::Refusal>();
    if (r.exit_code == kDone && (!agrees || !not_given.empty())) r.exit_code = kSomeFailed;
    (void)(*archive)->events->append("run.end", {{"run", options.run_id},
                                                 {"exit_code", r.exit_code},
                                                 {"pages", r.pages},
                                                 {"pages_failed", r.pages_failed},
                                                 {"items", r.items.size()}});
    print_summary(r, report);
    for (const auto& line : context.reconciliation) std::fprintf(stderr, "  %s\n", line.c_str());
    for (const auto& refusal : not_given) tell_row(a.treatments, refusal.why);
    closed = r.stopped == "window";
    if (closed)
        std::fprintf(stderr, "%s\n",
                     tr("window.ended", a.schedule.window, std::to_string(r.left.files), std::to_string(r.left.images),
                        std::to_string(r.left.pages), std::to_string(r.left.items), next_opening(windows, *wall))
                         .c_str());
    (*log)->write(RunEvent::Level::Info, "run.end",
                  {{"exit_code", r.exit_code},
                   {"stopped", r.stopped},
                   {"pages", r.pages},
                   {"pages_failed", r.pages_failed},
                   {"pages_reused", r.pages_reused},
                   {"pages_left", r.left.pages},
                   {"items", r.items.size()},
                   {"seconds", std::round(r.wall_seconds * 10) / 10}});
    metrics.update(engine.status(), windows.open_at(wall->now()), r.exit_code);
    if (a.json && !(closed && a.schedule.wait)) {
        nlohmann::json j = r;
        j["report"] = report;
        std::printf("%s\n", j.dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    }
    return r.exit_code;
}

} // namespace

void add_run(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("run", tr("cli.run"));
    auto a = std::make_shared<RunArguments>();
    command->add_option("INPUT", a->inputs, tr("cli.run.input"))->required();
    command->add_option("-o,--archive", a->archive, tr("cli.run.archive"))->required();
    command->add_flag("--create", a->create, tr("cli.run.create"));
    a->identity.add_to(*command);
    command->add_option("--catalogue", a->catalogue, tr("cli.run.catalogue"));
    command->add_option("--treatments", a->treatments, tr("cli.run.treatments"));
    a->settings.add_to(*command);
    command->add_option("-j,--jobs", a->jobs, tr("cli.run.jobs"))->check(CLI::Range(1, 1024));
    command->add_option("--memory", a->memory, tr("cli.run.memory"));
    a->schedule.add_to(*command);
    a->log.add_to(*command);
    command->add_option("--metrics", a->metrics, tr("cli.run.metrics"));
    command->add_flag("--fresh", a->fresh, tr("cli.run.fresh"));
    command->add_flag("--dry-run", a->dry_run, tr("cli.run.dry_run"));
    command->add_flag("--serial", a->serial, tr("cli.run.serial"));
    a->progress.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.run.json"));
    command->add_option("--operator", a->capture.operator_name, tr("cli.run.operator"));
    command->add_option("--device", a->capture.device, tr("cli.run.device"));
    command->add_option("--station", a->capture.station, tr("cli.run.station"));
    command->footer(tr("cli.run.examples"));
    command->callback([&action, a] {
        action = [a] {
            const auto windows = a->schedule.windows();
            if (!windows) {
                (void)report_error(windows.error());
                return static_cast<int>(kUsage);
            }
            block_ending_signals(); // before any thread is made
            a->schedule.apply_nice();
            for (;;) {
                bool closed = false;
                const int code = run(*a, *windows, closed);
                if (!closed || !a->schedule.wait) return code;
            }
        };
    });
}

} // namespace recto::cli
