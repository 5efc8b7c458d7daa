// What both databases share: rows of items and pages, filters, counting, order.

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
constexpr std::int64_t kOrderMask = (std::int64_t{1} << kOrderBits) - 1;

std::string joined(std::string_view text) { return join_tokens(cut_text(text).tokens); }

std::vector<std::int64_t> numbers(soci::session& sql, const std::string& query,
                                  const std::vector<std::string>& values = {}) {
    std::vector<std::int64_t> out;
    long long value = 0;
    soci::statement st(sql);
    st.exchange(soci::into(value));
    for (const auto& v : values) st.exchange(soci::use(v));
    st.alloc();
    st.prepare(query);
    st.define_and_bind();
    st.execute();
    while (st.fetch()) out.push_back(value);
    return out;
}

std::string list_of(const std::vector<std::int64_t>& rows) { return fmt::format("({})", fmt::join(rows, ",")); }

/// The filter as SQL over search_item, and its values.
std::string where_of(const SearchFilter& f, const std::pair<int, int>& days, bool dated,
                     std::vector<std::string>& values) {
    std::string sql = "1 = 1";
    const auto any = [&](const char* column, const std::vector<std::string>& wanted) {
        if (wanted.empty()) return;
        sql += fmt::format(" and {} in (", column);
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            sql += fmt::format("{}:f{}", i ? ", " : "", values.size());
            values.push_back(fold_code(wanted[i]));
        }
        sql += ")";
    };
    any("fonds", f.fonds);
    any("year", f.years);
    any("retention", f.retentions);
    if (dated) sql += fmt::format(" and date_from > 0 and date_from <= {} and date_to >= {}", days.second, days.first);
    return sql;
}

/// Days that --from and --to name.
Result<std::pair<int, int>> wanted_days(const SearchFilter& f) {
    std::pair<int, int> days{0, 99991231};
    const auto read = [](const std::string& text) -> Result<std::pair<int, int>> {
        const auto edtf = days_of(text) ? std::optional(text) : normalise_date(text);
        const auto value = edtf ? days_of(*edtf) : std::nullopt;
        if (!value) return fail("search.date", text);
        return *value;
    };
    if (!f.from.empty()) {
        RECTO_ASSIGN(const auto from, read(f.from));
        days.first = from.first;
    }
    if (!f.to.empty()) {
        RECTO_ASSIGN(const auto to, read(f.to));
        days.second = to.second;
    }
    return days;
}

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
    const std::string text = joined(level);
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
        remove_rows(row, {joined(title), joined(creator), joined(number), joined(folded)}, rows);
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
            const Fields fields{joined(i.title), joined(i.creator), joined(i.number), joined(folded)};
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

// ---- reading ---------------------------------------------------------------------------------------------------------

Result<IndexedItem> SearchIndex::item(std::int64_t row) {
    IndexedItem i;
    RECTO_TRY(db_.guarded([&]() -> Result<void> {
        long long wanted = row;
        db_.session() << "select id, digest, code, name, title, creator, number, date_written, date_edtf, fonds, year, "
                         "retention, classification, object_path from search_item where row = :r",
            soci::into(i.id), soci::into(i.digest), soci::into(i.code), soci::into(i.name), soci::into(i.title),
            soci::into(i.creator), soci::into(i.number), soci::into(i.date_written), soci::into(i.date_edtf),
            soci::into(i.fonds), soci::into(i.year), soci::into(i.retention), soci::into(i.classification),
            soci::into(i.object_path), soci::use(wanted);
        if (!db_.session().got_data()) return fail("io.database", "no such row in the text index", db_.name());
        return {};
    }));
    return i;
}

Result<IndexedPage> SearchIndex::page(std::int64_t item_row, int order) {
    IndexedPage p;
    p.order = order;
    RECTO_TRY(db_.guarded([&]() -> Result<void> {
        long long id = (item_row << kOrderBits) + order;
        db_.session() << "select page_id, printed, state, body from search_row where id = :i", soci::into(p.id),
            soci::into(p.printed_number), soci::into(p.state), soci::into(p.text), soci::use(id);
        return {};
    }));
    return p;
}

