#pragma once

/// One connection to the catalogue's database, SQLite or PostgreSQL, through SOCI. SQL outside this file is the common
/// part of the two: cast(x as t), no "::", text in `text`, numbers in `integer`, `bigint`, `double precision`, every column
/// not null. A Database is used by one thread at a time.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

namespace recto::catalogue {

enum class DatabaseKind { Sqlite, Postgresql };

struct DatabaseOptions {
    std::string url;                ///< "postgresql://...", or empty for SQLite.
    std::string path;               ///< File of SQLite.
    std::shared_ptr<FileSystem> fs; ///< Tells on what the file lies. Null = the real one.
};

class Database {
  public:
    /// Errors: "store.network_file_system" (SQLite's locks and WAL do not hold there), "config.database" (a url that is none),
    /// "io.database" (unreachable, no such database, no permission; retry where that can help), "catalogue.damaged" (the
    /// file is no SQLite database). Passwords never come into an error.
    static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    [[nodiscard]] DatabaseKind kind() const { return kind_; }
    [[nodiscard]] const std::string& name() const { return name_; } ///< Path or url without password, for messages.
    [[nodiscard]] soci::session& session() { return *session_; }

    /// Runs `work` in a transaction: all of it counts, or nothing. Exceptions of SOCI become "io.database".
    Result<void> transaction(const std::function<Result<void>()>& work);
    /// The same without a transaction, for reading.
    Result<void> guarded(const std::function<Result<void>()>& work);

    /// Inserts rows in statements of many rows each; text is sent as it is, numbers as their text. Throws as SOCI does: call
    /// it inside transaction() or guarded(). U+0000 and ill-formed bytes, which PostgreSQL has no room for, are replaced.
    void insert(const std::string& table, const std::vector<std::string>& columns,
                const std::vector<std::vector<std::string>>& rows);
    std::function<void(std::int64_t rows)> on_rows; ///< Told of rows as insert() writes them; may be empty.
    /// Calls `visit` for lists of at most 500 keys, as "(:k0, :k1, ...)" and the values to bind in that order.
    static void
    in_chunks(const std::vector<std::string>& keys,
              const std::function<void(const std::string& list, const std::vector<std::string>& values)>& visit);

  private:
    Database(DatabaseKind kind, std::string name) : kind_(kind), name_(std::move(name)) {}
    DatabaseKind kind_;
    std::string name_;
    std::unique_ptr<soci::session> session_;
    bool in_transaction_ = false;
};

} // namespace recto::catalogue
