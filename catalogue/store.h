#pragma once

/// The catalogue store: what is stored (items, pages, former codes), what exists on paper (inventory), and every row of every
/// imported sheet, in SQLite or PostgreSQL. Everything in it can be made again from storage/ and catalogue/ of the archive
/// (rebuild.h). One writer at a time: whoever holds the archive's lock. A Store is used by one thread at a time; StoreView
/// is for any thread.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalogue/database.h"
#include "catalogue/item_record.h"
#include "catalogue/mapping.h"
#include "catalogue/rows.h"
#include "pipeline/core/stage.h"

namespace recto::catalogue {

struct StoreOptions {
    DatabaseOptions database;
    std::string repository; ///< Code of the archive's repository: a database belongs to one archive.
    std::string agent;      ///< "recto 0.1.0".
    std::string now;        ///< RFC 3339.
};

/// What became of a row of an imported sheet. Frozen names: persisted.
enum class RowState { Imported, Merged, Updated, Refused };
[[nodiscard]] std::string_view to_string(RowState state); ///< "imported" "merged" "updated" "refused"
[[nodiscard]] RowState parse_row_state(std::string_view name);

/// A row with its outcome, as the table import_row keeps it.
struct ImportedRow {
    Entry entry;
    RowState state = RowState::Imported;
    std::vector<Remark> remarks;
};

/// A row of table import.
struct ImportRecord {
    int id = 0;
    std::string folder;   ///< Its name in catalogue/: "0001".
    std::string file;     ///< Name as delivered, for people.
    std::string digest;   ///< SHA-256 of the bytes and of how they were read.
    std::string imported; ///< RFC 3339.
    bool updates = false; ///< Its values beat earlier ones.
    std::string operator_name, agent;
};

class Store {
  public:
    /// Opens, and makes or migrates the tables. Errors: those of Database::open and migrate, "config.other_archive".
    static Result<std::unique_ptr<Store>> open(const StoreOptions& options);

    [[nodiscard]] Database& database() { return *db_; }
    [[nodiscard]] bool is_new() const { return new_; } ///< The tables were made by this open.

    // ---- inventory: rows of the catalogue by 档号 ----
    struct InventoryRow {
        Entry entry;
        int import_id = 0;
    };
    Result<std::optional<InventoryRow>> inventory_row(const std::string& code); ///< By folded 档号.
    /// By folded 档号; what is not there is absent.
    Result<std::unordered_map<std::string, InventoryRow>> inventory_rows(const std::vector<std::string>& folded);
    Result<std::vector<Entry>> inventory_of_volumes(const std::vector<std::string>& folded_volumes);
    Result<std::int64_t> inventory_size();
    /// Writes or overwrites by 档号. In a transaction of its own, or part of the caller's.
    Result<void> put_inventory(const std::vector<InventoryRow>& rows);

    // ---- imports ----
    Result<std::vector<ImportRecord>> imports(); ///< By id.
    Result<void> put_import(const ImportRecord& record, const std::vector<ImportedRow>& rows);
    Result<std::vector<ImportedRow>> import_rows(int import_id); ///< By sheet and row.
    Result<std::optional<HeadingMap>> saved_mapping(const std::string& signature);
    Result<void> save_mapping(const std::string& signature, const HeadingMap& headings, const std::string& now);

    // ---- items ----
    Result<void> put_items(const std::vector<ItemRecord>& items);  ///< Replaces items of the same id, with their pages.
    Result<std::optional<ItemRecord>> item(const std::string& id); ///< Without pages.
    /// By id, 档号 (folded), provisional name, or a former 档号, in this order.
    Result<std::vector<std::string>> find_items(const std::string& text);
    Result<std::vector<PageRecord>> pages(const std::string& item_id);
    Result<std::map<std::string, std::pair<int, std::string>>> item_versions(); ///< Id to version and digest.
    Result<void> remove_items(const std::vector<std::string>& ids);

    // ---- the whole ----
    Result<std::string> meta(const std::string& name); ///< "" when not set.
    Result<void> set_meta(const std::string& name, const std::string& value);
    Result<void> clear(); ///< Empties all content tables.
    /// Every row of every content table in a fixed order, as lines of JSON: equal stores give equal lines.
    Result<std::vector<std::string>> dump();

  private:
    explicit Store(std::unique_ptr<Database> db) : db_(std::move(db)) {}
    Result<void> items_changed(); ///< Counts up meta "items": what is made from the items knows that it is behind.
    std::unique_ptr<Database> db_;
    bool new_ = false;
};

/// The inventory as stages see it. Rows are read when asked for and kept. Errors of the database are kept in error() and
/// the row counts as absent.
class StoreView final : public CatalogueView {
  public:
    explicit StoreView(Store& store) : store_(store) {}
    [[nodiscard]] const std::map<std::string, std::string>* find(std::string_view reference_code) const override;
    [[nodiscard]] std::optional<Error> error() const;
    /// Runs `work` while no lookup uses the store.
    void exclusively(const std::function<void()>& work) const;

  private:
    Store& store_;
    mutable std::mutex mutex_;
    mutable std::unordered_map<std::string, std::optional<Fields>> known_;
    mutable std::optional<Error> error_;
};

} // namespace recto::catalogue
