#include "pipeline/core/cpu_time.h"

#include <atomic>
#include <ctime>

namespace recto {
namespace {

thread_local double added_here = 0;
std::atomic<double> added_everywhere{0};

double read(clockid_t clock) {
    timespec t{};
    if (clock_gettime(clock, &t) != 0) return 0;
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

} // namespace

double cpu_seconds() { return read(CLOCK_THREAD_CPUTIME_ID) + added_here; }

void add_cpu_seconds(double seconds) {
    if (!(seconds > 0)) return;
    added_here += seconds;
    added_everywhere += seconds;
}

double added_cpu_seconds() { return added_everywhere; }

double cpu_seconds_of(int pid) {
    clockid_t clock{};
    return pid > 0 && clock_getcpuclockid(pid, &clock) == 0 ? read(clock) : 0; // 0 would be this process
}

} // namespace recto
