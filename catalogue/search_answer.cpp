// What both databases share of answering: filters, counting, ranking, order.

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "catalogue/search_index.h"
#include "pipeline/files/codes.h"
#include "pipeline/files/dates.h"

namespace recto::catalogue {

namespace {

constexpr std::int64_t kOrderMask = (std::int64_t{1} << kOrderBits) - 1;

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
            const std::string t = joined_tokens(title), n = joined_tokens(number), c = joined_tokens(code);
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
