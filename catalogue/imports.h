#pragma once

/// Import of a delivered sheet: planned (nothing changed), kept in the archive byte for byte together with how it was read
/// (catalogue/<nnnn>/, the authority), then applied to the store in one transaction. A death between the two is made good
/// by replay_imports, which is also how a store is made again. docs/FORMATS.md describes the folder.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalogue/store.h"
#include "pipeline/files/file_system.h"

namespace recto::catalogue {

struct ImportOptions {
    HeadingMap given;                ///< heading=id of this call.
    std::vector<std::string> sheets; ///< Names of the sheets to read; empty = all.
    std::string level;               ///< "item", "volume"; "" = found from the headings.
    bool update = false;             ///< Values of this file beat earlier ones instead of contradicting them.
    bool strict = false;             ///< Refuse the whole file when one row is refused ("catalogue.refused_rows").
    std::string operator_name, agent, now;
};

struct SheetPlan {
    std::string name;
    bool mapped = false; ///< False: no heading row was found, the sheet was passed over.
    SheetMapping mapping;
    int heading_row = 0; ///< Row of the sheet, from 1.
    int rows = 0;        ///< Rows below the headings.
};

/// What an import does, or did. Value.
struct ImportPlan {
    std::string file, format, encoding;
    std::string key; ///< SHA-256 of the bytes and of how they are read.
    std::vector<SheetPlan> sheets;
    std::vector<ImportedRow> rows;            ///< Every row, in the file's order.
    std::vector<Store::InventoryRow> changes; ///< What the inventory gets; import_id 0 = this import.
    int imported = 0, merged = 0, updated = 0, refused = 0;
    int id = 0;           ///< Number of the import; 0 while planned.
    bool already = false; ///< The same file was imported before; nothing was changed.
};

/// Errors: those of read_workbook, "catalogue.no_code_column", "catalogue.bad_columns", "catalogue.no_sheet" (a name in
/// `sheets`), "catalogue.unknown_field" (an id in `given`), "catalogue.refused_rows".
Result<ImportPlan> plan_import(Store& store, std::string_view bytes, const std::string& file, const Settings& settings,
                               const ImportOptions& options);

/// Plans, keeps and applies. `folder` is the archive's catalogue/. All or nothing: after an error nothing is kept.
Result<ImportPlan> import_file(Store& store, FileSystem& fs, const std::string& folder, std::string_view bytes,
                               const std::string& file, const Settings& settings, const ImportOptions& options);

/// Applies what lies in `folder` and the store does not have, oldest first; returns how many. Removes what a death in
/// mid-import left. "catalogue.behind" when the store lacks an import older than one that it has: rebuild it.
Result<int> replay_imports(Store& store, FileSystem& fs, const std::string& folder);

/// The list for people: one line a row with sheet, row, 档号, outcome, column and reason; CSV for Excel.
[[nodiscard]] std::string result_csv(const ImportPlan& plan, bool all_rows);
/// {"schema":1,"file","sheets":[...],"counts":{...},"rows":[...]}; rows only those with something to say unless `all_rows`.
[[nodiscard]] nlohmann::json result_json(const ImportPlan& plan, bool all_rows);

} // namespace recto::catalogue
