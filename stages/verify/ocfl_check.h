#pragma once

/// A complete validator for OCFL 1.0 and 1.1 objects and storage roots (https://ocfl.io/1.1/spec/). Nothing outside the
/// object is opened, whatever an inventory says, and symbolic links are reported, not followed.

#include <string>

#include "pipeline/files/file_system.h"
#include "stages/verify/report.h"

namespace recto::verify {

struct OcflCheckOptions {
    bool digests = true; ///< False: structure only.
    int threads = 0;     ///< For digests; 0: as many as the machine has, at most 8.
};

/// Checks the object at `folder`; `name` is its path in the report. Adds to the report's counts and to `issues`.
void check_ocfl_object(FileSystem& fs, const std::string& folder, const std::string& name,
                       const OcflCheckOptions& options, Report& report, Issues& issues);

/// Checks the storage root's own structure; returns the object roots (relative, sorted), which are not looked into.
[[nodiscard]] std::vector<std::string> check_ocfl_root(FileSystem& fs, const std::string& folder, Report& report,
                                                       Issues& issues);

} // namespace recto::verify
