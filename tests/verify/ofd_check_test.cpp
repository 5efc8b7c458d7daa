// Every fault of an OFD file is named; a good one has none. The good one is what the writer makes.

#include "stages/verify/ofd_check.h"

#include "pipeline/files/zip_writer.h"
#include "stages/verify/verify.h"
#include "tests/package/ofd_item.h"

namespace recto::verify {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kPageFile = "Doc_0/Pages/Page_0001/Content.xml";

class OfdCheckTest : public ::testing::Test {
  protected:
    void SetUp() override {
        ofd_test::OfdItem item;
        item.put();
        const auto result = item.write();
        ASSERT_TRUE(result) << result.error().to_string();
        whole_ = item.fs->read(result->path).value();
        entries_ = ofd_test::ofd_entries(whole_);
        ASSERT_TRUE(fs_.make_folders("/in"));
    }

    static std::string zipped(const std::map<std::string, std::string>& entries, ZipMethod method = ZipMethod::Store) {
        std::string out;
        ZipWriter zip(
            [&](std::string_view bytes) -> Result<void> {
                out += bytes;
                return {};
            },
            {});
        for (const auto& [name, bytes] : entries) EXPECT_TRUE(zip.add(name, bytes, method));
        EXPECT_TRUE(zip.finish());
        return out;
    }

    std::vector<std::string> codes_of(const std::string& bytes, const std::string& path = "/in/a.ofd") {
        EXPECT_TRUE(fs_.write(path, bytes));
        report_ = verify_path(path, {}, &fs_);
        std::vector<std::string> out;
        for (const Issue& i : report_.issues) {
            out.push_back(i.code + " " + i.path);
            EXPECT_NE(i.message(Language::Chinese).find_first_of("\x80\xE4\xE5\xE6"), std::string::npos) << i.code;
        }
        return out;
    }

    /// The codes when `from` of an entry is `to` instead.
    std::vector<std::string> changed(const std::string& name, const std::string& from, const std::string& to) {
        auto entries = entries_;
        std::string& text = entries.at(name);
        const std::size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << name << ": " << from << "\n" << text;
        if (at != std::string::npos) text.replace(at, from.size(), to);
        return codes_of(zipped(entries));
    }
    std::vector<std::string> without(const std::string& name) {
        auto entries = entries_;
        EXPECT_EQ(entries.erase(name), 1U);
        return codes_of(zipped(entries));
    }

