// A whole item, good, then with one thing wrong at a time: each fault must be found and named.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "pipeline/files/item_fields.h"
#include "pipeline/files/memory_file_system.h"
#include "pipeline/files/ocfl.h"
#include "stages/package/package.h"
#include "stages/verify/pdf_check.h"
#include "stages/verify/verify.h"

namespace recto::verify {
namespace {

namespace stdfs = std::filesystem;
using nlohmann::json;
using Files = std::map<std::string, std::string>;

const std::string kUuid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

std::string sha(const std::string& bytes) { return digest_hex(DigestAlgorithm::Sha512, bytes); }

/// A PDF of one page a text, written by hand with a right cross-reference table.
std::string make_pdf(const std::vector<std::string>& pages) {
    std::string pdf = "%PDF-1.7\n", kids;
    std::vector<std::size_t> offsets;
    const auto object = [&](const std::string& body) {
        offsets.push_back(pdf.size());
        pdf += std::to_string(offsets.size()) + " 0 obj\n" + body + "\nendobj\n";
    };
    for (std::size_t i = 0; i < pages.size(); ++i) kids += std::to_string(4 + 2 * i) + " 0 R ";
    object("<< /Type /Catalog /Pages 2 0 R >>");
    object("<< /Type /Pages /Kids [ " + kids + "] /Count " + std::to_string(pages.size()) + " >>");
    object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
    for (std::size_t i = 0; i < pages.size(); ++i) {
        const std::string content = "BT /F 12 Tf 50 700 Td (" + pages[i] + ") Tj ET";
        object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> /Contents " +
               std::to_string(5 + 2 * i) + " 0 R >>");
        object("<< /Length " + std::to_string(content.size()) + " >>\nstream\n" + content + "\nendstream");
    }
    const std::size_t xref = pdf.size();
    pdf += "xref\n0 " + std::to_string(offsets.size() + 1) + "\n0000000000 65535 f \n";
    for (const std::size_t at : offsets)
        pdf += std::string(10 - std::to_string(at).size(), '0') + std::to_string(at) + " 00000 n \n";
    return pdf + "trailer\n<< /Root 1 0 R /Size " + std::to_string(offsets.size() + 1) + " >>\nstartxref\n" +
           std::to_string(xref) + "\n%%EOF\n";
}

std::string make_alto(int width, int height, int x) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alto "
           "xmlns=\"http://www.loc.gov/standards/alto/ns-v4#\"><Layout><Page ID=\"p\" "
           "PHYSICAL_IMG_NR=\"1\" WIDTH=\"" +
           std::to_string(width) + "\" HEIGHT=\"" + std::to_string(height) +
           "\"><PrintSpace HPOS=\"0\" VPOS=\"0\" WIDTH=\"10\" HEIGHT=\"10\"><TextBlock ID=\"b\" HPOS=\"1\" VPOS=\"1\" "
           "WIDTH=\"20\" HEIGHT=\"9\">"
           "<TextLine ID=\"l\" HPOS=\"1\" VPOS=\"1\" WIDTH=\"20\" HEIGHT=\"9\"><String ID=\"s\" CONTENT=\"Helloworld\" "
           "HPOS=\"" +
           std::to_string(x) +
           "\" VPOS=\"1\" WIDTH=\"20\" HEIGHT=\"9\"/></TextLine></TextBlock></PrintSpace></Page></Layout></alto>\n";
}

json file_entry(const Files& files, const std::string& path, const std::string& media, const std::string& role,
                int page) {
    const std::string bytes = files.contains(path) ? files.at(path) : "";
    json j = {{"path", path}, {"media_type", media}, {"size", bytes.size()}, {"sha512", sha(bytes)}, {"role", role}};
    if (page > 0) j["page"] = page;
    if (role == "preservation") j.update({{"width", 40}, {"height", 60}});
    return j;
}

