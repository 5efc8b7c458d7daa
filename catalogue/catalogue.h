#pragma once

/// The catalogue as delivered: rows by 档号, with English ids for their fields. Every row of the file is kept or
/// refused with row, column and reason. Immutable after reading; find() may be called from any thread.

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pipeline/core/finding.h"
#include "pipeline/core/settings.h"
#include "pipeline/core/stage.h"
#include "pipeline/files/file_system.h"

namespace recto::catalogue {

inline const Setting<std::string> kColumns{
    "catalogue.columns", std::string(),
    "Further headings: heading=id pairs separated by semicolons, e.g. \"归档编码=reference_code\".",
    "补充的表头对照:以分号分隔的“表头=标识”,如“归档编码=reference_code”。"};
[[nodiscard]] std::vector<const SettingBase*> settings();

/// One catalogue row.
struct Entry {
    int row = 0;      ///< Row of the sheet, from 1.
    std::string code; ///< 档号, NFC and trimmed, otherwise as written.
    /// Values as written (NFC, trimmed) by English id ("title", "page_count", ...); columns we do not know by their heading.
    std::map<std::string, std::string> fields;
};

/// Something to say about a row or a column.
struct Remark {
    int row = 0;
    std::string column; ///< Heading as written; empty when the whole row is meant.
    std::string code;   ///< "catalogue.duplicate", "catalogue.no_code", "catalogue.too_many_cells", ...
    std::vector<std::string> args;
    bool refused = false;                  ///< The row is not in the catalogue.
    [[nodiscard]] Finding finding() const; ///< Sentence with row and column in front.
};

class Catalogue final : public CatalogueView {
  public:
    Catalogue() = default; ///< No rows.
    /// Errors: those of read_csv, "catalogue.no_code_column", "catalogue.bad_columns" (the setting).
    static Result<Catalogue> from_csv(std::string_view bytes, const std::string& file, const Settings& settings = {});
    static Result<Catalogue> load(const std::string& path, FileSystem& fs, const Settings& settings = {});

    /// Exact, after NFC and trimming; else the row whose folded 档号 (codes.h) is equal.
    [[nodiscard]] const std::map<std::string, std::string>* find(std::string_view reference_code) const override;
    [[nodiscard]] const Entry* entry(std::string_view reference_code) const;
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; } ///< In the file's order.
    [[nodiscard]] const std::vector<Remark>& remarks() const { return remarks_; }
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& columns() const {
        return columns_;
    } ///< Heading, id.

  private:
    std::vector<Entry> entries_;
    std::vector<Remark> remarks_;
    std::vector<std::pair<std::string, std::string>> columns_;
    std::unordered_map<std::string, std::size_t> exact_, folded_; ///< Index into entries_.
};

/// English id of a heading: Chinese ("题名", "文件 题名(正)"), an English id, or a pinyin code ("TM"); "" when unknown.
[[nodiscard]] std::string field_of_heading(std::string_view heading);

} // namespace recto::catalogue
