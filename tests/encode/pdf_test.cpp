// The access PDF, read back by poppler and qpdf: text, places, structure, reproducibility.

#include <cmath>
#include <regex>

#include "pipeline/files/decode.h"
#include "pipeline/files/memory_file_system.h"
#include "stages/encode/pdf_writer.h"
#include "tests/encode/support.h"

namespace recto {
namespace {

using namespace testing;

struct PdfWord {
    int page;
    double x0, y0, x1, y1; ///< Points from the top left.
    std::string text;
};

std::string unescape(std::string s) {
    for (auto [from, to] : {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&amp;", "&"}})
        for (std::size_t at = 0; (at = s.find(from, at)) != std::string::npos; ++at)
            s.replace(at, std::strlen(from), to);
    return s;
}

std::vector<PdfWord> words_of(const std::string& pdf) {
    const std::string html = run("pdftotext -bbox " + quote(pdf) + " -").text;
    static const std::regex kWord(
        "<page |<word xMin=\"([-0-9.]+)\" yMin=\"([-0-9.]+)\" xMax=\"([-0-9.]+)\" yMax=\"([-0-9.]+)\">([^<]*)</word>");
    std::vector<PdfWord> out;
    int page = 0;
    for (std::sregex_iterator it(html.begin(), html.end(), kWord), end; it != end; ++it) {
        if ((*it)[0] == "<page ") ++page;
        else
            out.push_back({page, std::stod((*it)[1]), std::stod((*it)[2]), std::stod((*it)[3]), std::stod((*it)[4]),
                           unescape((*it)[5])});
    }
    return out;
}

class Pdf : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        made = new MadeItem(assorted_pages());
        made->encode_pages();
        const auto done = made->make_files();
        ASSERT_TRUE(done) << done.error().to_string();
    }
    static void TearDownTestSuite() {
        delete made;
        made = nullptr;
    }
    static MadeItem* made;
};
MadeItem* Pdf::made = nullptr;

std::vector<std::string> expected_lines(const MadeItem& made) {
    std::vector<std::string> out;
    for (const Page& p : made.item.pages)
        for (const std::string& l : lines_of(encode::clean_text(p.text).plain())) out.push_back(l);
    return out;
}

TEST_F(Pdf, BothModesOfPdftotextGiveTheLinesInOrder) {
    EXPECT_EQ(lines_of(run("pdftotext -raw " + quote(made->pdf_path()) + " -").text), expected_lines(*made));
    EXPECT_EQ(lines_of(run("pdftotext " + quote(made->pdf_path()) + " -").text), expected_lines(*made));
}

TEST_F(Pdf, TextFileSaysTheSame) {
    EXPECT_EQ(lines_of(made->content("text/0025-WS·2012-Y-BGS-0001.txt")), expected_lines(*made));
    const std::string text = made->content("text/0025-WS·2012-Y-BGS-0001.txt");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\f'), 5);
}

TEST_F(Pdf, SelectedWordsCoverThePrintWithinHalfAMillimetre) {
    const auto found = words_of(made->pdf_path());
    ASSERT_FALSE(found.empty());
    double worst = 0;
    for (const PdfWord& w : found) {
        const Page& page = made->item.pages[static_cast<std::size_t>(w.page - 1)];
        const double scale = 72 / page.treatment.dpi.x;
        // The printed piece that has this text nearest to where the PDF puts it.
        double best = 1e9;
        for (const auto& block : page.text.blocks)
            for (const auto& line : block.lines)
                for (std::size_t a = 0; a < line.words.size(); ++a) {
                    std::string text;
                    for (std::size_t b = a; b < line.words.size() && text.size() < w.text.size(); ++b) {
                        text += line.words[b].text;
                        if (text != w.text) continue;
                        const Box &first = line.words[a].box, &last = line.words[b].box;
                        const double d = std::max({std::abs(first.x * scale - w.x0), std::abs(first.y * scale - w.y0),
                                                   std::abs((last.x + last.width) * scale - w.x1),
                                                   std::abs((last.y + last.height) * scale - w.y1)});
                        best = std::min(best, d);
                    }
                }
        EXPECT_LT(best, 0.5 / 25.4 * 72) << "word " << w.text << " on page " << w.page;
        worst = std::max(worst, best);
    }
    std::printf("%zu words, worst edge %.2f mm\n", found.size(), worst * 25.4 / 72);
}

TEST_F(Pdf, IsSoundAndOpensWithOneFontAndItsImages) {
    const auto check = run("qpdf --check " + quote(made->pdf_path()));
    EXPECT_EQ(check.status, 0) << check.text;
    const std::string fonts = run("pdffonts " + quote(made->pdf_path())).text;
    EXPECT_NE(fonts.find("RectoBlank"), std::string::npos) << fonts;
    EXPECT_NE(fonts.find("yes no  yes"), std::string::npos) << "embedded, not a subset, with Unicode: " << fonts;
    const std::string images = run("pdfimages -list " + quote(made->pdf_path())).text;
    EXPECT_NE(images.find("ccitt"), std::string::npos) << images;
    EXPECT_NE(images.find("jpeg"), std::string::npos) << images;
    const std::string info = run("pdfinfo -isodates " + quote(made->pdf_path())).text;
    EXPECT_NE(info.find("关于公路检查的通知"), std::string::npos) << info;
    EXPECT_NE(info.find("2026-09-21"), std::string::npos) << info;
    EXPECT_NE(info.find("Pages:           5"), std::string::npos) << info;
}

TEST_F(Pdf, PagesAreAsLargeAsThePaper) {
    const std::string info = run("pdfinfo -l 5 " + quote(made->pdf_path())).text;
    EXPECT_NE(info.find("Page    1 size:  595.2 x 841.92"), std::string::npos) << info;
    EXPECT_NE(info.find("Page    4 size:  446.4 x 631.44"), std::string::npos) << info;
}

TEST_F(Pdf, DrawsTheScanAndNothingElse) {
    // The bi-level page comes back pixel by pixel (PBM: 1 is black, rows padded to bytes) ...
    const std::string out = made->folder / "page";
    ASSERT_EQ(run("pdfimages -f 4 -l 4 " + quote(made->pdf_path()) + " " + quote(out)).status, 0);
    const std::string pbm = read_file(out + "-000.pbm");
    ASSERT_GE(pbm.size(), 155U * 1754);
    int differing = 0;
    for (int y = 0; y < 1754; ++y)
        for (int x = 0; x < 1240; ++x) {
            const int byte = pbm[pbm.size() - std::size_t(155 * (1754 - y)) + std::size_t(x / 8)];
            const bool black = ((byte >> (7 - x % 8)) & 1) != 0;
            differing += black != (made->rasters[3].pixels.at<uchar>(y, x) == 0);
        }
    EXPECT_EQ(differing, 0);
    // ... and a reader draws it so: poppler softens edges, but no pixel changes sides.
    ASSERT_EQ(run("pdftoppm -f 4 -l 4 -r 200 -gray " + quote(made->pdf_path()) + " " + quote(out)).status, 0);
    const std::string pgm = read_file(out + "-4.pgm");
    ASSERT_GT(pgm.size(), 1240U * 1754);
    const cv::Mat drawn(1754, 1240, CV_8UC1, const_cast<char*>(pgm.data() + pgm.size() - 1240 * 1754));
    cv::Mat difference;
    cv::absdiff(drawn, made->rasters[3].pixels, difference);
    EXPECT_LT(cv::countNonZero(difference > 128), 1240 * 1754 / 1000);
}

TEST_F(Pdf, VeraPdfAccepts2u) {
    const char* home = std::getenv("VALIDATORS_HOME");
    if (!home || shared_folder().empty()) GTEST_SKIP() << "shared data absent, or VALIDATORS_HOME not set";
    const auto out = run(quote(shared_folder() + "/validators/bin/check-pdfa") + " " + quote(made->pdf_path()) + " 2u");
    EXPECT_EQ(out.status, 0) << out.text;
}

/// A document of one page without image.
encode::PdfDocument document_of(const PageText& text, double dpi = 300) {
    encode::PdfDocument d;
    d.title = "t";
    d.language = "zh-Hans";
    d.software = "recto 0.1.0";
    d.created = "2026-11-22T17:15:00+08:00";
    encode::PdfPage page;
    page.width_pt = text.width / dpi * 72;
    page.height_pt = text.height / dpi * 72;
    page.text = &text;
    d.pages.push_back(page);
    return d;
}

std::string text_of(const PageText& raw) {
    TempFolder folder;
    const PageText text = encode::clean_text(raw);
    const auto written = encode::write_pdf(*posix_file_system(), document_of(text), folder / "t.pdf");
    EXPECT_TRUE(written);
    return run("pdftotext -raw " + quote(folder / "t.pdf") + " -").text;
}

TEST(PdfWriter, LabelsAndBookmarksAreReadBack) {
    TempFolder folder;
    const PageText text = make_text(1000, 1000, {make_line("甲", 100, 100, 50, 50)});
    auto d = document_of(text);
    d.pages.resize(3, d.pages[0]);
    d.pages[1].label = "12-1";
    d.bookmarks = {{"封面", 0}, {"正文", 1}};
    ASSERT_TRUE(encode::write_pdf(*posix_file_system(), d, folder / "t.pdf"));
    const std::string json =
        run("qpdf --json=latest --json-key=pagelabels --json-key=outlines " + quote(folder / "t.pdf")).text;
    EXPECT_NE(json.find("12-1"), std::string::npos) << json;
    EXPECT_NE(json.find("[1]"), std::string::npos) << json;
    EXPECT_NE(json.find("封面"), std::string::npos) << json;
}

TEST(PdfWriter, WordsWithoutGlyphsAndWordsThatDisagreeWithTheirLine) {
    TextLine no_glyphs = make_line("没有单字位置 of words", 100, 100, 50, 50);
    for (Word& w : no_glyphs.words) w.glyphs.clear();
    TextLine disagree = make_line("引擎的词与行不同", 100, 200, 50, 50);
    disagree.text = "行 说 了算 line wins";
    EXPECT_EQ(lines_of(text_of(make_text(2000, 2000, {no_glyphs, disagree}))),
              (std::vector<std::string>{"没有单字位置 of words", "行 说 了算 line wins"}));
}

TEST(PdfWriter, NarrowGapsStillSeparateWordsAndWideOnesDoNot) {
    TextLine tight = make_line("one two three", 100, 100, 40, 50);
    for (std::size_t w = 1; w < 3; ++w) { // Words that nearly touch, as engines give them.
        const double shift = tight.words[w].box.x - (tight.words[w - 1].box.x + tight.words[w - 1].box.width) - 2;
        for (std::size_t v = w; v < 3; ++v) {
            tight.words[v].box.x -= shift;
            for (Glyph& g : tight.words[v].glyphs) g.box.x -= shift;
        }
    }
    TextLine wide = make_line("签发|人", 100, 300, 50, 50);
    wide.words[1].box.x += 400;
    wide.words[1].glyphs[0].box.x += 400;
    EXPECT_EQ(lines_of(text_of(make_text(2000, 2000, {tight, wide}))),
              (std::vector<std::string>{"one two three", "签发人"}));
}

TEST(PdfWriter, SurvivesWhatEnginesSay) {
    TextLine odd = make_line("正常", 100, 100, 50, 50);
    odd.text = std::string("a\0b\x01\x1f", 5) + "\xEF\xBB\xBF c\xEF\xBF\xBE\xC2\xAD\xC2\x85 d\xF0\xA0\xAE\xB7\xFF";
    odd.words = {{odd.text, {NAN, -5, 1e9, INFINITY}, NAN, {}}};
    TextLine nothing;
    nothing.text = " \t\x02 ";
    TextLine nowhere;
    nowhere.text = "无处";
    TextLine outside = make_line("外面", 5000, -300, 50, 50);
    const PageText page = make_text(2000, 2000, {odd, nothing, nowhere, outside});
    EXPECT_EQ(encode::clean_text(page).blocks[0].lines[0].text, "ab c d𠮷\uFFFD");
    TempFolder folder;
    const PageText text = encode::clean_text(page);
    ASSERT_EQ(text.blocks[0].lines.size(), 3U);
    ASSERT_TRUE(encode::write_pdf(*posix_file_system(), document_of(text), folder / "t.pdf"));
    EXPECT_EQ(run("qpdf --check " + quote(folder / "t.pdf")).status, 0);
    EXPECT_NE(run("pdftotext " + quote(folder / "t.pdf") + " -").text.find("𠮷"), std::string::npos);
}

TEST(PdfWriter, ManyCharactersAndWidthsTakeSeveralFonts) {
    // 20,902 ideographs at five widths each: more pairs than one font's CIDs.
    std::mt19937 random(7);
    std::vector<PageText> texts;
    for (int page = 0; page < 50; ++page) {
        std::vector<TextLine> lines;
        for (int l = 0; l < 42; ++l) {
            std::string text;
            for (int i = 0; i < 50; ++i) {
                const int c = 0x4E00 + (page * 2100 + l * 50 + i) % 20902;
                text += {char(0xE0 | (c >> 12)), char(0x80 | ((c >> 6) & 63)), char(0x80 | (c & 63))};
            }
            lines.push_back(make_line(text, 50, 50 + 80 * l, 40 + double(random() % 9), 40));
        }
        texts.push_back(encode::clean_text(make_text(2480, 3508, lines)));
    }
    auto d = document_of(texts[0]);
    for (std::size_t i = 1; i < texts.size(); ++i) {
        d.pages.push_back(d.pages[0]);
        d.pages.back().text = &texts[i];
    }
    TempFolder folder;
    ASSERT_TRUE(encode::write_pdf(*posix_file_system(), d, folder / "t.pdf"));
    std::string expected;
    for (const PageText& t : texts)
        for (const std::string& l : lines_of(t.plain())) expected += l + "\n";
    std::string got;
    for (const std::string& l : lines_of(run("pdftotext -raw " + quote(folder / "t.pdf") + " -").text)) got += l + "\n";
    EXPECT_TRUE(got == expected);
    const std::string fonts = run("pdffonts " + quote(folder / "t.pdf")).text;
    EXPECT_GE(std::count(fonts.begin(), fonts.end(), '\n'), 4) << "two lines of head and two fonts: " << fonts;
}

TEST(PdfWriter, FastWebViewIsLinearizedAndTheSameText) {
    TempFolder folder;
    const PageText text = encode::clean_text(make_text(1000, 1000, {make_line("甲乙丙", 100, 100, 50, 50)}));
    auto d = document_of(text);
    d.fast_web_view = true;
    ASSERT_TRUE(encode::write_pdf(*posix_file_system(), d, folder / "t.pdf"));
    const auto check = run("qpdf --check-linearization " + quote(folder / "t.pdf"));
    EXPECT_EQ(check.status, 0) << check.text;
    EXPECT_EQ(lines_of(run("pdftotext " + quote(folder / "t.pdf") + " -").text), std::vector<std::string>{"甲乙丙"});
}

TEST(PdfWriter, ErrorsOfTheDiskComeBackAsTheyAre) {
    TempFolder folder;
    const PageText text = encode::clean_text(make_text(1000, 1000, {make_line("甲乙丙", 100, 100, 50, 50)}));
    auto d = document_of(text);
    MemoryFileSystem small;
    small.set_capacity(500);
    const auto full = encode::write_pdf(small, d, "/t.pdf");
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, "io.no_space");
    d.pages[0].image = {"/gone.jpg", "DCTDecode", 10, 10, 3};
    MemoryFileSystem roomy;
    const auto gone = encode::write_pdf(roomy, d, "/t.pdf");
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, "io.not_found");
    d.pages.clear();
    EXPECT_EQ(encode::write_pdf(roomy, d, "/t.pdf").error().code, "encode.pdf");
}

