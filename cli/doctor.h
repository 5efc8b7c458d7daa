#pragma once

/// `recto doctor`: is this machine, and this archive, fit for work? Each finding names the command that mends it.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "catalogue/database.h"
#include "config/archive_config.h"
#include "pipeline/core/settings.h"
#include "pipeline/engine/archive.h"
#include "pipeline/engine/limits.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/file_system_kind.h"

namespace recto::cli {

struct Check {
    enum class State {
        Good,
        Note,    ///< Worth knowing; nothing has to be done.
        Warning, ///< Works, but not as it should.
        Error,   ///< Will fail.
        Missing, ///< A needed part is not there.
    };
    std::string id; ///< Stable: "models", "clock", ...
    State state = State::Good;
    std::string message;           ///< Id in the message table.
    std::vector<std::string> args; ///< Of the message.
    std::string remedy;            ///< A command, as it is typed; empty when there is none.
};
using Checks = std::vector<Check>;

/// What of the operating system the checks of the machine depend on; tests give their own.
struct MachineFacts {
    bool packaged = false;                  ///< Installed as a package, so that its parts come with it.
    std::vector<std::string> changed_files; ///< Of the package, as dpkg sees them; without settings and manuals.
    std::string unfinished_packages;        ///< What dpkg has begun and not ended; "" when nothing.
    std::string model_folder, schema_folder;
    bool ppocr = false;                    ///< Built with PP-OCR.
    std::vector<std::string> path;         ///< Folders of PATH.
    std::vector<std::string> tessdata;     ///< Folders of Tesseract's data.
    std::vector<std::string> font_folders; ///< Where fonts are installed.
    std::string codeset;                   ///< Of the locale, "UTF-8".
    std::string time_zone;                 ///< TZ, empty for the machine's.
    std::chrono::system_clock::time_point now;
    bool clock_synchronised = false;
    MachineLimits limits;
    std::uint64_t open_files = 0;  ///< Limit; UINT64_MAX = none.
    std::uint64_t cpu_seconds = 0; ///< Limit of CPU time of a process; UINT64_MAX = none.
};
[[nodiscard]] MachineFacts machine_facts();
/// Files that `dpkg --verify` names, but for those that people may change (settings) or leave out (manuals).
[[nodiscard]] std::vector<std::string> changed_files(const std::string& dpkg_verify);
[[nodiscard]] Checks check_machine(FileSystem& fs, const MachineFacts& facts, const Settings& settings);

/// A place that is written to, as statfs and a short trial of writing see it.
struct PlaceFacts {
    FileSystemKind kind;
    bool read_only = false, writable = false;
    std::uint64_t free_bytes = 0;
    double megabytes_per_second = 0; ///< Written and synced; 0 when it was not tried.
    double sync_milliseconds = 0;    ///< Of a small file.
    unsigned mode = 0;               ///< Permission bits.
};
/// `work`: the journal and staged files lie here, so a network file system will not do.
[[nodiscard]] Checks judge_place(const std::string& folder, const PlaceFacts& facts, bool work,
                                 std::uint64_t least_free);
/// Looks at a place and, when it can be written to, times it (about a second).
[[nodiscard]] PlaceFacts look_at_place(const std::string& folder);

[[nodiscard]] Checks check_archive(FileSystem& fs, const ArchivePaths& paths, const Settings& settings,
                                   std::chrono::system_clock::time_point now);

/// The catalogue's database, looked at without changing it.
[[nodiscard]] Checks check_catalogue(FileSystem& fs, const catalogue::DatabaseOptions& database,
                                     const std::string& archive, const std::string& repository);

/// 69 when a needed part is missing, 1 when there is a warning or an error, else 0.
[[nodiscard]] int doctor_exit_code(const Checks& checks);

} // namespace recto::cli
