#pragma once

/// One job after the other on several threads.

#include <cstddef>
#include <functional>

namespace recto::verify {

/// `wanted`, or for 0 and less as many as the machine has, at most 8.
[[nodiscard]] int thread_count(int wanted);
/// Calls `work` for 0 .. count - 1 on thread_count(threads) threads, this one among them; ends when all is done. `work` must not
/// throw.
void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t)>& work);

} // namespace recto::verify
