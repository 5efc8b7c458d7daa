#pragma once

/// Settings from files and the command line, and everything derived from their declarations: strict profiles (YAML),
/// --set, the JSON Schema, and the table of `recto config --list`.

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/messages.h"
#include "pipeline/core/result.h"
#include "pipeline/core/settings.h"
#include "pipeline/files/file_system.h"

namespace recto {

/// Every setting of the program, by pipeline order.
[[nodiscard]] const std::vector<const SettingBase*>& all_settings();
/// Null when there is none of that name.
[[nodiscard]] const SettingBase* find_setting(std::string_view key);
/// The known key nearest to `key` by edit distance; empty when none is near.
[[nodiscard]] std::string nearest_setting(std::string_view key);

/// Names of the built-in profiles ("archive" is what an empty name means).
[[nodiscard]] std::vector<std::string> built_in_profiles();

/// Defaults, then the profile (a built-in name or a path of a YAML file; "" = none), then each "key=value" of `sets`.
/// Errors, each with file, line and key: "config.unknown_key" (with the nearest known name), "config.bad_value",
/// "config.duplicate_key", "config.not_yaml", "config.no_profile", "config.bad_set".
Result<Settings> load_settings(const std::string& profile, const std::vector<std::string>& sets, FileSystem& fs);

/// A profile's text into `settings`; `file` is for messages. Nested maps and dotted keys mean the same.
Result<void> apply_yaml(std::string_view yaml, const std::string& file, Settings& settings);

/// JSON Schema (draft 2020-12) of a profile; config/recto.schema.json is this, and a test watches for drift.
[[nodiscard]] nlohmann::json settings_schema();

/// One row a setting: key, type, default, allowed values, meaning; aligned text for people.
[[nodiscard]] std::string settings_table(Language language, const Settings& settings);
/// The same for programs: {"schema":1,"settings":[{"key","type","default","value","minimum","maximum","choices","en","zh"}]}.
[[nodiscard]] nlohmann::json settings_json(const Settings& settings);

} // namespace recto
