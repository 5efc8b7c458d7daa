// Catalogues as offices deliver them: encodings, separators, quoting, headings, refused rows.

#include "catalogue/catalogue.h"

#include <gmock/gmock.h>
#include <unicode/unistr.h>

#include "pipeline/files/csv.h"

namespace recto::catalogue {
namespace {

using ::testing::ElementsAre;

std::string in_encoding(const std::string& utf8, const char* name) {
    const icu::UnicodeString text = icu::UnicodeString::fromUTF8(utf8);
    std::string out(static_cast<std::size_t>(text.length()) * 6, '\0');
    out.resize(static_cast<std::size_t>(
        text.extract(0, text.length(), out.data(), static_cast<std::uint32_t>(out.size()), name)));
    return out;
}

std::vector<std::string> remarks(const Catalogue& c) {
    std::vector<std::string> out;
    for (const Remark& r : c.remarks())
        out.push_back(std::to_string(r.row) + " " + r.code + (r.refused ? " refused" : ""));
    return out;
}

const std::string kPlain = "档号,题名,责任者,文件日期,页数\n"
                           "0025-WS·2012-Y-BGS-0001,关于防汛的通知,柳州市人民政府,20120317,3\n"
                           "0025-WS·2012-Y-BGS-0002,\"说明, 二\",市档案局,2012-05-01,１２页\n";

void expect_plain(const Catalogue& c) {
    ASSERT_EQ(c.entries().size(), 2U);
    const auto* row = c.find("0025-WS·2012-Y-BGS-0002");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->at("title"), "说明, 二");
    EXPECT_EQ(row->at("creator"), "市档案局");
    EXPECT_EQ(row->at("date"), "2012-05-01");
    EXPECT_EQ(row->at("page_count"), "１２页") << "as written";
    EXPECT_TRUE(c.remarks().empty());
}

TEST(Catalogue, Encodings) {
    for (const std::string& bytes :
         {kPlain, std::string(kBom) + kPlain, in_encoding(kPlain, "GB18030"),
          "\xFF\xFE" + in_encoding(kPlain, "UTF-16LE"), "\xFE\xFF" + in_encoding(kPlain, "UTF-16BE")}) {
        auto c = Catalogue::from_csv(bytes, "c.csv");
        ASSERT_TRUE(c) << c.error().to_string();
        expect_plain(*c);
    }
}

TEST(Catalogue, SeparatorsAndLineEnds) {
    std::string semicolon = kPlain, tab = kPlain, crlf;
    for (std::string* s : {&semicolon, &tab})
        for (char& ch : *s)
            if (ch == ',') ch = s == &tab ? '\t' : ';';
    semicolon.replace(semicolon.find("说明;"), 7, "说明,");
    tab.replace(tab.find("说明\t"), 7, "说明,");
    for (const char ch : kPlain) crlf += ch == '\n' ? std::string("\r\n") : std::string(1, ch);
    std::string cr = kPlain;
    std::replace(cr.begin(), cr.end(), '\n', '\r');
    for (const std::string& text : {semicolon, tab, crlf, cr, "sep=;\r\n" + semicolon}) {
        auto c = Catalogue::from_csv(text, "c.csv");
        ASSERT_TRUE(c) << c.error().to_string();
        expect_plain(*c);
    }
}

TEST(Catalogue, Headings) {
    EXPECT_EQ(field_of_heading("档 号"), "reference_code");
    EXPECT_EQ(field_of_heading("DH"), "reference_code");
    EXPECT_EQ(field_of_heading("reference_code"), "reference_code");
    EXPECT_EQ(field_of_heading("Reference Code"), "reference_code");
    EXPECT_EQ(field_of_heading("ＴＭ"), "title");
    EXPECT_EQ(field_of_heading("页数(页)"), "page_count");
    EXPECT_EQ(field_of_heading("题名【必填】"), "title");
    EXPECT_EQ(field_of_heading("保管期限"), "retention_period");
    EXPECT_EQ(field_of_heading("归档人"), "");
    auto c = Catalogue::from_csv(
        "QZH,DH,TM,RZZ,ND,WJRQ,WH,YS,MJ,BGQX,ZTC,HH,JH,归档人\n0025,A-1,t,r,2012,d,w,3,公开,永久,z,h,j,李\n", "c.csv");
    ASSERT_TRUE(c);
    const std::map<std::string, std::string> expected{{"fonds_code", "0025"},
                                                      {"reference_code", "A-1"},
                                                      {"title", "t"},
                                                      {"creator", "r"},
                                                      {"year", "2012"},
                                                      {"date", "d"},
                                                      {"document_number", "w"},
                                                      {"page_count", "3"},
                                                      {"security_level", "公开"},
                                                      {"retention_period", "永久"},
                                                      {"subjects", "z"},
                                                      {"box_number", "h"},
                                                      {"item_number", "j"},
                                                      {"归档人", "李"}};
    EXPECT_EQ(*c->find("A-1"), expected);
}

TEST(Catalogue, HeadingsBelowATitleAndFurtherHeadings) {
    auto c =
        Catalogue::from_csv("归档文件目录,,\n2012年度,,\n序号,档号,题名\n1,A-1,t\n序号,档号,题名\n2,A-2,u\n", "c.csv");
    ASSERT_TRUE(c);
    EXPECT_EQ(c->entries().size(), 2U);
    EXPECT_EQ(c->find("A-2")->at("title"), "u");
    EXPECT_THAT(remarks(*c), ElementsAre("5 catalogue.repeated_heading refused"));
    EXPECT_EQ(Catalogue::from_csv("编码,名\nA-1,t\n", "c.csv").error().code, "catalogue.no_code_column");
    Settings settings;
    settings.set(kColumns, std::string("编码=reference_code; 名=title"));
    auto mapped = Catalogue::from_csv("编码,名\nA-1,t\n", "c.csv", settings);
    ASSERT_TRUE(mapped);
    EXPECT_EQ(mapped->find("A-1")->at("title"), "t");
    settings.set(kColumns, std::string("nonsense"));
    EXPECT_EQ(Catalogue::from_csv("档号\nA-1\n", "c.csv", settings).error().code, "catalogue.bad_columns");
}

TEST(Catalogue, ACodeOfSeveralColumnsIsPutTogether) {
    const std::string sheet = "全宗号,目录号,案卷号,件号,题名\n"
                              "0025,1,７,3,t\n"
                              "0025,1,,4,no volume\n"
                              "0025,1,7,0012a,u\n";
    EXPECT_EQ(Catalogue::from_csv(sheet, "c.csv").error().code, "catalogue.no_code_column");
    Settings settings;
    settings.set(kCompose, std::string("{fonds_code}-{list_number}-{volume_number:4}-{item_number:3}"));
    const auto c = Catalogue::from_csv(sheet, "c.csv", settings);
    ASSERT_TRUE(c) << c.error().to_string();
    ASSERT_TRUE(c->find("0025-1-0007-003"));
    EXPECT_EQ(c->find("0025-1-0007-003")->at("title"), "t");
    EXPECT_TRUE(c->find("0025-1-0007-0012a")) << "only digits are padded";
    EXPECT_THAT(remarks(*c), ElementsAre("3 catalogue.no_code refused"));
    EXPECT_EQ(c->remarks()[0].column, "案卷号") << "the column that lacks its value";
    // A sheet with a 档号 column goes by that.
    const auto own = Catalogue::from_csv("档号,全宗号,目录号,案卷号,件号\nA-1,0025,1,7,3\n", "c.csv", settings);
    ASSERT_TRUE(own);
    EXPECT_TRUE(own->find("A-1"));
    for (const char* bad : {"{fonds_code", "fonds_code}", "{nothing}", "{item_number:x}", "{reference_code}"}) {
        settings.set(kCompose, std::string(bad));
        EXPECT_EQ(Catalogue::from_csv(sheet, "c.csv", settings).error().code, "catalogue.bad_pattern") << bad;
    }
}

TEST(Catalogue, EveryRowIsKeptOrRefusedWithItsNumber) {
    auto c = Catalogue::from_csv("档号,题名,页数\n"
                                 "A-1,one,3\n"
                                 "\n"
                                 ",no code,1\n"
                                 "A-1,again,2\n"
                                 "Ａ－１,full width again,2\n"
                                 "5-Jan,mangled,2\n"
                                 "1月5日,mangled,2\n"
                                 "2.5E+10,mangled,2\n"
                                 "A-2,\"multi\nline\",many\n"
                                 "A-3,one, two,3\n"
                                 "A-4,\"quo\"te,3\n"
                                 "A-5\n"
                                 "0025,leading zeros,4\n"
                                 "1-5,short,5\n",
                                 "c.csv");
    ASSERT_TRUE(c);
    EXPECT_THAT(remarks(*c), ElementsAre("4 catalogue.no_code refused", "5 catalogue.duplicate refused",
                                         "6 catalogue.duplicate refused", "7 catalogue.mangled_code refused",
                                         "8 catalogue.mangled_code refused", "9 catalogue.mangled_code refused",
                                         "10 catalogue.bad_page_count", "11 catalogue.too_many_cells refused",
                                         "12 catalogue.bad_quote refused"));
    std::vector<std::string> codes;
    for (const Entry& e : c->entries()) codes.push_back(e.code + "@" + std::to_string(e.row));
    EXPECT_THAT(codes, ElementsAre("A-1@2", "A-2@10", "A-5@13", "0025@14", "1-5@15"));
    EXPECT_EQ(c->find("A-2")->at("title"), "multi\nline");
    EXPECT_EQ(c->remarks()[1].finding().english(), "Row 5, column 页数: refused, A-1 already stands in row 2 "
                                                   "with another value there (here \"2\", there \"3\").");
    for (const Remark& r : c->remarks())
        EXPECT_NE(r.finding().chinese().find("第 " + std::to_string(r.row) + " 行"), std::string::npos);
}

TEST(Catalogue, CodesAreComparedFoldedButKeptAsWritten) {
    auto c = Catalogue::from_csv("档号\n０025－WS・2012\n", "c.csv");
    ASSERT_TRUE(c);
    ASSERT_TRUE(c->find(" 0025-ws·2012 "));
    EXPECT_EQ(c->find("0025-WS·2012")->at("reference_code"), "０025－WS・2012");
    EXPECT_FALSE(c->find("0025-WS2012"));
    EXPECT_FALSE(c->find(""));
}

TEST(Catalogue, DamagedFilesHaveNamedErrors) {
    const auto code = [](std::string bytes) { return Catalogue::from_csv(bytes, "c.csv").error().code; };
    EXPECT_EQ(code(""), "catalogue.empty");
    EXPECT_EQ(code("\n\n , \n"), "catalogue.empty");
    EXPECT_EQ(code(std::string("PK\x03\x04 workbook", 13)), "catalogue.not_csv");
    EXPECT_EQ(code(std::string("a\0b", 3)), "catalogue.not_csv");
    EXPECT_EQ(code(std::string("\xFF\xFE\x00\xD8"
                               "A\x00",
                               6)),
              "catalogue.encoding")
        << "half a surrogate pair";
    EXPECT_EQ(code("档号\nA-1 \xFF\xFF\xFF\n"), "catalogue.encoding");
    EXPECT_EQ(code("no heading\nA-1\n"), "catalogue.no_code_column");
    auto open = Catalogue::from_csv("档号,题名\nA-1,ok\nA-2,\"open\nA-3,lost\n", "c.csv");
    ASSERT_FALSE(open);
    EXPECT_EQ(open.error().code, "catalogue.unclosed_quote");
    EXPECT_EQ(open.error().page, 3);
    EXPECT_EQ(open.error().file, "c.csv");
}

struct Random {
    unsigned state;
    unsigned next(unsigned n) {
        state = state * 1664525U + 1013904223U;
        return (state >> 12) % n;
    }
};

TEST(Csv, WhatIsWrittenIsReadBack) {
    static const std::vector<std::string> kPieces{"=",  "+",    "-", "@",    "'",   "\"",   ",",  ";",  "\t", "\r",
                                                  "\n", "\r\n", " ", "0025", "1-5", "柳州", "＝", "𠮷", "·",  "a"};
    Random random{7};
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::vector<std::string>> rows{{"head", "a", "b"}}; // the heading row decides on the separator
        std::string text(kBom);
        const unsigned count = random.next(4);
        for (unsigned r = 0; r < count; ++r) {
            std::vector<std::string> row{"x" + std::to_string(r)};
            const unsigned cells = random.next(4);
            for (unsigned c = 0; c < cells; ++c) {
                std::string cell;
                for (unsigned k = random.next(5); k > 0; --k)
                    cell += kPieces[random.next(static_cast<unsigned>(kPieces.size()))];
                row.push_back(std::move(cell));
            }
            rows.push_back(std::move(row));
        }
        for (const auto& row : rows) text += csv_row(row);
        auto table = read_csv(text, "t.csv");
        ASSERT_TRUE(table) << table.error().to_string();
        ASSERT_EQ(table->rows.size(), rows.size());
        for (std::size_t r = 0; r < rows.size(); ++r) {
            EXPECT_EQ(table->rows[r].cells, rows[r]) << text;
            EXPECT_EQ(table->rows[r].problem, "") << text;
        }
    }
}

