// What is kept as JSON comes back as it was: page text, treatment, sources, findings, staged files, fields.

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "pipeline/core/item.h"
#include "pipeline/core/model.h"
#include "pipeline/core/page_text.h"

namespace recto {
namespace {

/// Writes to text, reads back and writes again: equal texts mean that nothing was lost or invented on the way.
template <class T> T again(const T& value) {
    const std::string once = nlohmann::json(value).dump();
    T back = nlohmann::json::parse(once).get<T>();
    EXPECT_EQ(nlohmann::json(back).dump(), once);
    return back;
}

TextLine line(std::string text) {
    TextLine l;
    l.text = std::move(text);
    l.box = {1, 2, 30, 4.5};
    l.confidence = 0.75;
    return l;
}

PageText sample_text() {
    PageText t;
    t.width = 2480;
    t.height = 3508;
    t.engine = "tesseract 5.3.0";
    t.language = "chi_sim+eng";
    t.confidence = 0.9375;
    TextBlock heading;
    heading.box = {10, 20, 300, 40};
    heading.lines = {line("关于印发"), line("通知 \"A\"")};
    heading.lines[1].vertical = true;
    Word word;
    word.text = "通知";
    word.box = {1, 2, 3, 4};
    word.confidence = 1.0 / 3;
    word.glyphs = {{"通", {1, 2, 1.5, 4}, 0.5}, {"知", {2.5, 2, 1.5, 4}, 0.25}};
    heading.lines[1].words = {word};
    TextBlock seal;
    seal.kind = BlockKind::Seal;
    TextBlock table;
    table.kind = BlockKind::Table;
    table.lines = {line("𠮷 x")}; // Outside the basic plane.
    t.blocks = {heading, seal, table};
    return t;
}

TEST(PageText, JsonRoundTrip) {
    const PageText back = again(sample_text());
    EXPECT_EQ(back.width, 2480);
    EXPECT_EQ(back.engine, "tesseract 5.3.0");
    EXPECT_EQ(back.state, ReadState::Read);
    ASSERT_EQ(back.blocks.size(), 3U);
    EXPECT_EQ(back.blocks[1].kind, BlockKind::Seal);
    EXPECT_EQ(back.blocks[2].kind, BlockKind::Table);
    EXPECT_TRUE(back.blocks[0].lines[1].vertical);
    EXPECT_FALSE(back.blocks[0].lines[0].vertical);
    const Word& word = back.blocks[0].lines[1].words.at(0);
    EXPECT_EQ(word.confidence, 1.0 / 3);
    ASSERT_EQ(word.glyphs.size(), 2U);
    EXPECT_EQ(word.glyphs[1].text, "知");
    EXPECT_EQ(word.glyphs[1].box.x, 2.5);
    EXPECT_EQ(back.plain(), sample_text().plain());
    for (const ReadState s : {ReadState::Read, ReadState::Blank, ReadState::NotMachineReadable}) {
        PageText t;
        t.state = s;
        EXPECT_EQ(again(t).state, s);
    }
    EXPECT_EQ(nlohmann::json(sample_text()).at("schema"), 1);
    EXPECT_THROW((void)nlohmann::json::object().get<PageText>(), nlohmann::json::exception);
}

TEST(PageText, PlainIsALineALineAndABlankLineBetweenBlocks) {
    EXPECT_EQ(sample_text().plain(), "关于印发\n通知 \"A\"\n\n𠮷 x\n"); // The seal without text leaves no gap.
    EXPECT_EQ(PageText().plain(), "");
    PageText pictures;
    pictures.blocks.resize(3);
    EXPECT_EQ(pictures.plain(), "");
    PageText one;
    one.blocks.resize(1);
    one.blocks[0].lines = {line("a")};
    EXPECT_EQ(one.plain(), "a\n");
}

Finding sample_finding() {
    Finding f;
    f.code = "treat.low_resolution";
    f.severity = Severity::Rescan;
    f.args = {"150", "200"};
    f.has_place = true;
    f.place = {1, 2, 3, 4};
    return f;
}

TEST(Finding, JsonRoundTripCarriesTheSentences) {
    const nlohmann::json j = sample_finding();
    EXPECT_EQ(j.at("message"),
              "The scan has 150 dpi; at least 200 dpi are asked for. Scan again at a higher resolution.");
    EXPECT_EQ(j.at("message_zh"), sample_finding().chinese());
    const Finding back = again(sample_finding());
    EXPECT_EQ(back.code, "treat.low_resolution");
    EXPECT_EQ(back.severity, Severity::Rescan);
    EXPECT_EQ(back.args, (std::vector<std::string>{"150", "200"}));
    EXPECT_TRUE(back.has_place);
    EXPECT_EQ(back.place.height, 4);
    EXPECT_FALSE(again(Finding{"treat.blank", Severity::Info, {}, false, {}}).has_place);
    for (const Severity s : {Severity::Info, Severity::Warning, Severity::Rescan, Severity::Error})
        EXPECT_EQ(parse_severity(to_string(s)), s);
    EXPECT_EQ(parse_severity("catastrophe"), Severity::Error); // What is not known is taken seriously.
}

Source sample_source() {
    Source s;
    s.path = "/scans/箱7/001.tif";
    s.original_name = "001.tif";
    s.original_bytes = "%B0%A1.tif";
    s.sha512 = "ab12";
    s.size = (std::uint64_t{1} << 40) + 3;
    s.media_type = "image/tiff";
    s.extension = "tif";
    s.capture = {"Maker Model", "Scan 1", "李", "3", "2026:03:17 10:00:00"};
    ImageInfo i;
    i.width = 2480;
    i.height = 3508;
    i.bits_per_sample = 8;
    i.samples = 3;
    i.photometric = "rgb";
    i.compression = "lzw";
    i.dpi = {300, 299.5, DpiSource::File};
    i.orientation = 6;
    i.has_icc = true;
    i.rendered = true;
    i.findings = {sample_finding()};
    s.images = {i, ImageInfo()};
    return s;
}

TEST(Model, SourceRoundTrip) {
    const Source back = again(sample_source());
    EXPECT_EQ(back.path, "/scans/箱7/001.tif");
    EXPECT_EQ(back.original_bytes, "%B0%A1.tif");
    EXPECT_EQ(back.size, (std::uint64_t{1} << 40) + 3);
    EXPECT_EQ(back.capture.operator_name, "李");
    EXPECT_EQ(back.capture.station, "3");
    ASSERT_EQ(back.images.size(), 2U);
    EXPECT_EQ(back.images[0].dpi.y, 299.5);
    EXPECT_EQ(back.images[0].dpi.source, DpiSource::File);
    EXPECT_EQ(back.images[1].dpi.source, DpiSource::Assumed);
    EXPECT_EQ(back.images[0].orientation, 6);
    EXPECT_TRUE(back.images[0].has_icc);
    EXPECT_TRUE(back.images[0].rendered);
    EXPECT_EQ(back.images[0].findings.at(0).code, "treat.low_resolution");
}

TEST(Model, TreatmentRoundTrip) {
    PageTreatment t;
    t.transform = Transform(2480, 3508).rotate_quarters(1).rotate(-1.25).crop({5, 6, 2000, 1500});
    t.orientation_deg = 90;
    t.orientation_confidence = 0.875;
    t.skew_deg = 1.25;
    t.skew_confidence = 0.5;
    t.residual_skew_deg = 0.03125;
    t.deskewed = true;
    t.has_quad = true;
    t.quad = {Point{1, 2}, Point{3, 4}, Point{5, 6}, Point{7, 8}};
    t.quad_confidence = 0.25;
    t.cropped = true;
    t.blank = true;
    t.ink_ratio = 0.0625;
    t.sharpness = 0.75;
    t.contrast = 0.125;
    t.dpi = {300, 300, DpiSource::Inferred};
    t.split = "left";
    t.signature = "00ff00ff00ff00ff";
    t.findings = {sample_finding()};
    ImageTreatment image;
    image.pages = {t, PageTreatment()};
    image.separator = {"code128", "LZ01-WS·2023-D30-0012"};
    image.codes = {{"qr", "A-1"}, {"code39", "ASN00123"}};
    image.pages[0].target = 0.75;
    image.findings = {sample_finding(), sample_finding()};

    const ImageTreatment back = again(image);
    ASSERT_EQ(back.pages.size(), 2U);
    const PageTreatment& b = back.pages[0];
    EXPECT_EQ(b.transform.width(), 2000);
    EXPECT_EQ(b.transform.matrix(), t.transform.matrix());
    EXPECT_EQ(b.orientation_deg, 90);
    EXPECT_EQ(b.skew_deg, 1.25);
    EXPECT_EQ(b.residual_skew_deg, 0.03125);
    EXPECT_TRUE(b.deskewed && b.has_quad && b.cropped && b.blank);
    EXPECT_EQ(b.quad[3].y, 8);
    EXPECT_EQ(b.dpi.source, DpiSource::Inferred);
    EXPECT_EQ(b.split, "left");
    EXPECT_EQ(b.signature, "00ff00ff00ff00ff");
    EXPECT_FALSE(back.pages[1].has_quad);
    EXPECT_EQ(back.separator.value, "LZ01-WS·2023-D30-0012");
    EXPECT_TRUE(again(ImageTreatment()).separator.kind.empty());
    ASSERT_EQ(back.codes.size(), 2U);
    EXPECT_EQ(back.codes[1].value, "ASN00123");
    EXPECT_EQ(b.target, 0.75);
    nlohmann::json old = image; // as an earlier version wrote it
    old.erase("codes");
    old["pages"][0].erase("target");
    EXPECT_TRUE(old.get<ImageTreatment>().codes.empty());
    EXPECT_EQ(old.get<ImageTreatment>().pages[0].target, 0);
}

TEST(Model, PageClassesKeepTheirNames) {
    // Frozen: these names are in archives.
    const std::pair<PageClass, std::string_view> names[] = {{PageClass::Body, "body"},
                                                            {PageClass::Cover, "cover"},
                                                            {PageClass::Contents, "contents"},
                                                            {PageClass::Blank, "blank"},
                                                            {PageClass::BlankVerso, "blank-verso"},
                                                            {PageClass::BackNote, "back-note"},
                                                            {PageClass::Separator, "separator"},
                                                            {PageClass::Target, "target"}};
    for (const auto& [c, name] : names) {
        EXPECT_EQ(to_string(c), name);
        EXPECT_EQ(parse_page_class(name), c);
        EXPECT_EQ(counts_as_page(c), c == PageClass::Body);
    }
    EXPECT_EQ(parse_page_class("poster"), PageClass::Body);
}

TEST(Item, EncodedFilesAndFieldsRoundTrip) {
    EncodedPage e;
    e.files = {
        {"preservation/0001.tif", "/w/a.tif", "image/tiff", "ff", 12345678901ULL, 2480, 3508, 300.5, "preservation"}};
    e.pdf_image = {"", "/w/b.jpg", "image/jpeg", "ee", 10, 1240, 1754, 150, "pdf"};
    e.pdf_filter = "DCTDecode";
    e.pdf_components = 1;
    const EncodedPage back = again(e);
    EXPECT_EQ(back.files.at(0).size, 12345678901ULL);
    EXPECT_EQ(back.files.at(0).dpi, 300.5);
    EXPECT_EQ(back.pdf_image.role, "pdf");
    EXPECT_EQ(back.pdf_components, 1);

    const Field f{"date", "二〇二三年五月", "2023-05", "extracted", 1, {1, 2, 3, 4}, 0.5};
    EXPECT_EQ(again(f).place.width, 3);
    EXPECT_EQ(again(f).value, "2023-05");
    const Field listed{"title", "题名", "题名", "catalogue", 0, {}, 1};
    EXPECT_FALSE(nlohmann::json(listed).contains("place"));
    EXPECT_EQ(again(listed).as_written, "题名");
}

TEST(Item, TheBestWordWins) {
    Item item;
    item.fields = {{"title", "", "found", "extracted", 1, {}, 0.9}, {"title", "", "listed", "catalogue", 0, {}, 1}};
    EXPECT_EQ(item.field("title")->value, "listed");
    item.fields.push_back({"title", "", "said", "operator", 0, {}, 1});
    EXPECT_EQ(item.field("title")->value, "said");
    EXPECT_EQ(item.field("date"), nullptr);
    item.provisional_name = "box/3";
    EXPECT_EQ(item.display_name(), "box/3");
    item.reference_code = "LZ01-1";
    EXPECT_EQ(item.display_name(), "LZ01-1");
    item.pages.resize(3);
    item.pages[1].page_class = PageClass::BlankVerso;
    EXPECT_EQ(item.counted_pages(), 2);
    item.sources = {sample_source(), sample_source()};
    item.sources[1].extension = "pdf";
    EXPECT_EQ(master_logical_path(item, 1), "master/0002.pdf");
}

} // namespace
} // namespace recto
