#pragma once

/// What the programs of this folder share: time of the calling thread, figures of a list, an end with a message.

#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/core/result.h"

namespace recto::bench {

/// CPU seconds of the calling thread, or of another clock.
inline double seconds(clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

inline double mean(const std::vector<double>& v) {
    double sum = 0;
    for (const double x : v) sum += x;
    return v.empty() ? 0 : sum / static_cast<double>(v.size());
}

/// The value below which the share `q`, 0 to 1, of them lies; 1 is the greatest.
inline double share(std::vector<double> v, double q) {
    std::sort(v.begin(), v.end());
    return v.empty() ? 0 : v[std::min(v.size() - 1, static_cast<std::size_t>(q * static_cast<double>(v.size())))];
}

[[noreturn]] inline void stop(const std::string& why) {
    std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, why.c_str());
    std::exit(1);
}
inline void need(const Result<void>& result) {
    if (!result) stop(result.error().to_string());
}
template <class T> T need(Result<T> result) {
    if (!result) stop(result.error().to_string());
    return std::move(*result);
}

} // namespace recto::bench
