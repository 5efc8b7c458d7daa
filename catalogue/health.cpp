#include "catalogue/health.h"

#include "catalogue/schema.h"

namespace recto::catalogue {

Result<StoreHealth> look_at_store(FileSystem& fs, const DatabaseOptions& options, std::uint64_t check_bytes) {
    StoreHealth out;
    out.name = options.path;
    out.newest = migrations().back().version;
    FileStat file;
    if (options.url.empty()) {
        RECTO_ASSIGN(file, fs.stat(options.path));
        if (!file.exists) return out; // opening it would make it
    }
    RECTO_ASSIGN(const auto db, Database::open(options));
    out.name = db->name();
    RECTO_TRY(db->guarded([&]() -> Result<void> {
        soci::session& sql = db->session();
        if (db->kind() == DatabaseKind::Sqlite) {
            out.checked = file.size <= check_bytes;
            std::string verdict = "ok";
            if (out.checked) sql << "pragma quick_check(1)", soci::into(verdict);
            if (verdict != "ok") out.damage = verdict;
        }
        int tables = 0;
        const std::string list =
            db->kind() == DatabaseKind::Sqlite
                ? "select count(*) from sqlite_master where name in ('schema_version', 'store_meta')"
                : "select count(*) from information_schema.tables where table_schema = "
                  "current_schema() and table_name in ('schema_version', 'store_meta')";
        sql << list, soci::into(tables);
        out.made = tables == 2;
        if (!out.made || !out.damage.empty()) return {};
        sql << "select coalesce(max(version), 0) from schema_version", soci::into(out.version);
        if (out.version > out.newest) return {}; // its tables are not ours to read
        const auto meta = [&](const std::string& name) {
            std::string value;
            sql << "select value from store_meta where name = :n", soci::into(value), soci::use(name);
            if (!sql.got_data()) value.clear();
            return value;
        };
        out.behind = !meta("behind").empty();
        out.repository = meta("repository");
        long long items = 0, rows = 0;
        sql << "select count(*) from item", soci::into(items);
        sql << "select count(*) from inventory", soci::into(rows);
        out.items = items;
        out.rows = rows;
        return {};
    }));
    return out;
}

} // namespace recto::catalogue
