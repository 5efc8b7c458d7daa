#include "config/config.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "catalogue/catalogue.h"
#include "pipeline/engine/run.h"
#include "stages/grouping/grouping.h"
#include "stages/package/package.h"
#include "stages/registry.h"
#include "station/settings.h"

namespace recto {
namespace {

/// Built-in profiles: what they differ from the defaults in. The files of config/profiles, compiled in.
struct Profile {
    std::string_view name, yaml;
};
constexpr Profile kProfiles[] = {
#include <profiles.inc>
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

tl::unexpected<Error> unknown(std::string_view key, const std::string& place) {
    const std::string near = nearest_setting(key);
    return fail("config.unknown_key", fmt::format("{}'{}' is no setting{}", place, key,
                                                  near.empty() ? std::string("; see recto config --list")
                                                               : "; did you mean '" + near + "'?"));
}

bool is_section(const std::string& key) {
    return std::any_of(all_settings().begin(), all_settings().end(),
                       [&](const SettingBase* s) { return s->key.substr(0, key.size() + 1) == key + "."; });
}

Result<void> apply_node(const YAML::Node& node, const std::string& prefix, const std::string& file,
                        std::set<std::string>& seen, Settings& settings) {
    std::set<std::string> here;
    for (const auto& pair : node) {
        const int line = pair.first.Mark().line + 1;
        const std::string place = fmt::format("line {}: ", line);
        if (!pair.first.IsScalar()) return fail("config.not_yaml", place + "a key must be a word", file, line);
        const std::string key = prefix.empty() ? pair.first.Scalar() : prefix + "." + pair.first.Scalar();
        const auto named = [&](tl::unexpected<Error> e) {
            e.value().file = file;
            return e;
        };
        if (!here.insert(key).second) return named(fail("config.duplicate_key", place + "'" + key + "' stands twice"));
        if (pair.second.IsMap()) {
            RECTO_TRY(apply_node(pair.second, key, file, seen, settings));
            continue;
        }
        const SettingBase* setting = find_setting(key);
        // "encode:" with all of its lines commented out.
        if (!setting && pair.second.IsNull() && is_section(key)) continue;
        if (!setting) return named(unknown(key, place));
        if (!seen.insert(key).second) return named(fail("config.duplicate_key", place + "'" + key + "' stands twice"));
        if (!pair.second.IsScalar())
            return named(fail("config.bad_value", place + key + ": one value is wanted, not a list"));
        auto value = setting->parse(pair.second.Scalar());
        if (!value) return named(fail(value.error().code, place + value.error().reason));
        settings.set(*setting, std::move(*value));
    }
    return {};
}

std::string_view type_name(SettingBase::Type type) {
    switch (type) {
    case SettingBase::Type::Bool: return "boolean";
    case SettingBase::Type::Integer: return "integer";
    case SettingBase::Type::Number: return "number";
    case SettingBase::Type::Text:
    case SettingBase::Type::Choice: return "string";
    }
    return "string";
}

nlohmann::json value_json(const SettingValue& v) {
    return std::visit([](const auto& x) { return nlohmann::json(x); }, v);
}

std::string allowed(const SettingBase& s) {
    if (!s.choices.empty()) return fmt::format("{}", fmt::join(s.choices, " | "));
    if (std::isfinite(s.minimum) && std::isfinite(s.maximum)) return fmt::format("{:g} … {:g}", s.minimum, s.maximum);
    if (std::isfinite(s.minimum)) return fmt::format("≥ {:g}", s.minimum);
    if (std::isfinite(s.maximum)) return fmt::format("≤ {:g}", s.maximum);
    return s.type == SettingBase::Type::Bool ? "true | false" : "";
}

} // namespace

const std::vector<const SettingBase*>& all_settings() {
    static const std::vector<const SettingBase*> all = [] {
        std::vector<const SettingBase*> list = stage_settings();
        for (const auto& more : {package_settings(), catalogue::settings(), engine_settings(), station::settings()})
            list.insert(list.end(), more.begin(), more.end());
        return list;
    }();
    return all;
}

const SettingBase* find_setting(std::string_view key) {
    for (const SettingBase* s : all_settings())
        if (s->key == key) return s;
    return nullptr;
}

std::string nearest_setting(std::string_view key) {
    std::string best;
    std::size_t distance = std::max<std::size_t>(3, key.size() / 3) + 1;
    for (const SettingBase* s : all_settings()) {
        // The last word alone counts too: "max_skew" for "treatment.max_skew".
        const auto tail = s->key.substr(s->key.find('.') + 1);
        const std::size_t d = std::min(edit_distance(key, s->key), edit_distance(key, tail) + 1);
        if (d < distance) {
            distance = d;
            best = s->key;
        }
    }
    return best;
}

std::vector<std::string> built_in_profiles() {
    std::vector<std::string> names;
    for (const auto& p : kProfiles) names.emplace_back(p.name);
    return names;
}

Result<void> apply_yaml(std::string_view yaml, const std::string& file, Settings& settings) {
    try {
        const YAML::Node root = YAML::Load(std::string(yaml));
        if (root.IsNull()) return {};
        if (!root.IsMap()) return fail("config.not_yaml", "a map of settings is wanted", file);
        std::set<std::string> seen;
        return apply_node(root, "", file, seen, settings);
    } catch (const YAML::Exception& e) {
        return fail("config.not_yaml", fmt::format("line {}: {}", e.mark.line + 1, e.msg), file);
    }
}

Result<Settings> load_settings(const std::string& profile, const std::vector<std::string>& sets, FileSystem& fs) {
    Settings settings;
    if (!profile.empty()) {
        const auto* built_in = std::find_if(std::begin(kProfiles), std::end(kProfiles),
                                            [&](const Profile& p) { return p.name == profile; });
        if (built_in != std::end(kProfiles)) {
            RECTO_TRY(apply_yaml(built_in->yaml, profile, settings));
        } else {
            auto text = fs.read(profile);
            if (!text)
                return fail("config.no_profile",
                            fmt::format("no file of that name; built in: {}", fmt::join(built_in_profiles(), ", ")),
                            profile);
            RECTO_TRY(apply_yaml(*text, profile, settings));
        }
    }
    for (const auto& set : sets) {
        const auto equals = set.find('=');
        if (equals == std::string::npos) return fail("config.bad_set", "--set wants key=value, not '" + set + "'");
        const SettingBase* setting = find_setting(std::string_view(set).substr(0, equals));
        if (!setting) return unknown(std::string_view(set).substr(0, equals), "--set: ");
        RECTO_ASSIGN(auto value, setting->parse(std::string_view(set).substr(equals + 1)));
        settings.set(*setting, std::move(value));
    }
    RECTO_TRY(group::check_code_patterns(settings.get(group::kCodePatterns)));
    return settings;
}

nlohmann::json settings_schema() {
    nlohmann::json root = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                           {"title", "Recto profile"},
                           {"type", "object"},
                           {"additionalProperties", false}};
    root["properties"] = nlohmann::json::object();
    for (const SettingBase* s : all_settings()) {
        const auto dot = s->key.find('.');
        auto& stage = root["properties"][std::string(s->key.substr(0, dot))];
        stage["type"] = "object";
        stage["additionalProperties"] = false;
        nlohmann::json entry = {{"type", type_name(s->type)},
                                {"default", value_json(s->default_value)},
                                {"description", s->english},
                                {"x-description-zh", s->chinese}};
        if (std::isfinite(s->minimum)) entry["minimum"] = s->minimum;
        if (std::isfinite(s->maximum)) entry["maximum"] = s->maximum;
        if (!s->choices.empty()) entry["enum"] = s->choices;
        stage["properties"][std::string(s->key.substr(dot + 1))] = std::move(entry);
    }
    return root;
}

std::string settings_table(Language language, const Settings& settings) {
    std::string out;
    for (const SettingBase* s : all_settings()) {
        const std::string value = to_string(settings.value_of(*s));
        out += fmt::format("{} = {}", s->key, value.empty() ? "\"\"" : value);
        if (settings.is_set(*s))
            out += fmt::format("  ({} {})", language == Language::Chinese ? "默认" : "default",
                               to_string(s->default_value));
        const std::string range = allowed(*s);
        if (!range.empty()) out += "  [" + range + "]";
        out += fmt::format("\n    {}\n", language == Language::Chinese ? s->chinese : s->english);
    }
    return out;
}

nlohmann::json settings_json(const Settings& settings) {
    nlohmann::json list = nlohmann::json::array();
    for (const SettingBase* s : all_settings()) {
        nlohmann::json j = {{"key", s->key},
                            {"type", s->type == SettingBase::Type::Choice ? "choice" : type_name(s->type)},
                            {"default", value_json(s->default_value)},
                            {"value", value_json(settings.value_of(*s))},
                            {"en", s->english},
                            {"zh", s->chinese}};
        if (std::isfinite(s->minimum)) j["minimum"] = s->minimum;
        if (std::isfinite(s->maximum)) j["maximum"] = s->maximum;
        if (!s->choices.empty()) j["choices"] = s->choices;
        list.push_back(std::move(j));
    }
    return {{"schema", 1}, {"settings", list}};
}

} // namespace recto
