// recto doctor: an archive and the disks under it.

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "catalogue/health.h"
#include "cli/doctor.h"
#include "pipeline/core/clock.h"
#include "pipeline/engine/run.h"

namespace recto::cli {
namespace {

using State = Check::State;
constexpr std::uint64_t kComfortable = std::uint64_t{10} << 30;

/// Kinds that keep no permission bits of their own.
bool keeps_permissions(std::string_view kind) {
    for (const std::string_view none : {"vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "cifs", "smb3", "smbfs"})
        if (kind == none) return false;
    return true;
}

std::string gib(std::uint64_t bytes) { return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1 << 30)); }

/// The newest time that the archive itself bears: of its last report or event file's last line.
std::string newest_time(FileSystem& fs, const ArchivePaths& paths) {
    const auto months = fs.list(paths.events());
    if (!months || months->empty()) return "";
    auto text = fs.read(join_path(paths.events(), months->back()));
    if (!text) return "";
    while (!text->empty() && text->back() == '\n') text->pop_back();
    const auto begin = text->rfind('\n');
    const auto line =
        nlohmann::json::parse(begin == std::string::npos ? *text : text->substr(begin + 1), nullptr, false);
    return line.is_object() ? line.value("time", "") : "";
}

void check_lock(FileSystem& fs, const ArchivePaths& paths, Checks& out) {
    const std::string holder = lock_holder(fs, paths.lock());
    const auto stat = fs.stat(paths.lock());
    if (!holder.empty()) out.push_back({"lock", State::Note, "doctor.lock_held", {holder}, ""});
    else if (stat && stat->exists && stat->size > 0)
        // The next run takes it over by itself: flock() went with the process.
        out.push_back({"lock", State::Note, "doctor.lock_stale", {paths.lock()}, ""});
}

} // namespace

Checks judge_place(const std::string& folder, const PlaceFacts& facts, bool work, std::uint64_t least_free) {
    Checks out;
    const std::string id = work ? "work" : "archive";
    const std::string name = facts.kind.name.empty() ? "?" : facts.kind.name;
    if (facts.read_only) {
        out.push_back({id + "-access", State::Error, "doctor.read_only", {folder}, "mount -o remount,rw " + folder});
        return out;
    }
    if (!facts.writable) {
        out.push_back({id + "-access", State::Error, "doctor.not_writable", {folder}, "chown -R $USER " + folder});
        return out;
    }
    if (work && facts.kind.network)
        out.push_back({id + "-file-system",
                       State::Error,
                       "doctor.network_work",
                       {folder, name},
                       "echo 'work: /var/lib/recto/work' >> archive.yaml"});
    else if (!keeps_permissions(name))
        out.push_back({id + "-file-system", State::Warning, "doctor.no_permissions", {folder, name}, ""});
    else if (!work && name == "tmpfs")
        out.push_back({id + "-file-system", State::Warning, "doctor.memory_disk", {folder}, ""});
    else out.push_back({id + "-file-system", State::Good, "doctor.file_system", {folder, name}, ""});
    if (work && (facts.mode & 07) != 0)
        out.push_back({id + "-mode", State::Warning, "doctor.readable_by_all", {folder}, "chmod 0750 " + folder});
    const State space = facts.free_bytes < least_free     ? State::Error
                        : facts.free_bytes < kComfortable ? State::Warning
                                                          : State::Good;
    out.push_back({id + "-space",
                   space,
                   space == State::Good ? "doctor.space" : "doctor.little_space",
                   {folder, gib(facts.free_bytes)},
                   space == State::Good ? "" : "df -h " + folder});
    if (facts.megabytes_per_second > 0) {
        const bool slow = facts.megabytes_per_second < 20 || facts.sync_milliseconds > 100;
        out.push_back({id + "-speed",
                       slow ? State::Warning : State::Good,
                       slow ? "doctor.slow_disk" : "doctor.disk_speed",
                       {folder, fmt::format("{:.0f}", facts.megabytes_per_second),
                        fmt::format("{:.1f}", facts.sync_milliseconds)},
                       ""});
    }
    return out;
}

PlaceFacts look_at_place(const std::string& folder) {
    PlaceFacts f;
    if (const auto kind = posix_file_system()->kind(folder)) f.kind = *kind;
    struct statvfs space{};
    if (::statvfs(folder.c_str(), &space) == 0) {
        f.free_bytes = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
        f.read_only = (space.f_flag & ST_RDONLY) != 0;
    }
    struct stat s{};
    if (::stat(folder.c_str(), &s) == 0) f.mode = s.st_mode & 07777;
    f.writable = ::access(folder.c_str(), W_OK | X_OK) == 0;
    constexpr std::size_t kBlock = std::size_t{4} << 20;
    constexpr int kBlocks = 16;
    if (f.read_only || !f.writable || f.free_bytes < kBlock * kBlocks * 4) return f;
    const std::string path = join_path(folder, fmt::format(".recto-doctor-{}", ::getpid()));
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        f.writable = errno == ENOSPC || errno == EEXIST;
        return f;
    }
    ::unlink(path.c_str()); // gone even when this process is killed here
    const std::string block(kBlock, '\x5a');
    const auto seconds = [](auto since) {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
    };
    const auto start = std::chrono::steady_clock::now();
    bool good = true;
    int written = 0;
    // A very slow disk is not waited for.
    for (; good && written < kBlocks && seconds(start) < 5; ++written)
        good = ::write(fd, block.data(), block.size()) == static_cast<ssize_t>(block.size());
    good = good && ::fsync(fd) == 0;
    const double took = seconds(start);
    if (good && took > 0) f.megabytes_per_second = static_cast<double>(written) * kBlock / 1e6 / took;
    const auto begin = std::chrono::steady_clock::now();
    constexpr int kSyncs = 10;
    for (int i = 0; good && i < kSyncs; ++i) good = ::pwrite(fd, &i, sizeof i, i * 4096) > 0 && ::fsync(fd) == 0;
    if (good) f.sync_milliseconds = seconds(begin) / kSyncs * 1000;
    ::close(fd);
    return f;
}

