#include "pipeline/engine/archive.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <map>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/core/digest.h"
#include "pipeline/files/csv.h"

namespace recto {
namespace {
constexpr int kLeaseSeconds = 120;

std::string host_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

/// Keeps other processes from adding a line between our reading the last one and writing ours: a check of stored bytes records
/// what it finds while a run goes on. Where the folder cannot be locked (some network file systems) the archive's lock has to do.
class FolderLock {
  public:
    explicit FolderLock(const std::string& folder) : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
        if (fd_ >= 0) (void)::flock(fd_, LOCK_EX);
    }
    ~FolderLock() {
        if (fd_ >= 0) ::close(fd_);
    }
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

  private:
    int fd_;
};

constexpr std::string_view kIndexHeading = "\xEF\xBB\xBF档号 reference_code,id,object_path,state,pages\r\n";
} // namespace

Result<void> make_archive_folders(FileSystem& fs, const ArchivePaths& paths) {
    for (const auto& folder : {paths.root, paths.events(), paths.work, paths.reports(), paths.rescan()})
        RECTO_TRY(fs.make_folders(folder));
    for (const auto& folder : {paths.work, paths.reports(), paths.rescan()}) ::chmod(folder.c_str(), 0750);
    return {};
}

// ---- lock ----------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<ArchiveLock>> ArchiveLock::acquire(const std::string& path, const std::string& what) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) return fail(errno == ENOSPC ? "io.no_space" : "io.write", std::strerror(errno), path);
    std::string text(4096, '\0');
    const auto got = ::pread(fd, text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    const auto holder = nlohmann::json::parse(text, nullptr, false);
    const bool known = holder.is_object();
    const auto refuse = [&]() {
        ::close(fd);
        return fail_retry("run.locked",
                          known ? holder.value("what", "") + ", process " + std::to_string(holder.value("pid", 0)) +
                                      " on " + holder.value("host", "") + ", since " + holder.value("since", "")
                                : "another process",
                          path);
    };
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return refuse();
    if (known && holder.value("host", "") != host_name() &&
        holder.value("lease_until", std::int64_t{0}) > static_cast<std::int64_t>(std::time(nullptr)))
        return refuse();
    std::unique_ptr<ArchiveLock> lock(new ArchiveLock(fd, what));
    lock->since_ = rfc3339(std::chrono::system_clock::now());
    lock->renew();
    return lock;
}

void ArchiveLock::renew() {
    const nlohmann::json j = {{"what", what_},
                              {"pid", ::getpid()},
                              {"host", host_name()},
                              {"since", since_},
                              {"lease_until", static_cast<std::int64_t>(std::time(nullptr)) + kLeaseSeconds}};
    const std::string text = j.dump() + "\n";
    // A full disk must not stop the run here: the lock itself is the flock.
    if (::pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()))
        (void)!::ftruncate(fd_, static_cast<off_t>(text.size()));
}

ArchiveLock::~ArchiveLock() {
    (void)!::ftruncate(fd_, 0);
    ::close(fd_);
}

std::string lock_holder(FileSystem& fs, const std::string& path) {
    const auto stat = fs.stat(path);
    if (!stat || !stat->exists) return "";
    const auto text = fs.read(path);
    const auto holder = nlohmann::json::parse(text ? *text : std::string(), nullptr, false);
    if (!holder.is_object()) return "";
    // On this host a lock is as alive as its process; of another host its lease is all that is known.
    const bool here = holder.value("host", "") == host_name();
    const int pid = holder.value("pid", 0);
    const bool alive =
        here ? pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM)
             : holder.value("lease_until", std::int64_t{0}) > static_cast<std::int64_t>(std::time(nullptr));
    if (!alive) return "";
    return holder.value("what", "") + ", process " + std::to_string(holder.value("pid", 0)) + " on " +
           holder.value("host", "") + ", since " + holder.value("since", "");
}

// ---- events --------------------------------------------------------------------------------------------------------

EventLog::EventLog(std::shared_ptr<FileSystem> fs, std::string folder, std::shared_ptr<const Clock> clock)
    : fs_(std::move(fs)), folder_(std::move(folder)), clock_(std::move(clock)) {}

