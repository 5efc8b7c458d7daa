// The work of the tasks on pages and items: work a page, join and store an item; and what names their results.

#include <algorithm>
#include <cmath>

#include "pipeline/core/cpu_time.h"
#include "pipeline/core/digest.h"
#include "pipeline/core/messages.h"
#include "pipeline/engine/run_state.h"
#include "pipeline/files/image_out.h"
#include "pipeline/files/names.h"

namespace recto {

Limits Run::State::limits() const {
    return {std::chrono::steady_clock::now() + std::chrono::seconds(settings.get(kPageTimeLimit)), stop.get_token()};
}

std::string Run::State::work_folder(const std::string& key) const {
    return join_path(join_path(join_path(paths.work, "staged"), key.substr(0, 2)), key);
}

namespace {
std::string key_of_stage(const Stage& stage, const Settings& settings, const std::string& parent,
                         const std::vector<std::string>& inputs) {
    KeyBuilder key;
    key.add(parent).add(stage.info().name).add(std::to_string(stage.info().version));
    key.add(settings.fingerprint(stage.info().settings)).add(stage.data_fingerprint());
    for (const auto& i : inputs) key.add(i);
    return key.finish();
}
} // namespace

std::string treatment_key(const Stage& treatment, const Settings& settings, std::string_view sha512, int index) {
    KeyBuilder parent;
    parent.add("image").add(sha512).add(std::to_string(index));
    return key_of_stage(treatment, settings, parent.finish(), {});
}

std::string Run::State::stage_key(const Stage& stage, const std::string& parent,
                                  const std::vector<std::string>& inputs) const {
    return key_of_stage(stage, settings, parent, inputs);
}

std::string Run::State::item_key(const ItemState& s) const {
    const Item& item = s.item;
    KeyBuilder key;
    key.add("item").add(item.id.to_string()).add(item.reference_code).add(item.provisional_name);
    for (const auto& source : item.sources)
        key.add(source.sha512).add(source.original_bytes).add(nlohmann::json(source.capture).dump());
    if (const auto* row = catalogue.find(item.reference_code))
        for (const auto& [name, value] : *row) key.add(name).add(value);
    for (const auto& page : s.pages) {
        key.add(page.base_key);
        for (std::size_t k = 0; k < page.stage_keys.size(); ++k)
            if (!stages.pages[k]->info().work_only) key.add(page.stage_keys[k]);
    }
    for (const auto& stage : stages.items) key.add(stage_key(*stage, "", {}));
    return key.finish();
}

void Run::State::add_time(std::string_view stage, double cpu_time, double wall, bool cached) {
    const std::lock_guard lock(mutex);
    StageTimes& t = times[std::string(stage)];
    t.name = stage;
    ++(cached ? t.cached : t.calls);
    t.cpu_seconds += cpu_time;
    t.wall_seconds += wall;
}

/// Waits for space on the archive's disk. False: the run has to end (or was told to).
bool Run::State::wait_for_space() {
    const std::lock_guard one(space_mutex);
    const auto need = static_cast<std::uint64_t>(settings.get(kMinFree)) << 20;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(settings.get(kDiskWait));
    bool told = false;
    while (!stopping()) {
        const auto free = fs->free_bytes(paths.work);
        if (free && *free >= need) {
            if (told) tell({.what = "run.resumed"});
            return true;
        }
        if (!admitted()) return false;
        if (!told) tell({.level = RunEvent::Level::Warning, .what = "run.paused", .code = "io.no_space"});
        if (!told) progress.note(tr("run.disk_full", std::to_string((free ? *free : 0) >> 20)));
        told = true;
        if (std::chrono::steady_clock::now() >= until) {
            progress.note(tr("run.disk_stop"));
            {
                const std::lock_guard lock(mutex);
                report.stopped = "disk";
            }
            stop.request_stop();
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
    return false;
}

/// True when every file a record speaks of is still there, whole.
bool Run::State::usable(const nlohmann::json& record, bool check_digest) {
    const auto whole = [&](const nlohmann::json& f) {
        const std::string path = f.value("staged_path", "");
        if (path.empty()) return true;
        const auto stat = fs->stat(path);
        if (!stat || !stat->exists || stat->size != f.value("size", std::uint64_t{0})) return false;
        if (!check_digest) return true;
        const auto sum = fs->digest(path, DigestAlgorithm::Sha512);
        return sum && *sum == f.value("sha512", "");
    };
    if (!record.is_object()) return true;
    if (record.contains("files") && record["files"].is_array())
        for (const auto& f : record["files"])
            if (!whole(f)) return false;
    if (record.contains("pdf_inks"))
        for (const auto& ink : record["pdf_inks"])
            if (!whole(ink["mask"]) || !whole(ink["colours"])) return false;
    return !record.contains("pdf_image") || whole(record["pdf_image"]);
}

void Run::State::work_page(ItemState& s, std::size_t p, int worker) {
    Page& page = s.item.pages[p];
    PageState& state = s.pages[p];
    std::vector<std::size_t> missing;
    for (std::size_t k = 0; k < stages.pages.size(); ++k) {
        const auto record = journal->find(state.stage_keys[k]);
        if (record && usable(*record, true)) add_time(stages.pages[k]->info().name, 0, 0, true);
        else missing.push_back(k);
    }
    if (missing.empty()) return;

    const std::string mark = "page:" + state.base_key;
    const Source& source = s.item.sources[static_cast<std::size_t>(page.image.source)];
    const ImageInfo& info = source.images[static_cast<std::size_t>(page.image.index)];
    std::size_t peak = 0;
    for (const std::size_t k : missing)
        peak = std::max(peak, stages.pages[k]->info().peak_bytes(static_cast<double>(info.width) * info.height));
    const auto lease = memory->lease(2 * raster_bytes(info) + peak, stop.get_token());
    if (stopping()) return;
    if (const auto free = fs->free_bytes(paths.work);
        free && *free < (static_cast<std::uint64_t>(settings.get(kMinFree)) << 20))
        if (!wait_for_space()) return;
    while (!journal->begin(mark, source.path))
        if (!wait_for_space()) return;
    const bool suspect = journal->suspects().contains(mark);
    {
        const std::lock_guard lock(mutex);
        busy[worker] = {std::chrono::steady_clock::now(), source.path + " #" + std::to_string(page.image.index + 1)};
    }
    const Timer whole;
    Result<void> done;
    do {
        done = guarded("page", [&]() -> Result<void> {
            if (!suspect || !hooks.run_alone) return page_stages(s, p, missing, worker);
            nlohmann::json folders = nlohmann::json::array();
            for (const std::size_t k : missing) {
                RECTO_TRY(fs->make_folders(work_folder(state.stage_keys[k])));
                folders.push_back(
                    {{"stage", stages.pages[k]->info().name}, {"folder", work_folder(state.stage_keys[k])}});
            }
            nlohmann::json inputs = nlohmann::json::object();
            for (std::size_t k = 0; k < stages.pages.size(); ++k)
                if (auto r = journal->find(state.stage_keys[k])) inputs[std::string(stages.pages[k]->info().name)] = *r;
            RECTO_ASSIGN(const auto results, hooks.run_alone(alone_request(s.item, page, folders, inputs)));
            for (const std::size_t k : missing)
                RECTO_TRY(journal->put(state.stage_keys[k], stages.pages[k]->info().name,
                                       results.at(std::string(stages.pages[k]->info().name))));
            return {};
        });
    } while (!done && is_full(done.error()) && wait_for_space());
    {
        const std::lock_guard lock(mutex);
        busy.erase(worker);
    }
    if (!done && (stopping() || is_full(done.error()))) {
        journal->end(mark);
        return; // left for the next run
    }
    if (!done) {
        page.error = done.error();
        if (page.error->file.empty()) page.error->file = source.path;
        if (page.error->page == 0) page.error->page = page.image.index + 1;
        tell_error("page.failed", *page.error, &s.item, &page);
        const std::lock_guard lock(mutex);
        report.errors.push_back(*page.error);
        ++report.pages_failed;
        ++progress.pages_failed;
    }
    if (done)
        tell({.what = "page.done",
              .file = source.path,
              .image = page.image.index + 1,
              .item = s.item.id.to_string(),
              .reference_code = s.item.reference_code,
              .page = page.id.to_string(),
              .seconds = whole.wall_seconds()});
    journal->end(mark);
    if (suspect) journal->clear_suspect(mark);
}

Result<void> Run::State::page_stages(ItemState& s, std::size_t p, const std::vector<std::size_t>& missing, int worker) {
    const Page& page = s.item.pages[p];
    const Source& source = s.item.sources[static_cast<std::size_t>(page.image.source)];
    Raster image;
    {
        const Timer decoding;
        RECTO_ASSIGN(Raster scan, hooks.decode(source, page.image.index));
        add_time("decode", decoding.cpu_seconds(), decoding.wall_seconds(), false);
        const Timer rendering;
        RECTO_ASSIGN(image, render_page(scan, page.treatment));
        add_time("render", rendering.cpu_seconds(), rendering.wall_seconds(), false);
    }
    const LargerPage larger = [&](double scale) -> Result<Raster> {
        RECTO_ASSIGN(const Raster scan, hooks.decode(source, page.image.index));
        return render_page(scan, page.treatment, scale);
    };
    auto& bench = benches[static_cast<std::size_t>(worker)];
    bench.pages.resize(stages.pages.size());
    std::map<std::string, nlohmann::json> results;
    const Limits bounds = limits();
    for (std::size_t k = 0; k < stages.pages.size(); ++k) {
        const PageStage& stage = *stages.pages[k];
        const std::string name(stage.info().name);
        const std::string& key = s.pages[p].stage_keys[k];
        if (std::find(missing.begin(), missing.end(), k) == missing.end()) {
            if (auto record = journal->find(key)) results[name] = std::move(*record);
            continue;
        }
        if (!bench.pages[k]) bench.pages[k] = stage.make_worker();
        const std::string folder = work_folder(key);
        RECTO_TRY(fs->make_folders(folder));
        const Timer timer;
        auto result =
            guarded(name, [&] { return bench.pages[k]->run({s.item, page, image, folder, results, bounds, larger}); });
        add_time(name, timer.cpu_seconds(), timer.wall_seconds(), false);
        if (!result) return tl::unexpected(std::move(result.error()));
        RECTO_TRY(journal->put(key, name, *result));
        results[name] = std::move(*result);
    }
    return {};
}

void Run::State::join_item(ItemState& s) {
    Item& item = s.item;
    const std::string staging = join_path(join_path(paths.work, "items"), item.id.to_string());
    std::vector<StagedFile> files;
    int failed = 0;
    if (s.grouped_findings.empty()) { // kept for a second try after a full disk
        for (const auto& page : item.pages) s.grouped_findings.push_back(page.findings);
        s.item_findings = item.findings;
    }
    auto joined = guarded("join", [&]() -> Result<void> {
        for (std::size_t p = 0; p < item.pages.size(); ++p) {
            Page& page = item.pages[p];
            if (page.error) {
                ++failed;
                continue;
            }
            for (std::size_t k = 0; k < stages.pages.size(); ++k) {
                const std::string name(stages.pages[k]->info().name);
                auto record = journal->find(s.pages[p].stage_keys[k]);
                if (!record) return fail_retry("run.journal", "the result of stage " + name + " is gone", paths.work);
                if (record->is_object() && record->contains("findings"))
                    for (const auto& f : (*record)["findings"]) page.findings.push_back(f.get<Finding>());
                if (name == "reading") {
                    take_text(page, record->get<PageText>());
                } else if (name == "encode") {
                    page.encoded = record->get<EncodedPage>();
                    for (const auto& f : page.encoded.files) files.push_back(f);
                } else if (stages.pages[k]->info().work_only) {
                    s.pages[p].work_results[name] = std::move(*record);
                } else {
                    page.stage_data[name] = std::move(*record);
                }
            }
        }
        if (hooks.classify) hooks.classify(item);
        if (failed > 0) {
            const Finding f{"run.held_errors", Severity::Error, {std::to_string(failed)}, false, {}};
            if (!item.held || item.held_reason.empty()) item.held_reason = f.english();
            item.held = true;
            item.findings.push_back(f);
        }
        nlohmann::json provenance = options.provenance;
        provenance["key"] = s.key;
        if (failed > 0) { // a page that failed in this run is tried again in the next, so the key must not fit then
            KeyBuilder key;
            key.add(s.key);
            for (const auto& page : item.pages)
                if (page.error) key.add(page.error->code);
            const bool all_known_before = std::all_of(s.pages.begin(), s.pages.end(), [&](const PageState& ps) {
                const auto& page = item.pages[static_cast<std::size_t>(&ps - s.pages.data())];
                return !page.error || ps.stage_keys.empty();
            });
            if (!all_known_before) provenance["key"] = key.finish();
        }
        RECTO_TRY(fs->remove_tree(staging));
        RECTO_TRY(fs->make_folders(staging));
        const Limits bounds = limits();
        for (const auto& stage : stages.items) {
            const std::string name(stage->info().name);
            const Timer timer;
            ItemInput in{item, catalogue, staging, files, *clock, bounds, provenance};
            auto ran = guarded(name, [&] { return stage->run(in); });
            add_time(name, timer.cpu_seconds(), timer.wall_seconds(), false);
            if (!ran) return ran;
        }
        return {};
    });
    if (joined) {
        submit(
            *io, Priority::Join,
            [this, &s, files = std::move(files), staging](int) mutable { store_item(s, std::move(files), staging); },
            true);
        return;
    }
    if (is_full(joined.error())) {
        if (wait_for_space()) { // from the start: page fields are set again from the records
            for (std::size_t p = 0; p < item.pages.size(); ++p) {
                item.pages[p].stage_data.clear();
                item.pages[p].findings = s.grouped_findings.at(p);
            }
            item.fields.clear();
            item.findings = s.item_findings;
            submit(*cpu, Priority::Join, [this, &s](int) { join_item(s); });
        }
        return;
    }
    if (stopping()) return;
    s.report.state = "failed";
    s.report.reason = joined.error().to_string();
    tell_error("item.error", joined.error(), &item);
    {
        const std::lock_guard lock(mutex);
        Error e = joined.error();
        if (e.file.empty()) e.file = item.display_name();
        report.errors.push_back(std::move(e));
    }
    (void)fs->remove_tree(staging);
    finish_item(s);
}

void Run::State::store_item(ItemState& s, std::vector<StagedFile> files, std::string staging) {
    Item& item = s.item;
    std::vector<OcflFile> content;
    for (std::size_t i = 0; i < item.sources.size(); ++i)
        content.push_back({master_logical_path(item, i), item.sources[i].path, item.sources[i].sha512, true});
    for (const auto& f : files) content.push_back({f.logical_path, f.staged_path, f.sha512, false});
    const OcflVersionInfo info{rfc3339(clock->now()), "recto run", options.provenance.value("user", "recto"),
                               options.provenance.value("user_address", "mailto:recto@localhost")};
    const std::string id = "urn:uuid:" + item.id.to_string();
    for (;;) {
        const Timer timer;
        const auto before = store->state(id);
        const auto state = guarded("store", [&] { return store->put(id, content, info); });
        add_time("store", timer.cpu_seconds(), timer.wall_seconds(), false);
        if (state) {
            s.report.state = item.held
                                 ? "held"
                                 : (before && before->head == state->head && state->head > 0 ? "unchanged" : "stored");
            s.report.reason = item.held_reason;
            s.report.object_path = state->path;
            s.report.version = "v" + std::to_string(state->head);
            break;
        }
        if (is_full(state.error())) {
            if (wait_for_space()) continue;
            return;
        }
        if (stopping()) return;
        s.report.state = "failed";
        s.report.reason = state.error().to_string();
        tell_error("item.error", state.error(), &item);
        const std::lock_guard lock(mutex);
        Error e = state.error();
        if (e.file.empty()) e.file = item.display_name();
        report.errors.push_back(std::move(e));
        break;
    }
    (void)fs->remove_tree(staging);
    if (s.report.state != "failed")
        for (std::size_t p = 0; p < s.pages.size();
             ++p) // staged images have moved into the store; what is left is scrap
            for (std::size_t k = 0; k < s.pages[p].stage_keys.size(); ++k)
                if (stages.pages[k]->info().name == "encode") {
                    (void)fs->remove_tree(work_folder(s.pages[p].stage_keys[k]));
                    journal->forget(s.pages[p].stage_keys[k]);
                }
    finish_item(s);
}

} // namespace recto
