// What a report says of a page, and the report of a run as JSON, schema 1 (docs/FORMATS.md).

#include <algorithm>

#include "pipeline/engine/run.h"

namespace recto {

namespace {

int characters(const PageText& text) {
    std::size_t n = 0;
    for (const TextBlock& block : text.blocks)
        for (const TextLine& line : block.lines)
            n += static_cast<std::size_t>(
                std::ranges::count_if(line.text, [](char c) { return c != ' ' && (c & 0xC0) != 0x80; }));
    return static_cast<int>(n);
}

} // namespace

PageReport page_report(const Item& item, const Page& page) {
    PageReport row;
    row.order = page.order;
    row.serial = page.serial;
    row.id = page.id.to_string();
    row.source = item.sources.at(static_cast<std::size_t>(page.image.source)).original_name;
    row.image = page.image.index + 1;
    row.page_class = to_string(page.page_class);
    row.state = page.error ? "error" : std::string(to_string(page.text.state));
    row.confidence = page.text.confidence;
    row.skew_deg = page.treatment.skew_deg;
    row.orientation_deg = page.treatment.orientation_deg;
    row.characters = characters(page.text);
    row.sharpness = page.treatment.sharpness;
    row.contrast = page.treatment.contrast;
    row.ink_ratio = page.treatment.ink_ratio;
    if (const Dpi& dpi = page.treatment.dpi; dpi.x > 0 && dpi.y > 0) {
        row.width_mm = page.treatment.transform.width() / dpi.x * 25.4;
        row.height_mm = page.treatment.transform.height() / dpi.y * 25.4;
    }
    row.findings = page.findings;
    if (page.error) {
        row.error_code = page.error->code;
        row.error_reason = page.error->reason;
    }
    return row;
}

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
