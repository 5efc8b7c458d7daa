#include "station/hot_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "pipeline/core/digest.h"
#include "pipeline/core/messages.h"
#include "pipeline/files/names.h"
#include "station/settings.h"

namespace recto::station {
namespace {

constexpr auto kAfterClose = std::chrono::milliseconds(150); ///< A closed file is looked at twice, this far apart.

std::string host() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

/// Start time of a process in clock ticks, from /proc; "" when there is no such process.
std::string start_of(long pid) {
    const auto text = posix_file_system()->read("/proc/" + std::to_string(pid) + "/stat");
    if (!text) return {};
    std::size_t at = text->rfind(')'); // the name in brackets may hold anything
    for (int field = 2; at != std::string::npos && field < 22; ++field) at = text->find(' ', at + 1);
    if (at == std::string::npos) return {};
    return text->substr(at + 1, text->find(' ', at + 1) - at - 1);
}

bool valid_utf8(std::string_view s) {
    for (std::size_t i = 0; i < s.size();) {
        const auto c = static_cast<unsigned char>(s[i]);
        const std::size_t n = c < 0x80                  ? 1
                              : (c >= 0xC2 && c < 0xE0) ? 2
                              : (c >= 0xE0 && c < 0xF0) ? 3
                              : (c >= 0xF0 && c < 0xF5) ? 4
                                                        : 0;
        if (n == 0 || i + n > s.size()) return false;
        for (std::size_t k = 1; k < n; ++k)
            if ((static_cast<unsigned char>(s[i + k]) & 0xC0) != 0x80) return false;
        i += n;
    }
    return true;
}

/// Files that scanners, systems and viewers leave beside pages, and names under which files are still being written.
bool passed_over(const std::string& name) {
    static const std::set<std::string> system{"Thumbs.db", "desktop.ini", "station.yaml", "station.yml"};
    if (name.empty() || name[0] == '.' || system.contains(name)) return true;
    for (const char* ending : {".part", ".partial", ".tmp", ".crdownload", ".filepart", "~"})
        if (name.ends_with(ending)) return true;
    return false;
}

bool create_exclusively(const std::string& path, const std::string& text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0) return false;
    const bool whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::fsync(fd);
    ::close(fd);
    return whole;
}

Finding finding(const char* code, std::vector<std::string> args) {
    return {code, Severity::Error, std::move(args), false, {}};
}

} // namespace

std::vector<const SettingBase*> settings() {
    return {&kStable, &kEmptyWait, &kGrowLimit, &kMarker, &kMarkerOnly, &kItemIdle, &kNextCloses, &kAfter, &kLease};
}

std::string watcher_id() { return host() + "-" + std::to_string(getpid()) + "-" + start_of(getpid()); }
std::string item_label(const std::string& station, const std::string& item) { return station + "/" + item; }

HotFolder::HotFolder(std::shared_ptr<FileSystem> fs, std::string root, std::string watcher, const Settings& settings,
                     std::function<Steady()> now)
    : fs_(std::move(fs)), root_(std::move(root)), watcher_(std::move(watcher)), settings_(settings),
      now_(std::move(now)) {}

Result<void> HotFolder::open() {
    RECTO_ASSIGN(const auto stat, fs_->stat(root_));
    if (!stat.exists || !stat.is_directory) return fail("intake.not_found", "no such folder", root_);
    device_ = stat.device;
    for (const char* name : {"claims", "watchers", "taken"}) RECTO_TRY(fs_->make_folders(inner(name)));
    RECTO_TRY(fs_->make_folders(join_path(root_, "done")));
    RECTO_TRY(fs_->make_folders(join_path(root_, "refused")));
    return beat();
}

bool HotFolder::present() {
    const auto stat = fs_->stat(root_);
    if (!stat || !stat->exists || !stat->is_directory) return false;
    const auto ours = fs_->stat(inner("claims"));
    if (ours && ours->exists) {
        device_ = stat->device; // also after it was mounted again
        return true;
    }
    // Without our folder and on another disk: the share is not there, this is the place it was mounted on.
    return stat->device == device_ && open().has_value();
}

