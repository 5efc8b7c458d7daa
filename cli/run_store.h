#pragma once

/// The catalogue store during a run: rows for the stages, items as they get stored, 档号 that people gave.

#include <memory>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/reconcile.h"
#include "catalogue/store.h"
#include "cli/archive_access.h"
#include "pipeline/core/item.h"
#include "pipeline/engine/run.h"
#include "pipeline/files/ocfl.h"

namespace recto::cli {

class RunStore {
  public:
    /// Opens the store of a locked archive and imports `list` (when not empty), whose values beat earlier ones.
    static Result<std::unique_ptr<RunStore>> open(OpenArchive& archive, const std::string& list,
                                                  const std::string& operator_name, const Settings& settings);
    [[nodiscard]] const CatalogueView& view() const { return *view_; } ///< Any thread.
    [[nodiscard]] bool has_catalogue() const { return has_catalogue_; }

    /// Until end() the store counts as behind, so that a death in between is made good.
    Result<void> begin(const std::string& run);
    Result<void> end(); ///< The first error that was met in between, if any; the store then stays behind.

    void take(const std::string& id);                   ///< Its head version, from storage. Any thread.
    void keep_assigned_codes(std::vector<Item>& items); ///< Any thread.

    /// The rows of these items, and of what is not stored yet of the same volumes.
    Result<catalogue::Catalogue> rows_for(const std::vector<catalogue::ScannedItem>& items);

  private:
    RunStore(std::unique_ptr<catalogue::Store> store, const ArchivePaths& paths)
        : store_(std::move(store)), view_(std::make_unique<catalogue::StoreView>(*store_)), fs_(posix_file_system()),
          objects_(fs_, paths.storage()), paths_(paths) {}
    std::unique_ptr<catalogue::Store> store_;
    std::unique_ptr<catalogue::StoreView> view_;
    std::shared_ptr<FileSystem> fs_;
    OcflStore objects_;
    ArchivePaths paths_;
    std::map<std::string, std::pair<int, std::string>> versions_;
    std::optional<Error> error_;
    bool has_catalogue_ = false;
};

} // namespace recto::cli
