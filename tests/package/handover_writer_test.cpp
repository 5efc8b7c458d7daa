// The handover writer on small objects in memory: folders, papers, sharing out, character sets, deaths. What it makes is read
// back by the verifier's tests (tests/verify/handover_check_test.cpp).

#include "tests/package/stored_item.h"

namespace recto {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class HandoverWriterTest : public package_test::StoredItem {
  protected:
    /// An item of `pages` pages of 1,000 bytes, with a PDF of 100.
    void put(const std::string& code, int pages = 2, const std::string& title = "关于通知", bool held = false) {
        using nlohmann::json;
        const std::string id = "6ba7b810-9dad-11d1-80b4-00c04fd4" + std::to_string(1000 + objects_.size());
        json item = {{"schema", 1},
                     {"id", id},
                     {"reference_code", code},
                     {"held", held},
                     {"repository", {{"code", "450200"}, {"name", "柳州市档案馆"}}},
                     {"fields",
                      {{{"id", "title"}, {"source", "catalogue"}, {"value", title}},
                       {{"id", "creator"}, {"source", "catalogue"}, {"value", "办公室"}},
                       {{"id", "date"}, {"source", "catalogue"}, {"value", "1987-03-17"}}}},
                     {"pages", json::array()},
                     {"files", json::array()}};
        std::vector<File> files;
        const auto add = [&](const std::string& logical, const std::string& bytes, const char* role, int page,
                             const char* type) {
            files.push_back({logical, bytes});
            item["files"].push_back(
                {{"path", logical}, {"role", role}, {"page", page}, {"media_type", type}, {"size", bytes.size()}});
        };
        for (int p = 1; p <= pages; ++p) {
            item["pages"].push_back({{"id", "p-" + std::to_string(p)}, {"order", p}, {"class", "body"}});
            add("preservation/000" + std::to_string(p) + ".jpg", code + std::string(1000 - code.size(), char('0' + p)),
                "preservation", p, "image/jpeg");
        }
        add("access/x.pdf", code + std::string(100 - code.size(), 'f'), "access", 0, "application/pdf");
        add("text/x.txt", "text", "text", 0, "text/plain");
        files.push_back({"metadata/item.json", item.dump()});
        store(id, files);
        objects_.push_back("urn:uuid:" + id);
    }

    Result<PackageSetResult> write(FileSystem& fs) {
        OcflStore store(std::shared_ptr<FileSystem>(std::shared_ptr<void>(), &fs), "/storage");
        return find_package_writer("handover")->write_set({fs, store, objects_, output_, *clock_, settings_});
    }
    Result<PackageSetResult> write() { return write(*fs_); }

    std::string text(const std::string& path) {
        return fs_->read("/out/" + path).value_or("(" + path + " is not there)");
    }

