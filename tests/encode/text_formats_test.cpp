// hOCR and TSV: read back, they say what the page says, where it says it.

#include <gtest/gtest.h>

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "stages/encode/hocr.h"
#include "stages/encode/text_layer.h"
#include "stages/encode/tsv.h"

namespace recto::encode {
namespace {

Word word_of(const std::vector<std::string>& glyphs, double x, double y) {
    Word word;
    word.confidence = 0.9;
    word.box = {x, y, 20.0 * static_cast<double>(glyphs.size()), 30};
    for (std::size_t i = 0; i < glyphs.size(); ++i) {
        word.text += glyphs[i];
        word.glyphs.push_back(
            {glyphs[i], {x + 20.0 * static_cast<double>(i), y, 20, 30}, 0.5 + 0.1 * static_cast<double>(i)});
    }
    return word;
}

/// A heading, a line of two words with <markup> in it, a vertical line, a seal.
PageText sample() {
    PageText text;
    text.width = 500;
    text.height = 700;
    text.engine = "test";
    text.language = "chi_sim+eng";
    TextBlock head;
    head.box = {100, 50, 60, 30};
    head.role = BlockRole::Title;
    TextLine title;
    title.box = head.box;
    title.words.push_back(word_of({"通", "知", "书"}, 100, 50));
    title.text = "通知书";
    head.lines.push_back(title);
    TextBlock body;
    body.box = {50, 100, 200, 130};
    TextLine line;
    line.box = {50, 100, 200, 30};
    line.text = "a<b & c";
    line.words = {
        {"a<b", {50, 100, 60, 30}, 0.75, {}}, {"&", {120, 100, 20, 30}, 0.5, {}}, {"c", {150, 100, 20, 30}, 1, {}}};
    TextLine down;
    down.box = {220, 100, 30, 120};
    down.vertical = true;
    down.text = "柳州";
    down.words = {{"柳州", {220, 100, 30, 120}, 0.6, {}}};
    body.lines = {line, down};
    text.blocks = {head, body, {BlockKind::Seal, {300, 500, 100, 100}, {}}, {BlockKind::Rule, {50, 400, 300, 2}, {}}};
    return clean_text(text);
}

class Html {
  public:
    explicit Html(const std::string& bytes)
        : document_(xmlReadMemory(bytes.data(), static_cast<int>(bytes.size()), "page.html", nullptr,
                                  XML_PARSE_NONET | XML_PARSE_NOERROR)),
          context_(xmlXPathNewContext(document_)) {
        EXPECT_NE(document_, nullptr) << bytes;
        xmlXPathRegisterNs(context_, reinterpret_cast<const xmlChar*>("h"),
                           reinterpret_cast<const xmlChar*>("http://www.w3.org/1999/xhtml"));
    }
    ~Html() {
        xmlXPathFreeContext(context_);
        xmlFreeDoc(document_);
    }
    Html(const Html&) = delete;
    Html& operator=(const Html&) = delete;
    [[nodiscard]] std::vector<std::string> all(const std::string& path) const {
        std::vector<std::string> out;
        xmlXPathObjectPtr found = xmlXPathEvalExpression(reinterpret_cast<const xmlChar*>(path.c_str()), context_);
        for (int i = 0; found && found->nodesetval && i < found->nodesetval->nodeNr; ++i) {
            xmlChar* text = xmlNodeGetContent(found->nodesetval->nodeTab[i]);
            out.emplace_back(reinterpret_cast<const char*>(text));
            xmlFree(text);
        }
        xmlXPathFreeObject(found);
        return out;
    }

