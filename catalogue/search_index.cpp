// What both databases share of writing the index: tables, rows of items and pages.

#include "catalogue/search_index.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "pipeline/files/codes.h"
#include "pipeline/files/dates.h"

namespace recto::catalogue {

namespace {

constexpr int kTablesVersion = 1;
} // namespace

// ---- pure parts ------------------------------------------------------------------------------------------------------

std::optional<std::pair<int, int>> days_of(std::string_view edtf) {
    if (const auto slash = edtf.find('/'); slash != std::string_view::npos) {
        const auto a = edtf.substr(0, slash), b = edtf.substr(slash + 1);
        const auto open = [](std::string_view s) { return s.empty() || s == ".."; };
        const auto from = open(a) ? std::optional(std::pair{0, 0}) : days_of(a);
        const auto to = open(b) ? std::optional(std::pair{0, 99991231}) : days_of(b);
        if (!from || !to || (open(a) && open(b))) return std::nullopt;
        return std::pair{from->first, to->second};
    }
    while (!edtf.empty() && (edtf.back() == '~' || edtf.back() == '?' || edtf.back() == '%')) edtf.remove_suffix(1);
    int parts[3] = {0, 0, 0}, last[3] = {0, 0, 0}, n = 0;
    constexpr std::array<std::size_t, 3> kWidths = {4, 2, 2};
    for (std::size_t pos = 0; n < 3; ++n) {
        if (edtf.size() < pos + kWidths.at(static_cast<std::size_t>(n))) return std::nullopt;
        for (std::size_t i = 0; i < kWidths.at(static_cast<std::size_t>(n)); ++i, ++pos) {
            const char c = edtf[pos];
            const bool unknown = c == 'X' || c == 'u';
            if (!unknown && (c < '0' || c > '9')) return std::nullopt;
            parts[n] = parts[n] * 10 + (unknown ? 0 : c - '0');
            last[n] = last[n] * 10 + (unknown ? 9 : c - '0');
        }
        if (pos == edtf.size()) {
            ++n;
            break;
        }
        if (edtf[pos++] != '-') return std::nullopt;
        if (n == 2) return std::nullopt;
    }
    // A month or day of which only the century or decade is known reaches over all.
    const bool month = n > 1 && last[1] <= 12, day = n > 2 && month && last[2] <= 31;
    return std::pair{parts[0] * 10000 + (month ? std::max(1, parts[1]) : 1) * 100 + (day ? std::max(1, parts[2]) : 1),
                     last[0] * 10000 + (month ? last[1] : 12) * 100 + (day ? last[2] : 31)};
}

bool is_classification(std::string_view level) {
    const std::string text = joined_tokens(level);
    return text.find("绝密") != std::string::npos || text.find("机密") != std::string::npos ||
           text.find("秘密") != std::string::npos;
}

// ---- writing ---------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<SearchIndex>> SearchIndex::open(Database& db) {
    auto index = db.kind() == DatabaseKind::Sqlite ? make_sqlite_index(db) : make_postgresql_index(db);
    soci::session& sql = db.session();
    const bool sqlite = db.kind() == DatabaseKind::Sqlite;
    const std::string wanted = fmt::format("{}.{}", kTablesVersion, kCutVersion);
    std::string found;
    // Looking first takes no lock: most of the time everything is there.
    RECTO_TRY(db.guarded([&]() -> Result<void> {
        int there = 0;
        if (sqlite) sql << "select count(*) from sqlite_master where name = 'search_meta'", soci::into(there);
        else sql << "select case when to_regclass('search_meta') is null then 0 else 1 end", soci::into(there);
        if (there != 0) sql << "select value from search_meta where name = 'version'", soci::into(found);
        return {};
    }));
    if (found == wanted) return index;
    if (!found.empty() && std::atoi(found.c_str()) > kTablesVersion)
        return fail("catalogue.newer_format", "text index " + found + ", this program knows " + wanted, db.name());
    RECTO_TRY(db.transaction([&]() -> Result<void> {
        if (!sqlite) sql << "select pg_advisory_xact_lock(724012)";
        for (const char* table : {"search_fts", "search_item_fts", "search_row", "search_item", "search_meta"})
            sql << std::string("drop table if exists ") + table;
        const char* number = sqlite ? "integer" : "bigint";
        const char* bytes = sqlite ? "text" : "text collate \"C\"";
        sql << "create table search_meta (name text primary key, value text not null)";
        sql << fmt::format("create table search_item (row {} primary key, id text not null unique, digest text not "
                           "null, code text not null, folded {} not null, name text not null, title text not null, "
                           "creator text not null, number text not null, date_written text not null, date_edtf text "
                           "not null, date_from integer not null, date_to integer not null, fonds text not null, year "
                           "text not null, retention text not null, classification text not null, classified integer "
                           "not null, held integer not null, pages integer not null, unreadable integer not null, "
                           "object_path text not null)",
                           number, bytes);
        sql << "create index search_item_filter on search_item (fonds, year, retention, date_from, date_to, held, "
               "classified, pages, unreadable, row)";
        sql << "create index search_item_code on search_item (folded, row)";
        sql << "create index search_item_date on search_item (date_from, folded, row)";
        index->make_tables();
        sql << "insert into search_meta (name, value) values ('version', :v)", soci::use(wanted);
        return {};
    }));
    return index;
}

