#pragma once

/// The main job: deliveries in, verified versions in the archive out. This header is what the command line calls; the
/// way of the data is in run.cpp, top to bottom.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/clock.h"
#include "pipeline/core/stage.h"
#include "pipeline/engine/archive.h"
#include "pipeline/engine/journal.h"
#include "pipeline/engine/progress.h"
#include "pipeline/engine/run_status.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/ocfl.h"

namespace recto {

inline const Setting<std::int64_t> kPageTimeLimit{
    "engine.page_time_limit",
    300,
    {5, 86400},
    "Seconds that one page may take in a stage before it is given up with an error.",
    "一页在一个阶段中允许的最长时间(秒),超过即记为错误。"};
inline const Setting<std::int64_t> kTreatAhead{
    "engine.treat_ahead",
    4000,
    {1, 1000000},
    "Images treated ahead of reading; findings come early, memory grows by about 10 kB an image.",
    "在识别之前预先处理的图像数;越大则发现问题越早,每幅约占 10 kB 内存。"};
inline const Setting<std::int64_t> kMinFree{"engine.min_free",
                                            256,
                                            {1, 1000000},
                                            "Free space below which the run pauses, MiB.",
                                            "剩余空间低于此值(MiB)时暂停运行。"};
inline const Setting<std::int64_t> kDiskWait{
    "engine.disk_wait",
    60,
    {0, 86400},
    "Seconds to wait for space on a full disk before the run ends with exit code 75.",
    "磁盘已满时等待空间的秒数,之后以退出码 75 结束。"};
/// All of the engine's settings.
[[nodiscard]] std::vector<const SettingBase*> engine_settings();

/// What intake planned, as the engine sees it.
struct BatchDelivery {
    std::string name, path, kind;
    std::vector<std::string> files;
    bool is_input = false;
};
/// A file of a delivery after treatment: a source, or why it is none.
struct TreatedFile {
    Source source; ///< When `error` is set: path, names, and digest where the bytes could be read.
    std::vector<ImageTreatment> treatments; ///< One an image; an entry without pages stands for one that failed.
    std::map<int, Error> image_errors;      ///< By image index.
    std::optional<Error> error;             ///< The whole file could not be read.
};
struct BatchPlan {
    std::vector<BatchDelivery> deliveries;
    std::vector<Finding> skipped;
    std::vector<Error> errors;
};

struct ItemReport;
/// The stages before and between the page stages, which the engine does not know by name: the command line wires them.
struct RunHooks {
    std::function<Result<BatchPlan>(const std::vector<std::string>& inputs)> plan;
    std::function<Result<Source>(const std::string& path, Journal& journal)> take;
    std::function<std::vector<BatchDelivery>(const BatchDelivery&, const std::vector<int>& image_counts)> refine;
    std::function<Result<Raster>(const Source& source, int index)> decode;
    /// Items of a delivery, pages with an error for what could not be read. Pure: the same input, the same items.
    std::function<std::vector<Item>(const BatchDelivery&, std::vector<TreatedFile>)> group;
    std::function<void(Item&)> classify; ///< After reading, before the item stages.
    /// What people changed in the stored version (item.json) is put on the item that the delivery gave, so that a later run
    /// does not undo it. May be empty.
    std::function<Result<void>(Item&, const nlohmann::json& stored,
                               const std::function<Result<std::string>(const std::string&)>& content_path)>
        put_edits_on;
    /// Values that a person gave with the delivery are put on the item as the two before left it; true when that changed it.
    /// They are no part of the item's key, as edits are none. May be empty.
    std::function<Result<bool>(Item&)> put_given_on;
    std::function<void(const Item&)>
        on_item; ///< An item is done (stored, unchanged, held or failed); one call at a time.
    std::function<void(const ItemReport&)>
        on_stored; ///< The item's head version is in storage; behind on_item, one call at a time.
    std::function<std::string()> group_fingerprint; ///< Settings and version of grouping: part of keys.
    std::function<void(const RunEvent&)> on_event;  ///< For a log; any thread, must not throw. May be empty.
    /// Runs a suspect task alone in a child process: request JSON in, result JSON out. Errors: "run.suspect".
    std::function<Result<nlohmann::json>(const nlohmann::json& request)> run_alone;
};

struct RunOptions {
    std::vector<std::string> inputs;
    std::string archive;
    std::string work;       ///< Work folder; empty = <archive>/work.
    int jobs = 0;           ///< Workers; 0 = one a processor.
    bool serial = false;    ///< Everything on the calling thread, in a fixed order: for debugging.
    std::size_t memory = 0; ///< Bytes for page work; 0 = half of physical memory.
    bool fresh = false, dry_run = false;
    /// Asked before each piece of work begins, from any thread. Once it says no nothing begins any more: what is in work
    /// is finished, the run ends with exit code 75 and `stopped` "window". Empty: always yes.
    std::function<bool()> may_start;
    std::string run_id;        ///< Name of the report folder.
    nlohmann::json provenance; ///< Agent, build, CPU, settings, models, repository: goes into item.json.
};

/// A page in the report.
struct PageReport {
    int order = 0, serial = 0;
    std::string id, source, page_class, state;
    int image = 0; ///< Image in the source, from 1.
    double confidence = 0, skew_deg = 0;
    int orientation_deg = 0;
    int characters = 0; ///< Read on the page, without spaces.
    double sharpness = 0, contrast = 0, ink_ratio = 0;
    double width_mm = 0, height_mm = 0; ///< Of the page after treatment; 0 when unknown.
    /// Results of the stages that work for reports, by name: "preview" {"file"}, "proof" {"file", "lines"}.
    std::map<std::string, nlohmann::json> work_results;
    std::string scan_picture; ///< Small JPEG of the scan as it came; may be gone.
    std::vector<Finding> findings;
    std::string error_code, error_reason;
};
/// What item and page know; pictures and work results are the caller's.
[[nodiscard]] PageReport page_report(const Item& item, const Page& page);

struct ItemReport {
    std::string id, reference_code, name, title, state; ///< "stored", "unchanged", "held", "failed".
    std::string object_path, version, reason;
    int expected_pages = -1, counted_pages = 0;
    std::vector<Finding> findings;
    std::vector<PageReport> pages;
};

struct RunReport {
    std::string run_id, started, ended;
    int files = 0, images = 0, pages = 0, pages_failed = 0, pages_reused = 0;
    std::vector<ItemReport> items;
    std::vector<Finding> skipped;
    std::vector<Error> errors; ///< Of files and folders that gave no page.
    std::vector<StageTimes> stages;
    double wall_seconds = 0, cpu_seconds = 0;
    std::size_t peak_bytes = 0; ///< Resident memory of this process.
    int exit_code = 0;          ///< 0, 1, 65, 66, 70 or 75 as the command line contract says.
    std::string stopped;        ///< Why it ended early, "" when it did not: "signal", "disk", "window", "internal".
    RunLeft left;               ///< What was not begun when it ended early.
};
void to_json(nlohmann::json& j, const RunReport& r);

/// One run. The archive's lock is held by the caller. Call execute() once; request_stop() from any thread.
class Run {
  public:
    Run(RunOptions options, RunHooks hooks, StageList& stages, const Settings& settings, const CatalogueView& catalogue,
        std::shared_ptr<FileSystem> fs, std::shared_ptr<const Clock> clock, Progress& progress);
    ~Run();
    Result<RunReport> execute();
    /// Starts nothing new, finishes what is in work, and ends with exit code 75. Asked a second time: leaves the pages in work,
    /// too, for the next run.
    void request_stop();
    /// How it stands; any thread, before, during and after execute().
    [[nodiscard]] RunStatus status() const;
    /// Forgets marks of work in progress, for an interruption that ends the process at once.
    void abandon();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Key under which a run keeps the treatment of image `index` of a file with this digest. `treatment` is open.
[[nodiscard]] std::string treatment_key(const Stage& treatment, const Settings& settings, std::string_view sha512,
                                        int index);

/// The request for page stages in a process of their own. `stages`: [{stage, folder}]; `results`: what stages before them gave,
/// by name. The page's source is the item's.
[[nodiscard]] nlohmann::json alone_request(const Item& item, const Page& page, nlohmann::json stages,
                                           nlohmann::json results);

/// Executes a suspect's request in this process; what `recto _alone` calls. `decode` as in RunHooks.
Result<nlohmann::json> execute_alone(const nlohmann::json& request, StageList& stages, const Settings& settings,
                                     const std::function<Result<Raster>(const Source&, int)>& decode);

} // namespace recto
