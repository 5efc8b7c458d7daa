#pragma once

/// The ZIP container of an OFD file of unknown origin, by libzip: nothing is unpacked to a disk, and no entry is held that is
/// larger than its reader allows.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

struct zip;

namespace recto::verify {

class OfdZip {
  public:
    struct Entry {
        std::uint64_t index = 0, size = 0;
    };
    struct Ends {
        std::string head, tail; ///< The first and last bytes, at most 64 each.
    };

    /// `real`: `path` lies on the machine's file system, and is read from there piece by piece. Errors: "ofd.zip".
    [[nodiscard]] static Result<std::unique_ptr<OfdZip>> open(FileSystem& fs, const std::string& path, bool real);
    ~OfdZip();
    OfdZip(const OfdZip&) = delete;
    OfdZip& operator=(const OfdZip&) = delete;

    [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }
    [[nodiscard]] const std::vector<std::string>& twice() const { return twice_; } ///< Names of several entries.
    /// The whole entry. Errors: "ofd.missing", "ofd.too_large" (more than `most` bytes), "ofd.entry" (damaged, encrypted).
    [[nodiscard]] Result<std::string> read(const std::string& name, std::uint64_t most);
    /// Reads to the end, which checks the digest, and keeps the ends. Errors: "ofd.missing", "ofd.entry".
    [[nodiscard]] Result<Ends> scan(const std::string& name);

  private:
    OfdZip() = default;
    Result<void> visit(const std::string& name, const std::function<void(std::string_view)>& block);

    std::string bytes_; ///< Of a file that is no real one.
    zip* zip_ = nullptr;
    std::map<std::string, Entry> entries_;
    std::vector<std::string> twice_;
};

} // namespace recto::verify
