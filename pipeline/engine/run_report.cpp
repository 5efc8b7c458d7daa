// The report of a run as JSON, schema 1 (docs/FORMATS.md).

#include "pipeline/engine/run.h"

namespace recto {

void to_json(nlohmann::json& j, const RunReport& r) {
    const auto error_json = [](const Error& e) {
        return nlohmann::json{{"code", e.code}, {"reason", e.reason}, {"file", e.file},
                              {"page", e.page}, {"stage", e.stage},   {"retry", e.retry}};
    };
    j = {{"schema", 1},
         {"run", r.run_id},
         {"started", r.started},
         {"ended", r.ended},
         {"exit_code", r.exit_code},
         {"stopped", r.stopped},
         {"left",
          {{"files", r.left.files}, {"images", r.left.images}, {"pages", r.left.pages}, {"items", r.left.items}}},
         {"files", r.files},
         {"images", r.images},
         {"pages", r.pages},
         {"pages_failed", r.pages_failed},
         {"pages_reused", r.pages_reused},
         {"wall_seconds", r.wall_seconds},
         {"cpu_seconds", r.cpu_seconds},
         {"peak_bytes", r.peak_bytes},
         {"skipped", r.skipped}};
    j["errors"] = nlohmann::json::array();
    for (const auto& e : r.errors) j["errors"].push_back(error_json(e));
    j["stages"] = nlohmann::json::array();
    for (const auto& t : r.stages)
        j["stages"].push_back({{"name", t.name},
                               {"calls", t.calls},
                               {"cached", t.cached},
                               {"cpu_seconds", t.cpu_seconds},
                               {"wall_seconds", t.wall_seconds}});
    j["items"] = nlohmann::json::array();
    for (const auto& i : r.items) {
        nlohmann::json item = {{"id", i.id},
                               {"reference_code", i.reference_code},
                               {"name", i.name},
                               {"title", i.title},
                               {"state", i.state},
                               {"object_path", i.object_path},
                               {"version", i.version},
                               {"reason", i.reason},
                               {"expected_pages", i.expected_pages},
                               {"counted_pages", i.counted_pages},
                               {"findings", i.findings}};
        item["pages"] = nlohmann::json::array();
        for (const auto& p : i.pages)
            item["pages"].push_back({{"id", p.id},
                                     {"order", p.order},
                                     {"serial", p.serial},
                                     {"source", p.source},
                                     {"image", p.image},
                                     {"class", p.page_class},
                                     {"state", p.state},
                                     {"confidence", p.confidence},
                                     {"skew_deg", p.skew_deg},
                                     {"orientation_deg", p.orientation_deg},
                                     {"characters", p.characters},
                                     {"sharpness", p.sharpness},
                                     {"contrast", p.contrast},
                                     {"ink_ratio", p.ink_ratio},
                                     {"width_mm", p.width_mm},
                                     {"height_mm", p.height_mm},
                                     {"findings", p.findings},
                                     {"error_code", p.error_code},
                                     {"error_reason", p.error_reason}});
        j["items"].push_back(std::move(item));
    }
}

} // namespace recto
