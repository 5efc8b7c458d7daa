/// The text that PDFs bring along: kept where it is what the page shows, reported where it is not. Real engines, pages made
/// here.

#include <chrono>
#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <opencv2/imgproc.hpp>

#define POINTERHOLDER_TRANSITION 4
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFWriter.hh>

#include "pipeline/files/decode.h"
#include "pipeline/files/image_out.h"
#include "stages/reading/own_text.h"
#include "stages/reading/reading.h"
#include "stages/reading/settings.h"

namespace recto {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::vector<std::string> kLetter = {"Record of the commission for bridges and roads",
                                          "The commission has met four times in the course of the year.",
                                          "It has read the report of the engineers on the northern bridge",
                                          "and finds that two of the piers must be built anew in spring.",
                                          "The cost is 12450 crowns, of which the province bears a third.",
                                          "For the harbour road a second survey has been ordered today.",
                                          "Members asked whether timber from the state forest can be used.",
                                          "The forester answered that felling is possible before March."};
const std::vector<std::string> kOther = {"List of seeds received at the garden in exchange",
                                         "Purple foxglove, wild thyme and hyssop came from Uppsala.",
                                         "A parcel with grasses of the steppe was spoiled by water.",
                                         "Nothing arrived from the islands because the ship is late."};

struct PageSpec {
    std::vector<std::string> lines;
    double left = 90, top = 740, size = 14, step = 26; ///< Points.
    bool hidden = false;
    std::string scan{}; ///< JPEG that fills the page.
    int scan_width = 0, scan_height = 0;
    double lean = 0; ///< Degrees by which the text is turned clockwise about the middle of the page.
    std::string page = "/MediaBox [0 0 595 842]";
    std::string to_unicode{}; ///< CMap of the font; empty: none, the font's encoding says it.
    std::string more{};       ///< Content behind the text.
};

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '(' || c == ')' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return out;
}

void write_page(const std::string& path, const PageSpec& s) {
    QPDF pdf;
    pdf.emptyPDF();
    QPDFObjectHandle font =
        QPDFObjectHandle::parse("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
    if (!s.to_unicode.empty())
        font.replaceKey("/ToUnicode", pdf.makeIndirectObject(QPDFObjectHandle::newStream(&pdf, s.to_unicode)));
    QPDFObjectHandle resources = QPDFObjectHandle::parse("<< /Font << >> /XObject << >> >>");
    resources.getKey("/Font").replaceKey("/F1", pdf.makeIndirectObject(font));
    std::string content;
    if (!s.scan.empty()) {
        QPDFObjectHandle image = QPDFObjectHandle::newStream(&pdf, s.scan);
        image.replaceDict(QPDFObjectHandle::parse(
            "<< /Type /XObject /Subtype /Image /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode /Width " +
            std::to_string(s.scan_width) + " /Height " + std::to_string(s.scan_height) + " >>"));
        resources.getKey("/XObject").replaceKey("/Im0", pdf.makeIndirectObject(image));
        content += "q 595 0 0 842 0 0 cm /Im0 Do Q\n";
    }
    const double turn = -s.lean * CV_PI / 180, c = std::cos(turn), sn = std::sin(turn);
    content += "q " + std::to_string(c) + " " + std::to_string(sn) + " " + std::to_string(-sn) + " " +
               std::to_string(c) + " " + std::to_string(300 - c * 300 + sn * 420) + " " +
               std::to_string(420 - sn * 300 - c * 420) + " cm\n";
    double y = s.top;
    for (const std::string& line : s.lines) {
        content += "BT " + std::string(s.hidden ? "3 Tr" : "0 Tr") + " /F1 " + std::to_string(s.size) + " Tf " +
                   std::to_string(s.left) + " " + std::to_string(y) + " Td (" + escaped(line) + ") Tj ET\n";
        y -= s.step;
    }
    content += "Q\n" + s.more;
    QPDFObjectHandle page = QPDFObjectHandle::parse("<< /Type /Page " + s.page + " >>");
    page.replaceKey("/Resources", resources);
    page.replaceKey("/Contents", pdf.makeIndirectObject(QPDFObjectHandle::newStream(&pdf, content)));
    pdf.addPage(pdf.makeIndirectObject(page), false);
    QPDFWriter writer(pdf, path.c_str());
    writer.setStreamDataMode(qpdf_s_preserve);
    writer.write();
}

/// Characters 0x20 to 0x7E as the code points from `first` on.
std::string cmap_from(int first) {
    char to[16];
    std::snprintf(to, sizeof to, "%04X", first);
    return "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
           "1 begincodespacerange <00> <FF> endcodespacerange\n1 beginbfrange <20> <7E> <" +
           std::string(to) + "> endbfrange\nendcmap end end\n";
}

std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
}

