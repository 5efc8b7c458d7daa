#pragma once

/// Checks a folder package (recto package --as folder), or a folder of such packages, by its links.csv.

#include <string>

#include "pipeline/files/file_system.h"
#include "stages/verify/bag_check.h"
#include "stages/verify/report.h"

namespace recto::verify {

/// Every file of the table is there with its size and digest, and no other file is. Links are reported, not followed; nothing
/// outside is opened. Adds to the report's counts and to `issues`.
void check_folder(FileSystem& fs, const std::string& folder, const BagCheckOptions& options, Report& report,
                  Issues& issues);

} // namespace recto::verify
