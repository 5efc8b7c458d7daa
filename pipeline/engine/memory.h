#pragma once

/// Admission by memory: a task leases its peak bytes before it starts and gives them back when it ends. A task larger
/// than the whole budget runs alone rather than never.

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>

namespace recto {

class MemoryBudget {
  public:
    explicit MemoryBudget(std::size_t bytes) : budget_(bytes) {}

    class Lease {
      public:
        Lease() = default;
        Lease(MemoryBudget* owner, std::size_t bytes) : owner_(owner), bytes_(bytes) {}
        Lease(Lease&& other) noexcept : owner_(other.owner_), bytes_(other.bytes_) { other.owner_ = nullptr; }
        Lease& operator=(Lease&& other) noexcept;
        ~Lease() { release(); }
        void release();

      private:
        MemoryBudget* owner_ = nullptr;
        std::size_t bytes_ = 0;
    };

    /// Waits until `bytes` fit (or nothing else is leased). An empty lease is returned when `stop` is requested.
    [[nodiscard]] Lease lease(std::size_t bytes, const std::stop_token& stop = {});
    [[nodiscard]] std::size_t in_use() const;
    [[nodiscard]] std::size_t budget() const { return budget_; }
    [[nodiscard]] std::size_t highest() const; ///< Largest sum of leases seen.

  private:
    mutable std::mutex mutex_;
    std::condition_variable_any freed_;
    std::size_t budget_, used_ = 0, highest_ = 0;
};

/// Physical memory of the machine (or of its cgroup when that is less), bytes.
[[nodiscard]] std::size_t physical_memory();

} // namespace recto