/// Lines without the empty ones between blocks.
std::string lines_only(const PageText& page) {
    std::string out;
    for (const TextBlock& block : page.blocks)
        for (const TextLine& line : block.lines) out += line.text + "\n";
    return out;
}

Box ink_in(const cv::Mat& grey) {
    cv::Mat dark;
    cv::threshold(grey, dark, 128, 255, cv::THRESH_BINARY_INV);
    const cv::Rect r = cv::boundingRect(dark);
    return {static_cast<double>(r.x), static_cast<double>(r.y), static_cast<double>(r.width),
            static_cast<double>(r.height)};
}

class TextLayer : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "recto-layer-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        source_.media_type = "application/pdf";
        source_.path = folder_ + "/t.pdf";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    static TextReader& reader(const std::string& wanted) {
        static std::map<std::string, std::unique_ptr<TextReader>> readers;
        static std::map<std::string, Settings> settings;
        if (!readers[wanted]) {
            settings[wanted].set(reading::kTextLayer, *reading::kTextLayer.parse(wanted));
            settings[wanted].set(reading::kLanguage, *reading::kLanguage.parse("eng"));
            StageContext context;
            context.settings = &settings[wanted];
            context.model_folder = std::string(RECTO_DEPS_DIR) + "/models";
            context.source_text = [](const Source& s, int index) { return text_here(s.path, index); };
            auto opened = TextReader::open(context);
            EXPECT_TRUE(opened) << (opened ? "" : opened.error().to_string());
            readers[wanted] = std::move(*opened);
        }
        return *readers[wanted];
    }

    Raster scan_of(const PageSpec& spec) {
        write_page(source_.path, spec);
        auto r = decode_here(source_.path, 0);
        EXPECT_TRUE(r) << (r ? "" : r.error().to_string());
        return r ? *r : Raster{};
    }

    PageReading read(const std::string& wanted, const PageSpec& spec, const Transform* transform = nullptr) {
        const Raster scan = scan_of(spec);
        const Transform whole(scan.width(), scan.height());
        const Transform& to_page = transform ? *transform : whole;
        image_ = *render(scan, to_page);
        auto got = reader(wanted).read(image_, {source_, 0, to_page},
                                       {std::chrono::steady_clock::now() + std::chrono::minutes(2), {}});
        EXPECT_TRUE(got) << (got ? "" : got.error().to_string());
        return got ? *got : PageReading{};
    }

    /// A scan of `printed` with `layer` hidden over it.
    PageSpec scanned(const std::vector<std::string>& printed, const std::vector<std::string>& layer) {
        Raster print = scan_of({printed});
        print.pixels = to_grey(print);
        print.mode = ColourMode::Grey;
        PageSpec s;
        s.lines = layer;
        s.hidden = true;
        s.scan = *write_jpeg(print, 85);
        s.scan_width = print.width();
        s.scan_height = print.height();
        return s;
    }

    static std::vector<std::string> codes(const PageReading& r) {
        std::vector<std::string> out;
        for (const Finding& f : r.findings) out.push_back(f.code);
        return out;
    }

    /// Each word of some lines lies within two pixels of where it is drawn when it is drawn alone.
    void expect_boxes(const PageReading& r, const PageSpec& spec, const Transform& to_page) {
        for (std::size_t at : {std::size_t{0}, spec.lines.size() / 2, spec.lines.size() - 1}) {
            PageSpec alone = spec;
            alone.lines = std::vector<std::string>(at, "");
            alone.lines.push_back(spec.lines[at]);
            const Raster page = *render(scan_of(alone), to_page);
            const TextLine* line = nullptr;
            for (const TextBlock& block : r.text.blocks)
                for (const TextLine& l : block.lines)
                    if (l.text == spec.lines[at]) line = &l;
            ASSERT_NE(line, nullptr) << spec.lines[at];
            const Box ink = ink_in(to_grey(page));
            EXPECT_NEAR(line->box.x, ink.x, 2) << line->text;
            EXPECT_NEAR(line->box.y, ink.y, 2) << line->text;
            EXPECT_NEAR(line->box.x + line->box.width, ink.x + ink.width, 2) << line->text;
            EXPECT_NEAR(line->box.y + line->box.height, ink.y + ink.height, 2) << line->text;
            for (const Word& word : line->words) {
                const cv::Rect place(static_cast<int>(word.box.x) - 3, static_cast<int>(word.box.y) - 3,
                                     static_cast<int>(word.box.width) + 6, static_cast<int>(word.box.height) + 6);
                Box drawn = ink_in(to_grey(page)(place & cv::Rect(0, 0, page.width(), page.height())));
                drawn.x += std::max(0, place.x);
                drawn.y += std::max(0, place.y);
                EXPECT_NEAR(word.box.x, drawn.x, 2) << word.text;
                EXPECT_NEAR(word.box.y, drawn.y, 2) << word.text;
                EXPECT_NEAR(word.box.width, drawn.width, 2) << word.text;
                EXPECT_NEAR(word.box.height, drawn.height, 2) << word.text;
            }
        }
    }

    std::string folder_;
    Source source_;
    Raster image_;
};

