#pragma once

/// --metrics FILE: the state of a run in the text format of Prometheus, for the textfile collector of its node exporter.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/core/result.h"
#include "pipeline/engine/run_status.h"
#include "pipeline/files/file_system.h"
#include "station/watcher.h"

namespace recto::cli {

struct MetricsInput {
    std::string version, archive;
    bool active = false;     ///< The run goes on.
    bool window_open = true; ///< Work may start now.
    double started = 0;      ///< Seconds since 1970.
    std::optional<double> ended;
    std::optional<int> exit_code;
    std::optional<double> last_success; ///< When a run last ended with 0 or 1.
    RunStatus status;
    int archive_stored = 0, archive_held = 0, archive_pages = 0;
    struct Disk {
        std::string folder; ///< "archive" or "work".
        std::uint64_t free_bytes = 0;
    };
    std::vector<Disk> disks;
};

/// Of `recto watch`.
struct WatchMetricsInput {
    std::string version, archive, folder;
    bool active = false; ///< The watcher runs.
    double now = 0;      ///< Seconds since 1970.
    station::WatchStatus status;
};

/// Every family has HELP and TYPE; label values are escaped. Ends with a line feed.
[[nodiscard]] std::string metrics_text(const MetricsInput& in);
[[nodiscard]] std::string metrics_text(const WatchMetricsInput& in);
/// The value of recto_last_success_timestamp_seconds in an older file; none when there is none.
[[nodiscard]] std::optional<double> last_success_in(FileSystem& fs, const std::string& path);
/// Atomically: a collector sees the old file or the new one.
Result<void> write_metrics(FileSystem& fs, const std::string& path, const MetricsInput& in);

} // namespace recto::cli
