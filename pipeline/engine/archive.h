#pragma once

/// The archive folder: where its parts lie, its lock, its event log and its index for people without Recto.

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/clock.h"
#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

namespace recto {

/// Paths of an archive. Plain value.
struct ArchivePaths {
    std::string root;
    std::string work; ///< "<root>/work" unless archive.yaml says otherwise.
    explicit ArchivePaths(std::string archive) : root(std::move(archive)), work(join_path(root, "work")) {}
    [[nodiscard]] std::string settings() const { return join_path(root, "archive.yaml"); }
    [[nodiscard]] std::string storage() const { return join_path(root, "storage"); }
    [[nodiscard]] std::string events() const { return join_path(root, "events"); }
    [[nodiscard]] std::string index() const { return join_path(root, "index.csv"); }
    [[nodiscard]] std::string reports() const { return join_path(root, "reports"); }
    [[nodiscard]] std::string rescan() const { return join_path(root, "rescan"); }
    [[nodiscard]] std::string lock() const { return join_path(root, "lock.json"); }
};

/// Makes the folders of a new archive (not archive.yaml, not the storage root). work, reports and rescan get mode 0750.
Result<void> make_archive_folders(FileSystem& fs, const ArchivePaths& paths);

/// Held while a process changes the archive. flock() on lock.json, which also says who holds it, for people and for
/// file systems whose flock does not reach other hosts: there the lease counts.
class ArchiveLock {
  public:
    /// "run.locked" (retry) names holder, host and since when.
    static Result<std::unique_ptr<ArchiveLock>> acquire(const std::string& path, const std::string& what);
    ~ArchiveLock();
    ArchiveLock(const ArchiveLock&) = delete;
    ArchiveLock& operator=(const ArchiveLock&) = delete;
    void renew(); ///< Extends the lease; called every half minute or so.

  private:
    ArchiveLock(int fd, std::string what) : fd_(fd), what_(std::move(what)) {}
    int fd_;
    std::string what_, since_;
};

/// Who holds the lock at `path`, for people; "" when nobody does. Takes nothing and leaves nothing.
[[nodiscard]] std::string lock_holder(FileSystem& fs, const std::string& path);

/// Append-only log, one JSON object a line, each with the SHA-256 of the line before it: a changed or missing line shows.
/// The chain goes on from month to month. No record content in it. Thread-safe; on local disks several processes may append.
class EventLog {
  public:
    EventLog(std::shared_ptr<FileSystem> fs, std::string folder, std::shared_ptr<const Clock> clock);
    /// Appends {"time","event",...details,"previous"} and syncs.
    Result<void> append(const std::string& event, const nlohmann::json& details);
    /// Checks every chain link; the error names file and line ("events.broken").
    Result<int> verify();

  private:
    std::shared_ptr<FileSystem> fs_;
    std::string folder_;
    std::shared_ptr<const Clock> clock_;
    std::mutex mutex_;
    Result<std::string> last_digest();
    Result<std::vector<std::string>> months();
};

/// A row of index.csv.
struct IndexRow {
    std::string reference_code, id, object_path, state; ///< state: "stored" or "held".
    int pages = 0;
};
/// Reads index.csv (an absent file is empty) and writes it back with these rows put in by id. Atomic.
Result<std::vector<IndexRow>> read_index(FileSystem& fs, const ArchivePaths& paths);
Result<void> update_index(FileSystem& fs, const ArchivePaths& paths, const std::vector<IndexRow>& rows);

} // namespace recto
