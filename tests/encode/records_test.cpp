// item.json and the XML made from it: schemas, agreement, round trip, reproducibility. One file because all look at the
// records of the same made-up items.

#include <set>

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "pipeline/files/alto_reader.h"
#include "pipeline/files/item_fields.h"
#include "stages/encode/formats.h"
#include "stages/encode/records.h"
#include "tests/encode/support.h"

namespace recto {
namespace {

using namespace testing;

/// A parsed document with XPath; prefixes: mets, premis, alto, xlink, xsi, dc, dcterms.
class Xml {
  public:
    explicit Xml(const std::string& bytes) {
        document_ = xmlReadMemory(bytes.data(), static_cast<int>(bytes.size()), "memory.xml", nullptr, XML_PARSE_NONET);
        EXPECT_NE(document_, nullptr) << bytes.substr(0, 300);
        context_ = xmlXPathNewContext(document_);
        for (auto [prefix, uri] : {std::pair{"mets", "http://www.loc.gov/METS/"},
                                   {"premis", "http://www.loc.gov/premis/v3"},
                                   {"alto", "http://www.loc.gov/standards/alto/ns-v4#"},
                                   {"xlink", "http://www.w3.org/1999/xlink"},
                                   {"xsi", "http://www.w3.org/2001/XMLSchema-instance"},
                                   {"dc", "http://purl.org/dc/elements/1.1/"},
                                   {"dcterms", "http://purl.org/dc/terms/"}})
            xmlXPathRegisterNs(context_, reinterpret_cast<const xmlChar*>(prefix),
                               reinterpret_cast<const xmlChar*>(uri));
    }
    ~Xml() {
        xmlXPathFreeContext(context_);
        xmlFreeDoc(document_);
    }
    Xml(const Xml&) = delete;
    Xml& operator=(const Xml&) = delete;

    /// Text of every node that `path` selects, in document order.
    std::vector<std::string> all(const std::string& path) const {
        std::vector<std::string> out;
        xmlXPathObjectPtr found = xmlXPathEvalExpression(reinterpret_cast<const xmlChar*>(path.c_str()), context_);
        EXPECT_NE(found, nullptr) << path;
        if (found && found->nodesetval)
            for (int i = 0; i < found->nodesetval->nodeNr; ++i) {
                xmlChar* text = xmlNodeGetContent(found->nodesetval->nodeTab[i]);
                out.emplace_back(reinterpret_cast<const char*>(text));
                xmlFree(text);
            }
        xmlXPathFreeObject(found);
        return out;
    }
    std::string one(const std::string& path) const {
        const auto found = all(path);
        EXPECT_EQ(found.size(), 1U) << path;
        return found.empty() ? "" : found[0];
    }

  private:
    xmlDocPtr document_;
    xmlXPathContextPtr context_;
};

std::string percent_decode(const std::string& s) {
    std::string out;
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (s[i] == '%') out += static_cast<char>(std::stoi(s.substr(i + 1, 2), nullptr, 16)), i += 2;
        else out += s[i];
    }
    return out;
}

class Records : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        made = new MadeItem(assorted_pages(), {{"encode.access_images", "true"}});
        made->item.sources[1].capture = {};
        made->encode_pages();
        const auto done = made->make_files();
        ASSERT_TRUE(done) << done.error().to_string();
        object = made->lay_out_object();
        json = nlohmann::json::parse(made->content("metadata/item.json"));
    }
    static void TearDownTestSuite() {
        delete made;
        made = nullptr;
    }
    static MadeItem* made;
    static std::string object;
    static nlohmann::json json;
};
MadeItem* Records::made = nullptr;
std::string Records::object;
nlohmann::json Records::json;