json make_item(const Files& files) {
    const json page = {{"id", kUuid},      {"order", 1},
                       {"class", "body"},  {"image", {{"source", 0}, {"index", 0}}},
                       {"error", nullptr}, {"reading", {{"width", 40}, {"height", 60}}}};
    const json source = {{"master", "master/0001.tif"},
                         {"size", files.at("master/0001.tif").size()},
                         {"sha512", sha(files.at("master/0001.tif"))},
                         {"images", json::array({{{"width", 50}, {"height", 70}}})}};
    return {{"schema", 1},
            {"type", "recto-item"},
            {"id", kUuid},
            {"reference_code", "A-1"},
            {"held", false},
            {"counted_pages", 1},
            {"pages", json::array({page})},
            {"sources", json::array({source})},
            {"files", json::array({file_entry(files, "preservation/0001.tif", "image/tiff", "preservation", 1),
                                   file_entry(files, "access/A-1.pdf", "application/pdf", "access", 0),
                                   file_entry(files, "text/0001.alto.xml", "application/xml", "alto", 1),
                                   file_entry(files, "text/A-1.txt", "text/plain", "text", 0)})}};
}

std::string make_mets(const Files& files) {
    std::string out =
        "<mets xmlns=\"http://www.loc.gov/METS/\" xmlns:xlink=\"http://www.w3.org/1999/xlink\"><fileSec><fileGrp>";
    int n = 0;
    for (const char* path :
         {"master/0001.tif", "preservation/0001.tif", "access/A-1.pdf", "text/0001.alto.xml", "text/A-1.txt"}) {
        const std::string bytes = files.at(path);
        out += "<file ID=\"f" + std::to_string(++n) + "\" SIZE=\"" + std::to_string(bytes.size()) + "\" CHECKSUM=\"" +
               sha(bytes) + "\" CHECKSUMTYPE=\"SHA-512\"><FLocat LOCTYPE=\"URL\" xlink:href=\"" + path + "\"/></file>";
    }
    return out + "</fileGrp></fileSec><structMap><div><div TYPE=\"page\"><fptr "
                 "FILEID=\"f1\"/></div></div></structMap></mets>\n";
}

void records(Files& files) {
    files["metadata/item.json"] = make_item(files).dump(2);
    files["mets.xml"] = make_mets(files);
}

Files good_item() {
    Files files{{"master/0001.tif", "50x70 master"},
                {"preservation/0001.tif", "40x60 preservation"},
                {"access/A-1.pdf", make_pdf({"Hello world"})},
                {"text/A-1.txt", "Hello world\n\f"},
                {"text/0001.alto.xml", make_alto(40, 60, 2)},
                {"metadata/dc.xml",
                 "<qualifieddc xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>Hello</dc:title></qualifieddc>"},
                {"metadata/premis.xml", "<premis xmlns=\"http://www.loc.gov/premis/v3\" version=\"3.0\"/>"}};
    records(files);
    return files;
}

/// "40x60 ..." decodes to an image of that size; anything else is damaged.
Result<Raster> decode(const std::string& path, int index) {
    const auto bytes = posix_file_system()->read(path);
    int width = 0, height = 0;
    if (index != 0 || !bytes || std::sscanf(bytes->c_str(), "%dx%d", &width, &height) != 2)
        return fail("decode.damaged", "no image", path);
    Raster raster;
    raster.pixels = cv::Mat(height, width, CV_8UC1);
    return raster;
}

class ItemCheck : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (stdfs::temp_directory_path() / "recto-verify-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { stdfs::remove_all(folder_); }

    /// Stores the item as the only one of a fresh storage root and verifies that.
    Report verify(const Files& files, Options options = {}) {
        const auto fs = posix_file_system();
        root_ = folder_ + "/storage" + std::to_string(++count_);
        OcflStore store(fs, root_);
        EXPECT_TRUE(store.create());
        std::vector<OcflFile> list;
        for (const auto& [path, bytes] : files) {
            const std::string staged = folder_ + "/staged/" + path;
            EXPECT_TRUE(fs->make_folders(parent_path(staged)));
            EXPECT_TRUE(fs->write(staged, bytes));
            list.push_back({path, staged, "", false});
        }
        const auto state =
            store.put("urn:uuid:" + kUuid, list, {"2026-11-22T17:15:00+08:00", "m", "Recto", "https://example.org"});
        EXPECT_TRUE(state);
        object_ = join_path(root_, state->path);
        if (!options.decode) options.decode = decode;
        options.default_schema_folder = folder_ + "/no-schemas";
        return verify_path(root_, options);
    }

    static std::set<std::string> codes(const Report& report, Severity severity = Severity::Error) {
        std::set<std::string> out;
        for (const Issue& issue : report.issues) {
            EXPECT_NE(find_message("verify." + issue.code), nullptr) << issue.code;
            if (issue.severity == severity) out.insert(issue.code);
        }
        return out;
    }

    std::string folder_, root_, object_;
    int count_ = 0;
};

