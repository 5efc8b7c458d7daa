// The OCFL store on the real file system and in memory: known layout and bytes, deduplication, moves and copies.
// (Deaths, failures and power cuts at every change: tests/verify/store_crash_test.cpp, with the validator as the judge.)

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "pipeline/files/memory_file_system.h"
#include "pipeline/files/ocfl.h"

namespace recto {
namespace {

const std::string kId = "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8";
const OcflVersionInfo kInfo{"2026-11-22T17:15:00+08:00", "first", "Recto", "https://example.org/recto"};

class OcflStoreTest : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(store_.create());
        stage("a", "master");
        stage("b", "text");
    }
    void stage(const std::string& name, const std::string& bytes) {
        ASSERT_TRUE(fs_->make_folders("/w"));
        ASSERT_TRUE(fs_->write("/w/" + name, bytes));
    }
    std::string at(const OcflState& state, const std::string& path) {
        return fs_->read("/s/" + state.path + "/" + path).value_or("(absent)");
    }

    std::shared_ptr<MemoryFileSystem> fs_ = std::make_shared<MemoryFileSystem>();
    OcflStore store_{fs_, "/s"};
};

TEST_F(OcflStoreTest, RootHasDeclarationLayoutAndConfig) {
    EXPECT_EQ(fs_->read("/s/0=ocfl_1.1").value(), "ocfl_1.1\n");
    const auto layout = nlohmann::json::parse(fs_->read("/s/ocfl_layout.json").value());
    EXPECT_EQ(layout["extension"], "0003-hash-and-id-n-tuple-storage-layout");
    const auto config =
        nlohmann::json::parse(fs_->read("/s/extensions/0003-hash-and-id-n-tuple-storage-layout/config.json").value());
    EXPECT_EQ(config["digestAlgorithm"], "sha256");
    EXPECT_TRUE(store_.create()) << "a second time is no error";
    EXPECT_TRUE(store_.open());
}

TEST_F(OcflStoreTest, ObjectPathIsThatOfTheExtension) {
    // Examples of the extension's text.
    EXPECT_EQ(store_.object_path("object-01"), "3c0/ff4/240/object-01");
    EXPECT_EQ(store_.object_path("..hor/rib:le-$id"), "487/326/d8c/%2e%2ehor%2frib%3ale-%24id");
    const std::string longest(101, 'x'), hash = digest_hex(DigestAlgorithm::Sha256, longest);
    EXPECT_EQ(store_.object_path(longest), hash.substr(0, 3) + "/" + hash.substr(3, 3) + "/" + hash.substr(6, 3) + "/" +
                                               std::string(100, 'x') + "-" + hash);
    EXPECT_EQ(store_.object_path(std::string(100, 'x')).substr(12), std::string(100, 'x'));
}

TEST_F(OcflStoreTest, OtherFoldersAndFormatsAreRefusedByName) {
    ASSERT_TRUE(fs_->make_folders("/x/photos"));
    EXPECT_EQ(OcflStore(fs_, "/x").create().error().code, "store.not_ocfl");
    EXPECT_EQ(OcflStore(fs_, "/x").open().error().code, "store.not_ocfl");
    EXPECT_EQ(OcflStore(fs_, "/absent").open().error().code, "store.not_ocfl");
    ASSERT_TRUE(fs_->write("/x/0=ocfl_2.0", "ocfl_2.0\n"));
    EXPECT_EQ(OcflStore(fs_, "/x").open().error().code, "store.newer_format");
    ASSERT_TRUE(
        fs_->write("/s/ocfl_layout.json", "{\"extension\":\"0002-flat-direct-storage-layout\",\"description\":\"\"}"));
    EXPECT_EQ(store_.open().error().code, "store.other_layout");
}

