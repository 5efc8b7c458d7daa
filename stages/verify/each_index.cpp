#include "stages/verify/each_index.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace recto::verify {

int thread_count(int wanted) {
    return wanted > 0 ? wanted : static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 8U));
}

void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    const auto run = [&] {
        for (std::size_t i = next++; i < count; i = next++) work(i);
    };
    const auto wanted = static_cast<std::size_t>(thread_count(threads));
    std::vector<std::jthread> pool;
    for (std::size_t t = 1; t < std::min(wanted, count); ++t) pool.emplace_back(run);
    run();
}

} // namespace recto::verify
