#pragma once

/// All writing of the archive goes through this interface, which tests replace: in memory, failing at the n-th call,
/// dropping what was not synced. Paths are UTF-8 (bytes as the system has them). Methods may be called from any thread.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/digest.h"
#include "pipeline/core/result.h"

namespace recto {

struct FileStat {
    bool exists = false, is_directory = false, is_symlink = false;
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;
    std::uint64_t inode = 0, device = 0;
};

/// Errors: code "io.not_found", "io.no_space" (retry), "io.denied", "io.read", "io.write", "io.exists"; file set.
class FileSystem {
  public:
    virtual ~FileSystem() = default;
    virtual Result<FileStat> stat(const std::string& path) = 0; ///< A missing file is {exists=false}, not an error.
    virtual Result<std::vector<std::string>> list(const std::string& folder) = 0; ///< Names, byte order; no . and ..
    virtual Result<std::string> read(const std::string& path) = 0;
    /// Creates or truncates, writes all; not synced.
    virtual Result<void> write(const std::string& path, std::string_view bytes) = 0;
    virtual Result<void> append(const std::string& path, std::string_view bytes, bool sync) = 0;
    /// Copies bytes while hashing them; returns the digest. Reflinks or hard links are not used.
    virtual Result<std::string> copy(const std::string& from, const std::string& to, DigestAlgorithm digest) = 0;
    virtual Result<std::string> digest(const std::string& path, DigestAlgorithm digest) = 0;
    virtual Result<void> make_folders(const std::string& path) = 0; ///< With parents; no error when there.
    virtual Result<void> rename(const std::string& from, const std::string& to) = 0; ///< Atomic on one file system.
    virtual Result<void> remove(const std::string& path) = 0;       ///< A file or an empty folder; no error when absent.
    virtual Result<void> remove_tree(const std::string& path) = 0;
    virtual Result<void> sync(const std::string& path) = 0; ///< fsync of a file or a folder.
    virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;
};

/// The real one.
[[nodiscard]] std::shared_ptr<FileSystem> posix_file_system();

/// write + sync + rename + sync of the parent: the file is whole or absent, also after a power cut.
Result<void> write_atomically(FileSystem& fs, const std::string& path, std::string_view bytes);

/// "a/b" from "a" and "b" (no doubled slash).
[[nodiscard]] std::string join_path(std::string_view a, std::string_view b);
[[nodiscard]] std::string parent_path(std::string_view path);
[[nodiscard]] std::string file_name(std::string_view path);

} // namespace recto