Result<SearchAnswer> SearchIndex::search(const SearchQuery& query, const SearchOptions& options) {
    SearchAnswer answer;
    const SearchFilter& f = query.filter;
    const bool dated = !f.from.empty() || !f.to.empty();
    RECTO_ASSIGN(const auto days, wanted_days(f));
    RECTO_TRY(db_.guarded([&]() -> Result<void> {
        soci::session& sql = db_.session();
        SearchCounts& c = answer.counts;
        std::vector<std::string> values;
        const std::string where = where_of(f, days, dated, values);
        {
            long long unreadable = 0, held = 0, held_pages = 0, classified = 0, classified_pages = 0;
            soci::statement st(sql);
            for (long long* v : {&unreadable, &held, &held_pages, &classified, &classified_pages})
                st.exchange(soci::into(*v));
            for (const auto& v : values) st.exchange(soci::use(v));
            st.alloc();
            st.prepare("select coalesce(sum(case when held = 0 then unreadable else 0 end), 0), "
                       "coalesce(sum(held), 0), coalesce(sum(held * pages), 0), coalesce(sum(classified), 0), "
                       "coalesce(sum(classified * pages), 0) from search_item where " +
                       where);
            st.define_and_bind();
            st.execute(true);
            c.unreadable_pages = unreadable, c.held_items = held, c.held_pages = held_pages;
            if (!f.classified) c.classified_items = classified, c.classified_pages = classified_pages;
        }
        if (dated) {
            std::vector<std::string> of;
            const auto undated = numbers(sql,
                                         "select count(*) from search_item where date_from = 0 and held = 0 and " +
                                             where_of(f, days, false, of),
                                         of);
            c.undated_items = undated.at(0);
        }
        std::vector<std::int64_t> pages, items;
        if (query.has_words) {
            pages = page_hits(query.root);
            items = item_hits(query.root);
        }
        const bool filtered = dated || !f.fonds.empty() || !f.years.empty() || !f.retentions.empty();
        if (filtered || c.classified_items > 0 || !query.has_words) {
            auto allowed = numbers(sql,
                                   "select row from search_item where held = 0 and " + where +
                                       (f.classified ? "" : " and classified = 0"),
                                   values);
            std::sort(allowed.begin(), allowed.end());
            if (!query.has_words) items = allowed;
            const auto barred = [&, at = std::size_t{0}](std::int64_t row) mutable { // rows come ascending
                while (at < allowed.size() && allowed[at] < row) ++at;
                return at == allowed.size() || allowed[at] != row;
            };
            auto no_page = barred;
            std::erase_if(pages, [&](std::int64_t id) { return no_page(id >> kOrderBits); });
            auto no_item = barred;
            std::erase_if(items, [&](std::int64_t row) { return no_item(row); });
        }
        c.pages = static_cast<std::int64_t>(pages.size());
        // An item stands for itself only when none of its pages answers.
        std::vector<std::int64_t> of_pages;
        for (const std::int64_t id : pages)
            if (of_pages.empty() || of_pages.back() != id >> kOrderBits) of_pages.push_back(id >> kOrderBits);
        std::vector<std::int64_t> alone;
        std::set_difference(items.begin(), items.end(), of_pages.begin(), of_pages.end(), std::back_inserter(alone));
        c.item_hits = static_cast<std::int64_t>(alone.size());
        c.items = static_cast<std::int64_t>(of_pages.size() + alone.size());
        answer.hits = ordered(query, options, pages, alone, answer.sort);
        return {};
    }));
    return answer;
}

std::vector<SearchHit> SearchIndex::ranked(const SearchQuery& query, const std::vector<std::int64_t>& pages,
                                           const std::vector<std::int64_t>& items) {
    soci::session& sql = db_.session();
    const auto terms = positive_terms(query.root);
    std::vector<std::string> wanted;
    for (const QueryNode* t : terms) {
        wanted.push_back(join_tokens(t->tokens));
        if (t->prefix) wanted.back().pop_back(); // without the space that ends the word
    }
    std::vector<std::int64_t> rows = items;
    for (const std::int64_t id : pages)
        if (rows.empty() || rows.back() != id >> kOrderBits) rows.push_back(id >> kOrderBits);
    std::sort(rows.begin(), rows.end());
    std::unordered_map<std::int64_t, double> of_item;
    constexpr std::size_t kChunk = 400;
    for (std::size_t at = 0; at < rows.size(); at += kChunk) {
        const std::vector<std::int64_t> some(rows.begin() + static_cast<std::ptrdiff_t>(at),
                                             rows.begin() +
                                                 static_cast<std::ptrdiff_t>(std::min(at + kChunk, rows.size())));
        long long row = 0;
        std::string title, number, code;
        soci::statement st =
            (sql.prepare << "select row, title, number, folded from search_item where row in " + list_of(some),
             soci::into(row), soci::into(title), soci::into(number), soci::into(code));
        st.execute();
        while (st.fetch()) {
            const std::string t = joined(title), n = joined(number), c = joined(code);
            double score = 0;
            for (std::size_t k = 0; k < terms.size(); ++k) {
                const SearchField field = terms[k]->field;
                const bool any = field == SearchField::Any;
                if ((any || field == SearchField::Title) && t.find(wanted[k]) != std::string::npos) score += 1;
                if ((any || field == SearchField::Number) && n.find(wanted[k]) != std::string::npos) score += 1;
                if ((any || field == SearchField::Code) && c.find(wanted[k]) != std::string::npos) score += 1;
            }
            of_item[row] = score;
        }
    }
    std::vector<SearchHit> hits;
    for (const std::int64_t row : items) hits.push_back({row, 0, of_item[row] + 0.5});
    for (std::size_t at = 0; at < pages.size(); at += kChunk) {
        const std::vector<std::int64_t> some(pages.begin() + static_cast<std::ptrdiff_t>(at),
                                             pages.begin() +
                                                 static_cast<std::ptrdiff_t>(std::min(at + kChunk, pages.size())));
        long long id = 0;
        std::string body, parts;
        soci::statement st = (sql.prepare << "select id, body, parts from search_row where id in " + list_of(some),
                              soci::into(id), soci::into(body), soci::into(parts));
        st.execute();
        while (st.fetch()) {
            double score = of_item[id >> kOrderBits];
            for (std::size_t k = 0; k < terms.size(); ++k) {
                if (terms[k]->field > SearchField::Text) continue;
                double n = 0;
                for (const std::string* text : {&body, &parts})
                    for (auto found = text->find(wanted[k]); found != std::string::npos;
                         found = text->find(wanted[k], found + wanted[k].size()))
                        ++n;
                // As BM25 has it: often is better, in a short page more so, with falling gain. 2400 bytes: a full page.
                const double length = static_cast<double>(body.size()) / 2400;
                score += n / (n + 1.2 * (0.25 + 0.75 * length));
            }
            hits.push_back({id >> kOrderBits, static_cast<int>(id & kOrderMask), score});
        }
    }
    for (SearchHit& h : hits) h.score = std::round(h.score * 10000) / 10000;
    return hits;
}