TEST_F(ItemCheck, AGoodItemIsGoodAndWhatWasNotCheckedIsSaid) {
    const Report report = verify(good_item());
    EXPECT_TRUE(report.good()) << report.to_text(Language::English);
    EXPECT_EQ(report.kind, Kind::OcflRoot);
    EXPECT_EQ(report.images, 2U);
    EXPECT_EQ(report.pages, 1U);
    EXPECT_EQ(report.files, 9U);
    EXPECT_EQ(report.exit_code(), 0);
    EXPECT_EQ(codes(report, Severity::Warning), std::set<std::string>{"xml.not_checked"})
        << report.to_text(Language::English);
    Options blind;
    blind.decode = nullptr;
    blind.pdftotext = "/no/such/program";
    EXPECT_EQ(verify_path(root_, blind).issues.empty(), false);
    EXPECT_TRUE(codes(verify_path(root_, blind), Severity::Warning).contains("image.not_checked"));
    EXPECT_TRUE(codes(verify_path(root_, blind), Severity::Warning).contains("pdf.not_checked"));
}

TEST_F(ItemCheck, EachFaultIsFoundAndNamed) {
    const auto edit_item = [](const std::function<void(json&)>& change) {
        return [change](Files& files) {
            json item = json::parse(files["metadata/item.json"]);
            change(item);
            files["metadata/item.json"] = item.dump();
        };
    };
    const auto replace = [](const std::string& path, const std::string& from, const std::string& to) {
        return [=](Files& files) {
            std::string& bytes = files[path];
            const std::size_t at = bytes.find(from);
            ASSERT_NE(at, std::string::npos) << from;
            bytes.replace(at, from.size(), to);
        };
    };
    const std::vector<std::pair<std::string, std::function<void(Files&)>>> faults{
        {"item.malformed", [](Files& f) { f["metadata/item.json"] = "{\"type\":"; }},
        {"item.malformed", edit_item([](json& j) { j["pages"][0]["order"] = "one"; })},
        {"item.malformed", edit_item([](json& j) { j.erase("sources"); })},
        {"item.page_source", edit_item([](json& j) { j["pages"][0]["image"]["source"] = 7; })},
        {"item.counted", edit_item([](json& j) { j["counted_pages"] = 2; })},
        {"item.page_order", edit_item([](json& j) { j["pages"].push_back(j["pages"][0]); })},
        {"item.missing_file", [](Files& f) { f.erase("preservation/0001.tif"); }},
        {"item.missing_file", [](Files& f) { f.erase("metadata/premis.xml"); }},
        {"item.unlisted", [](Files& f) { f["notes.txt"] = "stray"; }},
        {"item.size", edit_item([](json& j) { j["files"][0]["size"] = 3; })},
        {"item.digest", edit_item([](json& j) { j["files"][0]["sha512"] = std::string(128, '0'); })},
        {"item.alto_count", [](Files& f) { f.erase("text/0001.alto.xml"); }},
        {"item.pages_mets", replace("mets.xml", "TYPE=\"page\"", "TYPE=\"leaf\"")},
        {"item.pages_pdf",
         [](Files& f) {
             f["access/A-1.pdf"] = make_pdf({"Hello world", "more"});
             records(f);
         }},
        {"item.pages_text",
         [](Files& f) {
             f["text/A-1.txt"] = "Hello world\n\f\f";
             records(f);
         }},
        {"item.not_in_mets", replace("mets.xml", "xlink:href=\"text/A-1.txt\"", "xlink:href=\"master/0001.tif\"")},
        {"item.only_in_mets", replace("mets.xml", "xlink:href=\"text/A-1.txt\"", "xlink:href=\"metadata/dc.xml\"")},
        {"mets.reference", replace("mets.xml", "FILEID=\"f1\"", "FILEID=\"f9\"")},
        {"mets.id_twice", replace("mets.xml", "ID=\"f2\"", "ID=\"f1\"")},
        {"mets.missing", replace("mets.xml", "xlink:href=\"text/A-1.txt\"", "xlink:href=\"text/B.txt\"")},
        {"mets.outside", replace("mets.xml", "xlink:href=\"text/A-1.txt\"", "xlink:href=\"../../etc/passwd\"")},
        {"mets.size", replace("mets.xml", "SIZE=\"", "SIZE=\"9")},
        {"mets.digest", replace("mets.xml", "CHECKSUM=\"" + sha("50x70 master"), "CHECKSUM=\"" + sha("other"))},
        {"xml.malformed", [](Files& f) { f["metadata/dc.xml"] = "<a><b></a>"; }},
        {"xml.malformed",
         [](Files& f) { f["metadata/dc.xml"] = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>"; }},
        {"alto.size",
         [](Files& f) {
             f["text/0001.alto.xml"] = make_alto(41, 60, 2);
             records(f);
         }},
        {"alto.outside",
         [](Files& f) {
             f["text/0001.alto.xml"] = make_alto(40, 60, 21);
             records(f);
         }},
        {"alto.no_page",
         [](Files& f) {
             f["text/0001.alto.xml"] = "<alto xmlns=\"http://www.loc.gov/standards/alto/ns-v4#\"/>";
             records(f);
         }},
        {"image.damaged",
         [](Files& f) {
             f["master/0001.tif"] = "II*";
             records(f);
         }},
        {"image.size",
         [](Files& f) {
             f["preservation/0001.tif"] = "39x60";
             records(f);
         }},
        {"pdf.damaged",
         [](Files& f) {
             f["access/A-1.pdf"].resize(300);
             records(f);
         }},
        {"pdf.damaged",
         [](Files& f) {
             f["access/A-1.pdf"] = "not a PDF";
             records(f);
         }},
        {"item.alto_text",
         [](Files& f) {
             std::string& alto = f["text/0001.alto.xml"];
             alto.replace(alto.find("Helloworld"), 10, "Otherwords");
             records(f);
         }},
        {"pdf.text",
         [](Files& f) {
             f["text/A-1.txt"] = "Hello word\n\f";
             records(f);
         }},
    };
    for (std::size_t i = 0; i < faults.size(); ++i) {
        Files files = good_item();
        faults[i].second(files);
        const Report report = verify(files);
        EXPECT_TRUE(codes(report).contains(faults[i].first))
            << "fault " << i << ", " << faults[i].first << " not found:\n"
            << report.to_text(Language::English);
        EXPECT_EQ(report.exit_code(), 1) << i;
    }
}

TEST_F(ItemCheck, DamageThatTheItemReportsItselfIsAWarning) {
    Files files = good_item();
    files["master/0001.tif"] = "damaged as delivered";
    records(files);
    json item = json::parse(files["metadata/item.json"]);
    item["pages"][0]["error"] = {{"code", "decode.damaged"}};
    files["metadata/item.json"] = item.dump();
    const Report report = verify(files);
    EXPECT_TRUE(report.good()) << report.to_text(Language::English);
    EXPECT_TRUE(codes(report, Severity::Warning).contains("image.known_damage"));
}

TEST_F(ItemCheck, WhatCannotBeJudgedIsSaid) {
    const auto with_item = [&](const std::function<void(json&)>& change) {
        Files files = good_item();
        json item = json::parse(files["metadata/item.json"]);
        change(item);
        files["metadata/item.json"] = item.dump();
        return verify(files);
    };
    EXPECT_TRUE(
        codes(with_item([](json& j) { j["type"] = "their-item"; }), Severity::Warning).contains("item.foreign"));
    EXPECT_TRUE(
        codes(with_item([](json& j) { j["schema"] = kItemSchema + 1; }), Severity::Warning).contains("item.newer"));
    Files files = good_item();
    std::string& mets = files["mets.xml"];
    mets.replace(mets.find("SHA-512"), 7, "HAVAL-5");
    EXPECT_TRUE(codes(verify(files), Severity::Warning).contains("mets.algorithm"));
}

TEST_F(ItemCheck, APdfThatTakesTooLongIsNamed) {
    Options options;
    options.check_pdf = [](const std::string& path) -> Result<int> { return fail("pdf.time_limit", "stopped", path); };
    EXPECT_EQ(codes(verify(good_item(), options)), std::set<std::string>{"pdf.time_limit"});
    // And where only its text does.
    const std::string slow = folder_ + "/pdftotext";
    ASSERT_TRUE(posix_file_system()->write(slow, "#!/bin/sh\nexec sleep 20\n"));
    stdfs::permissions(slow, stdfs::perms::owner_all);
    options = {};
    options.pdftotext = slow;
    options.pdf_seconds = 0;
    EXPECT_EQ(codes(verify(good_item(), options)), std::set<std::string>{"pdf.time_limit"});
}

TEST_F(ItemCheck, BytesChangedLinksAndStrayFilesInTheStoreAreFound) {
    ASSERT_TRUE(verify(good_item()).good());
    const std::string master = object_ + "/v1/content/master/0001.tif";
    const auto fs = posix_file_system();
    ASSERT_TRUE(fs->write(master, "50x70 mastes"));
    EXPECT_TRUE(codes(verify_path(root_)).contains("ocfl.E092"));
    Options quick;
    quick.digests = false;
    EXPECT_FALSE(codes(verify_path(root_, quick)).contains("ocfl.E092"));
    ASSERT_TRUE(fs->write(master, "50x70 master"));
    ASSERT_TRUE(verify_path(root_).good());
    stdfs::create_symlink("/etc/passwd", object_ + "/v1/content/link");
    EXPECT_TRUE(codes(verify_path(root_)).contains("ocfl.E090"));
    stdfs::remove(object_ + "/v1/content/link");
    stdfs::rename(master, folder_ + "/elsewhere");
    stdfs::create_symlink(folder_ + "/elsewhere", master);
    EXPECT_TRUE(codes(verify_path(root_)).contains("ocfl.E090"));
    EXPECT_TRUE(codes(verify_path(root_)).contains("ocfl.E092"));
}

TEST_F(ItemCheck, ABagOfTheItemIsVerifiedAsDeeply) {
    Report stored = verify(good_item());
    const auto fs = posix_file_system();
    OcflStore store(fs, root_);
    const auto state = store.state("urn:uuid:" + kUuid);
    ASSERT_TRUE(state);
    const std::string out = folder_ + "/out";
    const auto clock = fixed_clock(std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000)));
    const auto bag = find_package_writer("bag")->write({*fs, store, *state, out, *clock, Settings{}});
    ASSERT_TRUE(bag) << bag.error().to_string();
    Options options;
    options.decode = decode;
    const Report good = verify_path(bag->path, options);
    EXPECT_EQ(good.kind, Kind::Bag);
    EXPECT_TRUE(good.good()) << good.to_text(Language::English);
    EXPECT_EQ(good.images, 2U);
    ASSERT_TRUE(fs->append(bag->path + "/data/text/A-1.txt", "x", false));
    const Report bad = verify_path(bag->path, options);
    EXPECT_TRUE(codes(bad).contains("bag.digest")) << bad.to_text(Language::English);
    EXPECT_TRUE(codes(bad).contains("bag.oxum"));
    EXPECT_TRUE(codes(bad).contains("pdf.text"));
}

