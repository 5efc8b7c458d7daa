#pragma once

/// How the catalogue's database is, looked at without changing anything: for `recto doctor`.

#include <cstdint>
#include <memory>
#include <string>

#include "catalogue/database.h"
#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

namespace recto::catalogue {

struct StoreHealth {
    std::string name;                 ///< Path or url without password.
    bool made = false;                ///< The tables are there.
    int version = 0;                  ///< Of the tables.
    int newest = 0;                   ///< The newest version that this program knows.
    bool checked = true;              ///< False: a large SQLite file, not read through.
    std::string damage;               ///< What SQLite's own check found first; "" when all is well.
    bool behind = false;              ///< A command ended before the store had what it wrote; the next one catches up.
    std::string repository;           ///< Whose archive it says it belongs to.
    std::int64_t items = 0, rows = 0; ///< Items stored, rows of the inventory.
};

/// SQLite files above `check_bytes` are not read through. Errors: those of Database::open.
Result<StoreHealth> look_at_store(FileSystem& fs, const DatabaseOptions& options,
                                  std::uint64_t check_bytes = std::uint64_t{1} << 30);

} // namespace recto::catalogue
