#pragma once

/// The list of pages to scan again while the paper is at hand: rescan/<station>.csv in the archive for people, and beside it
/// <station>.jsonl, from which it is made. One thread.

#include <memory>
#include <string>
#include <vector>

#include "pipeline/core/finding.h"
#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

namespace recto::station {

struct RescanRow {
    std::string time, item, file, sha512, item_id, page_id;
    int image = 1;
    std::vector<Finding> findings; ///< Of severity Rescan and above.
    bool done = false;             ///< Scanned again.
};

class RescanList {
  public:
    /// `folder`: the archive's rescan/; `station`: "" is called "station".
    RescanList(std::shared_ptr<FileSystem> fs, const std::string& folder, const std::string& station);
    Result<void> load();
    /// A page to scan again; one that is listed already (same bytes and image) is not listed twice.
    Result<void> add(const RescanRow& row);
    /// The page has got its identity in the archive.
    Result<void> identify(const std::string& sha512, int image, const std::string& item_id, const std::string& page_id);
    /// It was scanned again.
    Result<void> resolve(const std::string& page_id);
    [[nodiscard]] const std::vector<RescanRow>& rows() const { return rows_; }
    [[nodiscard]] const std::string& csv_path() const { return csv_; }

  private:
    Result<void> apply(const std::string& line);
    Result<void> write(const std::string& line);
    std::shared_ptr<FileSystem> fs_;
    std::string csv_, log_;
    std::vector<RescanRow> rows_;
};

} // namespace recto::station
