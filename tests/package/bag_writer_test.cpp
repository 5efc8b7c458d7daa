// The bag writer on a small object in memory: known bytes, refusals, deaths.

#include "tests/package/stored_item.h"

namespace recto {
namespace {

const std::string kId = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

class BagWriterTest : public package_test::StoredItem {
  protected:
    void SetUp() override {
        StoredItem::SetUp();
        put("{\"schema\":1,\"id\":\"" + kId +
            "\",\"reference_code\":\"A002-KJ·2023/001\",\"provisional_name\":\"box\",\"held\":false,"
            "\"repository\":{\"code\":\"435001\",\"name\":\"某市\\n档案馆\"},\"fonds\":[\"A002\"],\"provenance\":{"
            "\"agent\":\"recto 0.1.0\"},"
            "\"fields\":[{\"id\":\"title\",\"source\":\"extracted\",\"value\":\"旧\"},{\"id\":\"title\",\"source\":"
            "\"catalogue\",\"value\":\"关于通知\"}]}");
    }

    void put(const std::string& item) {
        store(kId, {{"master/0001.tif", "scan"}, {"metadata/item.json", item}, {"text/50%\n%2F%0a.txt", "odd"}});
    }

    using StoredItem::write;
    Result<PackageResult> write(FileSystem& fs) { return write(fs, "bag"); }

    std::string read(const std::string& name) {
        return fs_->read("/out/A002-KJ·2023%2F001/" + name).value_or("(absent)");
    }
};

TEST_F(BagWriterTest, WritesTheBytesThatRfc8493Asks) {
    const auto result = write(*fs_);
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->path, "/out/A002-KJ·2023%2F001");
    EXPECT_EQ(result->files, 3U);
    EXPECT_EQ(read("bagit.txt"), "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
    EXPECT_EQ(read("data/master/0001.tif"), "scan");
    EXPECT_EQ(read("data/text/50%\n%2F%0a.txt"), "odd");
    const std::string manifest = read("manifest-sha512.txt");
    EXPECT_NE(manifest.find(digest_hex(DigestAlgorithm::Sha512, "scan") + "  data/master/0001.tif\n"),
              std::string::npos);
    EXPECT_NE(manifest.find("  data/text/50%%0A%2F%250a.txt\n"), std::string::npos) << manifest;
    EXPECT_NE(
        read("manifest-sha256.txt").find(digest_hex(DigestAlgorithm::Sha256, "scan") + "  data/master/0001.tif\n"),
        std::string::npos);
    EXPECT_NE(
        read("tagmanifest-sha512.txt").find(digest_hex(DigestAlgorithm::Sha512, manifest) + "  manifest-sha512.txt\n"),
        std::string::npos);
    const std::string info = read("bag-info.txt");
    const std::string expected =
        "Source-Organization: 某市 档案馆\nExternal-Description: 关于通知\nExternal-Identifier: A002-KJ·2023/001\n";
    EXPECT_EQ(info.substr(0, expected.size()), expected);
    EXPECT_NE(info.find("\nBagging-Date: 2027-01-15\n"), std::string::npos) << info;
    EXPECT_NE(info.find("\nPayload-Oxum: " + std::to_string(result->bytes) + ".3\n"), std::string::npos) << info;
    EXPECT_NE(info.find("\nInternal-Sender-Identifier: urn:uuid:" + kId + "\n"), std::string::npos);
    EXPECT_NE(info.find("\nBag-Group-Identifier: A002\n"), std::string::npos);
}

TEST_F(BagWriterTest, TheSameContentAgainIsAcceptedAndOtherContentRefused) {
    ASSERT_TRUE(write(*fs_));
    const auto again = write(*fs_);
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->existed);
    put("{\"id\":\"" + kId + "\",\"reference_code\":\"A002-KJ·2023/001\"}");
    const auto other = write(*fs_);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, "package.exists");
    EXPECT_NE(read("bag-info.txt").find("关于通知"), std::string::npos) << "the old bag was touched";
}

TEST_F(BagWriterTest, HeldItemsStayUnlessAskedFor) {
    put("{\"id\":\"" + kId + "\",\"provisional_name\":\"box\",\"held\":true}");
    const auto held = write(*fs_);
    ASSERT_FALSE(held);
    EXPECT_EQ(held.error().code, "package.held");
    EXPECT_FALSE(fs_->stat("/out/box")->exists);
    const auto asked = find_package_writer("bag")->write({*fs_, store_, state_, output_, *clock_, Settings{}, true});
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->path, "/out/box");
}

TEST_F(BagWriterTest, ChangedBytesInTheStoreAreNotPackaged) {
    const std::string master = store_.content_path(state_, "master/0001.tif").value();
    ASSERT_TRUE(fs_->write(master, "scam"));
    const auto result = write(*fs_);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "package.damaged_source");
    EXPECT_TRUE(fs_->list("/out")->empty());
}

TEST_F(BagWriterTest, WholeOrAbsentAfterDeathAndPowerCutAtEveryChange) {
    whole_or_absent_at_every_change(
        "/out/A002-KJ·2023%2F001",
        [&](FileSystem& fs) -> Result<bool> {
            RECTO_ASSIGN(const PackageResult made, write(fs));
            return made.existed;
        },
        [&](int nth) {
            EXPECT_EQ(fs_->list("/out").value(), std::vector<std::string>{"A002-KJ·2023%2F001"}) << nth;
            EXPECT_EQ(read("data/master/0001.tif"), "scan");
            EXPECT_EQ(read("tagmanifest-sha256.txt").substr(0, 64),
                      digest_hex(DigestAlgorithm::Sha256, read("bag-info.txt")))
                << nth;
        },
        20);
}

TEST_F(BagWriterTest, AFullDiskIsSaidBeforeAnythingIsCopied) {
    fs_->set_capacity(20);
    const auto result = write(*fs_);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "io.no_space");
    EXPECT_TRUE(result.error().retry);
}

TEST(PackageWriters, AreFoundByName) {
    EXPECT_EQ(find_package_writer("bag")->name(), "bag");
    EXPECT_EQ(find_package_writer("no such"), nullptr);
}

TEST_F(BagWriterTest, DigestsBySm3AreATagFileOfTheirOwn) {
    ASSERT_TRUE(write(*fs_));
    EXPECT_EQ(read("sm3.txt"), "(absent)");
    ASSERT_TRUE(fs_->remove_tree("/out"));
    set("bag.sm3", true);
    ASSERT_TRUE(write(*fs_));
    EXPECT_NE(read("sm3.txt").find(digest_hex(DigestAlgorithm::Sm3, "scan") + "  data/master/0001.tif\n"),
              std::string::npos);
    EXPECT_NE(read("tagmanifest-sha256.txt").find(digest_hex(DigestAlgorithm::Sha256, read("sm3.txt")) + "  sm3.txt\n"),
              std::string::npos);
    EXPECT_NE(digest_hex(DigestAlgorithm::Sm3, "abc").find("66c7f0f4"), std::string::npos) << "GB/T 32905, example 1";
}

} // namespace
} // namespace recto
