#pragma once

/// Folders of plain files, as packages for other systems are. Nothing outside is opened, links are not followed.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "pipeline/files/file_system.h"
#include "stages/verify/report.h"

namespace recto::verify {

/// Absolute, empty, or with a part that is empty, "." or "..".
[[nodiscard]] bool leads_outside(std::string_view path);

/// All files below `folder`, at most eight folders deep, by their paths from there, with sizes in bytes. A link is reported as
/// `link_code`, what cannot be read as "unreadable".
[[nodiscard]] std::map<std::string, std::uint64_t> plain_files(FileSystem& fs, const std::string& folder,
                                                               const char* link_code, Issues& issues);

} // namespace recto::verify
