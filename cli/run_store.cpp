#include "cli/run_store.h"

#include <algorithm>
#include <set>

#include "catalogue/imports.h"
#include "catalogue/rebuild.h"
#include "cli/cli.h"
#include "cli/search_access.h"
#include "cli/store_access.h"
#include "pipeline/core/clock.h"
#include "pipeline/files/codes.h"

namespace recto::cli {

Result<std::unique_ptr<RunStore>> RunStore::open(OpenArchive& archive, const std::string& list,
                                                 const std::string& operator_name, const Settings& settings) {
    RECTO_ASSIGN(auto store, open_store(archive.paths, archive.identity));
    if (!list.empty()) {
        auto fs = posix_file_system();
        RECTO_ASSIGN(const auto bytes, fs->read(list));
        catalogue::ImportOptions options;
        options.update = true;
        options.operator_name = operator_name;
        options.agent = agent();
        options.now = rfc3339(default_clock()->now());
        const auto plan =
            catalogue::import_file(*store, *fs, catalogue_folder(archive.paths), bytes, list, settings, options);
        if (!plan) return tl::unexpected(plan.error());
        if (!plan->already)
            (void)archive.events->append("catalogue.import",
                                         {{"import", plan->id}, {"key", plan->key}, {"refused", plan->refused}});
    }
    std::unique_ptr<RunStore> out(new RunStore(std::move(store), archive.paths));
    RECTO_ASSIGN(out->versions_, out->store_->item_versions());
    RECTO_ASSIGN(const auto rows, out->store_->inventory_size());
    out->has_catalogue_ = rows > 0;
    return out;
}

Result<void> RunStore::begin(const std::string& run) { return store_->set_meta("behind", run); }

Result<void> RunStore::end() {
    if (auto e = view_->error()) return tl::unexpected(*e);
    if (error_) return tl::unexpected(*error_);
    RECTO_TRY(store_->set_meta("behind", ""));
    // The text index: what cannot be taken in now is taken in before the next search.
    if (auto indexed = refresh_index(*store_, paths_); !indexed) (void)report_error(indexed.error());
    return {};
}

void RunStore::take(const std::string& id) {
    view_->exclusively([&] {
        const auto work = [&]() -> Result<void> {
            RECTO_ASSIGN(const auto state, objects_.state("urn:uuid:" + id));
            const auto file = state.files.find("metadata/item.json");
            if (file == state.files.end()) return {};
            if (const auto known = versions_.find(id);
                known != versions_.end() && known->second == std::pair(state.head, file->second))
                return {};
            RECTO_ASSIGN(const auto record, catalogue::stored_item(objects_, *fs_, state));
            return store_->put_items({record});
        };
        if (auto done = work(); !done && !error_) error_ = done.error();
    });
}

void RunStore::keep_assigned_codes(std::vector<Item>& items) {
    view_->exclusively([&] {
        for (Item& item : items) {
            if (!versions_.contains(item.id.to_string())) continue;
            auto stored = store_->item(item.id.to_string());
            if (!stored) {
                if (!error_) error_ = stored.error();
                continue;
            }
            if (!*stored || !(*stored)->assigned) continue;
            item.reference_code = (*stored)->code;
            item.former_codes.clear();
            for (const auto& c : (*stored)->former_codes) item.former_codes.push_back({c.code, c.until, c.reason});
            Field code;
            code.id = "reference_code";
            code.as_written = code.value = item.reference_code;
            code.source = "operator";
            code.confidence = 1;
            item.fields.push_back(std::move(code));
        }
    });
}

Result<catalogue::Catalogue> RunStore::rows_for(const std::vector<catalogue::ScannedItem>& items) {
    std::set<std::string> codes, volumes;
    for (const auto& item : items)
        if (!item.code.empty()) codes.insert(fold_code(item.code));
    RECTO_ASSIGN(auto rows, store_->inventory_rows({codes.begin(), codes.end()}));
    std::vector<catalogue::Entry> entries;
    for (auto& [folded, row] : rows) {
        if (const std::string volume = catalogue::grouping_of(row.entry).volume;
            !volume.empty() && row.entry.level == "item")
            volumes.insert(fold_code(volume));
        entries.push_back(std::move(row.entry));
    }
    RECTO_ASSIGN(auto others, store_->inventory_of_volumes({volumes.begin(), volumes.end()}));
    for (auto& entry : others) {
        if (codes.contains(fold_code(entry.code))) continue;
        RECTO_ASSIGN(const auto stored, store_->find_items(entry.code));
        if (stored.empty()) entries.push_back(std::move(entry)); // what earlier runs stored is not missing
    }
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return std::tie(a.row, a.code) < std::tie(b.row, b.code); });
    return catalogue::Catalogue::from_entries(std::move(entries));
}

} // namespace recto::cli
