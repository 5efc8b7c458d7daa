#pragma once

/// Fields of a stored item, from its metadata/item.json. Pure functions.

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace recto {

/// The value of a field ("title"), or as it is written where it has no normal form: the operator's word counts before the
/// catalogue's, that before what was read from the page. Empty when there is none. Throws nlohmann::json::exception where a
/// member has another type than ours.
[[nodiscard]] std::string item_field(const nlohmann::json& item, std::string_view id);

} // namespace recto
