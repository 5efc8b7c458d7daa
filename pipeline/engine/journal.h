#pragma once

/// What a run remembers between processes: which work was going on when a process died (suspects), digests of inputs by
/// path, size, time and inode, and results of page stages by key. All of it can be deleted: it is only time saved.
///
/// The SQLite file and the records lie on a local disk. Records are JSON files with a checksum, written without sync: a
/// torn one reads as absent and the work is done again. All methods may be called from any thread.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

struct sqlite3;

namespace recto {

class Journal {
  public:
    /// `folder` (made when absent) gets journal.db and records/. Errors: "run.journal", "run.journal_newer",
    /// "store.network_file_system".
    static Result<std::unique_ptr<Journal>> open(std::shared_ptr<FileSystem> fs, std::string folder);
    /// Results only (find, put, forget), beside a process that has the journal open: `recto watch` leaves its treatments
    /// there for the run that follows. The other calls do nothing.
    static Result<std::unique_ptr<Journal>> open_records(std::shared_ptr<FileSystem> fs, std::string folder);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// Results by key. A record whose checksum does not fit is dropped and reads as absent.
    std::optional<nlohmann::json> find(std::string_view key);
    Result<void> put(std::string_view key, std::string_view stage, const nlohmann::json& value);
    void forget(std::string_view key);
    Result<void> forget_all(); ///< --fresh: every result and digest, never the archive.

    /// Digests remembered for a file as stat saw it.
    std::optional<std::string> recall_digest(const std::string& path, const FileStat& stat);
    void remember_digest(const std::string& path, const FileStat& stat, const std::string& sha512);

    /// Marks of work in progress. begin() is in the file before it returns, so that it survives SIGKILL.
    Result<void> begin(std::string_view key, std::string_view what);
    void end(std::string_view key);
    void abandon_all(); ///< Orderly interruption: what was begun is no suspect.
    /// Keys whose work was going on when the last process died, with how often that happened.
    [[nodiscard]] const std::map<std::string, int, std::less<>>& suspects() const { return suspects_; }
    void clear_suspect(std::string_view key);

  private:
    Journal(std::shared_ptr<FileSystem> fs, std::string folder);
    Result<void> start();
    Result<void> execute(const char* sql);
    [[nodiscard]] std::string record_path(std::string_view key) const;

    std::shared_ptr<FileSystem> fs_;
    std::string folder_;
    mutable std::mutex mutex_; ///< Guards db_.
    sqlite3* db_ = nullptr;
    std::map<std::string, int, std::less<>> suspects_;
};

} // namespace recto
