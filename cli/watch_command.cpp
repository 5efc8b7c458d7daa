// recto watch: wires the hot folder, the treatment stage and the commands that read and route behind.

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>

#include "cli/archive_access.h"
#include "cli/cli.h"
#include "cli/ending_signals.h"
#include "cli/metrics.h"
#include "cli/run_log.h"
#include "cli/schedule.h"
#include "config/config.h"
#include "config/station_config.h"
#include "pipeline/files/decode.h"
#include "stages/intake/intake.h"
#include "stages/registry.h"
#include "station/settings.h"
#include "station/watcher.h"

namespace recto::cli {
namespace {

struct WatchArguments {
    std::string folder, archive, poll = "auto", progress = "auto";
    bool create = false, once = false;
    int jobs = 0;
    std::string metrics;
    LogOptions log;
    ScheduleOptions schedule; ///< Of the reading behind.
    CaptureFacts capture;
    ArchiveIdentity identity;
    SettingsOptions settings;
};

/// Stations by folder, read again when station.yaml changes. One thread.
class Stations {
  public:
    Stations(std::shared_ptr<FileSystem> fs, const WatchArguments& a) : fs_(std::move(fs)), a_(a) {}

    std::shared_ptr<const station::Station> get(const std::string& folder) {
        const std::string path = join_path(folder.empty() ? a_.folder : join_path(a_.folder, folder), "station.yaml");
        FileStat stat;
        if (const auto s = fs_->stat(path)) stat = *s;
        Known& known = known_[folder];
        if (known.station && known.size == stat.size && known.mtime == stat.mtime_ns) return known.station;
        known = {load(folder, path, stat.exists), stat.size, stat.mtime_ns};
        if (!known.station->problem.empty())
            std::fprintf(stderr, "recto: %s\n", tr("watch.station", path, known.station->problem).c_str());
        return known.station;
    }

  private:
    struct Known {
        std::shared_ptr<const station::Station> station;
        std::uint64_t size = 0;
        std::int64_t mtime = 0;
    };

    std::shared_ptr<const station::Station> load(const std::string& folder, const std::string& path, bool exists) {
        auto s = std::make_shared<station::Station>();
        s->folder = folder;
        s->capture = a_.capture;
        if (s->capture.station.empty()) s->capture.station = folder;
        s->profile = a_.settings.profile;
        if (exists) {
            const auto config = read_station_config(*fs_, path);
            if (!config) {
                s->problem = config.error().reason;
                return s;
            }
            if (!config->name.empty()) s->capture.station = config->name;
            if (!config->operator_name.empty()) s->capture.operator_name = config->operator_name;
            if (!config->device.empty()) s->capture.device = config->device;
            if (!config->profile.empty()) s->profile = config->profile;
        }
        auto& kit = kits_[s->profile];
        if (!kit.stages) {
            SettingsOptions options = a_.settings;
            options.profile = s->profile;
            auto loaded = options.load();
            if (!loaded) {
                s->problem = loaded.error().reason.empty() ? loaded.error().code : loaded.error().reason;
                return s;
            }
            kit.settings = std::make_shared<Settings>(std::move(*loaded));
            kit.stages = std::make_shared<StageList>(make_stages());
            if (auto opened = kit.stages->treatment->open({kit.settings.get(), 2, model_folder()}); !opened) {
                s->problem = opened.error().to_string();
                kit.stages.reset();
                return s;
            }
        }
        s->settings = kit.settings;
        s->stages = kit.stages;
        return s;
    }