TEST_F(OcflStoreTest, InventoryBytesAreCanonical) {
    const auto state = store_.put(kId, {{"text/b.txt", "/w/b", "", false}, {"master/a.tif", "/w/a", "", true}}, kInfo);
    ASSERT_TRUE(state) << state.error().to_string();
    EXPECT_EQ(state->head, 1);
    const std::string a = digest_hex(DigestAlgorithm::Sha512, "master"),
                      b = digest_hex(DigestAlgorithm::Sha512, "text");
    const nlohmann::json expected = {{"digestAlgorithm", "sha512"},
                                     {"head", "v1"},
                                     {"id", kId},
                                     {"type", "https://ocfl.io/1.1/spec/#inventory"},
                                     {"manifest", {{a, {"v1/content/master/a.tif"}}, {b, {"v1/content/text/b.txt"}}}},
                                     {"versions",
                                      {{"v1",
                                        {{"created", kInfo.created},
                                         {"message", "first"},
                                         {"user", {{"name", "Recto"}, {"address", "https://example.org/recto"}}},
                                         {"state", {{a, {"master/a.tif"}}, {b, {"text/b.txt"}}}}}}}}};
    EXPECT_EQ(at(*state, "inventory.json"), expected.dump(2) + "\n");
    EXPECT_EQ(at(*state, "v1/inventory.json"), at(*state, "inventory.json"));
    EXPECT_EQ(at(*state, "inventory.json.sha512"),
              digest_hex(DigestAlgorithm::Sha512, expected.dump(2) + "\n") + " inventory.json\n");
    EXPECT_EQ(at(*state, "0=ocfl_object_1.1"), "ocfl_object_1.1\n");
    EXPECT_TRUE(fs_->stat("/w/a")->exists) << "a copy leaves the delivery alone";
    EXPECT_FALSE(fs_->stat("/w/b")->exists) << "a staged file is moved";
    EXPECT_EQ(fs_->read(store_.content_path(*state, "text/b.txt").value()).value(), "text");
    EXPECT_EQ(store_.content_path(*state, "text/c.txt").error().code, "store.no_such_file");
    EXPECT_FALSE(fs_->stat("/s/extensions/recto-staging")->exists);
    EXPECT_EQ(store_.object_paths().value(), std::vector<std::string>{state->path});
    EXPECT_EQ(store_.state(kId)->files, state->files);
}

TEST_F(OcflStoreTest, ACorrectionStoresOnlyWhatChanged) {
    ASSERT_TRUE(store_.put(kId, {{"master/a.tif", "/w/a", "", true}, {"text/b.txt", "/w/b", "", false}}, kInfo));
    const std::string a = digest_hex(DigestAlgorithm::Sha512, "master"),
                      b = digest_hex(DigestAlgorithm::Sha512, "text");
    // Known content needs no file: not the master's, and not that of a file which moved to another name.
    stage("c", "corrected");
    const auto state = store_.put(
        kId, {{"master/a.tif", "", a, true}, {"text/old.txt", "/w/gone", b, false}, {"text/b.txt", "/w/c", "", false}},
        kInfo);
    ASSERT_TRUE(state) << state.error().to_string();
    EXPECT_EQ(state->head, 2);
    EXPECT_EQ(list_files(*fs_, "/s/" + state->path + "/v2").value(),
              (std::vector<std::string>{"content/text/b.txt", "inventory.json", "inventory.json.sha512"}));
    EXPECT_EQ(at(*state, "v1/content/text/b.txt"), "text") << "the old version is untouched";
    EXPECT_EQ(nlohmann::json::parse(at(*state, "inventory.json"))["versions"].size(), 2U);
}

TEST_F(OcflStoreTest, TheSameStateMakesNoVersion) {
    const auto first = store_.put(kId, {{"a", "/w/a", "", true}}, kInfo);
    const auto again = store_.put(kId, {{"a", "/w/a", "", true}}, kInfo);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->head, 1);
    EXPECT_FALSE(fs_->stat("/s/" + first->path + "/v2")->exists);
}

TEST_F(OcflStoreTest, BytesThatAreNotWhatTheirDigestSaysAreRefused) {
    const std::string other = digest_hex(DigestAlgorithm::Sha512, "other");
    for (const bool copy : {false, true}) {
        const auto put = store_.put(kId, {{"a", "/w/a", other, copy}}, kInfo);
        ASSERT_FALSE(put);
        EXPECT_EQ(put.error().code, "store.digest_mismatch");
        EXPECT_TRUE(fs_->stat("/w/a")->exists);
        EXPECT_EQ(list_files(*fs_, "/s").value().size(), 3U) << "nothing is left behind";
    }
}

