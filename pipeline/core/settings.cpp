#include "pipeline/core/settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace recto {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string range_of(const SettingBase& s) {
    const bool low = std::isfinite(s.minimum), high = std::isfinite(s.maximum);
    if (low && high) return fmt::format("from {:g} to {:g}", s.minimum, s.maximum);
    if (low) return fmt::format("{:g} or more", s.minimum);
    if (high) return fmt::format("{:g} or less", s.maximum);
    return "any";
}

tl::unexpected<Error> bad(const SettingBase& s, std::string_view text, const std::string& allowed) {
    return fail("config.bad_value", fmt::format("{}: '{}' is not allowed; it takes {}", s.key, text, allowed));
}

} // namespace

std::string to_string(const SettingValue& value) {
    if (const bool* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
    if (const auto* i = std::get_if<std::int64_t>(&value)) return std::to_string(*i);
    if (const double* d = std::get_if<double>(&value)) return fmt::format("{}", *d); // shortest form that reads back
    return std::get<std::string>(value);
}

Result<SettingValue> SettingBase::parse(std::string_view raw) const {
    const std::string_view text = trimmed(raw);
    const auto in_range = [&](double v) { return v >= minimum && v <= maximum; };
    switch (type) {
    case Type::Bool:
        if (text == "true") return SettingValue(true);
        if (text == "false") return SettingValue(false);
        return bad(*this, raw, "true or false");
    case Type::Integer: {
        std::int64_t v = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
        if (error != std::errc() || end != text.data() + text.size() || !in_range(static_cast<double>(v)))
            return bad(*this, raw, "a whole number, " + range_of(*this));
        return SettingValue(v);
    }
    case Type::Number: {
        double v = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
        if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(v) || !in_range(v))
            return bad(*this, raw, "a number, " + range_of(*this));
        return SettingValue(v);
    }
    case Type::Choice:
        if (std::find(choices.begin(), choices.end(), text) == choices.end())
            return bad(*this, raw, fmt::format("one of {}", fmt::join(choices, ", ")));
        return SettingValue(std::string(text));
    case Type::Text: return SettingValue(std::string(text));
    }
    return bad(*this, raw, "another value");
}

SettingValue Settings::value_of(const SettingBase& setting) const {
    const auto it = values_.find(std::string(setting.key));
    return it == values_.end() ? setting.default_value : it->second;
}

void Settings::set(const SettingBase& setting, SettingValue value) {
    values_[std::string(setting.key)] = std::move(value);
}

bool Settings::is_set(const SettingBase& setting) const { return values_.contains(std::string(setting.key)); }

std::string Settings::fingerprint(const std::vector<const SettingBase*>& list) const {
    std::vector<std::string> rows;
    rows.reserve(list.size());
    for (const SettingBase* s : list) rows.push_back(fmt::format("{}={}\n", s->key, to_string(value_of(*s))));
    std::sort(rows.begin(), rows.end());
    return fmt::format("{}", fmt::join(rows, ""));
}

} // namespace recto