TEST(Csv, NoCellBeginsWithAFormulaSign) {
    EXPECT_EQ(csv_row({"=1+1", "+a", "-5", "@x", "0025", "1-5", "'=x"}), "'=1+1,'+a,'-5,'@x,0025,1-5,''=x\r\n");
    EXPECT_EQ(csv_row({"＝HYPERLINK(1)"}), "'＝HYPERLINK(1)\r\n");
    EXPECT_EQ(csv_row({"a\"b", "c,d", "e\nf", " g", ""}), "\"a\"\"b\",\"c,d\",\"e\nf\",\" g\",\r\n");
}

TEST(Csv, NoBytesCrashIt) {
    static const std::vector<std::string> kPieces{"\"",       "\"\"",         ",",    ";",   "\n", "\r", "档号", "\xFF",
                                                  "\xC1\xF8", "\xEF\xBB\xBF", "sep=", "A-1", "\t", "'",  "="};
    Random random{11};
    for (int round = 0; round < 5000; ++round) {
        std::string bytes = random.next(3) == 0 ? "档号,题名\n" : "";
        for (unsigned k = random.next(20); k > 0; --k)
            bytes += kPieces[random.next(static_cast<unsigned>(kPieces.size()))];
        auto c = Catalogue::from_csv(bytes, "c.csv");
        if (!c) {
            EXPECT_EQ(c.error().code.rfind("catalogue.", 0), 0U);
            continue;
        }
        for (const Entry& e : c->entries()) EXPECT_EQ(c->entry(e.code), &e);
    }
}

} // namespace
} // namespace recto::catalogue
