#include "catalogue/search_update.h"

#include <algorithm>

#include "pipeline/core/classified.h"

namespace recto::catalogue {

namespace {

constexpr std::size_t kItems = 200, kPages = 4000; // of one transaction
constexpr int kPackFrom = 2000;                    // pages

/// Text of each page out of the item's text file, which ends each page by U+000C.
std::vector<std::string> page_texts(const std::string& all) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t end = std::min(all.find('\f', at), all.size());
        out.push_back(all.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

/// The 密级 that the catalogue or a person gives. What was only read off a page holds the item until it is released, and
/// does not count any more then.
std::string catalogued_level(const nlohmann::json& item) {
    std::string level;
    for (const auto& f : item.value("fields", nlohmann::json::array())) {
        if (!f.is_object() || f.value("id", "") != "security_level") continue;
        const std::string source = f.value("source", "");
        if (source == "operator" || (source == "catalogue" && level.empty())) level = f.value("as_written", "");
    }
    return level;
}

/// What changed: (id, object path) of items to read, and ids that are gone.
struct Difference {
    std::vector<std::pair<std::string, std::string>> changed;
    std::vector<std::string> gone;
};

Result<Difference> difference(Store& store, SearchIndex& index) {
    Difference out;
    RECTO_ASSIGN(auto known, index.known());
    RECTO_TRY(store.database().guarded([&]() -> Result<void> {
        std::string id, digest, path;
        soci::statement st =
            (store.database().session().prepare << "select id, digest, object_path from item order by id",
             soci::into(id), soci::into(digest), soci::into(path));
        st.execute();
        while (st.fetch()) {
            const auto it = known.find(id);
            if (it == known.end() || it->second != digest) out.changed.emplace_back(id, path);
            if (it != known.end()) known.erase(it);
        }
        return {};
    }));
    for (const auto& [id, digest] : known) out.gone.push_back(id);
    return out;
}

} // namespace

Result<IndexedItem> indexed_item(OcflStore& objects, FileSystem& fs, const std::string& object_path) {
    RECTO_ASSIGN(const OcflState state, objects.state_at(object_path));
    RECTO_ASSIGN(const std::string path, objects.content_path(state, "metadata/item.json"));
    RECTO_ASSIGN(const std::string bytes, fs.read(path));
    const auto json = nlohmann::json::parse(bytes, nullptr, false);
    if (!json.is_object()) return fail("catalogue.item_json", "no JSON", path);
    RECTO_ASSIGN(const ItemRecord r, item_record(json, state.path, state.head, state.files.at("metadata/item.json")));
    IndexedItem out;
    out.id = r.id;
    out.digest = r.digest;
    out.code = r.code;
    out.name = r.code.empty() ? r.name : r.code;
    out.title = r.title;
    out.creator = r.creator;
    if (const auto it = r.fields.find("document_number"); it != r.fields.end()) out.number = it->second;
    out.date_written = r.date_written;
    out.date_edtf = r.date_edtf;
    out.fonds = r.group.fonds;
    out.year = r.group.year;
    out.retention = r.group.retention;
    out.classification = catalogued_level(json);
    out.object_path = r.object_path;
    out.held = held_as_classified(json);
    std::vector<std::string> texts;
    if (!out.held) {
        const auto file = std::find_if(state.files.begin(), state.files.end(), [](const auto& f) {
            return f.first.starts_with("text/") && f.first.ends_with(".txt");
        });
        if (file != state.files.end()) {
            RECTO_ASSIGN(const std::string text_path, objects.content_path(state, file->first));
            RECTO_ASSIGN(const std::string text, fs.read(text_path));
            texts = page_texts(text);
            // The file has every page, also those without text; otherwise nobody knows which text is whose.
            if (texts.size() != r.pages.size())
                return fail("catalogue.text_pages",
                            std::to_string(texts.size()) + " / " + std::to_string(r.pages.size()), text_path);
        }
    }
    std::vector<PageRecord> pages = r.pages;
    std::stable_sort(pages.begin(), pages.end(),
                     [](const PageRecord& a, const PageRecord& b) { return a.order < b.order; });
    for (std::size_t i = 0; i < pages.size(); ++i)
        out.pages.push_back({pages[i].id, pages[i].printed_number, pages[i].order, pages[i].state,
                             i < texts.size() ? std::move(texts[i]) : std::string()});
    return out;
}

Result<bool> index_is_behind(Store& store, SearchIndex& index) {
    RECTO_ASSIGN(const std::string now, store.meta("items"));
    RECTO_ASSIGN(const std::string then, index.covers());
    return now != then;
}

Result<IndexUpdate> update_index(Store& store, SearchIndex& index, const ArchiveParts& archive,
                                 const RebuildProgress& progress) {
    IndexUpdate out;
    RECTO_ASSIGN(const std::string state, store.meta("items"));
    RECTO_ASSIGN(const Difference d, difference(store, index));
    RECTO_TRY(index.remove(d.gone));
    out.removed = static_cast<int>(d.gone.size());
    if (d.changed.empty()) {
        RECTO_TRY(index.set_covers(state));
        return out;
    }
    OcflStore objects(archive.fs, archive.storage);
    RECTO_TRY(objects.open());
    std::vector<IndexedItem> batch;
    std::size_t pages = 0;
    std::int64_t done = 0;
    const auto flush = [&]() -> Result<void> {
        RECTO_TRY(index.put(batch));
        batch.clear();
        pages = 0;
        return {};
    };
    for (const auto& [id, path] : d.changed) {
        if (progress) progress(done, static_cast<std::int64_t>(d.changed.size()));
        ++done;
        auto item = indexed_item(objects, *archive.fs, path);
        if (!item) {
            // What the index has of it is of another version: it goes, rather than to answer wrongly.
            RECTO_TRY(index.remove({id}));
            out.problems.push_back(item.error());
            continue;
        }
        ++out.items;
        out.pages += static_cast<int>(item->pages.size());
        pages += item->pages.size();
        batch.push_back(std::move(*item));
        if (batch.size() >= kItems || pages >= kPages) RECTO_TRY(flush());
    }
    RECTO_TRY(flush());
    if (progress) progress(done, done);
    if (out.problems.empty()) RECTO_TRY(index.set_covers(state));
    if (out.pages >= kPackFrom) RECTO_TRY(index.pack());
    return out;
}

} // namespace recto::catalogue
