#pragma once

/// When each object was checked last: a file in the archive's work folder. Losing it costs checks that are done again, never
/// more. A line an object is appended after its check, so that a death loses the object in work only.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

namespace recto::fixity {

struct LastCheck {
    std::int64_t time = 0; ///< Seconds since 1970.
    bool good = true;
    int round = 0; ///< In which call it was checked; a call that was stopped is gone on with.
};

class CheckLog {
  public:
    /// A missing file is an empty log; lines that cannot be read are passed over.
    CheckLog(std::shared_ptr<FileSystem> fs, std::string path);

    [[nodiscard]] const std::map<std::string, LastCheck>& last() const { return last_; }
    /// Begins a round, or goes on with the last one when that was not ended and asked for the same (`selection`). True when it
    /// goes on. The file is written anew when half of it is out of date.
    Result<bool> begin(const std::string& selection);
    Result<void> add(const std::string& object, std::int64_t time, bool good);
    Result<void> end(); ///< The round is complete.
    [[nodiscard]] bool done_in_this_round(const std::string& object) const;
    [[nodiscard]] std::size_t done_in_this_round() const;

  private:
    void read();
    Result<void> append(const std::string& line);

    std::shared_ptr<FileSystem> fs_;
    const std::string path_;
    std::map<std::string, LastCheck> last_;
    std::string selection_;
    std::size_t lines_ = 0;
    int round_ = 0;
    bool open_ = false, torn_ = false;
};

} // namespace recto::fixity
