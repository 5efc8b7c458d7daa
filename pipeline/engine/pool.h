#pragma once

/// Worker threads over one priority queue. Lower numbers run first; within a priority, first come first served.
/// With 0 workers it is the serial form: nothing runs until the owner calls run_one(), on the owner's thread.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace recto {

/// Priorities of the engine's tasks. Treatment comes first, because its findings are wanted while the paper is at hand;
/// joining comes before reading, because it lets an item leave memory.
enum class Priority : int { Treat = 0, Join = 1, ReadPermanent = 2, Read = 3 };

class Pool {
  public:
    using Task = std::function<void(int worker)>; ///< `worker`: 0 to workers-1 (0 in the serial form). Must not throw.

    /// `on_start` runs first on every worker thread (thread-local settings such as OpenMP's).
    Pool(std::string name, int workers, std::function<void(int worker)> on_start = {});
    ~Pool(); ///< Drops queued tasks, waits for running ones.
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    void submit(Priority priority, Task task); ///< Any thread, also from inside a task.
    void drop_queued();                        ///< Forgets what has not begun. Any thread.
    /// Serial form only: runs the next task on the calling thread; false when there is none.
    bool run_one();
    [[nodiscard]] bool is_serial() const { return threads_.empty(); }
    [[nodiscard]] int workers() const { return threads_.empty() ? 1 : static_cast<int>(threads_.size()); }
    [[nodiscard]] std::size_t queued() const;
    struct Waiting {
        std::size_t length = 0;
        double oldest_seconds = 0; ///< Since the first of them was submitted.
    };
    [[nodiscard]] Waiting waiting(Priority priority) const; ///< Any thread.

  private:
    mutable std::mutex mutex_;
    std::condition_variable_any ready_;
    struct Entry {
        Task task;
        std::chrono::steady_clock::time_point since;
    };
    std::map<std::pair<int, std::uint64_t>, Entry> queue_;
    std::uint64_t sequence_ = 0;
    std::vector<std::jthread> threads_;
    void work(std::stop_token stop, int worker);
};

} // namespace recto
