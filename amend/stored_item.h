#pragma once

/// From a stored version to an item as the item stages want it, and back as the next version. Inner part of amend/.

#include "amend/amend.h"

namespace recto::amend {

/// Sets what the item stages need besides load_item: page images out of the PDF into `staging`, files of pages with the
/// time they were made, grouping's checks ready to be made again.
Result<void> prepare(Workshop& shop, StoredItem& stored, const std::string& staging);

/// The ledger's entry for what is asked, without its particulars.
nlohmann::json edit_of(const char* kind, Workshop& shop, const Request& request);

/// Reads and encodes one page, as a run's page stages do. The item holds the page already.
Result<void> read_page(Workshop& shop, Item& item, Page& page, const std::string& staging);

/// Runs classification and the item stages and stores the next version with `edit` in the ledger.
Result<Outcome> commit(Workshop& shop, StoredItem& stored, const nlohmann::json& edit, const std::string& staging);

/// A folder for files under way that goes when this goes.
class Staging {
  public:
    Staging(Workshop& shop, const std::string& id)
        : fs_(*shop.fs), path_(join_path(join_path(shop.work, "amend"), id)) {}
    ~Staging() { (void)fs_.remove_tree(path_); }
    Staging(const Staging&) = delete;
    Staging& operator=(const Staging&) = delete;
    Result<void> make() {
        RECTO_TRY(fs_.remove_tree(path_));
        return fs_.make_folders(path_);
    }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    FileSystem& fs_;
    std::string path_;
};

/// The outcome as it stands without a new version.
[[nodiscard]] Outcome outcome_of(const StoredItem& stored);

} // namespace recto::amend
