#pragma once

/// What the system tells about a folder: inotify on local file systems; on network shares, where other machines' changes are
/// not told, nothing, and the watcher looks every so often.

#include <chrono>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace recto::station {

/// One thread.
class Notify {
  public:
    explicit Notify(bool enabled);
    ~Notify();
    Notify(const Notify&) = delete;
    Notify& operator=(const Notify&) = delete;

    void watch(const std::vector<std::string>& folders); ///< Those that are not watched yet.
    /// Waits for news at most so long; returns absolute paths that were closed after writing or renamed in. `woken`: by
    /// wake() or by any change.
    std::set<std::string> wait(std::chrono::milliseconds limit, bool& woken);
    void wake(); ///< Any thread.
    void forget_all();

  private:
    int fd_ = -1, event_ = -1;
    std::unordered_map<int, std::string> folders_;
    std::set<std::string> known_;
};

} // namespace recto::station
