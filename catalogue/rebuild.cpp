#include "catalogue/rebuild.h"

#include "catalogue/imports.h"

namespace recto::catalogue {

namespace {

constexpr std::size_t kBatch = 200; // items written together; their pages are in memory meanwhile

Result<void> take_items(Store& store, const ArchiveParts& archive, const RebuildProgress& progress,
                        RebuildResult& out) {
    OcflStore objects(archive.fs, archive.storage);
    RECTO_TRY(objects.open());
    RECTO_ASSIGN(const auto paths, objects.object_paths());
    RECTO_ASSIGN(auto known, store.item_versions());
    std::vector<ItemRecord> batch;
    std::int64_t done = 0;
    for (const std::string& path : paths) {
        if (progress) progress(done++, static_cast<std::int64_t>(paths.size()));
        const auto state = objects.state_at(path);
        if (!state) {
            out.problems.push_back(state.error());
            continue;
        }
        if (!state->files.contains("metadata/item.json")) continue; // of another program, or no item
        const std::string id = state->id.starts_with("urn:uuid:") ? state->id.substr(9) : state->id;
        if (const auto it = known.find(id); it != known.end()) {
            const bool same =
                it->second.first == state->head && it->second.second == state->files.at("metadata/item.json");
            known.erase(it);
            if (same) continue;
        }
        auto record = stored_item(objects, *archive.fs, *state);
        if (!record) {
            out.problems.push_back(record.error());
            continue;
        }
        batch.push_back(std::move(*record));
        ++out.items;
        if (batch.size() < kBatch) continue;
        RECTO_TRY(store.put_items(batch));
        batch.clear();
    }
    RECTO_TRY(store.put_items(batch));
    // What could not be read just now is not gone.
    std::vector<std::string> gone;
    if (out.problems.empty())
        for (const auto& [id, version] : known) gone.push_back(id);
    out.removed = static_cast<int>(gone.size());
    if (progress) progress(done, static_cast<std::int64_t>(paths.size()));
    return store.remove_items(gone);
}

} // namespace

Result<ItemRecord> stored_item(OcflStore& objects, FileSystem& fs, const OcflState& state) {
    RECTO_ASSIGN(const std::string path, objects.content_path(state, "metadata/item.json"));
    RECTO_ASSIGN(const std::string text, fs.read(path));
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return fail("catalogue.item_json", "no JSON", path);
    return item_record(json, state.path, state.head, state.files.at("metadata/item.json"));
}

Result<RebuildResult> rebuild(Store& store, const ArchiveParts& archive, const RebuildProgress& progress) {
    RebuildResult out;
    RECTO_TRY(store.database().transaction([&]() -> Result<void> {
        RECTO_TRY(store.clear());
        RECTO_ASSIGN(out.imports, replay_imports(store, *archive.fs, archive.catalogue));
        RECTO_TRY(take_items(store, archive, progress, out));
        return store.set_meta("behind", "");
    }));
    return out;
}

Result<RebuildResult> catch_up(Store& store, const ArchiveParts& archive, const RebuildProgress& progress) {
    RebuildResult out;
    RECTO_TRY(store.database().transaction([&]() -> Result<void> {
        RECTO_ASSIGN(out.imports, replay_imports(store, *archive.fs, archive.catalogue));
        RECTO_TRY(take_items(store, archive, progress, out));
        return store.set_meta("behind", "");
    }));
    return out;
}

} // namespace recto::catalogue
