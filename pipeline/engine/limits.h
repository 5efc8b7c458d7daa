#pragma once

/// What this process may use of the machine: the smaller of the hardware and the limits of its control groups (systemd's
/// CPUQuota= and MemoryMax=, containers). Defaults of -j and --memory come from here.

#include <cstdint>
#include <string>

#include "pipeline/files/file_system.h"

namespace recto {

struct MachineLimits {
    double cpus = 1;                       ///< Processors, a part of one where a quota says so; at least 0.01.
    std::uint64_t memory = 0;              ///< Bytes.
    std::string cpu_source, memory_source; ///< The file that set the limit; empty when it is the hardware.
    [[nodiscard]] int workers() const;     ///< Whole workers that keep `cpus` busy: rounded up.
};

/// Reads /proc/self/cgroup and, from that group up to the root, cpu.max, memory.max and memory.high (version 2) or the
/// quota and limit files of version 1. What cannot be read limits nothing. `processors` and `bytes` are the hardware's.
[[nodiscard]] MachineLimits read_limits(FileSystem& fs, int processors, std::uint64_t bytes);
/// Of this process, now.
[[nodiscard]] MachineLimits machine_limits();

} // namespace recto
