#include "cli/metrics_file.h"

#include <chrono>

#include "cli/cli.h"
#include "pipeline/core/messages.h"

namespace recto::cli {
namespace {

double now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

} // namespace

MetricsFile::MetricsFile(std::string path, const ArchivePaths& paths, Progress& progress)
    : path_(std::move(path)), paths_(paths), progress_(progress), fs_(posix_file_system()) {
    if (path_.empty()) return;
    in_.version = agent();
    in_.archive = paths.root;
    in_.started = now();
    in_.last_success = last_success_in(*fs_, path_);
}

void MetricsFile::update(const RunStatus& status, bool window_open, std::optional<int> exit_code) {
    if (path_.empty()) return;
    in_.status = status;
    in_.window_open = window_open;
    in_.active = !exit_code;
    in_.exit_code = exit_code;
    if (exit_code) in_.ended = now();
    if (exit_code && *exit_code <= kSomeFailed) in_.last_success = in_.ended;
    in_.archive_stored = in_.archive_held = in_.archive_pages = 0;
    if (const auto index = read_index(*fs_, paths_))
        for (const auto& row : *index) {
            ++(row.state == "held" ? in_.archive_held : in_.archive_stored);
            in_.archive_pages += row.pages;
        }
    in_.disks.clear();
    for (const auto& [name, folder] : {std::pair("archive", paths_.root), std::pair("work", paths_.work)})
        if (const auto free = fs_->free_bytes(folder)) in_.disks.push_back({name, *free});
    const auto written = write_metrics(*fs_, path_, in_);
    if (!written && !told_) progress_.note(tr("run.metrics_failed", path_, written.error().reason));
    told_ = told_ || !written;
}

} // namespace recto::cli
