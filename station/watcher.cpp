#include "station/watcher.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "pipeline/core/digest.h"
#include "pipeline/core/messages.h"
#include "pipeline/files/names.h"
#include "pipeline/files/ocfl.h"
#include "station/settings.h"
#include "station/sheet.h"

namespace recto::station {
namespace {

constexpr auto kBeat = std::chrono::seconds(2);
constexpr auto kTick = std::chrono::milliseconds(100);

/// Whether the system tells of all changes in a folder: on a share other machines make some. Not known: it does not.
bool tells_all(FileSystem& fs, const std::string& folder) {
    const auto kind = fs.kind(folder);
    return kind && !kind->name.empty() && !kind->network;
}

Finding error_finding(const Error& e) { return {e.code, Severity::Rescan, {e.reason}, false, {}}; }
std::string said(const Finding& f) { return ui_language() == Language::Chinese ? f.chinese() : f.english(); }

} // namespace

std::string Watcher::shown(const std::string& station, const std::string& item) {
    return decode_name(station.empty() ? item : item.empty() ? station : station + "/" + item);
}

Watcher::Watcher(WatchOptions options, std::shared_ptr<FileSystem> fs, std::shared_ptr<const Clock> clock,
                 const Settings& settings, Decoder& decoder, QuickLook::Take take, std::unique_ptr<Journal> records)
    : options_(std::move(options)), fs_(fs), clock_(std::move(clock)), settings_(settings),
      hot_(fs, options_.folder, watcher_id(), settings, options_.now),
      notify_(options_.poll_seconds <= 0 && tells_all(*fs, options_.folder)),
      quick_(fs, decoder, std::move(records), std::move(take), options_.threads) {
    quick_.on_result = [this] { notify_.wake(); };
}

Watcher::~Watcher() {
    if (job_ && job_->pid > 0) ::waitpid(job_->pid, nullptr, 0);
}

void Watcher::emit(nlohmann::json line, const std::string& words) {
    if (options_.on_event) options_.on_event(line);
    if (options_.json) {
        line["schema"] = 1;
        line["time"] = rfc3339(clock_->now());
        std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
        std::fflush(stdout);
    } else if (!words.empty()) {
        std::fprintf(stderr, "%s\n", words.c_str());
    }
}

RescanList& Watcher::rescan(const std::string& station) {
    auto& list = rescan_[station];
    if (!list) {
        list = std::make_unique<RescanList>(fs_, options_.paths.rescan(), station);
        (void)list->load();
    }
    return *list;
}

bool Watcher::present_again() {
    const bool here = hot_.present();
    if (here == !gone_) return here;
    gone_ = !here;
    if (gone_) {
        notify_.forget_all();
        emit({{"event", "vanished"}, {"folder", options_.folder}}, tr("watch.vanished", options_.folder));
    } else {
        emit({{"event", "back"}, {"folder", options_.folder}}, tr("watch.back", options_.folder));
    }
    return here;
}

bool Watcher::reading_allowed() {
    const bool open = !options_.may_read || options_.may_read();
    if (open == closed_) {
        closed_ = !open;
        emit({{"event", "window"}, {"open", open}}, tr(open ? "watch.window_open" : "watch.window_closed"));
    }
    return open;
}

WatchStatus Watcher::status() const {
    WatchStatus s = tally_;
    s.present = !gone_;
    s.may_read = !closed_;
    s.reading = job_.has_value();
    s.files_arriving = arriving_;
    const Steady now = options_.now();
    for (const auto& [key, w] : work_) {
        s.pages_to_look += static_cast<std::size_t>(
            std::count_if(w.pages.begin(), w.pages.end(), [](const auto& p) { return !p.second.looked; }));
        ++(!w.claim.closed ? s.items_open : w.failures >= kTries ? s.items_stuck : s.items_complete);
        if (w.claim.closed)
            s.oldest_complete_seconds =
                std::max(s.oldest_complete_seconds, std::chrono::duration<double>(now - w.last).count());
    }
    return s;
}

int Watcher::run() {
    if (auto opened = hot_.open(); !opened) {
        std::fprintf(stderr, "recto: %s\n", opened.error().to_string().c_str());
        return opened.error().code == "intake.not_found" ? 66 : 74;
    }
    const double poll = options_.poll_seconds > 0 ? options_.poll_seconds : 1.0;
    emit({{"event", "watching"}, {"folder", options_.folder}, {"archive", options_.archive}},
         tr("watch.watching", options_.folder, options_.archive));
    Steady beaten = options_.now() - kBeat, looked_at{};
    std::size_t waiting = 0;
    std::set<std::string> news;
    while (!stop_) {
        bool woken = false;
        const auto more = notify_.wait(kTick, woken);
        news.insert(more.begin(), more.end());
        for (auto& result : quick_.results()) looked(std::move(result));
        poll_job();
        if (!present_again()) {
            std::this_thread::sleep_for(kTick);
            if (options_.once && options_.now() - beaten > std::chrono::seconds(30)) return 74;
            continue;
        }
        const Steady now = options_.now();
        ask_again();
        if (now - beaten >= kBeat) {
            (void)hot_.beat();
            if (const auto dead = hot_.take_over())
                for (const Claim& c : *dead) take_up(c);
            beaten = now;
            if (options_.on_status) options_.on_status(status());
        }
        // Looked at when something was told, while something is still being written, and every so often in any case.
        if (woken || waiting > 0 || now - looked_at >= std::chrono::duration<double>(poll)) {
            auto look = hot_.look(news);
            news.clear();
            looked_at = now;
            if (!look) continue; // gone in mid-look: seen above
            notify_.watch(look->folders);
            for (const Refused& r : look->refused) set_aside(r.path, r.station, r.item, r.why);
            const bool came = arrive(*look);
            waiting = arriving_ = look->waiting;
            close_complete(*look, options_.once && waiting == 0);
            if (options_.once && waiting == 0 && !came && quick_.under_way() == 0 && !job_) {
                const bool left =
                    std::any_of(work_.begin(), work_.end(), [](const auto& w) { return w.second.failures < kTries; });
                if (!left || closed_) break;
            }
        }
        start_job();
    }
    if (job_ && job_->pid > 0) { // It finishes the pages in work and can be given the rest again.
        ::kill(job_->pid, SIGTERM);
        while (job_) {
            poll_job();
            std::this_thread::sleep_for(kTick);
        }
    }
    if (options_.on_status) options_.on_status(status());
    if (stop_) return work_.empty() ? 0 : 75;
    return !work_.empty() ? 75 : tally_.refused > 0 ? 1 : 0;
}

// ---- pages come ----------------------------------------------------------------------------------------------------

/// Pages whose look failed for a reason that may have passed: the share is back, the file is no longer written.
void Watcher::ask_again() {
    const Steady now = options_.now();
    for (auto& [key, w] : work_)
        for (auto& [name, page] : w.pages)
            if (page.again != Steady{} && page.again <= now) ask(w, join_path(w.claim.folder, name));
}

/// True when pages were claimed.
bool Watcher::arrive(const HotFolder::Look& look) {
    bool any = false;
    for (const Arrival& a : look.whole) {
        const auto station = options_.station(a.station);
        if (!station->problem.empty()) continue; // said when it was read; its pages wait
        const auto claimed = hot_.claim(a);
        if (!claimed) {
            emit({{"event", "error"}, {"file", decode_name(a.path)}, {"code", claimed.error().code}},
                 claimed.error().to_string());
            continue;
        }
        if (!*claimed) continue;
        Work& w = work_[(*claimed)->key];
        w.claim = **claimed;
        w.last = options_.now();
        if (const auto files = hot_.files(w.claim))
            for (const auto& f : *files)
                if (!w.pages.contains(file_name(f))) ask(w, f);
        any = true;
    }
    return any;
}

/// A claim of a watcher that is dead, perhaps this one's former self.
void Watcher::take_up(const Claim& claim) {
    Work& w = work_[claim.key];
    w.claim = claim;
    w.last = options_.now();
    const auto files = hot_.files(claim);
    emit({{"event", "taken-over"},
          {"station", claim.station},
          {"item", claim.item},
          {"files", files ? files->size() : 0}},
         tr("watch.taken_over", shown(claim.station, claim.name), std::to_string(files ? files->size() : 0)));
    if (!files) return;
    for (const auto& f : *files) ask(w, f);
}

void Watcher::ask(Work& w, const std::string& path) {
    const auto station = options_.station(w.claim.station);
    const std::string name = file_name(path);
    Page& page = w.pages[name];
    page.arrived = std::chrono::steady_clock::now();
    page.again = {};
    if (page.first == Steady{}) page.first = options_.now();
    LookRequest r;
    r.path = path;
    r.mark = hot_.inner("claims/" + w.claim.key + ".mark-" + digest_hex(DigestAlgorithm::Sha256, name).substr(0, 12));
    r.claim = w.claim.key;
    r.station = w.claim.station;
    r.item = w.claim.name;
    r.name = name;
    r.arrived = page.arrived;
    r.settings = station->settings.get();
    r.treatment = station->stages->treatment.get();
    r.capture = station->capture;
    quick_.submit(std::move(r));
}

void Watcher::looked(LookResult result) {
    const LookRequest& r = result.request;
    const auto at = work_.find(r.claim);
    if (at == work_.end()) return;
    Work& w = at->second;
    const auto elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - r.arrived).count();
    if (result.error) {
        // A share that went away is no fault of the page; neither is a disk that is full.
        const auto stat = fs_->stat(r.path);
        if (!hot_.present() || !stat || !stat->exists || result.error->retry || result.error->code.starts_with("io.") ||
            result.error->code == "decode.no_worker") {
            Page& page = w.pages[r.name];
            if (stat && !stat->exists && hot_.present()) {
                w.pages.erase(r.name); // somebody took it out of the claim
                return;
            }
            if (options_.now() - page.first < std::chrono::duration<double>(settings_.get(kGrowLimit))) {
                page.again = options_.now() + std::chrono::seconds(1);
                return;
            }
        }
    }
    if (!result.sha512.empty()) {
        if (const std::string before = hot_.taken_before(result.sha512, w.claim.key, r.name); !before.empty()) {
            set_aside(r.path, w.claim.station, w.claim.item,
                      {"watch.twice", Severity::Warning, {decode_name(r.name), before}, false, {}});
            w.pages.erase(r.name);
            return;
        }
    }
    if (result.error) {
        const Finding why = error_finding(*result.error);
        (void)rescan(w.claim.station)
            .add({rfc3339(clock_->now()),
                  shown("", w.claim.name),
                  decode_name(r.name),
                  result.sha512,
                  "",
                  "",
                  1,
                  {why},
                  false});
        set_aside(r.path, w.claim.station, w.claim.item, why);
        w.pages.erase(r.name);
        return;
    }
    if (result.suspect) { // The run tries it alone in a child.
        (void)fs_->remove(r.mark);
        emit({{"event", "suspect"}, {"item", w.claim.name}, {"file", decode_name(r.name)}},
             tr("watch.suspect", shown(w.claim.station, w.claim.name) + "/" + decode_name(r.name)));
    }
    (void)hot_.take(result.sha512, w.claim.key, shown(w.claim.station, w.claim.name), r.name);
    Page& page = w.pages[r.name];
    page.sha512 = result.sha512;
    page.looked = true;
    ++tally_.pages;
    tally_.look_seconds += elapsed;
    ++tally_.look[static_cast<std::size_t>(std::lower_bound(kLookBounds.begin(), kLookBounds.end(), elapsed) -
                                           kLookBounds.begin())];
    if (result.images.size() == 1 && parse_sheet(result.images[0].separator.value))
        page.sheet = result.images[0].separator.value;
    for (std::size_t i = 0; i < result.findings.size(); ++i) {
        std::vector<Finding> again;
        for (const Finding& f : result.findings[i])
            if (f.severity >= Severity::Rescan) again.push_back(f);
        if (!again.empty()) ++tally_.rescan;
        if (!again.empty())
            (void)rescan(w.claim.station)
                .add({rfc3339(clock_->now()), shown("", w.claim.name), decode_name(r.name), result.sha512, "", "",
                      static_cast<int>(i) + 1, again, false});
        std::string words;
        for (const Finding& f : result.findings[i])
            if (f.severity >= Severity::Warning)
                words += "\n  " + std::string(f.severity >= Severity::Rescan ? tr("watch.rescan") + " " : "") + said(f);
        emit({{"event", "page"},
              {"station", w.claim.station},
              {"item", w.claim.name},
              {"file", decode_name(r.name)},
              {"image", i + 1},
              {"sha512", result.sha512},
              {"seconds", elapsed},
              {"rescan", !again.empty()},
              {"sheet", page.sheet},
              {"findings", result.findings[i]}},
             words.empty() ? "" : shown(w.claim.station, w.claim.name) + "/" + decode_name(r.name) + words);
    }
}

