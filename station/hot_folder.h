#pragma once

/// The hot folder as it lies on disk: what has arrived whole, which watcher has claimed it, what was set aside or is done.
///
///   DIR/<item>/<page>, DIR/<page>                        of the station without a name
///   DIR/<station>/station.yaml, .../<item>/<page>        of a station with operator, device, profile
///   DIR/.recto/claims/<key>.json, <key>/<item>/<page>    claimed: the page was renamed there, so one watcher has it
///   DIR/.recto/watchers/<id>.json                        sign of life of a watcher
///   DIR/.recto/taken/<id>.jsonl                          digests of what was taken
///   DIR/done/..., DIR/refused/... (+ .reason.txt)
///
/// Every step is one rename or one exclusive creation, so a watcher may die anywhere and another goes on. Wall clocks are
/// compared with nothing: intervals are of a steady clock, other machines' leases are judged by their beat standing still.
/// Not thread-safe: the watcher's main thread uses it.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/core/finding.h"
#include "pipeline/core/result.h"
#include "pipeline/core/settings.h"
#include "pipeline/files/file_system.h"

namespace recto::station {

using Steady = std::chrono::steady_clock::time_point;

/// A file that is whole and waits to be claimed.
struct Arrival {
    std::string path;    ///< Absolute, bytes.
    std::string station; ///< Folder of the station, "" for the one without a name.
    std::string item;    ///< Folder of the item below the station's, "" for loose pages.
    std::string name;    ///< File name.
};

/// Something to be set aside.
struct Refused {
    std::string path, station, item;
    Finding why; ///< "watch.*"
};

/// An item that this watcher has claimed.
struct Claim {
    std::string key, station, item;
    std::string name;    ///< What the item is called: the last part of its folder, or made from station and time.
    std::string folder;  ///< Absolute; its pages.
    bool closed = false; ///< Complete: no page is added any more.
};

class HotFolder {
  public:
    HotFolder(std::shared_ptr<FileSystem> fs, std::string root, std::string watcher, const Settings& settings,
              std::function<Steady()> now);
    /// Makes .recto, done and refused, and the first sign of life.
    Result<void> open();
    /// False when the folder is gone, or is another one: a share that was taken away leaves an empty folder.
    [[nodiscard]] bool present();
    Result<void> beat();

    struct Look {
        std::vector<Arrival> whole;
        std::vector<Refused> refused;
        std::vector<std::string> folders; ///< Absolute, all that were walked: for inotify.
        std::set<std::string> pending;    ///< Stations/items with files that are not whole yet ("station/item").
        std::set<std::string> complete;   ///< "station/item" whose folder has its marker.
        std::size_t waiting = 0;          ///< Files that are not whole yet.
    };
    /// Walks the folder. `closed`: absolute paths (files or folders) of which the system said that they were closed or
    /// renamed in since the last look.
    Result<Look> look(const std::set<std::string>& closed);

    /// Claims a page: renamed into the claim of its item, which is made when there is none. Nothing: another watcher has the
    /// item, or the file is gone.
    Result<std::optional<Claim>> claim(const Arrival& arrival);
    Result<void> close(Claim& claim);
    /// Claims of watchers that are dead; they are this watcher's from now on.
    Result<std::vector<Claim>> take_over();
    /// Files of a claim, in byte order.
    Result<std::vector<std::string>> files(const Claim& claim);
    /// The claim's last file is gone: so is the claim.
    Result<void> finish(const Claim& claim);

    /// Moves a file to refused/ with a reason file beside it; never over another file.
    Result<void> set_aside(const std::string& path, const std::string& station, const std::string& item,
                           const Finding& why);
    /// Moves a file that is safely stored to done/, or removes it (watch.after).
    Result<void> done(const std::string& path, const std::string& station, const std::string& item);

    /// Who took these bytes before: "item/file" of another page; "" when nobody did. Reads what other watchers wrote.
    std::string taken_before(const std::string& sha512, const std::string& claim, const std::string& file);
    Result<void> take(const std::string& sha512, const std::string& claim, const std::string& item,
                      const std::string& file);
    Result<void> forget(const std::string& sha512);

    [[nodiscard]] const std::string& root() const { return root_; }
    [[nodiscard]] std::string inner(const std::string& name) const {
        return join_path(join_path(root_, ".recto"), name);
    }

  private:
    struct Track {
        std::uint64_t size = 0;
        std::int64_t mtime = 0;
        Steady first, changed;
        bool closed = false, seen = false;
    };
    struct Taken {
        std::string claim, item, file;
    };
    Result<void> walk(const std::string& folder, const std::string& station, const std::string& item, bool top,
                      Look& out, const std::set<std::string>& closed);
    bool consider(const std::string& path, const std::string& station, const std::string& item, const std::string& name,
                  const FileStat& stat, const std::set<std::string>& names, Look& out);
    bool alive(const std::string& watcher);
    Result<void> write_claim(const Claim& claim);
    void read_taken();
    [[nodiscard]] std::string free_name(const std::string& wanted);

    std::shared_ptr<FileSystem> fs_;
    std::string root_, watcher_;
    const Settings& settings_;
    std::function<Steady()> now_;
    std::uint64_t device_ = 0;
    std::int64_t beats_ = 0;
    std::map<std::string, Track> tracks_;     ///< By absolute path.
    std::map<std::string, std::string> open_; ///< "station/item" -> key of this watcher's open claim.
    std::map<std::string, Claim> claims_;     ///< By key, this watcher's.
    struct Beat {
        std::int64_t beat = -1;
        Steady changed;
    };
    std::map<std::string, Beat> others_;
    std::map<std::string, std::uint64_t> read_to_; ///< Bytes read of each taken/*.jsonl.
    std::map<std::string, Taken> taken_;
};

/// "host-pid-start": tells this process from every other, also from one that has its number later.
[[nodiscard]] std::string watcher_id();
/// "station/item", for maps and messages.
[[nodiscard]] std::string item_label(const std::string& station, const std::string& item);

} // namespace recto::station
