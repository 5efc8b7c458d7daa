#pragma once

/// The tables of the catalogue and how one version becomes the next. A database of a newer Recto is refused.

#include <string>
#include <vector>

#include "catalogue/database.h"
#include "pipeline/core/result.h"

namespace recto::catalogue {

/// One step: the statements that make version `version` from the one before it. Never changed once released.
struct Migration {
    int version = 0;
    std::vector<std::string> statements;
};
[[nodiscard]] const std::vector<Migration>& migrations();

/// Brings the database to the newest version of `list` in one transaction. Returns the version it had before (0: it was
/// empty). Errors: "catalogue.newer_format", "io.database".
Result<int> migrate(Database& db, const std::vector<Migration>& list, const std::string& agent, const std::string& now);

/// Tables that a rebuild empties and fills again, in an order that references allow.
[[nodiscard]] const std::vector<std::string>& content_tables();

} // namespace recto::catalogue
