// The report of pages only looked at: each page once, worst first, those unlike the rest together, nothing that was not done.

#include "review/inspection.h"

#include <gmock/gmock.h>

#include "pipeline/core/messages.h"
#include "pipeline/files/memory_file_system.h"

namespace recto {
namespace {

using testing::HasSubstr;
using testing::Not;

PageReport seen(int order) {
    PageReport p;
    p.order = order;
    p.id = "page-" + std::to_string(order);
    p.source = std::to_string(order) + ".tif";
    p.image = 1;
    p.page_class = "body";
    p.state = "seen";
    p.sharpness = 0.9;
    p.contrast = 0.7;
    p.ink_ratio = 0.05;
    p.width_mm = 210;
    p.height_mm = 297;
    return p;
}

RunReport looked_at(int pages) {
    RunReport run;
    run.started = "2026-01-01T08:00:00+08:00";
    ItemReport folder;
    folder.name = "/scans/<box>";
    folder.state = "stored";
    for (int i = 1; i <= pages; ++i) folder.pages.push_back(seen(i));
    run.items.push_back(folder);
    run.pages = pages;
    return run;
}

std::size_t times_in(const std::string& text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

TEST(Inspection, EveryPageStandsOnceTheWorstFirst) {
    RunReport run = looked_at(130);
    run.items[0].pages[99].findings.push_back({"treat.blurred", Severity::Rescan, {}, false, {}});
    run.items[0].pages[49].findings.push_back({"treat.orientation_unsure", Severity::Warning, {}, false, {}});
    run.items[0].pages[48].findings.push_back({"treat.blank", Severity::Info, {}, false, {}});
    MemoryFileSystem fs;
    const auto index = write_inspection(fs, "/out", run);
    ASSERT_TRUE(index) << index.error().to_string();
    EXPECT_EQ(*index, "/out/index.html");
    std::string all;
    for (const char* name : {"index.html", "index-2.html", "index-3.html"}) all += *fs.read(join_path("/out", name));
    for (int i = 1; i <= 130; ++i) EXPECT_EQ(times_in(all, "id=\"ppage-" + std::to_string(i) + "\""), 1U) << i;
    EXPECT_LT(all.find("id=\"ppage-100\""), all.find("id=\"ppage-50\""));
    EXPECT_LT(all.find("id=\"ppage-50\""), all.find("id=\"ppage-1\""));
    EXPECT_LT(all.find("id=\"ppage-1\""), all.find("id=\"ppage-49\"")) << "what is only worth knowing is not worse";
    EXPECT_LT(fs.read("/out/index.html")->size(), 120'000U); // Measured: 40 kB.
    // Nothing of what only a run does.
    for (const char* word : {"doubts.html", "corrections.csv", "treatments.csv", "confidence", "items/", "http"})
        EXPECT_THAT(all, Not(HasSubstr(word)));
}

TEST(Inspection, PagesUnlikeTheRestStandTogetherWithTheirMeasure) {
    RunReport run = looked_at(20);
    run.items[0].pages[6].width_mm = 148;
    run.items[0].pages[11].skew_deg = 4.2;
    MemoryFileSystem fs;
    ASSERT_TRUE(write_inspection(fs, "/out", run));
    const std::string html = *fs.read("/out/index.html");
    const std::string odd = html.substr(0, html.find("All pages, worst first"));
    EXPECT_THAT(odd, HasSubstr("7.tif"));
    EXPECT_THAT(odd, HasSubstr("width, mm: 148"));
    EXPECT_THAT(odd, HasSubstr("12.tif"));
    EXPECT_THAT(odd, HasSubstr("degrees: 4.2"));
    EXPECT_EQ(times_in(odd, "<figure"), 2U);
    EXPECT_EQ(times_in(html, "<figure"), 22U);
    set_ui_language(Language::Chinese);
    ASSERT_TRUE(write_inspection(fs, "/zh", run));
    set_ui_language(Language::English);
    EXPECT_THAT(*fs.read("/zh/index.html"), HasSubstr("宽度(毫米): 148"));
    EXPECT_THAT(*fs.read("/zh/index.html"), HasSubstr("与其他页不同"));
}

TEST(Inspection, PicturesComeAlongAndFilesThatGaveNoPageAreNamed) {
    RunReport run = looked_at(2);
    RunReport more = looked_at(1);
    more.items[0].pages[0].id = "other";
    run.items.push_back(more.items[0]);
    run.items[0].pages[0].scan_picture = "/out/.pictures/a.jpg";
    run.items[0].pages[0].work_results["preview"] = {{"file", "/out/.pictures/b.jpg"}};
    run.errors.push_back(fail("decode.damaged", "<ends early>", "/scans/broken.tif").value());
    MemoryFileSystem fs;
    ASSERT_TRUE(fs.make_folders("/out/.pictures"));
    ASSERT_TRUE(fs.write("/out/.pictures/a.jpg", "before"));
    ASSERT_TRUE(fs.write("/out/.pictures/b.jpg", "after"));
    ASSERT_TRUE(write_inspection(fs, "/out", run));
    const std::string html = *fs.read("/out/index.html");
    EXPECT_EQ(*fs.read("/out/pictures/000001-scan.jpg"), "before");
    EXPECT_THAT(html, HasSubstr("src=\"pictures/000001-scan.jpg\""));
    EXPECT_THAT(html, HasSubstr("src=\"pictures/000001.jpg\""));
    EXPECT_THAT(html, HasSubstr("/scans/broken.tif"));
    EXPECT_THAT(html, HasSubstr("&lt;ends early&gt;"));
    EXPECT_THAT(html, HasSubstr("/scans/&lt;box&gt;")) << "of two folders each page says its own";
    EXPECT_THAT(html, Not(HasSubstr("<box>")));
}

} // namespace
} // namespace recto
