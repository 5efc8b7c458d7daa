// XML against the schemas that scripts/setup installs: good and bad documents (../shared/validators/samples/xml, read in
// place), and what is said when the schemas are not there.

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "pipeline/files/file_system.h"
#include "stages/verify/xml_check.h"

namespace recto::verify {
namespace {

const std::string kInstalled = std::string(RECTO_DEPS_DIR) + "/schemas";
const std::string kSamples = std::string(RECTO_SHARED_DIR) + "/validators/samples/xml/";

std::vector<Issue> check(const std::string& folder, const std::string& bytes) {
    const auto doc = parse_xml(bytes, "a.xml");
    EXPECT_TRUE(doc) << bytes.substr(0, 200);
    Schemas schemas(folder);
    Issues issues;
    if (doc) schemas.check(doc->get(), "a.xml", issues);
    return issues.take_sorted();
}

std::string dublin_core(const std::string& element) {
    return "<qualifieddc xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\"><" +
           element + ">x</" + element + "></qualifieddc>";
}

TEST(XmlSchemas, AbsentSchemasAreSaidByAWarningNeverSilently) {
    const auto issues = check("/no/such/folder", "<alto xmlns=\"http://www.loc.gov/standards/alto/ns-v4#\"/>");
    ASSERT_EQ(issues.size(), 1U);
    EXPECT_EQ(issues[0].code, "xml.not_checked");
    EXPECT_EQ(issues[0].severity, Severity::Warning);
    const auto unknown = check("/no/such/folder", "<a xmlns=\"urn:x\"/>");
    ASSERT_EQ(unknown.size(), 1U);
    EXPECT_EQ(unknown[0].code, "xml.unknown");
}

TEST(XmlSchemas, ASchemaThatIsNoneIsSaid) {
    std::string folder = (std::filesystem::temp_directory_path() / "recto-schemas-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    ASSERT_TRUE(posix_file_system()->write(folder + "/alto-4.xsd", "<not-a-schema/>"));
    const auto issues = check(folder, "<alto xmlns=\"http://www.loc.gov/standards/alto/ns-v4#\"/>");
    ASSERT_EQ(issues.size(), 1U);
    EXPECT_EQ(issues[0].code, "xml.schema_bad");
    EXPECT_EQ(issues[0].severity, Severity::Warning);
    std::filesystem::remove_all(folder);
}

TEST(XmlSchemas, InstalledSchemasAcceptGoodAndRefuseBadDocuments) {
    if (!std::filesystem::exists(kInstalled + "/alto-4.xsd")) { // scripts/setup could not fetch them: said there
        EXPECT_EQ(check(kInstalled, "<alto xmlns=\"http://www.loc.gov/standards/alto/ns-v4#\"/>")[0].code,
                  "xml.not_checked");
        return;
    }
    EXPECT_TRUE(check(kInstalled, dublin_core("dc:title")).empty());
    EXPECT_TRUE(check(kInstalled, dublin_core("dcterms:extent")).empty());
    EXPECT_EQ(check(kInstalled, dublin_core("dc:tittle"))[0].code, "xml.invalid");
    EXPECT_EQ(check(kInstalled, "<mets xmlns=\"http://www.loc.gov/METS/\"/>")[0].code, "xml.invalid") << "no structMap";
    EXPECT_TRUE(
        check(kInstalled, "<mets xmlns=\"http://www.loc.gov/METS/\"><structMap><div/></structMap></mets>").empty());
    if (!std::filesystem::exists(kSamples)) GTEST_SKIP() << "shared data absent: " << kSamples;
    for (const char* kind : {"alto", "premis"}) {
        const std::string good = posix_file_system()->read(kSamples + kind + "_good.xml").value();
        const std::string bad = posix_file_system()->read(kSamples + kind + "_bad.xml").value();
        EXPECT_TRUE(check(kInstalled, good).empty()) << kind;
        const auto issues = check(kInstalled, bad);
        ASSERT_FALSE(issues.empty()) << kind;
        EXPECT_EQ(issues[0].code, "xml.invalid") << kind;
    }
}

TEST(XmlParsing, HostileDocumentsAreRefused) {
    std::string bomb = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\">";
    for (char c = 'b'; c < 'k'; ++c)
        bomb += std::string("<!ENTITY ") + c + " \"&" + static_cast<char>(c - 1) + ";&" + static_cast<char>(c - 1) +
                ";&" + static_cast<char>(c - 1) + ";&" + static_cast<char>(c - 1) + ";\">";
    bomb += "]><a>&j;&j;&j;&j;</a>";
    std::string deep;
    for (int i = 0; i < 5000; ++i) deep += "<a>";
    for (const std::string& bytes :
         {std::string(), std::string("<"), std::string("\0\0", 2), std::string("<a>\xFF</a>"), bomb, deep,
          std::string("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"), std::string("<a b=\"1\" b=\"2\"/>")}) {
        const auto doc = parse_xml(bytes, "a.xml");
        ASSERT_FALSE(doc) << bytes.substr(0, 60);
        EXPECT_EQ(doc.error().code, "xml.malformed");
        EXPECT_EQ(doc.error().reason.find('\n'), std::string::npos);
    }
}

} // namespace
} // namespace recto::verify
