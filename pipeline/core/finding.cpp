#include "pipeline/core/finding.h"

#include <nlohmann/json.hpp>

#include "pipeline/core/messages.h"

namespace recto {

std::string_view to_string(Severity severity) {
    switch (severity) {
    case Severity::Info: return "info";
    case Severity::Warning: return "warning";
    case Severity::Rescan: return "rescan";
    case Severity::Error: return "error";
    }
    return "error";
}

Severity parse_severity(std::string_view name) {
    for (auto s : {Severity::Info, Severity::Warning, Severity::Rescan})
        if (to_string(s) == name) return s;
    return Severity::Error;
}

std::string Finding::english() const { return format_message(Language::English, code, args); }
std::string Finding::chinese() const { return format_message(Language::Chinese, code, args); }

void to_json(nlohmann::json& j, const Finding& f) {
    j = {{"code", f.code}, {"severity", to_string(f.severity)}, {"message", f.english()}, {"message_zh", f.chinese()}};
    if (!f.args.empty()) j["args"] = f.args;
    if (f.has_place) j["place"] = f.place;
}

void from_json(const nlohmann::json& j, Finding& f) {
    f.code = j.at("code").get<std::string>();
    f.severity = parse_severity(j.at("severity").get<std::string>());
    f.args = j.value("args", std::vector<std::string>{});
    f.has_place = j.contains("place");
    if (f.has_place) f.place = j.at("place").get<Box>();
}

} // namespace recto