TEST_F(Records, HoldsEveryFileOfTheDesign) {
    std::set<std::string> paths;
    for (const StagedFile& f : made->files) {
        EXPECT_TRUE(paths.insert(f.logical_path).second) << f.logical_path;
        const std::string bytes = read_file(f.staged_path);
        EXPECT_EQ(f.size, bytes.size()) << f.logical_path;
        EXPECT_EQ(f.sha512, digest_hex(DigestAlgorithm::Sha512, bytes)) << f.logical_path;
    }
    for (const char* path : {"preservation/0001.jpg", "preservation/0004.tif", "access/images/0001.jpg",
                             "access/images/0004.jpg", "access/0025-WS·2012-Y-BGS-0001.pdf", "text/0001.alto.xml",
                             "text/0005.alto.xml", "text/0025-WS·2012-Y-BGS-0001.txt", "metadata/item.json",
                             "metadata/dc.xml", "metadata/premis.xml", "mets.xml"})
        EXPECT_TRUE(paths.contains(path)) << path;
}

TEST_F(Records, AreValidAgainstTheSchemas) {
    if (shared_folder().empty()) GTEST_SKIP() << "shared data absent";
    const std::string schemas = shared_folder() + "/validators/schemas";
    auto validate = [&](const std::string& file, const char* schema) {
        const auto out =
            run("XML_CATALOG_FILES=" + quote(schemas + "/catalog.xml") + " xmllint --nonet --noout --schema " +
                quote(schemas + "/" + schema) + " " + quote(object + "/" + file));
        EXPECT_EQ(out.status, 0) << file << ": " << out.text;
    };
    validate("mets.xml", "all.xsd");
    validate("metadata/premis.xml", "all.xsd");
    validate("metadata/dc.xml", "qualifieddc.xsd");
    for (int i = 1; i <= 5; ++i) validate(page_logical_path("text", i, "alto.xml"), "alto-4-4.xsd");
}

TEST_F(Records, MetsReferencesSizesAndDigestsHold) {
    const Xml mets(read_file(object + "/mets.xml"));
    std::set<std::string> ids;
    for (const std::string& id : mets.all("//@ID")) EXPECT_TRUE(ids.insert(id).second) << "twice: " << id;
    for (const char* attribute : {"//@FILEID", "//@ADMID", "//@DMDID", "//@xlink:from", "//@xlink:to"})
        for (const std::string& list : mets.all(attribute)) {
            std::istringstream in(list);
            for (std::string id; in >> id;) EXPECT_TRUE(ids.contains(id)) << attribute << " " << id;
        }
    const auto hrefs = mets.all("//mets:FLocat/@xlink:href"), sizes = mets.all("//mets:file/@SIZE"),
               digests = mets.all("//mets:file/@CHECKSUM");
    ASSERT_EQ(hrefs.size(), sizes.size());
    ASSERT_EQ(hrefs.size(), made->item.sources.size() + json.at("files").size());
    for (std::size_t i = 0; i < hrefs.size(); ++i) {
        const std::string bytes = read_file(object + "/" + percent_decode(hrefs[i]));
        EXPECT_EQ(sizes[i], std::to_string(bytes.size())) << hrefs[i];
        EXPECT_EQ(digests[i], digest_hex(DigestAlgorithm::Sha512, bytes)) << hrefs[i];
    }
    if (!shared_folder().empty()) {
        const auto out =
            run(quote(shared_folder() + "/validators/bin/check-mets-files") + " " + quote(object + "/mets.xml"));
        EXPECT_EQ(out.status, 0) << out.text;
    }
}

