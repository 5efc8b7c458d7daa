#pragma once

/// Chance of a generator: everything that is drawn follows from the seed.

#include <cstdint>
#include <random>
#include <vector>

namespace recto::bench {

class Chance {
  public:
    explicit Chance(std::uint32_t seed) : engine_(seed) {}
    double real(double a, double b) { return a + (b - a) * static_cast<double>(engine_()) / 4294967296.0; }
    int whole(int a, int b) { return a + static_cast<int>(engine_() % static_cast<std::uint32_t>(b - a + 1)); }
    bool one_in(int n) { return whole(1, n) == 1; }
    template <typename T> const T& of(const std::vector<T>& v) {
        return v[static_cast<std::size_t>(whole(0, static_cast<int>(v.size()) - 1))];
    }

  private:
    std::mt19937 engine_;
};

} // namespace recto::bench
