// The real file system, by POSIX calls.

#include "pipeline/files/file_system.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace recto {

namespace {

constexpr std::size_t kCopyBuffer = std::size_t{1} << 20; ///< Bytes: large enough that a disk streams.

/// Owns a descriptor. close_checked() reports what a delayed write says at close (NFS, quota).
class Descriptor {
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool valid() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }
    /// On Linux the descriptor is gone even when close fails, so EINTR is not tried again.
    int close_checked() {
        const int rc = ::close(release());
        return rc == 0 || errno == EINTR ? 0 : errno;
    }

  private:
    int fd_;
};

tl::unexpected<Error> io_error(int number, std::string_view fallback, const std::string& path, std::string_view what) {
    std::string reason = std::string(what) + ": " + std::strerror(number);
    switch (number) {
    case ENOSPC:
    case EDQUOT: return fail_retry("io.no_space", std::move(reason), path);
    case ENOENT: return fail("io.not_found", std::move(reason), path);
    case EACCES:
    case EPERM:
    case EROFS: return fail("io.denied", std::move(reason), path);
    case EEXIST:
    case ENOTEMPTY: return fail("io.exists", std::move(reason), path);
    case EXDEV: return fail("io.cross_device", std::move(reason), path);
    case EMFILE:
    case ENFILE: return fail_retry("io.too_many_open", std::move(reason), path);
    default: return fail(fallback, std::move(reason), path);
    }
}

Descriptor open_retrying(const char* path, int flags, mode_t mode = 0) {
    int fd;
    do { fd = ::open(path, flags | O_CLOEXEC, mode); } while (fd < 0 && errno == EINTR);
    return Descriptor(fd);
}

