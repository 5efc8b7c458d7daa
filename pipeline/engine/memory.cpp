#include "pipeline/engine/memory.h"

#include <algorithm>

#include "pipeline/engine/limits.h"

namespace recto {

MemoryBudget::Lease& MemoryBudget::Lease::operator=(Lease&& other) noexcept {
    if (this != &other) {
        release();
        owner_ = other.owner_;
        bytes_ = other.bytes_;
        other.owner_ = nullptr;
    }
    return *this;
}

void MemoryBudget::Lease::release() {
    if (!owner_) return;
    {
        const std::lock_guard lock(owner_->mutex_);
        owner_->used_ -= bytes_;
    }
    owner_->freed_.notify_all();
    owner_ = nullptr;
}

MemoryBudget::Lease MemoryBudget::lease(std::size_t bytes, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const bool ok =
        freed_.wait(lock, stop, [&] { return used_ == 0 || (bytes <= budget_ && used_ <= budget_ - bytes); });
    if (!ok) return {};
    used_ += bytes;
    highest_ = std::max(highest_, used_);
    return {this, bytes};
}

std::size_t MemoryBudget::in_use() const {
    const std::lock_guard lock(mutex_);
    return used_;
}
std::size_t MemoryBudget::highest() const {
    const std::lock_guard lock(mutex_);
    return highest_;
}

std::size_t physical_memory() { return static_cast<std::size_t>(machine_limits().memory); }

} // namespace recto
