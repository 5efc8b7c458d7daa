#pragma once

/// What lies in a storage root of this program's layout: object folders at three tuples, and nothing else.

#include <string>
#include <vector>

#include "fixity/damage.h"
#include "pipeline/files/file_system.h"

namespace recto::fixity {

struct StorageTree {
    std::vector<std::string> objects; ///< Relative to the root, sorted.
    std::vector<std::string> strays;  ///< Files and folders that belong to no object.
    std::vector<Damage> unreadable;   ///< Folders that cannot be listed; the walk goes on.
};

/// Looks at names only. The specification's own text files are no strays.
[[nodiscard]] StorageTree look_at_storage(FileSystem& fs, const std::string& root, Side side);

} // namespace recto::fixity
