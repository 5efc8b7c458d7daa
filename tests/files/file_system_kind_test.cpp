// Which file systems are told apart, and that a database is refused on one that several machines share.

#include "pipeline/files/file_system_kind.h"

#include <gmock/gmock.h>

#include "pipeline/files/memory_file_system.h"

namespace recto {
namespace {

// Lines as Linux writes them: with and without optional fields, a name with a space, a mount over another.
constexpr std::string_view kMounts = "27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
                                     "30 27 0:26 / /mnt/scans rw shared:12 master:3 - nfs4 server:/scans rw,vers=4.2\n"
                                     "31 27 0:27 / /mnt/scans/local rw - xfs /dev/sdb1 rw\n"
                                     "32 27 0:28 / /mnt/my\\040share rw - cifs //server/share rw\n"
                                     "33 27 0:29 / /mnt/twice rw - ext4 /dev/sdc1 rw\n"
                                     "34 27 0:30 / /mnt/twice rw - fuse.sshfs someone@host: rw\n"
                                     "not a line of mountinfo\n";

std::string name_at(std::string_view path) { return file_system_kind(kMounts, path).name; }

TEST(FileSystemKindTest, TheDeepestMountAboveThePathCounts) {
    EXPECT_EQ(name_at("/"), "ext4");
    EXPECT_EQ(name_at("/srv/archive"), "ext4");
    EXPECT_EQ(name_at("/mnt/scans"), "nfs4");
    EXPECT_EQ(name_at("/mnt/scans/2026/a.tif"), "nfs4");
    EXPECT_EQ(name_at("/mnt/scans/local/work"), "xfs");
    EXPECT_EQ(name_at("/mnt/scans-of-1990"), "ext4") << "a name that only begins alike";
    EXPECT_EQ(name_at("/mnt/my share/a"), "cifs");
    EXPECT_EQ(name_at("/mnt/twice/a"), "fuse.sshfs") << "what is mounted last lies on top";
    EXPECT_EQ(file_system_kind("", "/srv").name, "");
}

TEST(FileSystemKindTest, NetworkKindsAreKnown) {
    for (const char* name : {"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph", "lustre", "fuse.glusterfs"})
        EXPECT_TRUE(is_network_file_system(name)) << name;
    for (const char* name : {"ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "fuseblk", "virtiofs", ""})
        EXPECT_FALSE(is_network_file_system(name)) << name;
    EXPECT_TRUE(file_system_kind(kMounts, "/mnt/scans/a").network);
    EXPECT_FALSE(file_system_kind(kMounts, "/mnt/scans/local/a").network);
}

TEST(FileSystemKindTest, TheRealOneKnowsProcAndFoldersThatAreNotThereYet) {
    const auto fs = posix_file_system();
    const auto proc = fs->kind("/proc/self");
    ASSERT_TRUE(proc) << proc.error().reason;
    EXPECT_EQ(proc->name, "proc");
    const auto missing = fs->kind(testing::TempDir() + "not/there/yet");
    ASSERT_TRUE(missing);
    EXPECT_EQ(missing->name, fs->kind(testing::TempDir())->name);
    EXPECT_FALSE(missing->name.empty());
}

TEST(FileSystemKindTest, ByTheNumberThatStatfsGives) {
    EXPECT_EQ(file_system_kind(0xEF53U).name, "ext4");
    EXPECT_FALSE(file_system_kind(0xEF53U).network);
    EXPECT_TRUE(file_system_kind(0x6969U).network);
    EXPECT_TRUE(file_system_kind(0xFF534D42U).network);
    EXPECT_EQ(file_system_kind(0x12345678U).name, "");
}

TEST(FileSystemKindTest, ADatabaseIsRefusedOnANetworkFileSystem) {
    MemoryFileSystem fs;
    EXPECT_TRUE(refuse_network_file_system(fs, "/archive/work"));
    fs.set_kind({"nfs4", true});
    const auto refused = refuse_network_file_system(fs, "/archive/work");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "store.network_file_system");
    EXPECT_EQ(refused.error().file, "/archive/work");
    EXPECT_THAT(refused.error().reason, testing::HasSubstr("nfs4"));
}

} // namespace
} // namespace recto
