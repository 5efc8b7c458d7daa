// The OFD writer on a small object in memory, its file read back by libzip and libxml2: images, text and its places, data,
// refusals, deaths, full disks.

#include <map>
#include <sstream>

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "tests/package/ofd_item.h"

namespace recto {
namespace {

using namespace ofd_test;
using ::testing::ElementsAre;
using ::testing::StartsWith;

const std::string kOfdPath = "/out/" + kOfdCode + ".ofd";

/// What an XPath expression selects, as strings.
std::vector<std::string> select(const std::string& xml, const std::string& path) {
    std::vector<std::string> out;
    xmlDoc* doc = xmlReadMemory(xml.data(), static_cast<int>(xml.size()), "x", nullptr, XML_PARSE_NONET);
    EXPECT_NE(doc, nullptr);
    xmlXPathContext* context = xmlXPathNewContext(doc);
    xmlXPathRegisterNs(context, BAD_CAST "o", BAD_CAST "http://www.ofdspec.org/2016");
    xmlXPathObject* found = xmlXPathEvalExpression(BAD_CAST path.c_str(), context);
    EXPECT_NE(found, nullptr) << path;
    for (int i = 0; found && found->nodesetval && i < found->nodesetval->nodeNr; ++i) {
        xmlChar* text = xmlNodeGetContent(found->nodesetval->nodeTab[i]);
        out.emplace_back(reinterpret_cast<const char*>(text));
        xmlFree(text);
    }
    xmlXPathFreeObject(found);
    xmlXPathFreeContext(context);
    xmlFreeDoc(doc);
    return out;
}

class OfdWriterTest : public ::testing::Test, protected OfdItem {
  protected:
    void SetUp() override { put(); }
    std::map<std::string, std::string> made() {
        const auto result = write();
        EXPECT_TRUE(result) << (result ? "" : result.error().to_string());
        return ofd_entries(fs->read(result ? result->path : kOfdPath).value_or(""));
    }
};

TEST_F(OfdWriterTest, ImagesAreTheStoredOnes) {
    const auto result = write();
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->path, kOfdPath);
    EXPECT_EQ(result->files, 1U);
    EXPECT_EQ(result->bytes, fs->stat(kOfdPath)->size);
    EXPECT_THAT(fs->list("/out").value(), ElementsAre(kOfdCode + ".ofd"));
    auto files = ofd_entries(fs->read(kOfdPath).value());
    EXPECT_EQ(files.size(), 11U);
    EXPECT_EQ(files["Doc_0/Res/0001.jpg"], jpeg) << "a stored JPEG is not compressed again";
    for (const auto& [name, mode, height] : {std::tuple{"Doc_0/Res/0002.png", ColourMode::Bilevel, 200},
                                             {"Doc_0/Res/0003.jpg", ColourMode::Colour, 300}}) {
        const std::string real = std::filesystem::temp_directory_path() / ("ofd-image-" + std::to_string(::getpid()));
        std::ofstream(real, std::ios::binary) << files[name];
        const auto raster = decode_here(real, 0);
        ASSERT_TRUE(raster) << name;
        const Raster page = page_raster(mode, raster->width(), raster->height());
        EXPECT_EQ(raster->height(), height);
        EXPECT_LE(cv::norm(to_grey(*raster), to_grey(page), cv::NORM_L1) / static_cast<double>(page.pixels.total()),
                  mode == ColourMode::Bilevel ? 0 : 2);
        std::filesystem::remove(real);
    }
    EXPECT_THAT(select(files["Doc_0/DocumentRes.xml"], "//o:MultiMedia/@Format"), ElementsAre("JPEG", "PNG", "JPEG"));
}

TEST_F(OfdWriterTest, WherePagesAreInThePdfOnlyTheyComeFromThere) {
    pdf = true;
    put(kOfdCode, true);
    auto files = made();
    for (int i = 0; i < 4; ++i) {
        const std::string jpeg_bytes = files["Doc_0/Res/000" + std::to_string(i + 1) + ".jpg"];
        const std::size_t frame = jpeg_bytes.find("\xFF\xC0");
        ASSERT_NE(frame, std::string::npos) << i;
        EXPECT_EQ(static_cast<unsigned char>(jpeg_bytes[frame + 8]), 100 + i) << "each page its own";
    }
    EXPECT_THAT(select(files["Doc_0/Pages/Page_0004/Content.xml"], "//o:PhysicalBox"), ElementsAre("0 0 10 5"));
    ASSERT_TRUE(fs->write(store.content_path(state, "access/x.pdf").value(), "A pdf"));
    EXPECT_EQ(write(*fs, "/other").error().code, "package.damaged_source");
}

TEST_F(OfdWriterTest, EachCharacterHasItsPlace) {
    auto files = made();
    const std::string page = files["Doc_0/Pages/Page_0001/Content.xml"];
    EXPECT_THAT(select(page, "//o:PhysicalBox"), ElementsAre("0 0 20 30"));
    EXPECT_THAT(select(page, "//o:Layer/@Type"), ElementsAre("Background", "Body")) << "text under the image";
    EXPECT_THAT(select(page, "//o:Layer[1]/*[not(self::o:TextObject)]"), ElementsAre());
    EXPECT_THAT(select(page, "//o:TextCode"), ElementsAre("柳州市 A&", "一", "𠀀", "二三", "中e\xCC\x81x"));
    EXPECT_THAT(select(page, "//o:TextObject/@Boundary"),
                ElementsAre("1 2 7 1.2", "1 5 1.2 1.2", "2.2 5 1.2 1.2", "3.4 5 2.4 1.2", "1 8 4 1.2"));
    // 1.0 2.2 3.4, the space where the word before it ends (4.6), 6.0 7.0; weights 1, 1/2, 0, 1/2 over 4 mm.
    EXPECT_THAT(select(page, "//o:TextCode/@DeltaX"), ElementsAre("1.2 1.2 1.2 1.4 1", "1.2", "2 1 0"));
    EXPECT_THAT(select(page, "//o:FillColor/@Alpha"), ElementsAre("0", "0", "0", "0", "0"));
    EXPECT_THAT(select(page, "//o:ImageObject/@CTM"), ElementsAre("20 0 0 30 0 0"));

    const std::string vertical = files["Doc_0/Pages/Page_0002/Content.xml"];
    EXPECT_THAT(select(vertical, "//o:TextObject/@Boundary"), ElementsAre("25 1 1.4 5.6"));
    EXPECT_THAT(select(vertical, "//o:TextObject/@ReadDirection"), ElementsAre("90"));
    EXPECT_THAT(select(vertical, "//o:TextCode/@DeltaY"), ElementsAre("1.4 1.4 1.4"));
    EXPECT_THAT(select(vertical, "//o:TextCode/@DeltaX"), ElementsAre());

    const std::string failed = files["Doc_0/Pages/Page_0004/Content.xml"];
    EXPECT_THAT(select(failed, "//o:PhysicalBox"), ElementsAre("0 0 210 297"));
    EXPECT_THAT(select(failed, "//o:ImageObject"), ElementsAre());
}

TEST_F(OfdWriterTest, DataAndOutline) {
    auto files = made();
    const std::string root = files["OFD.xml"];
    EXPECT_THAT(select(root, "//o:DocID"), ElementsAre("6ba7b8109dad11d180b400c04fd430c8"));
    EXPECT_THAT(select(root, "//o:Title"), ElementsAre("关于<通知> & 附件")) << "escaped, without control characters";
    EXPECT_THAT(select(root, "//o:Author"), ElementsAre("办公室"));
    EXPECT_THAT(select(root, "//o:Creator|//o:CreatorVersion"), ElementsAre("recto", "0.1.0"));
    EXPECT_THAT(select(root, "//o:CreationDate"), ElementsAre("2026-11-22"));
    EXPECT_THAT(select(root, "//o:Keyword"), ElementsAre(kOfdCode, "柳政〔2012〕3号"));
    EXPECT_THAT(select(root, "//o:CustomData[@Name='档号']"), ElementsAre(kOfdCode));
    EXPECT_THAT(select(root, "//o:CustomData[@Name='保管期限']"), ElementsAre("永久"));
    EXPECT_THAT(select(root, "//o:CustomData[@Name='密级']"), ElementsAre());
    const std::string document = files["Doc_0/Document.xml"];
    const auto pages = select(document, "//o:Page/@ID");
    EXPECT_THAT(select(document, "//o:Page/@BaseLoc"),
                ElementsAre("Pages/Page_0001/Content.xml", "Pages/Page_0002/Content.xml", "Pages/Page_0003/Content.xml",
                            "Pages/Page_0004/Content.xml"));
    EXPECT_THAT(select(document, "//o:OutlineElem/@Title"), ElementsAre("关于<通知> & 附件", "封面", "正文"));
    EXPECT_THAT(select(document, "/o:Document/o:Outlines/o:OutlineElem/@Count"), ElementsAre("2"));
    EXPECT_THAT(select(document, "//o:Dest/@PageID"), ElementsAre(pages[0], pages[0], pages[1]));
    // Every ID once, none above the largest that is said.
    std::set<int> ids;
    std::size_t count = 0;
    for (const auto& [name, xml] : files)
        if (name.ends_with(".xml"))
            for (const std::string& id : select(xml, "//@ID")) {
                ids.insert(std::stoi(id));
                ++count;
            }
    EXPECT_EQ(ids.size(), count);
    EXPECT_THAT(select(document, "//o:MaxUnitID"), ElementsAre(std::to_string(*ids.rbegin())));
}

TEST_F(OfdWriterTest, TheSameVersionGivesTheSameBytes) {
    ASSERT_TRUE(write());
    const auto other = write(*fs, "/other"); // a second later
    ASSERT_TRUE(other);
    EXPECT_EQ(fs->read(other->path).value(), fs->read(kOfdPath).value());
    const auto again = write();
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->existed);
    EXPECT_EQ(again->bytes, other->bytes);
    const std::string whole = fs->read(kOfdPath).value();
    ASSERT_TRUE(fs->write(kOfdPath, std::string_view(whole).substr(0, whole.size() - 30)));
    EXPECT_EQ(write().error().code, "package.exists") << "cut off";
    ASSERT_TRUE(fs->write(kOfdPath, whole));
    put(kOfdCode, false, "另一题名"); // a later version
    EXPECT_EQ(write().error().code, "package.exists");
    ASSERT_TRUE(fs->write(kOfdPath, "of someone else"));
    EXPECT_EQ(write().error().code, "package.exists");
    EXPECT_EQ(fs->read(kOfdPath).value(), "of someone else");
    ASSERT_TRUE(fs->remove(kOfdPath));
    ASSERT_TRUE(fs->make_folders(kOfdPath));
    EXPECT_EQ(write().error().code, "package.exists");
}

