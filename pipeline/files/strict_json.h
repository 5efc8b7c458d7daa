#pragma once

/// JSON that came from outside (inventories, item.json of a package): bounded depth and size, duplicate keys reported.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/result.h"

namespace recto {

struct StrictJson {
    nlohmann::json value;
    /// Keys that occur twice in one object, as "outer/inner/key"; the last value is the one kept. Empty when none.
    std::vector<std::string> duplicate_keys;
};

/// Never throws. Errors: code "json.malformed" (reason says where), "json.too_deep" (more than `max_depth` levels).
[[nodiscard]] Result<StrictJson> parse_strict_json(std::string_view bytes, const std::string& file = {},
                                                   int max_depth = 64);

} // namespace recto