TEST_F(Records, MetsHasThePagesOfItemJson) {
    const Xml mets(made->content("mets.xml"));
    const std::string pages = "//mets:structMap[@TYPE='PHYSICAL']/mets:div/mets:div";
    EXPECT_EQ(mets.all(pages + "/@ORDER"), (std::vector<std::string>{"1", "2", "3", "4", "5"}));
    std::vector<std::string> classes, ids;
    for (const auto& p : json.at("pages")) {
        classes.push_back(p.at("class"));
        ids.push_back("urn:uuid:" + p.at("id").get<std::string>());
    }
    EXPECT_EQ(mets.all(pages + "/@LABEL"), classes);
    EXPECT_EQ(mets.all(pages + "/@CONTENTIDS"), ids);
    EXPECT_EQ(mets.all(pages + "/@ORDERLABEL"), (std::vector<std::string>{"1", "2", "12-1"}));
    EXPECT_EQ(mets.all("//mets:structMap[@TYPE='LOGICAL']/mets:div/mets:div/@TYPE"),
              (std::vector<std::string>{"cover", "body"}));
    EXPECT_EQ(mets.one("/mets:mets/@OBJID"), "urn:uuid:" + json.at("id").get<std::string>());
    EXPECT_EQ(mets.one("/mets:mets/@LABEL"), "关于公路检查的通知");
}

TEST_F(Records, PremisAgreesWithItemJson) {
    const Xml premis(made->content("metadata/premis.xml"));
    std::map<std::string, std::pair<std::string, std::string>> expected; // path -> size, digest
    for (const auto& s : json.at("sources"))
        expected[s.at("master")] = {std::to_string(s.at("size").get<int>()), s.at("sha512")};
    for (const auto& f : json.at("files"))
        expected[f.at("path")] = {std::to_string(f.at("size").get<int>()), f.at("sha512")};
    for (const char* path : {"metadata/item.json", "metadata/dc.xml"})
        expected[path] = {std::to_string(made->file(path)->size), made->file(path)->sha512};
    const std::string file = "//premis:object[@xsi:type='file']";
    const auto paths = premis.all(file + "/premis:objectIdentifier/premis:objectIdentifierValue");
    const auto sizes = premis.all(file + "//premis:size"), digests = premis.all(file + "//premis:messageDigest");
    ASSERT_EQ(paths.size(), expected.size());
    for (std::size_t i = 0; i < paths.size(); ++i)
        EXPECT_EQ(expected[paths[i]], (std::pair{sizes[i], digests[i]})) << paths[i];
    // One creation event a kept file, no more; capture only where the time is known.
    auto count = [&](const std::string& type) {
        return premis.all("//premis:event[premis:eventType='" + type + "']").size();
    };
    EXPECT_EQ(count("creation"), json.at("files").size());
    EXPECT_EQ(count("capture"), 4U);
    EXPECT_EQ(count("ingestion"), 1U);
    EXPECT_EQ(count("message digest calculation"), 1U);
    EXPECT_EQ(premis.all("//premis:event[premis:eventType='capture']/premis:eventDateTime")[0], "2026-03-17T10:00:00");
    // Whatever an event links to is there.
    std::set<std::string> objects, agents;
    for (const auto& id : premis.all("//premis:objectIdentifier/premis:objectIdentifierValue")) objects.insert(id);
    for (const auto& id : premis.all("//premis:agentIdentifier/premis:agentIdentifierValue")) agents.insert(id);
    for (const auto& id : premis.all("//premis:linkingObjectIdentifierValue | //premis:relatedObjectIdentifierValue"))
        EXPECT_TRUE(objects.contains(id)) << id;
    for (const auto& id : premis.all("//premis:linkingAgentIdentifierValue")) EXPECT_TRUE(agents.contains(id)) << id;
    EXPECT_TRUE(agents.contains("person: 王敏"));
    const auto notes = premis.all("//premis:agentNote");
    EXPECT_NE(std::find(notes.begin(), notes.end(), "cpu: x86-64-v3"), notes.end());
    EXPECT_NE(std::find(notes.begin(), notes.end(), "model test-model: " + std::string(64, 'a')), notes.end());
}

