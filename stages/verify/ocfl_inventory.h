#pragma once

/// One inventory.json of an OCFL 1.0 or 1.1 object, checked by itself. Codes are the OCFL validation codes.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "stages/verify/report.h"

namespace recto::verify {

struct Inventory {
    bool usable = false; ///< False: not even the blocks could be read.
    int minor = 1;       ///< Of the specification it names: 0 or 1.
    std::string id, algorithm = "sha512", head, content_folder = "content";
    bool sets_content_folder = false;
    std::vector<std::string> versions;                        ///< Version folders' names, in order.
    std::map<std::string, std::vector<std::string>> manifest; ///< Digest (lower case) -> content paths.
    std::map<std::string, std::string> digest_of;             ///< Content path -> digest (lower case).
    std::map<std::string, std::map<std::string, std::string>>
        states; ///< Version -> logical path -> digest (lower case).
    std::map<std::string, std::map<std::string, std::string>> fixity; ///< Algorithm -> content path -> digest.
    nlohmann::json raw;
};

/// Checks `bytes`; `where` is the file's path in the report.
[[nodiscard]] Inventory check_inventory(std::string_view bytes, const std::string& where, Issues& issues);

/// Number of "v3" or "v003"; 0 when it is no version folder's name. `width`: digits when zero-padded, else 0.
[[nodiscard]] int ocfl_version_number(std::string_view name, int* width = nullptr);

[[nodiscard]] std::string lower_ascii(std::string_view text);

} // namespace recto::verify
