#pragma once

/// What the commands that change stored items share: their arguments, the archive opened for a change, and how a change is
/// recorded and told.

#include <memory>
#include <string>
#include <vector>

#include "amend/amend.h"
#include "cli/archive_access.h"
#include "cli/cli.h"
#include "cli/run_store.h"
#include "pipeline/files/decode.h"

namespace recto::cli {

struct AmendArguments {
    std::string archive, item, page, file, who, reason;
    bool before = false, json = false, sheet = false;
    CaptureFacts capture;
    SettingsOptions settings;
};

/// Of the user who runs the program; "unknown" when the system has none.
[[nodiscard]] std::string user_name();

/// An archive opened, and locked, for changing its items: everything amend::Workshop refers to.
class OpenWorkshop {
  public:
    /// `scans`: pages are treated and read, so those stages are opened too, for `workers` threads. `what`: of the lock,
    /// "recto replace".
    static Result<std::unique_ptr<OpenWorkshop>> open(const AmendArguments& a, const std::string& what, bool scans,
                                                      int workers = 1);

    amend::Workshop& shop() { return *shop_; }
    FileSystem& fs() { return *shop_->fs; }
    OpenArchive& archive() { return *archive_; }
    ~OpenWorkshop();
    OpenWorkshop(const OpenWorkshop&) = delete;
    OpenWorkshop& operator=(const OpenWorkshop&) = delete;

    /// UUID of an item called by 档号 or UUID; "amend.no_item", also when two items have that 档号.
    [[nodiscard]] Result<std::string> find(const std::string& wanted) const;

    /// Index and event log follow a new version. What fails here is told; the version stands.
    void record(const char* event, const amend::Outcome& out, nlohmann::json details);

  private:
    OpenWorkshop() = default;
    Settings settings_;
    StageList stages_;
    std::unique_ptr<OpenArchive> archive_;
    std::unique_ptr<RunStore> catalogue_;
    std::unique_ptr<OcflStore> store_;
    std::vector<IndexRow> index_;
    std::unique_ptr<Decoder> decoder_;
    std::shared_ptr<const Clock> clock_;
    std::unique_ptr<amend::Workshop> shop_;
    bool begun_ = false;
};

/// For --json.
[[nodiscard]] nlohmann::json outcome_json(const amend::Outcome& out);
/// Warnings and worse, and that the item is held, on stderr.
void tell(const amend::Outcome& out);

} // namespace recto::cli
