// Digitization rates: what counts, and when there is no rate.

#include "catalogue/report.h"

#include <gmock/gmock.h>

#include "catalogue/imports.h"
#include "pipeline/files/csv.h"

namespace recto::catalogue {
namespace {

using ::testing::ElementsAre;

struct Rates {
    std::unique_ptr<Store> store;
    Rates() {
        auto opened = Store::open({{"", ":memory:", nullptr}, "1", "a", "t"});
        EXPECT_TRUE(opened) << opened.error().to_string();
        store = std::move(*opened);
    }
    void list(const std::string& csv) {
        const auto plan = plan_import(*store, csv, "l.csv", Settings{}, {});
        ASSERT_TRUE(plan) << plan.error().to_string();
        ASSERT_EQ(plan->refused, 0);
        ASSERT_TRUE(store->put_inventory(plan->changes));
    }
    void scanned(const std::string& code, int pages, bool held = false) {
        ItemRecord r;
        r.id = "id-" + code + std::to_string(pages);
        r.code = code;
        r.state = held ? "held" : "stored";
        r.counted_pages = pages;
        for (int p = 1; p <= pages; ++p) {
            PageRecord page;
            page.id = r.id + std::to_string(p);
            page.order = p;
            page.page_class = "body";
            page.counted = true;
            r.pages.push_back(page);
        }
        ASSERT_TRUE(store->put_items({r}));
    }
    DigitizationReport by(const std::string& what) {
        auto r = digitization_report(*store, what);
        EXPECT_TRUE(r);
        return std::move(*r);
    }
};

std::string text(const Rate& r) { return r.known() ? std::to_string(r.done) + "/" + std::to_string(r.of) : r.why; }
std::vector<std::string> lines(const DigitizationReport& r) {
    std::vector<std::string> out;
    for (const ReportRow& row : r.rows)
        out.push_back(row.key + " " + text(row.volumes) + " " + text(row.items) + " " + text(row.pages));
    return out;
}

TEST(Report, WithoutInventoryNothingCanBeComputed) {
    Rates r;
    r.scanned("A-1", 3);
    const auto report = r.by("retention");
    EXPECT_EQ(text(report.total.items), "rates.no_inventory");
    EXPECT_EQ(text(report.total.volumes), "rates.no_inventory");
    EXPECT_EQ(report.stored_items, 1);
    EXPECT_TRUE(report_json(report)["total"]["pages"]["rate"].is_null());
}

TEST(Report, ItemsAndPagesByRetentionFondsAndYear) {
    Rates r;
    r.list("档号,全宗号,年度,保管期限,页数\nA-1,J1,2012,永久,3\nA-2,J1,2012,定期10年,5\nA-3,J2,2013,30年,4\nA-4,J2,"
           "2013,D30,2\nA-5,J2,,,1\n");
    r.scanned("Ａ－1", 5);     // more than the inventory has: counts 3
    r.scanned("A-3", 3);       // a page is missing
    r.scanned("A-4", 2, true); // held: not done
    r.scanned("X-9", 7);       // in no inventory
    r.scanned("", 2);
    const auto report = r.by("retention");
    EXPECT_EQ(text(report.total.items), "2/5");
    EXPECT_EQ(text(report.total.pages), "6/15");
    EXPECT_EQ(text(report.total.volumes), "rates.no_volumes");
    EXPECT_EQ(report.total.held, 1);
    EXPECT_EQ(report.not_in_inventory, 2);
    EXPECT_EQ(report.provisional, 1);
    EXPECT_THAT(lines(report), ElementsAre("永久 rates.no_volumes 1/1 3/3", "30年 rates.no_volumes 1/2 3/6",
                                           "10年 rates.no_volumes 0/1 0/5", " rates.no_volumes 0/1 0/1"));
    EXPECT_THAT(lines(r.by("fonds")), ElementsAre("J1 rates.no_volumes 1/2 3/8", "J2 rates.no_volumes 1/3 3/7"));
    EXPECT_THAT(lines(r.by("year")), ElementsAre("2012 rates.no_volumes 1/2 3/8", "2013 rates.no_volumes 1/2 3/6",
                                                 " rates.no_volumes 0/1 0/1"));
    EXPECT_EQ(r.by("item").rows.size(), 5u);
}

TEST(Report, ARowWithoutPagesLeavesNoRateOfPages) {
    Rates r;
    r.list("档号,保管期限,页数\nA-1,永久,3\nA-2,10年,\n");
    const auto report = r.by("retention");
    EXPECT_EQ(text(report.total.pages), "rates.pages_unknown");
    EXPECT_EQ(report.total.pages.unknown, 1);
    EXPECT_THAT(lines(report),
                ElementsAre("永久 rates.no_volumes 0/1 0/3", "10年 rates.no_volumes 0/1 rates.pages_unknown"));
}

TEST(Report, VolumesFromTheirListFromTheItemsAndByCode) {
    Rates r;
    r.list(
        "档号,案卷题名,件数,页数,保管期限\nJ1-1-0001,甲卷,2,7,永久\nJ1-1-0002,乙卷,3,30,永久\nJ1-1-0003,丙卷,,,30年\n");
    r.list("档号,题名,页数,保管期限,日期\nJ1-1-0001-001,a,3,永久,2012\nJ1-1-0001-002,b,4,永久,2012\n");
    r.list("档号,全宗号,目录号,案卷号,题名,页数,保管期限,日期\nX1,J9,2,7,a,3,10年,2012\nX2,J9,2,7,b,4,10年,2012\n");
    EXPECT_EQ(text(r.by("total").total.volumes), "0/4");
    EXPECT_EQ(text(r.by("total").total.items), "rates.volumes_without_items") << "丙卷 does not say what is in it";
    r.scanned("J1-1-0001-001", 3);
    r.scanned("X1", 3);
    r.scanned("X2", 4);
    r.scanned("J1-1-0002-001", 12); // of a volume that is listed as a whole
    const auto report = r.by("volume");
    EXPECT_THAT(lines(report),
                ElementsAre("J1-1-0001 0/1 1/2 3/7", "J1-1-0002 0/1 1/3 12/30",
                            "J1-1-0003 0/1 rates.volumes_without_items rates.pages_unknown", "J9-2-7 1/1 2/2 7/7"));
    EXPECT_EQ(report.rows[0].title, "甲卷");
    EXPECT_EQ(report.not_in_inventory, 0);
    EXPECT_EQ(text(report.total.volumes), "1/4");
    r.scanned("J1-1-0001-002", 4);
    r.scanned("J1-1-0002-002", 18);
    EXPECT_EQ(text(r.by("total").total.volumes), "3/4");
    r.scanned("J1-1-0003", 9); // delivered as one item
    EXPECT_EQ(text(r.by("total").total.volumes), "4/4");
}

TEST(Report, ListsHoldNoFormulaAndClassesAreCounted) {
    Rates r;
    r.list("档号,题名,页数\n=1+1,@x,2\n");
    r.scanned("=1+1", 2);
    const std::string csv = report_csv(r.by("item"));
    EXPECT_NE(csv.find("\r\n'=1+1,'@x,"), std::string::npos) << csv;
    const auto table = read_csv(csv, "r.csv");
    ASSERT_TRUE(table);
    EXPECT_EQ(table->rows[1].cells[0], "=1+1");
    EXPECT_EQ(table->rows[1].cells[10], "100.00%");
    const auto classes = page_classes(*r.store);
    ASSERT_EQ(classes->size(), 1u);
    EXPECT_EQ(classes->front().pages, 2);
    const std::string path = ::testing::TempDir() + "recto-report.xlsx";
    ASSERT_TRUE(write_report_xlsx(r.by("item"), path));
    const auto bytes = posix_file_system()->read(path);
    const auto book = read_workbook(*bytes, path);
    ASSERT_TRUE(book) << book.error().to_string();
    EXPECT_EQ(book->sheets[0].rows[1].cells[0].text, "=1+1");
    EXPECT_EQ(book->sheets[0].rows[1].cells[0].kind, Cell::Kind::Text);
    EXPECT_EQ(book->sheets[0].rows[1].cells[5].kind, Cell::Kind::Number);
    (void)posix_file_system()->remove(path);
    EXPECT_FALSE(write_report_xlsx(r.by("item"), "/nonexistent/r.xlsx"));
}

} // namespace
} // namespace recto::catalogue
