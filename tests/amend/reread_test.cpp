// A page read again: the person's lines stand, text never goes away, and what says the same is no change.

#include "amend/reread.h"

#include <gtest/gtest.h>

namespace recto::amend {
namespace {

TextLine line_at(const std::string& text, double x, double y, double width, double height) {
    TextLine line;
    line.text = text;
    line.box = {x, y, width, height};
    line.confidence = 0.8;
    line.words.push_back({text, line.box, 0.8, {}});
    return line;
}

PageText reading_of(const std::vector<std::string>& lines, const char* engine) {
    PageText text;
    text.width = text.height = 1000;
    text.engine = engine;
    text.language = "chi_sim";
    text.confidence = 0.8;
    TextBlock block;
    block.box = {100, 100, 600, 50.0 * static_cast<double>(lines.size())};
    for (std::size_t i = 0; i < lines.size(); ++i)
        block.lines.push_back(line_at(lines[i], 100, 100 + 50 * static_cast<double>(i), 600, 40));
    text.blocks.push_back(std::move(block));
    return text;
}

RereadPage take_reading(Page& page, const nlohmann::json& edits, PageText text) {
    return amend::take_reading(page, edits, PageReading{std::move(text), {}});
}

Page page_with(PageText text) {
    Page page;
    page.id = Uuid::from_name(Uuid(), "page");
    page.order = 1;
    page.treatment.transform = Transform(1000, 1000);
    page.image = {0, 0};
    page.text = std::move(text);
    name_lines(page.text);
    return page;
}

nlohmann::json ledger(const Page& page, std::vector<Correction> corrections) {
    nlohmann::json lines = nlohmann::json::array();
    for (Correction& c : corrections) {
        c.page = page.id.to_string();
        lines.push_back(c);
    }
    return nlohmann::json::array({{{"edit", "correct"}, {"lines", lines}}});
}

const nlohmann::json kNoEdits = nlohmann::json::array();

TEST(TakeReading, TheNewTextStandsAndIsSummedUp) {
    Page page = page_with(reading_of({"柳川市人民政府", "通知"}, "old 1"));
    const auto row = take_reading(page, kNoEdits, reading_of({"柳州市人民政府", "通知"}, "new 2"));
    EXPECT_EQ(row.fate, RereadFate::Changed);
    EXPECT_EQ(page.text.plain(), "柳州市人民政府\n通知\n");
    EXPECT_EQ(page.text.engine, "new 2");
    EXPECT_EQ(row.before.engine, "old 1");
    EXPECT_EQ(row.before.characters, 9U);
    EXPECT_EQ(row.after.characters, 9U);
    EXPECT_NEAR(row.difference, 1.0 / 9, 1e-9);
}

TEST(TakeReading, TheSameWordsInOtherLinesAreNoChange) {
    Page page = page_with(reading_of({"one two", "three"}, "old 1"));
    const auto row = take_reading(page, kNoEdits, reading_of({"one", "two three"}, "new 2"));
    EXPECT_EQ(row.fate, RereadFate::Unchanged);
    EXPECT_EQ(page.text.engine, "old 1") << "nothing of the page changes, not even who read it";
    EXPECT_EQ(take_reading(page, kNoEdits, reading_of({"onetwo", "three"}, "new 2")).fate, RereadFate::Changed)
        << "a space that is lost is a change";
}

TEST(TakeReading, TextIsNeverExchangedForNone) {
    Page page = page_with(reading_of({"甲乙丙"}, "old 1"));
    PageText none;
    none.width = none.height = 1000;
    none.state = ReadState::NotMachineReadable;
    const auto row = take_reading(page, kNoEdits, none);
    EXPECT_EQ(row.fate, RereadFate::Kept);
    EXPECT_EQ(row.why, "reread.no_text");
    EXPECT_EQ(page.text.plain(), "甲乙丙\n");
}

TEST(TakeReading, APageThatWasUnreadableGetsItsText) {
    PageText none;
    none.width = none.height = 1000;
    none.state = ReadState::NotMachineReadable;
    Page page = page_with(none);
    page.findings.push_back({"read.not_machine_readable", Severity::Warning, {}, false, {}});
    const auto row = take_reading(page, kNoEdits, reading_of({"甲乙丙"}, "new 2"));
    EXPECT_EQ(row.fate, RereadFate::Changed);
    EXPECT_TRUE(page.findings.empty());
    EXPECT_EQ(row.before.state, ReadState::NotMachineReadable);
}

TEST(TakeReading, ACorrectedLineStandsWhateverTheReadingSays) {
    Page page = page_with(reading_of({"第一行", "人写的行", "第三行"}, "old 1"));
    const auto edits = ledger(page, {{"", "b1l2", "人写的竹", "人写的行", {100, 150, 600, 40}}});
    auto fresh = reading_of({"第一彳亍", "入写的竹", "第三行"}, "new 2");
    const auto row = take_reading(page, edits, fresh);
    EXPECT_EQ(row.fate, RereadFate::Changed);
    EXPECT_EQ(row.lines_kept, 1);
    EXPECT_EQ(page.text.plain(), "第一彳亍\n人写的行\n第三行\n");
    // Cut in two, it still is one line; missed, it still is there.
    auto cut = reading_of({"第一行", "入写", "第三行"}, "new 2");
    cut.blocks[0].lines[1].box.width = 290;
    cut.blocks[0].lines.insert(cut.blocks[0].lines.begin() + 2, line_at("的竹", 400, 150, 290, 40));
    Page second = page;
    (void)take_reading(second, edits, cut);
    EXPECT_EQ(second.text.plain(), "第一行\n人写的行\n第三行\n");
    auto missed = reading_of({"第一行", "x", "第三行"}, "new 2");
    missed.blocks[0].lines.erase(missed.blocks[0].lines.begin() + 1);
    second = page;
    (void)take_reading(second, edits, missed);
    EXPECT_EQ(second.text.plain(), "第一行\n人写的行\n第三行\n");
}

TEST(TakeReading, AReadingThatCannotBeFittedAroundACorrectionIsNotTaken) {
    Page page = page_with(reading_of({"第一行", "人写的行", "第三行"}, "old 1"));
    const auto edits = ledger(page, {{"", "b1l2", "人写的竹", "人写的行", {100, 150, 600, 40}}});
    auto merged = reading_of({"第一行", "入写的竹第三行"}, "new 2");
    merged.blocks[0].lines[1].box = {100, 150, 600, 90}; // two printed lines as one
    const auto row = take_reading(page, edits, merged);
    EXPECT_EQ(row.fate, RereadFate::Kept);
    EXPECT_EQ(row.why, "reread.corrected");
    EXPECT_EQ(page.text.plain(), "第一行\n人写的行\n第三行\n");
}

TEST(TakeReading, ALineThatWasTakenOutStaysOut) {
    Page page = page_with(reading_of({"第一行", "第三行"}, "old 1"));
    page.text.blocks[0].lines[1].box.y = 200;
    const auto edits = ledger(page, {{"", "b1l2", "污渍", "", {100, 150, 600, 40}}});
    (void)take_reading(page, edits, reading_of({"第一行字", "污渍", "第三行"}, "new 2"));
    EXPECT_EQ(page.text.plain(), "第一行字\n第三行\n");
}

TEST(TakeReading, CorrectionsOfAFormerScanAreForgotten) {
    Page page = page_with(reading_of({"第一行"}, "old 1"));
    auto edits = ledger(page, {{"", "b1l1", "第一竹", "第一行", {100, 100, 600, 40}}});
    edits.push_back({{"edit", "replace"}, {"page", page.id.to_string()}});
    (void)take_reading(page, edits, reading_of({"别的字"}, "new 2"));
    EXPECT_EQ(page.text.plain(), "别的字\n");
}

TEST(PagesToReread, BlankPagesAndPagesWithoutImageAreLeftAlone) {
    Item item;
    item.pages.push_back(page_with(reading_of({"甲"}, "e")));
    Page blank = page_with({});
    blank.treatment.blank = true;
    item.pages.push_back(blank);
    Page undecoded = page_with({});
    undecoded.treatment.transform = Transform();
    undecoded.error = Error{"decode.damaged", "", "", 1, "", false};
    item.pages.push_back(undecoded);
    Page failed = page_with({});
    failed.error = Error{"read.time_limit", "", "", 1, "", false};
    item.pages.push_back(failed);
    EXPECT_EQ(pages_to_reread(item, false), (std::vector<std::size_t>{0, 3}));
    EXPECT_EQ(pages_to_reread(item, true), (std::vector<std::size_t>{3}));
}

} // namespace
} // namespace recto::amend