Result<void> SearchIndex::remove_item(const std::string& id, std::int64_t& row) {
    soci::session& sql = db_.session();
    long long found = -1;
    int held = 0;
    std::string title, creator, number, folded;
    sql << "select row, held, title, creator, number, folded from search_item where id = :i", soci::into(found),
        soci::into(held), soci::into(title), soci::into(creator), soci::into(number), soci::into(folded), soci::use(id);
    row = -1;
    if (!sql.got_data()) return {};
    row = found;
    std::vector<Row> rows;
    if (held == 0) {
        Row r;
        long long page = 0;
        soci::statement st = (sql.prepare << "select id, body, parts from search_row where item_row = :r",
                              soci::into(page), soci::into(r.body), soci::into(r.parts), soci::use(found));
        st.execute();
        while (st.fetch()) {
            r.id = page;
            rows.push_back(r);
        }
        remove_rows(row, {joined_tokens(title), joined_tokens(creator), joined_tokens(number), joined_tokens(folded)},
                    rows);
    }
    sql << "delete from search_row where item_row = :r", soci::use(found);
    sql << "delete from search_item where row = :r", soci::use(found);
    return {};
}

Result<void> SearchIndex::remove(const std::vector<std::string>& ids) {
    return db_.transaction([&]() -> Result<void> {
        std::int64_t row = 0;
        for (const std::string& id : ids) RECTO_TRY(remove_item(id, row));
        return {};
    });
}

Result<void> SearchIndex::put(const std::vector<IndexedItem>& items) {
    if (items.empty()) return {};
    return db_.transaction([&]() -> Result<void> {
        soci::session& sql = db_.session();
        long long newest = 0;
        sql << "select coalesce(max(row), 0) from search_item", soci::into(newest);
        std::vector<std::vector<std::string>> item_rows, page_rows;
        for (const IndexedItem& i : items) {
            std::int64_t row = -1;
            RECTO_TRY(remove_item(i.id, row));
            if (row < 0) row = ++newest;
            const std::string folded = fold_code(i.code.empty() ? i.name : i.code);
            const Fields fields{joined_tokens(i.title), joined_tokens(i.creator), joined_tokens(i.number),
                                joined_tokens(folded)};
            const auto days = days_of(i.date_edtf).value_or(std::pair{0, 0});
            std::int64_t unreadable = 0;
            std::vector<Row> rows;
            for (const IndexedPage& p : i.pages) {
                if (p.state == "not-machine-readable" || p.state == "error") ++unreadable;
                if (i.held) continue;
                Row r;
                r.id = (row << kOrderBits) + p.order;
                const CutText cut = cut_text(blocks_of(p.text));
                r.body = join_tokens(cut.tokens);
                r.parts = join_tokens(cut.parts);
                page_rows.push_back(
                    {std::to_string(r.id), std::to_string(row), p.id, p.printed_number, p.state, r.body, r.parts});
                if (!r.body.empty()) rows.push_back(std::move(r));
            }
            const std::string& shown = i.code.empty() ? i.name : i.code;
            // Of a held item only that there is one.
            const auto open = [&](const std::string& text) { return i.held ? std::string() : text; };
            item_rows.push_back({std::to_string(row),
                                 i.id,
                                 i.digest,
                                 i.held ? std::string() : i.code,
                                 i.held ? std::string() : folded,
                                 open(shown),
                                 open(i.title),
                                 open(i.creator),
                                 open(i.number),
                                 open(i.date_written),
                                 open(i.date_edtf),
                                 std::to_string(days.first),
                                 std::to_string(days.second),
                                 fold_code(i.fonds),
                                 fold_code(i.year),
                                 fold_code(i.retention),
                                 open(i.classification),
                                 !i.held && is_classification(i.classification) ? "1" : "0",
                                 i.held ? "1" : "0",
                                 std::to_string(i.pages.size()),
                                 std::to_string(unreadable),
                                 i.object_path});
            if (!i.held) add_rows(row, fields, rows);
        }
        db_.insert("search_item", {"row",     "id",      "digest",     "code",         "folded",         "name",
                                   "title",   "creator", "number",     "date_written", "date_edtf",      "date_from",
                                   "date_to", "fonds",   "year",       "retention",    "classification", "classified",
                                   "held",    "pages",   "unreadable", "object_path"},
                   item_rows);
        db_.insert("search_row", {"id", "item_row", "page_id", "printed", "state", "body", "parts"}, page_rows);
        return {};
    });
}

Result<void> SearchIndex::clear() {
    return db_.transaction([&]() -> Result<void> {
        db_.session() << "delete from search_row";
        db_.session() << "delete from search_item";
        // The virtual tables have no rows to delete: they are made again.
        if (db_.kind() == DatabaseKind::Sqlite) {
            db_.session() << "drop table search_fts";
            db_.session() << "drop table search_item_fts";
            db_.session() << "drop table search_row";
            make_tables();
        } else {
            db_.session() << "delete from search_item_fts";
            db_.session() << "delete from search_fts";
        }
        return {};
    });
}

Result<std::map<std::string, std::string>> SearchIndex::known() {
    std::map<std::string, std::string> out;
    RECTO_TRY(db_.guarded([&]() -> Result<void> {
        std::string id, digest;
        soci::statement st =
            (db_.session().prepare << "select id, digest from search_item", soci::into(id), soci::into(digest));
        st.execute();
        while (st.fetch()) out[id] = digest;
        return {};
    }));
    return out;
}

Result<std::string> SearchIndex::covers() {
    std::string value;
    RECTO_TRY(db_.guarded([&]() -> Result<void> {
        db_.session() << "select value from search_meta where name = 'items'", soci::into(value);
        if (!db_.session().got_data()) value.clear();
        return {};
    }));
    return value;
}

Result<void> SearchIndex::set_covers(const std::string& state) {
    return db_.transaction([&]() -> Result<void> {
        db_.session() << "delete from search_meta where name = 'items'";
        db_.session() << "insert into search_meta (name, value) values ('items', :v)", soci::use(state);
        return {};
    });
}

} // namespace recto::catalogue
