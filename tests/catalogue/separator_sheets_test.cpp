// Separator sheets against the catalogue: what a lost, doubled or strange sheet leads to, and where nothing may be said.

#include <gmock/gmock.h>

#include "catalogue/reconcile.h"
#include "pipeline/files/csv.h"

namespace recto::catalogue {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// 'S' a separator sheet, 'B' a page, '_' a blank back, 'U' a page that is an unreadable sheet.
Item stack(std::string code, std::string_view pages, std::string delivery = "box7") {
    Item item;
    item.id = Uuid::from_name(Uuid::recto_space(), delivery + "/" + code);
    item.reference_code = code;
    item.provisional_name = delivery + (code.empty() ? "" : " #2");
    item.delivery = std::move(delivery);
    for (const char c : pages) {
        Page p;
        p.page_class = c == 'S' ? PageClass::Separator : c == '_' ? PageClass::Blank : PageClass::Body;
        p.order = static_cast<int>(item.pages.size()) + 1;
        p.image.source = static_cast<int>(item.pages.size());
        item.sources.emplace_back();
        item.sources.back().original_name = code + "-" + std::to_string(p.order) + ".tif";
        if (c == 'U') p.findings.push_back({"treat.separator_unreadable", Severity::Rescan, {}, false, {}});
        item.pages.push_back(std::move(p));
    }
    return item;
}

/// of box 7 with 2, 3, 1, 2, 4 and 1 pages; B-1 to B-6 of box 8 with 2 each.
Catalogue list(bool boxes = true) {
    std::string csv = boxes ? "档号,页数,盒号\n" : "档号,页数\n";
    const int pages[] = {2, 3, 1, 2, 4, 1};
    for (int i = 0; i < 6; ++i)
        csv += "A-" + std::to_string(i + 1) + "," + std::to_string(pages[i]) + (boxes ? ",7\n" : "\n");
    for (int i = 1; i <= 6; ++i) csv += "B-" + std::to_string(i) + ",2" + (boxes ? ",8\n" : "\n");
    return *Catalogue::from_csv(csv, "c.csv");
}

std::vector<Item> whole_box() {
    return {stack("A-1", "SBB"), stack("A-2", "SBBB"),  stack("A-3", "SB"),
            stack("A-4", "SBB"), stack("A-5", "SBBBB"), stack("A-6", "SB")};
}

/// "code of the finding: its arguments", in order.
std::vector<std::string> told(const Catalogue& catalogue, const std::vector<Item>& items) {
    std::vector<std::string> out;
    for (const SheetRemark& s : reconcile(catalogue, items).sheets) {
        std::string line = s.finding.code.substr(std::string("reconcile.").size());
        for (const std::string& a : s.finding.args) line += "|" + a;
        EXPECT_EQ(s.finding.severity, Severity::Warning);
        EXPECT_THAT(s.finding.english(), HasSubstr(s.finding.args[0]));
        EXPECT_THAT(s.finding.chinese(), HasSubstr(s.finding.args[0]));
        out.push_back(line);
    }
    return out;
}

TEST(SeparatorSheets, AllThereIsNotSpokenOf) {
    for (const bool boxes : {true, false}) {
        EXPECT_THAT(told(list(boxes), whole_box()), IsEmpty());
        auto two_boxes = whole_box();
        for (int i = 1; i <= 6; ++i) two_boxes.push_back(stack("B-" + std::to_string(i), "SBB"));
        EXPECT_THAT(told(list(boxes), two_boxes), IsEmpty());
    }
}

TEST(SeparatorSheets, OneLostInTheMiddleIsHiddenBehindThePagesOfTheItemBefore) {
    for (const bool boxes : {true, false}) {
        auto items = whole_box();
        items.erase(items.begin() + 2);
        items[1] = stack("A-2", "SBBB_B"); // a blank back in between is no page
        EXPECT_THAT(told(list(boxes), items),
                    ElementsAre("sheet_hidden|A-3|box7|A-2|4|A-2-4.tif|4|3", "sheets|box7|5|6|A-3|–"));
    }
}

TEST(SeparatorSheets, TwoLostInARow) {
    for (const bool boxes : {true, false}) {
        auto items = whole_box();
        items.erase(items.begin() + 2, items.begin() + 4);
        items[1] = stack("A-2", "SBBBBBB");
        EXPECT_THAT(told(list(boxes), items),
                    ElementsAre("sheet_hidden|A-3|box7|A-2|4|A-2-4.tif|6|3",
                                "sheet_hidden|A-4|box7|A-2|5|A-2-5.tif|6|3", "sheets|box7|4|6|A-3, A-4|–"));
        // The pages of one of them only: the other is not there at all.
        items[1] = stack("A-2", "SBBBB");
        EXPECT_THAT(told(list(boxes), items), ElementsAre("sheet_hidden|A-3|box7|A-2|4|A-2-4.tif|4|3",
                                                          "sheet_absent|A-4|box7|A-2", "sheets|box7|4|6|A-3, A-4|–"));
    }
}

TEST(SeparatorSheets, TheFirstLost) {
    for (const bool boxes : {true, false}) {
        auto items = whole_box();
        items[0] = stack("", "BB");
        EXPECT_THAT(told(list(boxes), items), ElementsAre("sheet_first|A-1|box7|box7|2", "sheets|box7|5|6|A-1|–"));
    }
    // Without pages before the first sheet, only a box says that the row belongs here.
    auto items = whole_box();
    items.erase(items.begin());
    EXPECT_THAT(told(list(true), items), ElementsAre("sheet_absent|A-1|box7|A-2", "sheets|box7|5|6|A-1|–"));
    EXPECT_THAT(told(list(false), items), IsEmpty());
}

TEST(SeparatorSheets, TheLastLost) {
    for (const bool boxes : {true, false}) {
        auto items = whole_box();
        items.pop_back();
        items.back() = stack("A-5", "SBBBBB");
        EXPECT_THAT(told(list(boxes), items),
                    ElementsAre("sheet_hidden|A-6|box7|A-5|5|A-5-5.tif|5|4", "sheets|box7|5|6|A-6|–"));
    }
}

TEST(SeparatorSheets, AnItemThatIsNotThereAtAll) {
    auto items = whole_box();
    items.erase(items.begin() + 2);
    const auto r = reconcile(list(), items);
    EXPECT_THAT(told(list(), items), ElementsAre("sheet_absent|A-3|box7|A-2", "sheets|box7|5|6|A-3|–"));
    ASSERT_NE(r.missing_sheet("A-3"), nullptr);
    EXPECT_EQ(r.missing_sheet("A-4"), nullptr);
    EXPECT_EQ(r.missing_sheet(""), nullptr);
}

TEST(SeparatorSheets, WithoutPageCountsOnlyTheItemIsNamed) {
    const auto catalogue = *Catalogue::from_csv("档号,页数\nA-1,\nA-2,\nA-3,\n", "c.csv");
    EXPECT_THAT(told(catalogue, {stack("A-1", "SBBBB"), stack("A-3", "SB")}),
                ElementsAre("sheet_hidden_unsure|A-2|box7|A-1|4", "sheets|box7|2|3|A-2|–"));
}

TEST(SeparatorSheets, AnUnreadableSheetIsWhereTheItemBegins) {
    auto items = whole_box();
    items.erase(items.begin() + 2);
    items[1] = stack("A-2", "SBBBUB");
    EXPECT_THAT(told(list(), items), ElementsAre("sheet_unread|A-3|box7|A-2|5|A-2-5.tif", "sheets|box7|5|6|A-3|–"));
}

TEST(SeparatorSheets, OneDouble) {
    auto items = whole_box();
    items[1] = stack("A-2", "SBSBB");
    EXPECT_THAT(told(list(), items), ElementsAre("sheet_twice|A-2|box7|3|A-2-3.tif", "sheets|box7|7|6|–|A-2"));
    // Its second sheet stands where that of the next item should.
    items.erase(items.begin() + 2);
    items[1] = stack("A-2", "SBBBSB");
    EXPECT_THAT(told(list(), items), ElementsAre("sheet_other|A-3|box7|A-2|5|A-2-5.tif", "sheets|box7|6|6|A-3|–"));
    // Front and back of one leaf are one sheet.
    items = whole_box();
    items[1] = stack("A-2", "SSBBB");
    EXPECT_THAT(told(list(), items), IsEmpty());
    // Grouping has told of a sheet that came again behind another item.
    items[1] = stack("A-2", "SBBSB");
    items[1].findings.push_back({"group.code_again", Severity::Warning, {"A-2"}, false, {}});
    EXPECT_THAT(told(list(), items), ElementsAre("sheets|box7|7|6|–|A-2"));
}

TEST(SeparatorSheets, OfAnotherBox) {
    auto items = whole_box();
    items.insert(items.begin() + 3, stack("B-2", "SBB"));
    EXPECT_THAT(told(list(), items), ElementsAre("sheet_foreign|B-2|box7|8|7", "sheets|box7|7|6|–|B-2"))
        << "the other rows of box 8 are not expected here";
    // Its own box is scanned as well, only this item lies here.
    for (const int i : {1, 3, 4, 5, 6}) items.push_back(stack("B-" + std::to_string(i), "SBB", "box8"));
    EXPECT_THAT(told(list(), items), ElementsAre("sheet_foreign|B-2|box7|8|7", "sheets|box7|7|6|–|B-2"));
    // A sheet that the catalogue does not know.
    items = whole_box();
    items.push_back(stack("X-9", "SB"));
    EXPECT_THAT(told(list(), items), ElementsAre("sheets|box7|7|6|–|X-9"));
}

TEST(SeparatorSheets, NothingIsSaidWithoutReason) {
    EXPECT_THAT(told(Catalogue(), whole_box()), IsEmpty()) << "no catalogue";
    // One folder an item: a folder that was not delivered is no lost sheet.
    EXPECT_THAT(told(list(), {stack("A-1", "SBB", "A-1"), stack("A-2", "SBBB", "A-2"), stack("A-4", "SBB", "A-4")}),
                IsEmpty());
    EXPECT_THAT(told(list(), {stack("A-1", "BB"), stack("A-3", "BBBB")}), IsEmpty()) << "not cut by sheets";
    // Two items of a long list: the rest is scanned another day.
    std::string csv = "档号,页数\n";
    for (int i = 1; i <= 500; ++i) csv += "A-" + std::to_string(i) + ",2\n";
    const auto year = *Catalogue::from_csv(csv, "year.csv");
    EXPECT_THAT(told(year, {stack("A-10", "SBB"), stack("A-11", "SBB"), stack("A-300", "SBB")}), IsEmpty());
    // A page too many at the border of two deliveries points at one row, not at all that is not scanned yet.
    EXPECT_THAT(told(year, {stack("A-10", "SBB"), stack("A-11", "SBBBB"), stack("A-300", "SBB", "other")}),
                ElementsAre("sheet_hidden|A-12|box7|A-11|3|A-11-3.tif|4|2", "sheets|box7|2|3|A-12|–"));
}

TEST(SeparatorSheets, WithoutCodesTheNumbersCompare) {
    std::vector<Item> items{stack("", "BB", "scans/7"), stack("", "SBBB", "scans/7"), stack("", "SB", "scans/7"),
                            stack("", "SBB", "scans/7"), stack("", "SBBBB", "scans/7")};
    EXPECT_THAT(told(list(), items), ElementsAre("sheets_uncoded|scans/7|5|6"));
    items.push_back(stack("", "SB", "scans/7"));
    EXPECT_THAT(told(list(), items), IsEmpty());
    for (Item& i : items) i.delivery = "monday";
    items.pop_back();
    EXPECT_THAT(told(list(), items), IsEmpty()) << "nothing says that this is box 7";
}

TEST(SeparatorSheets, StandInTheErrataOnce) {
    auto items = whole_box();
    items.erase(items.begin() + 2);
    items[1] = stack("A-2", "SBBBB");
    items.push_back(stack("B-2", "SBB"));
    std::vector<ScannedItem> scanned;
    for (const Item& i : items) scanned.push_back(summarise(i));
    const auto catalogue = list();
    const auto r = reconcile(catalogue, scanned);
    const auto errata = read_csv(errata_csv(catalogue, r, scanned), "errata.csv");
    ASSERT_TRUE(errata);
    std::vector<std::string> of_lost, others;
    for (const CsvRow& row : errata->rows) {
        if (row.cells[2] == "A-3") of_lost.push_back(row.cells[4]);
        if (row.cells[2].empty() || row.cells[2] == "B-2") others.push_back(row.cells[4]);
    }
    EXPECT_THAT(of_lost, ElementsAre(HasSubstr("behind page 4 (A-2-4.tif)")));
    EXPECT_THAT(others, UnorderedElementsAre(HasSubstr("放回原盒"), HasSubstr("6 separator sheets")));
}

} // namespace
} // namespace recto::catalogue