Result<void> HotFolder::beat() {
    const nlohmann::json j = {{"watcher", watcher_}, {"beat", ++beats_}};
    const std::string path = join_path(inner("watchers"), watcher_ + ".json");
    RECTO_TRY(fs_->write(path + ".new", j.dump() + "\n"));
    return fs_->rename(path + ".new", path);
}

bool HotFolder::alive(const std::string& watcher) {
    if (watcher == watcher_) return true;
    const std::size_t last = watcher.rfind('-'), pid = last == std::string::npos ? last : watcher.rfind('-', last - 1);
    if (pid != std::string::npos && watcher.substr(0, pid) == host()) {
        const std::string start = start_of(std::strtol(watcher.c_str() + pid + 1, nullptr, 10));
        return !start.empty() && start == watcher.substr(last + 1);
    }
    std::int64_t beat = -2;
    if (const auto text = fs_->read(join_path(inner("watchers"), watcher + ".json"))) {
        const auto j = nlohmann::json::parse(*text, nullptr, false);
        if (j.is_object()) beat = j.value("beat", std::int64_t{-2});
    }
    Beat& known = others_[watcher];
    if (known.beat != beat) known = {beat, now_()};
    return now_() - known.changed < std::chrono::duration<double>(settings_.get(kLease));
}

// ---- what has arrived ----------------------------------------------------------------------------------------------

Result<HotFolder::Look> HotFolder::look(const std::set<std::string>& closed) {
    Look out;
    for (auto& [path, track] : tracks_) track.seen = false;
    RECTO_TRY(walk(root_, "", "", true, out, closed));
    std::erase_if(tracks_, [](const auto& t) { return !t.second.seen; });
    return out;
}

Result<void> HotFolder::walk(const std::string& folder, const std::string& station, const std::string& item, bool top,
                             Look& out, const std::set<std::string>& closed) {
    auto listed = fs_->list(folder);
    if (!listed) {
        if (top) return tl::unexpected(listed.error());
        return {}; // gone between two looks
    }
    out.folders.push_back(folder);
    const std::set<std::string> names(listed->begin(), listed->end());
    const std::string marker = settings_.get(kMarker);
    const std::string label = item_label(station, item);
    if (!marker.empty() && (names.contains(marker) || names.contains("done" + marker))) out.complete.insert(label);
    for (const std::string& name : *listed) {
        const std::string path = join_path(folder, name);
        if (top && (name == ".recto" || name == "done" || name == "refused")) continue;
        const auto stat = fs_->stat(path);
        if (!stat || !stat->exists) continue;
        if (stat->is_directory && !stat->is_symlink) {
            if (name[0] == '.') continue;
            if (!valid_utf8(name)) {
                out.refused.push_back({path, station, item, finding("watch.name", {decode_name(name)})});
                continue;
            }
            std::set<std::string> below = closed;
            if (closed.contains(path)) // renamed in as a whole: so is all that is in it
                if (const auto inside = list_files(*fs_, path))
                    for (const auto& f : *inside) below.insert(join_path(path, f));
            const auto yaml = fs_->stat(join_path(path, "station.yaml"));
            if (top && yaml && yaml->exists) RECTO_TRY(walk(path, name, "", false, out, below));
            else RECTO_TRY(walk(path, station, item.empty() ? name : item + "/" + name, false, out, below));
            if (!marker.empty() && names.contains(name + marker))
                out.complete.insert(item_label(station, item.empty() ? name : item + "/" + name));
            continue;
        }
        if (passed_over(name) || (!marker.empty() && name.ends_with(marker))) continue;
        if (closed.contains(path)) tracks_[path].closed = true;
        if (!consider(path, station, item, name, *stat, names, out)) {
            ++out.waiting;
            out.pending.insert(label);
        }
    }
    return {};
}