TEST_F(TextLayer, OfABornDigitalPageIsKeptWordByWord) {
    const PageSpec spec{kLetter};
    const PageReading r = read("keep", spec);
    EXPECT_EQ(lines_only(r.text), joined(kLetter));
    EXPECT_THAT(r.text.engine, StartsWith("text layer of the PDF"));
    EXPECT_THAT(codes(r), ::testing::IsEmpty());
    ASSERT_TRUE(r.text.layer);
    EXPECT_TRUE(r.text.layer->kept);
    EXPECT_GT(r.text.layer->likeness, 0.9);
    EXPECT_GT(r.text.confidence, 0.9);
    expect_boxes(r, spec, Transform(image_.width(), image_.height()));
}

TEST_F(TextLayer, FollowsThePageThroughTurnCropAndSplit) {
    PageSpec spec{kLetter};
    spec.lean = 1.5;
    for (const char* page : {"/MediaBox [0 0 595 842]", "/MediaBox [0 0 595 842] /Rotate 90",
                             "/MediaBox [-20 -10 595 842] /CropBox [40 480 570 800] /Rotate 270"}) {
        spec.page = page;
        const Raster scan = scan_of(spec);
        const bool lies = std::string(page).find("Rotate") != std::string::npos;
        Transform t(scan.width(), scan.height());
        if (lies) t.rotate_quarters(std::string(page).find("270") != std::string::npos ? 1 : 3);
        t.rotate(-1.5);
        t.crop({30, 40, t.width() - 60.0, t.height() - 80.0});
        const PageReading r = read("keep", spec, &t);
        EXPECT_EQ(lines_only(r.text), joined(kLetter)) << page;
        EXPECT_THAT(codes(r), ::testing::IsEmpty());
        expect_boxes(r, spec, t);
    }
    // Half of a page takes what stands on it.
    spec.page = "/MediaBox [0 0 595 842]";
    spec.lean = 0;
    const Raster scan = scan_of(spec);
    Transform upper(scan.width(), scan.height()), lower = upper;
    const double cut = scan.height() * (842 - spec.top + 3.5 * spec.step - 4) / 842;
    upper.crop({0, 0, static_cast<double>(scan.width()), std::floor(cut)});
    lower.crop({0, std::floor(cut), static_cast<double>(scan.width()), scan.height() - std::floor(cut)});
    EXPECT_EQ(lines_only(read("keep", spec, &upper).text) + lines_only(read("keep", spec, &lower).text),
              joined(kLetter));
}

TEST_F(TextLayer, ThatIsGoodIsNoFindingWhenCompared) {
    const PageReading born = read("compare", PageSpec{kLetter});
    EXPECT_THAT(codes(born), ::testing::IsEmpty());
    EXPECT_THAT(born.text.engine, ::testing::Not(HasSubstr("text layer")));
    ASSERT_TRUE(born.text.layer);
    EXPECT_GT(born.text.layer->likeness, 0.9);
    EXPECT_FALSE(born.text.layer->kept);
    const PageReading scan = read("compare", scanned(kLetter, kLetter));
    EXPECT_THAT(codes(scan), ::testing::IsEmpty());
    EXPECT_GT(scan.text.layer->likeness, 0.9);
    const PageReading replaced = read("replace", PageSpec{kLetter});
    EXPECT_FALSE(replaced.text.layer);
}

TEST_F(TextLayer, OfAScanIsKeptWhereItSaysWhatIsRead) {
    std::vector<std::string> layer = kLetter;
    layer[3] = "aud fiuds thal lwo ol lhe plers musl be buill auew iu spriug."; // Somebody's OCR, one line spoilt.
    layer[5] = "zq xx 77 kkk vv ww qqq zz yy xj jj pp oo";
    const PageReading r = read("keep", scanned(kLetter, layer));
    EXPECT_THAT(codes(r), ::testing::IsEmpty());
    EXPECT_THAT(r.text.engine, StartsWith("text layer of the PDF"));
    std::vector<std::string> expected = layer;
    expected[5] = kLetter[5]; // Another line altogether: what was read there stays.
    EXPECT_EQ(lines_only(r.text), joined(expected));
    EXPECT_TRUE(r.text.layer->kept);
    EXPECT_LT(r.text.layer->likeness, 0.95);
}

