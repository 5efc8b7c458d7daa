#include "cli/rereader.h"

#include "cli/alone.h"
#include "cli/cli.h"
#include "pipeline/engine/limits.h"
#include "pipeline/engine/run.h"

namespace recto::cli {

using amend::RereadFate;
using amend::RereadPage;

Rereader::Rereader(Asked asked, OpenWorkshop& workshop, Journal& journal, Progress& progress, int workers)
    : asked_(std::move(asked)), workshop_(workshop), journal_(journal), progress_(progress), workers_(workers),
      memory_(static_cast<std::size_t>(machine_limits().memory / 2)), benches_(static_cast<std::size_t>(workers)) {
    for (const auto& stage : shop().stages.pages)
        if (stage->info().name == "reading") reading_ = stage.get();
}

bool Rereader::run(const std::vector<std::string>& items) {
    Pool pool("read-", workers_);
    std::size_t next = 0;
    while (true) {
        while (!stop_ && next < items.size() && waiting_ < 4 * workers_) take(items[next++], pool);
        if (jobs_.empty()) return !stop_;
        bool idle = false;
        {
            std::unique_lock lock(mutex_);
            done_.wait_for(lock, std::chrono::milliseconds(200),
                           [&] { return jobs_.front()->left == 0 || (stop_ && busy_ == 0); });
            idle = busy_ == 0;
        }
        progress_.show();
        if (jobs_.front()->left == 0) {
            finish(*jobs_.front());
            jobs_.pop_front();
        } else if (stop_) {
            pool.drop_queued();
            if (!idle) continue;
            left_.push_back(std::move(jobs_.front()));
            jobs_.pop_front();
        }
    }
}

void Rereader::take(const std::string& id, Pool& pool) {
    auto job = std::make_unique<Job>();
    auto stored = amend::load_item(workshop_.fs(), shop().store, id);
    if (!stored) {
        note(stored.error());
        ++items_failed;
        return;
    }
    job->stored = std::move(*stored);
    job->pages = amend::pages_to_reread(job->stored.item, asked_.only_missing);
    job->texts.resize(job->pages.size());
    job->left = static_cast<int>(job->pages.size());
    waiting_ += job->left;
    for (std::size_t k = 0; k < job->pages.size(); ++k)
        pool.submit(Priority::Read, [this, job = job.get(), k](int worker) { read(*job, k, worker); });
    jobs_.push_back(std::move(job));
}

void Rereader::read(Job& job, std::size_t k, int worker) {
    {
        const std::lock_guard lock(mutex_);
        if (stop_) return;
        ++busy_;
    }
    const Item& item = job.stored.item;
    const Page& page = item.pages[job.pages[k]];
    const std::string key = amend::reread_key(item, page, *reading_, shop().settings);
    auto text = known(key);
    if (!text) text = read_now(item, page, key, worker);
    if (!*text) ++progress_.pages_failed;
    ++progress_.pages_done;
    const std::lock_guard lock(mutex_);
    job.texts[k] = std::move(text);
    --busy_;
    --waiting_;
    --job.left;
    done_.notify_all();
}

/// The reading of an interrupted call.
std::optional<Result<PageReading>> Rereader::known(const std::string& key) {
    const auto record = journal_.find(key);
    if (!record) return std::nullopt;
    try {
        return record->get<PageReading>();
    } catch (const std::exception&) { return std::nullopt; } // not of this version's making
}

Result<PageReading> Rereader::read_now(const Item& item, const Page& page, const std::string& key, int worker) {
    const Source& source = item.sources.at(static_cast<std::size_t>(page.image.source));
    const ImageInfo& info = source.images.at(static_cast<std::size_t>(page.image.index));
    const auto pixels = static_cast<double>(info.width) * info.height;
    const auto lease = memory_.lease(static_cast<std::size_t>(6 * pixels) + reading_->info().peak_bytes(pixels));
    const std::string mark = "ocr:" + key, folder = join_path(join_path(shop().work, "ocr"), key);
    RECTO_TRY(workshop_.fs().make_folders(folder));
    RECTO_TRY(journal_.begin(mark, source.path));
    const bool suspect = journal_.suspects().contains(mark);
    const Limits limits{std::chrono::steady_clock::now() + std::chrono::seconds(shop().settings.get(kPageTimeLimit)),
                        {}};
    auto& bench = benches_[static_cast<std::size_t>(worker)];
    if (!suspect && !bench) bench = reading_->make_worker();
    auto text = suspect ? read_alone(item, page, folder)
                        : amend::reread_page(item, page, *bench, shop().decode, folder, limits);
    if (text) (void)journal_.put(key, "reading", nlohmann::json(*text)); // not kept: read again next time
    (void)workshop_.fs().remove_tree(folder);
    journal_.end(mark);
    if (suspect) journal_.clear_suspect(mark);
    return text;
}

/// A page in work when a former call died: in a process of its own.
Result<PageReading> Rereader::read_alone(const Item& item, const Page& page, const std::string& folder) {
    RECTO_ASSIGN(
        const auto results,
        run_alone(alone_request(item, page, nlohmann::json::array({{{"stage", "reading"}, {"folder", folder}}}),
                                nlohmann::json::object()),
                  join_path(shop().work, "alone"), shop().settings));
    return results.at("reading").get<PageReading>();
}

void Rereader::finish(Job& job) {
    std::vector<std::pair<std::size_t, Result<PageReading>>> readings;
    for (std::size_t k = 0; k < job.pages.size(); ++k) readings.emplace_back(job.pages[k], std::move(*job.texts[k]));
    const std::string id = job.stored.item.id.to_string(), name = job.stored.item.display_name();
    std::vector<RereadPage> pages;
    const amend::Request request{id, asked_.who, asked_.reason, false};
    auto out = amend::put_readings(shop(), request, job.stored, std::move(readings), pages);
    if (!out) {
        note(out.error());
        ++items_failed;
        if (out.error().code == "io.no_space") stop_ = true;
        return;
    }
    for (const RereadPage& p : pages) {
        rows.emplace_back(name, p);
        if (p.fate == RereadFate::Failed) note(*p.error);
        if (p.fate == RereadFate::Kept)
            progress_.note("  " + tr(p.why, name, std::to_string(p.order), std::to_string(p.after.characters)));
    }
    if (!out->already) {
        workshop_.record("ocr", *out, {{"pages", out->pages}});
        ++items_changed;
        progress_.note(tr("cli.ocr.item", out->name, std::to_string(out->pages.size()), std::to_string(pages.size()),
                          out->version));
    }
    ++progress_.items_done;
    auto j = outcome_json(*out);
    j["readings"] = pages;
    results.push_back(std::move(j));
}

} // namespace recto::cli
