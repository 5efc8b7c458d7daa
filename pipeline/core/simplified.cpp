#include "pipeline/core/simplified.h"

#include <algorithm>
#include <array>
#include <utility>

namespace recto {

namespace {

constexpr std::pair<char32_t, char32_t> kHan[] = {
#include <han_table.inc>
};

} // namespace

char32_t simplified(char32_t c) {
    static const auto kDirect = [] {
        std::array<char16_t, 0x10000> table{};
        for (const auto& [from, to] : kHan)
            if (from < 0x10000 && to < 0x10000) table[from] = static_cast<char16_t>(to);
        return table;
    }();
    if (c < 0x10000 && kDirect[c] != 0) return kDirect[c];
    const auto* it = std::lower_bound(std::begin(kHan), std::end(kHan), c,
                                      [](const auto& pair, char32_t wanted) { return pair.first < wanted; });
    return it != std::end(kHan) && it->first == c ? it->second : c;
}

} // namespace recto