TEST(PdfWriter, DigestAndSizeAreThoseOfTheFile) {
    MemoryFileSystem memory;
    const PageText text = encode::clean_text(make_text(1000, 1000, {make_line("甲乙丙", 100, 100, 50, 50)}));
    const auto written = encode::write_pdf(memory, document_of(text), "/t.pdf");
    ASSERT_TRUE(written);
    const std::string bytes = *memory.read("/t.pdf");
    EXPECT_EQ(written->size, bytes.size());
    EXPECT_EQ(written->sha512, digest_hex(DigestAlgorithm::Sha512, bytes));
    const auto again = encode::write_pdf(memory, document_of(text), "/u.pdf");
    EXPECT_EQ(*memory.read("/u.pdf"), bytes);
}

TEST(PdfWriter, Dates) {
    EXPECT_EQ(encode::pdf_date("2026-11-22T17:15:00+08:00"), "D:20261122171500+08'00'");
    EXPECT_EQ(encode::pdf_date("2026-11-22T17:15:00Z"), "D:20261122171500Z");
    EXPECT_EQ(encode::pdf_date("yesterday"), "");
}

TEST(CompactPdf, LooksAsThePageDoesAndIsMadeAgainByteForByte) {
    std::vector<PageSpec> pages =
        assorted_pages(); // with letters of 9 mm that are black blocks: those stay one picture
    pages.push_back({make_text(2480, 3508, {make_line("各县区人民政府|市直各部门", 300, 900, 54, 56)}),
                     ColourMode::Colour, 300, PageClass::Body, ""});
    MadeItem made(std::move(pages), {{"pdf.images", "compact"}});
    for (Raster& r : made.rasters) // A red seal on each page that has colours.
        if (r.mode == ColourMode::Colour)
            cv::circle(r.pixels, {r.width() / 2, r.height() * 4 / 5}, r.width() / 10, cv::Scalar(205, 48, 52),
                       r.width() / 100);
    made.encode_pages();
    const auto done = made.make_files();
    ASSERT_TRUE(done) << done.error().to_string();
    const std::string list = run("pdfimages -list " + quote(made.pdf_path())).text;
    EXPECT_NE(list.find("jbig2"), std::string::npos) << list;
    EXPECT_EQ(run("qpdf --check " + quote(made.pdf_path())).status, 0);
    int layered = 0;
    for (std::size_t i = 0; i < made.rasters.size(); ++i) {
        const Raster& page = made.rasters[i];
        layered += made.item.pages[i].encoded.pdf_inks.empty() ? 0 : 1;
        const std::string drawn = made.folder / fmt::format("drawn{}", i);
        run(fmt::format("pdftoppm -r 100 -f {0} -l {0} -singlefile -png {1} {2}", i + 1, quote(made.pdf_path()),
                        quote(drawn)));
        const auto seen = decode_here(drawn + ".png", 0);
        ASSERT_TRUE(seen) << i;
        cv::Mat a = page.pixels, b = seen->pixels;
        if (a.channels() == 1) cv::cvtColor(a, a, cv::COLOR_GRAY2RGB);
        if (b.channels() == 1) cv::cvtColor(b, b, cv::COLOR_GRAY2RGB);
        cv::resize(a, a, {124, 175}, 0, 0, cv::INTER_AREA);
        cv::resize(b, b, a.size(), 0, 0, cv::INTER_AREA);
        cv::absdiff(a, b, b);
        const cv::Scalar mean = cv::mean(b);
        EXPECT_LT(std::max({mean[0], mean[1], mean[2]}), 5) << "page " << i + 1;
    }
    EXPECT_GE(layered, 2);

    const auto record = nlohmann::json::parse(made.content("metadata/item.json"));
    EXPECT_EQ(record.at("schema"), 2) << "a program that does not know layers must not make a PDF of the background";
    auto item = item_from_json(record);
    ASSERT_TRUE(item);
    const std::string images = made.folder / "images";
    fs::create_directories(images);
    ASSERT_TRUE(recover_page_images(*item, made.pdf_path(), images));
    for (std::size_t i = 0; i < item->pages.size(); ++i) {
        const auto &now = item->pages[i].encoded.pdf_inks, &before = made.item.pages[i].encoded.pdf_inks;
        ASSERT_EQ(now.size(), before.size());
        for (std::size_t k = 0; k < now.size(); ++k) {
            EXPECT_EQ(read_file(now[k].mask.staged_path), read_file(before[k].mask.staged_path));
            EXPECT_EQ(read_file(now[k].colours.staged_path), read_file(before[k].colours.staged_path));
        }
    }
    auto wrong = *item;
    for (Page& p : wrong.pages)
        if (!p.encoded.pdf_inks.empty()) p.encoded.pdf_inks[0].mask.sha512[0] ^= 1;
    EXPECT_EQ(recover_page_images(wrong, made.pdf_path(), images).error().code, "encode.pdf_images");
}

} // namespace
} // namespace recto