TEST_F(OfdWriterTest, TheQualityIsASettingAndPartOfWhatAFileIs) {
    ASSERT_TRUE(write());
    for (const SettingBase* s : package_settings())
        if (s->key == "ofd.jpeg_quality") settings.set(*s, std::int64_t{20});
    EXPECT_EQ(write().error().code, "package.exists");
    const auto small = write(*fs, "/small");
    ASSERT_TRUE(small);
    auto a = ofd_entries(fs->read(kOfdPath).value()), b = ofd_entries(fs->read(small->path).value());
    EXPECT_LT(b["Doc_0/Res/0003.jpg"].size(), a["Doc_0/Res/0003.jpg"].size());
    EXPECT_EQ(b["Doc_0/Res/0001.jpg"], jpeg);
}

TEST_F(OfdWriterTest, WhatCannotBeMadeIsRefused) {
    put("A002-KJ·2023/001");
    const auto renamed = write();
    ASSERT_TRUE(renamed);
    EXPECT_EQ(renamed->path, "/out/A002-KJ·2023%2F001.ofd");
    EXPECT_EQ(renamed->renamed, "A002-KJ·2023%2F001");
    put("bare", true);
    EXPECT_EQ(write().error().code, "package.no_pictures");
    put("held", false, "t", true);
    EXPECT_EQ(write().error().code, "package.held");
    put("damaged");
    for (const char* logical : {"preservation/0003.tif", "preservation/0001.jpg", "text/0002.alto.xml"}) {
        const std::string path = store.content_path(state, logical).value(), bytes = fs->read(path).value();
        ASSERT_TRUE(fs->write(path, bytes + "x"));
        EXPECT_EQ(write().error().code, "package.damaged_source") << logical;
        ASSERT_TRUE(fs->write(path, bytes));
    }
    EXPECT_THAT(fs->list("/out").value(), ElementsAre("A002-KJ·2023%2F001.ofd")) << "nothing is left of an attempt";
    state.head = 0;
    EXPECT_EQ(write().error().code, "package.no_item");
}

