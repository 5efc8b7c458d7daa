#pragma once

/// Inner state of a run, shared by the order of tasks (run.cpp, run_items.cpp) and the work of a task (run_images.cpp,
/// run_tasks.cpp). Not for others.

#include <list>
#include <optional>

#include "pipeline/core/cpu_time.h"
#include "pipeline/engine/memory.h"
#include "pipeline/engine/pool.h"
#include "pipeline/engine/run.h"

namespace recto {

/// A file of a delivery with the keys of its images' treatments. Several threads fill it, each its own image's place.
struct TakenFile {
    TreatedFile file;
    std::vector<std::string> treat_keys;            ///< One an image.
    std::vector<std::optional<Error>> image_errors; ///< Likewise.
};

struct DeliveryState {
    BatchDelivery plan;
    std::vector<TakenFile> files;
    std::atomic<int> pending{0}; ///< Files to take, then images to treat.
    std::size_t order = 0;       ///< Place in the plan; parts of a split delivery share it.
    int images = 0;
};

struct PageState {
    std::string base_key;
    std::vector<std::string> stage_keys;                ///< Parallel to StageList::pages.
    std::map<std::string, nlohmann::json> work_results; ///< Of the stages that work for reports, by name.
    std::string scan_picture; ///< The scan as it came, small, in the work folder; may be gone.
};

struct ItemState {
    DeliveryState* delivery = nullptr;
    Item item;
    std::vector<PageState> pages; ///< Parallel to item.pages.
    std::atomic<int> pending{0};
    std::string key;
    bool permanent = false;
    std::vector<std::vector<Finding>> grouped_findings; ///< Of the pages, before joining added its own.
    std::vector<Finding> item_findings;                 ///< Likewise of the item.
    ItemReport report;
};

struct Run::State {
    RunOptions options;
    RunHooks hooks;
    StageList& stages;
    const Settings& settings;
    const CatalogueView& catalogue;
    std::shared_ptr<FileSystem> fs;
    std::shared_ptr<const Clock> clock;
    Progress& progress;

    ArchivePaths paths;
    std::unique_ptr<Journal> journal;
    std::unique_ptr<OcflStore> store;
    std::unique_ptr<MemoryBudget> memory;
    mutable std::mutex mutex; ///< Guards the lists, the report, times and the window of open deliveries.
    std::list<DeliveryState> deliveries;
    std::list<ItemState> items;
    std::vector<BatchDelivery> waiting; ///< Planned, not opened yet, last first.
    int images_open = 0;
    std::atomic<int> outstanding{0}; ///< Tasks submitted and not ended.
    std::atomic<int> files_taken{0};
    std::atomic<bool> ending{false}; ///< A person asked for the end: pages in work are finished.
    std::atomic<bool> closed{false}; ///< Something was not admitted: nothing begins any more.
    RunStatus tally;                 ///< Pages and items that ended. Guarded by mutex.
    RunReport report;
    std::vector<IndexRow> index_rows;
    std::map<std::string, StageTimes> times;
    std::stop_source stop;
    std::mutex space_mutex; ///< One waiter polls the disk, the others wait for it.
    struct Busy {
        std::chrono::steady_clock::time_point since;
        std::string what;
    };
    std::map<int, Busy> busy; ///< By worker, for the watchdog. Guarded by mutex.

    /// Per worker thread: the stages' worker objects, made on first use.
    struct Bench {
        std::unique_ptr<ImageWorker> treatment;
        std::vector<std::unique_ptr<PageWorker>> pages;
    };
    std::vector<Bench> benches;
    mutable std::mutex pool_mutex; ///< Guards the pointers below against status().
    std::unique_ptr<Pool> cpu, io; ///< Last: their threads end before anything above goes.

    State(RunOptions o, RunHooks h, StageList& s, const Settings& se, const CatalogueView& c,
          std::shared_ptr<FileSystem> f, std::shared_ptr<const Clock> cl, Progress& p)
        : options(std::move(o)), hooks(std::move(h)), stages(s), settings(se), catalogue(c), fs(std::move(f)),
          clock(std::move(cl)), progress(p), paths(options.archive) {
        if (!options.work.empty()) paths.work = options.work;
    }

    // run.cpp: the order of things
    /// `begun`: the last step of work that has begun, so it is done after the window has closed too.
    void submit(Pool& pool, Priority priority, Pool::Task task, bool begun = false);
    bool admitted();
    void tell(const RunEvent& event) const {
        if (hooks.on_event) hooks.on_event(event);
    }
    void tell_error(std::string_view what, const Error& error, const Item* item = nullptr, const Page* page = nullptr);
    RunStatus status() const;
    void open_more();
    void open(BatchDelivery delivery);
    void taken(DeliveryState& d);
    void treated(DeliveryState& d);
    void start_item(ItemState& item);
    void set_page_keys(ItemState& item);
    bool put_edits_on(ItemState& item, const OcflState& head, const nlohmann::json& stored);
    bool put_given_on(ItemState& item, bool& changed);
    void pages_changed(ItemState& item);
    bool could_not(ItemState& item, const Error& error); ///< Always false.
    void page_done(ItemState& item);
    void finish_item(ItemState& item);
    void wait_until_done();
    bool stopping() const { return stop.stop_requested(); }

    // run_tasks.cpp: the work
    void take_file(DeliveryState& d, std::size_t file);
    void treat_image(DeliveryState& d, std::size_t file, int index, int worker);
    [[nodiscard]] std::string scan_picture(const std::string& treat_key) const; ///< Path of it.
    void keep_scan_picture(const std::string& treat_key, const Raster& raster);
    void work_page(ItemState& item, std::size_t page, int worker);
    void join_item(ItemState& item);
    void store_item(ItemState& item, std::vector<StagedFile> files, std::string staging);
    Result<void> page_stages(ItemState& item, std::size_t page, const std::vector<std::size_t>& missing, int worker);
    bool usable(const nlohmann::json& record, bool check_digest);
    bool wait_for_space();
    void add_time(std::string_view stage, double cpu, double wall, bool cached);
    std::string stage_key(const Stage& stage, const std::string& parent, const std::vector<std::string>& inputs) const;
    std::string item_key(const ItemState& item) const;
    std::string work_folder(const std::string& key) const;
    Limits limits() const;
};

/// Measures a block: cpu and wall seconds since construction.
struct Timer {
    std::chrono::steady_clock::time_point wall = std::chrono::steady_clock::now();
    double cpu = recto::cpu_seconds();
    [[nodiscard]] double wall_seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count();
    }
    [[nodiscard]] double cpu_seconds() const { return recto::cpu_seconds() - cpu; }
};

/// Of the decoded image, for its lease.
inline std::size_t raster_bytes(const ImageInfo& info) {
    return static_cast<std::size_t>(std::max(info.width, 1)) * static_cast<std::size_t>(std::max(info.height, 1)) *
           (info.samples >= 3 || info.photometric == "palette" ? 3 : 1);
}

/// The disk is full: waited for, no failure of a page.
inline bool is_full(const Error& e) { return e.code == "io.no_space"; }

/// Runs `f` and turns any exception into an Error of code "run.exception" for `stage`.
template <class F> auto guarded(std::string_view stage, F&& f) -> decltype(f()) {
    try {
        auto result = f();
        if (!result && result.error().stage.empty()) result.error().stage = stage;
        return result;
    } catch (const std::exception& e) {
        auto error = fail("run.exception", e.what());
        error.value().stage = stage;
        return error;
    } catch (...) {
        auto error = fail("run.exception", "unknown exception");
        error.value().stage = stage;
        return error;
    }
}

} // namespace recto
