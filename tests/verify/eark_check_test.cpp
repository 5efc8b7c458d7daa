// Faults of an E-ARK package that other validators let pass: bytes, references, files that nothing names.

#include "stages/verify/verify.h"

#include <gmock/gmock.h>

#include "pipeline/core/digest.h"
#include "pipeline/files/memory_file_system.h"

namespace recto::verify {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EarkCheckTest : public ::testing::Test {
  protected:
    void SetUp() override {
        put("representations/master/data/0001.tif", "a scan");
        put("metadata/preservation/premis.xml", "<premis/>");
        put("representations/master/METS.xml", mets(file("data/0001.tif", "a scan")));
        root();
    }

    void put(const std::string& path, const std::string& bytes) {
        ASSERT_TRUE(fs_.make_folders(parent_path("/p/" + path)));
        ASSERT_TRUE(fs_.write("/p/" + path, bytes));
    }
    /// The root METS, with the digest of what the representation's METS is now.
    void root() {
        const std::string inner = fs_.read("/p/representations/master/METS.xml").value();
        const std::string md =
            "<amdSec><digiprovMD ID=\"a\"><mdRef LOCTYPE=\"URL\" MDTYPE=\"PREMIS\" xlink:href=\"metadata/"
            "preservation/premis.xml\"" +
            facts("<premis/>") + "/></digiprovMD></amdSec>";
        put("METS.xml", mets(file("representations/master/METS.xml", inner), md));
    }
    static std::string facts(const std::string& bytes) {
        return " SIZE=\"" + std::to_string(bytes.size()) + "\" CHECKSUMTYPE=\"SHA-512\" CHECKSUM=\"" +
               digest_hex(DigestAlgorithm::Sha512, bytes) + "\"";
    }
    static std::string file(const std::string& href, const std::string& bytes) {
        return "<file ID=\"f\"" + facts(bytes) + "><FLocat LOCTYPE=\"URL\" xlink:href=\"" + href + "\"/></file>";
    }
    static std::string mets(const std::string& files, const std::string& before = "") {
        return "<mets xmlns=\"http://www.loc.gov/METS/\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" OBJID=\"p\">" +
               before + "<fileSec><fileGrp ID=\"g\">" + files +
               "</fileGrp></fileSec><structMap><div/></structMap></mets>";
    }

    std::vector<std::string> codes() {
        Options options;
        options.schema_folder = "/nowhere"; // form is the schemas' own test
        const Report report = verify_path("/p", options, &fs_);
        EXPECT_EQ(report.kind, Kind::Eark);
        std::vector<std::string> out;
        for (const Issue& i : report.issues)
            if (i.severity == Severity::Error) out.push_back(i.code + " " + i.path);
        return out;
    }

    MemoryFileSystem fs_;
};

TEST_F(EarkCheckTest, GoodAndEveryFault) {
    EXPECT_THAT(codes(), IsEmpty());
    put("representations/master/data/0001.tif", "A scan");
    EXPECT_THAT(codes(), ElementsAre("mets.digest representations/master/METS.xml"));
    put("representations/master/data/0001.tif", "a scan and more");
    EXPECT_THAT(codes(), ElementsAre("mets.digest representations/master/METS.xml",
                                     "mets.size representations/master/METS.xml"));
    ASSERT_TRUE(fs_.remove("/p/representations/master/data/0001.tif"));
    EXPECT_THAT(codes(), ElementsAre("mets.missing representations/master/METS.xml"));
    put("representations/master/data/0001.tif", "a scan");
    put("documentation/extra.exe", "x");
    EXPECT_THAT(codes(), ElementsAre("eark.unlisted documentation/extra.exe"));
    ASSERT_TRUE(fs_.remove_tree("/p/documentation"));
    put("representations/master/METS.xml", mets(file("../../../etc/passwd", "x")));
    EXPECT_THAT(codes(), ElementsAre("mets.digest METS.xml", "mets.size METS.xml",
                                     "mets.outside representations/master/METS.xml",
                                     "eark.unlisted representations/master/data/0001.tif"));
    put("METS.xml", "<mets");
    EXPECT_THAT(codes(), testing::Contains("xml.malformed METS.xml"));
}

} // namespace
} // namespace recto::verify