TEST_F(OcflStoreTest, NamesThatCannotBeStoredAreRefused) {
    for (const std::string& name :
         {std::string(""), std::string("/a"), std::string("a/"), std::string("a//b"), std::string("../a"),
          std::string("a/./b"), std::string("a\0b", 3), std::string(256, 'x')})
        EXPECT_EQ(store_.put(kId, {{name, "/w/a", "", true}}, kInfo).error().code, "store.bad_name") << name;
    EXPECT_EQ(store_.put(kId, {{"a", "/w/a", "", true}, {"a", "/w/b", "", true}}, kInfo).error().code,
              "store.bad_name");
    EXPECT_EQ(store_.put(kId, {{"a", "/w/a", "", true}, {"a/b", "/w/b", "", true}}, kInfo).error().code,
              "store.bad_name");
    EXPECT_EQ(store_.put(kId, {{"\xFF", "/w/a", "", true}}, kInfo).error().code, "store.bad_name");
    EXPECT_EQ(store_.put("", {{"a", "/w/a", "", true}}, kInfo).error().code, "store.bad_name");
    EXPECT_EQ(store_.put(kId, {{"a", "", "", true}}, kInfo).error().code, "store.missing_content");
    EXPECT_EQ(store_.put(kId, {{"a", "/w/none", "", true}}, kInfo).error().code, "io.not_found");
    EXPECT_EQ(list_files(*fs_, "/s").value().size(), 3U) << "nothing is left behind";
}

TEST_F(OcflStoreTest, AnInterruptedVersionOfAnyIdentifierIsFoundAgain) {
    for (const std::string& id : {std::string("档号:A-v2/1"), std::string(300, 'y') + "-v7", std::string("a-v1")}) {
        stage("m", "x" + id);
        const auto put = store_.put(id, {{"a", "/w/m", "", false}}, kInfo);
        ASSERT_TRUE(put);
        const std::string note = "/s/extensions/recto-staging/" + file_name(put->path) + "-v2";
        ASSERT_TRUE(fs_->make_folders(note));
        EXPECT_EQ(store_.recover()->size(), 1U) << id;
        EXPECT_FALSE(fs_->stat(note)->exists);
        EXPECT_EQ(store_.state(id)->head, 1) << id;
    }
    ASSERT_TRUE(fs_->make_folders("/s/extensions/recto-staging/stray"));
    EXPECT_EQ(store_.recover()->size(), 1U);
    EXPECT_FALSE(fs_->stat("/s/extensions/recto-staging")->exists);
}

TEST_F(OcflStoreTest, ObjectsAreWrittenInParallel) {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([this, t] {
            for (int i = 0; i < 20; ++i) {
                const std::string name = std::to_string(t) + "-" + std::to_string(i);
                EXPECT_TRUE(fs_->write("/w/" + name, name));
                const auto put = store_.put("urn:x:" + name, {{"a", "/w/" + name, "", false}}, kInfo);
                EXPECT_TRUE(put) << put.error().to_string();
            }
        });
    }
    threads.clear();
    EXPECT_EQ(store_.object_paths()->size(), 80U);
    EXPECT_FALSE(fs_->stat("/s/extensions/recto-staging")->exists);
}

TEST(OcflStoreOnDisk, MovesCopiesAndLinks) {
    std::string folder = (std::filesystem::temp_directory_path() / "recto-ocfl-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const auto fs = posix_file_system();
    OcflStore store(fs, folder + "/s");
    ASSERT_TRUE(store.create());
    ASSERT_TRUE(fs->write(folder + "/scan", "scan"));
    ASSERT_TRUE(fs->write(folder + "/text", "text"));
    std::filesystem::create_symlink(folder + "/scan", folder + "/link");
    const auto state =
        store.put(kId, {{"master/scan", folder + "/link", "", false}, {"text", folder + "/text", "", false}}, kInfo);
    ASSERT_TRUE(state) << state.error().to_string();
    const std::string stored = store.content_path(*state, "master/scan").value();
    EXPECT_FALSE(fs->stat(stored)->is_symlink) << "what a link points to is taken in, not the link";
    EXPECT_EQ(fs->read(stored).value(), "scan");
    EXPECT_FALSE(fs->stat(folder + "/text")->exists);
    EXPECT_TRUE(store.recover()->empty());
    std::filesystem::remove_all(folder);
}

} // namespace
} // namespace recto
