#include "catalogue/database.h"

#include <algorithm>

#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "pipeline/files/file_system.h"
#include "pipeline/files/names.h"

namespace recto::catalogue {

namespace {

constexpr std::size_t kBatchValues = 4000; // both databases take more; longer statements gain nothing
constexpr std::size_t kListKeys = 500;

/// "postgresql://user:secret@host/db" without the secret; a password in the parameters goes too.
std::string without_password(const std::string& url) {
    std::string out = url;
    const auto scheme = out.find("://");
    if (scheme == std::string::npos) return out;
    const auto end = std::min(out.find('/', scheme + 3), out.size());
    const auto at = out.rfind('@', end);
    if (at != std::string::npos && at > scheme) {
        const auto colon = out.find(':', scheme + 3);
        if (colon != std::string::npos && colon < at) out.erase(colon, at - colon);
    }
    if (const auto word = out.find("password="); word != std::string::npos)
        out.erase(word, std::min(out.find('&', word), out.size()) - word);
    return out;
}

std::string first_line(std::string text) {
    for (char& c : text)
        if (c == '\n' || c == '\t') c = ' ';
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

tl::unexpected<Error> database_error(const std::exception& e, const std::string& name) {
    const std::string why = first_line(e.what());
    if (why.find("not a database") != std::string::npos || why.find("malformed") != std::string::npos)
        return fail("catalogue.damaged", why, name);
    if (why.find("disk is full") != std::string::npos) return fail_retry("io.no_space", why, name);
    return fail_retry("io.database", why, name);
}

std::string storable(const std::string& text) {
    if (text.find('\0') == std::string::npos && is_valid_utf8(text)) return text;
    std::string out = decode_name(text);
    std::erase(out, '\0');
    return out;
}

} // namespace

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
    if (options.url.empty()) {
        std::string folder = parent_path(options.path);
        if (folder.empty()) folder = ".";
        if (options.path != ":memory:")
            RECTO_TRY(refuse_network_file_system(options.fs ? *options.fs : *posix_file_system(), folder));
        if (options.path.find('"') != std::string::npos)
            return fail("config.database", "a quotation mark in the path", options.path);
        std::unique_ptr<Database> db(new Database(DatabaseKind::Sqlite, options.path));
        RECTO_TRY(db->guarded([&]() -> Result<void> {
            db->session_ =
                std::make_unique<soci::session>(*soci::factory_sqlite3(), "db=\"" + options.path + "\" timeout=15");
            soci::session& sql = *db->session_;
            // Everything in it can be made again from storage/ and catalogue/, so NORMAL is enough: a power cut may take
            // the last transaction, never the database.
            std::string mode;
            sql << "pragma journal_mode=wal", soci::into(mode);
            sql << "pragma synchronous=normal";
            sql << "pragma foreign_keys=on";
            sql << "pragma cache_size=-32000";
            return {};
        }));
        return db;
    }
    if (!options.url.starts_with("postgresql://") && !options.url.starts_with("postgres://"))
        return fail("config.database", "not postgresql://...", without_password(options.url));
    std::unique_ptr<Database> db(new Database(DatabaseKind::Postgresql, without_password(options.url)));
    RECTO_TRY(db->guarded([&]() -> Result<void> {
        db->session_ = std::make_unique<soci::session>(*soci::factory_postgresql(), options.url);
        *db->session_ << "set client_encoding to 'UTF8'";
        *db->session_ << "set standard_conforming_strings to on";
        *db->session_ << "set client_min_messages to warning";
        std::string encoding;
        *db->session_ << "show server_encoding", soci::into(encoding);
        if (encoding != "UTF8")
            return fail("config.database", "the database's encoding is " + encoding + ", it must be UTF8", db->name_);
        return {};
    }));
    return db;
}

Database::~Database() = default;

Result<void> Database::guarded(const std::function<Result<void>()>& work) {
    try {
        return work();
    } catch (const std::exception& e) { return database_error(e, name_); }
}

Result<void> Database::transaction(const std::function<Result<void>()>& work) {
    if (in_transaction_) return guarded(work); // part of the one that is open
    return guarded([&]() -> Result<void> {
        // SQLite: take the write lock now, so that two writers wait for each other instead of failing in the middle.
        *session_ << (kind_ == DatabaseKind::Sqlite ? "begin immediate" : "begin");
        in_transaction_ = true;
        Result<void> done;
        try {
            done = work();
            if (done) *session_ << "commit";
        } catch (const std::exception& e) { done = database_error(e, name_); }
        in_transaction_ = false;
        if (!done) {
            try {
                *session_ << "rollback";
            } catch (const std::exception&) {
                // The connection is gone, and the transaction with it.
            }
        }
        return done;
    });
}

void Database::insert(const std::string& table, const std::vector<std::string>& columns,
                      const std::vector<std::vector<std::string>>& rows) {
    if (rows.empty()) return;
    const std::size_t batch = std::max<std::size_t>(1, kBatchValues / columns.size());
    std::string head = "insert into " + table + " (";
    for (std::size_t c = 0; c < columns.size(); ++c) head += (c ? ", " : "") + columns[c];
    head += ") values ";
    const auto text_for = [&](std::size_t count) {
        std::string text = head;
        std::size_t n = 0;
        for (std::size_t r = 0; r < count; ++r) {
            text += r ? ", (" : "(";
            for (std::size_t c = 0; c < columns.size(); ++c) text += (c ? ", :p" : ":p") + std::to_string(n++);
            text += ")";
        }
        return text;
    };
    for (std::size_t at = 0; at < rows.size();) {
        const std::size_t count = std::min(batch, rows.size() - at);
        std::vector<std::string> values(count * columns.size());
        soci::statement statement(*session_);
        for (std::string& value : values) statement.exchange(soci::use(value));
        statement.alloc();
        statement.prepare(text_for(count));
        statement.define_and_bind();
        // As many whole batches as there are go through one prepared statement.
        do {
            for (std::size_t r = 0; r < count; ++r)
                for (std::size_t c = 0; c < columns.size(); ++c)
                    values[r * columns.size() + c] = storable(rows[at + r][c]);
            statement.execute(true);
            at += count;
            if (on_rows) on_rows(static_cast<std::int64_t>(count));
        } while (rows.size() - at >= count && count == batch);
    }
}

void Database::in_chunks(
    const std::vector<std::string>& keys,
    const std::function<void(const std::string& list, const std::vector<std::string>& values)>& visit) {
    for (std::size_t at = 0; at < keys.size(); at += kListKeys) {
        const std::size_t count = std::min(kListKeys, keys.size() - at);
        std::string list = "(";
        for (std::size_t i = 0; i < count; ++i) list += (i ? ", :k" : ":k") + std::to_string(i);
        std::vector<std::string> values;
        for (std::size_t i = 0; i < count; ++i) values.push_back(storable(keys[at + i]));
        visit(list + ")", values);
    }
}

} // namespace recto::catalogue