TEST_F(Records, DublinCoreAgreesWithItemJson) {
    const Xml dc(made->content("metadata/dc.xml"));
    EXPECT_EQ(dc.one("//dc:title"), "关于公路检查的通知");
    EXPECT_EQ(dc.all("//dc:identifier")[0], json.at("reference_code"));
    EXPECT_EQ(dc.one("//dc:creator"), "某市交通局 <办公室> & \"科\"");
    EXPECT_EQ(dc.one("//dc:date"), "2012-03-17");
    EXPECT_EQ(dc.one("//dcterms:extent"), "3 页");
    EXPECT_EQ(dc.one("//dc:language"), "zh-Hans");
}

TEST_F(Records, AltoBoxesLieInTheImageItNames) {
    for (const Page& p : made->item.pages) {
        const Xml alto(made->content(page_logical_path("text", p.order, "alto.xml")));
        const StagedFile* image = made->file(alto.one("//alto:fileName"));
        ASSERT_NE(image, nullptr);
        EXPECT_EQ(alto.one("//alto:Page/@WIDTH"), std::to_string(image->width));
        EXPECT_EQ(alto.one("//alto:Page/@HEIGHT"), std::to_string(image->height));
        const auto x = alto.all("//@HPOS"), y = alto.all("//@VPOS"), w = alto.all("//@HPOS/../@WIDTH"),
                   h = alto.all("//@HPOS/../@HEIGHT");
        ASSERT_EQ(x.size(), w.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
            EXPECT_GE(std::stoi(x[i]), 0);
            EXPECT_GE(std::stoi(y[i]), 0);
            EXPECT_LE(std::stoi(x[i]) + std::stoi(w[i]), image->width);
            EXPECT_LE(std::stoi(y[i]) + std::stoi(h[i]), image->height);
        }
        // The words are the page's text.
        std::string text, expected;
        for (const auto& s : alto.all("//alto:String/@CONTENT")) text += s;
        for (const char c : encode::clean_text(p.text).plain())
            if (c != ' ' && c != '\n') expected += c;
        EXPECT_EQ(text, expected);
    }
}

TEST_F(Records, AltoOfARunHasAGlyphACharacter) {
    const Xml alto(made->content("text/0001.alto.xml"));
    const std::string first = "(//alto:TextLine)[1]/alto:String";
    EXPECT_EQ(alto.one(first + "/@CONTENT"), "某市人民政府文件");
    EXPECT_EQ(alto.all(first + "/alto:Glyph/@CONTENT"),
              (std::vector<std::string>{"某", "市", "人", "民", "政", "府", "文", "件"}));
    EXPECT_EQ(alto.one(first + "/@WC"), "0.8");
    EXPECT_EQ(alto.all(first + "/alto:Glyph/@GC")[0], "0.75");
    const Box box = made->item.pages[0].text.blocks[0].lines[0].words[0].glyphs[1].box;
    EXPECT_EQ(alto.all(first + "/alto:Glyph/@HPOS")[1], std::to_string(static_cast<int>(std::floor(box.x))));
    const Xml columns(made->content("text/0003.alto.xml"));
    EXPECT_EQ(columns.all("//alto:TextLine/@BASEDIRECTION")[0], "ttb");
}

TEST_F(Records, ItemJsonComesBackAsItWas) {
    const auto again = item_from_json(json);
    ASSERT_TRUE(again) << again.error().to_string();
    std::vector<StagedFile> kept;
    for (const StagedFile& f : made->files)
        if (f.role != "metadata") kept.push_back(f);
    auto round = item_to_json(*again, kept, test_provenance(), json.at("created"));
    auto expected = json;
    for (auto& s : expected["sources"]) s.erase("format"); // Added by the stage from the masters' bytes.
    // The words live in ALTO, so only their number is not known again.
    for (auto& p : round["pages"]) p["reading"].erase("characters");
    for (auto& p : expected["pages"]) p["reading"].erase("characters");
    EXPECT_EQ(round, expected);
    EXPECT_EQ(again->id, made->item.id);
    EXPECT_EQ(again->pages[3].encoded.files.size(), 2U);
    EXPECT_EQ(again->pages[0].treatment.transform.width(), 2480);
    EXPECT_EQ(again->pages[0].encoded.pdf_image.sha512, made->item.pages[0].encoded.pdf_image.sha512);
}