TEST_F(TextLayer, OfAnotherPageIsReported) {
    for (const char* wanted : {"compare", "keep"}) {
        const PageReading r = read(wanted, scanned(kLetter, kOther));
        EXPECT_THAT(codes(r), ::testing::ElementsAre("read.layer_differs")) << wanted;
        EXPECT_THAT(lines_only(r.text), HasSubstr("commission")) << wanted;
        EXPECT_THAT(r.text.engine, ::testing::Not(HasSubstr("text layer")));
        EXPECT_LT(r.text.layer->likeness, 0.4) << wanted;
        EXPECT_FALSE(r.text.layer->kept);
    }
}

TEST_F(TextLayer, ThatNamesOtherCharactersThanItPaintsIsReported) {
    PageSpec shifted{kLetter};
    shifted.to_unicode = cmap_from(0x23); // Each letter as the third after it: a common fault of subset fonts.
    for (const char* wanted : {"compare", "keep"}) {
        const PageReading r = read(wanted, shifted);
        EXPECT_THAT(codes(r), ::testing::ElementsAre("read.layer_differs")) << wanted;
        EXPECT_THAT(lines_only(r.text), HasSubstr("commission")) << wanted;
    }
    PageSpec none{kLetter};
    none.to_unicode = cmap_from(0xE020);
    const PageReading r = read("keep", none);
    EXPECT_THAT(codes(r), ::testing::ElementsAre("read.layer_garbled"));
    EXPECT_THAT(lines_only(r.text), HasSubstr("commission"));
    EXPECT_THAT(codes(read("compare", none)), ::testing::ElementsAre("read.layer_differs"));
}

TEST_F(TextLayer, ThatLiesElsewhereIsReportedWhenItShouldBeKept) {
    PageSpec s = scanned(kLetter, kLetter);
    s.top -= 300;
    EXPECT_THAT(codes(read("keep", s)), ::testing::ElementsAre("read.layer_misplaced"));
    EXPECT_THAT(codes(read("compare", s)), ::testing::IsEmpty()) << "the text is the page's";
}

TEST_F(TextLayer, WithAStampOnAScanIsNotThePage) {
    PageSpec s = scanned(kLetter, {});
    s.more = "BT /F1 12 Tf 90 800 Td (Copy made by the county archive, sheet 17) Tj ET";
    const PageReading r = read("keep", s);
    EXPECT_THAT(lines_only(r.text), HasSubstr("harbour road"));
    EXPECT_THAT(codes(r), ::testing::ElementsAre("read.layer_differs"));
}

TEST_F(TextLayer, HiddenBesidesPrintIsNotTakenForIt) {
    PageSpec s{kLetter};
    s.more = "BT 1 g /F1 14 Tf 90 300 Td (white on white) Tj ET";
    const PageReading r = read("keep", s);
    EXPECT_EQ(lines_only(r.text), joined(kLetter));
    EXPECT_THAT(codes(r), ::testing::IsEmpty());
}

TEST_F(TextLayer, AbsentOrUnreadableCostsNothing) {
    for (const char* wanted : {"compare", "keep"}) {
        const PageReading none = read(wanted, scanned(kLetter, {}));
        EXPECT_THAT(codes(none), ::testing::IsEmpty()) << wanted;
        EXPECT_FALSE(none.text.layer);
        EXPECT_THAT(lines_only(none.text), HasSubstr("harbour road"));
    }
    // The file has gone bad since it was decoded.
    const Raster scan = scan_of(PageSpec{kLetter});
    std::filesystem::resize_file(source_.path, 40);
    const Transform whole(scan.width(), scan.height());
    const auto r = reader("keep").read(scan, {source_, 0, whole}, {});
    ASSERT_TRUE(r) << r.error().to_string();
    EXPECT_THAT(codes(*r), ::testing::ElementsAre("read.layer_unreadable"));
    EXPECT_EQ(r->findings[0].severity, Severity::Warning);
    EXPECT_THAT(lines_only(r->text), HasSubstr("harbour road"));
}

// ---- without an engine ---------------------------------------------------------------------------------------------

TextLine line_of(const std::string& text, Box box, bool vertical = false) {
    TextLine line;
    line.text = text;
    line.box = box;
    line.vertical = vertical;
    line.words.push_back({text, box, 0.9, {}, {}});
    return line;
}

