#pragma once

/// The drawn pages that skew is measured on: three scripts, up to 14.5 degrees, every fourth one nearly straight, some sparse.

#include <random>

#include "tests/treatment/pages_support.h"

namespace recto::bench {

class DrawnSkew {
  public:
    explicit DrawnSkew(unsigned seed) : seed_(seed), random_(seed) {}

    [[nodiscard]] test::PageSpec next() {
        const int i = count_++;
        test::PageSpec spec;
        spec.seed = seed_ * 1000 + static_cast<unsigned>(i);
        spec.script = i % 3 == 0 ? test::Script::Latin : i % 3 == 1 ? test::Script::Han : test::Script::HanVertical;
        spec.angle_deg = i % 4 == 0 ? angle_(random_) / 15 : angle_(random_);
        spec.lines = i % 5 == 0 ? 6 : i % 5 == 1 ? 16 : 34;
        spec.fill = i % 7 == 0 ? 0.35 : 1;
        spec.noise = i % 2 ? 6 : 2;
        spec.width = 2480, spec.height = 3508; // A4, 300 dpi
        return spec;
    }

  private:
    unsigned seed_;
    int count_ = 0;
    std::mt19937 random_;
    std::uniform_real_distribution<double> angle_{-14.5, 14.5};
};

} // namespace recto::bench