    std::vector<std::string> objects_;
};

TEST_F(HandoverWriterTest, LaysRecordsByYearAndClassWithTheirPapers) {
    put("0025-WS·1987-Y-BGS-0010");
    put("0025-WS·1987-Y-BGS-0002", 1, "第二件 <急>");
    const auto made = write();
    ASSERT_TRUE(made) << made.error().to_string();
    EXPECT_EQ(made->items, 2U);
    ASSERT_EQ(made->packages.size(), 1U);
    EXPECT_EQ(made->packages[0].path, "/out/电子档案移交-001");
    EXPECT_EQ(made->packages[0].files, 5U);
    EXPECT_EQ(made->packages[0].bytes, 3200U);
    EXPECT_THAT(fs_->list("/out/电子档案移交-001").value(),
                ElementsAre("其他", "文件目录.XML", "电子档案", "说明文件.TXT"));
    const std::string folder = "电子档案移交-001/电子档案/1987/WS/";
    EXPECT_THAT(fs_->list("/out/" + folder + "0025-WS·1987-Y-BGS-0010").value(),
                ElementsAre("0025-WS·1987-Y-BGS-0010-0001.jpg", "0025-WS·1987-Y-BGS-0010-0002.jpg",
                            "0025-WS·1987-Y-BGS-0010.pdf"));
    EXPECT_THAT(fs_->list("/out/电子档案移交-001/其他").value(),
                ElementsAre("digests-sha256.txt", "摘要表.xlsx", "电子档案移交与接收登记表.xlsx"));
    // The catalogue in the order of the codes, numbered, with what it says escaped.
    const std::string catalogue = text("电子档案移交-001/文件目录.XML");
    EXPECT_THAT(catalogue, HasSubstr("encoding=\"UTF-8\""));
    EXPECT_THAT(catalogue,
                HasSubstr("<顺序号>1</顺序号>\n  <档号>0025-WS·1987-Y-BGS-0002</档号>\n  <责任者>办公室</责任者>\n"
                          "  <题名>第二件 &lt;急&gt;</题名>\n  <日期>1987-03-17</日期>"));
    EXPECT_THAT(
        catalogue,
        HasSubstr("<电子档案名称>电子档案/1987/WS/0025-WS·1987-Y-BGS-0010</电子档案名称>\n  <备注>2 页</备注>"));
    const std::string notes = text("电子档案移交-001/说明文件.TXT");
    EXPECT_THAT(notes, HasSubstr("移交单位:柳州市档案馆\r\n"));
    EXPECT_THAT(notes, HasSubstr("2 件,5 个文件,0.000 GB(3200 字节)"));
    EXPECT_THAT(notes, HasSubstr("jpg 3 个,pdf 2 个"));
    EXPECT_THAT(notes, HasSubstr("档发〔2012〕7号"));
    EXPECT_THAT(text("电子档案移交-001/其他/digests-sha256.txt"),
                HasSubstr(digest_hex(DigestAlgorithm::Sha256,
                                     text(folder + "0025-WS·1987-Y-BGS-0002/0025-WS·1987-Y-BGS-0002.pdf")) +
                          "  电子档案/1987/WS/0025-WS·1987-Y-BGS-0002/0025-WS·1987-Y-BGS-0002.pdf\n"));
    EXPECT_TRUE(text("电子档案移交-001/其他/摘要表.xlsx").starts_with("PK"));
    // The same again is taken over; with another item it is another handover.
    const auto again = write();
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_TRUE(again->packages[0].existed);
    put("0025-WS·1987-Y-BGS-0003");
    EXPECT_EQ(write().error().code, "package.exists");
}

TEST_F(HandoverWriterTest, TheSameItemsGiveTheSameBytes) {
    put("0025-WS·1987-Y-BGS-0010");
    ASSERT_TRUE(write());
    const auto files = list_files(*fs_, "/out");
    ASSERT_TRUE(files);
    output_ = "/second";
    ASSERT_TRUE(write());
    EXPECT_EQ(files->size(), 8U);
    for (const std::string& file : *files)
        EXPECT_EQ(fs_->read("/out/" + file).value(), fs_->read("/second/" + file).value_or("")) << file;
}

TEST_F(HandoverWriterTest, SharesItemsOutOverCarriersThatEachSpeakForThemselves) {
    for (int i = 1; i <= 5; ++i)
        put("0025-WS·1987-Y-BGS-000" + std::to_string(i), 9); // 9,100 bytes and a row each file
    set("handover.carrier_mb", std::int64_t{1});
    ASSERT_EQ(write()->packages.size(), 1U) << "all five are far below one million";
    ASSERT_TRUE(fs_->remove_tree("/out"));
    for (int i = 6; i <= 9; ++i) put("0025-WS·1987-Y-BGS-000" + std::to_string(i), 9);
    for (int i = 10; i <= 60; ++i) put("0025-WS·1987-Y-BGS-00" + std::to_string(i), 9);
    put("0025-WS·1987-Y-BGS-0061", 9, "暂缓", true);
    set("handover.files", std::string("images"));
    // 60 items of 9,000 + 9 * 1,024 bytes on carriers of 1,000,000 less 262,144 for papers: 40 and 20.
    const auto made = write();
    ASSERT_TRUE(made) << made.error().to_string();
    ASSERT_EQ(made->packages.size(), 2U);
    EXPECT_EQ(made->packages[0].files, 360U);
    EXPECT_EQ(made->packages[1].files, 180U);
    ASSERT_EQ(made->left_out.size(), 1U);
    EXPECT_EQ(made->left_out[0].second.code, "package.held");
    const std::string second = text("电子档案移交-002/文件目录.XML");
    EXPECT_THAT(second, HasSubstr("<顺序号>41</顺序号>"));
    EXPECT_THAT(second, HasSubstr("件数=\"20\""));
    EXPECT_THAT(text("电子档案移交-002/说明文件.TXT"), HasSubstr("第 2 个,共 2 个"));
    EXPECT_EQ(text("电子档案移交-001/其他/电子档案移交与接收登记表.xlsx"),
              text("电子档案移交-002/其他/电子档案移交与接收登记表.xlsx"));
    // Fewer carriers beside those of a former call would be two handovers in one.
    set("handover.carrier_mb", std::int64_t{0});
    EXPECT_EQ(write().error().code, "package.exists");
}

TEST_F(HandoverWriterTest, AnItemThatFitsNoCarrierIsNamed) {
    put("0025-WS·1987-Y-BGS-0001", 9);
    std::string much(1'000'000, 'x');
    set("handover.carrier_mb", std::int64_t{1});
    ASSERT_TRUE(write());
    ASSERT_TRUE(fs_->remove_tree("/out"));
    for (int i = 0; i < 80; ++i) put("0025-WS·1987-Y-BGS-0002", 9, much.substr(0, 10));
    const auto twice = write();
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, "package.twice");
    EXPECT_EQ(twice.error().file, "0025-WS·1987-Y-BGS-0002");
}