Result<std::vector<std::string>> EventLog::months() {
    RECTO_ASSIGN(auto names, fs_->list(folder_));
    std::erase_if(names, [](const std::string& n) { return !n.ends_with(".jsonl"); });
    std::sort(names.begin(), names.end());
    return names;
}

Result<std::string> EventLog::last_digest() {
    RECTO_ASSIGN(const auto names, months());
    for (auto it = names.rbegin(); it != names.rend(); ++it) {
        RECTO_ASSIGN(std::string text, fs_->read(join_path(folder_, *it)));
        while (!text.empty() && text.back() == '\n') text.pop_back();
        if (text.empty()) continue;
        const auto line =
            std::string_view(text).substr(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
        return digest_hex(DigestAlgorithm::Sha256, line);
    }
    return std::string();
}

Result<void> EventLog::append(const std::string& event, const nlohmann::json& details) {
    const std::lock_guard lock(mutex_);
    const FolderLock among_processes(folder_);
    const std::string time = rfc3339(clock_->now());
    const std::string path = join_path(folder_, time.substr(0, 7) + ".jsonl");
    // A death in mid-append leaves a torn last line: it is closed, so that the chain shows it and goes on.
    RECTO_ASSIGN(const auto stat, fs_->stat(path));
    std::string prefix;
    if (stat.exists && stat.size > 0) {
        RECTO_ASSIGN(const auto text, fs_->read(path));
        if (text.back() != '\n') prefix = "\n";
    }
    if (!prefix.empty()) RECTO_TRY(fs_->append(path, prefix, false));
    RECTO_ASSIGN(const auto previous, last_digest());
    nlohmann::json line = {{"schema", 1}, {"time", time}, {"event", event}};
    if (details.is_object()) line.update(details);
    line["previous"] = previous;
    return fs_->append(path, line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", true);
}

Result<int> EventLog::verify() {
    const std::lock_guard lock(mutex_);
    RECTO_ASSIGN(const auto names, months());
    std::string previous;
    int count = 0;
    for (const auto& name : names) {
        const std::string path = join_path(folder_, name);
        RECTO_ASSIGN(const auto text, fs_->read(path));
        int number = 0;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            const std::string_view line = std::string_view(text).substr(at, end - at);
            at = end + 1;
            ++number;
            if (line.empty()) continue;
            // A torn line (a death in mid-append) is no JSON; the line after it holds its digest all the same.
            const auto j = nlohmann::json::parse(line, nullptr, false);
            if (j.is_object() && j.value("previous", std::string("?")) != previous)
                return fail("events.broken", "the line before was changed or removed", path, number);
            previous = digest_hex(DigestAlgorithm::Sha256, line);
            ++count;
        }
    }
    return count;
}

// ---- index ---------------------------------------------------------------------------------------------------------

Result<std::vector<IndexRow>> read_index(FileSystem& fs, const ArchivePaths& paths) {
    std::vector<IndexRow> rows;
    RECTO_ASSIGN(const auto stat, fs.stat(paths.index()));
    if (!stat.exists) return rows;
    RECTO_ASSIGN(const auto text, fs.read(paths.index()));
    RECTO_ASSIGN(const CsvTable table, read_csv(text, paths.index()));
    for (std::size_t i = 1; i < table.rows.size(); ++i) { // row 0 holds the headings
        const auto& f = table.rows[i].cells;
        if (f.size() >= 5) rows.push_back({f[0], f[1], f[2], f[3], std::atoi(f[4].c_str())});
    }
    return rows;
}

Result<void> update_index(FileSystem& fs, const ArchivePaths& paths, const std::vector<IndexRow>& rows) {
    RECTO_ASSIGN(const auto old, read_index(fs, paths));
    std::map<std::string, IndexRow> by_id;
    for (const auto& r : old) by_id[r.id] = r;
    for (const auto& r : rows) by_id[r.id] = r;
    std::vector<IndexRow> sorted;
    for (auto& [id, row] : by_id) sorted.push_back(row);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.reference_code < b.reference_code; });
    std::string text(kIndexHeading);
    for (const auto& r : sorted)
        text += csv_row({r.reference_code, r.id, r.object_path, r.state, std::to_string(r.pages)});
    return write_atomically(fs, paths.index(), text);
}

} // namespace recto
