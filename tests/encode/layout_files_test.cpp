// Roles, tables, other readings and divided words in the files of an item: ALTO and back, CSV, and the order of the PDF's text.

#include "pipeline/files/alto_reader.h"
#include "stages/encode/pdf_writer.h"
#include "stages/encode/records.h"
#include "stages/encode/table_csv.h"
#include "tests/encode/support.h"

namespace recto {
namespace {

using namespace testing;

TextBlock block_of(std::vector<TextLine> lines, BlockRole role = BlockRole::Body, BlockKind kind = BlockKind::Text) {
    TextBlock b;
    b.kind = kind;
    b.role = role;
    b.lines = std::move(lines);
    const Box& first = b.lines.front().box;
    double x1 = first.x + first.width, y1 = first.y + first.height, x0 = first.x, y0 = first.y;
    for (const TextLine& l : b.lines) {
        x0 = std::min(x0, l.box.x), y0 = std::min(y0, l.box.y);
        x1 = std::max(x1, l.box.x + l.box.width), y1 = std::max(y1, l.box.y + l.box.height);
    }
    b.box = {x0, y0, x1 - x0, y1 - y0};
    return b;
}

/// Three columns and `rows` rows at (x, y); the first row's last two cells are one, and the last cell is empty.
TextBlock table_at(double x, double y, int rows, double column = 600) {
    TextBlock t;
    t.kind = BlockKind::Table;
    t.box = {x, y, 3 * column, 100.0 * rows};
    for (int r = 0; r < rows; ++r)
        for (int c = 0; c < 3; ++c) {
            if (r == 0 && c == 2) continue;
            const int span = r == 0 && c == 1 ? 2 : 1;
            t.cells.push_back({r, c, 1, span, {x + c * column, y + 100 * r, column * span, 100}});
            if (r == rows - 1 && c == 2) continue;
            t.lines.push_back(
                make_line(fmt::format("第{}行{}列", r + 1, c + 1), x + c * column + 20, y + 100 * r + 25, 48, 50));
            t.lines.back().cell = static_cast<int>(t.cells.size()) - 1;
        }
    return t;
}

/// A page with everything that ALTO has a place for.
PageText rich_page() {
    PageText page = make_text(2480, 3508, {});
    page.blocks = {
        block_of({make_line("关于开展公路检查的通知", 620, 300, 90, 96)}, BlockRole::Title),
        block_of({make_line("The report of the sub-", 300, 500, 44, 50),
                  make_line("committee on roads & brid-", 300, 570, 44, 50),
                  make_line("ges was read by Anglo-", 300, 640, 44, 50), make_line("Saxons.", 300, 710, 44, 50)}),
        table_at(300, 900, 4),
        block_of({make_line("手写批注", 300, 1500, 60, 60)}, BlockRole::Marginal, BlockKind::Unread),
        block_of({make_line("12", 1220, 3400, 44, 50)}, BlockRole::PageNumber)};
    page.blocks[2].role = BlockRole::Caption; // whatever role a table may have
    Word& word = page.blocks[0].lines[0].words[0];
    word.alternatives = {{"关于开展公路检査的通知", 0.61}, {"关於", 0.25}};
    word.glyphs[2].variants = {{"幵", 0.2}, {"井", 0.05}};
    return page;
}

encode::AltoPage alto_page(const PageText& text) {
    encode::AltoPage page;
    page.image = "preservation/0001.jpg";
    page.width = text.width;
    page.height = text.height;
    page.item_id = page.page_id = "urn:uuid:00000000-0000-5000-8000-000000000000";
    page.order = 1;
    page.page_class = "body";
    page.software = "recto test";
    page.created = "2026-11-22T17:15:00+08:00";
    return page;
}

void expect_same(const PageText& x, const PageText& y) {
    ASSERT_EQ(x.blocks.size(), y.blocks.size());
    for (std::size_t b = 0; b < y.blocks.size(); ++b) {
        EXPECT_EQ(x.blocks[b].kind, y.blocks[b].kind) << b;
        EXPECT_EQ(x.blocks[b].role, y.blocks[b].role) << b;
        ASSERT_EQ(x.blocks[b].cells.size(), y.blocks[b].cells.size()) << b;
        for (std::size_t c = 0; c < y.blocks[b].cells.size(); ++c) {
            const TableCell &p = x.blocks[b].cells[c], &q = y.blocks[b].cells[c];
            EXPECT_TRUE(p.row == q.row && p.column == q.column && p.rows == q.rows && p.columns == q.columns) << c;
            EXPECT_NEAR(p.box.x, q.box.x, 1);
            EXPECT_NEAR(p.box.height, q.box.height, 2);
        }
        ASSERT_EQ(x.blocks[b].lines.size(), y.blocks[b].lines.size()) << b;
        for (std::size_t l = 0; l < y.blocks[b].lines.size(); ++l) {
            const TextLine &p = x.blocks[b].lines[l], &q = y.blocks[b].lines[l];
            EXPECT_EQ(p.text, q.text);
            EXPECT_EQ(p.cell, q.cell) << q.text;
            ASSERT_EQ(p.words.size(), q.words.size()) << q.text;
            for (std::size_t w = 0; w < q.words.size(); ++w) {
                EXPECT_EQ(p.words[w].text, q.words[w].text);
                EXPECT_NEAR(p.words[w].box.width, q.words[w].box.width, 2);
                EXPECT_EQ(p.words[w].glyphs.size(), q.words[w].glyphs.size()) << q.words[w].text;
                ASSERT_EQ(p.words[w].alternatives.size(), q.words[w].alternatives.size());
                for (std::size_t a = 0; a < q.words[w].alternatives.size(); ++a) {
                    EXPECT_EQ(p.words[w].alternatives[a].text, q.words[w].alternatives[a].text);
                    EXPECT_NEAR(p.words[w].alternatives[a].confidence, q.words[w].alternatives[a].confidence, 0.006);
                }
                for (std::size_t g = 0; g < q.words[w].glyphs.size(); ++g) {
                    ASSERT_EQ(p.words[w].glyphs[g].variants.size(), q.words[w].glyphs[g].variants.size());
                    for (std::size_t v = 0; v < q.words[w].glyphs[g].variants.size(); ++v) {
                        EXPECT_EQ(p.words[w].glyphs[g].variants[v].text, q.words[w].glyphs[g].variants[v].text);
                        EXPECT_NEAR(p.words[w].glyphs[g].variants[v].confidence,
                                    q.words[w].glyphs[g].variants[v].confidence, 0.006);
                    }
                }
            }
        }
    }
    EXPECT_EQ(x.plain(), y.plain());
    EXPECT_EQ(x.paragraphs(), y.paragraphs());
}

TEST(LayoutInAlto, EverythingComesBack) {
    const PageText text = encode::clean_text(rich_page());
    const std::string xml = encode::write_alto(text, alto_page(text));
    const auto back = page_text_from_alto(xml);
    ASSERT_TRUE(back) << back.error().to_string();
    expect_same(*back, text);
    // And once more: what an amendment writes is what it read.
    const PageText again = encode::clean_text(*back);
    const auto twice = page_text_from_alto(encode::write_alto(again, alto_page(again)));
    ASSERT_TRUE(twice);
    expect_same(*twice, text);
    EXPECT_EQ(encode::write_alto(encode::clean_text(*twice), alto_page(again)),
              encode::write_alto(again, alto_page(again)));
    EXPECT_EQ(twice->blocks[2].id, "b3");
    EXPECT_EQ(twice->blocks[2].lines[3].id, "b3l4") << "lines are counted over the table";
}

TEST(LayoutInAlto, IsValidAgainstTheSchema) {
    if (shared_folder().empty()) GTEST_SKIP() << "shared data absent";
    TempFolder folder;
    PageText page = rich_page();
    page.blocks[0].lines[0].words[0].glyphs[0].variants = {{"四个字多", 0.1}}; // ALTO's Variant holds three
    page.blocks[2].lines.push_back(make_line("表外", 300, 1310, 48, 50));      // stands in no cell
    const PageText text = encode::clean_text(page);
    std::ofstream(folder / "page.xml", std::ios::binary) << encode::write_alto(text, alto_page(text));
    const std::string schemas = shared_folder() + "/validators/schemas";
    const auto out = run("XML_CATALOG_FILES=" + quote(schemas + "/catalog.xml") + " xmllint --nonet --noout --schema " +
                         quote(schemas + "/alto-4-4.xsd") + " " + quote(folder / "page.xml"));
    EXPECT_EQ(out.status, 0) << out.text;
    const auto back = page_text_from_alto(read_file(folder / "page.xml"));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->blocks[2].lines.back().text, "表外");
    EXPECT_EQ(back->blocks[2].lines.back().cell, -1);
    EXPECT_TRUE(back->blocks[0].lines[0].words[0].glyphs[0].variants.empty());
}

TEST(LayoutInAlto, SaysItAsOtherProgramsReadIt) {
    const PageText text = encode::clean_text(rich_page());
    const std::string xml = encode::write_alto(text, alto_page(text));
    for (const char* part :
         {"<StructureTag ID=\"role-title\" TYPE=\"role\" LABEL=\"title\"/>", "TAGREFS=\"role-title\"",
          "<LayoutTag ID=\"cell-r1c2-1x2\" TYPE=\"cell\" LABEL=\"row=1 column=2 rows=1 columns=2\"/>", "TYPE=\"table\"",
          "TYPE=\"unread\"", "<TextBlock ID=\"b3c2\" TAGREFS=\"cell-r1c2-1x2\"",
          "SUBS_TYPE=\"HypPart1\" SUBS_CONTENT=\"subcommittee\"",
          "SUBS_TYPE=\"HypPart2\" SUBS_CONTENT=\"subcommittee\"", "SUBS_CONTENT=\"bridges\"", "CONTENT=\"Anglo-\"",
          "CONTENT=\"sub\"", "CONTENT=\"-\"",
          "<ALTERNATIVE PURPOSE=\"other reading; confidence 0.61\">关于开展公路检査的通知</ALTERNATIVE>",
          "<Variant CONTENT=\"幵\" VC=\"0.2\"/>"})
        EXPECT_NE(xml.find(part), std::string::npos) << part;
    EXPECT_EQ(xml.find("role-body"), std::string::npos);
    EXPECT_EQ(xml.find("SUBS_CONTENT=\"Anglo"), std::string::npos);
}

TEST(LayoutInAlto, PagesOfOtherProgramsAndOfOldVersions) {
    const std::string head = "<alto xmlns='x'>", tail = "</alto>";
    auto read = [&](const std::string& tags, const std::string& blocks) {
        return page_text_from_alto(head + tags + "<Layout><Page WIDTH='100' HEIGHT='100'><PrintSpace>" + blocks +
                                   "</PrintSpace></Page></Layout>" + tail);
    };
    const std::string line = "<TextLine ID='l'><String CONTENT='a'/></TextLine>";
    const auto old =
        read("", "<ComposedBlock ID='b1c' TYPE='table'><TextBlock ID='b1'>" + line + "</TextBlock></ComposedBlock>");
    ASSERT_TRUE(old);
    ASSERT_EQ(old->blocks.size(), 1U);
    EXPECT_EQ(old->blocks[0].kind, BlockKind::Table);
    EXPECT_EQ(old->blocks[0].id, "b1");
    EXPECT_TRUE(old->blocks[0].cells.empty());
    for (const char* label : {"row=0 column=1 rows=1 columns=1", "row=1 column=1 rows=1 columns=9999999", "row=1", "",
                              "row=1 column=1 rows=1 columns=1 x", "row=x column=1 rows=1 columns=1"}) {
        const auto odd = read("<Tags><LayoutTag ID='c' TYPE='cell' LABEL='" + std::string(label) + "'/></Tags>",
                              "<ComposedBlock ID='b1c' TYPE='table'><TextBlock ID='b1c1' TAGREFS='c'>" + line +
                                  "</TextBlock></ComposedBlock>");
        ASSERT_TRUE(odd) << label;
        EXPECT_TRUE(odd->blocks.at(0).cells.empty()) << label;
        EXPECT_EQ(odd->blocks.at(0).lines.at(0).text, "a") << label;
    }
    const auto role = read("<Tags><StructureTag ID='a' TYPE='role' LABEL='king'/><StructureTag ID='b' TYPE='role' "
                           "LABEL='title'/></Tags>",
                           "<TextBlock ID='b1' TAGREFS='q b'>" + line + "</TextBlock><TextBlock ID='b2' TAGREFS='a'>" +
                               line + "</TextBlock>");
    ASSERT_TRUE(role);
    EXPECT_EQ(role->blocks[0].role, BlockRole::Title);
    EXPECT_EQ(role->blocks[1].role, BlockRole::Body);
    const auto hyphen = read("", "<TextBlock ID='b1'><TextLine><HYP CONTENT='-'/></TextLine></TextBlock>");
    EXPECT_TRUE(hyphen) << "a hyphen without its word";
}

TEST(LayoutInText, ATablesLinesAreInTheOrderOfItsCells) {
    PageText page = make_text(2480, 3508, {});
    page.blocks = {table_at(300, 900, 3)};
    const std::string expected = encode::clean_text(page).plain();
    EXPECT_EQ(expected, "第1行1列\t第1行2列\n第2行1列\t第2行2列\t第2行3列\n第3行1列\t第3行2列\n");
    std::reverse(page.blocks[0].lines.begin(), page.blocks[0].lines.end());
    EXPECT_EQ(encode::clean_text(page).plain(), expected);
    page.blocks[0].lines[0].cell = 99;
    EXPECT_EQ(encode::clean_text(page).blocks[0].lines.back().cell, -1) << "no such cell";
    page.blocks[0].cells[0].row = 2'000'000'000;
    EXPECT_TRUE(encode::clean_text(page).blocks[0].cells.empty());
}

TEST(LayoutInText, TablesAsCsv) {
    TextBlock t = table_at(300, 900, 3);
    t.lines[0].text = "=SUM(A1)";
    t.lines[2].text = "甲,\"乙\"";
    EXPECT_EQ(encode::table_csv(t), "\xEF\xBB\xBF'=SUM(A1),第1行2列,\r\n\"甲,\"\"乙\"\"\",第2行2列,第2行3列\r\n"
                                    "第3行1列,第3行2列,\r\n");
    t.cells.clear();
    EXPECT_EQ(encode::table_csv(t), "");
    EXPECT_EQ(encode::table_csv(rich_page().blocks[0]), "");
}

TEST(LayoutInItems, TablesAreFilesThatAllRecordsList) {
    std::vector<PageSpec> pages(2);
    pages[0] = {rich_page(), ColourMode::Grey, 300, PageClass::Body, "1"};
    pages[1].text = make_text(2480, 3508, {});
    pages[1].text.blocks = {table_at(300, 400, 3), table_at(300, 1400, 2)};
    MadeItem made(std::move(pages));
    made.encode_pages();
    ASSERT_TRUE(made.make_files());
    EXPECT_EQ(made.content("text/0001.table1.csv").substr(0, 3), "\xEF\xBB\xBF");
    EXPECT_NE(made.content("text/0002.table2.csv").find("第1行1列"), std::string::npos);
    EXPECT_EQ(made.file("text/0001.table2.csv"), nullptr);
    const std::string item = made.content("metadata/item.json"), mets = made.content("mets.xml"),
                      premis = made.content("metadata/premis.xml");
    for (const char* path : {"text/0001.table1.csv", "text/0002.table1.csv", "text/0002.table2.csv"})
        for (const std::string* record : {&item, &mets, &premis})
            EXPECT_NE(record->find(path), std::string::npos) << path;
    EXPECT_NE(mets.find("USE=\"table\""), std::string::npos);
    if (shared_folder().empty()) GTEST_SKIP() << "shared data absent";
    const std::string object = made.lay_out_object(), schemas = shared_folder() + "/validators/schemas";
    for (const char* file : {"mets.xml", "metadata/premis.xml"}) {
        const auto out =
            run("XML_CATALOG_FILES=" + quote(schemas + "/catalog.xml") + " xmllint --nonet --noout --schema " +
                quote(schemas + "/all.xsd") + " " + quote(object + "/" + file));
        EXPECT_EQ(out.status, 0) << out.text;
    }
}

// ---- The order of the PDF's text --------------------------------------------------------------------------------

std::string without_space(const std::string& text) {
    std::string out;
    for (const char c : text)
        if (static_cast<unsigned char>(c) > ' ') out += c;
    return out;
}

/// Characters to change, per cent of `expected`, white space aside.
double cer(const std::string& expected, const std::string& got) {
    const std::string p = without_space(expected),
                      q = without_space(got); // its parts live as long as the views on them
    const auto a = encode::clusters(p), b = encode::clusters(q);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t k = 0; k <= b.size(); ++k) row[k] = k;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t k = 1; k <= b.size(); ++k) {
            const std::size_t up = row[k];
            row[k] = std::min({up + 1, row[k - 1] + 1, diagonal + (a[i - 1] == b[k - 1] ? 0 : 1)});
            diagonal = up;
        }
    }
    return a.empty() ? 0 : 100.0 * static_cast<double>(row[b.size()]) / static_cast<double>(a.size());
}

