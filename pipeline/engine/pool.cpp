#include "pipeline/engine/pool.h"

#include <pthread.h>

namespace recto {

Pool::Pool(std::string name, int workers, std::function<void(int)> on_start) {
    threads_.reserve(static_cast<std::size_t>(workers));
    for (int i = 0; i < workers; ++i)
        threads_.emplace_back([this, i, name, on_start](std::stop_token stop) {
            pthread_setname_np(pthread_self(), (name + std::to_string(i)).substr(0, 15).c_str());
            if (on_start) on_start(i);
            work(std::move(stop), i);
        });
}

Pool::~Pool() {
    drop_queued();
    for (auto& t : threads_) t.request_stop();
    ready_.notify_all();
}

void Pool::submit(Priority priority, Task task) {
    {
        const std::lock_guard lock(mutex_);
        queue_.emplace(std::pair{static_cast<int>(priority), sequence_++},
                       Entry{std::move(task), std::chrono::steady_clock::now()});
    }
    ready_.notify_one();
}

void Pool::drop_queued() {
    decltype(queue_) dropped; // destroyed outside the lock: a task may own much
    const std::lock_guard lock(mutex_);
    dropped.swap(queue_);
}

std::size_t Pool::queued() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

Pool::Waiting Pool::waiting(Priority priority) const {
    const std::lock_guard lock(mutex_);
    const int p = static_cast<int>(priority);
    const auto first = queue_.lower_bound({p, 0}), last = queue_.lower_bound({p + 1, 0});
    if (first == last) return {};
    return {static_cast<std::size_t>(std::distance(first, last)),
            std::chrono::duration<double>(std::chrono::steady_clock::now() - first->second.since).count()};
}

bool Pool::run_one() {
    Task task;
    {
        const std::lock_guard lock(mutex_);
        if (queue_.empty()) return false;
        task = std::move(queue_.begin()->second.task);
        queue_.erase(queue_.begin());
    }
    task(0);
    return true;
}

void Pool::work(std::stop_token stop, int worker) {
    for (;;) {
        Task task;
        {
            std::unique_lock lock(mutex_);
            if (!ready_.wait(lock, stop, [&] { return !queue_.empty(); }) || stop.stop_requested()) return;
            task = std::move(queue_.begin()->second.task);
            queue_.erase(queue_.begin());
        }
        task(worker);
    }
}

} // namespace recto
