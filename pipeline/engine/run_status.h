#pragma once

/// What a run tells while it goes on: single events for a log, and sums for metrics. Neither holds anything that was read
/// from a page: names, codes, identities and numbers only.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace recto {

/// One thing that happened. Passed by reference to RunHooks::on_event, from any worker thread.
struct RunEvent {
    enum class Level { Debug, Info, Warning, Error };
    Level level = Level::Info;
    /// "file.taken", "file.failed", "image.treated", "image.failed", "page.done", "page.failed", "item.<state>",
    /// "item.error", "run.paused", "run.resumed", "run.closing".
    std::string_view what{};
    std::string file{};                           ///< As delivered.
    int image = 0;                                ///< Within the file, from 1; 0 when the file is meant.
    std::string item{}, reference_code{}, page{}; ///< UUIDs and the 档号, where they are known.
    std::string stage{}, code{}, reason{};        ///< Of an error; `reason` is a library's, never text of a page.
    double seconds = 0;                           ///< Wall time of the work, 0 when it was reused or is unknown.
};

/// Sums of one stage, for the final table.
struct StageTimes {
    std::string name;
    std::int64_t calls = 0, cached = 0;
    double cpu_seconds = 0, wall_seconds = 0;
};

/// Work that was not begun.
struct RunLeft {
    int files = 0, images = 0, pages = 0, items = 0;
    [[nodiscard]] bool any() const { return files + images + pages + items > 0; }
};

struct QueueStatus {
    std::string name; ///< "treat", "join", "read_permanent", "read", "files".
    std::size_t length = 0;
    double oldest_seconds = 0; ///< How long its oldest task has waited.
};

/// Upper bounds of the classes in which confidences of read pages are counted; a last class takes the rest.
inline constexpr std::array<double, 9> kConfidenceBounds{0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99};

/// A consistent copy; plain value.
struct RunStatus {
    int files = 0, files_taken = 0, images = 0, images_treated = 0;
    int pages = 0, pages_done = 0, pages_failed = 0, pages_reused = 0;
    std::map<std::string, int> page_states; ///< "read", "blank", "not-machine-readable", "error": of ended items.
    std::map<std::string, int> item_states; ///< "stored", "unchanged", "held", "failed".
    std::map<std::string, int> errors;      ///< By code.
    std::vector<StageTimes> stages;
    std::vector<QueueStatus> queues;
    std::array<std::int64_t, kConfidenceBounds.size() + 1> confidence{};
    double confidence_sum = 0;
    RunLeft left;
};

} // namespace recto
