// The real file system and the one in memory keep the same promises; what only the real one can show (links, full disks).

#include <cstdlib>
#include <filesystem>
#include <memory>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/files/file_system.h"
#include "pipeline/files/memory_file_system.h"

namespace recto {
namespace {

struct Place {
    std::shared_ptr<FileSystem> fs;
    std::string root;
    ~Place() {
        if (!root.empty() && root != "/m") std::filesystem::remove_all(root);
    }
};

std::unique_ptr<Place> on_disk() {
    std::string pattern = (std::filesystem::temp_directory_path() / "recto-fs-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    return std::unique_ptr<Place>(new Place{posix_file_system(), pattern});
}

std::unique_ptr<Place> in_memory() {
    auto place = std::unique_ptr<Place>(new Place{std::make_shared<MemoryFileSystem>(), "/m"});
    EXPECT_TRUE(place->fs->make_folders("/m"));
    return place;
}

class FileSystemPromises : public ::testing::TestWithParam<bool> {
  protected:
    std::unique_ptr<Place> place_ = GetParam() ? on_disk() : in_memory();
    FileSystem& fs_ = *place_->fs;
    std::string at(const std::string& name) const { return place_->root + "/" + name; }
};

TEST_P(FileSystemPromises, WriteReadAppendTruncate) {
    EXPECT_FALSE(fs_.stat(at("a"))->exists);
    EXPECT_EQ(fs_.read(at("a")).error().code, "io.not_found");
    ASSERT_TRUE(fs_.write(at("a"), std::string("x\0y", 3)));
    ASSERT_TRUE(fs_.append(at("a"), "z", true));
    EXPECT_EQ(fs_.read(at("a")).value(), std::string("x\0yz", 4));
    EXPECT_EQ(fs_.stat(at("a"))->size, 4U);
    ASSERT_TRUE(fs_.write(at("a"), ""));
    EXPECT_EQ(fs_.read(at("a")).value(), "");
    EXPECT_EQ(fs_.write(at("none/a"), "x").error().code, "io.not_found");
    EXPECT_EQ(fs_.read(place_->root).error().code, "io.read");
}

TEST_P(FileSystemPromises, FoldersListsAndRemoval) {
    ASSERT_TRUE(fs_.make_folders(at("d/e/f")));
    ASSERT_TRUE(fs_.make_folders(at("d/e/f")));
    ASSERT_TRUE(fs_.write(at("d/b"), ""));
    ASSERT_TRUE(fs_.write(at("d/档"), ""));
    EXPECT_EQ(fs_.list(at("d")).value(), (std::vector<std::string>{"b", "e", "档"}));
    EXPECT_EQ(fs_.list(at("none")).error().code, "io.not_found");
    EXPECT_EQ(fs_.make_folders(at("d/b/c")).has_value(), false);
    EXPECT_EQ(fs_.remove(at("d")).error().code, "io.exists");
    EXPECT_TRUE(fs_.remove(at("none")));
    EXPECT_TRUE(fs_.remove(at("d/e/f")));
    EXPECT_TRUE(fs_.remove_tree(at("d")));
    EXPECT_TRUE(fs_.remove_tree(at("d")));
    EXPECT_FALSE(fs_.stat(at("d"))->exists);
}

TEST_P(FileSystemPromises, RenameReplacesFilesButNotFullFolders) {
    ASSERT_TRUE(fs_.write(at("a"), "a"));
    ASSERT_TRUE(fs_.write(at("b"), "b"));
    ASSERT_TRUE(fs_.rename(at("a"), at("b")));
    EXPECT_EQ(fs_.read(at("b")).value(), "a");
    ASSERT_TRUE(fs_.make_folders(at("d/x")));
    ASSERT_TRUE(fs_.make_folders(at("e/y")));
    EXPECT_EQ(fs_.rename(at("d"), at("e")).error().code, "io.exists");
    EXPECT_EQ(fs_.rename(at("none"), at("c")).error().code, "io.not_found");
}

TEST_P(FileSystemPromises, CopyHashesWhatItCopies) {
    const std::string bytes(3'000'001, 'q'); // more than one buffer
    ASSERT_TRUE(fs_.write(at("a"), bytes));
    EXPECT_EQ(fs_.copy(at("a"), at("b"), DigestAlgorithm::Sha512).value(), digest_hex(DigestAlgorithm::Sha512, bytes));
    EXPECT_EQ(fs_.read(at("b")).value(), bytes);
    const DigestAlgorithm kinds[] = {DigestAlgorithm::Sha256, DigestAlgorithm::Md5};
    EXPECT_EQ(fs_.copy(at("a"), at("c"), kinds).value(),
              (std::vector{digest_hex(DigestAlgorithm::Sha256, bytes), digest_hex(DigestAlgorithm::Md5, bytes)}));
    EXPECT_EQ(fs_.digest(at("c"), DigestAlgorithm::Sm3).value(), digest_hex(DigestAlgorithm::Sm3, bytes));
    std::string seen;
    ASSERT_TRUE(fs_.read_blocks(at("a"), [&](std::string_view block) { seen += block; }));
    EXPECT_EQ(seen, bytes);
    EXPECT_EQ(fs_.copy(at("none"), at("x"), DigestAlgorithm::Sha512).error().code, "io.not_found");
    EXPECT_FALSE(fs_.stat(at("x"))->exists);
}

TEST_P(FileSystemPromises, AtomicWriteLeavesNoTemporaryFile) {
    ASSERT_TRUE(write_atomically(fs_, at("a"), "one"));
    ASSERT_TRUE(write_atomically(fs_, at("a"), "two"));
    EXPECT_EQ(fs_.read(at("a")).value(), "two");
    EXPECT_EQ(fs_.list(place_->root)->size(), 1U);
    ASSERT_TRUE(make_folders_synced(fs_, at("p/q")));
    EXPECT_TRUE(fs_.stat(at("p/q"))->is_directory);
    EXPECT_GT(fs_.free_bytes(place_->root).value(), 1000U);
}

TEST_P(FileSystemPromises, FewAndManyAreSyncedTogether) {
    std::vector<std::string> paths{place_->root};
    for (int i = 0; i < 400; ++i) {
        paths.push_back(at(std::to_string(i)));
        ASSERT_TRUE(fs_.write(paths.back(), "x"));
    }
    EXPECT_TRUE(fs_.sync_all(paths));
    EXPECT_TRUE(fs_.sync_all({paths.data(), 3}));
    EXPECT_TRUE(fs_.sync_all({}));
    const std::string none[] = {at("none")};
    EXPECT_EQ(fs_.sync_all(none).error().code, "io.not_found");
}

INSTANTIATE_TEST_SUITE_P(RealAndMemory, FileSystemPromises, ::testing::Bool(),
                         [](const auto& i) { return i.param ? "Disk" : "Memory"; });

TEST(FileSystemPosix, LinksAreReportedAndNeverWrittenThroughOrFollowedWhenRemoving) {
    const auto place = on_disk();
    FileSystem& fs = *place->fs;
    const std::string outside = place->root + "/outside", inside = place->root + "/inside";
    ASSERT_TRUE(fs.make_folders(outside));
    ASSERT_TRUE(fs.make_folders(inside));
    ASSERT_TRUE(fs.write(outside + "/kept", "kept"));
    std::filesystem::create_symlink(outside, inside + "/folder");
    std::filesystem::create_symlink(outside + "/kept", inside + "/file");
    std::filesystem::create_symlink("/no/such/thing", inside + "/dangling");
    EXPECT_TRUE(fs.stat(inside + "/folder")->is_symlink);
    EXPECT_TRUE(fs.stat(inside + "/dangling")->exists);
    EXPECT_EQ(list_files(fs, inside).value(), (std::vector<std::string>{"dangling", "file", "folder"}));
    EXPECT_FALSE(fs.write(inside + "/file", "overwritten"));
    EXPECT_FALSE(fs.append(inside + "/file", "overwritten", false));
    EXPECT_FALSE(fs.copy(inside + "/file", inside + "/dangling", DigestAlgorithm::Sha256));
    ASSERT_TRUE(fs.remove_tree(inside));
    EXPECT_EQ(fs.read(outside + "/kept").value(), "kept");
}

TEST(FileSystemPosix, SpecialFilesNeitherHangNorCount) {
    const auto place = on_disk();
    ASSERT_EQ(::mkfifo((place->root + "/fifo").c_str(), 0600), 0);
    EXPECT_EQ(place->fs->read(place->root + "/fifo").error().code, "io.read");
    EXPECT_EQ(place->fs->digest(place->root + "/fifo", DigestAlgorithm::Sha256).error().code, "io.read");
    EXPECT_EQ(place->fs->digest("/dev/zero", DigestAlgorithm::Sha256).error().code, "io.read");
}

TEST(FileSystemPosix, AFullDiskIsSaidSoAndCanBeTriedAgain) {
    if (::access("/dev/full", W_OK) != 0) return; // no such device here
    const auto written = posix_file_system()->append("/dev/full", "x", false);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, "io.no_space");
    EXPECT_TRUE(written.error().retry);
    EXPECT_EQ(written.error().file, "/dev/full");
}

TEST(FileSystemMemory, PowerCutDropsWhatWasNotSynced) {
    MemoryFileSystem fs;
    ASSERT_TRUE(fs.make_folders("/d"));
    ASSERT_TRUE(fs.sync("/"));
    ASSERT_TRUE(fs.write("/d/synced", "old"));
    ASSERT_TRUE(fs.sync("/d/synced"));
    ASSERT_TRUE(fs.write("/d/unsynced", "12345678"));
    ASSERT_TRUE(fs.sync("/d"));
    ASSERT_TRUE(fs.write("/d/synced", "new"));
    ASSERT_TRUE(fs.write("/d/nameless", "x"));
    ASSERT_TRUE(fs.sync("/d/nameless"));
    ASSERT_TRUE(fs.rename("/d/synced", "/d/renamed"));
    fs.cut_power();
    EXPECT_EQ(fs.list("/d").value(), (std::vector<std::string>{"synced", "unsynced"}));
    EXPECT_EQ(fs.read("/d/synced").value(), "old");
    EXPECT_EQ(fs.read("/d/unsynced").value(), "1234") << "a name without synced bytes is torn";
}

TEST(FileSystemMemory, AtomicWriteIsOldOrNewAtEveryDeathAndPowerCut) {
    int calls = 1;
    for (int nth = 1; nth <= calls + 1; ++nth) {
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            const auto disk = std::make_shared<MemoryFileSystem>();
            ASSERT_TRUE(disk->make_folders("/d"));
            ASSERT_TRUE(write_atomically(*disk, "/d/a", "old"));
            ASSERT_TRUE(sync_tree(*disk, "/"));
            FaultyFileSystem faulty(disk, FaultyFileSystem::Mode::Death, nth);
            const auto written = write_atomically(faulty, "/d/a", "new");
            calls = std::max(calls, faulty.changes());
            disk->cut_power(seed);
            const std::string left = disk->read("/d/a").value_or("(absent)");
            EXPECT_TRUE(left == "old" || left == "new") << nth << ": " << left;
            if (written) { EXPECT_EQ(left, "new"); }
        }
    }
    EXPECT_EQ(calls, 4);
}

TEST(FileSystemPaths, Helpers) {
    EXPECT_EQ(join_path("a", "b"), "a/b");
    EXPECT_EQ(join_path("a/", "/b"), "a/b");
    EXPECT_EQ(join_path("", "b"), "b");
    EXPECT_EQ(join_path("a", ""), "a");
    EXPECT_EQ(join_path("/", "b"), "/b");
    EXPECT_EQ(parent_path("/a/b/"), "/a");
    EXPECT_EQ(parent_path("/a"), "/");
    EXPECT_EQ(parent_path("a"), "");
    EXPECT_EQ(parent_path("a//b"), "a");
    EXPECT_EQ(file_name("/a/b/"), "b");
    EXPECT_EQ(file_name("b"), "b");
}

} // namespace
} // namespace recto
