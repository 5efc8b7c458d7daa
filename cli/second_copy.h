#pragma once

/// The second copy that `recto fixity` compares with: another archive folder, or a bare OCFL storage root.

#include <memory>
#include <string>

#include "pipeline/core/result.h"
#include "pipeline/engine/archive.h"

namespace recto::cli {

struct SecondCopy {
    std::string storage;               ///< Its storage root.
    std::unique_ptr<ArchiveLock> lock; ///< Of an archive folder that is written to.
};

/// `write`: its lock is taken and what a death left there is put right. `create`: an absent or empty folder becomes a storage
/// root. Errors: "fixity.no_copy", "fixity.same_copy", "store.other_layout", "run.locked".
Result<SecondCopy> open_second_copy(const std::shared_ptr<FileSystem>& fs, const std::string& path,
                                    const std::string& archive_storage, bool write, bool create);

} // namespace recto::cli