    MemoryFileSystem fs_;
    std::string whole_;
    std::map<std::string, std::string> entries_;
    Report report_;
};

TEST_F(OfdCheckTest, WhatTheWriterMakesIsGood) {
    EXPECT_THAT(codes_of(whole_), IsEmpty());
    EXPECT_EQ(report_.kind, Kind::Ofd);
    EXPECT_EQ(report_.pages, 4U);
    EXPECT_EQ(report_.images, 3U);
    EXPECT_EQ(report_.files, 11U);
    EXPECT_EQ(report_.exit_code(), 0);
    EXPECT_THAT(codes_of(whole_, "/in/without-ending"), IsEmpty()) << "known by its content";
    EXPECT_EQ(report_.kind, Kind::Ofd);
    (void)codes_of(zipped({{"word/document.xml", "<a/>"}}), "/in/letter.docx");
    EXPECT_EQ(report_.kind, Kind::Unknown);
    EXPECT_EQ(report_.exit_code(), 65);
    // From a real file, too.
    const std::string real =
        std::filesystem::temp_directory_path() / ("ofd-check-" + std::to_string(::getpid()) + ".ofd");
    std::ofstream(real, std::ios::binary) << whole_;
    EXPECT_TRUE(verify_path(real).good());
    EXPECT_EQ(verify_path(real).kind, Kind::Ofd);
    std::filesystem::remove(real);
}

TEST_F(OfdCheckTest, WhatIsMissingIsNamed) {
    EXPECT_THAT(without("Doc_0/Res/0003.jpg"), ElementsAre("ofd.missing Doc_0/Res/0003.jpg"));
    EXPECT_THAT(without(kPageFile), ElementsAre("ofd.missing " + kPageFile));
    EXPECT_THAT(without("OFD.xml"), Contains("ofd.missing OFD.xml"));
    EXPECT_THAT(without("Doc_0/Document.xml"), Contains("ofd.missing Doc_0/Document.xml"));
    const auto fonts = without("Doc_0/PublicRes.xml");
    EXPECT_THAT(fonts, Contains("ofd.missing Doc_0/PublicRes.xml"));
    EXPECT_THAT(fonts, Contains("ofd.reference " + kPageFile)) << "the texts' font";
    EXPECT_THAT(changed("Doc_0/DocumentRes.xml", "0003.jpg", "../../../0003.jpg"),
                ElementsAre("ofd.missing Doc_0/DocumentRes.xml", "ofd.unlisted Doc_0/Res/0003.jpg"));
    EXPECT_THAT(changed("OFD.xml", "Doc_0/Document.xml", "/Doc_0/Document.xml"), IsEmpty()) << "from the root";
    EXPECT_THAT(changed("OFD.xml", "<ofd:DocID>6ba7b8109dad11d180b400c04fd430c8</ofd:DocID>", ""),
                ElementsAre("ofd.structure OFD.xml"));
    EXPECT_THAT(changed("OFD.xml", "DocType=\"OFD\"", "DocType=\"PDF\""), ElementsAre("ofd.structure OFD.xml"));
    EXPECT_THAT(changed(kPageFile, "http://www.ofdspec.org/2016", "http://www.ofdspec.org"),
                ElementsAre("ofd.structure " + kPageFile));
    EXPECT_THAT(changed(kPageFile, "</ofd:Page>", "</ofd:Pag>"), ElementsAre("xml.malformed " + kPageFile));
    EXPECT_THAT(changed(kPageFile, "<ofd:Page ", "<!DOCTYPE a [<!ENTITY b 'c'>]><ofd:Page "),
                ElementsAre("xml.malformed " + kPageFile));
}

TEST_F(OfdCheckTest, ReferencesIdentifiersAndDistances) {
    EXPECT_THAT(changed(kPageFile, "ResourceID=\"", "ResourceID=\"9"), ElementsAre("ofd.reference " + kPageFile));
    EXPECT_THAT(changed(kPageFile, "Font=\"1\"", "Font=\"77\""), ElementsAre("ofd.reference " + kPageFile));
    EXPECT_THAT(changed("Doc_0/Document.xml", "PageID=\"2\"", "PageID=\"1\""),
                ElementsAre("ofd.reference Doc_0/Document.xml"));
    EXPECT_THAT(changed(kPageFile, "Layer ID=\"4\"", "Layer ID=\"2\""), ElementsAre("ofd.id " + kPageFile));
    EXPECT_THAT(changed(kPageFile, "Layer ID=\"4\"", "Layer ID=\"x\""), ElementsAre("ofd.id " + kPageFile));
    EXPECT_THAT(changed(kPageFile, "Layer ID=\"4\"", "Layer ID=\"4000\""),
                ElementsAre("ofd.max_id Doc_0/Document.xml"));
    EXPECT_THAT(changed(kPageFile, "DeltaX=\"1.2 1.2 1.2 1.4 1\"", "DeltaX=\"1.2 1.2 1.2 1.4\""),
                ElementsAre("ofd.delta " + kPageFile));
    EXPECT_THAT(changed(kPageFile, "DeltaX=\"1.2 1.2 1.2 1.4 1\"", "DeltaX=\"g 3 1.2 1.4 1\""), IsEmpty());
    EXPECT_THAT(changed(kPageFile, "DeltaX=\"1.2 1.2 1.2 1.4 1\"", "DeltaX=\"g 4 1.2 1.4 1\""),
                ElementsAre("ofd.delta " + kPageFile));
    EXPECT_THAT(changed(kPageFile, "DeltaX=\"1.2 1.2 1.2 1.4 1\"", "DeltaX=\"g 3\""),
                ElementsAre("ofd.delta " + kPageFile));
    EXPECT_THAT(changed("Doc_0/Pages/Page_0002/Content.xml", "DeltaY=\"1.4 1.4 1.4\"", "DeltaY=\"1.4 a 1.4\""),
                ElementsAre("ofd.delta Doc_0/Pages/Page_0002/Content.xml"));
}

TEST_F(OfdCheckTest, WhatActsOrIsCarriedAlong) {
    EXPECT_THAT(changed("Doc_0/Document.xml", "<ofd:Goto>", "<ofd:URI URI=\"http://example.org\"/><ofd:Goto>"),
                ElementsAre("ofd.active Doc_0/Document.xml"));
    EXPECT_THAT(
        changed("Doc_0/Document.xml", "</ofd:Document>", "<ofd:Attachments>a.xml</ofd:Attachments></ofd:Document>"),
        ElementsAre("ofd.active Doc_0/Document.xml"));
    EXPECT_THAT(changed("Doc_0/DocumentRes.xml", "Type=\"Image\"", "Type=\"Video\""),
                ElementsAre("ofd.active Doc_0/DocumentRes.xml"));
    auto entries = entries_;
    entries["Doc_0/run.exe"] = "MZ";
    EXPECT_THAT(codes_of(zipped(entries)), ElementsAre("ofd.unlisted Doc_0/run.exe"));
    EXPECT_TRUE(report_.good()) << "said, but no fault of what is shown";
    entries = entries_;
    entries["../outside.xml"] = "x";
    EXPECT_THAT(codes_of(zipped(entries)), ElementsAre("ofd.name ../outside.xml", "ofd.unlisted ../outside.xml"));
}

TEST_F(OfdCheckTest, ImagesAndDamage) {
    EXPECT_THAT(changed("Doc_0/Res/0002.png", "\x89PNG", "\x89GNP"), ElementsAre("ofd.image Doc_0/Res/0002.png"));
    auto entries = entries_;
    entries["Doc_0/Res/0001.jpg"].resize(400);
    EXPECT_THAT(codes_of(zipped(entries)), ElementsAre("ofd.image Doc_0/Res/0001.jpg"));
    // A byte of a stored image changed in the file: its digest tells.
    std::string bytes = whole_;
    const std::size_t at = bytes.find(entries_["Doc_0/Res/0001.jpg"]);
    ASSERT_NE(at, std::string::npos);
    bytes[at + 300] = static_cast<char>(bytes[at + 300] ^ 1);
    EXPECT_THAT(codes_of(bytes), ElementsAre("ofd.entry Doc_0/Res/0001.jpg"));
    EXPECT_THAT(codes_of("no zip at all"), ElementsAre("ofd.zip "));
    EXPECT_EQ(report_.exit_code(), 1);
    EXPECT_THAT(codes_of(""), ElementsAre("ofd.zip "));
}

TEST_F(OfdCheckTest, NoCutAndNoChangedByteIsACrash) {
    for (std::size_t cut = 0; cut < whole_.size(); cut += 61)
        EXPECT_THAT(codes_of(whole_.substr(0, cut)), ElementsAre("ofd.zip ")) << cut;
    int found = 0, tried = 0;
    for (std::size_t at = 0; at < whole_.size(); at += 17, ++tried) {
        std::string bytes = whole_;
        bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
        found += codes_of(bytes).empty() ? 0 : 1; // a time or a flag that nobody reads may go unseen
    }
    EXPECT_GT(found, tried * 9 / 10);
}

TEST_F(OfdCheckTest, APageThatIsTooLargeToBeOneIsNotRead) {
    auto entries = entries_;
    entries[kPageFile].append(std::size_t{64} << 20, ' ');
    EXPECT_THAT(codes_of(zipped(entries, ZipMethod::Deflate)), Contains("ofd.too_large " + kPageFile));
}

TEST_F(OfdCheckTest, PagesMayShareResources) {
    auto entries = entries_;
    entries["Doc_0/shared.xml"] = "<ofd:Res xmlns:ofd='http://www.ofdspec.org/2016'><ofd:DrawParams><ofd:DrawParam "
                                  "ID='9'/></ofd:DrawParams></ofd:Res>";
    for (const char* page : {"1", "2"}) {
        std::string& text = entries["Doc_0/Pages/Page_000" + std::string(page) + "/Content.xml"];
        text.insert(text.find("<ofd:Content>"), "<ofd:PageRes>/Doc_0/shared.xml</ofd:PageRes>");
    }
    const auto found = codes_of(zipped(entries));
    EXPECT_THAT(found, ElementsAre("ofd.id " + kPageFile)) << "9 is an object's, too: said once";
    std::string& shared = entries["Doc_0/shared.xml"];
    shared.replace(shared.find("ID='9'"), 6, "");
    EXPECT_THAT(codes_of(zipped(entries)), IsEmpty());
}

TEST_F(OfdCheckTest, AFloodOfFaultsIsCutShort) {
    auto entries = entries_;
    std::string objects;
    for (int i = 0; i < 5000; ++i)
        objects +=
            "<ofd:TextObject ID=\"x\" Font=\"99\"><ofd:TextCode DeltaX=\"1\">abc</ofd:TextCode></ofd:TextObject>";
    std::string& page = entries[kPageFile];
    page.insert(page.find("<ofd:TextObject"), objects);
    (void)codes_of(zipped(entries));
    EXPECT_LE(report_.issues.size(), 60U);
    EXPECT_GE(report_.issues.size(), 3U);
}

} // namespace
} // namespace recto::verify