TEST(OwnText, ColumnsWrittenCharacterByCharacterTakeTheDirectionThatWasRead) {
    // Two columns of four; the file's lines go across them.
    const std::vector<std::string> right = {"防", "汛", "工", "作"}, left = {"通", "知", "如", "下"};
    SourceText text;
    for (int i = 0; i < 4; ++i) {
        const double y = 100 + 50.0 * i;
        const auto at = static_cast<std::size_t>(i);
        text.lines.push_back({{left[at], {100, y, 40, 40}}, {right[at], {160, y, 40, 40}}});
    }
    const reading::OwnText own = reading::own_text_on(text, Transform(400, 400));
    EXPECT_EQ(own.characters, 8);
    TextBlock block;
    block.lines = {line_of("防汛工作", {158, 98, 44, 196}, true), line_of("通知加下", {98, 98, 44, 196}, true)};
    block.box = {98, 98, 104, 196};
    std::vector<TextBlock> read = {block};
    EXPECT_GT(reading::agreement_of(own, read).by_place, 0.8);
    reading::put_own_words(own, read, 0.5);
    ASSERT_EQ(read.size(), 1U);
    EXPECT_EQ(read[0].lines[0].text, "防汛工作");
    EXPECT_EQ(read[0].lines[1].text, "通知如下");
    EXPECT_NEAR(read[0].lines[1].confidence, 0.75, 1e-9);
}

TEST(OwnText, WordsOffThePageAndOrderThatIsNotKnown) {
    SourceText text;
    text.lines.push_back(
        {{"inside", {10, 10, 60, 20}}, {"outside", {-300, 10, 60, 20}}, {"across", {380, 10, 60, 20}}});
    text.lines.push_back({{"שלום", {10, 60, 60, 20}}});
    const reading::OwnText own = reading::own_text_on(text, Transform(400, 100));
    ASSERT_EQ(own.lines.size(), 2U);
    EXPECT_EQ(own.lines[0].text, "inside");
    EXPECT_NEAR(own.garbled, 0.4, 1e-9);
}

TEST(OwnText, AWordsPrintIsItsOwnWhateverTheFontSaysOfItsHeight) {
    // Three lines 40 apart, boxes two lines high; a rule above the first; nothing where the last one should be.
    cv::Mat grey(300, 400, CV_8UC1, cv::Scalar(250));
    cv::rectangle(grey, cv::Rect(0, 70, 400, 3), cv::Scalar(0), cv::FILLED);
    for (int i = 0; i < 3; ++i) cv::rectangle(grey, cv::Rect(50, 90 + 40 * i, 100, 20), cv::Scalar(20), 2);
    SourceText text;
    for (int i = 0; i < 3; ++i) text.lines.push_back({{"word", {48, 60 + 40.0 * i, 104, 80}}});
    text.lines.push_back({{"ghost", {250, 220, 100, 30}}});
    reading::OwnText own = reading::own_text_on(text, Transform(400, 300));
    reading::settle_on_print(own, grey);
    ASSERT_EQ(own.lines.size(), 3U);
    EXPECT_NEAR(own.on_print, 12.0 / 17, 1e-9);
    for (int i = 0; i < 3; ++i) {
        const Box& box = own.lines[static_cast<std::size_t>(i)].box;
        EXPECT_NEAR(box.x, 49, 1);
        EXPECT_NEAR(box.width, 102, 2);
        EXPECT_NEAR(box.y, 89 + 40.0 * i, 1);
        EXPECT_NEAR(box.height, 22, 2);
    }
}

TEST(OwnText, LinesThatOnlyOneOfBothHas) {
    SourceText text;
    text.lines.push_back({{"Heading", {50, 20, 100, 20}}});
    text.lines.push_back({{"first", {50, 60, 50, 20}}, {"line", {110, 60, 40, 20}}});
    const reading::OwnText own = reading::own_text_on(text, Transform(400, 400));
    TextBlock block;
    block.lines = {line_of("first 1ine", {49, 58, 102, 24}), line_of("by hand", {50, 200, 90, 20})};
    block.box = {49, 58, 102, 162};
    std::vector<TextBlock> read = {block};
    reading::put_own_words(own, read, 0.5);
    ASSERT_EQ(read.size(), 2U);
    EXPECT_EQ(read[0].lines[0].text, "Heading");
    EXPECT_EQ(read[0].lines[0].confidence, 0.5);
    EXPECT_EQ(read[1].lines[0].text, "first line");
    EXPECT_EQ(read[1].lines[1].text, "by hand");
}

} // namespace
} // namespace recto
