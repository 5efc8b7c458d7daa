// The part of the watcher that reads behind the scanners: one `recto run` at a time on what has arrived whole.

#include "station/watcher.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "pipeline/core/messages.h"
#include "pipeline/files/names.h"
#include "pipeline/files/ocfl.h"
#include "station/settings.h"
#include "station/sheet.h"

extern char** environ;

namespace recto::station {

bool Watcher::spawn(const std::vector<std::string>& words, const std::string& name) {
    const std::string folder = join_path(options_.paths.work, "watch");
    if (!fs_->make_folders(folder)) return false;
    job_->output = join_path(folder, name + ".out");
    job_->errors = join_path(folder, name + ".log");
    std::vector<char*> argv;
    std::vector<std::string> copy = words;
    for (auto& word : copy) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, job_->output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0640);
    posix_spawn_file_actions_addopen(&actions, 2, job_->errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0640);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    pid_t pid = 0;
    const int error = posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return false;
    // New pages come first: what reads behind gets what they leave.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), 19);
    job_->pid = pid;
    return true;
}

void Watcher::start_job() {
    if (job_ || stop_ || !reading_allowed()) return;
    const Steady now = options_.now();
    const std::string name = watcher_id();
    std::vector<std::string> keys;
    std::string station;
    for (auto& [key, w] : work_) {
        if (!w.claim.closed || now < w.not_before || w.failures >= kTries) continue;
        // Sheets among the pages are known only when all have been looked at.
        if (std::any_of(w.pages.begin(), w.pages.end(), [](const auto& p) { return !p.second.looked; })) continue;
        if (!w.routed) follow_sheets(w);
        if (!w.routes.empty()) {
            if (!keys.empty()) continue;
            const auto& [file, target] = w.routes.front();
            job_ = Job{0, {key}, file, target.first, target.second, {}, {}};
            if (!spawn(options_.amend_command(*options_.station(w.claim.station), target.first, target.second, file),
                       name)) {
                job_.reset();
                retry(w, "spawn");
            }
            return;
        }
        const auto files = hot_.files(w.claim);
        if (!files) continue;
        if (files->empty()) {
            if (hot_.finish(w.claim)) {
                work_.erase(key);
                return; // the map has changed; the next turn goes on
            }
            continue;
        }
        if (keys.empty()) station = w.claim.station;
        if (w.claim.station == station && keys.size() < 64) keys.push_back(key);
    }
    if (keys.empty()) return;
    std::vector<std::string> folders;
    for (const auto& key : keys) folders.push_back(hot_.inner("claims/" + key));
    job_ = Job{0, keys, {}, {}, {}, {}, {}};
    emit({{"event", "reading"}, {"station", station}, {"items", keys.size()}},
         tr("watch.reading", std::to_string(keys.size())));
    if (!spawn(options_.run_command(*options_.station(station), folders), name)) {
        for (const auto& key : keys) retry(work_.at(key), "spawn");
        job_.reset();
    }
}

void Watcher::retry(Work& w, const std::string& why) {
    ++w.failures;
    ++tally_.reading_failures;
    w.not_before = options_.now() + std::chrono::seconds(w.failures < 3 ? 3 : 30);
    if (w.failures == kTries)
        emit({{"event", "stuck"}, {"station", w.claim.station}, {"item", w.claim.name}, {"reason", why}},
             tr("watch.stuck", shown(w.claim.station, w.claim.name), why));
}

void Watcher::poll_job() {
    if (!job_ || job_->pid <= 0) return;
    int status = 0;
    if (::waitpid(job_->pid, &status, WNOHANG) != job_->pid) return;
    job_->pid = 0;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (!job_->file.empty()) settle_route(code);
    else {
        const auto text = fs_->read(job_->output);
        settle_run(code, nlohmann::json::parse(text ? *text : "", nullptr, false));
    }
    job_.reset();
}