void expect_order(const PageText& raw, const char* what) {
    TempFolder folder;
    const PageText text = encode::clean_text(raw);
    encode::PdfDocument d;
    d.title = "t";
    d.language = "zh-Hans";
    d.software = "recto 0.1.0";
    d.created = "2026-11-22T17:15:00+08:00";
    encode::PdfPage page;
    page.width_pt = text.width * 0.24;
    page.height_pt = text.height * 0.24;
    page.text = &text;
    d.pages.push_back(page);
    ASSERT_TRUE(encode::write_pdf(*posix_file_system(), d, folder / "t.pdf"));
    for (const char* mode : {"-raw", ""}) {
        const std::string got = run(fmt::format("pdftotext {} {} -", mode, quote(folder / "t.pdf"))).text;
        const double rate = cer(text.plain(), got);
        std::printf("%s, pdftotext %s: CER %.2f %%\n", what, mode, rate);
        EXPECT_LE(rate, 0.2) << what << " " << mode << "\n" << got;
    }
}

TEST(PdfTextOrder, TwoColumnsWithTitleHeaderAndPageNumber) {
    PageText page = make_text(2480, 3508, {});
    std::vector<TextLine> left, right;
    for (int i = 0; i < 30; ++i) {
        left.push_back(
            make_line(fmt::format("左栏第{:02}行公路检查工作安排如下请遵照执行", i), 250, 600 + 80 * i, 46, 50));
        right.push_back(
            make_line(fmt::format("右栏第{:02}行桥梁检查工作安排如下请遵照执行", i), 1330, 600 + 80 * i, 46, 50));
    }
    page.blocks = {block_of({make_line("公路史料汇编", 1050, 150, 46, 50)}, BlockRole::Header),
                   block_of({make_line("关于开展公路检查的通知", 760, 350, 90, 96)}, BlockRole::Title), block_of(left),
                   block_of(right), block_of({make_line("- 12 -", 1210, 3350, 46, 50)}, BlockRole::PageNumber)};
    expect_order(page, "two columns, Chinese");
    left.clear();
    right.clear();
    for (int i = 0; i < 30; ++i) {
        left.push_back(
            make_line(fmt::format("left {:02} the committee met on Tuesday to see", i), 250, 600 + 80 * i, 46, 50));
        right.push_back(
            make_line(fmt::format("right {:02} the report of roads and bridges so", i), 1330, 620 + 80 * i, 46, 50));
    }
    page.blocks[2] = block_of(left);
    page.blocks[3] = block_of(right);
    expect_order(page, "two columns, English, baselines apart");
}