  private:
    xmlDocPtr document_;
    xmlXPathContextPtr context_;
};

using Texts = std::vector<std::string>;

TEST(Hocr, SaysThePageInItsPlaces) {
    const PageText text = sample();
    const std::string bytes =
        write_hocr({{&text, "../preservation/0001.jpg", 1000, 1400, 1, 300, 300}}, "recto 1", "件一");
    const Html html(bytes);
    EXPECT_EQ(html.all("//h:title"), Texts{"件一"});
    EXPECT_EQ(html.all("//h:div[@class='ocr_page']/@title"),
              Texts{"image \"../preservation/0001.jpg\"; bbox 0 0 1000 1400; ppageno 0; scan_res 300 300"});
    EXPECT_EQ(html.all("//h:span[@class='ocr_line']"), (Texts{"通知书", "a<b & c", "柳州"}))
        << "no space between characters, one between words";
    EXPECT_EQ(html.all("//h:div[@class='ocr_carea']/h:p[@class='ocr_par']/h:span[@class='ocr_line']/@title"),
              (Texts{"bbox 200 100 320 160", "bbox 100 200 500 260", "bbox 440 200 500 440"}));
    EXPECT_EQ(html.all("(//h:span[@class='ocrx_word'])[1]/@title"),
              Texts{"bbox 200 100 320 160; x_wconf 90; x_confs 50 60 70"});
    EXPECT_EQ(html.all("//h:span[@class='ocrx_cinfo']"), (Texts{"通", "知", "书"}));
    EXPECT_EQ(html.all("(//h:span[@class='ocrx_cinfo'])[2]/@title"), Texts{"x_bboxes 240 100 280 160; x_conf 60"});
    EXPECT_EQ(html.all("//h:span[@style='writing-mode: vertical-rl']"), Texts{"柳州"});
    EXPECT_EQ(html.all("//h:div[@class='ocr_image']/@title"), Texts{"bbox 600 1000 800 1200; x_kind seal"});
    EXPECT_EQ(html.all("//h:div[@class='ocr_separator']").size(), 1U);
    EXPECT_EQ(html.all("//h:div[@class='ocr_page']/@lang"), Texts{"zh-Hans"});
    auto ids = html.all("//@id");
    const auto count = ids.size();
    std::ranges::sort(ids);
    ids.erase(std::ranges::unique(ids).begin(), ids.end());
    EXPECT_EQ(ids.size(), count) << "each id once";
}

TEST(Hocr, SeveralPagesAreOneDocument) {
    const PageText text = sample();
    PageText none;
    none.width = none.height = 100;
    none.state = ReadState::NotMachineReadable;
    const Html html(write_hocr({{&text, "a.tif", 500, 700, 1}, {&none, "a.tif", 100, 100, 2}}, "recto 1", "a"));
    EXPECT_EQ(html.all("//h:div[@class='ocr_page']").size(), 2U);
    EXPECT_EQ(html.all("//h:div[@id='page_2']/@title"),
              Texts{"image \"a.tif\"; bbox 0 0 100 100; ppageno 1; x_state not-machine-readable"});
}

TEST(Tsv, HasARowForEachLevel) {
    const PageText text = sample();
    const std::string rows = tsv_rows(text, 3, 1000, 1400);
    EXPECT_TRUE(
        rows.starts_with("1\t3\t0\t0\t0\t0\t0\t0\t1000\t1400\t-1\t\n2\t3\t1\t0\t0\t0\t200\t100\t120\t60\t-1\t\n"));
    EXPECT_NE(rows.find("5\t3\t1\t1\t1\t1\t200\t100\t120\t60\t90.00\t通知书\n"), std::string::npos) << rows;
    EXPECT_NE(rows.find("5\t3\t2\t1\t1\t2\t240\t200\t40\t60\t50.00\t&\n"), std::string::npos) << rows;
    EXPECT_NE(rows.find("2\t3\t3\t0\t0\t0\t600\t1000\t200\t200\t-1\t\n"), std::string::npos) << "a seal has no lines";
    for (std::size_t at = 0, end = 0; at < rows.size(); at = end + 1) {
        end = rows.find('\n', at);
        EXPECT_EQ(std::count(rows.begin() + static_cast<std::ptrdiff_t>(at),
                             rows.begin() + static_cast<std::ptrdiff_t>(end), '\t'),
                  11);
    }
    EXPECT_EQ(std::count(kTsvHeading.begin(), kTsvHeading.end(), '\t'), 11);
}

} // namespace
} // namespace recto::encode
