#pragma once

/// recto watch: pages are claimed and looked at as they arrive; items that are complete are read by a `recto run` of their own
/// behind, at low priority, in the archive's work folder, where it finds the treatments already made. What a separator
/// sheet of Recto's announces goes through `recto replace` or `recto insert`.
///
/// Nothing leaves the hot folder before its bytes are in the archive: after a run the digests of the stored objects are
/// compared with those of the files, and only what is there is moved to done/. What a death leaves is taken up again.

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/core/clock.h"
#include "pipeline/core/stage.h"
#include "pipeline/engine/archive.h"
#include "station/hot_folder.h"
#include "station/notify.h"
#include "station/quick_look.h"
#include "station/rescan_list.h"

namespace recto::station {

/// Upper bounds, in seconds, of the classes of WatchStatus::look; the last class has none.
inline constexpr std::array<double, 6> kLookBounds{0.5, 1, 2, 5, 15, 60};

/// A station as its station.yaml says it, with what its pages are treated by.
struct Station {
    std::string folder; ///< "" for pages outside of station folders.
    CaptureFacts capture;
    std::string profile;
    std::shared_ptr<const Settings> settings;
    std::shared_ptr<StageList> stages; ///< Treatment is open.
    std::string problem;               ///< Not empty: station.yaml is wrong; its pages wait.
};

/// How a watcher stands.
struct WatchStatus {
    bool present = true, may_read = true, reading = false;
    std::size_t files_arriving = 0, pages_to_look = 0; ///< Not whole yet; claimed and not looked at yet.
    int items_open = 0, items_complete = 0;            ///< Pages still come; waits to be read, or is being read.
    int items_stuck = 0;                               ///< Given up until a person has looked.
    double oldest_complete_seconds = 0; ///< Since the last page came of the complete item that waits longest.
    std::int64_t pages = 0, rescan = 0, refused = 0, routed = 0, items_stored = 0, reading_failures = 0;
    std::int64_t pages_read = 0;                             ///< By the readings behind, so far; likewise:
    std::map<std::string, std::int64_t> errors;              ///< So far.
    double look_seconds = 0;                                 ///< Sum over `pages`.
    std::array<std::int64_t, kLookBounds.size() + 1> look{}; ///< Pages by seconds from arrival to findings.
};

struct WatchOptions {
    std::string folder, archive;
    ArchivePaths paths{""};
    bool once = false, json = false;
    double poll_seconds = 0; ///< 0: by the kind of file system.
    int threads = 2;         ///< For looking at new pages.
    /// Whether items may be read now; pages are looked at, and items completed, at any time. Empty: always.
    std::function<bool()> may_read;
    std::function<void(const nlohmann::json& event)> on_event; ///< What `--progress json` says, as it happens.
    std::function<void(const WatchStatus& status)> on_status;  ///< Every few seconds, and at the end.
    std::function<std::shared_ptr<const Station>(const std::string& folder)> station;
    /// Words of the command that reads these folders of one station; their standard output is the run's report.
    std::function<std::vector<std::string>(const Station&, const std::vector<std::string>& folders)> run_command;
    /// Words of the command that puts a routed scan in its place; `page` empty: it is appended.
    std::function<std::vector<std::string>(const Station&, const std::string& item, const std::string& page,
                                           const std::string& file)>
        amend_command;
    std::function<Steady()> now = [] { return std::chrono::steady_clock::now(); };
};

class Watcher {
  public:
    Watcher(WatchOptions options, std::shared_ptr<FileSystem> fs, std::shared_ptr<const Clock> clock,
            const Settings& settings, Decoder& decoder, QuickLook::Take take, std::unique_ptr<Journal> records);
    ~Watcher();
    /// Until stop() or, with `once`, until everything that was there is stored or set aside. Exit code: 0; 1 when pages were set
    /// aside; 75 when stopped, or when an item could not be stored and waits.
    int run();
    void stop() { stop_ = true; } ///< Any thread.

  private:
    static constexpr int kTries = 5; ///< After so many failures an item waits for a person, and for the next start.
    static std::string shown(const std::string& station, const std::string& item); ///< For messages.

    struct Page {
        std::string sha512, sheet; ///< `sheet`: value of its barcode, "" for a page.
        bool looked = false;
        Steady first{}, again{}; ///< `again`: to be looked at then, after a failure that may pass.
        std::chrono::steady_clock::time_point arrived;
    };
    struct Work {
        Claim claim;
        std::map<std::string, Page> pages; ///< By file name.
        Steady last;                       ///< When the last page came.
        Steady not_before;                 ///< After a failure: not tried again before.
        int failures = 0;
        bool routed = false;                                                             ///< Sheets have been followed.
        std::vector<std::pair<std::string, std::pair<std::string, std::string>>> routes; ///< File -> item, page.
    };
    struct Job {
        int pid = 0;
        std::vector<std::string> claims;
        std::string file, item, page; ///< Of a routed scan.
        std::string output, errors;   ///< Files.
    };

    bool arrive(const HotFolder::Look& look);
    void ask_again();
    void take_up(const Claim& claim);
    void ask(Work& work, const std::string& path);
    void looked(LookResult result);
    void set_aside(const std::string& path, const std::string& station, const std::string& item, const Finding& why);
    void close_complete(const HotFolder::Look& look, bool everything);
    void follow_sheets(Work& work);
    void start_job();
    bool spawn(const std::vector<std::string>& words, const std::string& name);
    void poll_job();
    void settle_run(int code, const nlohmann::json& report);
    void settle_route(int code);
    void retry(Work& work, const std::string& why);
    RescanList& rescan(const std::string& station);
    void emit(nlohmann::json line, const std::string& words);
    [[nodiscard]] bool present_again();
    [[nodiscard]] bool reading_allowed();
    [[nodiscard]] WatchStatus status() const;

    WatchOptions options_;
    std::shared_ptr<FileSystem> fs_;
    std::shared_ptr<const Clock> clock_;
    const Settings& settings_;
    HotFolder hot_;
    Notify notify_;
    QuickLook quick_;
    std::map<std::string, Work> work_; ///< By claim key.
    std::map<std::string, std::unique_ptr<RescanList>> rescan_;
    std::optional<Job> job_;
    std::atomic<bool> stop_{false};
    bool gone_ = false, closed_ = false; ///< `closed_`: outside of the time when items may be read.
    std::size_t arriving_ = 0;
    WatchStatus tally_; ///< What is counted as it happens.
};

} // namespace recto::station