TEST_F(ItemCheck, ExitCodesAndReportForms) {
    const Report nothing = verify_path(folder_ + "/nothing");
    EXPECT_EQ(nothing.exit_code(), 66);
    const Report unknown = verify_path(folder_);
    EXPECT_EQ(unknown.exit_code(), 65);
    EXPECT_EQ(exit_code({nothing}), 66);
    const Report good = verify(good_item());
    EXPECT_EQ(exit_code({good}), 0);
    EXPECT_EQ(exit_code({good, nothing}), 1);
    const json j = unknown.to_json();
    EXPECT_EQ(j["schema"], 1);
    EXPECT_EQ(j["kind"], "unknown");
    EXPECT_EQ(j["issues"][0]["code"], "unknown_kind");
    EXPECT_FALSE(j["issues"][0]["message"].get<std::string>().empty());
    EXPECT_NE(unknown.to_text(Language::Chinese).find("错误"), std::string::npos);
}

TEST(PdfCheck, WhiteSpaceIsFoldedAway) {
    EXPECT_EQ(without_white_space("柳州市 人民\n政\u3000府\u00a0\u2009!\f"), "柳州市人民政府!");
    EXPECT_EQ(without_white_space("\xE2\x80"), "\xE2\x80"); // a torn character at the end
}

} // namespace
} // namespace recto::verify