TEST(PdfTextOrder, TablesBetweenParagraphs) {
    PageText page = make_text(2480, 3508, {});
    std::vector<TextLine> before, after;
    for (int i = 0; i < 8; ++i) {
        before.push_back(make_line(fmt::format("前文第{}行各县区人民政府市直各部门公路检查工作安排如下请", i), 300,
                                   500 + 80 * i, 54, 56));
        after.push_back(make_line(fmt::format("后文第{}行各县区人民政府市直各部门公路检查工作安排如下请", i), 300,
                                  2200 + 80 * i, 54, 56));
    }
    page.blocks = {block_of(before), table_at(300, 1250, 8), block_of(after)};
    expect_order(page, "a table between paragraphs");
    // Cells of two lines.
    TextBlock tall = table_at(300, 1250, 4);
    const auto lines = tall.lines;
    tall.lines.clear();
    for (const TextLine& l : lines) {
        tall.lines.push_back(l);
        TextLine second = make_line("续写于此", l.box.x, l.box.y + 56, 40, 44);
        second.cell = l.cell;
        for (TableCell& c : tall.cells) c.box.y = 1250 + 150.0 * c.row, c.box.height = 150;
        for (TextLine* part : {&tall.lines.back(), &second}) {
            const double down = 50.0 * tall.cells[static_cast<std::size_t>(l.cell)].row;
            part->box.y += down;
            for (Word& w : part->words) {
                w.box.y += down;
                for (Glyph& g : w.glyphs) g.box.y += down;
            }
        }
        tall.lines.push_back(second);
    }
    page.blocks[1] = tall;
    expect_order(page, "a table with cells of two lines");
}

TEST(PdfTextOrder, VerticalColumnsWithALevelTitle) {
    PageText page = make_text(1800, 2400, {});
    std::vector<TextLine> columns;
    for (int i = 0; i < 6; ++i)
        columns.push_back(make_line("天地玄黃宇宙洪荒日月盈昃辰宿列張", 1500 - 150 * i, 400, 100, 96, true));
    page.blocks = {block_of({make_line("千字文", 750, 150, 100, 100)}, BlockRole::Title), block_of(columns),
                   block_of({make_line("12", 870, 2250, 46, 50)}, BlockRole::PageNumber)};
    expect_order(page, "vertical columns");
}

} // namespace
} // namespace recto
