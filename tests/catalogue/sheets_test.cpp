// Sheets as offices deliver them, and workbooks that are broken or hostile.

#include "catalogue/catalogue.h"

#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>

#include <gmock/gmock.h>
#include <unistd.h>
#include <xlsxwriter.h>
#include <zip.h>

#include "catalogue/mapping.h"
#include "catalogue/workbook.h"

namespace recto::catalogue {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Bytes of a workbook that `fill` wrote.
std::string workbook(const std::function<void(lxw_workbook*, lxw_worksheet*)>& fill) {
    char name[] = "/tmp/recto-xlsx-XXXXXX";
    const int fd = ::mkstemp(name);
    ::close(fd);
    lxw_workbook* book = workbook_new(name);
    fill(book, workbook_add_worksheet(book, "目录"));
    EXPECT_EQ(workbook_close(book), LXW_NO_ERROR);
    std::ifstream in(name, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    ::unlink(name);
    return bytes;
}

void text(lxw_worksheet* sheet, int row, int column, const char* value) {
    worksheet_write_string(sheet, static_cast<lxw_row_t>(row), static_cast<lxw_col_t>(column), value, nullptr);
}

/// The workbook with parts replaced (empty: removed).
std::string with_parts(const std::string& bytes, const std::map<std::string, std::string>& parts) {
    char name[] = "/tmp/recto-xlsx-XXXXXX";
    const int fd = ::mkstemp(name);
    EXPECT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ::close(fd);
    int error = 0;
    zip_t* zip = zip_open(name, 0, &error);
    for (const auto& [part, content] : parts) {
        const auto at = static_cast<zip_uint64_t>(zip_name_locate(zip, part.c_str(), 0));
        if (content.empty()) zip_delete(zip, at);
        else zip_file_replace(zip, at, zip_source_buffer(zip, content.data(), content.size(), 0), 0);
    }
    EXPECT_EQ(zip_close(zip), 0);
    std::ifstream in(name, std::ios::binary);
    std::string out{std::istreambuf_iterator<char>(in), {}};
    ::unlink(name);
    return out;
}

std::string plain_workbook() {
    return workbook([](lxw_workbook*, lxw_worksheet* s) {
        text(s, 0, 0, "档号");
        text(s, 0, 1, "题名");
        text(s, 1, 0, "0025");
        text(s, 1, 1, "甲 & <乙>");
    });
}

std::vector<std::string> remarks_with_columns(const Catalogue& c) {
    std::vector<std::string> out;
    for (const Remark& r : c.remarks())
        out.push_back(std::to_string(r.row) + " " + r.column + " " + r.code + (r.refused ? " refused" : ""));
    return out;
}

TEST(Workbook, TypedCellsAsPeopleSeeThem) {
    const std::string bytes = workbook([](lxw_workbook* book, lxw_worksheet* s) {
        lxw_format* padded = workbook_add_format(book);
        format_set_num_format(padded, "0000");
        lxw_format* date = workbook_add_format(book);
        format_set_num_format(date, "yyyy\"年\"m\"月\"d\"日\"");
        lxw_format* money = workbook_add_format(book);
        format_set_num_format(money, "#,##0.00\"days\"");
        lxw_datetime day{2023, 3, 17, 0, 0, 0};
        text(s, 0, 0, "0025");
        worksheet_write_number(s, 0, 1, 25, padded);
        worksheet_write_datetime(s, 0, 2, &day, date);
        worksheet_write_number(s, 0, 3, 45000, nullptr);
        worksheet_write_number(s, 0, 4, 2.5, money);
        worksheet_write_boolean(s, 0, 5, 1, nullptr);
        worksheet_write_formula_num(s, 0, 7, "=1+1", nullptr, 2);
        text(s, 4, 2, "𠮷\n行");
    });
    const auto book = read_workbook(bytes, "a.xlsx");
    ASSERT_TRUE(book) << book.error().to_string();
    ASSERT_EQ(book->sheets.size(), 1u);
    const Sheet& sheet = book->sheets[0];
    EXPECT_EQ(sheet.name, "目录");
    ASSERT_EQ(sheet.rows.size(), 2u);
    std::vector<std::string> cells;
    for (const Cell& c : sheet.rows[0].cells) cells.push_back(c.text);
    EXPECT_THAT(cells, ElementsAre("0025", "0025", "2023-03-17", "45000", "2.5", "TRUE", "", "2"));
    EXPECT_EQ(sheet.rows[0].cells[2].kind, Cell::Kind::Date);
    EXPECT_EQ(sheet.rows[0].cells[4].kind, Cell::Kind::Number) << "letters in quotes make no date";
    EXPECT_EQ(sheet.rows[1].row, 5);
    EXPECT_EQ(sheet.rows[1].cells[2].text, "𠮷\n行");
}

TEST(Workbook, TitleTwoRowsOfHeadingsMergedCells) {
    const std::string bytes = workbook([](lxw_workbook* book, lxw_worksheet* s) {
        worksheet_merge_range(s, 0, 0, 0, 5, "青柳市档案馆归档文件目录", nullptr);
        text(s, 1, 0, "全宗名称:青柳市水利局");
        worksheet_merge_range(s, 2, 0, 3, 0, "序号", nullptr);
        worksheet_merge_range(s, 2, 1, 3, 1, "档 号", nullptr);
        worksheet_merge_range(s, 2, 2, 2, 4, "文 件", nullptr);
        text(s, 3, 2, "题名");
        text(s, 3, 3, "责任者");
        text(s, 3, 4, "日期");
        worksheet_merge_range(s, 2, 5, 3, 5, "页数", nullptr);
        text(s, 4, 1, "A-1");
        text(s, 4, 2, "甲");
        worksheet_merge_range(s, 4, 3, 5, 3, "市水利局", nullptr);
        text(s, 4, 4, "二〇二三年三月十七日");
        text(s, 4, 5, "３");
        text(s, 5, 1, "A-2");
        text(s, 5, 2, "乙");
        lxw_worksheet* notes = workbook_add_worksheet(book, "填表说明");
        text(notes, 0, 0, "请逐件填写。");
        worksheet_hide(workbook_add_worksheet(book, "隐藏"));
    });
    const auto c = Catalogue::from_bytes(bytes, "a.xlsx");
    ASSERT_TRUE(c) << c.error().to_string();
    ASSERT_EQ(c->entries().size(), 2u);
    EXPECT_EQ(c->find("A-1")->at("title"), "甲");
    EXPECT_EQ(c->find("A-1")->at("date"), "二〇二三年三月十七日");
    EXPECT_EQ(c->find("A-1")->at("page_count"), "３");
    EXPECT_EQ(c->find("A-2")->at("creator"), "市水利局") << "merged down over both rows";
    EXPECT_EQ(c->entries()[0].row, 5);
    EXPECT_THAT(remarks_with_columns(*c), ElementsAre());
}

TEST(Workbook, CodesThatASpreadsheetTurnedIntoDates) {
    const std::string bytes = workbook([](lxw_workbook* book, lxw_worksheet* s) {
        lxw_format* short_date = workbook_add_format(book);
        format_set_num_format_index(short_date, 58); // m"月"d"日"
        for (const auto& [row, code] : {std::pair{1, "1-4"}, {3, "1-6"}, {4, "1-7"}, {6, "1月5日"}})
            text(s, row, 0, code);
        text(s, 0, 0, "DH");
        text(s, 0, 1, "TM");
        worksheet_write_number(s, 2, 0, 45000, short_date);
        worksheet_write_number(s, 5, 0, 45000, nullptr);
        for (int row = 1; row < 7; ++row) text(s, row, 1, "t");
    });
    const auto c = Catalogue::from_bytes(bytes, "a.xlsx");
    ASSERT_TRUE(c);
    EXPECT_EQ(c->entries().size(), 3u);
    EXPECT_THAT(remarks_with_columns(*c),
                ElementsAre("3 DH catalogue.mangled_code refused", "6 DH catalogue.mangled_code refused",
                            "7 DH catalogue.mangled_code refused"));
    // Where numbers are the rule, a number of five digits is a 档号.
    const auto numbers = Catalogue::from_csv("档号,题名\n44999,a\n45000,b\n45001,c\n", "a.csv");
    ASSERT_TRUE(numbers);
    EXPECT_EQ(numbers->entries().size(), 3u);
}

TEST(Rows, DatesAsCataloguesWriteThem) {
    const std::pair<const char*, const char*> kGood[] = {{"20230317", "2023-03-17"},
                                                         {"2023.3.17", "2023-03-17"},
                                                         {"２０２３．３．１７", "2023-03-17"},
                                                         {"2023年3月", "2023-03"},
                                                         {"二〇二三年三月十七日", "2023-03-17"},
                                                         {"2023-03-17 00:00:00", "2023-03-17"},
                                                         {"45002", "2023-03-17"},
                                                         {"20230300", "2023-03"},
                                                         {"2023/3/17", "2023-03-17"},
                                                         {"2012", "2012"},
                                                         {"20120301-20120506", "2012-03-01/2012-05-06"},
                                                         {"2012.3-2012.5", "2012-03/2012-05"},
                                                         {"2011至2012", "2011/2012"}};
    for (const auto& [written, edtf] : kGood) EXPECT_EQ(edtf_of(written).value_or("–"), edtf) << written;
    for (const char* bad : {"20230230", "20231345", "2023年13月1日", "2023-02-30", "99999999", "20120506-20120301"}) {
        bool impossible = false;
        EXPECT_FALSE(edtf_of(bad, &impossible)) << bad;
        EXPECT_TRUE(impossible) << bad;
    }
    for (const char* none : {"不详", "", "[?]"}) {
        bool impossible = true;
        EXPECT_FALSE(edtf_of(none, &impossible)) << none;
        EXPECT_FALSE(impossible) << none;
    }
}

TEST(Rows, ImpossibleDatesMissingFieldsAndRetention) {
    Settings settings;
    settings.set(kRequired, std::string("reference_code, title"));
    const auto c = Catalogue::from_csv(
        "DH,TM,RQ,BGQX,ZRZ\nA-1,x,20230230,Y,z\nA-2,,20230228,30,z\nA-3,y,不详,定期10年,z\n", "a.csv", settings);
    ASSERT_TRUE(c);
    EXPECT_THAT(remarks_with_columns(*c),
                ElementsAre("2 RQ catalogue.impossible_date refused", "3 TM catalogue.missing_field refused",
                            "4 RQ catalogue.no_date"));
    EXPECT_THAT(c->remarks()[0].finding().english(), HasSubstr("20230230"));
    for (const auto& [written, meant] : {std::pair{"永久", "永久"},
                                         {"Y", "永久"},
                                         {"D30", "30年"},
                                         {"30", "30年"},
                                         {"３０年", "30年"},
                                         {"定期10年", "10年"},
                                         {"长期", "长期"},
                                         {"", ""}})
        EXPECT_EQ(retention_of(written), meant) << written;
}

TEST(Rows, WhatReportsGroupBy) {
    const Grouping code = grouping_of({1, "0025-WS·2012-D30-BGS-0003", {}, "", "item"});
    EXPECT_EQ(code.fonds + "|" + code.year + "|" + code.retention + "|" + code.volume, "0025|2012|30年|");
    const Grouping columns =
        grouping_of({1,
                     "X",
                     {{"fonds_code", "J1"}, {"list_number", "2"}, {"volume_number", "0023"}, {"date", "1985.3"}},
                     "",
                     "item"});
    EXPECT_EQ(columns.volume, "J1-2-0023");
    EXPECT_EQ(columns.year, "1985");
    EXPECT_EQ(columns.retention, "");
    // A list of volumes is known by its headings.
    const auto volumes =
        Catalogue::from_csv("档号,案卷题名,件数,页数,保管期限\nJ1-2-0023,往来文书,12,180,永久\n", "v.csv");
    ASSERT_TRUE(volumes);
    EXPECT_EQ(volumes->entries()[0].level, "volume");
    EXPECT_EQ(grouping_of(volumes->entries()[0]).volume, "J1-2-0023");
}

TEST(Workbook, BrokenOnesHaveNamedErrors) {
    const std::string good = plain_workbook();
    ASSERT_TRUE(read_workbook(good, "a.xlsx"));
    const auto error = [](const std::string& bytes) {
        const auto book = read_workbook(bytes, "a.xlsx");
        return book ? Error{"none", "", "", 0, "", false} : book.error();
    };
    for (const std::size_t size : {good.size() / 3, good.size() - 10, std::size_t{40}})
        EXPECT_EQ(error(good.substr(0, size)).code, "catalogue.workbook") << size;
    std::string flipped = good; // the sheet's compressed bytes
    flipped[good.find("xl/worksheets/sheet1.xml") + 40] ^= 0x55;
    EXPECT_EQ(error(flipped).code, "catalogue.workbook");
    for (const char* part :
         {"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"}) {
        const Error e = error(with_parts(good, {{part, ""}}));
        EXPECT_EQ(e.code, "catalogue.workbook") << part;
        EXPECT_THAT(e.reason, HasSubstr(part));
        EXPECT_EQ(error(with_parts(good, {{part, "<broken"}})).code, "catalogue.workbook") << part;
    }
    EXPECT_THAT(error(with_parts(good, {{"xl/worksheets/sheet1.xml",
                                         "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>9999</v></c></row>"
                                         "</sheetData></worksheet>"}}))
                    .reason,
                HasSubstr("9999"));
    EXPECT_THAT(error(with_parts(good, {{"xl/sharedStrings.xml",
                                         "<!DOCTYPE sst [<!ENTITY a \"aaaaaaaa\">]><sst><si><t>&a;</t></si></sst>"}}))
                    .reason,
                HasSubstr("document type"));
    EXPECT_EQ(error("\xD0\xCF\x11\xE0 old workbook").code, "catalogue.old_workbook");
}

TEST(Workbook, BombsAreRefused) {
    const std::string good = plain_workbook();
    // One row with a cell in the last column, a hundred thousand times; and a part that unpacks to 1.1 GiB.
    std::string far = "<worksheet><sheetData>";
    for (int r = 1; r <= 70000; ++r)
        far += "<row r=\"" + std::to_string(r) + "\"><c r=\"AMJ" + std::to_string(r) + "\"><v>1</v></c></row>";
    auto e =
        read_workbook(with_parts(good, {{"xl/worksheets/sheet1.xml", far + "</sheetData></worksheet>"}}), "a.xlsx");
    ASSERT_FALSE(e);
    EXPECT_EQ(e.error().code, "catalogue.workbook_size");
    e = read_workbook(
        with_parts(good, {{"xl/worksheets/sheet1.xml",
                           "<worksheet><sheetData><row r=\"1\"><c r=\"XFD1\"><v>1</v></c></row></sheetData>"
                           "</worksheet>"}}),
        "a.xlsx");
    ASSERT_FALSE(e);
    EXPECT_EQ(e.error().code, "catalogue.workbook_size");
    const std::string bomb = "<sst>" + std::string((std::size_t{1} << 30) + (1 << 20), ' ') + "</sst>";
    e = read_workbook(with_parts(good, {{"xl/sharedStrings.xml", bomb}}), "a.xlsx");
    ASSERT_FALSE(e);
    EXPECT_EQ(e.error().code, "catalogue.workbook_size");
}

TEST(Workbook, NoBytesCrashIt) {
    const std::string good = plain_workbook();
    unsigned state = 5;
    const auto random = [&](std::size_t n) {
        state = state * 1664525U + 1013904223U;
        return (state >> 8) % n;
    };
    for (int round = 0; round < 1500; ++round) {
        std::string bytes = good;
        for (std::size_t k = 1 + random(4); k > 0; --k) bytes[random(bytes.size())] = static_cast<char>(random(256));
        const auto book = read_workbook(bytes, "a.xlsx");
        if (!book) { EXPECT_EQ(book.error().code.substr(0, 10), "catalogue.") << book.error().to_string(); }
    }
}

} // namespace
} // namespace recto::catalogue
