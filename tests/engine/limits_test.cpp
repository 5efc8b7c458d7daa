// Limits of control groups, read from a file system in memory laid out as the kernel lays it out.

#include "pipeline/engine/limits.h"

#include <gtest/gtest.h>

#include "pipeline/files/memory_file_system.h"

namespace recto {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

struct Machine {
    MemoryFileSystem fs;
    void file(const std::string& path, const std::string& text) {
        ASSERT_TRUE(fs.make_folders(parent_path(path)));
        ASSERT_TRUE(fs.write(path, text));
    }
    MachineLimits limits() { return read_limits(fs, 8, 32 * kGiB); }
};

TEST(Limits, WithoutGroupsItIsTheHardware) {
    Machine m;
    const auto l = m.limits();
    EXPECT_EQ(l.workers(), 8);
    EXPECT_EQ(l.memory, 32 * kGiB);
    EXPECT_TRUE(l.cpu_source.empty());
    EXPECT_TRUE(l.memory_source.empty());
}

TEST(Limits, AServiceOfSystemd) {
    Machine m;
    m.file("/proc/self/cgroup", "0::/system.slice/recto-night.service\n");
    m.file("/sys/fs/cgroup/system.slice/recto-night.service/cpu.max", "150000 100000\n");
    m.file("/sys/fs/cgroup/system.slice/recto-night.service/memory.max", "4294967296\n");
    m.file("/sys/fs/cgroup/system.slice/recto-night.service/memory.high", "max\n");
    const auto l = m.limits();
    EXPECT_DOUBLE_EQ(l.cpus, 1.5);
    EXPECT_EQ(l.workers(), 2) << "two workers keep one and a half processors busy";
    EXPECT_EQ(l.memory, 4 * kGiB);
    EXPECT_EQ(l.memory_source, "/sys/fs/cgroup/system.slice/recto-night.service/memory.max");
}

TEST(Limits, TheSmallestOfTheGroupsAboveHolds) {
    Machine m;
    m.file("/proc/self/cgroup", "0::/a.slice/b.service\n");
    m.file("/sys/fs/cgroup/a.slice/cpu.max", "300000 100000\n");
    m.file("/sys/fs/cgroup/a.slice/memory.high", "2147483648\n");
    m.file("/sys/fs/cgroup/a.slice/b.service/cpu.max", "max 100000\n");
    m.file("/sys/fs/cgroup/a.slice/b.service/memory.max", "8589934592\n");
    const auto l = m.limits();
    EXPECT_EQ(l.workers(), 3);
    EXPECT_EQ(l.memory, 2 * kGiB);
}

TEST(Limits, AContainerSeesItsLimitsAtTheRoot) {
    Machine m;
    m.file("/proc/self/cgroup", "0::/\n");
    m.file("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    m.file("/sys/fs/cgroup/memory.max", "1073741824\n");
    EXPECT_EQ(m.limits().workers(), 1);
    EXPECT_EQ(m.limits().memory, kGiB);
    m.file("/proc/self/cgroup", "0::/../../outside\n");
    EXPECT_EQ(m.limits().memory, kGiB);
}

TEST(Limits, VersionOne) {
    Machine m;
    m.file("/proc/self/cgroup", "4:cpu,cpuacct:/box\n3:memory:/box\n1:name=systemd:/box\n0::/\n");
    m.file("/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "400000\n");
    m.file("/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n");
    m.file("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "3221225472\n");
    m.file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"); // "none"
    EXPECT_EQ(m.limits().workers(), 4);
    EXPECT_EQ(m.limits().memory, 3 * kGiB);
}

TEST(Limits, WhatIsNoLimitLimitsNothing) {
    Machine m;
    m.file("/proc/self/cgroup", "0::/x\nrubbish\n");
    for (const char* text : {"max 100000\n", "", "-1 100000\n", "abc def\n", "0 0\n", "9900000 100000\n"}) {
        m.file("/sys/fs/cgroup/x/cpu.max", text);
        EXPECT_EQ(m.limits().workers(), 8) << text;
    }
    for (const char* text : {"max\n", "", "0\n", "-5\n", "many\n", "99999999999999\n"}) {
        m.file("/sys/fs/cgroup/x/memory.max", text);
        EXPECT_EQ(m.limits().memory, 32 * kGiB) << text;
    }
}

TEST(Limits, ThisMachineHasSome) {
    const auto l = machine_limits();
    EXPECT_GE(l.workers(), 1);
    EXPECT_GT(l.memory, std::uint64_t{64} << 20);
}

} // namespace
} // namespace recto
