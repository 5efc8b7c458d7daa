// The folder writer on small objects in memory: names, the table of links, refusals, deaths.

#include "pipeline/files/link_table.h"
#include "tests/package/stored_item.h"

namespace recto {
namespace {

using ::testing::ElementsAre;

const std::string kItemId = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
const std::string kCode = "0025-WS·2012-Y-BGS-0001";

class FolderWriterTest : public package_test::StoredItem {
  protected:
    void SetUp() override {
        StoredItem::SetUp();
        put(kCode);
    }

    /// An item of two pages with a PDF, stored.
    void put(const std::string& code, bool images = true, const std::string& title = "关于通知", bool held = false) {
        using nlohmann::json;
        json item = {{"schema", 1},
                     {"id", kItemId},
                     {"reference_code", code},
                     {"provisional_name", "box"},
                     {"held", held},
                     {"fields",
                      {{{"id", "title"}, {"source", "catalogue"}, {"value", title}},
                       {{"id", "retention_period"}, {"source", "catalogue"}, {"value", "永久"}}}},
                     {"pages",
                      {{{"id", "p-1"}, {"order", 1}, {"class", "body"}},
                       {{"id", "p-2"}, {"order", 2}, {"class", "blank-verso"}}}},
                     {"files", json::array()}};
        std::vector<File> files;
        const auto add = [&](const std::string& logical, const std::string& bytes, const char* role, int page,
                             const char* type) {
            files.push_back({logical, bytes});
            item["files"].push_back({{"path", logical},
                                     {"role", role},
                                     {"page", page},
                                     {"media_type", type},
                                     {"size", bytes.size()},
                                     {"sha512", digest_hex(DigestAlgorithm::Sha512, bytes)}});
        };
        add("access/x.pdf", "a pdf", "access", 0, "application/pdf");
        add("text/x.txt", "text", "text", 0, "text/plain");
        if (images) {
            add("preservation/0001.jpg", "first", "preservation", 1, "image/jpeg");
            add("preservation/0002.jpg", "second", "preservation", 2, "image/jpeg");
        }
        files.push_back({"metadata/item.json", item.dump()});
        store(kItemId, files);
    }

    using StoredItem::write;
    Result<PackageResult> write(FileSystem& fs) { return write(fs, "folder"); }

    std::vector<LinkRow> links(const std::string& file) {
        const auto rows = read_links(fs_->read(file).value_or(""), file);
        EXPECT_TRUE(rows);
        return rows.value_or(std::vector<LinkRow>{});
    }
};

TEST_F(FolderWriterTest, NamesPagesAndThePdfByTheirCodeAndLinksThem) {
    const auto result = write(*fs_);
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->path, "/out/" + kCode);
    EXPECT_EQ(result->files, 3U);
    EXPECT_EQ(result->renamed, "");
    EXPECT_THAT(fs_->list("/out/" + kCode).value(),
                ElementsAre(kCode + "-0001.jpg", kCode + "-0002.jpg", kCode + ".pdf", "links.csv"));
    EXPECT_EQ(fs_->read("/out/" + kCode + "/" + kCode + "-0002.jpg").value(), "second");
    const auto rows = links("/out/" + kCode + "/links.csv");
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].file, kCode + "/" + kCode + ".pdf");
    EXPECT_EQ(rows[0].page, 0);
    EXPECT_EQ(rows[2].file, kCode + "/" + kCode + "-0002.jpg");
    EXPECT_EQ(rows[2].code, kCode);
    EXPECT_EQ(rows[2].fields[0], "关于通知");
    EXPECT_EQ(rows[2].fields[5], "永久");
    EXPECT_EQ(rows[2].page, 2);
    EXPECT_EQ(rows[2].page_id, "p-2");
    EXPECT_EQ(rows[2].page_class, "blank-verso");
    EXPECT_EQ(rows[2].size, 6U);
    EXPECT_EQ(rows[2].sha512, digest_hex(DigestAlgorithm::Sha512, "second"));
    const auto again = write(*fs_);
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->existed);
    put(kCode, true, "另一题名"); // a later version
    EXPECT_EQ(write(*fs_).error().code, "package.exists");
}

