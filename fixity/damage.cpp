#include "fixity/damage.h"

#include <nlohmann/json.hpp>

#include "pipeline/files/file_system.h"

namespace recto::fixity {

std::string_view to_string(Side side) { return side == Side::Archive ? "archive" : "copy"; }

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
    case Outcome::Stays: return "stays";
    case Outcome::Mendable: return "mendable";
    case Outcome::WouldMend: return "would_mend";
    case Outcome::Mended: return "mended";
    case Outcome::Both: return "both";
    case Outcome::Failed: return "failed";
    }
    return "";
}

std::string Damage::place() const { return path.empty() ? object : join_path(object, path); }

bool Damage::serious() const { return code != "fixity.copy_lacks" && code != "fixity.copy_behind"; }

std::string Damage::message(Language language) const {
    const bool chinese = language == Language::Chinese;
    std::string out = format_message(language, code, {});
    if (!detail.empty()) out += chinese ? "(" + detail + ")" : " (" + detail + ")";
    // Where nothing can be taken from the other side the sentence itself says what to do.
    const bool by_hand = !serious() || code == "fixity.extra" || code == "fixity.differs";
    if (by_hand && (outcome == Outcome::Stays || outcome == Outcome::Mendable)) return out;
    std::string id = "fixity.outcome." + std::string(to_string(outcome));
    if (outcome == Outcome::Mended && !set_aside.empty()) id += "_aside";
    if (outcome == Outcome::Mended && !serious()) id = "fixity.outcome.copied";
    if (outcome == Outcome::WouldMend && !serious()) id = "fixity.outcome.would_copy";
    const std::string args[] = {set_aside};
    return out + (chinese ? "" : " ") + format_message(language, id, args);
}

nlohmann::json Damage::to_json() const {
    return {{"side", to_string(side)},
            {"object", object},
            {"path", place()},
            {"code", code},
            {"outcome", to_string(outcome)},
            {"set_aside", set_aside},
            {"message", message(Language::English)},
            {"message_zh", message(Language::Chinese)}};
}

} // namespace recto::fixity
