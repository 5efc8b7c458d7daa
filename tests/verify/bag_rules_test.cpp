// Rules of BagIt, one broken at a time: the conformance suite says good or bad, here each fault has its name. And what no package
// may hold: links, files that cannot be read.

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "pipeline/core/digest.h"
#include "pipeline/files/csv.h"
#include "pipeline/files/link_table.h"
#include "pipeline/files/memory_file_system.h"
#include "stages/verify/verify.h"

namespace recto::verify {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kBagit = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

class BagRules : public ::testing::Test {
  protected:
    void SetUp() override {
        put("bagit.txt", kBagit);
        put("data/a.txt", "a");
        put("data/b.txt", "b");
        put("manifest-sha512.txt", entry("a", "data/a.txt") + entry("b", "data/b.txt"));
    }
    void put(const std::string& path, const std::string& bytes) {
        ASSERT_TRUE(fs_.make_folders(parent_path("/b/" + path)));
        ASSERT_TRUE(fs_.write("/b/" + path, bytes));
    }
    static std::string entry(const std::string& bytes, const std::string& path,
                             DigestAlgorithm kind = DigestAlgorithm::Sha512) {
        return digest_hex(kind, bytes) + "  " + path + "\n";
    }
    std::vector<std::string> codes() {
        const Report report = verify_path("/b", {.threads = 1}, &fs_);
        EXPECT_EQ(report.kind, Kind::Bag);
        std::vector<std::string> out;
        for (const Issue& i : report.issues) {
            out.push_back((i.severity == Severity::Warning ? "(" + i.code + ") " : i.code + " ") + i.path);
            EXPECT_NE(i.message(Language::Chinese), i.message(Language::English)) << i.code;
        }
        return out;
    }

    MemoryFileSystem fs_;
};

TEST_F(BagRules, WhatABagMustHave) {
    EXPECT_THAT(codes(), IsEmpty());
    ASSERT_TRUE(fs_.remove("/b/manifest-sha512.txt"));
    EXPECT_THAT(codes(), ElementsAre("bag.no_manifest ", "bag.unlisted data/a.txt", "bag.unlisted data/b.txt"));
    ASSERT_TRUE(fs_.remove_tree("/b/data"));
    put("manifest-sha512.txt", "");
    EXPECT_THAT(codes(), ElementsAre("bag.no_payload data"));
}

TEST_F(BagRules, Manifests) {
    put("manifest-sha512.txt", entry("a", "data/a.txt") + "no-digest  data/b.txt\n" + entry("b", "data/b.txt"));
    EXPECT_THAT(codes(), ElementsAre("bag.line manifest-sha512.txt"));
    put("manifest-sha512.txt", entry("a", "data/a.txt") + "data/b.txt\n" + entry("b", "data/b.txt"));
    EXPECT_THAT(codes(), ElementsAre("bag.line manifest-sha512.txt"));
    put("manifest-sha512.txt", entry("a", "data/a.txt") + entry("b", "data/b.txt"));
    put("manifest-whirlpool2.txt", "00  data/a.txt\n");
    EXPECT_THAT(codes(), ElementsAre("(bag.algorithm) manifest-whirlpool2.txt"));
    ASSERT_TRUE(fs_.remove("/b/manifest-whirlpool2.txt"));
    put("manifest-sha256.txt", entry("a", "data/a.txt", DigestAlgorithm::Sha256));
    EXPECT_THAT(codes(), ElementsAre("bag.not_in_all data/b.txt"));
    put("bagit.txt", "BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n");
    EXPECT_THAT(codes(), IsEmpty()) << "of version 1.0 only";
    ASSERT_TRUE(fs_.remove("/b/manifest-sha256.txt"));
    put("manifest-sha512.txt", entry("a", "data/A.txt") + entry("b", "data/b.txt"));
    EXPECT_THAT(codes(), ElementsAre("(bag.case) manifest-sha512.txt")) << "made where case does not count";
}

TEST_F(BagRules, NamesThatAreOneElsewhere) {
    const std::string composed = "data/\u00e9.txt", decomposed = "data/e\u0301.txt";
    put(decomposed, "e");
    put("manifest-sha512.txt", entry("a", "data/a.txt") + entry("b", "data/b.txt") + entry("e", composed));
    EXPECT_THAT(codes(), ElementsAre("(bag.normalization) manifest-sha512.txt"));
    put(composed, "f");
    put("data/B.txt", "B");
    put("data/Thumbs.db", "t");
    put("manifest-sha512.txt", entry("a", "data/a.txt") + entry("b", "data/b.txt") + entry("f", composed) +
                                   entry("e", decomposed) + entry("B", "data/B.txt") + entry("t", "data/Thumbs.db"));
    EXPECT_THAT(codes(),
                testing::UnorderedElementsAre("(bag.system_file) data/Thumbs.db", "(bag.case) data/b.txt",
                                              "(bag.case) manifest-sha512.txt", "(bag.normalization) " + composed));
}

TEST_F(BagRules, OtherTagFiles) {
    put("fetch.txt", "https://example.org/c 1 data/c.txt\n");
    put("manifest-sha512.txt", entry("a", "data/a.txt") + entry("b", "data/b.txt") + entry("c", "data/c.txt"));
    EXPECT_THAT(codes(), ElementsAre("bag.missing data/c.txt", "bag.not_fetched data/c.txt"));
    ASSERT_TRUE(fs_.remove("/b/fetch.txt"));
    put("manifest-sha512.txt", entry("a", "data/a.txt") + entry("b", "data/b.txt"));
    put("bag-info.txt", "External-Description: \xFF\n");
    EXPECT_THAT(codes(), ElementsAre("bag.encoding bag-info.txt"));
}

/// What can only lie on a real disk.
class NotToBeFollowed : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "recto-links-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    void put(const std::string& path, const std::string& bytes) const {
        const std::filesystem::path file = folder_ + "/" + path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << bytes;
    }
    void link(const std::string& path) const { std::filesystem::create_symlink("/etc/passwd", folder_ + "/" + path); }
    [[nodiscard]] std::vector<std::string> codes(Kind kind) const {
        const Report report = verify_path(folder_);
        EXPECT_EQ(report.kind, kind);
        std::vector<std::string> out;
        for (const Issue& i : report.issues)
            if (i.severity == Severity::Error) out.push_back(i.code + " " + i.path);
        return out;
    }
    std::string folder_;
};