Checks check_archive(FileSystem& fs, const ArchivePaths& paths, const Settings& settings,
                     std::chrono::system_clock::time_point now) {
    Checks out;
    check_lock(fs, paths, out);
    if (const std::string newest = newest_time(fs, paths); !newest.empty() && newest > rfc3339(now)) {
        // Written with one offset mostly; only a day's difference is surely no matter of zones.
        const std::string tomorrow = rfc3339(now + std::chrono::hours(24));
        if (newest > tomorrow)
            out.push_back({"clock",
                           State::Error,
                           "doctor.clock_behind",
                           {rfc3339(now), newest},
                           "timedatectl set-time 'YYYY-MM-DD HH:MM:SS'"});
    }
    const auto least = static_cast<std::uint64_t>(settings.get(kMinFree)) << 20;
    for (const auto& [folder, work] : {std::pair(paths.storage(), false), std::pair(paths.work, true)}) {
        const auto stat = fs.stat(folder);
        if (!stat || !stat->exists) {
            // work/ may be deleted at any time; storage/ may not.
            if (!work) out.push_back({"archive-access", State::Error, "doctor.storage_missing", {folder}, ""});
            continue;
        }
        for (auto& check : judge_place(folder, look_at_place(folder), work, least)) out.push_back(std::move(check));
    }
    for (const auto& folder : {paths.events(), paths.reports(), paths.rescan()}) {
        const auto stat = fs.stat(folder);
        if (stat && stat->exists && ::access(folder.c_str(), W_OK | X_OK) != 0)
            out.push_back(
                {"archive-access", State::Error, "doctor.not_writable", {folder}, "chown -R $USER " + folder});
    }
    return out;
}

Checks check_catalogue(FileSystem& fs, const catalogue::DatabaseOptions& database, const std::string& archive,
                       const std::string& repository) {
    const std::string again = "recto catalogue rebuild " + archive;
    const auto look = catalogue::look_at_store(fs, database);
    if (!look) {
        const Error& e = look.error();
        const bool damaged = e.code == "catalogue.damaged";
        return {{"catalogue",
                 State::Error,
                 damaged ? "doctor.catalogue_damaged" : "doctor.catalogue_unreachable",
                 {e.file, e.reason},
                 damaged                ? again
                 : database.url.empty() ? "ls -l " + database.path
                                        : "pg_isready"}};
    }
    const catalogue::StoreHealth& h = *look;
    if (!h.damage.empty()) return {{"catalogue", State::Error, "doctor.catalogue_damaged", {h.name, h.damage}, again}};
    if (!h.made) return {{"catalogue", State::Note, "doctor.catalogue_none", {h.name}, again}};
    if (h.version > h.newest)
        return {{"catalogue",
                 State::Error,
                 "doctor.catalogue_newer",
                 {h.name, std::to_string(h.version), std::to_string(h.newest)},
                 ""}};
    if (!h.repository.empty() && h.repository != repository)
        return {{"catalogue", State::Error, "doctor.catalogue_other", {h.name, h.repository, repository}, ""}};
    Checks out{{"catalogue",
                State::Good,
                h.checked ? "doctor.catalogue_good" : "doctor.catalogue_large",
                {h.name, std::to_string(h.items), std::to_string(h.rows)},
                ""}};
    if (h.behind) out.push_back({"catalogue-behind", State::Note, "doctor.catalogue_behind", {h.name}, again});
    return out;
}

} // namespace recto::cli
