#pragma once

/// Fields of a stored item, from its metadata/item.json. Pure functions.

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace recto {

/// The newest schema of item.json that this program knows (docs/ITEM_FILES.md). 2 says that pages have layers (`pdf_image.inks`): a
/// program that knows only the background would make a PDF without print from it. Items without them stay 1.
inline constexpr int kItemSchema = 2;

/// The value of a field ("title"), or as it is written where it has no normal form: the operator's word counts before the
/// catalogue's, that before what was read from the page. Empty when there is none. Throws nlohmann::json::exception where a
/// member has another type than ours.
[[nodiscard]] std::string item_field(const nlohmann::json& item, std::string_view id);

} // namespace recto
