#include "catalogue/schema.h"

#include <fmt/format.h>

namespace recto::catalogue {

const std::vector<Migration>& migrations() {
    // 档号 stand beside their folded form (fold_code), by which they are found. -1 and '' mean: not known.
    static const std::vector<Migration> kList = {
        {1,
         {
             "create table store_meta (name text primary key, value text not null)",
             // One delivered sheet file; kept byte for byte in the archive's catalogue/ folder, which is the authority.
             "create table import (id integer primary key, folder text not null, file text not null, digest text not "
             "null, imported text not null, updates integer not null, operator text not null, agent text not null)",
             // Every row of it as delivered, and what became of it.
             "create table import_row (import_id integer not null, sheet text not null, sheet_row integer not null, "
             "code "
             "text not null, folded text not null, state text not null, cells text not null, remarks text not null, "
             "primary key (import_id, sheet, sheet_row))",
             "create index import_row_folded on import_row (folded)",
             // What exists on paper: one row a 档号 of an item or a volume.
             "create table inventory (folded text primary key, code text not null, level text not null, fonds text not "
             "null, volume text not null, volume_folded text not null, year text not null, retention text not null, "
             "title text not null, date_written text not null, date_edtf text not null, creator text not null, "
             "classification text not null, pages integer not null, items integer not null, fields text not null, "
             "import_id integer not null, sheet text not null, sheet_row integer not null)",
             "create index inventory_volume on inventory (volume_folded)",
             "create index inventory_group on inventory (level, fonds, year, retention)",
             // What is stored: the head version of each item, from its item.json.
             "create table item (id text primary key, code text not null, folded text not null, assigned integer not "
             "null, "
             "name text not null, "
             "fonds text not null, volume text not null, year text not null, retention text not null, title text not "
             "null, date_written text not null, date_edtf text not null, creator text not null, classification text "
             "not "
             "null, state text not null, held_reason text not null, counted_pages integer not null, expected_pages "
             "integer not null, pages integer not null, delivery text not null, object_path text not null, version "
             "integer not null, digest text not null, created text not null, fields text not null)",
             "create index item_folded on item (folded)",
             "create index item_group on item (fonds, year, retention)",
             "create table former_code (item_id text not null, ord integer not null, code text not null, folded text "
             "not "
             "null, until text not null, reason text not null, primary key (item_id, ord))",
             "create index former_code_folded on former_code (folded)",
             "create table page (id text not null, item_id text not null, ord integer not null, serial integer not "
             "null, printed_number text not null, class text not null, counted integer not null, state text not null, "
             "source text not null, image integer not null, width integer not null, height integer not null, "
             "confidence "
             "double precision not null, characters integer not null, error text not null, primary key (item_id, ord))",
             "create index page_id on page (id)",
             // How a form's headings were mapped, by their signature.
             "create table mapping (signature text primary key, headings text not null, saved text not null)",
         }},
    };
    return kList;
}

const std::vector<std::string>& content_tables() {
    static const std::vector<std::string> kTables = {"page",       "former_code", "item",   "inventory",
                                                     "import_row", "import",      "mapping"};
    return kTables;
}

Result<int> migrate(Database& db, const std::vector<Migration>& list, const std::string& agent,
                    const std::string& now) {
    int before = 0;
    RECTO_TRY(db.transaction([&]() -> Result<void> {
        soci::session& sql = db.session();
        // Two programs that find an empty database at once: the second waits here.
        if (db.kind() == DatabaseKind::Postgresql) sql << "select pg_advisory_xact_lock(724011)";
        sql << "create table if not exists schema_version (version integer primary key, applied text not null, agent "
               "text "
               "not null)";
        sql << "select coalesce(max(version), 0) from schema_version", soci::into(before);
        const int newest = list.empty() ? 0 : list.back().version;
        if (before > newest)
            return fail(
                "catalogue.newer_format",
                fmt::format("version {} was written by a newer Recto; this one knows version {}", before, newest),
                db.name());
        for (const Migration& step : list) {
            if (step.version <= before) continue;
            for (const std::string& statement : step.statements) sql << statement;
            sql << "insert into schema_version (version, applied, agent) values (:v, :t, :a)", soci::use(step.version),
                soci::use(now), soci::use(agent);
        }
        return {};
    }));
    return before;
}

} // namespace recto::catalogue
