#pragma once

/// `recto run --dry-run`: how many bytes a batch will take in the archive, before a page of it is worked on.

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/count_progress.h"
#include "cli/page_tool.h"
#include "pipeline/core/settings.h"
#include "pipeline/core/stage.h"

namespace recto::cli {

/// Masters are stored as they are, so their bytes are known. The rest is estimated: of bi-level, grey and colour images a few each
/// are treated and encoded with the settings of the run, and what a pixel of theirs came to is taken for all. Text is a number of
/// bytes a page that scans of letters had.
struct SizeEstimate {
    std::uint64_t files = 0, images = 0;
    std::uint64_t probed = 0, unreadable = 0; ///< Files whose headers were looked at; of them, how many are no image.
    std::uint64_t encoded = 0;                ///< Images that were.
    std::uint64_t master = 0, preservation = 0, access = 0, text = 0, metadata = 0;
    [[nodiscard]] std::uint64_t total() const { return master + preservation + access + text + metadata; }
    [[nodiscard]] nlohmann::json
    to_json() const;                           ///< {"schema":1,"estimate":true,"basis":{},"representations":[],"bytes"}
    [[nodiscard]] std::string to_text() const; ///< A table with its basis, in the language of the user.
};

/// `encode` is opened here. Nothing is written but in a temporary folder. `mode`: of the progress shown on stderr. Errors: those of
/// opening, io.*.
[[nodiscard]] Result<SizeEstimate> estimate_sizes(const std::vector<std::string>& files, const Settings& settings,
                                                  PageStage& encode, ProgressMode mode);

} // namespace recto::cli
