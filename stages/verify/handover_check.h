#pragma once

/// Checks a carrier of a handover (recto package --as handover; 电子档案移交与接收办法, annex 2).

#include <string>

#include "pipeline/files/file_system.h"
#include "stages/verify/bag_check.h"
#include "stages/verify/report.h"

namespace recto::verify {

/// Whether these names are those of a carrier's folder.
[[nodiscard]] bool is_handover(const std::vector<std::string>& names);

/// The list of digests against the files, and the catalogue (文件目录.XML or 案卷目录.XML) against the records, both ways. Adds to
/// the report's counts and to `issues`.
void check_handover(FileSystem& fs, const std::string& folder, const BagCheckOptions& options, Report& report,
                    Issues& issues);

} // namespace recto::verify
