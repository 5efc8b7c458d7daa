// recto catalogue assign: a provisional item gets its 档号, or an item gets another one. The item becomes a new version made
// from what is stored (item.json, ALTO, the PDF's images): nothing is scanned, read or compressed again.

#include <algorithm>
#include <cstdio>
#include <memory>

#include "catalogue/rebuild.h"
#include "cli/archive_access.h"
#include "cli/cli.h"
#include "cli/store_access.h"
#include "pipeline/files/alto_reader.h"
#include "pipeline/files/codes.h"
#include "pipeline/files/names.h"
#include "stages/encode/encode.h"
#include "stages/registry.h"

namespace recto::cli {
namespace {

struct AssignArguments {
    std::string archive, item, code, reason, who;
    bool json = false;
};

/// The item as it is stored, ready for the item stages.
struct Loaded {
    OcflState state;
    nlohmann::json json;
    Item item;
};

Result<Loaded> load_item(OcflStore& objects, FileSystem& fs, const std::string& id, const std::string& scratch) {
    Loaded out;
    RECTO_ASSIGN(out.state, objects.state("urn:uuid:" + id));
    const auto content = [&](const std::string& logical) { return objects.content_path(out.state, logical); };
    RECTO_ASSIGN(const auto path, content("metadata/item.json"));
    RECTO_ASSIGN(const auto text, fs.read(path));
    out.json = nlohmann::json::parse(text, nullptr, false);
    RECTO_ASSIGN(out.item, item_from_json(out.json));
    for (std::size_t i = 0; i < out.item.sources.size(); ++i) {
        RECTO_ASSIGN(out.item.sources[i].path, content(master_logical_path(out.item, i)));
    }
    for (Page& page : out.item.pages) {
        const std::string alto = page_logical_path("text", page.order, "alto.xml");
        if (!out.state.files.contains(alto)) continue; // the page was not read
        RECTO_ASSIGN(const auto alto_path, content(alto));
        RECTO_ASSIGN(const auto xml, fs.read(alto_path));
        RECTO_ASSIGN(PageText words, page_text_from_alto(xml));
        page.text.blocks = std::move(words.blocks);
        page.text.width = words.width;
        page.text.height = words.height;
    }
    for (const auto& [logical, digest] : out.state.files)
        if (logical.starts_with("access/") && logical.ends_with(".pdf")) {
            RECTO_ASSIGN(const auto pdf, content(logical));
            RECTO_TRY(fs.make_folders(scratch));
            RECTO_TRY(recover_page_images(out.item, pdf, scratch));
        }
    return out;
}

void give_code(Item& item, const std::string& code, const std::string& reason, const std::string& now) {
    if (!item.reference_code.empty()) item.former_codes.push_back({item.reference_code, now, reason});
    item.reference_code = code;
    std::erase_if(item.fields, [](const Field& f) { return f.id == "reference_code" && f.source == "operator"; });
    Field field;
    field.id = "reference_code";
    field.as_written = field.value = code;
    field.source = "operator";
    field.confidence = 1;
    item.fields.push_back(std::move(field));
}

Result<OcflState> store_version(OcflStore& objects, Loaded& loaded, const catalogue::StoreView& view,
                                const Settings& settings, const std::string& staging, const AssignArguments& a) {
    const auto clock = default_clock();
    StageList stages = make_stages();
    nlohmann::json provenance = loaded.json.value("provenance", nlohmann::json::object());
    provenance["repository"] = loaded.json.value("repository", nlohmann::json());
    provenance["fonds"] = loaded.json.value("fonds", nlohmann::json::array());
    std::vector<StagedFile> files;
    const Limits limits;
    for (const auto& stage : stages.items) {
        RECTO_TRY(stage->open({&settings, 1, model_folder()}));
        ItemInput in{loaded.item, view, staging, files, *clock, limits, provenance};
        RECTO_TRY(stage->run(in));
    }
    if (const auto e = view.error()) return tl::unexpected(*e);
    std::vector<OcflFile> content;
    for (std::size_t i = 0; i < loaded.item.sources.size(); ++i)
        content.push_back({master_logical_path(loaded.item, i), "", loaded.item.sources[i].sha512, true});
    for (const StagedFile& f : files) content.push_back({f.logical_path, f.staged_path, f.sha512, false});
    return objects.put(
        "urn:uuid:" + loaded.item.id.to_string(), content,
        {rfc3339(clock->now()), "recto catalogue assign", a.who.empty() ? "recto" : a.who, "mailto:recto@localhost"});
}

int refuse(const std::string& id, const std::string& arg, int code) {
    std::fprintf(stderr, "recto: %s\n", tr(id, arg).c_str());
    return code;
}

int assign(const AssignArguments& a) {
    const std::string code = to_nfc(trim_text(a.code));
    if (code.empty()) return refuse("assign.empty", "", kUsage);
    auto archive = open_archive(a.archive, nullptr, "recto catalogue assign");
    if (!archive) return report_error(archive.error());
    const ArchivePaths& paths = (*archive)->paths;
    auto fs = posix_file_system();
    OcflStore objects(fs, paths.storage());
    if (auto opened = objects.open(); !opened) return report_error(opened.error());
    if (auto recovered = objects.recover(); !recovered) return report_error(recovered.error());
    auto store = open_store(paths, (*archive)->identity);
    if (!store) return report_error(store.error());

    const auto found = (*store)->find_items(a.item);
    if (!found) return report_error(found.error());
    if (found->empty()) return refuse("assign.no_item", a.item, kNoInput);
    if (found->size() > 1) return refuse("assign.several", a.item, kUsage);
    const std::string id = found->front();
    const auto before = (*store)->item(id);
    if (!before || !*before) return before ? refuse("assign.no_item", a.item, kNoInput) : report_error(before.error());
    const std::string old = (*before)->code;
    if (old == code) {
        std::fprintf(stderr, "%s\n", tr("assign.same", a.item, code).c_str());
        return kDone;
    }
    const auto others = (*store)->find_items(code);
    if (!others) return report_error(others.error());
    for (const std::string& other : *others) {
        const auto record = (*store)->item(other);
        if (!record) return report_error(record.error());
        // An item that had the 档号 once, or was delivered under that name, does not stand in the way.
        if (other != id && *record && fold_code((*record)->code) == fold_code(code))
            return refuse("assign.taken", other, kBadData);
    }

    SettingsOptions chosen;
    chosen.profile = (*archive)->identity.profile;
    const auto settings = chosen.load();
    if (!settings) return report_error(settings.error());
    const std::string scratch = join_path(paths.work, "assign"), staging = join_path(scratch, "version");
    const auto work = [&]() -> Result<OcflState> {
        RECTO_TRY(fs->remove_tree(scratch));
        RECTO_TRY(fs->make_folders(staging));
        RECTO_ASSIGN(Loaded loaded, load_item(objects, *fs, id, join_path(scratch, "images")));
        give_code(loaded.item, code, a.reason, rfc3339(default_clock()->now()));
        const catalogue::StoreView view(**store);
        // Until the store has the new version it counts as behind.
        RECTO_TRY((*store)->set_meta("behind", "assign"));
        RECTO_ASSIGN(const OcflState state, store_version(objects, loaded, view, *settings, staging, a));
        RECTO_ASSIGN(const auto record, catalogue::stored_item(objects, *fs, state));
        RECTO_TRY((*store)->put_items({record}));
        RECTO_TRY((*store)->set_meta("behind", ""));
        RECTO_TRY(update_index(*fs, paths, {{code, id, "storage/" + state.path, record.state, record.counted_pages}}));
        return state;
    };
    const auto state = work();
    (void)fs->remove_tree(scratch);
    if (!state) return report_error(state.error());
    (void)(*archive)->events->append(
        "rename",
        {{"id", id}, {"from", old}, {"to", code}, {"version", state->head}, {"who", a.who}, {"reason", a.reason}});
    if (a.json)
        std::printf("%s\n",
                    nlohmann::json{{"schema", 1}, {"id", id}, {"from", old}, {"to", code}, {"version", state->head}}
                        .dump(1)
                        .c_str());
    std::fprintf(stderr, "%s\n", tr("assign.done", a.item, code, std::to_string(state->head)).c_str());
    return kDone;
}

} // namespace

void add_assign(CLI::App& group, Action& action) {
    auto* command = group.add_subcommand("assign", tr("cli.catalogue.assign"));
    auto a = std::make_shared<AssignArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("ITEM", a->item, tr("cli.catalogue.item"))->required();
    command->add_option("CODE", a->code, tr("cli.catalogue.code"))->required();
    command->add_option("--reason", a->reason, tr("cli.catalogue.reason"));
    command->add_option("--who", a->who, tr("cli.catalogue.who"));
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return assign(*a); }; });
}

} // namespace recto::cli