/// True when the file is whole or to be set aside.
bool HotFolder::consider(const std::string& path, const std::string& station, const std::string& item,
                         const std::string& name, const FileStat& stat, const std::set<std::string>& names, Look& out) {
    const auto refuse = [&](const char* code, std::vector<std::string> args = {}) {
        args.insert(args.begin(), decode_name(name));
        out.refused.push_back({path, station, item, finding(code, std::move(args))});
        tracks_.erase(path);
        return true;
    };
    const Steady now = now_();
    auto [at, fresh] = tracks_.try_emplace(path);
    Track& t = at->second;
    t.seen = true;
    if (t.first == Steady{}) {
        t.first = t.changed = now;
        t.size = stat.size;
        t.mtime = stat.mtime_ns;
    } else if (t.size != stat.size || t.mtime != stat.mtime_ns) {
        t.changed = now;
        t.size = stat.size;
        t.mtime = stat.mtime_ns;
    }
    if (stat.is_symlink) return refuse("watch.link");
    if (!valid_utf8(name)) return refuse("watch.name");
    const auto quiet = now - t.changed;
    const auto seconds = [](double s) { return std::chrono::duration<double>(s); };
    if (now - t.first > seconds(settings_.get(kGrowLimit)) && quiet < seconds(settings_.get(kStable)) && stat.size > 0)
        return refuse("watch.grows", {std::to_string(stat.size)});
    if (stat.size == 0) return quiet >= seconds(settings_.get(kEmptyWait)) && refuse("watch.empty");
    const std::string marker = settings_.get(kMarker);
    bool marked = false;
    if (!marker.empty()) {
        const std::size_t dot = name.rfind('.');
        marked = names.contains(name + marker) ||
                 (dot != std::string::npos && names.contains(name.substr(0, dot) + marker)) || names.contains(marker);
    }
    const bool whole = settings_.get(kMarkerOnly)
                           ? marked
                           : marked || (t.closed && quiet >= kAfterClose) || quiet >= seconds(settings_.get(kStable));
    if (!whole) return false;
    out.whole.push_back({path, station, item, name});
    return true;
}

// ---- claims --------------------------------------------------------------------------------------------------------

Result<void> HotFolder::write_claim(const Claim& c) {
    const nlohmann::json j = {{"schema", 1},    {"watcher", watcher_}, {"station", c.station},
                              {"item", c.item}, {"name", c.name},      {"closed", c.closed}};
    return write_atomically(*fs_, inner("claims/" + c.key + ".json"), j.dump() + "\n");
}

Result<std::optional<Claim>> HotFolder::claim(const Arrival& a) {
    const std::string label = item_label(a.station, a.item);
    auto known = open_.find(label);
    if (known == open_.end()) {
        const std::string base = digest_hex(DigestAlgorithm::Sha256, label).substr(0, 16);
        Claim c;
        c.station = a.station;
        c.item = a.item;
        c.name = a.item;
        if (c.item.empty()) { // loose pages: called by station and time
            const std::time_t t = std::time(nullptr);
            std::tm tm{};
            localtime_r(&t, &tm);
            char text[32];
            std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &tm);
            c.name = (a.station.empty() ? "pages" : a.station) + "-" + text;
        }
        for (int n = 1;; ++n) {
            c.key = base + "-" + std::to_string(n);
            c.folder = join_path(inner("claims/" + c.key), c.name);
            const nlohmann::json j = {{"schema", 1},    {"watcher", watcher_}, {"station", c.station},
                                      {"item", c.item}, {"name", c.name},      {"closed", false}};
            if (create_exclusively(inner("claims/" + c.key + ".json"), j.dump() + "\n")) break;
            if (errno != EEXIST) return fail("io.write", std::strerror(errno), inner("claims"));
            const auto text = fs_->read(inner("claims/" + c.key + ".json"));
            const auto other = nlohmann::json::parse(text ? *text : "", nullptr, false);
            // Torn or just being made, or open in another's hands: the page waits.
            if (!other.is_object()) return std::optional<Claim>();
            if (!other.value("closed", false) && other.value("watcher", "") != watcher_) return std::optional<Claim>();
            if (n > 10000) return fail("io.write", "too many claims of one name", inner("claims"));
        }
        RECTO_TRY(fs_->make_folders(c.folder));
        claims_[c.key] = c;
        known = open_.emplace(label, c.key).first;
    }
    const Claim& c = claims_.at(known->second);
    const std::string to = free_name(join_path(c.folder, a.name));
    if (auto moved = fs_->rename(a.path, to); !moved) {
        if (const auto stat = fs_->stat(a.path); stat && stat->exists) return tl::unexpected(moved.error());
        return std::optional<Claim>(); // another was first, or it was taken away
    }
    tracks_.erase(a.path);
    const std::string marker = settings_.get(kMarker);
    if (!marker.empty()) (void)fs_->remove(a.path + marker);
    return std::optional<Claim>(c);
}

