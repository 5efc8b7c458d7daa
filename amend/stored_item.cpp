#include "amend/stored_item.h"

#include <algorithm>

#include "amend/edits.h"
#include "pipeline/core/messages.h"
#include "pipeline/files/alto_reader.h"
#include "pipeline/files/image_out.h"
#include "stages/encode/encode.h"
#include "stages/grouping/checks.h"
#include "stages/grouping/grouping.h"

namespace recto::amend {
namespace {

Box scaled(const Box& b, double sx, double sy) { return {b.x * sx, b.y * sy, b.width * sx, b.height * sy}; }

/// ALTO is in the pixels of the image it names; the item's text is in those of the page.
void scale(PageText& text, int width, int height) {
    if (text.width <= 0 || text.height <= 0 || (text.width == width && text.height == height)) return;
    const double sx = static_cast<double>(width) / text.width, sy = static_cast<double>(height) / text.height;
    for (auto& block : text.blocks) {
        block.box = scaled(block.box, sx, sy);
        for (auto& cell : block.cells) cell.box = scaled(cell.box, sx, sy);
        for (auto& line : block.lines) {
            line.box = scaled(line.box, sx, sy);
            for (auto& word : line.words) {
                word.box = scaled(word.box, sx, sy);
                for (auto& glyph : word.glyphs) glyph.box = scaled(glyph.box, sx, sy);
            }
        }
    }
}

} // namespace

Result<StoredItem> load_item(FileSystem& fs, OcflStore& store, const std::string& id) {
    StoredItem stored;
    RECTO_ASSIGN(stored.state, store.state("urn:uuid:" + id));
    if (stored.state.head == 0) return fail("amend.no_item", "the archive has no object of that id", id);
    RECTO_ASSIGN(const auto path, store.content_path(stored.state, "metadata/item.json"));
    RECTO_ASSIGN(const auto text, fs.read(path));
    stored.document = nlohmann::json::parse(text, nullptr, false);
    if (!stored.document.is_object()) return fail("encode.item_json", "not JSON", path);
    RECTO_ASSIGN(stored.item, item_from_json(stored.document));
    Item& item = stored.item;
    for (std::size_t s = 0; s < item.sources.size(); ++s) {
        RECTO_ASSIGN(item.sources[s].path, store.content_path(stored.state, master_logical_path(item, s)));
    }
    for (Page& page : item.pages) {
        const std::string logical = page_logical_path("text", page.order, "alto.xml");
        if (!stored.state.files.contains(logical)) continue;
        RECTO_ASSIGN(const auto alto, store.content_path(stored.state, logical));
        RECTO_ASSIGN(const auto xml, fs.read(alto));
        auto words = page_text_from_alto(xml);
        if (!words) {
            words.error().file = alto;
            return tl::unexpected(words.error());
        }
        scale(*words, page.text.width, page.text.height);
        page.text.blocks = std::move(words->blocks);
        name_lines(page.text);
    }
    return stored;
}

Outcome outcome_of(const StoredItem& stored) {
    Outcome out;
    out.id = stored.item.id.to_string();
    out.name = stored.item.display_name();
    out.version = "v" + std::to_string(stored.state.head);
    out.object_path = stored.state.path;
    out.held = stored.item.held;
    out.counted_pages = stored.item.counted_pages();
    out.reason = stored.item.held_reason;
    for (const Finding& f : stored.item.findings) // a reason may be kept as the code of the finding that explains it
        if (f.code == out.reason) out.reason = ui_language() == Language::Chinese ? f.chinese() : f.english();
    return out;
}

Result<void> prepare(Workshop& shop, StoredItem& stored, const std::string& staging) {
    Item& item = stored.item;
    const std::string made = stored.document.value("created", "");
    for (Page& page : item.pages)
        for (StagedFile& f : page.encoded.files)
            if (f.created.empty()) f.created = made;
    for (const auto& file : stored.document.at("files")) {
        if (file.value("role", "") != "access") continue;
        RECTO_ASSIGN(const auto pdf, shop.store.content_path(stored.state, file.at("path").get<std::string>()));
        RECTO_TRY(recover_page_images(item, pdf, staging));
    }
    return {};
}

nlohmann::json edit_of(const char* kind, Workshop& shop, const Request& request) {
    nlohmann::json j = {{"edit", kind}, {"time", rfc3339(shop.clock.now())}, {"who", request.who}};
    if (!request.reason.empty()) j["reason"] = request.reason;
    if (request.sheet) j["routed_by"] = "separator sheet";
    return j;
}

Result<void> read_page(Workshop& shop, Item& item, Page& page, const std::string& staging) {
    const Source& source = item.sources.at(static_cast<std::size_t>(page.image.source));
    const LargerPage at_scale = [&](double scale) -> Result<Raster> {
        RECTO_ASSIGN(const Raster scan, shop.decode(source, page.image.index));
        return render_page(scan, page.treatment, scale);
    };
    RECTO_ASSIGN(const Raster image, at_scale(1));
    page.text = {};
    page.encoded = {};
    page.stage_data.clear();
    page.error.reset();
    std::map<std::string, nlohmann::json> results;
    for (const auto& stage : shop.stages.pages) {
        const std::string name(stage->info().name);
        if (name == "preview") continue; // For the report of a run.
        const std::string folder = join_path(join_path(staging, page.id.to_string()), name);
        RECTO_TRY(shop.fs->make_folders(folder));
        const Limits limits{std::chrono::steady_clock::now() + std::chrono::minutes(5), {}};
        RECTO_ASSIGN(auto result, stage->make_worker()->run({item, page, image, folder, results, limits, at_scale}));
        if (result.is_object() && result.contains("findings"))
            for (const auto& f : result["findings"]) page.findings.push_back(f.get<Finding>());
        if (name == "reading") {
            take_text(page, result.get<PageText>());
        } else if (name == "encode") {
            page.encoded = result.get<EncodedPage>();
        } else if (!result.is_object() || !result.value("work_only", false)) {
            page.stage_data[name] = result;
        }
        results[name] = std::move(result);
    }
    return {};
}

Result<Outcome> commit(Workshop& shop, StoredItem& stored, const nlohmann::json& edit, const std::string& staging) {
    Item& item = stored.item;
    item.edits.push_back(edit);
    // What grouping said of the pages together is said again of the pages as they are now.
    for (Page& page : item.pages)
        std::erase_if(page.findings, [](const Finding& f) {
            return f.code == "group.duplicate" || f.code == "group.odd_orientation" ||
                   f.code == "group.orientation_unlike" || f.code == "group.odd_size" || f.code == "group.streaks";
        });
    std::erase_if(item.findings, [](const Finding& f) { return f.code == "encode.page_without_image"; });
    decide_hold(item);
    group::check_duplicates(item, static_cast<int>(shop.settings.get(group::kDuplicateDistance)));
    group::check_orientation(item);
    group::check_sizes(item);
    group::check_streaks(item);
    group::classify_by_text(item, shop.settings);

    nlohmann::json provenance = stored.document.value("provenance", nlohmann::json::object());
    if (!provenance.contains("ingested")) provenance["ingested"] = stored.document.value("created", "");
    for (const char* key : {"agent", "build", "cpu", "user"})
        if (shop.provenance.contains(key)) provenance[key] = shop.provenance[key];
    for (const char* key : {"repository", "fonds"})
        if (stored.document.contains(key)) provenance[key] = stored.document[key];

    std::vector<StagedFile> files;
    const std::string folder = join_path(staging, "item");
    RECTO_TRY(shop.fs->make_folders(folder));
    const Limits limits;
    for (const auto& stage : shop.stages.items) {
        ItemInput in{item, shop.catalogue, folder, files, shop.clock, limits, provenance};
        RECTO_TRY(stage->run(in));
    }
    std::vector<OcflFile> content;
    for (std::size_t s = 0; s < item.sources.size(); ++s)
        content.push_back({master_logical_path(item, s), item.sources[s].path, item.sources[s].sha512, true});
    for (const auto& f : files) content.push_back({f.logical_path, f.staged_path, f.sha512, false});
    const OcflVersionInfo info{rfc3339(shop.clock.now()), "recto " + edit.value("edit", "amend"),
                               edit.value("who", "recto"),
                               shop.provenance.value("user_address", "mailto:recto@localhost")};
    RECTO_ASSIGN(stored.state, shop.store.put("urn:uuid:" + item.id.to_string(), content, info));
    return outcome_of(stored);
}

} // namespace recto::amend
