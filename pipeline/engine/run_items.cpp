// The order of an item's tasks, from its keys to its end: unchanged, or its pages are worked, joined and stored.

#include <algorithm>
#include <cmath>

#include "pipeline/core/digest.h"
#include "pipeline/core/messages.h"
#include "pipeline/engine/run_state.h"

namespace recto {

namespace {
/// What reading and describing had found of an item that is stored already: for the report and the reconciliation.
void recall(Item& item, const nlohmann::json& stored) {
    item.held = stored.value("held", false);
    item.held_reason = stored.value("held_reason", "");
    if (const auto expected = stored.find("expected_pages"); expected != stored.end() && expected->is_number_integer())
        item.expected_pages = expected->get<int>();
    item.findings = stored.value("findings", std::vector<Finding>{});
    item.fields = stored.value("fields", std::vector<Field>{});
    for (const auto& row : stored.value("pages", nlohmann::json::array()))
        for (Page& page : item.pages) {
            if (page.id.to_string() != row.value("id", "")) continue;
            page.page_class = parse_page_class(row.value("class", ""));
            if (const auto c = row.find("class_confidence"); c != row.end() && c->is_number())
                c->get_to(page.class_confidence);
            page.printed_number = row.value("printed_number", "");
            if (const auto reading = row.find("reading"); reading != row.end() && reading->is_object()) {
                page.text.confidence = reading->value("confidence", 0.0);
                for (auto state : {ReadState::Blank, ReadState::NotMachineReadable})
                    if (to_string(state) == reading->value("state", "")) page.text.state = state;
            }
        }
}
} // namespace

/// The keys of an item's pages and of what the page stages make of them.
void Run::State::set_page_keys(ItemState& s) {
    Item& item = s.item;
    std::map<std::string, const TakenFile*> taken_of;
    for (const auto& f : s.delivery->files) taken_of[f.file.source.path] = &f;
    s.pages.assign(item.pages.size(), {});
    for (std::size_t p = 0; p < item.pages.size(); ++p) {
        const Page& page = item.pages[p];
        PageState& state = s.pages[p];
        const Source& source = item.sources[static_cast<std::size_t>(page.image.source)];
        const auto taken = taken_of.find(source.path);
        KeyBuilder key;
        key.add("page").add(page.id.to_string()).add(std::to_string(page.order)).add(to_string(page.page_class));
        if (page.error) {
            state.base_key = key.add("error").add(page.error->code).finish();
            continue;
        }
        if (taken != taken_of.end()) {
            const std::string& treat_key = taken->second->treat_keys[static_cast<std::size_t>(page.image.index)];
            key.add(treat_key);
            state.scan_picture = scan_picture(treat_key);
        } else key.add("edit").add(source.sha512).add(std::to_string(page.image.index)); // a scan that came later
        key.add(page.treatment.split);
        key.add(nlohmann::json(page.treatment.transform).dump())
            .add(hooks.group_fingerprint ? hooks.group_fingerprint() : "");
        state.base_key = key.finish();
        for (const auto& stage : stages.pages) {
            std::vector<std::string> inputs;
            for (std::string_view name : stage->info().inputs)
                for (std::size_t k = 0; k < state.stage_keys.size(); ++k)
                    if (stages.pages[k]->info().name == name) inputs.push_back(state.stage_keys[k]);
            state.stage_keys.push_back(stage_key(*stage, state.base_key, inputs));
        }
    }
}

/// False: the item has failed, because what was changed in it could not be put on again; nothing is stored over it.
bool Run::State::put_edits_on(ItemState& s, const OcflState& head, const nlohmann::json& stored) {
    if (!hooks.put_edits_on || !stored.is_object() || !stored.contains("edits")) return true;
    const auto done = guarded("edits", [&] {
        return hooks.put_edits_on(s.item, stored,
                                  [&](const std::string& logical) { return store->content_path(head, logical); });
    });
    if (!done) return could_not(s, done.error());
    pages_changed(s);
    return true;
}

/// Values that came with the delivery; `changed`: some were not on the item yet. False as above.
bool Run::State::put_given_on(ItemState& s, bool& changed) {
    if (!hooks.put_given_on) return true;
    const auto done = guarded("edits", [&] { return hooks.put_given_on(s.item); });
    if (!done) return could_not(s, done.error());
    changed = *done;
    if (changed) pages_changed(s);
    return true;
}

/// Pages of the item came, went or became others.
void Run::State::pages_changed(ItemState& s) {
    const int more = static_cast<int>(s.item.pages.size()) - static_cast<int>(s.pages.size());
    {
        const std::lock_guard lock(mutex);
        report.pages += more;
    }
    progress.pages_known += more;
    set_page_keys(s);
}

bool Run::State::could_not(ItemState& s, const Error& error) {
    s.report.state = "failed";
    s.report.reason = error.to_string();
    {
        const std::lock_guard lock(mutex);
        Error e = error;
        if (e.file.empty()) e.file = s.item.display_name();
        report.errors.push_back(std::move(e));
    }
    finish_item(s);
    return false;
}

void Run::State::start_item(ItemState& s) {
    Item& item = s.item;
    s.report.id = item.id.to_string();
    s.report.reference_code = item.reference_code;
    s.report.name = item.display_name();
    if (const auto* row = catalogue.find(item.reference_code))
        if (const auto it = row->find("retention_period"); it != row->end())
            s.permanent = it->second.find("永久") != std::string::npos || it->second == "Y";
    set_page_keys(s);
    s.key = item_key(s);

    bool given = false;
    // Stored already from the same input, settings and build of the stages: nothing to do.
    if (auto head = store->state("urn:uuid:" + item.id.to_string()); head && head->head > 0) {
        const auto path = store->content_path(*head, "metadata/item.json");
        const auto text = path ? fs->read(*path) : Result<std::string>(std::string());
        const auto json = nlohmann::json::parse(text ? *text : "", nullptr, false);
        // The key is of the delivery alone: what people changed since lies on top of it and is no reason to do it again.
        if (!put_edits_on(s, *head, json) || !put_given_on(s, given)) return;
        if (!given && json.is_object() && json.contains("provenance") && json["provenance"].value("key", "") == s.key) {
            s.report.state = json.value("held", false) ? "held" : "unchanged";
            s.report.reason = json.value("held_reason", "");
            s.report.object_path = head->path;
            s.report.version = "v" + std::to_string(head->head);
            try {
                recall(item, json);
            } catch (const nlohmann::json::exception&) {
                // Of another shape than ours: the report says less of this item, nothing else depends on it.
            }
            for (auto& page : s.pages)
                for (std::size_t k = 0; k < page.stage_keys.size(); ++k)
                    if (const StageInfo& stage = stages.pages[k]->info(); stage.work_only)
                        if (auto record = journal->find(page.stage_keys[k]))
                            page.work_results[std::string(stage.name)] = std::move(*record);
            {
                const std::lock_guard lock(mutex);
                report.pages_reused += static_cast<int>(item.pages.size());
            }
            progress.pages_done += static_cast<int>(item.pages.size());
            finish_item(s);
            return;
        }
    } else if (!put_given_on(s, given)) return;

    int pending = 0;
    for (const Page& page : item.pages) pending += page.error ? 0 : 1;
    s.pending = pending + 1; // one for this function, so that the item cannot end before all are submitted
    for (std::size_t p = 0; p < item.pages.size(); ++p) {
        if (item.pages[p].error) {
            const std::lock_guard lock(mutex);
            ++report.pages_failed;
            ++progress.pages_failed;
            ++progress.pages_done;
            continue;
        }
        submit(*cpu, s.permanent ? Priority::ReadPermanent : Priority::Read, [this, &s, p](int worker) {
            work_page(s, p, worker);
            ++progress.pages_done;
            page_done(s);
        });
    }
    page_done(s);
}

void Run::State::page_done(ItemState& s) {
    if (s.pending.fetch_sub(1) != 1 || stopping()) return;
    submit(*cpu, Priority::Join, [this, &s](int) { join_item(s); });
}

/// The item is stored, unchanged or failed: fill its report and let memory go.
void Run::State::finish_item(ItemState& s) {
    Item& item = s.item;
    ItemReport& r = s.report;
    r.expected_pages = item.expected_pages;
    r.counted_pages = item.counted_pages();
    r.findings = item.findings;
    for (const Finding& f : item.findings) // a reason may be kept as the code of the finding that explains it
        if (f.code == r.reason) r.reason = ui_language() == Language::Chinese ? f.chinese() : f.english();
    if (const Field* title = item.field("title")) r.title = title->as_written;
    for (std::size_t p = 0; p < item.pages.size(); ++p) {
        Page& page = item.pages[p];
        PageReport row = page_report(item, page);
        row.work_results = std::move(s.pages[p].work_results);
        row.scan_picture = s.pages[p].scan_picture;
        r.pages.push_back(std::move(row));
    }
    const auto images = static_cast<int>(item.pages.size());
    ++progress.items_done;
    const std::string what = "item." + r.state;
    RunEvent event{.what = what, .item = r.id, .reference_code = r.reference_code};
    event.level = r.state == "failed" ? RunEvent::Level::Error
                  : r.state == "held" ? RunEvent::Level::Warning
                                      : RunEvent::Level::Info;
    tell(event);
    {
        const std::lock_guard lock(mutex);
        ++tally.item_states[r.state];
        for (const PageReport& row : r.pages) {
            ++tally.page_states[row.state];
            if (row.state != "read") continue;
            const auto at = std::lower_bound(kConfidenceBounds.begin(), kConfidenceBounds.end(), row.confidence);
            ++tally.confidence[static_cast<std::size_t>(at - kConfidenceBounds.begin())];
            tally.confidence_sum += row.confidence;
        }
        if (hooks.on_item) hooks.on_item(item);
        if (hooks.on_stored && !r.object_path.empty()) hooks.on_stored(r);
        images_open -= std::min(images_open, images);
        if (!r.object_path.empty())
            index_rows.push_back({item.reference_code.empty() ? item.provisional_name : item.reference_code, r.id,
                                  "storage/" + r.object_path, r.state == "held" ? "held" : "stored", r.counted_pages});
    }
    item = Item{};
    s.pages = {};
    open_more();
}

} // namespace recto