void Watcher::set_aside(const std::string& path, const std::string& station, const std::string& item,
                        const Finding& why) {
    if (auto done = hot_.set_aside(path, station, item, why); !done) {
        emit({{"event", "error"}, {"file", decode_name(path)}, {"code", done.error().code}}, done.error().to_string());
        return; // It stays where it is, and is said again.
    }
    ++tally_.refused;
    emit({{"event", "refused"},
          {"station", station},
          {"item", item},
          {"file", decode_name(file_name(path))},
          {"code", why.code},
          {"message", why.english()},
          {"message_zh", why.chinese()}},
         tr("watch.refused", shown(station, item) + "/" + decode_name(file_name(path)), said(why)));
}

// ---- items end -----------------------------------------------------------------------------------------------------

void Watcher::close_complete(const HotFolder::Look& look, bool everything) {
    const Steady now = options_.now();
    const auto idle = std::chrono::duration<double>(settings_.get(kItemIdle));
    for (auto& [key, w] : work_) {
        if (w.claim.closed) continue;
        const std::string label = item_label(w.claim.station, w.claim.item);
        if (look.pending.contains(label)) continue; // a page of it is still being written
        bool end = everything || look.complete.contains(label) || now - w.last >= idle;
        if (!end && settings_.get(kNextCloses) && !w.claim.item.empty())
            end = std::any_of(work_.begin(), work_.end(), [&](const auto& other) {
                return other.second.claim.station == w.claim.station && other.second.claim.key != key &&
                       !other.second.claim.item.empty() && !other.second.claim.closed && other.second.last > w.last &&
                       now - w.last >= std::chrono::duration<double>(settings_.get(kStable));
            });
        if (!end) continue;
        if (auto done = hot_.close(w.claim); !done) {
            w.claim.closed = false;
            continue;
        }
        emit({{"event", "complete"}, {"station", w.claim.station}, {"item", w.claim.name}, {"pages", w.pages.size()}},
             tr("watch.complete", shown(w.claim.station, w.claim.name), std::to_string(w.pages.size())));
    }
}