TEST_F(Records, ItemJsonKeepsNoPathOfThisMachine) {
    EXPECT_EQ(made->content("metadata/item.json").find(made->folder.path()), std::string::npos);
    EXPECT_EQ(made->content("metadata/premis.xml").find(made->folder.path()), std::string::npos);
    EXPECT_EQ(made->content("mets.xml").find(made->folder.path()), std::string::npos);
}

TEST_F(Records, EqualInputGivesEqualBytes) {
    const auto before = made->files;
    const std::string staging = made->staging;
    ASSERT_TRUE(made->make_files("again"));
    ASSERT_EQ(made->files.size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(made->files[i].logical_path, before[i].logical_path);
        EXPECT_EQ(made->files[i].sha512, before[i].sha512) << before[i].logical_path;
    }
    made->files = before;
    made->staging = staging;
}

TEST_F(Records, WordsComeBackFromAlto) {
    for (const Page& p : made->item.pages) {
        const auto back = page_text_from_alto(made->content(page_logical_path("text", p.order, "alto.xml")));
        ASSERT_TRUE(back) << back.error().to_string();
        const PageText expected = encode::clean_text(p.text);
        EXPECT_EQ(back->plain(), expected.plain());
        EXPECT_EQ(back->engine, expected.engine);
        EXPECT_EQ(back->language, expected.language);
        EXPECT_EQ(back->state, expected.state);
        ASSERT_EQ(back->blocks.size(), expected.blocks.size());
        for (std::size_t b = 0; b < expected.blocks.size(); ++b)
            for (std::size_t l = 0; l < expected.blocks[b].lines.size(); ++l) {
                const TextLine &x = back->blocks[b].lines[l], &y = expected.blocks[b].lines[l];
                EXPECT_EQ(x.vertical, y.vertical);
                ASSERT_EQ(x.words.size(), y.words.size());
                for (std::size_t w = 0; w < x.words.size(); ++w) {
                    EXPECT_EQ(x.words[w].glyphs.size(), y.words[w].glyphs.size());
                    EXPECT_NEAR(x.words[w].box.x, y.words[w].box.x, 1);
                    EXPECT_NEAR(x.words[w].box.height, y.words[w].box.height, 2);
                    EXPECT_NEAR(x.words[w].confidence, y.words[w].confidence, 0.006);
                }
            }
    }
    EXPECT_EQ(page_text_from_alto("").error().code, "encode.alto");
    EXPECT_EQ(page_text_from_alto("<alto/>").error().code, "encode.alto");
    EXPECT_EQ(page_text_from_alto("<alto><Layout><Page WIDTH='1e300'/></Layout></alto>").error().code, "encode.alto");
    const std::string whole = made->content("text/0001.alto.xml");
    for (std::size_t cut = 0; cut < whole.size(); cut += 997) EXPECT_FALSE(page_text_from_alto(whole.substr(0, cut)));
}

TEST_F(Records, ClassConfidenceIsKeptAndMayBeAbsent) {
    EXPECT_TRUE(json.at("pages").at(0).at("class_confidence").is_null()) << "not known";
    auto item = item_from_json(json);
    ASSERT_TRUE(item);
    EXPECT_EQ(item->pages[0].class_confidence, -1);
    item->pages[0].class_confidence = 0.75;
    auto stored = item_to_json(*item, {}, test_provenance(), json.at("created"));
    EXPECT_EQ(item_from_json(stored)->pages[0].class_confidence, 0.75);
    for (auto& page : stored["pages"]) { // as an earlier version stored it
        page.erase("class_confidence");
        page["treatment"].erase("target");
    }
    ASSERT_TRUE(item_from_json(stored));
    EXPECT_EQ(item_from_json(stored)->pages[0].class_confidence, -1);
}

