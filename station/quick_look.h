#pragma once

/// The look at a page as soon as it has arrived: digest, headers, treatment; its findings are wanted while the paper is at
/// hand. The treatment stays in the journal's records under the run's own key, so the run that follows does not treat again.
///
/// Threads of its own; results are fetched by the watcher's thread. A page that was in work when a watcher died is not tried
/// again here: the run tries it alone in a child.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/core/stage.h"
#include "pipeline/engine/journal.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/file_system.h"

namespace recto::station {

/// A page to look at.
struct LookRequest {
    std::string path, mark; ///< `mark`: file that is there while the page is in work.
    std::string claim, station, item, name;
    std::chrono::steady_clock::time_point arrived;
    const Settings* settings = nullptr; ///< Of the station.
    ImageStage* treatment = nullptr;    ///< Opened with them.
    CaptureFacts capture;
};

struct LookResult {
    LookRequest request;
    std::string sha512;
    std::vector<ImageTreatment> images;         ///< One an image.
    std::vector<std::vector<Finding>> findings; ///< Likewise, all of the image's.
    std::optional<Error> error;                 ///< The file cannot be used.
    bool suspect = false;                       ///< Not looked at: a watcher died over it.
};

class QuickLook {
  public:
    using Take = std::function<Result<Source>(const std::string& path, const CaptureFacts& capture)>;
    QuickLook(std::shared_ptr<FileSystem> fs, Decoder& decoder, std::unique_ptr<Journal> records, Take take,
              int threads);
    ~QuickLook();
    QuickLook(const QuickLook&) = delete;
    QuickLook& operator=(const QuickLook&) = delete;

    void submit(LookRequest request);
    std::vector<LookResult> results(); ///< What is ready.
    [[nodiscard]] std::size_t under_way();
    /// Called from a worker when a result is ready; to wake the watcher.
    std::function<void()> on_result;

  private:
    void work(std::stop_token stop);
    LookResult look(LookRequest request);
    std::shared_ptr<FileSystem> fs_;
    Decoder& decoder_;
    std::unique_ptr<Journal> records_;
    Take take_;
    std::mutex mutex_;
    std::condition_variable_any ready_;
    std::deque<LookRequest> queue_;
    std::vector<LookResult> results_;
    std::size_t under_way_ = 0;
    std::vector<std::jthread> threads_;
};

} // namespace recto::station
