#include "pipeline/files/item_fields.h"

#include <nlohmann/json.hpp>

namespace recto {

std::string item_field(const nlohmann::json& item, std::string_view id) {
    const auto fields = item.find("fields");
    if (fields == item.end()) return {};
    for (const char* source : {"operator", "catalogue", "extracted"})
        for (const auto& field : *fields) {
            if (field.at("id") != id || field.at("source") != source) continue;
            std::string value = field.value("value", "");
            return value.empty() ? field.value("as_written", "") : value;
        }
    return {};
}

} // namespace recto