TEST_F(Records, TheItemCanBeMadeAgainFromWhatIsStored) {
    // As a correction does it: item.json, ALTO and the PDF's images, no scan and no compression.
    auto item = item_from_json(json);
    ASSERT_TRUE(item);
    for (Page& p : item->pages) {
        auto text = page_text_from_alto(made->content(page_logical_path("text", p.order, "alto.xml")));
        ASSERT_TRUE(text);
        p.text = *text;
    }
    const std::string images = made->folder / "images";
    fs::create_directories(images);
    const auto taken = recover_page_images(*item, made->pdf_path(), images);
    ASSERT_TRUE(taken) << taken.error().to_string();
    for (std::size_t i = 0; i < item->pages.size(); ++i)
        EXPECT_EQ(read_file(item->pages[i].encoded.pdf_image.staged_path),
                  read_file(made->item.pages[i].encoded.pdf_image.staged_path));
    const std::string before = made->pdf_path();
    const Item original = made->item;
    const auto files = made->files;
    const std::string staging = made->staging;
    made->item = *item;
    made->item.pages[0].text.blocks[0].lines[2].text = "关于开展桥梁检查的通知";
    made->item.pages[0].text.blocks[0].lines[2].words.clear();
    ASSERT_TRUE(made->make_files("corrected"));
    const auto now = lines_of(run("pdftotext -raw " + quote(made->pdf_path()) + " -").text);
    EXPECT_EQ(now.at(2), "关于开展桥梁检查的通知");
    EXPECT_EQ(now.size(), lines_of(run("pdftotext -raw " + quote(before) + " -").text).size());
    made->item = original;
    made->files = files;
    made->staging = staging;

    auto wrong = *item;
    wrong.pages[0].encoded.pdf_image.sha512[0] ^= 1;
    EXPECT_EQ(recover_page_images(wrong, before, images).error().code, "encode.pdf_images");
    wrong.pages.pop_back();
    EXPECT_EQ(recover_page_images(wrong, before, images).error().code, "encode.pdf_images");
    EXPECT_EQ(recover_page_images(wrong, images + "/none.pdf", images).error().code, "encode.pdf_images");
}

TEST_F(Records, DamagedItemJsonIsRefusedByName) {
    auto refuse = [](nlohmann::json j) {
        const auto r = item_from_json(j);
        return r ? std::string("accepted") : r.error().code;
    };
    EXPECT_EQ(refuse(json), "accepted");
    EXPECT_EQ(refuse(nullptr), "encode.item_json");
    EXPECT_EQ(refuse(nlohmann::json::array()), "encode.item_json");
    auto newer = json;
    newer["schema"] = kItemSchema + 1;
    EXPECT_EQ(refuse(newer), "encode.item_newer");
    for (const auto& [key, value] : json.items()) { // Any missing or mistyped member that is read back.
        auto broken = json;
        broken[key] = nlohmann::json{{"x", 1}};
        const std::string code = refuse(broken);
        EXPECT_TRUE(code == "accepted" || code == "encode.item_json") << key << " " << code;
        if (key == "id" || key == "pages" || key == "sources" || key == "reference_code") {
            EXPECT_EQ(code, "encode.item_json") << key;
        }
    }
    auto dangling = json;
    dangling["pages"][0]["image"]["source"] = 99;
    EXPECT_EQ(refuse(dangling), "encode.item_json");
}

TEST(RecordsOfOddItems, AFailedPageLeavesAHoleThatIsSaid) {
    auto pages = assorted_pages();
    pages.resize(2);
    MadeItem made(std::move(pages));
    made.encode_pages();
    made.item.pages[1].encoded = {};
    made.item.pages[1].text = {};
    made.item.pages[1].error = Error{"decode.damaged", "strip 3 ends early", "scan2.tif", 1, "decode", false};
    made.item.findings.clear();
    const auto done = made.make_files();
    ASSERT_TRUE(done) << done.error().to_string();
    ASSERT_EQ(made.item.findings.size(), 1U);
    EXPECT_EQ(made.item.findings[0].code, "encode.page_without_image");
    EXPECT_EQ(made.file("text/0002.alto.xml"), nullptr);
    EXPECT_NE(run("pdfinfo " + quote(made.pdf_path())).text.find("Pages:           2"), std::string::npos);
    const auto json = nlohmann::json::parse(made.content("metadata/item.json"));
    EXPECT_EQ(json.at("pages").at(1).at("error").at("code"), "decode.damaged");
    const auto again = item_from_json(json);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->pages[1].error->reason, "strip 3 ends early");
}

