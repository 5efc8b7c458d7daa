// The E-ARK writer on a small object in memory: what lies where, digests, refusals, deaths. tests/e2e/main_job.py has real packages
// judged by other software.

#include "tests/package/stored_item.h"

namespace recto {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kEarkId = "6ba7b810-9dad-11d1-80b4-00c04fd430c8", kEarkCode = "0025-WS·2012-Y-BGS-0001";

class EarkWriterTest : public package_test::StoredItem {
  protected:
    void SetUp() override {
        StoredItem::SetUp();
        put("关于 <通知> & \"答复\"");
    }

    void put(const std::string& title) {
        const nlohmann::json item = {{"schema", 1},
                                     {"id", kEarkId},
                                     {"reference_code", kEarkCode},
                                     {"created", "2026-11-22T17:15:00+08:00"},
                                     {"held", false},
                                     {"repository", {{"code", "450200"}, {"name", "柳州市档案馆"}}},
                                     {"provenance", {{"agent", "recto 0.1.0"}}},
                                     {"fields", {{{"id", "title"}, {"source", "catalogue"}, {"value", title}}}},
                                     {"pages", {{{"id", "p-1"}, {"order", 1}}}}};
        store(kEarkId, {{"access/档 1.pdf", "a pdf"},
                        {"master/0001.tif", "a scan"},
                        {"mets.xml", "<mets/>"},
                        {"metadata/dc.xml", "<dc/>"},
                        {"metadata/item.json", item.dump()},
                        {"metadata/premis.xml", "<premis/>"},
                        {"preservation/0001.jpg", "an image"},
                        {"text/0001.alto.xml", "<alto/>"}});
    }

    using StoredItem::write;
    Result<PackageResult> write(FileSystem& fs) { return write(fs, "eark"); }
    std::string read(const std::string& path) {
        return fs_->read("/out/" + kEarkCode + "/" + path).value_or("(absent)");
    }
};

TEST_F(EarkWriterTest, LaysOutRepresentationsAndMetadata) {
    const auto made = write(*fs_);
    ASSERT_TRUE(made) << made.error().to_string();
    EXPECT_EQ(made->files, 7U);
    EXPECT_THAT(list_files(*fs_, "/out/" + kEarkCode).value(),
                testing::UnorderedElementsAre(
                    "METS.xml", "metadata/descriptive/dc.xml", "metadata/descriptive/ead3.xml",
                    "metadata/other/item.json", "metadata/preservation/premis.xml", "representations/access/METS.xml",
                    "representations/access/data/text/0001.alto.xml", "representations/access/data/档 1.pdf",
                    "representations/master/METS.xml", "representations/master/data/0001.tif",
                    "representations/preservation/METS.xml", "representations/preservation/data/0001.jpg"));
    const std::string root = read("METS.xml");
    EXPECT_THAT(root, HasSubstr("OBJID=\"" + kEarkCode + "\""));
    EXPECT_THAT(root, HasSubstr("LABEL=\"关于 &lt;通知&gt; &amp; &quot;答复&quot;\""));
    EXPECT_THAT(root, HasSubstr("<name>recto</name>"));
    EXPECT_THAT(root, HasSubstr("csip:NOTETYPE=\"SOFTWARE VERSION\">0.1.0<"));
    EXPECT_THAT(root, HasSubstr(digest_hex(DigestAlgorithm::Sha512, read("representations/master/METS.xml"))));
    EXPECT_THAT(root, HasSubstr(digest_hex(DigestAlgorithm::Sha512, read("metadata/descriptive/ead3.xml"))));
    const std::string access = read("representations/access/METS.xml");
    EXPECT_THAT(access, HasSubstr("xlink:href=\"data/%E6%A1%A3%201.pdf\""));
    EXPECT_THAT(access, HasSubstr("MIMETYPE=\"application/pdf\" SIZE=\"5\""));
    EXPECT_THAT(access, HasSubstr(digest_hex(DigestAlgorithm::Sha512, "a pdf")));
    EXPECT_THAT(read("metadata/descriptive/ead3.xml"), HasSubstr("<unittitle>关于 &lt;通知&gt; &amp; "));
    const auto again = write(*fs_);
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->existed);
    put("另一题名");
    EXPECT_EQ(write(*fs_).error().code, "package.exists");
}

TEST_F(EarkWriterTest, DescriptiveMetadataBySetting) {
    set("eark.descriptive", std::string("ead3"));
    ASSERT_TRUE(write(*fs_));
    EXPECT_EQ(read("metadata/descriptive/dc.xml"), "(absent)");
    EXPECT_THAT(read("METS.xml"), HasSubstr("MDTYPE=\"EAD\""));
    EXPECT_THAT(read("METS.xml"), Not(HasSubstr("MDTYPE=\"DC\"")));
}

TEST_F(EarkWriterTest, WholeOrAbsentAfterDeathAndDamageRefused) {
    whole_or_absent_at_every_change(
        "/out/" + kEarkCode,
        [&](FileSystem& fs) -> Result<bool> {
            RECTO_ASSIGN(const PackageResult made, write(fs));
            return made.existed;
        },
        [&](int nth) { EXPECT_EQ(list_files(*fs_, "/out")->size(), 12U) << nth; }, 10);
    ASSERT_TRUE(fs_->write(store_.content_path(state_, "master/0001.tif").value(), "A scan"));
    EXPECT_EQ(write(*fs_).error().code, "package.damaged_source");
    EXPECT_THAT(fs_->list("/out").value(), ElementsAre());
}

} // namespace
} // namespace recto
