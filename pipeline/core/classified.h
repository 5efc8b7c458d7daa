#pragma once

/// What becomes of records that bear a 密级 (绝密, 机密, 秘密) which the catalogue does not have: they are held, and until a
/// person releases them neither the text index nor a report shows anything of them. Pure functions, any thread.

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/core/item.h"

namespace recto {

/// The finding of stage describe: arguments mark, what the catalogue has ("-": nothing), page order; severity Error; its
/// place in source pixels of that page. Persisted.
inline constexpr std::string_view kClassifiedFinding = "describe.classified";

/// True for that finding, under its earlier name ("reconcile.security") too.
[[nodiscard]] bool is_classified_finding(std::string_view code);

/// True while nothing of the item may be shown: it has such a finding and is held. A release by a person, which ends the
/// hold, ends this; so does describe.hold_security=false.
[[nodiscard]] bool held_as_classified(const Item& item);
/// The same of a stored item.json; false for JSON that is none.
[[nodiscard]] bool held_as_classified(const nlohmann::json& item);

} // namespace recto