    struct Kit {
        std::shared_ptr<Settings> settings;
        std::shared_ptr<StageList> stages;
    };
    std::shared_ptr<FileSystem> fs_;
    const WatchArguments& a_;
    std::map<std::string, Known> known_;
    std::map<std::string, Kit> kits_;
};

/// The log of the runs behind, beside the watcher's: recto.log -> recto-run.log. Two processes never share one.
std::string of_runs(const std::string& path) {
    if (path.empty() || path == "-") return {}; // their standard error is kept in work/watch/
    const std::size_t slash = path.rfind('/'), dot = path.rfind('.');
    const bool ending = dot != std::string::npos && dot > 0 && (slash == std::string::npos || dot > slash + 1);
    return ending ? path.substr(0, dot) + "-run" + path.substr(dot) : path + "-run";
}

RunEvent::Level level_of(const nlohmann::json& event) {
    const std::string name = event.value("event", "");
    if (name == "error" || name == "stuck") return RunEvent::Level::Error;
    if (name == "refused" || name == "vanished" || name == "suspect" || name == "again" || event.value("rescan", false))
        return RunEvent::Level::Warning;
    return RunEvent::Level::Info;
}

/// Findings are logged by code: their sentences may quote what stands on the page.
nlohmann::json for_log(const nlohmann::json& event) {
    nlohmann::json out = event;
    for (const char* key : {"event", "message", "message_zh", "sheet"}) out.erase(key);
    if (const auto it = out.find("findings"); it != out.end()) {
        std::string codes;
        for (const auto& f : *it) codes += (codes.empty() ? "" : ",") + f.value("code", "");
        *it = codes;
    }
    return out;
}

/// An empty value leaves the option out.
void add_option(std::vector<std::string>& words, const char* option, const std::string& value) {
    if (value.empty()) return;
    words.emplace_back(option);
    words.push_back(value);
}

void add_words(std::vector<std::string>& words, const WatchArguments& a, const station::Station& s) {
    add_option(words, "--operator", s.capture.operator_name);
    add_option(words, "--device", s.capture.device);
    add_option(words, "--station", s.capture.station);
    add_option(words, "--profile", s.profile);
    add_option(words, "--lang", a.settings.language);
    for (const auto& set : a.settings.sets) add_option(words, "--set", set);
    add_option(words, "--ui-lang", ui_language() == Language::Chinese ? "zh" : "en");
}

int watch(WatchArguments a) {
    auto fs = posix_file_system();
    const auto windows = a.schedule.windows();
    if (!windows) return report_error(windows.error());
    a.folder = intake::absolute_path(a.folder);
    a.archive = intake::absolute_path(a.archive);
    double poll = 0;
    if (a.poll != "auto") {
        char* end = nullptr;
        poll = std::strtod(a.poll.c_str(), &end);
        if (*end != '\0' || !(poll >= 0.05 && poll <= 86400)) return kUsage;
    }
    const auto folder = fs->stat(a.folder);
    if (!folder || !folder->exists || !folder->is_directory)
        return report_error(fail("intake.not_found", "", a.folder).value());
    if (const auto config = look_at_archive(a.archive); !config) {
        if (config.error().code != "init.none" || !a.create) return report_error(config.error());
        if (auto made = create_archive(a.archive, a.identity); !made) return report_error(made.error());
    }
    const auto config = look_at_archive(a.archive);
    if (!config) return report_error(config.error());
    if (a.settings.profile.empty()) a.settings.profile = config->profile;
    const auto settings = a.settings.load();
    if (!settings) return report_error(settings.error());

    station::WatchOptions options;
    options.folder = a.folder;
    options.archive = a.archive;
    options.paths = ArchivePaths(a.archive);
    if (!config->work.empty())
        options.paths.work = config->work[0] == '/' ? config->work : join_path(a.archive, config->work);
    if (auto made = make_archive_folders(*fs, options.paths); !made) return report_error(made.error());
    options.once = a.once;
    options.json = a.progress == "json";
    options.poll_seconds = poll;
    Stations stations(fs, a);
    options.station = [&](const std::string& name) { return stations.get(name); };
    options.run_command = [&](const station::Station& s, const std::vector<std::string>& folders) {
        std::vector<std::string> words{program_path(), "run", "-o", a.archive, "--json", "--progress", "none"};
        if (a.jobs > 0) {
            words.emplace_back("-j");
            words.push_back(std::to_string(a.jobs));
        }
        add_option(words, "--window", a.schedule.window); // ends at the window's edge by itself
        if (const std::string file = of_runs(a.log.file); !file.empty()) {
            add_option(words, "--log", file);
            add_option(words, "--log-format", a.log.format);
            add_option(words, "--log-level", a.log.level);
        }
        add_words(words, a, s);
        words.insert(words.end(), folders.begin(), folders.end());
        return words;
    };
    options.amend_command = [&](const station::Station& s, const std::string& item, const std::string& page,
                                const std::string& file) {
        std::vector<std::string> words{program_path(), page.empty() ? "insert" : "replace", a.archive, item, file,
                                       "--by-sheet"};
        if (!page.empty()) {
            words.emplace_back("--page");
            words.push_back(page);
        }
        add_words(words, a, s);
        return words;
    };
    auto log = RunLog::open(a.log);
    if (!log) return report_error(log.error());
    options.on_event = [&](const nlohmann::json& event) {
        (*log)->write(level_of(event), "watch." + event.value("event", ""), for_log(event));
    };
    const auto wall = wall_clock();
    if (!windows->empty()) options.may_read = [&] { return windows->open_at(wall->now()); };
    WatchMetricsInput metrics{agent(), a.archive, a.folder, true, 0, {}};
    bool told = false;
    const auto write_figures = [&] {
        metrics.now = static_cast<double>(
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
                .count());
        const auto written = write_atomically(*fs, a.metrics, metrics_text(metrics));
        if (!written && !told)
            std::fprintf(stderr, "recto: %s\n", tr("run.metrics_failed", a.metrics, written.error().reason).c_str());
        told = told || !written;
    };
    if (!a.metrics.empty())
        options.on_status = [&](const station::WatchStatus& status) {
            metrics.status = status;
            write_figures();
        };
    Decoder decoder(program_path(), options.threads + 1);
    auto records = Journal::open_records(fs, options.paths.work);
    if (!records) return report_error(records.error());
    station::Watcher watcher(
        std::move(options), fs, default_clock(), *settings, decoder,
        [&](const std::string& path, const CaptureFacts& capture) {
            intake::TakeOptions take;
            take.overrides = capture;
            return intake::take_source(path, decoder, *fs, take);
        },
        std::move(*records));

    std::atomic<bool> interrupted{false};
    std::optional<SignalListener> listener(std::in_place, [&](int signal) {
        if (signal == SIGINT) interrupted = true;
        watcher.stop();
    });
    const int code = watcher.run();
    listener.reset();
    metrics.active = false;
    if (!a.metrics.empty()) write_figures();
    return interrupted ? static_cast<int>(kInterrupted) : code;
}

} // namespace

void add_watch(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("watch", tr("cli.watch"));
    auto a = std::make_shared<WatchArguments>();
    command->add_option("DIR", a->folder, tr("cli.watch.folder"))->required();
    command->add_option("-o,--archive", a->archive, tr("cli.run.archive"))->required();
    command->add_flag("--create", a->create, tr("cli.run.create"));
    a->identity.add_to(*command);
    command->add_option("--poll", a->poll, tr("cli.watch.poll"))->type_name("SECONDS|auto");
    command->add_flag("--once", a->once, tr("cli.watch.once"));
    command->add_option("--progress", a->progress, tr("cli.watch.progress"))
        ->check(CLI::IsMember({"auto", "json", "none"}));
    a->schedule.add_window(*command, "cli.watch.window");
    a->log.add_to(*command);
    command->add_option("--metrics", a->metrics, tr("cli.watch.metrics"));
    command->add_option("-j,--jobs", a->jobs, tr("cli.run.jobs"))->check(CLI::Range(1, 1024));
    command->add_option("--operator", a->capture.operator_name, tr("cli.run.operator"));
    command->add_option("--device", a->capture.device, tr("cli.run.device"));
    command->add_option("--station", a->capture.station, tr("cli.run.station"));
    a->settings.add_to(*command);
    command->callback([&action, a] {
        action = [a] {
            block_ending_signals(); // before any thread is made
            return watch(*a);
        };
    });
}

} // namespace recto::cli
