#include "pipeline/engine/journal.h"

#include <sqlite3.h>
#include <zlib.h>

#include "pipeline/core/digest.h"

namespace recto {
namespace {

constexpr int kSchema = 1;
constexpr std::string_view kRecordMagic = "recto-record 1 ";

/// A prepared statement that finalizes itself.
class Statement {
  public:
    Statement(sqlite3* db, const char* sql) {
        if (db) sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr);
    }
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement& bind(int at, std::string_view text) {
        sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
        return *this;
    }
    Statement& bind(int at, std::int64_t value) {
        sqlite3_bind_int64(statement_, at, value);
        return *this;
    }
    int step() { return statement_ ? sqlite3_step(statement_) : SQLITE_ERROR; }
    std::string text(int column) {
        const auto* t = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
        return t ? std::string(t, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
    }
    std::int64_t integer(int column) { return sqlite3_column_int64(statement_, column); }

  private:
    sqlite3_stmt* statement_ = nullptr;
};

tl::unexpected<Error> database_error(sqlite3* db, const std::string& folder) {
    const int code = db ? sqlite3_errcode(db) : SQLITE_ERROR;
    const std::string reason = db ? sqlite3_errmsg(db) : "cannot open";
    const std::string file = join_path(folder, "journal.db");
    if (code == SQLITE_FULL) return fail_retry("io.no_space", reason, file);
    return fail_retry("run.journal", reason, file);
}

std::string deflated(std::string_view bytes) {
    uLongf size = compressBound(bytes.size());
    std::string out(size, '\0');
    compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(),
              1);
    out.resize(size);
    return out;
}

std::optional<std::string> inflated(std::string_view bytes, std::size_t size) {
    constexpr std::size_t kLargestRecord = std::size_t{1} << 30;
    if (size > kLargestRecord) return std::nullopt;
    std::string out(size, '\0');
    uLongf got = size;
    if (uncompress(reinterpret_cast<Bytef*>(out.data()), &got, reinterpret_cast<const Bytef*>(bytes.data()),
                   bytes.size()) != Z_OK ||
        got != size)
        return std::nullopt;
    return out;
}

} // namespace

Journal::Journal(std::shared_ptr<FileSystem> fs, std::string folder) : fs_(std::move(fs)), folder_(std::move(folder)) {}
Journal::~Journal() { sqlite3_close(db_); }

Result<std::unique_ptr<Journal>> Journal::open(std::shared_ptr<FileSystem> fs, std::string folder) {
    std::unique_ptr<Journal> journal(new Journal(std::move(fs), std::move(folder)));
    RECTO_TRY(journal->start());
    return journal;
}

Result<std::unique_ptr<Journal>> Journal::open_records(std::shared_ptr<FileSystem> fs, std::string folder) {
    std::unique_ptr<Journal> journal(new Journal(std::move(fs), std::move(folder)));
    RECTO_TRY(journal->fs_->make_folders(join_path(journal->folder_, "records")));
    return journal;
}

Result<void> Journal::execute(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return database_error(db_, folder_);
    return {};
}

Result<void> Journal::start() {
    RECTO_TRY(refuse_network_file_system(*fs_, folder_));
    RECTO_TRY(fs_->make_folders(join_path(folder_, "records")));
    const std::string path = join_path(folder_, "journal.db");
    // A damaged journal is not worth a message box: it is only time saved. It is put aside and made anew.
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) return database_error(db_, folder_);
        sqlite3_busy_timeout(db_, 5000);
        // Losing the last writes in a power cut costs work, not data; surviving SIGKILL needs no fsync.
        sqlite3_exec(db_, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;", nullptr, nullptr, nullptr);
        const auto made =
            execute("CREATE TABLE IF NOT EXISTS meta(schema INTEGER);"
                    "CREATE TABLE IF NOT EXISTS active(key TEXT PRIMARY KEY, what TEXT);"
                    "CREATE TABLE IF NOT EXISTS suspect(key TEXT PRIMARY KEY, times INTEGER);"
                    "CREATE TABLE IF NOT EXISTS digest(path TEXT PRIMARY KEY, size INTEGER, mtime INTEGER, inode "
                    "INTEGER, device INTEGER, sha512 TEXT);");
        if (made) break;
        const bool damaged = sqlite3_errcode(db_) == SQLITE_NOTADB || sqlite3_errcode(db_) == SQLITE_CORRUPT;
        if (!damaged || attempt == 1) return made;
        sqlite3_close(db_);
        db_ = nullptr;
        RECTO_TRY(fs_->rename(path, path + ".damaged"));
        RECTO_TRY(fs_->remove(path + "-wal"));
        RECTO_TRY(fs_->remove(path + "-shm"));
    }
    std::int64_t schema = 0;
    if (Statement s(db_, "SELECT max(schema) FROM meta"); s.step() == SQLITE_ROW) schema = s.integer(0);
    if (schema > kSchema)
        return fail("run.journal_newer", "written by a newer Recto (schema " + std::to_string(schema) + ")", path);
    if (schema == 0) Statement(db_, "INSERT INTO meta VALUES(1)").step();

    RECTO_TRY(execute(
        "INSERT INTO suspect SELECT key, 1 FROM active WHERE true ON CONFLICT(key) DO UPDATE SET times = times + 1;"
        "DELETE FROM active;"));
    Statement s(db_, "SELECT key, times FROM suspect");
    while (s.step() == SQLITE_ROW) suspects_.emplace(s.text(0), static_cast<int>(s.integer(1)));
    return {};
}

