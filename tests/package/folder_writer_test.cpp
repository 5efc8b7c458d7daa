// The folder writer on small objects in memory: names, the table of links, refusals, deaths.

#include <chrono>
#include <memory>

#include <gmock/gmock.h>

#include "pipeline/files/link_table.h"
#include "pipeline/files/memory_file_system.h"
#include "stages/package/package.h"

namespace recto {
namespace {

using ::testing::ElementsAre;

const std::string kItemId = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
const std::string kCode = "0025-WS·2012-Y-BGS-0001";

const SettingBase& setting(const std::string& key) {
    for (const SettingBase* s : package_settings())
        if (s->key == key) return *s;
    throw std::invalid_argument(key);
}

class FolderWriterTest : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(store_.create());
        put(kCode);
    }

    /// An item of two pages with a PDF, stored.
    void put(const std::string& code, bool images = true, const std::string& title = "关于通知", bool held = false) {
        using nlohmann::json;
        ASSERT_TRUE(fs_->make_folders("/scratch"));
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
        std::vector<OcflFile> files;
        const auto add = [&](const std::string& logical, const std::string& bytes, const char* role, int page,
                             const char* type) {
            const std::string staged = "/scratch/" + std::to_string(files.size());
            ASSERT_TRUE(fs_->write(staged, bytes));
            files.push_back({logical, staged, "", false});
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
        ASSERT_TRUE(fs_->write("/scratch/item", item.dump()));
        files.push_back({"metadata/item.json", "/scratch/item", "", false});
        const auto state = store_.put("urn:uuid:" + kItemId, files,
                                      {"2026-11-22T17:15:00+08:00", "m", "Recto", "https://example.org"});
        ASSERT_TRUE(state) << state.error().to_string();
        state_ = *state;
    }

    Result<PackageResult> write(FileSystem& fs) {
        const OcflStore store(std::shared_ptr<FileSystem>(std::shared_ptr<void>(), &fs), "/storage");
        return find_package_writer("folder")->write({fs, store, state_, output_, *clock_, settings_});
    }

    std::vector<LinkRow> links(const std::string& file) {
        const auto rows = read_links(fs_->read(file).value_or(""), file);
        EXPECT_TRUE(rows);
        return rows.value_or(std::vector<LinkRow>{});
    }

    std::shared_ptr<MemoryFileSystem> fs_ = std::make_shared<MemoryFileSystem>();
    OcflStore store_{fs_, "/storage"};
    OcflState state_;
    std::string output_ = "/out";
    Settings settings_;
    std::shared_ptr<const Clock> clock_ =
        fixed_clock(std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000)));
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
    settings_.set(setting("folder.files"), std::string("images"));
    settings_.set(setting("folder.layout"), std::string("volume"));
    settings_.set(setting("folder.page_name"), std::string("{serial}"));
    settings_.set(setting("folder.serial_digits"), std::int64_t{3});
    const auto result = write(*fs_);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->path, "/out/0025-WS·2012-Y-BGS/" + kCode);
    EXPECT_THAT(fs_->list(result->path).value(), ElementsAre("001.jpg", "002.jpg", "links.csv"));
    settings_.set(setting("folder.page_name"), std::string("{code}"));
    EXPECT_EQ(write(*fs_).error().code, "package.page_name");
}

TEST_F(FolderWriterTest, WhatIsNotThereIsRefused) {
    put(kCode, false);
    EXPECT_EQ(write(*fs_).error().code, "package.no_images");
    settings_.set(setting("folder.files"), std::string("pdf"));
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
    settings_.set(setting("folder.layout"), std::string("volume"));
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
    int calls = 1;
    for (int nth = 1; nth <= calls + 1; ++nth) {
        FaultyFileSystem faulty(fs_, FaultyFileSystem::Mode::Death, nth);
        (void)write(faulty);
        calls = std::max(calls, faulty.changes());
        fs_->cut_power(static_cast<std::uint64_t>(nth % 4));
        const bool there = fs_->stat("/out/" + kCode).value().exists;
        const auto again = write(*fs_);
        ASSERT_TRUE(again) << nth << ": " << again.error().to_string();
        EXPECT_EQ(again->existed, there) << nth;
        EXPECT_EQ(links("/out/" + kCode + "/links.csv").size(), 3U) << nth;
        EXPECT_EQ(fs_->read("/out/" + kCode + "/" + kCode + ".pdf").value_or(""), "a pdf") << nth;
        ASSERT_TRUE(fs_->remove_tree("/out"));
        ASSERT_TRUE(fs_->sync("/"));
    }
    EXPECT_GT(calls, 10);
}

} // namespace
} // namespace recto
