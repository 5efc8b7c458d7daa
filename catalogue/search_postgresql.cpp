// The text index in PostgreSQL: GIN over pairs of characters. A word of three or more is what has all its pairs; whether they
// stand together is looked up in the text itself, so positions (limited to 256 a term there) are not needed.

#include <span>

#include <fmt/format.h>

#include "catalogue/search_index.h"

namespace recto::catalogue {

namespace {

/// Where a field's terms are: the letter before each, and the column that has the text.
struct Place {
    char letter;
    const char* column;
};
constexpr Place kText[] = {{'b', "x.body"}, {'b', "x.parts"}};
constexpr Place kFields[] = {{'t', "f.title"}, {'c', "f.creator"}, {'n', "f.number"}, {'d', "f.code"}};

std::string quoted(char letter, const std::string& gram) { return fmt::format("'{}{}'", letter, gram); }

void add_terms(std::string& vector, char letter, const std::string& joined) {
    for (const std::string& gram : bigrams(split_tokens(joined)))
        vector += (vector.empty() ? "" : " ") + quoted(letter, gram);
}

/// Pairs alone say all: one character, one word, two characters.
bool exact(const QueryNode& t) {
    return t.tokens.size() == 1 ||
           (t.tokens.size() == 2 && t.tokens[0].kind == TokenKind::Char && t.tokens[1].kind == TokenKind::Char);
}

/// What all of the term's places have, as a tsquery.
std::string pairs_of(const QueryNode& t, char letter) {
    std::string out;
    for (std::size_t i = 0; i < t.tokens.size(); ++i) {
        const Token& a = t.tokens[i];
        if (a.kind == TokenKind::Gap) continue;
        const bool last = i + 1 == t.tokens.size();
        std::string one;
        if (a.kind == TokenKind::Word) one = quoted(letter, a.text) + (last && t.prefix ? ":*" : "");
        else if (!last && t.tokens[i + 1].kind == TokenKind::Char) one = quoted(letter, a.text + t.tokens[i + 1].text);
        else if (last && i > 0 && t.tokens[i - 1].kind == TokenKind::Char) continue; // is in the pair before
        else one = quoted(letter, a.text) + (last ? ":*" : "");                      // alone, or first of any pair
        out += (out.empty() ? "" : " & ") + one;
    }
    return out;
}

/// Builds the condition over search_fts r (terms), search_row x (text) and search_item_fts f.
class Condition {
  public:
    explicit Condition(bool of_items) : of_items_(of_items) {}
    std::vector<std::string> values;

    std::string of(const QueryNode& n) {
        if (n.kind == QueryNode::Kind::Term) return term(n);
        std::string in, out;
        for (const QueryNode& c : n.children) {
            std::string& to = c.excluded ? out : in;
            if (!to.empty()) to += n.kind == QueryNode::Kind::And && !c.excluded ? " and " : " or ";
            to += of(c);
        }
        return out.empty() ? "(" + in + ")" : "((" + in + ") and not (" + out + "))";
    }

    std::string in_text(const QueryNode& t) { return places(t, kText); }

  private:
    std::string term(const QueryNode& t) {
        switch (t.field) {
        case SearchField::Text: return of_items_ ? "false" : places(t, kText);
        case SearchField::Title: return places(t, std::span(kFields).subspan(0, 1));
        case SearchField::Creator: return places(t, std::span(kFields).subspan(1, 1));
        case SearchField::Number: return places(t, std::span(kFields).subspan(2, 1));
        case SearchField::Code: return places(t, std::span(kFields).subspan(3, 1));
        case SearchField::Any: break;
        }
        return of_items_ ? places(t, kFields) : "(" + places(t, kText) + " or " + places(t, kFields) + ")";
    }

    std::string places(const QueryNode& t, std::span<const Place> list) {
        std::string letters, query;
        for (const Place& p : list) {
            if (letters.find(p.letter) != std::string::npos) continue;
            letters += p.letter;
            query += (query.empty() ? "(" : " | (") + pairs_of(t, p.letter) + ")";
        }
        std::string out = fmt::format("{}.terms @@ cast({} as tsquery)", of_items_ ? "f" : "r", bind(query));
        if (exact(t)) return "(" + out + ")";
        std::string text = join_tokens(t.tokens);
        if (t.prefix) text.pop_back();
        const std::string wanted = bind(text);
        std::string found;
        for (const Place& p : list)
            found += fmt::format("{}strpos({}, {}) > 0", found.empty() ? "" : " or ", p.column, wanted);
        return "(" + out + " and (" + found + "))";
    }

