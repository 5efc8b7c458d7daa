#pragma once

/// The work of `recto ocr`: pages of several items read side by side, items stored one after the other.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "amend/reread.h"
#include "amend/stored_item.h"
#include "cli/amend_workshop.h"
#include "pipeline/engine/journal.h"
#include "pipeline/engine/memory.h"
#include "pipeline/engine/pool.h"
#include "pipeline/engine/progress.h"

namespace recto::cli {

/// One call. run() and what it leaves behind belong to the thread that made it.
class Rereader {
  public:
    struct Asked {
        std::string who, reason;
        bool only_missing = false;
    };

    /// The references outlive it; the workshop is open with all stages.
    Rereader(Asked asked, OpenWorkshop& workshop, Journal& journal, Progress& progress, int workers);

    /// Reads and stores the items with these ids. False: it ended before all was done (request_stop, full disk); what was
    /// read of an item that is not whole is remembered, and the next call goes on from there.
    bool run(const std::vector<std::string>& items);
    void request_stop() { stop_ = true; } ///< Any thread.

    nlohmann::json results = nlohmann::json::array();            ///< An object an item, as --json has them.
    std::vector<std::pair<std::string, amend::RereadPage>> rows; ///< With the item's name.
    int items_changed = 0, items_failed = 0;

  private:
    struct Job {
        amend::StoredItem stored;
        std::vector<std::size_t> pages;
        std::vector<std::optional<Result<PageReading>>> texts; ///< As `pages`.
        std::atomic<int> left{0};
    };

    amend::Workshop& shop() { return workshop_.shop(); }
    void take(const std::string& id, Pool& pool);
    void read(Job& job, std::size_t k, int worker);
    std::optional<Result<PageReading>> known(const std::string& key);
    Result<PageReading> read_now(const Item& item, const Page& page, const std::string& key, int worker);
    Result<PageReading> read_alone(const Item& item, const Page& page, const std::string& folder);
    void finish(Job& job);
    void note(const Error& e) { progress_.note("recto: " + e.to_string()); }

    const Asked asked_;
    OpenWorkshop& workshop_;
    Journal& journal_;
    Progress& progress_;
    const int workers_;
    MemoryBudget memory_;
    PageStage* reading_ = nullptr;
    std::vector<std::unique_ptr<PageWorker>> benches_; ///< By worker; each used on its own thread.
    std::deque<std::unique_ptr<Job>> jobs_;            ///< In order; only the owner's thread adds and takes.
    std::vector<std::unique_ptr<Job>> left_;           ///< Not finished; they live as long as tasks might look at them.
    std::mutex mutex_;                                 ///< Guards busy_ and the texts.
    std::condition_variable done_;
    int busy_ = 0;
    std::atomic<int> waiting_{0};
    std::atomic<bool> stop_{false};
};

} // namespace recto::cli