TEST_F(OfdWriterTest, WholeOrAbsentAfterDeathAndPowerCutAtEveryChange) {
    ASSERT_TRUE(write());
    const std::string whole = fs->read(kOfdPath).value();
    ASSERT_TRUE(fs->remove_tree("/out"));
    ASSERT_TRUE(fs->sync("/"));
    int calls = 1;
    for (int nth = 1; nth <= calls + 1; ++nth) {
        FaultyFileSystem faulty(fs, FaultyFileSystem::Mode::Death, nth);
        (void)write(faulty);
        calls = std::max(calls, faulty.changes());
        fs->cut_power(static_cast<std::uint64_t>(nth % 4));
        if (fs->stat(kOfdPath).value().exists) { EXPECT_EQ(fs->read(kOfdPath).value(), whole) << nth; }
        const auto again = write();
        ASSERT_TRUE(again) << nth << ": " << again.error().to_string();
        EXPECT_EQ(fs->read(kOfdPath).value(), whole) << nth;
        EXPECT_THAT(fs->list("/out").value(), ElementsAre(kOfdCode + ".ofd")) << nth;
        ASSERT_TRUE(fs->remove_tree("/out"));
        ASSERT_TRUE(fs->sync("/"));
    }
    EXPECT_GT(calls, 20);
}

TEST_F(OfdWriterTest, AFailedWriteAndAFullDiskLeaveNothing) {
    FaultyFileSystem counting(fs, FaultyFileSystem::Mode::Never, 0);
    ASSERT_TRUE(write(counting));
    ASSERT_TRUE(fs->remove_tree("/out"));
    for (int nth = 1; nth <= counting.changes() - 1; ++nth) { // the last is the sync of the folder, behind the rename
        FaultyFileSystem faulty(fs, FaultyFileSystem::Mode::Once, nth, "io.no_space");
        const auto result = write(faulty);
        if (!faulty.failed()) continue;
        ASSERT_FALSE(result) << nth;
        EXPECT_EQ(result.error().code, "io.no_space") << nth;
        const auto left = fs->list("/out");
        EXPECT_TRUE(!left || left->empty()) << nth;
        ASSERT_TRUE(fs->remove_tree("/out"));
    }
    fs->set_capacity(1);
    EXPECT_EQ(write().error().code, "io.no_space");
    EXPECT_FALSE(fs->stat(kOfdPath)->exists);
}

} // namespace
} // namespace recto