TEST_F(NotToBeFollowed, LinksAndWhatIsNoFileInABag) {
    put("bagit.txt", kBagit);
    put("data/a.txt", "a");
    link("data/link");
    ASSERT_EQ(::mkfifo((folder_ + "/data/pipe").c_str(), 0600), 0);
    std::string manifest;
    for (const char* name : {"data/a.txt", "data/pipe"})
        manifest += digest_hex(DigestAlgorithm::Sha512, "a") + "  " + name + "\n";
    put("manifest-sha512.txt", manifest);
    EXPECT_THAT(codes(Kind::Bag), ElementsAre("bag.link data/link", "unreadable data/pipe"));
}

TEST_F(NotToBeFollowed, LinksInAFolderPackage) {
    put("links.csv", std::string(kBom) + link_heading());
    link("link");
    EXPECT_THAT(codes(Kind::Folder), ElementsAre("folder.link link"));
}

TEST_F(NotToBeFollowed, LinksInAHandover) {
    for (const char* name : {"说明文件.TXT", "文件目录.XML", "其他/digests-sm3.txt"}) put(name, "x");
    std::filesystem::create_directories(folder_ + "/电子档案");
    link("电子档案/link.pdf");
    EXPECT_THAT(codes(Kind::Handover), Contains("handover.link 电子档案/link.pdf"));
}

TEST_F(NotToBeFollowed, LinksInAnEarkPackage) {
    put("METS.xml", "<mets xmlns=\"http://www.loc.gov/METS/\"><structMap><div/></structMap></mets>");
    std::filesystem::create_directories(folder_ + "/representations/master");
    link("representations/master/link.tif");
    EXPECT_THAT(codes(Kind::Eark), Contains("eark.link representations/master/link.tif"));
}

} // namespace
} // namespace recto::verify
