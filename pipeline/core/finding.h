#pragma once

/// What a stage has to say about a page or an item: a code of the message table, a severity, and a place.

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/core/transform.h"

namespace recto {

/// Info: worth knowing. Warning: a person should look. Rescan: scan again while the paper is at hand. Error: the page
/// could not be processed and its item is held. Persisted by name.
enum class Severity { Info, Warning, Rescan, Error };
[[nodiscard]] std::string_view to_string(Severity severity);  ///< "info", "warning", "rescan", "error".
[[nodiscard]] Severity parse_severity(std::string_view name); ///< Unknown names read as Error.

struct Finding {
    std::string code; ///< Row of the message table, e.g. "treat.blurred".
    Severity severity = Severity::Info;
    std::vector<std::string> args; ///< Fill the {} of the message, in order.
    bool has_place = false;
    Box place; ///< In source pixels, when has_place.

    /// The sentence in English (the second in Chinese), with what to do.
    [[nodiscard]] std::string english() const;
    [[nodiscard]] std::string chinese() const;
};

void to_json(nlohmann::json& j, const Finding& f);
void from_json(const nlohmann::json& j, Finding& f);

} // namespace recto
