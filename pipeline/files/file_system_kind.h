#pragma once

/// What kind of file system a folder lies on. A database of SQLite needs one whose locks and shared memory work between
/// all its users, which no network file system promises; a hot folder on one has to be polled.

#include <cstdint>
#include <string>
#include <string_view>

namespace recto {

struct FileSystemKind {
    std::string name;     ///< As the system calls it: "ext4", "nfs4", "cifs", "fuse.sshfs"; "" when it cannot be told.
    bool network = false; ///< Files may change from another machine.
};

/// True for the kinds that reach another machine (NFS, SMB, sshfs, 9p, cluster file systems ...).
[[nodiscard]] bool is_network_file_system(std::string_view name);

/// The kind at `path` (absolute, without symbolic links), by the text of Linux's /proc/self/mountinfo: of the mount
/// points above the path the deepest, of equal ones the last, which lies on top.
[[nodiscard]] FileSystemKind file_system_kind(std::string_view mountinfo, std::string_view path);

/// By f_type of statfs(2): for a path whose mount point is not in mountinfo, as in a root changed by chroot.
[[nodiscard]] FileSystemKind file_system_kind(std::uint32_t magic);

} // namespace recto