std::string HotFolder::free_name(const std::string& wanted) {
    const std::size_t slash = wanted.rfind('/'), dot = wanted.rfind('.');
    const bool ending = dot != std::string::npos && dot > slash + 1;
    for (int n = 1;; ++n) {
        const std::string path = n == 1   ? wanted
                                 : ending ? wanted.substr(0, dot) + " (" + std::to_string(n) + ")" + wanted.substr(dot)
                                          : wanted + " (" + std::to_string(n) + ")";
        const auto stat = fs_->stat(path);
        if (!stat || !stat->exists) return path;
    }
}

Result<void> HotFolder::close(Claim& c) {
    c.closed = true;
    RECTO_TRY(write_claim(c));
    claims_[c.key] = c;
    open_.erase(item_label(c.station, c.item));
    if (c.item.empty()) return {};
    const std::string folder = join_path(c.station.empty() ? root_ : join_path(root_, c.station), c.item);
    const std::string marker = settings_.get(kMarker);
    if (!marker.empty())
        for (const std::string& path : {join_path(folder, marker), join_path(folder, "done" + marker), folder + marker})
            (void)fs_->remove(path);
    (void)::rmdir(folder.c_str()); // when it is empty; pages that come later make it again
    return {};
}

Result<std::vector<Claim>> HotFolder::take_over() {
    std::vector<Claim> out;
    RECTO_ASSIGN(const auto names, fs_->list(inner("claims")));
    for (const std::string& name : names) {
        const std::size_t end = name.find(".json");
        if (end == std::string::npos || name.find(".tmp-") != std::string::npos) continue;
        const std::string key = name.substr(0, end), path = inner("claims/" + name);
        const std::size_t taking = name.find(".take-");
        if (taking == std::string::npos && claims_.contains(key)) continue;
        const auto text = fs_->read(path);
        if (!text) continue;
        const auto j = nlohmann::json::parse(*text, nullptr, false);
        // A claim whose maker died while writing it says nothing: judged by whoever looks long enough.
        const std::string owner = taking != std::string::npos ? name.substr(taking + 6)
                                  : j.is_object()             ? j.value("watcher", "")
                                                              : "unknown-0-0-" + key;
        if (taking != std::string::npos && owner == watcher_ && claims_.contains(key)) continue;
        if (alive(owner) && owner != watcher_) continue;
        const std::string mine = inner("claims/" + key + ".json.take-" + watcher_);
        if (path != mine && !fs_->rename(path, mine)) continue; // another was first
        Claim c;
        c.key = key;
        if (j.is_object()) {
            c.station = j.value("station", "");
            c.item = j.value("item", "");
            c.name = j.value("name", "");
            c.closed = j.value("closed", false);
        }
        if (c.name.empty())
            if (const auto inside = fs_->list(inner("claims/" + key)); inside && !inside->empty())
                c.name = inside->front();
        if (c.name.empty()) c.name = key;
        c.folder = join_path(inner("claims/" + key), c.name);
        RECTO_TRY(fs_->make_folders(c.folder));
        RECTO_TRY(write_claim(c));
        RECTO_TRY(fs_->remove(mine));
        claims_[key] = c;
        if (!c.closed) open_.emplace(item_label(c.station, c.item), key);
        out.push_back(std::move(c));
    }
    return out;
}

