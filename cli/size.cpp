#include "cli/size.h"

#include <cstdlib>

namespace recto::cli {

std::size_t parse_size(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    const std::string unit = end;
    if (unit.empty()) return static_cast<std::size_t>(value);
    switch (unit[0]) {
    case 'k':
    case 'K': return static_cast<std::size_t>(value * 1024);
    case 'm':
    case 'M': return static_cast<std::size_t>(value * 1024 * 1024);
    case 'g':
    case 'G': return static_cast<std::size_t>(value * 1024 * 1024 * 1024);
    default: return 0;
    }
}

} // namespace recto::cli
