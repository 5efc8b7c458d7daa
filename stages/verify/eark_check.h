#pragma once

/// Checks an E-ARK information package (recto package --as eark; CSIP and SIP 2.2).

#include <string>

#include "pipeline/files/file_system.h"
#include "stages/verify/report.h"
#include "stages/verify/xml_check.h"

namespace recto::verify {

/// METS.xml and that of each representation: their form, references, sizes and digests; every other file is named by one of them.
/// Other packages of this kind are taken as well. Adds to the report's counts and to `issues`.
void check_eark(FileSystem& fs, const std::string& folder, Schemas& schemas, Report& report, Issues& issues);

} // namespace recto::verify