TEST_F(FolderWriterTest, NamesThatSystemsRefuseAreMadeFitAndSaid) {
    put("A002-KJ·2023/001", true, "=1+1");
    const auto result = write(*fs_);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->path, "/out/A002-KJ·2023%2F001");
    EXPECT_EQ(result->renamed, "A002-KJ·2023%2F001");
    const auto rows = links(result->path + "/links.csv");
    EXPECT_EQ(rows[1].code, "A002-KJ·2023/001") << "the catalogue finds its row";
    EXPECT_EQ(rows[1].file, "A002-KJ·2023%2F001/A002-KJ·2023%2F001-0001.jpg");
    EXPECT_NE(fs_->read(result->path + "/links.csv")->find("'=1+1"), std::string::npos) << "no spreadsheet runs it";
    put("aux");
    EXPECT_EQ(write(*fs_)->path, "/out/%61ux");
    std::string longest;
    for (int i = 0; i < 100; ++i) longest += "档";
    put(longest);
    const auto cut = write(*fs_);
    ASSERT_TRUE(cut);
    const std::vector<std::string> cut_names = fs_->list(cut->path).value();
    for (const std::string& name : cut_names) EXPECT_LE(name.size(), 255U);
    EXPECT_EQ(links(cut->path + "/links.csv")[0].code, longest);
}

TEST_F(FolderWriterTest, SettingsChooseFilesFoldersAndNames) {
    set("folder.files", std::string("images"));
    set("folder.layout", std::string("volume"));
    set("folder.page_name", std::string("{serial}"));
    set("folder.serial_digits", std::int64_t{3});
    const auto result = write(*fs_);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->path, "/out/0025-WS·2012-Y-BGS/" + kCode);
    EXPECT_THAT(fs_->list(result->path).value(), ElementsAre("001.jpg", "002.jpg", "links.csv"));
    set("folder.page_name", std::string("{code}"));
    EXPECT_EQ(write(*fs_).error().code, "package.page_name");
}

TEST_F(FolderWriterTest, WhatIsNotThereIsRefused) {
    put(kCode, false);
    EXPECT_EQ(write(*fs_).error().code, "package.no_images");
    set("folder.files", std::string("pdf"));
    ASSERT_TRUE(write(*fs_));
    EXPECT_EQ(links("/out/" + kCode + "/links.csv").size(), 1U);
    put(kCode, true, "t", true);
    EXPECT_EQ(write(*fs_).error().code, "package.held");
    put("b");
    ASSERT_TRUE(fs_->write(store_.content_path(state_, "access/x.pdf").value(), "A pdf"));
    EXPECT_EQ(write(*fs_).error().code, "package.damaged_source");
    EXPECT_FALSE(fs_->stat("/out/b")->exists);
}

TEST_F(FolderWriterTest, OneTableSpeaksOfAllItems) {
    ASSERT_TRUE(write(*fs_));
    put("0025-WS·2012-Y-BGS-0010");
    ASSERT_TRUE(write(*fs_));
    put("0025-WS·2012-Y-BGS-0002");
    set("folder.layout", std::string("volume"));
    ASSERT_TRUE(write(*fs_));
    ASSERT_TRUE(fs_->make_folders("/out/else"));
    ASSERT_TRUE(fs_->write("/out/else/links.csv", "a,b\r\n"));
    ASSERT_TRUE(find_package_writer("folder")->finish(*fs_, output_));
    std::vector<std::string> files;
    for (const LinkRow& row : links("/out/links.csv")) {
        files.push_back(row.file);
        EXPECT_TRUE(fs_->stat("/out/" + row.file)->exists) << row.file;
    }
    EXPECT_EQ(files.size(), 9U);
}

TEST_F(FolderWriterTest, WholeOrAbsentAfterDeathAndPowerCutAtEveryChange) {
    whole_or_absent_at_every_change(
        "/out/" + kCode,
        [&](FileSystem& fs) -> Result<bool> {
            RECTO_ASSIGN(const PackageResult made, write(fs));
            return made.existed;
        },
        [&](int nth) {
            EXPECT_EQ(links("/out/" + kCode + "/links.csv").size(), 3U) << nth;
            EXPECT_EQ(fs_->read("/out/" + kCode + "/" + kCode + ".pdf").value_or(""), "a pdf") << nth;
        },
        10);
}

} // namespace
} // namespace recto
