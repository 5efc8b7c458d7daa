#include "stages/package/package.h"

#include <algorithm>
#include <array>

#include "pipeline/files/strict_json.h"

namespace recto {

const PackageWriter& bag_writer(); // bag_writer.cpp

std::span<const PackageWriter* const> package_writers() {
    static const std::array kWriters{
        static_cast<const PackageWriter*>(&bag_writer()),
    };
    return kWriters;
}

const PackageWriter* find_package_writer(std::string_view name) {
    const auto writers = package_writers();
    const auto at = std::find_if(writers.begin(), writers.end(), [&](const auto* w) { return w->name() == name; });
    return at == writers.end() ? nullptr : *at;
}

Result<PackageFacts> package_facts(const PackageRequest& request) {
    using nlohmann::json;
    const auto path = request.store.content_path(request.state, "metadata/item.json");
    if (!path) return fail("package.no_item", "the object has no metadata/item.json", request.state.id);
    RECTO_ASSIGN(const std::string bytes, request.fs.read(*path));
    RECTO_ASSIGN(const StrictJson parsed, parse_strict_json(bytes, *path));
    const json& item = parsed.value;
    try {
        PackageFacts facts;
        facts.reference_code = item.value("reference_code", "");
        facts.display_name = facts.reference_code.empty() ? item.value("provisional_name", "") : facts.reference_code;
        facts.id = item.at("id").get<std::string>();
        if (facts.display_name.empty()) facts.display_name = facts.id;
        facts.held = item.value("held", false);
        if (const auto repository = item.find("repository"); repository != item.end() && repository->is_object()) {
            facts.repository_code = repository->value("code", "");
            facts.repository_name = repository->value("name", "");
        }
        if (const auto fonds = item.find("fonds"); fonds != item.end() && fonds->is_array() && !fonds->empty()) {
            const json& first = fonds->front();
            if (first.is_string()) facts.fonds = first.get<std::string>();
            else if (first.is_object()) facts.fonds = first.value("code", "");
        }
        if (const auto made = item.find("provenance"); made != item.end() && made->is_object())
            facts.agent = made->value("agent", "");
        // The operator's word counts before the catalogue's, that before what was read from the page.
        for (const char* source : {"extracted", "catalogue", "operator"}) {
            for (const json& field : item.value("fields", json::array())) {
                if (field.value("id", "") == "title" && field.value("source", "") == source)
                    facts.title =
                        field.value("value", "").empty() ? field.value("as_written", "") : field.value("value", "");
            }
        }
        return facts;
    } catch (const json::exception& e) { return fail("package.no_item", e.what(), *path); }
}

} // namespace recto
