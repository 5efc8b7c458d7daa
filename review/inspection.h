#pragma once

/// The report of pages that were only looked at (`recto inspect --html`): every page with its scan beside it, worst first, and
/// those unlike the rest together. Looks and is cut as the report of a run; nothing of items, text or storage is in it.

#include <string>

#include "pipeline/core/result.h"
#include "pipeline/engine/run.h"
#include "pipeline/files/file_system.h"

namespace recto {

/// Writes index.html, index-2.html, ... and pictures/ into `folder` (made when absent). `run`: its items are the folders that
/// were looked at, pages with `scan_picture` and the work result "preview"; files that gave no page stand in its errors.
/// Returns the path of index.html.
Result<std::string> write_inspection(FileSystem& fs, const std::string& folder, const RunReport& run);

} // namespace recto
