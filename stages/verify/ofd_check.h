#pragma once

/// Checks an OFD file (GB/T 33190-2016), ours or another program's.

#include <string>

#include "pipeline/files/file_system.h"
#include "stages/verify/report.h"

namespace recto::verify {

/// The container is sound; OFD.xml, documents, resources and pages are there and refer to nothing that is not; identifiers are
/// used once and none is above MaxUnitID; texts have one distance less than characters; images are such by their first and
/// last bytes; nothing in it acts or is carried along (links out, media that plays, attachments). Adds to the report's
/// counts and to `issues`. `real`: as OfdZip::open has it.
void check_ofd(FileSystem& fs, const std::string& path, bool real, Report& report, Issues& issues);

/// Whether a file is to be taken for OFD: by its content, or by its name where that is damaged.
[[nodiscard]] bool is_ofd(FileSystem& fs, const std::string& path, bool real);

} // namespace recto::verify
