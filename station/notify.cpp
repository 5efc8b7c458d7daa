#include "station/notify.h"

#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "pipeline/files/file_system.h"

namespace recto::station {

Notify::Notify(bool enabled) {
    event_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (enabled) fd_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}
Notify::~Notify() {
    if (fd_ >= 0) ::close(fd_);
    if (event_ >= 0) ::close(event_);
}

void Notify::watch(const std::vector<std::string>& folders) {
    if (fd_ < 0) return;
    for (const auto& folder : folders) {
        if (known_.contains(folder)) continue;
        const int id = ::inotify_add_watch(fd_, folder.c_str(),
                                           IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_ONLYDIR);
        if (id < 0) continue; // too many, or gone: looking finds what is in it
        folders_[id] = folder;
        known_.insert(folder);
    }
}

void Notify::forget_all() {
    for (const auto& [id, folder] : folders_) (void)::inotify_rm_watch(fd_, id);
    folders_.clear();
    known_.clear();
}

void Notify::wake() {
    const std::uint64_t one = 1;
    (void)!::write(event_, &one, sizeof one);
}

std::set<std::string> Notify::wait(std::chrono::milliseconds limit, bool& woken) {
    std::set<std::string> out;
    pollfd waits[2] = {{event_, POLLIN, 0}, {fd_, POLLIN, 0}};
    woken = ::poll(waits, fd_ >= 0 ? 2 : 1, static_cast<int>(limit.count())) > 0;
    std::uint64_t drained = 0;
    (void)!::read(event_, &drained, sizeof drained);
    if (fd_ < 0) return out;
    alignas(inotify_event) char buffer[65536];
    for (;;) {
        const ssize_t got = ::read(fd_, buffer, sizeof buffer);
        if (got <= 0) break;
        for (const char* at = buffer; at < buffer + got;) {
            const auto* event = reinterpret_cast<const inotify_event*>(at);
            at += sizeof(inotify_event) + event->len;
            const auto folder = folders_.find(event->wd);
            if (folder == folders_.end()) continue;
            if (event->mask & (IN_DELETE_SELF | IN_IGNORED)) {
                known_.erase(folder->second);
                folders_.erase(folder);
                continue;
            }
            if (event->len > 0 && (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)))
                out.insert(join_path(folder->second, event->name));
        }
    }
    return out;
}

} // namespace recto::station