std::string Journal::record_path(std::string_view key) const {
    return join_path(join_path(join_path(folder_, "records"), key.substr(0, 2)), std::string(key) + ".rec");
}

std::optional<nlohmann::json> Journal::find(std::string_view key) {
    const auto bytes = fs_->read(record_path(key));
    if (!bytes || !bytes->starts_with(kRecordMagic)) return std::nullopt;
    // "recto-record 1 <sha256 of the rest after newline> <plain size>\n<deflated JSON>"
    const std::size_t line = bytes->find('\n');
    if (line == std::string::npos || line < kRecordMagic.size() + 66) return std::nullopt;
    const std::string_view sum = std::string_view(*bytes).substr(kRecordMagic.size(), 64);
    const std::string_view body = std::string_view(*bytes).substr(line + 1);
    if (digest_hex(DigestAlgorithm::Sha256, body) != sum) return std::nullopt;
    const auto plain = inflated(body, std::strtoull(bytes->c_str() + kRecordMagic.size() + 65, nullptr, 10));
    if (!plain) return std::nullopt;
    auto value = nlohmann::json::parse(*plain, nullptr, false);
    if (value.is_discarded()) return std::nullopt;
    return value;
}

Result<void> Journal::put(std::string_view key, std::string_view /*stage*/, const nlohmann::json& value) {
    const std::string plain = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const std::string body = deflated(plain);
    const std::string path = record_path(key);
    RECTO_TRY(fs_->make_folders(parent_path(path)));
    return fs_->write(path, std::string(kRecordMagic) + digest_hex(DigestAlgorithm::Sha256, body) + " " +
                                std::to_string(plain.size()) + "\n" + body);
}

void Journal::forget(std::string_view key) { (void)fs_->remove(record_path(key)); }

Result<void> Journal::forget_all() {
    RECTO_TRY(fs_->remove_tree(join_path(folder_, "records")));
    RECTO_TRY(fs_->make_folders(join_path(folder_, "records")));
    const std::lock_guard lock(mutex_);
    suspects_.clear();
    return execute("DELETE FROM digest; DELETE FROM suspect;");
}

std::optional<std::string> Journal::recall_digest(const std::string& path, const FileStat& stat) {
    const std::lock_guard lock(mutex_);
    Statement s(db_, "SELECT sha512 FROM digest WHERE path=? AND size=? AND mtime=? AND inode=? AND device=?");
    s.bind(1, path).bind(2, static_cast<std::int64_t>(stat.size)).bind(3, stat.mtime_ns);
    s.bind(4, static_cast<std::int64_t>(stat.inode)).bind(5, static_cast<std::int64_t>(stat.device));
    if (s.step() != SQLITE_ROW) return std::nullopt;
    return s.text(0);
}

void Journal::remember_digest(const std::string& path, const FileStat& stat, const std::string& sha512) {
    const std::lock_guard lock(mutex_);
    Statement s(db_, "INSERT OR REPLACE INTO digest VALUES(?,?,?,?,?,?)");
    s.bind(1, path).bind(2, static_cast<std::int64_t>(stat.size)).bind(3, stat.mtime_ns);
    s.bind(4, static_cast<std::int64_t>(stat.inode))
        .bind(5, static_cast<std::int64_t>(stat.device))
        .bind(6, sha512)
        .step();
}

Result<void> Journal::begin(std::string_view key, std::string_view what) {
    const std::lock_guard lock(mutex_);
    if (Statement(db_, "INSERT OR REPLACE INTO active VALUES(?,?)").bind(1, key).bind(2, what).step() != SQLITE_DONE)
        return database_error(db_, folder_);
    return {};
}

void Journal::end(std::string_view key) {
    const std::lock_guard lock(mutex_);
    Statement(db_, "DELETE FROM active WHERE key=?").bind(1, key).step();
}

void Journal::abandon_all() {
    const std::lock_guard lock(mutex_);
    Statement(db_, "DELETE FROM active").step();
}

void Journal::clear_suspect(std::string_view key) {
    const std::lock_guard lock(mutex_);
    Statement(db_, "DELETE FROM suspect WHERE key=?").bind(1, key).step();
}

} // namespace recto
