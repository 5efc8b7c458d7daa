#include "pipeline/core/source_text.h"

#include <nlohmann/json.hpp>

namespace recto {

static void to_json(nlohmann::json& j, const SourceWord& w) { j = {w.text, w.box}; }
static void from_json(const nlohmann::json& j, SourceWord& w) {
    j.at(0).get_to(w.text);
    j.at(1).get_to(w.box);
}

void to_json(nlohmann::json& j, const SourceText& t) {
    j = {{"lines", t.lines}, {"printed", t.printed}, {"hidden", t.hidden}};
}
void from_json(const nlohmann::json& j, SourceText& t) {
    j.at("lines").get_to(t.lines);
    j.at("printed").get_to(t.printed);
    j.at("hidden").get_to(t.hidden);
}

} // namespace recto
