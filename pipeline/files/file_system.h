#pragma once

/// All writing of the archive goes through this interface, which tests replace: in memory, failing at the n-th call,
/// dropping what was not synced (memory_file_system.h). Paths are UTF-8 (bytes as the system has them). Methods may be
/// called from any thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/digest.h"
#include "pipeline/core/result.h"
#include "pipeline/files/file_system_kind.h"

namespace recto {

struct FileStat {
    bool exists = false, is_directory = false, is_symlink = false;
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;
    std::uint64_t inode = 0, device = 0;
};

/// Errors: code "io.not_found", "io.no_space" (retry), "io.denied", "io.read", "io.write", "io.exists",
/// "io.cross_device" (rename only), "io.too_many_open" (retry); file set.
/// A symbolic link is reported by stat (size and kind are those of its target, if it has one), followed by read, and
/// never followed by a call that writes or removes: the link itself is refused or removed.
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
    virtual Result<void> remove(const std::string& path) = 0;      ///< A file or an empty folder; no error when absent.
    virtual Result<void> remove_tree(const std::string& path) = 0; ///< No error when absent.
    virtual Result<void> sync(const std::string& path) = 0;        ///< fsync of a file or a folder.
    /// The same for each of these, which lie on one file system. Many at once may cost less than one after the other: the
    /// real one then writes back all of the file system, where it is of a kind that says what failed in that.
    virtual Result<void> sync_all(std::span<const std::string> paths);
    virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;
    /// What the path, or the nearest folder above it that exists, lies on. The default: a local one without a name.
    virtual Result<FileSystemKind> kind(const std::string& path);

    /// Hands the file's bytes to `visit` in order, block by block. The default reads the whole file first.
    virtual Result<void> read_blocks(const std::string& path, const std::function<void(std::string_view)>& visit);

    /// Several digests of one file by one reading, in the order asked for. The default reads once a digest.
    virtual Result<std::vector<std::string>> digests(const std::string& path, std::span<const DigestAlgorithm> kinds);
    /// The same while copying. The default copies, then reads the copy.
    virtual Result<std::vector<std::string>> copy(const std::string& from, const std::string& to,
                                                  std::span<const DigestAlgorithm> kinds);
};

/// The real one.
[[nodiscard]] std::shared_ptr<FileSystem> posix_file_system();

/// write + sync + rename + sync of the parent: the file is whole or absent, also after a power cut. The temporary name
/// is `path` + ".tmp-" and a number; it is removed when a step fails.
Result<void> write_atomically(FileSystem& fs, const std::string& path, std::string_view bytes);

/// make_folders, then fsync of the parent of every folder that was new: the folders survive a power cut.
Result<void> make_folders_synced(FileSystem& fs, const std::string& path);
/// The same without the fsync: the parents are added to `to_sync`.
Result<void> make_folders(FileSystem& fs, const std::string& path, std::vector<std::string>& to_sync);

/// fsync of every file below `folder`, then of every folder, deepest first, `folder` itself last. Each once.
Result<void> sync_tree(FileSystem& fs, const std::string& folder);
/// What sync_tree() would sync, in its order, added to `to_sync`.
Result<void> tree_to_sync(FileSystem& fs, const std::string& folder, std::vector<std::string>& to_sync);

/// Files below `folder` (not folders), relative paths, byte order. Symbolic links are listed as files, not followed.
Result<std::vector<std::string>> list_files(FileSystem& fs, const std::string& folder);

/// A database file of SQLite must not lie on a network file system: several machines would corrupt it. Errors:
/// "store.network_file_system", which names the folder and the kind.
Result<void> refuse_network_file_system(FileSystem& fs, const std::string& folder);

/// "a/b" from "a" and "b" (no doubled slash).
[[nodiscard]] std::string join_path(std::string_view a, std::string_view b);
[[nodiscard]] std::string parent_path(std::string_view path); ///< "" for a bare name, "/" for "/a".
[[nodiscard]] std::string file_name(std::string_view path);

} // namespace recto