/// All of `bytes`, through short writes and signals. 0 or errno.
int write_all(int fd, const char* bytes, std::size_t count) {
    while (count > 0) {
        const ssize_t n = ::write(fd, bytes, count);
        if (n < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        bytes += n;
        count -= static_cast<std::size_t>(n);
    }
    return 0;
}

ssize_t read_retrying(int fd, char* buffer, std::size_t count) {
    ssize_t n;
    do { n = ::read(fd, buffer, count); } while (n < 0 && errno == EINTR);
    return n;
}

/// From so many on one syncfs costs less than an fsync of each, also beside programs with data of their own to write back.
constexpr std::size_t kManySyncs = 256;

/// Local file systems with a journal, on a kernel whose syncfs returns the error of a failed write-back (5.8 and newer). Network
/// and user-space file systems are asked for each file: what syncfs means there is another matter.
bool syncs_as_a_whole(std::uint32_t magic) {
    static const bool reports_errors = [] {
        struct utsname name{};
        int major = 0, minor = 0;
        return ::uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
               (major > 5 || (major == 5 && minor >= 8));
    }();
    constexpr std::uint32_t kExt4 = 0xEF53, kXfs = 0x58465342, kBtrfs = 0x9123683E, kF2fs = 0xF2F52010;
    return reports_errors && (magic == kExt4 || magic == kXfs || magic == kBtrfs || magic == kF2fs);
}

int fsync_retrying(int fd) {
    int rc;
    do { rc = ::fsync(fd); } while (rc != 0 && errno == EINTR);
    return rc == 0 ? 0 : errno;
}

/// Removes what `name` in the folder `at` is, without ever following a link. 0 or errno.
int remove_tree_at(int at, const char* name, int depth) {
    if (::unlinkat(at, name, 0) == 0 || errno == ENOENT) return 0;
    if (errno != EISDIR && errno != EPERM && errno != EBUSY) return errno;
    if (depth > 512) return ELOOP;
    Descriptor folder(::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder.valid()) return errno;
    const int fd = folder.get();
    DIR* stream = ::fdopendir(fd);
    if (stream == nullptr) return errno;
    folder.release(); // the stream owns it now
    std::vector<std::string> names;
    int error = 0;
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(stream);
        if (entry == nullptr) {
            error = errno;
            break;
        }
        if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
            names.emplace_back(entry->d_name);
    }
    for (const std::string& child : names) {
        if (error != 0) break;
        error = remove_tree_at(fd, child.c_str(), depth + 1);
    }
    ::closedir(stream);
    if (error != 0) return error;
    return ::unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

class PosixFileSystem final : public FileSystem {
  public:
    using FileSystem::copy;

    Result<FileStat> stat(const std::string& path) override {
        struct stat s{};
        FileStat out;
        if (::lstat(path.c_str(), &s) != 0) {
            if (errno == ENOENT || errno == ENOTDIR) return out;
            return io_error(errno, "io.read", path, "stat");
        }
        out.exists = true;
        if (S_ISLNK(s.st_mode)) {
            out.is_symlink = true;
            if (::stat(path.c_str(), &s) != 0) return out; // dangling, or a target we may not see
        }
        out.is_directory = S_ISDIR(s.st_mode);
        out.size = static_cast<std::uint64_t>(s.st_size);
        out.mtime_ns = static_cast<std::int64_t>(s.st_mtim.tv_sec) * 1'000'000'000 + s.st_mtim.tv_nsec;
        out.inode = static_cast<std::uint64_t>(s.st_ino);
        out.device = static_cast<std::uint64_t>(s.st_dev);
        return out;
    }

    Result<std::vector<std::string>> list(const std::string& folder) override {
        DIR* stream = ::opendir(folder.c_str());
        if (stream == nullptr) return io_error(errno, "io.read", folder, "open folder");
        std::vector<std::string> names;
        int error = 0;
        while (true) {
            errno = 0;
            const dirent* entry = ::readdir(stream);
            if (entry == nullptr) {
                error = errno;
                break;
            }
            const std::string_view name(entry->d_name);
            if (name != "." && name != "..") names.emplace_back(name);
        }
        ::closedir(stream);
        if (error != 0) return io_error(error, "io.read", folder, "read folder");
        std::sort(names.begin(), names.end());
        return names;
    }

    Result<std::string> read(const std::string& path) override {
        RECTO_ASSIGN(const Descriptor file, open_regular(path));
        struct stat s{};
        if (::fstat(file.get(), &s) != 0) return io_error(errno, "io.read", path, "stat");
        std::string bytes;
        // The size is a hint only: the file may grow, and /proc files say 0.
        bytes.resize(static_cast<std::size_t>(std::max<off_t>(s.st_size, 0)) + 1);
        std::size_t filled = 0;
        while (true) {
            if (filled == bytes.size()) bytes.resize(bytes.size() * 2);
            const ssize_t n = read_retrying(file.get(), bytes.data() + filled, bytes.size() - filled);
            if (n < 0) return io_error(errno, "io.read", path, "read");
            if (n == 0) break;
            filled += static_cast<std::size_t>(n);
        }
        bytes.resize(filled);
        return bytes;
    }

    Result<void> write(const std::string& path, std::string_view bytes) override {
        return put_bytes(path, bytes, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, false);
    }

    Result<void> append(const std::string& path, std::string_view bytes, bool sync) override {
        return put_bytes(path, bytes, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, sync);
    }

    Result<std::string> copy(const std::string& from, const std::string& to, DigestAlgorithm kind) override {
        RECTO_ASSIGN(auto list, stream(from, &to, std::span(&kind, 1)));
        return std::move(list[0]);
    }

    Result<std::vector<std::string>> copy(const std::string& from, const std::string& to,
                                          std::span<const DigestAlgorithm> kinds) override {
        return stream(from, &to, kinds);
    }

    Result<std::string> digest(const std::string& path, DigestAlgorithm kind) override {
        RECTO_ASSIGN(auto list, stream(path, nullptr, std::span(&kind, 1)));
        return std::move(list[0]);
    }

    Result<std::vector<std::string>> digests(const std::string& path, std::span<const DigestAlgorithm> kinds) override {
        return stream(path, nullptr, kinds);
    }

    Result<void> read_blocks(const std::string& path, const std::function<void(std::string_view)>& visit) override {
        RECTO_ASSIGN(const Descriptor in, open_regular(path));
        (void)::posix_fadvise(in.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
        const auto buffer = std::make_unique_for_overwrite<char[]>(kCopyBuffer);
        while (true) {
            const ssize_t n = read_retrying(in.get(), buffer.get(), kCopyBuffer);
            if (n < 0) return io_error(errno, "io.read", path, "read");
            if (n == 0) return {};
            visit(std::string_view(buffer.get(), static_cast<std::size_t>(n)));
        }
    }

    Result<void> make_folders(const std::string& path) override {
        if (path.empty() || ::mkdir(path.c_str(), 0777) == 0) return {};
        if (errno == ENOENT) {
            const std::string parent = parent_path(path);
            if (parent.empty() || parent == path) return io_error(ENOENT, "io.write", path, "make folder");
            RECTO_TRY(make_folders(parent));
            if (::mkdir(path.c_str(), 0777) == 0) return {};
        }
        const int number = errno;
        struct stat s{};
        if (number == EEXIST && ::stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode)) return {};
        return io_error(number, "io.write", path, "make folder");
    }

    Result<void> rename(const std::string& from, const std::string& to) override {
        if (::rename(from.c_str(), to.c_str()) == 0) return {};
        return io_error(errno, "io.write", from, "rename to " + to);
    }

    Result<void> remove(const std::string& path) override {
        if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
        if (errno == EISDIR || errno == EPERM) {
            if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
        }
        return io_error(errno, "io.write", path, "remove");
    }

    Result<void> remove_tree(const std::string& path) override {
        const int error = remove_tree_at(AT_FDCWD, path.c_str(), 0);
        if (error == 0 || error == ENOTDIR) return {};
        return io_error(error, "io.write", path, "remove");
    }

    Result<void> sync(const std::string& path) override {
        const Descriptor file = open_retrying(path.empty() ? "." : path.c_str(), O_RDONLY | O_NONBLOCK);
        if (!file.valid()) return io_error(errno, "io.write", path, "open to sync");
        const int error = fsync_retrying(file.get());
        // Some file systems (network, fuse) cannot sync a folder and say EINVAL: there is nothing more to do there.
        if (error != 0 && error != EINVAL) return io_error(error, "io.write", path, "sync");
        return {};
    }

    Result<void> sync_all(std::span<const std::string> paths) override {
        if (paths.size() < kManySyncs) return FileSystem::sync_all(paths);
        const Descriptor any = open_retrying(paths.front().c_str(), O_RDONLY | O_NONBLOCK);
        if (!any.valid()) return io_error(errno, "io.write", paths.front(), "open to sync");
        struct statfs s{};
        if (::fstatfs(any.get(), &s) != 0 || !syncs_as_a_whole(static_cast<std::uint32_t>(s.f_type)))
            return FileSystem::sync_all(paths);
        int rc;
        do { rc = ::syncfs(any.get()); } while (rc != 0 && errno == EINTR);
        if (rc != 0) return io_error(errno, "io.write", paths.front(), "sync of the file system");
        return {};
    }

    Result<std::uint64_t> free_bytes(const std::string& path) override {
        struct statvfs s{};
        int rc;
        do { rc = ::statvfs(path.c_str(), &s); } while (rc != 0 && errno == EINTR);
        if (rc != 0) return io_error(errno, "io.read", path, "statvfs");
        return static_cast<std::uint64_t>(s.f_bavail) * static_cast<std::uint64_t>(s.f_frsize);
    }

    Result<FileSystemKind> kind(const std::string& path) override {
        std::error_code e;
        std::filesystem::path p = std::filesystem::absolute(path, e).lexically_normal();
        while (!e && !std::filesystem::exists(p, e) && p.has_relative_path()) p = p.parent_path();
        p = std::filesystem::canonical(p, e);
        if (e) return io_error(e.value(), "io.read", path, "canonical");
        // Files of /proc have no size that could be asked for beforehand.
        std::ifstream mounts("/proc/self/mountinfo", std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(mounts), std::istreambuf_iterator<char>()};
        if (auto kind = file_system_kind(text, p.native()); !kind.name.empty()) return kind;
        struct statfs s{};
        if (::statfs(p.c_str(), &s) != 0) return io_error(errno, "io.read", path, "statfs");
        return file_system_kind(static_cast<std::uint32_t>(s.f_type));
    }

  private:
    /// O_NONBLOCK so that a FIFO put in place of a file cannot hang us; it has no effect on a regular file.
    static Result<Descriptor> open_regular(const std::string& path) {
        Descriptor file = open_retrying(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (!file.valid()) return io_error(errno, "io.read", path, "open");
        struct stat s{};
        if (::fstat(file.get(), &s) != 0) return io_error(errno, "io.read", path, "stat");
        if (!S_ISREG(s.st_mode)) return fail("io.read", "not a regular file", path);
        return Result<Descriptor>(std::move(file));
    }

    static Result<void> put_bytes(const std::string& path, std::string_view bytes, int flags, bool sync) {
        Descriptor file = open_retrying(path.c_str(), flags, 0666);
        if (!file.valid()) return io_error(errno, "io.write", path, "open to write");
        if (const int error = write_all(file.get(), bytes.data(), bytes.size()); error != 0)
            return io_error(error, "io.write", path, "write");
        if (sync) {
            if (const int error = fsync_retrying(file.get()); error != 0)
                return io_error(error, "io.write", path, "sync");
        }
        if (const int error = file.close_checked(); error != 0) return io_error(error, "io.write", path, "close");
        return {};
    }

    /// Reads `from` once, hashing, and writes what was read to `*to` when given.
    static Result<std::vector<std::string>> stream(const std::string& from, const std::string* to,
                                                   std::span<const DigestAlgorithm> kinds) {
        RECTO_ASSIGN(const Descriptor in, open_regular(from));
        (void)::posix_fadvise(in.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
        std::optional<Descriptor> out;
        if (to != nullptr) {
            out.emplace(open_retrying(to->c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0666));
            if (!out->valid()) return io_error(errno, "io.write", *to, "open to write");
        }
        std::vector<Hasher> hashers;
        for (const DigestAlgorithm kind : kinds) hashers.emplace_back(kind);
        const auto buffer = std::make_unique_for_overwrite<char[]>(kCopyBuffer);
        while (true) {
            const ssize_t n = read_retrying(in.get(), buffer.get(), kCopyBuffer);
            if (n < 0) return io_error(errno, "io.read", from, "read");
            if (n == 0) break;
            const std::string_view block(buffer.get(), static_cast<std::size_t>(n));
            for (Hasher& hasher : hashers) hasher.update(block);
            if (out) {
                if (const int error = write_all(out->get(), block.data(), block.size()); error != 0)
                    return io_error(error, "io.write", *to, "write");
            }
        }
        if (out) {
            if (const int error = out->close_checked(); error != 0) return io_error(error, "io.write", *to, "close");
        }
        std::vector<std::string> list;
        for (Hasher& hasher : hashers) list.push_back(hasher.finish());
        return list;
    }
};

} // namespace

std::shared_ptr<FileSystem> posix_file_system() {
    static const auto instance = std::make_shared<PosixFileSystem>();
    return instance;
}

} // namespace recto