    std::string bind(const std::string& value) {
        values.push_back(value);
        return fmt::format(":v{}", values.size() - 1);
    }
    bool of_items_;
};

class PostgresqlIndex final : public SearchIndex {
  public:
    explicit PostgresqlIndex(Database& db) : SearchIndex(db) {}

    Result<void> pack() override {
        return db_.guarded([&]() -> Result<void> {
            std::string pages;
            db_.session() << "select cast(gin_clean_pending_list('search_fts_terms') as text)", soci::into(pages);
            for (const char* table : {"search_fts", "search_item_fts", "search_item", "search_row"})
                db_.session() << std::string("analyze ") + table;
            return {};
        });
    }

  protected:
    void make_tables() override {
        soci::session& sql = db_.session();
        sql << "create table search_row (id bigint primary key, item_row bigint not null, page_id text not null, "
               "printed text not null, state text not null, body text not null, parts text not null)";
        sql << "create index search_row_item on search_row (item_row)";
        sql << "create table search_fts (id bigint primary key, item_row bigint not null, terms tsvector not null)";
        sql << "create index search_fts_item on search_fts (item_row)";
        sql << "create index search_fts_terms on search_fts using gin (terms)";
        sql << "create table search_item_fts (row bigint primary key, title text not null, creator text not null, "
               "number text not null, code text not null, terms tsvector not null)";
        sql << "create index search_item_fts_terms on search_item_fts using gin (terms)";
    }

    void add_rows(std::int64_t item_row, const Fields& f, const std::vector<Row>& rows) override {
        std::string of_item;
        add_terms(of_item, 't', f.title);
        add_terms(of_item, 'c', f.creator);
        add_terms(of_item, 'n', f.number);
        add_terms(of_item, 'd', f.code);
        db_.insert("search_item_fts", {"row", "title", "creator", "number", "code", "terms"},
                   {{std::to_string(item_row), f.title, f.creator, f.number, f.code, of_item}});
        std::vector<std::vector<std::string>> values;
        for (const Row& r : rows) {
            if (r.body.empty()) continue;
            std::string terms = of_item;
            add_terms(terms, 'b', r.body);
            add_terms(terms, 'b', r.parts);
            values.push_back({std::to_string(r.id), std::to_string(item_row), std::move(terms)});
        }
        db_.insert("search_fts", {"id", "item_row", "terms"}, values);
    }

    void remove_rows(std::int64_t item_row, const Fields&, const std::vector<Row>&) override {
        long long row = item_row;
        db_.session() << "delete from search_fts where item_row = :r", soci::use(row);
        db_.session() << "delete from search_item_fts where row = :r", soci::use(row);
    }

    std::vector<std::int64_t> page_hits(const QueryNode& root) override {
        Condition c(false);
        std::string any;
        for (const QueryNode* t : positive_terms(root))
            if (t->field <= SearchField::Text) any += (any.empty() ? "" : " or ") + c.in_text(*t);
        if (any.empty()) return {};
        if (root.kind == QueryNode::Kind::Term && exact(root))
            return ids("select r.id from search_fts r where " + any + " order by r.id", c.values);
        const std::string all = c.of(root);
        return ids("select r.id from search_fts r join search_row x on x.id = r.id join search_item_fts f on f.row = "
                   "r.item_row where (" +
                       any + ") and " + all + " order by r.id",
                   c.values);
    }

    std::vector<std::int64_t> item_hits(const QueryNode& root) override {
        Condition c(true);
        const std::string all = c.of(root);
        return ids("select f.row from search_item_fts f where " + all + " order by f.row", c.values);
    }

  private:
    std::vector<std::int64_t> ids(const std::string& query, const std::vector<std::string>& values) {
        std::vector<std::int64_t> out;
        long long id = 0;
        soci::statement st(db_.session());
        st.exchange(soci::into(id));
        for (std::size_t i = 0; i < values.size(); ++i) st.exchange(soci::use(values[i], fmt::format("v{}", i)));
        st.alloc();
        st.prepare(query);
        st.define_and_bind();
        st.execute();
        while (st.fetch()) out.push_back(id);
        return out;
    }
};

} // namespace

std::unique_ptr<SearchIndex> make_postgresql_index(Database& db) { return std::make_unique<PostgresqlIndex>(db); }

} // namespace recto::catalogue
