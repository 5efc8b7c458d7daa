#pragma once

/// The text index of a catalogue: one entry a page that bears text, with the fields of its item, in the catalogue's own
/// database: SQLite FTS5 over single characters, or PostgreSQL tsvector with GIN over pairs of them. Answers are exact on both: what
/// a plain scan of the cut text finds, no more and no less. Everything in it comes from the stored items; it is made again
/// when the rules of cutting change.
///
/// Items that are held because of a 密级 are counted, and nothing else of them is in the index.
/// Threads: as the Database it sits on: one at a time. One writer: whoever holds the archive's lock.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalogue/database.h"
#include "catalogue/search_query.h"
#include "pipeline/core/result.h"

namespace recto::catalogue {

struct IndexedPage {
    std::string id, printed_number;
    int order = 0;     ///< From 1.
    std::string state; ///< "read", "blank", "not-machine-readable", "error".
    std::string text;  ///< As PageText::plain gives it; "" when there is none.
};

struct IndexedItem {
    std::string id, digest; ///< Digest of item.json: which version this is.
    std::string code, name, title, creator, number;
    std::string date_written, date_edtf, fonds, year, retention, classification;
    std::string object_path;
    bool held = false; ///< For its 密级: text and fields stay out.
    std::vector<IndexedPage> pages;
};

/// First and last day as yyyymmdd of an EDTF value: level 0 and 1 (2023, 2023-03, 198X, 2012-03/2012-06, ~ ? %, open ends).
/// nullopt for what is none.
[[nodiscard]] std::optional<std::pair<int, int>> days_of(std::string_view edtf);
/// True for 绝密, 机密, 秘密 in either script, as catalogues write them; false for 公开, 内部, "".
[[nodiscard]] bool is_classification(std::string_view security_level);

enum class SearchSort { Relevance, Code, Date, DateDown };

struct SearchOptions {
    SearchSort sort = SearchSort::Relevance;
    std::int64_t limit = 20, offset = 0; ///< limit -1: all.
};

/// A page that answers, or (order 0) an item whose fields do while none of its pages does.
struct SearchHit {
    std::int64_t item_row = 0;
    int order = 0;
    double score = 0; ///< 0 where hits are not ranked.
};

struct SearchCounts {
    std::int64_t pages = 0, items = 0; ///< Pages that answer; items of these and items that answer by their fields.
    std::int64_t item_hits = 0;        ///< Of these the latter.
    // Within the filters, whatever the words:
    std::int64_t unreadable_pages = 0; ///< Not machine-readable, or could not be processed: nobody knows what they say.
    std::int64_t held_items = 0, held_pages = 0;             ///< For a 密级 that the catalogue lacks.
    std::int64_t classified_items = 0, classified_pages = 0; ///< Left out: the catalogue has a 密级.
    std::int64_t undated_items = 0;                          ///< Left out by from, to: no date is known.
};

struct SearchAnswer {
    SearchCounts counts;
    SearchSort sort = SearchSort::Relevance; ///< What the order is: too many hits are not ranked but in order of 档号.
    std::vector<SearchHit> hits;             ///< The wanted part.
};

class SearchIndex {
  public:
    /// Makes the tables where they are missing or of another version of the rules. Errors: "catalogue.newer_format", "io.database".
    static Result<std::unique_ptr<SearchIndex>> open(Database& db);
    virtual ~SearchIndex() = default;

    /// Replaces the entries of these items. One transaction, or part of the caller's.
    Result<void> put(const std::vector<IndexedItem>& items);
    Result<void> remove(const std::vector<std::string>& ids);
    Result<void> clear();
    /// Packs the index after many changes: quicker answers.
    virtual Result<void> pack() = 0;
    Result<std::map<std::string, std::string>> known(); ///< Id to digest.
    /// State of the items (Store::meta("items")) that the index is equal to; "" when it is behind or not known.
    Result<std::string> covers();
    Result<void> set_covers(const std::string& state);

    Result<SearchAnswer> search(const SearchQuery& query, const SearchOptions& options);
    /// What is shown of an item and of a page; empty digest and texts as cut, not as written.
    Result<IndexedItem> item(std::int64_t row);
    Result<IndexedPage> page(std::int64_t item_row, int order);

    /// Above this many page hits they are not ranked.
    static constexpr std::size_t kMostRanked = 1000;

  protected:
    explicit SearchIndex(Database& db) : db_(db) {}
    /// Joined tokens of an item's searchable fields.
    struct Fields {
        std::string title, creator, number, code;
    };
    struct Row {
        std::int64_t id = 0; ///< item row * 2^20 + order
        std::string body, parts;
    };
    virtual void make_tables() = 0;
    virtual void add_rows(std::int64_t item_row, const Fields& fields, const std::vector<Row>& rows) = 0;
    virtual void remove_rows(std::int64_t item_row, const Fields& fields, const std::vector<Row>& rows) = 0;
    /// Ids, ascending, of pages that answer with at least one term in their text.
    virtual std::vector<std::int64_t> page_hits(const QueryNode& root) = 0;
    /// Rows, ascending, of items whose fields answer.
    virtual std::vector<std::int64_t> item_hits(const QueryNode& root) = 0;

    Database& db_;

  private:
    Result<void> remove_item(const std::string& id, std::int64_t& row);
    std::vector<SearchHit> ordered(const SearchQuery& query, const SearchOptions& options,
                                   const std::vector<std::int64_t>& pages, const std::vector<std::int64_t>& items,
                                   SearchSort& sort);
    std::vector<SearchHit> ranked(const SearchQuery& query, const std::vector<std::int64_t>& pages,
                                  const std::vector<std::int64_t>& items);
};

inline constexpr int kOrderBits = 20;

std::unique_ptr<SearchIndex> make_sqlite_index(Database& db);
std::unique_ptr<SearchIndex> make_postgresql_index(Database& db);

} // namespace recto::catalogue