TEST_F(HandoverWriterTest, VolumesHaveTheirCatalogueAndThePdfAloneItsName) {
    put("0025-1-17-2");
    put("0025-1-17-10");
    put("0025-1-18-1");
    set("handover.catalogue", std::string("volume"));
    set("handover.files", std::string("pdf"));
    set("handover.digest", std::string("sm3"));
    ASSERT_TRUE(write());
    const std::string catalogue = text("电子档案移交-001/案卷目录.XML");
    EXPECT_THAT(catalogue, HasSubstr("<案卷 档号=\"0025-1-17\" 件数=\"2\">"));
    EXPECT_THAT(catalogue, HasSubstr("<案卷 档号=\"0025-1-18\" 件数=\"1\">"));
    EXPECT_THAT(catalogue, HasSubstr("<电子档案名称>电子档案/1987/未分类/0025-1-17-10.pdf</电子档案名称>"));
    EXPECT_EQ(text("电子档案移交-001/电子档案/1987/未分类/0025-1-17-2.pdf").size(), 100U);
    EXPECT_THAT(text("电子档案移交-001/其他/digests-sm3.txt"), Not(HasSubstr(".jpg")));
}

TEST_F(HandoverWriterTest, CharacterSetsAreKeptToOrRefused) {
    put("0025-WS·1987-Y-BGS-0001", 1, "关于镕基同志");
    set("handover.charset", std::string("GB2312"));
    const auto refused = write(); // 镕 is not among the 6,763
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "package.charset");
    EXPECT_EQ(refused.error().file, "0025-WS·1987-Y-BGS-0001");
    EXPECT_THAT(refused.error().reason, HasSubstr("镕 (U+9555)"));
    EXPECT_FALSE(fs_->stat("/out/电子档案移交-001")->exists);
    set("handover.charset", std::string("GB18030"));
    ASSERT_TRUE(write());
    const std::string catalogue = text("电子档案移交-001/文件目录.XML");
    EXPECT_THAT(catalogue, HasSubstr("encoding=\"GB18030\""));
    EXPECT_THAT(catalogue, HasSubstr("\xB9\xD8\xD3\xDA\xE9\x46"));                     // 关于镕 in GB18030
    EXPECT_THAT(text("电子档案移交-001/说明文件.TXT"), HasSubstr("\xD4\xD8\xCC\xE5")); // 载体
}

TEST_F(HandoverWriterTest, GB2312HoldsWhatItShould) {
    put("0025-WS·1987-Y-BGS-0001", 1, "防汛抗旱");
    set("handover.charset", std::string("GB2312"));
    const auto made = write();
    ASSERT_TRUE(made) << made.error().to_string();
    EXPECT_THAT(text("电子档案移交-001/文件目录.XML"), HasSubstr("0025-WS\xA1\xA4"
                                                                 "1987-Y")); // the middle dot
}

TEST_F(HandoverWriterTest, DamagedSourcesAreRefusedAndNothingIsLeft) {
    put("0025-WS·1987-Y-BGS-0001");
    put("0025-WS·1987-Y-BGS-0002");
    const auto state = store_.state(objects_[1]);
    ASSERT_TRUE(fs_->write(store_.content_path(*state, "access/x.pdf").value(), "A pdf"));
    const auto made = write();
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, "package.damaged_source");
    EXPECT_THAT(fs_->list("/out").value(), ElementsAre());
}

TEST_F(HandoverWriterTest, CarriersAreWholeOrAbsentAfterDeathAndPowerCut) {
    put("0025-WS·1987-Y-BGS-0001", 1);
    whole_or_absent_at_every_change(
        "/out/电子档案移交-001",
        [&](FileSystem& fs) -> Result<bool> {
            RECTO_ASSIGN(const PackageSetResult made, write(fs));
            return made.packages.at(0).existed;
        },
        [&](int nth) { EXPECT_EQ(list_files(*fs_, "/out")->size(), 7U) << nth; }, 10);
}

} // namespace
} // namespace recto
