#pragma once

/// `recto summary`: what ran lately, for the morning: pages, rate, failures by code, what is held, what is left, disk.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/result.h"
#include "pipeline/engine/archive.h"

namespace recto::cli {

struct RunDigest {
    std::string run, started, ended, stopped;
    int exit_code = 0, pages = 0, pages_reused = 0, pages_failed = 0;
    int stored = 0, unchanged = 0, held = 0, failed = 0; ///< Items.
    int rescan = 0;                                      ///< Pages to scan again.
    int left_files = 0, left_images = 0, left_pages = 0, left_items = 0;
    double wall_seconds = 0;
    bool readable = true; ///< False when its run.json is missing (the run goes on, or died) or damaged.
};

struct HeldItem {
    std::string reference_code, reason;
};

struct Summary {
    std::string archive, title, since, now;
    std::vector<RunDigest> runs;       ///< Oldest first.
    std::map<std::string, int> errors; ///< By code, all runs.
    std::vector<HeldItem> held;        ///< In the archive now.
    std::size_t items = 0;             ///< In the archive now.
    int pages = 0;
    std::uint64_t free_archive = 0, free_work = 0;
    bool same_disk = false;
    std::string in_use_by;
    [[nodiscard]] int worked() const; ///< Pages worked on, without those that were there already.
    [[nodiscard]] double pages_per_minute() const;
};

/// Runs that ended in the last `hours`, or only the last one. Reads the reports of the archive; nothing is written.
Result<Summary> summarise(FileSystem& fs, const ArchivePaths& paths, const std::string& title,
                          std::chrono::system_clock::time_point now, int hours, bool last);
[[nodiscard]] nlohmann::json to_json(const Summary& summary); ///< {"schema":1,...}
[[nodiscard]] std::string to_text(const Summary& summary);    ///< In the process's language.
/// The same as a message that `sendmail -t` takes.
[[nodiscard]] std::string to_mail(const Summary& summary, const std::string& address);

} // namespace recto::cli
