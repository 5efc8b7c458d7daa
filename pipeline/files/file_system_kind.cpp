#include "pipeline/files/file_system_kind.h"

#include <algorithm>
#include <array>
#include <utility>

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
    constexpr std::array<std::string_view, 34> kinds = {
        "9p",           "acfs",           "afs",         "beegfs",        "ceph",           "cifs",
        "coda",         "davfs",
        "fuse", // of which nothing more is known
        "fuse.ceph",    "fuse.curlftpfs", "fuse.davfs2", "fuse.gcsfuse",  "fuse.glusterfs", "fuse.juicefs",
        "fuse.moosefs", "fuse.rclone",    "fuse.s3fs",   "fuse.smbnetfs", "fuse.sshfs",     "fuse.vmhgfs-fuse",
        "glusterfs",    "gfs2",           "gpfs",        "lustre",        "ncpfs",          "nfs",
        "nfs4",         "ocfs2",          "panfs",       "pvfs2",         "smb3",           "smbfs",
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
    // linux/magic.h and statfs(2).
    constexpr std::array<std::pair<std::uint32_t, const char*>, 23> kinds = {
        {{0xEF53, "ext4"},     {0x58465342, "xfs"},   {0x9123683E, "btrfs"}, {0x2FC12FC1, "zfs"},
         {0xF2F52010, "f2fs"}, {0x01021994, "tmpfs"}, {0x9FA0, "proc"},      {0x794C7630, "overlay"},
         {0x4D44, "vfat"},     {0x2011BAB0, "exfat"}, {0x5346544E, "ntfs"},  {0x7366746E, "ntfs3"},
         {0x9660, "iso9660"},  {0x6969, "nfs"},       {0x517B, "smbfs"},     {0xFF534D42, "cifs"},
         {0xFE534D42, "smb3"}, {0x65735546, "fuse"},  {0x01021997, "9p"},    {0x00C36400, "ceph"},
         {0x5346414F, "afs"},  {0x47504653, "gpfs"},  {0x0BD00BD0, "lustre"}}};
    const auto* at = std::ranges::find(kinds, magic, &std::pair<std::uint32_t, const char*>::first);
    if (at == kinds.end()) return {};
    return {at->second, is_network_file_system(at->second)};
}

} // namespace recto