Result<std::vector<std::string>> HotFolder::files(const Claim& c) {
    RECTO_ASSIGN(const auto names, list_files(*fs_, c.folder));
    std::vector<std::string> out;
    for (const auto& name : names) out.push_back(join_path(c.folder, name));
    return out;
}

Result<void> HotFolder::finish(const Claim& c) {
    RECTO_ASSIGN(const auto left, files(c));
    if (!left.empty()) return fail("io.exists", "files are left in the claim", c.folder);
    RECTO_TRY(fs_->remove_tree(inner("claims/" + c.key)));
    RECTO_TRY(fs_->remove(inner("claims/" + c.key + ".json")));
    if (!c.closed) open_.erase(item_label(c.station, c.item));
    claims_.erase(c.key);
    return {};
}

// ---- where files go ------------------------------------------------------------------------------------------------

Result<void> HotFolder::set_aside(const std::string& path, const std::string& station, const std::string& item,
                                  const Finding& why) {
    std::string folder = join_path(root_, "refused");
    if (!station.empty()) folder = join_path(folder, station);
    if (!item.empty()) folder = join_path(folder, item);
    RECTO_TRY(fs_->make_folders(folder));
    const std::string to = free_name(join_path(folder, file_name(path)));
    RECTO_TRY(fs_->write(to + ".reason.txt", why.chinese() + "\n" + why.english() + "\n[" + why.code + "]\n"));
    if (auto moved = fs_->rename(path, to); !moved) {
        (void)fs_->remove(to + ".reason.txt");
        return moved;
    }
    return {};
}

Result<void> HotFolder::done(const std::string& path, const std::string& station, const std::string& item) {
    if (settings_.get(kAfter) == "remove") return fs_->remove(path);
    std::string folder = join_path(root_, "done");
    if (!station.empty()) folder = join_path(folder, station);
    if (!item.empty()) folder = join_path(folder, item);
    RECTO_TRY(fs_->make_folders(folder));
    return fs_->rename(path, free_name(join_path(folder, file_name(path))));
}

// ---- digests -------------------------------------------------------------------------------------------------------

void HotFolder::read_taken() {
    const auto names = fs_->list(inner("taken"));
    if (!names) return;
    for (const std::string& name : *names) {
        const std::string path = inner("taken/" + name);
        const auto stat = fs_->stat(path);
        std::uint64_t& from = read_to_[name];
        if (!stat || stat->size <= from) continue;
        const auto text = fs_->read(path);
        if (!text) continue;
        for (std::size_t at = from; at < text->size();) {
            const std::size_t end = text->find('\n', at);
            if (end == std::string::npos) break; // torn, or being written
            const auto j = nlohmann::json::parse(text->substr(at, end - at), nullptr, false);
            at = end + 1;
            from = at;
            if (!j.is_object()) continue;
            const std::string sha = j.value("sha512", "");
            if (j.value("forget", false)) taken_.erase(sha);
            else taken_.try_emplace(sha, Taken{j.value("claim", ""), j.value("item", ""), j.value("file", "")});
        }
    }
}

std::string HotFolder::taken_before(const std::string& sha512, const std::string& claim, const std::string& file) {
    read_taken();
    const auto it = taken_.find(sha512);
    if (it == taken_.end() || (it->second.claim == claim && it->second.file == file)) return {};
    return it->second.item + "/" + it->second.file;
}

Result<void> HotFolder::take(const std::string& sha512, const std::string& claim, const std::string& item,
                             const std::string& file) {
    if (taken_.contains(sha512)) return {};
    const nlohmann::json j = {{"sha512", sha512}, {"claim", claim}, {"item", item}, {"file", file}};
    return fs_->append(inner("taken/" + watcher_ + ".jsonl"),
                       j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", false);
}

Result<void> HotFolder::forget(const std::string& sha512) {
    return fs_->append(inner("taken/" + watcher_ + ".jsonl"),
                       nlohmann::json{{"sha512", sha512}, {"forget", true}}.dump() + "\n", false);
}

} // namespace recto::station
