#pragma once

/// ZIP archives written in one pass: every byte goes to a sink in order and none is changed afterwards, so an archive can go
/// through the file system's interface (which only appends) and needs memory for one entry and the directory.
///
/// Not a library's work, because those at hand write a header, then the data, then go back to put size and digest in (libzip,
/// minizip), or set both behind the data (libarchive), which readers that stream refuse for stored entries.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "pipeline/core/result.h"

namespace recto {

/// The one time that all entries bear, as MS-DOS has it.
struct ZipTime {
    std::uint16_t date = 0x21, time = 0; ///< 1980-01-01 00:00.
};
/// The wall time that an RFC 3339 time shows, whatever its offset; 1980 for anything else and for earlier years.
[[nodiscard]] ZipTime zip_time(std::string_view rfc3339);

enum class ZipMethod { Store, Deflate };

/// Equal calls give equal bytes. ZIP64 from 4 GiB or 65,535 entries on, and only then. One thread.
class ZipWriter {
  public:
    using Sink = std::function<Result<void>(std::string_view)>;
    ZipWriter(Sink sink, ZipTime time) : sink_(std::move(sink)), time_(time) {}

    /// `name`: UTF-8, parts joined by "/". Errors: those of the sink; "zip.too_large" (an entry of 4 GiB or more).
    Result<void> add(const std::string& name, std::string_view bytes, ZipMethod method);
    /// Writes the directory. Nothing can be added afterwards.
    Result<void> finish();
    [[nodiscard]] std::uint64_t size() const { return at_; } ///< Bytes so far.

  private:
    Result<void> put(std::string_view bytes);

    Sink sink_;
    ZipTime time_;
    std::string directory_;
    std::uint64_t at_ = 0, entries_ = 0;
    bool large_ = false; ///< An entry lies beyond 4 GiB.
};

} // namespace recto
