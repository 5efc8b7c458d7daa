#pragma once

/// The metrics file that a run keeps up to date.

#include <memory>
#include <optional>
#include <string>

#include "cli/metrics.h"
#include "pipeline/engine/archive.h"
#include "pipeline/engine/progress.h"

namespace recto::cli {

/// One thread at a time. A file that cannot be written is said once and costs nothing else.
class MetricsFile {
  public:
    /// `path` may be empty: nothing is written then. `paths` and `progress` outlive this.
    MetricsFile(std::string path, const ArchivePaths& paths, Progress& progress);
    /// With `exit_code` the run has ended.
    void update(const RunStatus& status, bool window_open, std::optional<int> exit_code = std::nullopt);

  private:
    std::string path_;
    const ArchivePaths& paths_;
    Progress& progress_;
    std::shared_ptr<FileSystem> fs_;
    MetricsInput in_;
    bool told_ = false;
};

} // namespace recto::cli