void Watcher::settle_route(int code) {
    Work& w = work_.at(job_->claims.front());
    if (code == 75) { // the archive is in use by another: no failure
        w.not_before = options_.now() + std::chrono::seconds(3);
        return;
    }
    const auto errors = fs_->read(job_->errors);
    const std::string why = errors ? errors->substr(0, errors->find('\n')) : "";
    const std::string name = file_name(job_->file);
    if (code == 0) {
        if (auto done = hot_.done(job_->file, w.claim.station, w.claim.item); !done)
            return retry(w, done.error().to_string());
        if (!job_->page.empty()) (void)rescan(w.claim.station).resolve(job_->page);
        ++tally_.routed;
        emit({{"event", "routed"}, {"file", decode_name(name)}, {"item", job_->item}, {"page", job_->page}},
             tr("watch.routed", decode_name(name), job_->item, why));
    } else if (code == 65 || code == 66) {
        set_aside(job_->file, w.claim.station, w.claim.item,
                  {"watch.not_routed", Severity::Error, {decode_name(name), job_->item, why}, false, {}});
        (void)hot_.forget(w.pages[name].sha512);
    } else {
        return retry(w, why);
    }
    w.pages.erase(name);
    w.routes.erase(w.routes.begin());
    w.failures = 0;
}

void Watcher::settle_run(int code, const nlohmann::json& report) {
    const std::vector<std::string> keys = job_->claims;
    if (code == 75 || !report.is_object() || (code != 0 && code != 1 && code != 65)) {
        const auto errors = fs_->read(job_->errors);
        const std::string why = errors ? errors->substr(0, 400) : "";
        for (const auto& key : keys) {
            if (code == 75) work_.at(key).not_before = options_.now() + std::chrono::seconds(3);
            else retry(work_.at(key), why.empty() ? "exit code " + std::to_string(code) : why);
        }
        emit({{"event", "again"}, {"exit_code", code}, {"reason", why}},
             code == 75 ? "" : tr("watch.again", std::to_string(code), why));
        return;
    }
    tally_.pages_read += report.value("pages", 0);
    for (const auto& e : report.value("errors", nlohmann::json::array())) ++tally_.errors[e.value("code", "")];
    // What is in the archive, by digest; nothing else counts as safe.
    OcflStore store(fs_, options_.paths.storage());
    std::map<std::string, nlohmann::json> stored; // digest -> item of the report
    bool failed = false;
    if (store.open())
        for (const auto& item : report.value("items", nlohmann::json::array())) {
            const std::string path = item.value("object_path", "");
            failed |= item.value("state", "") == "failed";
            if (path.empty()) continue;
            if (const auto state = store.state_at(path))
                for (const auto& [sha, place] : state->content) stored[sha] = item;
            ++tally_.items_stored;
            emit({{"event", "stored"},
                  {"id", item.value("id", "")},
                  {"name", item.value("name", "")},
                  {"state", item.value("state", "")}},
                 tr("watch.stored", item.value("name", ""), item.value("state", "")));
        }
    std::map<std::string, std::string> reasons; // file name -> why it gave no page
    for (const auto& e : report.value("errors", nlohmann::json::array()))
        if (!e.value("retry", false) && e.value("code", "") != "decode.no_worker") // else another try may succeed
            reasons[e.value("file", "")] = e.value("code", "") + ": " + e.value("reason", "");
    for (const auto& key : keys) {
        Work& w = work_.at(key);
        const auto files = hot_.files(w.claim);
        if (!files) continue;
        bool left = false;
        for (const auto& path : *files) {
            const std::string name = file_name(path);
            const auto sum = fs_->digest(path, DigestAlgorithm::Sha512);
            if (!sum) {
                left = true;
                continue;
            }
            if (stored.contains(*sum)) {
                const auto& item = stored[*sum];
                for (const auto& page : item.value("pages", nlohmann::json::array()))
                    if (page.value("source", "") == decode_name(name))
                        (void)rescan(w.claim.station)
                            .identify(*sum, page.value("image", 1), item.value("id", ""), page.value("id", ""));
                if (!hot_.done(path, w.claim.station, w.claim.item)) left = true;
                else w.pages.erase(name);
            } else if (failed || !reasons.contains(path)) {
                left = true; // the item could not be stored this time, or the run did not speak of it
            } else {
                set_aside(path, w.claim.station, w.claim.item,
                          {"watch.no_page", Severity::Error, {decode_name(name), reasons[path]}, false, {}});
                (void)hot_.forget(*sum);
                w.pages.erase(name);
            }
        }
        if (left) retry(w, "not all files were stored");
        else if (hot_.finish(w.claim)) work_.erase(key);
    }
}

} // namespace recto::station
