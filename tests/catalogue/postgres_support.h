#pragma once

/// A PostgreSQL server of the tests' own: initdb into a temporary folder, a Unix socket only, stopped at the end.

#include <string>

namespace recto::catalogue {

/// Address of an empty database on the server, which the first call starts; "" with `why` where there is no PostgreSQL.
[[nodiscard]] std::string new_postgres_database(std::string& why);

} // namespace recto::catalogue
