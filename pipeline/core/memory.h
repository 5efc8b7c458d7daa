#pragma once

/// How a process of ours takes memory from the system; set once, before the first thread.

namespace recto {

/// Memory that a worker frees goes back to the system, arenas do not multiply with threads (the figures of a long run stay flat),
/// and pixels of cv::Mat lie in large pages where the kernel has them: a fresh picture of a page then costs five faults
/// instead of two thousand. Call once at the start of main(), on its thread.
void set_up_memory();

} // namespace recto
