// A suspect's work in a process of its own: no pool, no journal.

#include "pipeline/engine/run_state.h"
#include "pipeline/files/image_out.h"

namespace recto {

nlohmann::json alone_request(const Item& item, const Page& page, nlohmann::json stages, nlohmann::json results) {
    return {{"kind", "page"},
            {"source", item.sources.at(static_cast<std::size_t>(page.image.source))},
            {"index", page.image.index},
            {"stages", std::move(stages)},
            {"results", std::move(results)},
            {"item",
             {{"id", item.id.to_string()},
              {"reference_code", item.reference_code},
              {"provisional_name", item.provisional_name}}},
            {"page",
             {{"id", page.id.to_string()},
              {"order", page.order},
              {"serial", page.serial},
              {"class", to_string(page.page_class)},
              {"treatment", page.treatment},
              {"findings", page.findings}}}};
}

Result<nlohmann::json> execute_alone(const nlohmann::json& request, StageList& stages, const Settings& settings,
                                     const std::function<Result<Raster>(const Source&, int)>& decode) {
    return guarded("alone", [&]() -> Result<nlohmann::json> {
        const auto source = request.at("source").get<Source>();
        const int index = request.at("index").get<int>();
        const Limits limits{std::chrono::steady_clock::now() + std::chrono::seconds(settings.get(kPageTimeLimit)), {}};
        RECTO_ASSIGN(const Raster scan, decode(source, index));
        if (request.at("kind") == "treat") {
            RECTO_ASSIGN(const auto treated,
                         stages.treatment->make_worker()->run(
                             {source, index, scan, source.images.at(static_cast<std::size_t>(index)), limits}));
            return nlohmann::json(treated);
        }
        Item item;
        item.sources.push_back(source);
        const auto& i = request.at("item");
        Uuid::parse(i.at("id").get<std::string>(), item.id);
        item.reference_code = i.at("reference_code");
        item.provisional_name = i.at("provisional_name");
        const auto& j = request.at("page");
        Page page;
        Uuid::parse(j.at("id").get<std::string>(), page.id);
        page.image = {0, index};
        page.order = j.at("order");
        page.serial = j.at("serial");
        page.page_class = parse_page_class(j.at("class").get<std::string>());
        page.treatment = j.at("treatment").get<PageTreatment>();
        page.findings = j.value("findings", std::vector<Finding>{});
        item.pages.push_back(page);
        RECTO_ASSIGN(const Raster image, render_page(scan, page.treatment));
        const LargerPage larger = [&](double scale) { return render_page(scan, page.treatment, scale); };
        auto results = request.at("results").get<std::map<std::string, nlohmann::json>>();
        nlohmann::json out = nlohmann::json::object();
        for (const auto& wanted : request.at("stages")) {
            const std::string folder = wanted.at("folder");
            for (const auto& stage : stages.pages) {
                if (stage->info().name != wanted.at("stage").get<std::string>()) continue;
                RECTO_ASSIGN(auto result,
                             stage->make_worker()->run({item, page, image, folder, results, limits, larger}));
                results[std::string(stage->info().name)] = result;
                out[std::string(stage->info().name)] = std::move(result);
            }
        }
        return out;
    });
}

} // namespace recto
