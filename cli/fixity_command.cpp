// recto fixity: stored bytes checked again, compared with a second copy, repaired from it.

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/archive_access.h"
#include "cli/cli.h"
#include "cli/ending_signals.h"
#include "cli/progress_option.h"
#include "cli/schedule.h"
#include "cli/second_copy.h"
#include "cli/size.h"
#include "fixity/round.h"

namespace recto::cli {
namespace {

using fixity::Damage;

struct FixityArguments {
    std::string archive, copy, share = "1/1", rate;
    int older_than = 0;
    bool repair = false, repair_copy = false, add_missing = false, create = false, dry_run = false, json = false;
    ScheduleOptions schedule;
    ProgressOption progress;
    [[nodiscard]] bool writes() const { return !dry_run && (repair || repair_copy || add_missing); }
};

/// The signal that ended the work, and waiting that it cuts short.
class Stop {
  public:
    void request(int signal) {
        {
            const std::lock_guard lock(mutex_);
            signal_ = signal;
        }
        changed_.notify_all();
    }
    [[nodiscard]] int signal() {
        const std::lock_guard lock(mutex_);
        return signal_;
    }
    /// False when it was cut short.
    bool wait(std::chrono::nanoseconds time) {
        std::unique_lock lock(mutex_);
        return !changed_.wait_for(lock, time, [&] { return signal_ != 0; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int signal_ = 0;
};

/// Objects, rate, time left, on stderr.
class FixityProgress {
  public:
    FixityProgress(ProgressMode mode, const fixity::RoundStatus& status) : mode_(mode), status_(status) {}

    void show(bool last = false) {
        const std::lock_guard lock(mutex_);
        if (mode_ == ProgressMode::None) return;
        const auto now = std::chrono::steady_clock::now();
        const double elapsed = std::chrono::duration<double>(now - start_).count();
        const std::size_t done = status_.objects, planned = status_.planned;
        const double rate = elapsed > 0 ? static_cast<double>(status_.bytes) / elapsed : 0;
        const double left =
            done > 0 ? elapsed * static_cast<double>(planned - std::min(done, planned)) / static_cast<double>(done)
                     : -1;
        if (mode_ == ProgressMode::Json) {
            if (!last && now - last_json_ < std::chrono::seconds(1)) return;
            last_json_ = now;
            const nlohmann::json j = {{"schema", 1},
                                      {"event", last ? "end" : "progress"},
                                      {"elapsed_s", std::round(elapsed * 10) / 10},
                                      {"objects", planned},
                                      {"objects_done", done},
                                      {"bytes", status_.bytes.load()},
                                      {"bytes_per_second", std::round(rate)},
                                      {"damaged", status_.damaged.load()},
                                      {"eta_s", left < 0 ? nlohmann::json(nullptr) : nlohmann::json(std::round(left))}};
            std::fprintf(stderr, "%s\n", j.dump().c_str());
            return;
        }
        clear();
        if (last) return;
        std::fputs(tr("fixity.progress", std::to_string(done), std::to_string(planned),
                      fmt::format("{:.1f}", rate / (1 << 20)), left < 0 ? std::string("–") : duration_text(left),
                      std::to_string(status_.damaged.load()))
                       .c_str(),
                   stderr);
        std::fflush(stderr);
        drawn_ = true;
    }
    /// A line for people on `to`, above the bar.
    void note(std::FILE* to, const std::string& line) {
        const std::lock_guard lock(mutex_);
        clear();
        std::fprintf(to, "%s\n", line.c_str());
        std::fflush(to);
    }

  private:
    void clear() {
        if (drawn_) std::fputs("\r\033[K", stderr);
        drawn_ = false;
    }
    const ProgressMode mode_;
    const fixity::RoundStatus& status_;
    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point last_json_{};
    std::mutex mutex_;
    bool drawn_ = false;
};

/// The archive for looking, or for writing with its lock.
struct FixityArchive {
    ArchivePaths paths;
    std::unique_ptr<OpenArchive> held;
    std::unique_ptr<EventLog> own_events; ///< A check takes no lock.
    SecondCopy copy;
    [[nodiscard]] EventLog& events() const { return held ? *held->events : *own_events; }
};

Result<FixityArchive> open_for_fixity(const FixityArguments& a, const std::shared_ptr<FileSystem>& fs) {
    FixityArchive out{ArchivePaths(a.archive), {}, {}, {}};
    if (a.writes()) {
        RECTO_ASSIGN(out.held, open_archive(a.archive, nullptr, "recto fixity"));
        out.paths = out.held->paths;
        if (const auto recovered = OcflStore(fs, out.paths.storage()).recover(); !recovered)
            (void)report_error(recovered.error());
    } else {
        RECTO_ASSIGN(const ArchiveConfig config, look_at_archive(a.archive));
        if (!config.work.empty())
            out.paths.work = config.work[0] == '/' ? config.work : join_path(a.archive, config.work);
        out.own_events = std::make_unique<EventLog>(fs, out.paths.events(), default_clock());
    }
    if (!a.copy.empty()) {
        RECTO_ASSIGN(out.copy, open_second_copy(fs, a.copy, out.paths.storage(),
                                                a.writes() && (a.repair_copy || a.add_missing), a.create));
    }
    return out;
}

/// Folder for what this call sets aside; it is made when something is.
std::string quarantine_folder(FileSystem& fs, const ArchivePaths& paths) {
    const std::string time = rfc3339(default_clock()->now());
    std::string stamp;
    for (const char c : time.substr(0, 19))
        if (c != ':') stamp += c == 'T' ? '-' : c;
    for (int n = 1;; ++n) {
        std::string folder = join_path(paths.root, "quarantine/" + stamp + (n > 1 ? "-" + std::to_string(n) : ""));
        if (const auto s = fs.stat(folder); !s || !s->exists) return folder;
    }
}

std::vector<std::string> objects_of_index(FileSystem& fs, const ArchivePaths& paths) {
    std::vector<std::string> out;
    constexpr std::string_view kStorage = "storage/";
    if (const auto rows = read_index(fs, paths))
        for (const IndexRow& row : *rows)
            if (row.object_path.starts_with(kStorage)) out.push_back(row.object_path.substr(kStorage.size()));
    return out;
}

void print_report(const FixityArguments& a, const fixity::RoundResult& r, const char* stopped, double seconds,
                  int code) {
    nlohmann::json list = nlohmann::json::array();
    for (const Damage& d : r.damage) list.push_back(d.to_json());
    const nlohmann::json j = {
        {"schema", 1},           {"archive", a.archive}, {"copy", a.copy},
        {"dry_run", a.dry_run},  {"went_on", r.went_on}, {"stopped", stopped},
        {"totals", r.summary()}, {"damage", list},       {"seconds", std::round(seconds * 10) / 10},
        {"exit_code", code}};
    std::printf("%s\n", j.dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

void tell_totals(const fixity::RoundResult& r, double seconds) {
    const nlohmann::json t = r.summary();
    const auto text = [&](const char* key) { return t[key].dump(); };
    if (r.busy > 0) std::fprintf(stderr, "%s\n", tr("fixity.busy", text("busy")).c_str());
    std::fprintf(stderr, "%s\n",
                 tr("fixity.done", text("objects"), text("stored"), text("files"), text("bytes"),
                    fmt::format("{:.1f}", seconds), text("errors"), text("mended"), text("stay"), text("copy_updated"),
                    text("copy_behind"))
                     .c_str());
    if (r.left > 0) std::fprintf(stderr, "%s\n", tr("fixity.left", text("left")).c_str());
}

int fixity_round(const FixityArguments& a, const fixity::Selection& selection, const TimeWindows& windows,
                 bool& closed) {
    const auto wall = wall_clock();
    closed = false;
    if (const int code = a.schedule.enter(windows, *wall); code != kDone) return code;
    const auto fs = posix_file_system();
    auto archive = open_for_fixity(a, fs);
    if (!archive) {
        const int code = report_error(archive.error());
        return archive.error().code == "init.none" ? static_cast<int>(kNoInput) : code;
    }
    fixity::RoundRequest request;
    request.sides = {archive->paths.storage(), {}, quarantine_folder(*fs, archive->paths)};
    if (!a.copy.empty()) request.sides.copy = archive->copy.storage;
    request.asked = {a.repair, a.repair_copy, a.add_missing, a.dry_run, archive->held != nullptr};
    request.selection = selection;
    request.log_path = join_path(archive->paths.work, "fixity.log");
    request.known = objects_of_index(*fs, archive->paths);

    Stop stop;
    fixity::RoundStatus status;
    FixityProgress progress(a.progress.mode(), status);
    fixity::Rate rate(parse_size(a.rate), {[] { return std::chrono::steady_clock::now(); },
                                           [&](std::chrono::nanoseconds time) { (void)stop.wait(time); }});
    bool troubled = false;
    fixity::RoundHooks hooks;
    hooks.found = [&](const Damage& d) {
        // What was copied as asked is a number at the end, not a line for each of a hundred thousand objects.
        if (a.json || (!d.serious() && d.outcome == fixity::Outcome::Mended)) return;
        const std::string& root = d.side == fixity::Side::Archive ? request.sides.archive : *request.sides.copy;
        progress.note(stdout, join_path(root, d.place()) + ": " + d.message(ui_language()) + " (" + d.code + ")");
    };
    hooks.go_on = [&] { return stop.signal() == 0 && windows.open_at(wall->now()); };
    hooks.pause = [&] { return stop.wait(std::chrono::seconds(1)); };
    hooks.problem = [&](const Error& e) {
        troubled = true;
        (void)report_error(e);
    };
    hooks.event = [&](const std::string& event, const nlohmann::json& details) {
        return archive->events().append(event, details);
    };
    auto renewed = std::chrono::steady_clock::now();
    const auto began = renewed;
    auto listener = std::make_unique<SignalListener>(
        [&](int signal) {
            if (stop.signal() != 0) end_at_once(signal, "fixity.interrupted");
            progress.note(stderr, tr("fixity.stopping"));
            stop.request(signal);
        },
        [&, renewed]() mutable {
            progress.show();
            if (std::chrono::steady_clock::now() - renewed < std::chrono::seconds(30)) return;
            if (archive->held) archive->held->lock->renew();
            if (archive->copy.lock) archive->copy.lock->renew();
            renewed = std::chrono::steady_clock::now();
        });
    auto round = fixity::run_round(fs, request, rate, *wall, hooks, status);
    listener.reset();
    progress.show(true);
    if (!round) return report_error(round.error());

    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    const int signal = stop.signal();
    closed = round->left > 0 && signal == 0 && !round->ended;
    const char* stopped = round->ended ? "disk" : round->left == 0 ? "" : signal != 0 ? "signal" : "window";
    nlohmann::json details = round->summary();
    details.update({{"agent", agent()}, {"share", a.share}, {"stopped", stopped}, {"premis", "fixity check"}});
    if (!a.copy.empty()) details["copy"] = a.copy;
    if (const auto written = hooks.event("fixity", details); !written) hooks.problem(written.error());

    int code = round->stays() ? kBadData : round->waits() || troubled ? kSomeFailed : kDone;
    // Damage is said first: that there is more to check is said in words.
    if (round->left > 0 && signal == SIGINT) code = kInterrupted;
    else if (round->left > 0 && code != kBadData) code = kTryAgain;
    if (round->ended) code = report_error(*round->ended);
    if (round->went_on) std::fprintf(stderr, "%s\n", tr("fixity.went_on").c_str());
    tell_totals(*round, seconds);
    if (signal == SIGINT && round->left > 0) std::fprintf(stderr, "%s\n", tr("fixity.interrupted").c_str());
    if (a.json) print_report(a, *round, stopped, seconds, code);
    return code;
}

int fixity_command(const FixityArguments& a) {
    const auto windows = a.schedule.windows();
    const auto refuse = [](const Error& e) {
        (void)report_error(e);
        return static_cast<int>(kUsage);
    };
    if (!windows) return refuse(windows.error());
    auto selection = fixity::parse_share(a.share);
    if (!selection) return refuse(selection.error());
    selection->older_than_days = a.older_than;
    if (!a.rate.empty() && parse_size(a.rate) == 0)
        return refuse(
            {"config.bad_value", "--rate " + a.rate + ": give bytes, or a number with K, M or G", {}, 0, {}, false});
    block_ending_signals(); // before any thread is made
    a.schedule.apply_nice();
    for (int found = kDone;;) { // night after night; what an earlier one found counts at the end
        bool closed = false;
        const int code = fixity_round(a, *selection, *windows, closed);
        if (code == kBadData || (code == kSomeFailed && found == kDone)) found = code;
        if (!closed || !a.schedule.wait) return code == kDone || code == kSomeFailed ? found : code;
    }
}

} // namespace

void add_fixity(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("fixity", tr("cli.fixity"));
    auto a = std::make_shared<FixityArguments>();
    a->schedule.nice = 10; // night work, also where nobody thought of it
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    auto* copy = command->add_option("--copy", a->copy, tr("cli.fixity.copy"));
    command->add_option("--rate", a->rate, tr("cli.fixity.rate"));
    command->add_option("--share", a->share, tr("cli.fixity.share"));
    command->add_option("--older-than", a->older_than, tr("cli.fixity.older_than"))->check(CLI::Range(0, 36500));
    command->add_flag("--repair", a->repair, tr("cli.fixity.repair"))->needs(copy);
    command->add_flag("--repair-copy", a->repair_copy, tr("cli.fixity.repair_copy"))->needs(copy);
    auto* add = command->add_flag("--add-missing", a->add_missing, tr("cli.fixity.add_missing"))->needs(copy);
    command->add_flag("--create", a->create, tr("cli.fixity.create"))->needs(add);
    command->add_flag("--dry-run", a->dry_run, tr("cli.fixity.dry_run"));
    a->schedule.add_to(*command);
    a->progress.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return fixity_command(*a); }; });
}

} // namespace recto::cli
