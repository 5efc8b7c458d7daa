#pragma once

/// The catalogue as delivered: rows by 档号, with English ids for their fields. Every row of the file is kept, merged
/// into an earlier one or refused with row, column and reason. Immutable after reading; find() may be called from any thread.

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalogue/rows.h"
#include "pipeline/core/settings.h"
#include "pipeline/core/stage.h"
#include "pipeline/files/file_system.h"

namespace recto::catalogue {

[[nodiscard]] std::vector<const SettingBase*> settings();

class Catalogue final : public CatalogueView {
  public:
    Catalogue() = default; ///< No rows.
    /// Errors: those of read_csv, "catalogue.no_code_column", "catalogue.bad_columns" (the setting).
    static Result<Catalogue> from_csv(std::string_view bytes, const std::string& file, const Settings& settings = {});
    /// The same of CSV or XLSX, all sheets of it that have a 档号 column. Errors: those of read_workbook as well.
    static Result<Catalogue> from_bytes(std::string_view bytes, const std::string& file, const Settings& settings = {});
    /// Of rows that were read before; their 档号 are unique.
    static Catalogue from_entries(std::vector<Entry> entries);
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
    static Result<Catalogue> from_workbook(const Workbook& book, const std::string& file, const Settings& settings);
    void add(ReadRow&& row);
    std::vector<Entry> entries_;
    std::vector<Remark> remarks_;
    std::vector<std::pair<std::string, std::string>> columns_;
    std::unordered_map<std::string, std::size_t> exact_, folded_; ///< Index into entries_.
};

/// Merges `later` into `earlier` (same 档号) and says so, or says why it is refused.
[[nodiscard]] Remark merge_remark(const Entry& later, Entry& earlier);
/// "catalogue.no_code_column" with the first row of the file.
[[nodiscard]] tl::unexpected<Error> no_code_column(const Workbook& book, const std::string& file);

} // namespace recto::catalogue