TEST(RecordsOfOddItems, NamesThatFileSystemsAndXmlDislike) {
    auto pages = assorted_pages();
    pages.resize(1);
    MadeItem made(std::move(pages));
    made.item.reference_code = "全宗<1>&/2·%41\x01";
    made.item.sources[0].original_name = "a\x02<b>.tif";
    made.item.fields.push_back({"title", "x\x03\xFFy", "x\x03\xFFy", "operator", 0, {}, 1});
    made.encode_pages();
    const auto done = made.make_files();
    ASSERT_TRUE(done) << done.error().to_string();
    const std::string object = made.lay_out_object();
    EXPECT_EQ(Xml(made.content("mets.xml")).one("/mets:mets/@LABEL"), "x\uFFFDy");
    for (const std::string& href : Xml(made.content("mets.xml")).all("//mets:FLocat/@xlink:href"))
        EXPECT_TRUE(fs::exists(object + "/" + percent_decode(href))) << href;
    EXPECT_TRUE(nlohmann::json::accept(made.content("metadata/item.json")));
}

TEST(RecordsOfOddItems, FilesTakeTheNumberOfThePresentOrder) {
    auto pages = assorted_pages();
    pages.resize(3);
    MadeItem made(std::move(pages));
    made.encode_pages();
    std::swap(made.item.pages[0].order, made.item.pages[2].order);
    ASSERT_TRUE(made.make_files());
    EXPECT_EQ(made.item.pages[0].image.source, 2) << "pages are put in order";
    EXPECT_EQ(made.file("preservation/0001.jpg")->width, 1800);
    EXPECT_EQ(made.file("preservation/0003.jpg")->width, 2480);
}

TEST(Formats, ByContent) {
    using encode::identify_format;
    EXPECT_EQ(identify_format("application/pdf", "%PDF-1.4\n").pronom, "fmt/18");
    EXPECT_EQ(identify_format("application/pdf", "%PDF-2.0\n").pronom, "fmt/1129");
    EXPECT_EQ(identify_format("application/pdf", "").pronom, "");
    EXPECT_EQ(identify_format("image/tiff", std::string_view("II*\0", 4)).pronom, "fmt/353");
    EXPECT_EQ(identify_format("image/tiff", std::string_view("II+\0", 4)).name, "BigTIFF");
    EXPECT_EQ(identify_format("image/jpeg", std::string_view("\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01", 13)).pronom,
              "fmt/43");
    EXPECT_EQ(identify_format("image/jpeg", "\xFF\xD8\xFF\xE1").pronom, "");
    const std::string ihdr =
        std::string("\x89PNG\r\n\x1a\n", 8) + std::string("\0\0\0\x0dIHDR", 8) + std::string(17, '\0');
    EXPECT_EQ(identify_format("image/png", ihdr + std::string("\0\0\0\0IDAT\0\0\0\0", 12)).pronom, "fmt/11");
    EXPECT_EQ(identify_format("image/png", ihdr + std::string("\0\0\0\0iTXt\0\0\0\0", 12)).pronom, "fmt/13");
    EXPECT_EQ(encode::language_tag("chi_sim+eng"), "zh-Hans");
    EXPECT_EQ(encode::language_tag("eng"), "en");
    EXPECT_EQ(encode::language_tag("auto"), "");
}

} // namespace
} // namespace recto
