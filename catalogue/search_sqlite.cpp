// The text index in SQLite: FTS5 tables without content over single characters. FTS5 itself answers phrases exactly.

#include <fmt/format.h>

#include "catalogue/search_index.h"

namespace recto::catalogue {

namespace {

const char* column(SearchField field) {
    switch (field) {
    case SearchField::Text: return "{body parts}";
    case SearchField::Title: return "title";
    case SearchField::Creator: return "creator";
    case SearchField::Number: return "number";
    case SearchField::Code: return "code";
    case SearchField::Any: break;
    }
    return "";
}

/// "..." with the tokens; they hold letters, digits and "¦" only.
std::string phrase(const QueryNode& term) { return "\"" + unigrams(term.tokens) + (term.prefix ? "\" *" : "\""); }

/// The query for table search_fts, or with `of_items` for search_item_fts, which has no text.
std::string expression(const QueryNode& n, bool of_items) {
    if (n.kind == QueryNode::Kind::Term) {
        if (of_items && n.field == SearchField::Text) return "(\"¦none\")"; // no token is that
        const std::string where = column(n.field);
        return where.empty() ? "(" + phrase(n) + ")" : "(" + where + " : " + phrase(n) + ")";
    }
    std::string in, out;
    for (const QueryNode& c : n.children) {
        std::string& to = c.excluded ? out : in;
        if (!to.empty()) to += n.kind == QueryNode::Kind::And && !c.excluded ? " AND " : " OR ";
        to += expression(c, of_items);
    }
    return out.empty() ? "(" + in + ")" : "((" + in + ") NOT (" + out + "))";
}

class SqliteIndex final : public SearchIndex {
  public:
    explicit SqliteIndex(Database& db) : SearchIndex(db) {}

    Result<void> pack() override {
        return db_.transaction([&]() -> Result<void> {
            db_.session() << "insert into search_fts (search_fts) values ('optimize')";
            db_.session() << "insert into search_item_fts (search_item_fts) values ('optimize')";
            db_.session() << "analyze search_item";
            return {};
        });
    }

  protected:
    void make_tables() override {
        soci::session& sql = db_.session();
        sql << "create table search_row (id integer primary key, item_row integer not null, page_id text not null, "
               "printed text not null, state text not null, body text not null, parts text not null)";
        sql << "create index search_row_item on search_row (item_row)";
        // The tokenizer "ascii" leaves bytes above 127 alone and splits at spaces: terms stay as we cut them.
        sql << "create virtual table search_fts using fts5(body, parts, title, creator, number, code, content='', "
               "columnsize=0, tokenize='ascii')";
        sql << "create virtual table search_item_fts using fts5(title, creator, number, code, content='', "
               "columnsize=0, tokenize='ascii')";
    }

    void add_rows(std::int64_t item_row, const Fields& fields, const std::vector<Row>& rows) override {
        write("", item_row, fields, rows);
    }
    void remove_rows(std::int64_t item_row, const Fields& fields, const std::vector<Row>& rows) override {
        // Such a table forgets a row when it is told again what was in it.
        write("'delete'", item_row, fields, rows);
    }

    std::vector<std::int64_t> page_hits(const QueryNode& root) override {
        std::string any; // some term in the text itself
        for (const QueryNode* t : positive_terms(root))
            if (t->field <= SearchField::Text) any += (any.empty() ? "" : " OR ") + phrase(*t);
        if (any.empty()) return {};
        any = "{body parts} : (" + any + ")";
        if (root.kind == QueryNode::Kind::Term) return match("search_fts", any);
        return match("search_fts", expression(root, false) + " AND (" + any + ")");
    }

    std::vector<std::int64_t> item_hits(const QueryNode& root) override {
        return match("search_item_fts", expression(root, true));
    }

  private:
    void write(const std::string& command, std::int64_t item_row, const Fields& f, const std::vector<Row>& rows) {
        soci::session& sql = db_.session();
        const auto terms = [](const std::string& joined) { return unigrams(split_tokens(joined)); };
        const std::string title = terms(f.title), creator = terms(f.creator), number = terms(f.number),
                          code = terms(f.code);
        long long id = item_row;
        sql << fmt::format("insert into search_item_fts ({}rowid, title, creator, number, code) values ({}:i, :t, :c, "
                           ":n, :d)",
                           command.empty() ? "" : "search_item_fts, ", command.empty() ? "" : command + ", "),
            soci::use(id), soci::use(title), soci::use(creator), soci::use(number), soci::use(code);
        if (rows.empty()) return;
        std::string body, parts;
        soci::statement st =
            (sql.prepare << fmt::format("insert into search_fts ({}rowid, body, parts, title, creator, number, code) "
                                        "values ({}:i, :b, :p, :t, :c, :n, :d)",
                                        command.empty() ? "" : "search_fts, ", command.empty() ? "" : command + ", "),
             soci::use(id), soci::use(body), soci::use(parts), soci::use(title), soci::use(creator), soci::use(number),
             soci::use(code));
        for (const Row& r : rows) {
            if (r.body.empty()) continue; // has no entry
            id = r.id;
            body = terms(r.body);
            parts = terms(r.parts);
            st.execute(true);
        }
    }

    std::vector<std::int64_t> match(const std::string& table, const std::string& query) {
        std::vector<std::int64_t> out;
        long long id = 0;
        soci::statement st =
            (db_.session().prepare << fmt::format("select rowid from {0} where {0} match :q order by rowid", table),
             soci::into(id), soci::use(query));
        st.execute();
        while (st.fetch()) out.push_back(id);
        return out;
    }
};

} // namespace

std::unique_ptr<SearchIndex> make_sqlite_index(Database& db) { return std::make_unique<SqliteIndex>(db); }

} // namespace recto::catalogue
