#include "catalogue/search_query.h"

#include <algorithm>
#include <map>
#include <optional>

#include "pipeline/files/codes.h"
#include "pipeline/files/dates.h"

namespace recto::catalogue {

namespace {

enum class Name : std::uint8_t { Any, Text, Title, Creator, Number, Code, Fonds, Year, Retention, Date };

const std::map<std::string, Name, std::less<>>& names() {
    static const std::map<std::string, Name, std::less<>> kNames = {
        {"any", Name::Any},
        {"all", Name::Any},
        {"任意", Name::Any},
        {"text", Name::Text},
        {"正文", Name::Text},
        {"全文", Name::Text},
        {"title", Name::Title},
        {"题名", Name::Title},
        {"題名", Name::Title},
        {"标题", Name::Title},
        {"creator", Name::Creator},
        {"responsible", Name::Creator},
        {"责任者", Name::Creator},
        {"責任者", Name::Creator},
        {"number", Name::Number},
        {"document_number", Name::Number},
        {"文号", Name::Number},
        {"文號", Name::Number},
        {"文件编号", Name::Number},
        {"code", Name::Code},
        {"reference", Name::Code},
        {"reference_code", Name::Code},
        {"档号", Name::Code},
        {"檔號", Name::Code},
        {"fonds", Name::Fonds},
        {"全宗", Name::Fonds},
        {"全宗号", Name::Fonds},
        {"year", Name::Year},
        {"年度", Name::Year},
        {"retention", Name::Retention},
        {"保管期限", Name::Retention},
        {"date", Name::Date},
        {"日期", Name::Date},
    };
    return kNames;
}

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t up = row[j];
            row[j] = std::min({up + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = up;
        }
    }
    return row[b.size()];
}

tl::unexpected<Error> no_field(const std::string& given) {
    std::string best;
    std::size_t least = 3;
    for (const auto& [name, id] : names()) {
        const std::size_t d = distance(given, name);
        if (d < least) least = d, best = name;
    }
    return fail("search.field", best.empty() ? given : given + " → " + best + "?");
}

// ---- words of the query ----------------------------------------------------------------------------------------------

struct Lexeme {
    enum class Kind : std::uint8_t { Word, Open, Close, Or, Not } kind;
    std::optional<Name> field;
    std::string text;
    bool quoted = false;
};

struct Quote {
    std::string_view open, close;
};
constexpr Quote kQuotes[] = {{"\"", "\""}, {"“", "”"}, {"”", "”"}, {"「", "」"}, {"『", "』"}, {"＂", "＂"}};

bool at(std::string_view s, std::size_t pos, std::string_view what) { return s.substr(pos, what.size()) == what; }

std::size_t space_at(std::string_view s, std::size_t pos) {
    if (static_cast<unsigned char>(s[pos]) <= ' ') return 1;
    return at(s, pos, "\u3000") ? 3 : at(s, pos, "\u00A0") ? 2 : 0;
}

std::size_t any_of(std::string_view s, std::size_t pos, std::initializer_list<std::string_view> list) {
    for (const std::string_view w : list)
        if (at(s, pos, w)) return w.size();
    return 0;
}

/// The text in quotes that begins at `pos`; npos in `end` when they are not closed.
std::optional<std::string> quoted(std::string_view s, std::size_t pos, std::size_t& end) {
    for (const Quote& q : kQuotes) {
        if (!at(s, pos, q.open)) continue;
        std::size_t from = pos + q.open.size();
        std::size_t close = s.find(q.close, from);
        // A Chinese keyboard may close “ by a straight one.
        if (close == std::string_view::npos && q.close == "”") close = s.find('"', from);
        end = close == std::string_view::npos ? close : close + (s[close] == '"' ? 1 : q.close.size());
        return std::string(s.substr(from, close == std::string_view::npos ? close : close - from));
    }
    return std::nullopt;
}

Result<std::vector<Lexeme>> lexemes(std::string_view s) {
    std::vector<Lexeme> out;
    for (std::size_t pos = 0; pos < s.size();) {
        if (const std::size_t n = space_at(s, pos)) {
            pos += n;
            continue;
        }
        if (const std::size_t n = any_of(s, pos, {"(", "（"})) {
            out.push_back({Lexeme::Kind::Open, {}, {}});
            pos += n;
            continue;
        }
        if (const std::size_t n = any_of(s, pos, {")", "）"})) {
            out.push_back({Lexeme::Kind::Close, {}, {}});
            pos += n;
            continue;
        }
        if (const std::size_t n = any_of(s, pos, {"|", "｜"})) {
            out.push_back({Lexeme::Kind::Or, {}, {}});
            pos += n;
            continue;
        }
        // A minus excludes only in front of a word, so that 12-1 and a lone dash stay what they are.
        if (const std::size_t n = any_of(s, pos, {"-", "－", "−"});
            n && pos + n < s.size() && space_at(s, pos + n) == 0) {
            out.push_back({Lexeme::Kind::Not, {}, {}});
            pos += n;
            continue;
        }
        std::optional<Name> field;
        std::string word;
        bool is_quoted = false;
        while (pos < s.size() && space_at(s, pos) == 0 && !any_of(s, pos, {"(", ")", "（", "）", "|", "｜"})) {
            std::size_t end = 0;
            if (auto inside = quoted(s, pos, end)) {
                if (!word.empty()) break; // the quotation is a word of its own
                if (end == std::string_view::npos) return fail("search.quote", std::string(s.substr(pos)));
                word = std::move(*inside);
                is_quoted = true;
                pos = end;
                break;
            }
            const std::size_t colon = any_of(s, pos, {":", "："});
            if (colon && !field && !word.empty()) {
                std::string lower = word;
                for (char& c : lower)
                    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
                const auto it = names().find(lower);
                const bool letters =
                    std::all_of(lower.begin(), lower.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
                const bool url = at(s, pos + colon, "//");
                if (it != names().end()) {
                    field = it->second;
                    word.clear();
                    pos += colon;
                    continue;
                }
                if (letters && !url) return no_field(lower);
            }
            std::size_t next = pos;
            (void)next_code_point(s, next);
            word += s.substr(pos, next - pos);
            pos = next;
        }
        if (!is_quoted && !field && (word == "OR" || word == "或者")) out.push_back({Lexeme::Kind::Or, {}, {}});
        else if (!is_quoted && !field && word == "NOT") out.push_back({Lexeme::Kind::Not, {}, {}});
        else if (!is_quoted && !field && word == "AND") continue;
        else if (word.empty() && field && pos < s.size() && any_of(s, pos, {"(", "（"}))
            return fail("search.field", "field:( )");
        else if (word.empty() && field) return fail("search.no_word", "after the field's name");
        else out.push_back({Lexeme::Kind::Word, field, std::move(word), is_quoted});
    }
    return out;
}

// ---- the tree --------------------------------------------------------------------------------------------------------

std::optional<QueryNode> term_of(SearchField field, std::string_view text, bool is_quoted) {
    QueryNode n;
    n.field = field;
    n.tokens = cut_text(text).tokens;
    if (n.tokens.empty()) return std::nullopt;
    n.prefix = !is_quoted && text.ends_with('*') && n.tokens.back().kind == TokenKind::Word;
    return n;
}

class Parser {
  public:
    Parser(std::vector<Lexeme> words, SearchQuery& query) : words_(std::move(words)), query_(query) {}

    Result<void> parse() {
        RECTO_ASSIGN(auto root, alternatives(0));
        if (pos_ < words_.size()) return fail("search.parenthesis", ")");
        if (root) {
            query_.root = std::move(*root);
            query_.has_words = true;
        } else if (!filtered_ && ignored_) {
            return fail("search.no_word", "");
        }
        return {};
    }

  private:
    bool more() const { return pos_ < words_.size() && words_[pos_].kind != Lexeme::Kind::Close; }

    Result<std::optional<QueryNode>> alternatives(int depth) {
        if (depth > 50) return fail("search.parenthesis", "((((…");
        std::vector<QueryNode> list;
        bool separator = false;
        for (;;) {
            const bool filtered_before = filtered_;
            RECTO_ASSIGN(auto one, conjunction(depth));
            if (one) list.push_back(std::move(*one));
            const bool another = pos_ < words_.size() && words_[pos_].kind == Lexeme::Kind::Or;
            if ((another || separator) && filtered_ && (!filtered_before || separator))
                return fail("search.filter_place", "OR");
            if ((another || separator) && !one) return fail("search.operator", "OR");
            separator = another;
            if (!another) break;
            ++pos_;
        }
        if (list.empty()) return std::optional<QueryNode>{};
        if (list.size() == 1) return std::optional(std::move(list[0]));
        QueryNode n;
        n.kind = QueryNode::Kind::Or;
        n.children = std::move(list);
        return std::optional(std::move(n));
    }

    Result<std::optional<QueryNode>> conjunction(int depth) {
        QueryNode all;
        all.kind = QueryNode::Kind::And;
        bool positive = false, negative = false;
        while (more() && words_[pos_].kind != Lexeme::Kind::Or) {
            bool excluded = false;
            while (more() && words_[pos_].kind == Lexeme::Kind::Not) {
                excluded = !excluded;
                ++pos_;
                if (!more() || words_[pos_].kind == Lexeme::Kind::Or) return fail("search.operator", "NOT, -");
            }
            std::optional<QueryNode> one;
            if (words_[pos_].kind == Lexeme::Kind::Open) {
                ++pos_;
                const bool filtered_before = filtered_;
                RECTO_ASSIGN(one, alternatives(depth + 1));
                if (pos_ >= words_.size()) return fail("search.parenthesis", "(");
                ++pos_;
                if (filtered_ != filtered_before) return fail("search.filter_place", "( )");
            } else {
                RECTO_ASSIGN(one, word(words_[pos_++], excluded));
            }
            if (!one) continue;
            one->excluded = excluded;
            (excluded ? negative : positive) = true;
            all.children.push_back(std::move(*one));
        }
        if (all.children.empty()) return std::optional<QueryNode>{};
        if (negative && !positive) return fail("search.excluded_only", "");
        if (all.children.size() == 1) return std::optional(std::move(all.children[0]));
        return std::optional(std::move(all));
    }

    Result<std::optional<QueryNode>> word(const Lexeme& w, bool excluded) {
        const Name name = w.field.value_or(Name::Any);
        if (name < Name::Fonds) {
            auto term = term_of(static_cast<SearchField>(name), w.text, w.quoted);
            if (!term) {
                // A lone dash between words is nothing; a quotation or field without a word is a mistake.
                if (w.quoted || w.field) return fail("search.no_word", w.text);
                ignored_ = true;
            }
            return term;
        }
        if (excluded) return fail("search.filter_place", "-" + w.text);
        filtered_ = true;
        SearchFilter& f = query_.filter;
        if (name == Name::Fonds) f.fonds.push_back(w.text);
        else if (name == Name::Year) f.years.push_back(w.text);
        else if (name == Name::Retention) f.retentions.push_back(w.text);
        else { // date:2023-03, date:2020..2023
            const auto dots = w.text.find("..");
            f.from = w.text.substr(0, dots);
            f.to = dots == std::string::npos ? w.text : w.text.substr(dots + 2);
            for (const std::string& d : {f.from, f.to})
                if (!d.empty() && !normalise_date(d)) return fail("search.date", d);
            if (f.from.empty() && f.to.empty()) return fail("search.date", w.text);
        }
        return std::optional<QueryNode>{};
    }

    std::vector<Lexeme> words_;
    SearchQuery& query_;
    std::size_t pos_ = 0;
    bool filtered_ = false, ignored_ = false;
};

void collect(const QueryNode& n, std::vector<const QueryNode*>& out) {
    if (n.kind == QueryNode::Kind::Term) out.push_back(&n);
    for (const QueryNode& c : n.children)
        if (!c.excluded) collect(c, out);
}

void join(SearchQuery& query, QueryNode node) {
    if (!query.has_words) {
        query.root = std::move(node);
        query.has_words = true;
        return;
    }
    if (query.root.kind != QueryNode::Kind::And) {
        QueryNode all;
        all.kind = QueryNode::Kind::And;
        all.children.push_back(std::move(query.root));
        query.root = std::move(all);
    }
    query.root.children.push_back(std::move(node));
}

} // namespace

Result<SearchQuery> parse_query(std::string_view text) {
    SearchQuery query;
    RECTO_ASSIGN(auto words, lexemes(text));
    RECTO_TRY(Parser(std::move(words), query).parse());
    return query;
}

std::vector<const QueryNode*> positive_terms(const QueryNode& root) {
    std::vector<const QueryNode*> out;
    collect(root, out);
    return out;
}

Result<void> add_field(SearchQuery& query, std::string_view field_and_words) {
    const auto equals = field_and_words.find('=');
    if (equals == std::string_view::npos) return fail("search.field", std::string(field_and_words) + " (title=…)");
    std::string name(field_and_words.substr(0, equals));
    for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    const auto it = names().find(name);
    if (it == names().end()) return no_field(name);
    const auto words = trim_text(field_and_words.substr(equals + 1));
    if (words.empty()) return fail("search.no_word", name);
    if (it->second >= Name::Fonds) {
        RECTO_ASSIGN(auto parsed, parse_query(name + ":\"" + words + "\""));
        SearchFilter &f = query.filter, &g = parsed.filter;
        f.fonds.insert(f.fonds.end(), g.fonds.begin(), g.fonds.end());
        f.years.insert(f.years.end(), g.years.begin(), g.years.end());
        f.retentions.insert(f.retentions.end(), g.retentions.begin(), g.retentions.end());
        if (!g.from.empty()) f.from = g.from;
        if (!g.to.empty()) f.to = g.to;
        return {};
    }
    RECTO_ASSIGN(auto parsed, parse_query(words));
    if (!parsed.has_words) return fail("search.no_word", words);
    const auto set_field = [&](auto&& self, QueryNode& n) -> void {
        if (n.kind == QueryNode::Kind::Term && n.field == SearchField::Any)
            n.field = static_cast<SearchField>(it->second);
        for (QueryNode& c : n.children) self(self, c);
    };
    set_field(set_field, parsed.root);
    join(query, std::move(parsed.root));
    return {};
}

Result<void> add_exclusion(SearchQuery& query, std::string_view words) {
    auto term = term_of(SearchField::Any, words, true);
    if (!term) return fail("search.no_word", std::string(words));
    if (!query.has_words) return fail("search.excluded_only", "");
    term->excluded = true;
    join(query, std::move(*term));
    return {};
}

} // namespace recto::catalogue
