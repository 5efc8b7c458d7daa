#pragma once

/// A complete validator for BagIt bags: 1.0 (RFC 8493) and the drafts 0.93 to 0.97. Nothing outside the bag is opened,
/// nothing is fetched, symbolic links are reported, not followed.

#include <string>

#include "pipeline/files/file_system.h"
#include "stages/verify/report.h"

namespace recto::verify {

struct BagCheckOptions {
    bool digests = true; ///< False: completeness only.
    int threads = 0;     ///< For digests; 0: as many as the machine has, at most 8.
};

/// Checks the bag at `folder`; paths in the report are relative to it. Adds to the report's counts and to `issues`.
void check_bag(FileSystem& fs, const std::string& folder, const BagCheckOptions& options, Report& report,
               Issues& issues);

} // namespace recto::verify
