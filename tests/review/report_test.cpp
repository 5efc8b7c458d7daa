// The report of a run: quick to open however large the run is, worst first, and with nothing in it that could run.

#include "review/report.h"

#include <gmock/gmock.h>

#include "pipeline/files/csv.h"
#include "pipeline/files/memory_file_system.h"
#include "review/outliers.h"

namespace recto {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

PageReport page(int order) {
    PageReport p;
    p.order = order;
    p.id = "page-" + std::to_string(order);
    p.source = std::to_string(order) + ".tif";
    p.page_class = "body";
    p.state = "read";
    p.confidence = 0.97;
    p.sharpness = 0.9;
    p.contrast = 0.7;
    p.ink_ratio = 0.05;
    p.width_mm = 210;
    p.height_mm = 297;
    return p;
}

RunReport run_of(int items, int pages) {
    RunReport run;
    run.run_id = "20260101-200000";
    for (int i = 0; i < items; ++i) {
        ItemReport item;
        item.id = "item-" + std::to_string(i);
        item.name = "0025-WS·2012-Y-" + std::to_string(i);
        item.state = "stored";
        item.counted_pages = pages;
        for (int p = 1; p <= pages; ++p) item.pages.push_back(page(p));
        run.items.push_back(item);
        run.pages += pages;
    }
    return run;
}

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

const ReportContext kContext{"/archive", "市档案馆", {}, {}};

TEST(Report, TwoThousandScansMakeSmallPages) {
    RunReport run = run_of(20, 100);
    for (ItemReport& item : run.items)
        for (PageReport& p : item.pages) {
            p.findings.push_back({"treat.orientation_unsure", Severity::Warning, {}, false, {}});
            nlohmann::json lines = nlohmann::json::array();
            for (int n = 1; n <= 5; ++n)
                lines.push_back({{"id", "b1l" + std::to_string(n)}, {"text", "柳州市"}, {"confidence", 0.5}});
            p.work_results["proof"] = {{"file", "/scratch/lines.jpg"}, {"lines", lines}};
        }
    MemoryFileSystem fs;
    ASSERT_TRUE(fs.make_folders("/scratch"));
    ASSERT_TRUE(fs.write("/scratch/lines.jpg", "picture"));
    const auto index = write_report(fs, "/reports/a", run, kContext);
    ASSERT_TRUE(index) << index.error().to_string();
    std::size_t figures = 0, lines = 0;
    const auto files = list_files(fs, "/reports/a");
    ASSERT_TRUE(files);
    for (const std::string& name : *files) {
        if (!name.ends_with(".html")) continue;
        const std::string html = *fs.read("/reports/a/" + name);
        EXPECT_LT(html.size(), 120'000U) << name; // Measured: 60 kB for the longest.
        if (name.starts_with("items/")) figures += count(html, "<figure");
        if (name.starts_with("doubts")) lines += count(html, "class=\"read\"");
        EXPECT_THAT(html, Not(HasSubstr("http://"))) << name;
        EXPECT_THAT(html, Not(HasSubstr("https://"))) << name;
    }
    EXPECT_EQ(figures, 2000U) << "every page has its figure, once";
    EXPECT_EQ(lines, 10'000U);
    const auto table = read_csv(*fs.read("/reports/a/corrections.csv"), "corrections.csv");
    ASSERT_TRUE(table);
    EXPECT_THAT(table->rows, SizeIs(10'001));
    EXPECT_THAT(table->rows[1].cells, testing::ElementsAre("item-0", "page-1", "b1l1", "柳州市", "", "", "1", "0.50"));
}

TEST(Report, TheWorstStandsFirst) {
    RunReport run = run_of(3, 2);
    run.items[1].pages[0].findings.push_back({"treat.blurred", Severity::Rescan, {}, false, {}});
    run.items[2].state = "failed";
    MemoryFileSystem fs;
    const auto index = write_report(fs, "/r", run, kContext);
    ASSERT_TRUE(index);
    const std::string html = *fs.read(*index);
    const std::string table = html.substr(html.rfind("<th></th>")); // of the items
    const auto at = [&](int item) { return table.find("0025-WS·2012-Y-" + std::to_string(item)); };
    EXPECT_LT(at(2), at(1));
    EXPECT_LT(at(1), at(0));
    EXPECT_EQ(count(html, "<figure"), 1U) << "the one page that needs a look";
}

TEST(Report, DoubtfulLinesComeWorstFirstAndNothingInThemRuns) {
    RunReport run = run_of(1, 2);
    run.items[0].name = "<script>alert(1)</script>";
    const auto line = [](const char* text, double confidence) {
        return nlohmann::json{{"lines", {{{"id", "b1l1"}, {"text", text}, {"confidence", confidence}}}}};
    };
    run.items[0].pages[0].work_results["proof"] = line("<b>second</b>", 0.8);
    run.items[0].pages[1].work_results["proof"] = line("=HYPERLINK(\"x\")", 0.2);
    MemoryFileSystem fs;
    ASSERT_TRUE(write_report(fs, "/r", run, kContext));
    const std::string html = *fs.read("/r/doubts.html");
    EXPECT_LT(html.find("HYPERLINK"), html.find("second"));
    const auto files = list_files(fs, "/r");
    ASSERT_TRUE(files);
    for (const std::string& name : *files) {
        if (!name.ends_with(".html")) continue;
        EXPECT_THAT(*fs.read("/r/" + name), Not(HasSubstr("<script>alert"))) << name;
    }
    EXPECT_THAT(*fs.read("/r/corrections.csv"), HasSubstr("'=HYPERLINK"));
    const auto table = read_csv(*fs.read("/r/corrections.csv"), "c");
    EXPECT_EQ(table->rows.at(1).cells.at(3), "=HYPERLINK(\"x\")") << "and it is read back as it was";
}

TEST(Report, NothingOfAnItemHeldForItsClassificationIsShown) {
    RunReport run = run_of(2, 2);
    run.items[1].state = "held";
    run.items[1].title = "专项检查";
    run.items[1].findings.push_back({"describe.classified", Severity::Error, {"机密★1年", "-", "2"}, false, {}});
    run.items[1].findings.push_back({"describe.differs", Severity::Info, {"a", "b", "专项检查", "1"}, false, {}});
    run.items[1].pages[0].source = "secret.tif";
    MemoryFileSystem fs;
    ASSERT_TRUE(write_report(fs, "/r", run, kContext));
    int files = 0;
    for (const char* folder : {"/r", "/r/items"}) {
        const auto names = fs.list(folder);
        for (const std::string& name : names.value_or(std::vector<std::string>{})) {
            const auto text = fs.read(join_path(folder, name));
            if (!text) continue;
            ++files;
            EXPECT_THAT(*text, Not(HasSubstr("专项检查"))) << name;
            EXPECT_THAT(*text, Not(HasSubstr("secret.tif"))) << name;
        }
    }
    EXPECT_GT(files, 3);
    EXPECT_THAT(*fs.read("/r/index.html"), HasSubstr("机密"));
    run.items[1].state = "stored"; // released
    ASSERT_TRUE(write_report(fs, "/r2", run, kContext));
    EXPECT_THAT(*fs.read("/r2/run.json"), HasSubstr("专项检查"));
}

TEST(Report, AMissingPictureCostsAPictureOnly) {
    RunReport run = run_of(1, 1);
    run.items[0].pages[0].scan_picture = "/gone.jpg";
    run.items[0].pages[0].work_results["preview"] = {{"file", "/there.jpg"}};
    MemoryFileSystem fs;
    ASSERT_TRUE(fs.write("/there.jpg", "picture"));
    ASSERT_TRUE(write_report(fs, "/r", run, kContext));
    const std::string html = *fs.read("/r/items/0001.html");
    EXPECT_THAT(html, HasSubstr("../pictures/000001.jpg"));
    EXPECT_THAT(html, Not(HasSubstr("000001-scan.jpg")));
}

TEST(Outliers, TheOddPageIsFoundAndNothingAmongEqualOnes) {
    RunReport run = run_of(1, 40);
    EXPECT_THAT(outliers(run, 20), SizeIs(0));
    for (std::size_t i = 0; i < 40; ++i) run.items[0].pages[i].sharpness = 0.85 + 0.002 * static_cast<double>(i);
    EXPECT_THAT(outliers(run, 20), SizeIs(0)) << "an even spread has no outliers";
    run.items[0].pages[7].sharpness = 0.2;
    run.items[0].pages[9].width_mm = 148;
    run.items[0].pages[9].height_mm = 210;
    run.items[0].pages[11].state = "blank";
    run.items[0].pages[11].ink_ratio = 0.9;
    const auto found = outliers(run, 20);
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_EQ(found[0].page->order, 10);
    EXPECT_EQ(found[0].measure, "report.measure.height");
    EXPECT_EQ(found[0].typical, 297);
    EXPECT_EQ(found[1].page->order, 8);
    EXPECT_EQ(found[1].measure, "report.measure.sharpness");
    EXPECT_THAT(outliers(run, 1), SizeIs(1));
    EXPECT_THAT(outliers(run_of(1, 7), 20), SizeIs(0)) << "too few to say what is typical";
}

} // namespace
} // namespace recto
