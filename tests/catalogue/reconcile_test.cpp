// Catalogue against scans, and the lists that come of it.

#include "catalogue/reconcile.h"

#include <gmock/gmock.h>

#include "pipeline/files/csv.h"

namespace recto::catalogue {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Item item(std::string code, std::vector<PageClass> classes) {
    Item i;
    i.reference_code = std::move(code);
    i.provisional_name = "folder";
    i.sources.emplace_back();
    i.sources[0].original_name = "1.tif";
    for (const PageClass c : classes) {
        Page p;
        p.page_class = c;
        p.order = static_cast<int>(i.pages.size()) + 1;
        i.pages.push_back(p);
    }
    return i;
}

constexpr auto B = PageClass::Body, C = PageClass::Cover, V = PageClass::BlankVerso, N = PageClass::BackNote,
               S = PageClass::Separator;

struct Case {
    Catalogue catalogue = *Catalogue::from_csv(
        "档号,题名,页数\nA-1,=one,2\nA-2,two,3\nA-3,three,1\nA-4,four,5\nA-5,five,\nA-2,again,9\n", "c.csv");
    std::vector<Item> items{item("A-1", {C, B, V, B, V, N}),
                            item("A-2", {S, B, B}),
                            item("A-3", {B, B}),
                            item("A-5", {B}),
                            item("", {B}),
                            item("X-9", {B}),
                            item("A-1", {B})};
};

TEST(Reconcile, CountsByClass) {
    Case c;
    const auto r = reconcile(c.catalogue, c.items);
    std::vector<std::string> got;
    for (const auto& i : r.items)
        got.push_back(i.code + " " + std::string(to_string(i.verdict)) + " " + std::to_string(i.expected) + "/" +
                      std::to_string(i.counted));
    EXPECT_THAT(got, ElementsAre("A-1 match 2/2", "A-2 missing-pages 3/2", "A-3 extra-pages 1/2",
                                 "A-4 not-scanned 5/-1", "A-5 no-page-count -1/1", "folder not-in-catalogue -1/1",
                                 "X-9 not-in-catalogue -1/1", "A-1 not-in-catalogue -1/1"));
    EXPECT_EQ(r.matching, 1);
    EXPECT_EQ(r.missing_pages, 1);
    EXPECT_EQ(r.not_in_catalogue, 3);
    EXPECT_FALSE(r.clean());
}

TEST(Reconcile, ListsReadBackAndHoldNoFormula) {
    Case c;
    Finding blurred;
    blurred.code = "treat.blurred";
    blurred.severity = Severity::Rescan;
    c.items[1].pages[1].findings.push_back(blurred);
    c.items[1].pages[2].error = fail("decode.damaged", "strip 3 ends early", "1.tif").value();
    Finding differs;
    differs.code = "describe.differs";
    differs.severity = Severity::Warning;
    differs.args = {"文号", "柳政发〔2023〕12号", "柳政发〔2023〕13号", "1"};
    c.items[0].findings.push_back(differs);
    std::vector<ScannedItem> scanned;
    for (const Item& i : c.items) scanned.push_back(summarise(i));
    const auto r = reconcile(c.catalogue, scanned);

    auto errata = read_csv(errata_csv(c.catalogue, r, scanned), "勘误表.csv");
    ASSERT_TRUE(errata);
    // Heading, the refused row, differs, missing, extra, not scanned, three not in the catalogue.
    ASSERT_EQ(errata->rows.size(), 9U);
    EXPECT_EQ(errata->rows[0].cells[2], "档号 / Reference code");
    EXPECT_THAT(errata->rows[1].cells[4], HasSubstr("第 7 行"));
    EXPECT_EQ(errata->rows[2].cells[3], "=one");
    EXPECT_EQ(errata->rows[2].cells[5], "柳政发〔2023〕12号");
    EXPECT_EQ(errata->rows[2].cells[6], "柳政发〔2023〕13号");
    EXPECT_THAT(errata->rows[3].cells[4], HasSubstr("缺 1 页"));
    EXPECT_THAT(errata->rows[3].cells[4], HasSubstr("1 pages are missing"));
    EXPECT_NE(errata_csv(c.catalogue, r, scanned).find("'=one"), std::string::npos);

    auto rescan = read_csv(rescan_csv(r, scanned), "rescan.csv");
    ASSERT_TRUE(rescan);
    ASSERT_EQ(rescan->rows.size(), 4U);
    EXPECT_EQ(rescan->rows[1].cells[7], "decode.damaged") << "worst first";
    EXPECT_EQ(rescan->rows[1].cells[2], "3");
    EXPECT_EQ(rescan->rows[2].cells[7], "treat.blurred");
    EXPECT_EQ(rescan->rows[2].cells[4], "1.tif");
    EXPECT_EQ(rescan->rows[3].cells[7], "reconcile.missing_pages");

    auto inventory = read_csv(inventory_csv(r, scanned), "inventory.csv");
    ASSERT_TRUE(inventory);
    ASSERT_EQ(inventory->rows.size(), r.items.size() + 1);
    for (const auto& row : inventory->rows) EXPECT_EQ(row.cells.size(), inventory->rows[0].cells.size());
    EXPECT_EQ(inventory->rows[1].cells[6], "2"); // body pages of A-1
    EXPECT_EQ(inventory->rows[4].cells[3], "未扫描 / not scanned");
    const std::string raw = errata_csv(c.catalogue, r, scanned);
    EXPECT_EQ(raw.substr(0, 3), kBom);
    EXPECT_NE(raw.find("\r\n"), std::string::npos);
}

} // namespace
} // namespace recto::catalogue