std::vector<SearchHit> SearchIndex::ordered(const SearchQuery& query, const SearchOptions& options,
                                            const std::vector<std::int64_t>& pages,
                                            const std::vector<std::int64_t>& items, SearchSort& sort) {
    soci::session& sql = db_.session();
    sort = options.sort;
    if (sort == SearchSort::Relevance && (pages.size() + items.size() > kMostRanked || !query.has_words))
        sort = SearchSort::Code;
    const std::size_t all = pages.size() + items.size();
    const std::size_t skip =
        std::min<std::size_t>(all, static_cast<std::size_t>(std::max<std::int64_t>(0, options.offset)));
    const std::size_t count =
        options.limit < 0 ? all - skip : std::min<std::size_t>(all - skip, static_cast<std::size_t>(options.limit));
    if (count == 0) return {};

    // Items in their order, as far as the wanted hits reach.
    std::vector<std::int64_t> rows = items; // ascending, as both lists are
    for (const std::int64_t id : pages)
        if (rows.empty() || rows.back() != id >> kOrderBits) rows.push_back(id >> kOrderBits);
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    const bool by_date = sort == SearchSort::Date || sort == SearchSort::DateDown;
    const std::string order = !by_date ? "folded, row"
                              : sort == SearchSort::Date
                                  ? "case when date_from = 0 then 1 else 0 end, date_from, folded, row"
                                  : "date_from desc, folded, row";
    const bool few = rows.size() <= 1000;
    const bool rank = sort == SearchSort::Relevance;
    std::vector<SearchHit> hits;
    const auto hits_of = [&](std::int64_t row) {
        if (std::binary_search(items.begin(), items.end(), row)) hits.push_back({row, 0, 0});
        for (auto it = std::lower_bound(pages.begin(), pages.end(), row << kOrderBits);
             it != pages.end() && *it >> kOrderBits == row; ++it)
            hits.push_back({row, static_cast<int>(*it & kOrderMask), 0});
    };
    std::unordered_map<std::int64_t, std::size_t> place;
    {
        long long row = 0;
        soci::statement st =
            (sql.prepare << "select row from search_item" + (few ? " where row in " + list_of(rows) : std::string()) +
                                " order by " + order,
             soci::into(row));
        st.execute();
        while (st.fetch()) {
            if (!few && !std::binary_search(rows.begin(), rows.end(), row)) continue;
            if (rank) place.emplace(row, place.size());
            else hits_of(row);
            if (!rank && hits.size() >= skip + count) break;
        }
    }
    if (rank) {
        hits = ranked(query, pages, items);
        std::sort(hits.begin(), hits.end(), [&](const SearchHit& a, const SearchHit& b) {
            if (a.score != b.score) return a.score > b.score;
            if (a.item_row != b.item_row) return place[a.item_row] < place[b.item_row];
            return a.order < b.order;
        });
    }
    hits.resize(std::min(hits.size(), skip + count));
    hits.erase(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(std::min(skip, hits.size())));
    return hits;
}

} // namespace recto::catalogue
