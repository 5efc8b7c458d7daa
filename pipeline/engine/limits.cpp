#include "pipeline/engine/limits.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>
#include <thread>

#include <unistd.h>

namespace recto {
namespace {

constexpr std::string_view kRoot = "/sys/fs/cgroup";

std::optional<double> number(const std::string& word) {
    std::istringstream in(word);
    double value = 0;
    if (!(in >> value) || value <= 0) return std::nullopt; // "max", "-1" and rubbish limit nothing
    return value;
}

std::vector<std::string> words(FileSystem& fs, const std::string& path) {
    std::vector<std::string> out;
    const auto text = fs.read(path);
    if (!text) return out;
    std::istringstream in(*text);
    for (std::string w; in >> w;) out.push_back(w);
    return out;
}

void limit_cpu(MachineLimits& limits, std::optional<double> quota, std::optional<double> period,
               const std::string& path) {
    if (!quota || !period || *quota / *period >= limits.cpus) return;
    limits.cpus = std::max(0.01, *quota / *period);
    limits.cpu_source = path;
}

void limit_memory(MachineLimits& limits, std::optional<double> bytes, const std::string& path) {
    if (!bytes || *bytes >= static_cast<double>(limits.memory)) return;
    limits.memory = static_cast<std::uint64_t>(*bytes);
    limits.memory_source = path;
}

/// The group's folder and all above it up to `root`: a limit of any of them holds.
std::vector<std::string> folders_up(const std::string& root, std::string group) {
    std::vector<std::string> out;
    while (group.size() > 1 && group.back() == '/') group.pop_back();
    // Inside a container the path may be told from outside its root ("/../.."); only the root is seen then.
    if (group.find("..") != std::string::npos) group = "/";
    for (;;) {
        out.push_back(group == "/" || group.empty() ? root : root + group);
        const auto slash = group.rfind('/');
        if (slash == std::string::npos || group.size() <= 1) return out;
        group.resize(slash == 0 ? 1 : slash);
    }
}

} // namespace

int MachineLimits::workers() const { return std::max(1, static_cast<int>(std::ceil(cpus - 1e-9))); }

MachineLimits read_limits(FileSystem& fs, int processors, std::uint64_t bytes) {
    MachineLimits out;
    out.cpus = std::max(1, processors);
    out.memory = bytes;
    const auto membership = fs.read("/proc/self/cgroup");
    std::istringstream lines(membership ? *membership : std::string("0::/"));
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find(':');
        const auto second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const std::string group = line.substr(second + 1);
        if (controllers == ",,") {
            for (const auto& folder : folders_up(std::string(kRoot), group)) {
                const std::string cpu = join_path(folder, "cpu.max");
                if (const auto w = words(fs, cpu); w.size() == 2) limit_cpu(out, number(w[0]), number(w[1]), cpu);
                for (const char* name : {"memory.max", "memory.high"}) {
                    const std::string memory = join_path(folder, name);
                    if (const auto w = words(fs, memory); w.size() == 1) limit_memory(out, number(w[0]), memory);
                }
            }
            continue;
        }
        if (controllers.find(",cpu,") != std::string::npos)
            for (const auto& folder : folders_up(std::string(kRoot) + "/cpu", group)) {
                const std::string quota = join_path(folder, "cpu.cfs_quota_us");
                const auto q = words(fs, quota), p = words(fs, join_path(folder, "cpu.cfs_period_us"));
                if (q.size() == 1 && p.size() == 1) limit_cpu(out, number(q[0]), number(p[0]), quota);
            }
        if (controllers.find(",memory,") != std::string::npos)
            for (const auto& folder : folders_up(std::string(kRoot) + "/memory", group)) {
                const std::string limit = join_path(folder, "memory.limit_in_bytes");
                if (const auto w = words(fs, limit); w.size() == 1) limit_memory(out, number(w[0]), limit);
            }
    }
    return out;
}

MachineLimits machine_limits() {
    const auto bytes =
        static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
    // The number of processors is that of this process's affinity (taskset, systemd's CPUAffinity=).
    return read_limits(*posix_file_system(), static_cast<int>(std::thread::hardware_concurrency()), bytes);
}

} // namespace recto