/// Pages behind a separator sheet of Recto's go to the item it names.
void Watcher::follow_sheets(Work& w) {
    w.routed = true;
    const auto listed = hot_.files(w.claim);
    if (!listed) return;
    std::vector<std::string> files = *listed;
    std::sort(files.begin(), files.end(),
              [](const auto& a, const auto& b) { return natural_less(file_name(a), file_name(b)); });
    std::optional<SheetTarget> target;
    bool used = false;
    for (const std::string& path : files) {
        const std::string name = file_name(path);
        const Page& page = w.pages[name];
        if (const auto sheet = parse_sheet(page.sheet)) {
            target = sheet;
            used = false;
            if (hot_.done(path, w.claim.station, w.claim.item)) {
                (void)hot_.forget(page.sha512); // the same sheet may be scanned again some day
                w.pages.erase(name);
            }
            continue;
        }
        if (!target) continue;
        if (!target->page.empty() && used) {
            set_aside(path, w.claim.station, w.claim.item,
                      {"watch.after_sheet", Severity::Error, {decode_name(name)}, false, {}});
            (void)hot_.forget(page.sha512);
            w.pages.erase(name);
            continue;
        }
        used = true;
        w.routes.push_back({path, {target->item, target->page}});
    }
}

} // namespace recto::station
