#include "pipeline/core/classified.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace recto {

bool is_classified_finding(std::string_view code) { return code == kClassifiedFinding || code == "reconcile.security"; }

bool held_as_classified(const Item& item) {
    return item.held && std::any_of(item.findings.begin(), item.findings.end(),
                                    [](const Finding& f) { return is_classified_finding(f.code); });
}

bool held_as_classified(const nlohmann::json& item) {
    if (!item.is_object()) return false;
    const auto held = item.find("held"), findings = item.find("findings");
    if (held == item.end() || !held->is_boolean() || !held->get<bool>()) return false;
    return findings != item.end() && findings->is_array() &&
           std::any_of(findings->begin(), findings->end(), [](const nlohmann::json& f) {
               const auto code = f.is_object() ? f.find("code") : f.end();
               return f.is_object() && code != f.end() && code->is_string() &&
                      is_classified_finding(code->get_ref<const std::string&>());
           });
}

} // namespace recto
