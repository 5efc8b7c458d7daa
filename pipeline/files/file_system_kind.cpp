#include "pipeline/files/file_system_kind.h"

#include <algorithm>
#include <array>

namespace recto {
namespace {

/// mountinfo writes space, tab, newline and backslash as three octal digits.
std::string unescaped(std::string_view text) {
    const auto octal = [](char c) { return c >= '0' && c <= '7'; };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) && octal(text[i + 3])) {
            out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else out += text[i];
    }
    return out;
}

std::string_view next_word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

bool lies_below(std::string_view path, std::string_view mount) {
    if (mount == "/") return path.starts_with('/');
    return path.starts_with(mount) && (path.size() == mount.size() || path[mount.size()] == '/');
}

} // namespace

bool is_network_file_system(std::string_view name) {
    constexpr std::array<std::string_view, 33> kinds = {"9p",
                                                        "acfs",
                                                        "afs",
                                                        "beegfs",
                                                        "ceph",
                                                        "cifs",
                                                        "coda",
                                                        "davfs",
                                                        "fuse.ceph",
                                                        "fuse.curlftpfs",
                                                        "fuse.davfs2",
                                                        "fuse.gcsfuse",
                                                        "fuse.glusterfs",
                                                        "fuse.juicefs",
                                                        "fuse.moosefs",
                                                        "fuse.rclone",
                                                        "fuse.s3fs",
                                                        "fuse.smbnetfs",
                                                        "fuse.sshfs",
                                                        "fuse.vmhgfs-fuse",
                                                        "glusterfs",
                                                        "gfs2",
                                                        "gpfs",
                                                        "lustre",
                                                        "ncpfs",
                                                        "nfs",
                                                        "nfs4",
                                                        "ocfs2",
                                                        "panfs",
                                                        "pvfs2",
                                                        "smb3",
                                                        "smbfs",
                                                        "vboxsf"};
    return std::ranges::find(kinds, name) != kinds.end();
}

FileSystemKind file_system_kind(std::string_view mountinfo, std::string_view path) {
    FileSystemKind found;
    std::size_t deepest = 0;
    while (!mountinfo.empty()) {
        const std::size_t end = std::min(mountinfo.find('\n'), mountinfo.size());
        std::string_view line = mountinfo.substr(0, end);
        mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
        // id parent device root MOUNT options [optional]... - KIND source options
        for (int i = 0; i < 4; ++i) next_word(line);
        const std::string mount = unescaped(next_word(line));
        const std::size_t dash = line.find(" - ");
        if (mount.empty() || dash == std::string_view::npos || mount.size() < deepest || !lies_below(path, mount))
            continue;
        line.remove_prefix(dash + 3);
        deepest = mount.size();
        found.name = unescaped(next_word(line));
        found.network = is_network_file_system(found.name);
    }
    return found;
}

FileSystemKind file_system_kind(std::uint32_t magic) {
    struct Known {
        std::uint32_t magic;
        const char* name;
        bool network;
    };
    // linux/magic.h and statfs(2). FUSE may be anything: a share is the careful guess.
    constexpr std::array<Known, 20> kinds = {
        {{0xEF53, "ext4", false},        {0x58465342, "xfs", false},  {0x9123683E, "btrfs", false},
         {0x2FC12FC1, "zfs", false},     {0xF2F52010, "f2fs", false}, {0x01021994, "tmpfs", false},
         {0x794C7630, "overlay", false}, {0x9FA0, "proc", false},     {0x4D44, "vfat", false},
         {0x2011BAB0, "exfat", false},   {0x6969, "nfs", true},       {0x517B, "smbfs", true},
         {0xFF534D42, "cifs", true},     {0xFE534D42, "smb3", true},  {0x65735546, "fuse", true},
         {0x01021997, "9p", true},       {0x00C36400, "ceph", true},  {0x5346414F, "afs", true},
         {0x47504653, "gpfs", true},     {0x0BD00BD0, "lustre", true}}};
    const auto* at = std::ranges::find(kinds, magic, &Known::magic);
    return at == kinds.end() ? FileSystemKind{} : FileSystemKind{at->name, at->network};
}

} // namespace recto
