#pragma once

#include <cstddef>
#include <string>

namespace recto::cli {

/// "2G", "800M", "512k" or bytes; 0 when it is none of these.
[[nodiscard]] std::size_t parse_size(const std::string& text);

} // namespace recto::cli
