#pragma once

/// Processor time of work, also of work that a thread has others do: a decoding child adds what it spent to the account of
/// the thread that waits for it.

namespace recto {

/// Processor seconds of the calling thread so far, with what was added to its account. Only differences mean anything.
[[nodiscard]] double cpu_seconds();

/// Adds what another process spent on behalf of the calling thread; nothing when negative.
void add_cpu_seconds(double seconds);

/// The sum of what was added, of all threads.
[[nodiscard]] double added_cpu_seconds();

/// Processor seconds of the process `pid` so far, its threads together, children of its own not; 0 when it is gone.
[[nodiscard]] double cpu_seconds_of(int pid);

} // namespace recto
