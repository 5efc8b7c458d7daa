#pragma once

/// A setting is declared once, next to the code that reads it:
///
///     inline const Setting<double> kMaxSkew{"treatment.max_skew", 15.0, {0.0, 45.0},
///         "Largest skew to correct, degrees.", "可纠正的最大倾斜角(度)。"};
///
/// and listed in its stage's StageInfo. The strict YAML reader, --set, the JSON Schema, `recto config --list` and the
/// cache key all derive from that declaration.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pipeline/core/result.h"

namespace recto {

using SettingValue = std::variant<bool, std::int64_t, double, std::string>;
[[nodiscard]] std::string to_string(const SettingValue& value); ///< As YAML would show it; doubles with %.17g trimmed.

/// The untyped side of a declaration. Declarations live for the whole process.
class SettingBase {
  public:
    enum class Type { Bool, Integer, Number, Text, Choice };
    std::string_view key; ///< "<stage>.<name>", lower case, dots and underscores.
    Type type;
    SettingValue default_value;
    double minimum = -std::numeric_limits<double>::infinity(); ///< For numbers, inclusive.
    double maximum = std::numeric_limits<double>::infinity();
    std::vector<std::string_view> choices; ///< For Choice.
    std::string_view english, chinese;     ///< What it does, its unit, what changing it costs.

    /// Parses `text` as a person writes it; the error names the key, the value and what is allowed.
    [[nodiscard]] Result<SettingValue> parse(std::string_view text) const;

  protected:
    SettingBase(std::string_view key_, Type type_, SettingValue value, std::string_view en, std::string_view zh)
        : key(key_), type(type_), default_value(std::move(value)), english(en), chinese(zh) {}
};

struct SettingRange {
    double minimum, maximum;
};

/// T: bool, std::int64_t, double or std::string.
template <class T> class Setting : public SettingBase {
  public:
    Setting(std::string_view key_, T value, std::string_view en, std::string_view zh)
        : SettingBase(key_, type_of(), SettingValue(std::move(value)), en, zh) {}
    Setting(std::string_view key_, T value, SettingRange range, std::string_view en, std::string_view zh)
        : Setting(key_, std::move(value), en, zh) {
        minimum = range.minimum;
        maximum = range.maximum;
    }
    /// A text setting that takes one of `allowed`.
    Setting(std::string_view key_, T value, std::vector<std::string_view> allowed, std::string_view en,
            std::string_view zh)
        : Setting(key_, std::move(value), en, zh) {
        type = Type::Choice;
        choices = std::move(allowed);
    }

  private:
    static constexpr Type type_of() {
        if constexpr (std::is_same_v<T, bool>) return Type::Bool;
        else if constexpr (std::is_same_v<T, std::int64_t>) return Type::Integer;
        else if constexpr (std::is_same_v<T, double>) return Type::Number;
        else return Type::Text;
    }
};

/// Values by key over the declared defaults. Immutable while a run is on; safe to read from any thread.
class Settings {
  public:
    template <class T> [[nodiscard]] T get(const Setting<T>& setting) const {
        auto it = values_.find(std::string(setting.key));
        return std::get<T>(it == values_.end() ? setting.default_value : it->second);
    }
    [[nodiscard]] SettingValue value_of(const SettingBase& setting) const;
    /// Sets a value that was parsed by its declaration.
    void set(const SettingBase& setting, SettingValue value);
    [[nodiscard]] bool is_set(const SettingBase& setting) const; ///< Given by profile or --set, not by default.
    /// "key=value" for each of `list`, sorted: what the settings part of a cache key is made from.
    [[nodiscard]] std::string fingerprint(const std::vector<const SettingBase*>& list) const;

  private:
    std::map<std::string, SettingValue> values_;
};

} // namespace recto
