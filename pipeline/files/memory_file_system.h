#pragma once

/// File systems for tests: one in memory that can lose power, and a wrapper whose n-th change fails.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/files/file_system.h"

namespace recto {

/// A tree in memory that keeps, beside what a program sees, what a disk would still hold after a power cut: a file's
/// bytes count from its sync, a folder's entries (names appearing, vanishing) from the folder's own sync. A rename is
/// one step of the journal: it lasts as a whole as soon as either of its two folders is synced. Paths are normalised
/// ("a//b", "./a"); relative ones start at "/". No symbolic links. Thread-safe.
class MemoryFileSystem final : public FileSystem {
  public:
    MemoryFileSystem();
    ~MemoryFileSystem() override;
    using FileSystem::copy;

    Result<FileStat> stat(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& folder) override;
    Result<std::string> read(const std::string& path) override;
    Result<void> write(const std::string& path, std::string_view bytes) override;
    Result<void> append(const std::string& path, std::string_view bytes, bool sync) override;
    Result<std::string> copy(const std::string& from, const std::string& to, DigestAlgorithm digest) override;
    Result<std::string> digest(const std::string& path, DigestAlgorithm digest) override;
    Result<void> make_folders(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> remove(const std::string& path) override;
    Result<void> remove_tree(const std::string& path) override;
    Result<void> sync(const std::string& path) override;
    Result<std::uint64_t> free_bytes(const std::string& path) override;
    Result<FileSystemKind> kind(const std::string& path) override; ///< What set_kind() said; else "memory", local.

    /// The power fails and comes back. Seed 0: everything that was not synced is lost (a file that has a name but was
    /// never synced comes back with half its bytes). Any other seed: each such change is kept or lost by lot.
    void cut_power(std::uint64_t seed = 0);

    /// Bytes that fit; a write beyond fails with io.no_space after filling up. Default: no limit.
    void set_capacity(std::uint64_t bytes);
    void set_kind(FileSystemKind kind);

    /// Number of sync calls on a path since construction ("each file and folder once").
    [[nodiscard]] int sync_count(const std::string& path) const;

  private:
    struct Node;
    struct Rename;
    using NodePtr = std::shared_ptr<Node>;
    [[nodiscard]] NodePtr find(const std::string& path) const;
    Result<NodePtr> open_for_write(const std::string& path);
    Result<void> store(const std::string& path, std::string_view bytes, bool append);

    mutable std::mutex mutex_;
    NodePtr root_;
    std::vector<Rename> renames_; ///< Not yet lasting, oldest first.
    std::vector<std::pair<std::string, int>> syncs_;
    std::uint64_t capacity_ = UINT64_MAX, used_ = 0, next_inode_ = 2;
    FileSystemKind kind_{"memory", false};
    std::int64_t ticks_ = 0;
};

/// Passes everything on to another file system and lets the n-th changing call fail. Changing calls are write, append,
/// copy, make_folders (one a folder made), rename, remove, remove_tree (one a thing removed) and sync.
class FaultyFileSystem final : public FileSystem {
  public:
    enum class Mode {
        Never,   ///< Only counts.
        Once,    ///< The n-th call fails, later ones succeed.
        Forever, ///< The n-th and all later calls fail.
        Death,   ///< The n-th call is half done (a write leaves half its bytes) and nothing works after it, not even
                 ///< reading: the process is dead. Look at the inner file system for what it left.
    };

    FaultyFileSystem(std::shared_ptr<FileSystem> inner, Mode mode, int nth, std::string code = "io.write");
    using FileSystem::copy;

    Result<FileStat> stat(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& folder) override;
    Result<std::string> read(const std::string& path) override;
    Result<void> write(const std::string& path, std::string_view bytes) override;
    Result<void> append(const std::string& path, std::string_view bytes, bool sync) override;
    Result<std::string> copy(const std::string& from, const std::string& to, DigestAlgorithm digest) override;
    Result<std::string> digest(const std::string& path, DigestAlgorithm digest) override;
    Result<void> make_folders(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> remove(const std::string& path) override;
    Result<void> remove_tree(const std::string& path) override;
    Result<void> sync(const std::string& path) override;
    Result<std::uint64_t> free_bytes(const std::string& path) override;
    Result<FileSystemKind> kind(const std::string& path) override;

    [[nodiscard]] int changes() const; ///< Changing calls so far.
    [[nodiscard]] bool failed() const; ///< True once a call was made to fail.

  private:
    enum class Verdict { Go, Fail, FailHalfway };
    Verdict judge(bool changes);
    [[nodiscard]] tl::unexpected<Error> failure(const std::string& path) const;

    std::shared_ptr<FileSystem> inner_;
    const Mode mode_;
    const int nth_;
    const std::string code_;
    mutable std::mutex mutex_;
    int count_ = 0;
    bool failed_ = false;
};

} // namespace recto
