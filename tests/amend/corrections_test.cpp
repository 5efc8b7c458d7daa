// Corrected lines: what a person wrote stands, in boxes that fit, under names that stay.

#include "amend/corrections.h"

#include <gtest/gtest.h>

#include "amend/edits.h"

namespace recto::amend {
namespace {

TextLine line_of(const std::vector<std::string>& characters) {
    TextLine line;
    line.box = {100, 50, 20.0 * static_cast<double>(characters.size()), 30};
    Word word;
    word.box = line.box;
    for (std::size_t i = 0; i < characters.size(); ++i) {
        word.text += characters[i];
        word.glyphs.push_back({characters[i], {100 + 20.0 * static_cast<double>(i), 50, 20, 30}, 0.6});
    }
    line.text = word.text;
    line.words.push_back(word);
    return line;
}

std::vector<Glyph> glyphs_of(const TextLine& line) {
    std::vector<Glyph> out;
    for (const Word& w : line.words) out.insert(out.end(), w.glyphs.begin(), w.glyphs.end());
    return out;
}

TEST(SetLineText, CharactersThatStayKeepTheirPlaces) {
    TextLine line = line_of({"柳", "川", "市", "人", "民"});
    set_line_text(line, "柳州市人民");
    EXPECT_EQ(line.text, "柳州市人民");
    const auto glyphs = glyphs_of(line);
    ASSERT_EQ(glyphs.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_DOUBLE_EQ(glyphs[i].box.x, 100 + 20.0 * static_cast<double>(i));
        EXPECT_EQ(glyphs[i].confidence, 1);
    }
}

TEST(SetLineText, MoreOrFewerCharactersShareTheRoomBetweenTheirNeighbours) {
    TextLine line = line_of({"甲", "乙", "丙", "丁"});
    set_line_text(line, "甲一二三丁");
    auto glyphs = glyphs_of(line);
    ASSERT_EQ(glyphs.size(), 5U);
    EXPECT_NEAR(glyphs[1].box.x, 120, 1e-9);
    EXPECT_NEAR(glyphs[1].box.width, 40.0 / 3, 1e-9);
    EXPECT_NEAR(glyphs[4].box.x, 160, 1e-9);
    set_line_text(line, "甲丁 end");
    ASSERT_EQ(line.words.size(), 2U);
    EXPECT_EQ(line.words[1].text, "end");
    for (const Glyph& g : glyphs_of(line)) {
        EXPECT_GE(g.box.x, line.box.x);
        EXPECT_LE(g.box.x + g.box.width, line.box.x + line.box.width + 1e-9);
    }
    set_line_text(line, "全部不同的一行文字");
    EXPECT_EQ(glyphs_of(line).size(), 9U);
}

TEST(SetLineText, AVerticalLineRunsDown) {
    TextLine line;
    line.vertical = true;
    line.box = {10, 100, 30, 200};
    line.text = "甲乙";
    line.words.push_back({"甲乙", line.box, 0.5, {}});
    set_line_text(line, "甲丙乙");
    const auto glyphs = glyphs_of(line);
    ASSERT_EQ(glyphs.size(), 3U);
    for (std::size_t i = 1; i < 3; ++i) EXPECT_GE(glyphs[i].box.y, glyphs[i - 1].box.y);
    EXPECT_DOUBLE_EQ(glyphs[0].box.width, 30);
}

PageText page_of(std::initializer_list<const char*> lines) {
    PageText text;
    text.width = text.height = 1000;
    double y = 10;
    for (const char* l : lines) {
        TextBlock block;
        block.box = {10, y, 500, 30};
        TextLine line;
        line.text = l;
        line.box = block.box;
        line.words.push_back({l, block.box, 0.5, {}});
        block.lines.push_back(line);
        text.blocks.push_back(block);
        y += 50;
    }
    name_lines(text);
    return text;
}

TEST(Names, StayWhenALineAboveIsTakenOut) {
    PageText text = page_of({"one", "two", "three"});
    take_line_out(text, "b2l1");
    name_lines(text);
    ASSERT_EQ(text.blocks.size(), 2U);
    EXPECT_EQ(find_line(text, "b3l1")->text, "three");
    EXPECT_EQ(find_line(text, "b2l1"), nullptr);
}

TEST(Corrections, AreFoundByTheirPlaceWhenThePageIsReadAnew) {
    PageText text = page_of({"noise", "two", "three"});
    Correction c{"p", "b1l1", "tvo", "zwei", {12, 58, 495, 33}};
    EXPECT_TRUE(put_correction_on(text, c)) << "another engine calls the second line otherwise";
    EXPECT_EQ(find_line(text, "b2l1")->text, "zwei");
    EXPECT_EQ(find_line(text, "b1l1")->text, "noise");
    c.box = {600, 900, 100, 20};
    c.old_text = "gone";
    EXPECT_FALSE(put_correction_on(text, c));
}

TEST(Corrections, OfAPlaceThatWasNotReadGiveItLines) {
    PageText text = page_of({"one", "two"});
    TextBlock place;
    place.kind = BlockKind::Unread;
    place.box = {100, 400, 300, 90};
    text.blocks.push_back(place);
    name_lines(text);
    ASSERT_NE(find_unread(text, "b3"), nullptr);
    const Correction c{"p", "b3", "", clean_lines("张三\r\n\n 2月3日\n"), place.box};
    EXPECT_EQ(c.new_text, "张三\n2月3日");
    EXPECT_TRUE(put_correction_on(text, c));
    EXPECT_EQ(text.blocks[2].kind, BlockKind::Text);
    ASSERT_NE(find_line(text, "b3l2"), nullptr);
    EXPECT_EQ(find_line(text, "b3l2")->text, "2月3日");
    EXPECT_DOUBLE_EQ(find_line(text, "b3l2")->box.y, 445);
    EXPECT_DOUBLE_EQ(find_line(text, "b3l2")->box.height, 45);
    EXPECT_EQ(find_line(text, "b3l1")->confidence, 1);
    EXPECT_TRUE(put_correction_on(text, c)) << "so already";
    EXPECT_EQ(text_of_block(text.blocks[2]), "张三\n2月3日");

    PageText again = page_of({"one", "two"}); // read anew, with another place before it
    place.box = {600, 700, 90, 90};
    again.blocks.push_back(place);
    place.box = {102, 398, 305, 92};
    again.blocks.push_back(place);
    name_lines(again);
    EXPECT_TRUE(put_correction_on(again, c));
    EXPECT_EQ(again.blocks[2].kind, BlockKind::Unread);
    EXPECT_EQ(text_of_block(again.blocks[3]), "张三\n2月3日");
    PageText without = page_of({"one", "two"});
    EXPECT_FALSE(put_correction_on(without, c)) << "nothing is at that place";
}

TEST(Corrections, EndWithTheScanTheyWereMadeOn) {
    const nlohmann::json edits = {{{"edit", "correct"}, {"lines", {Correction{"p", "b1l1", "a", "b", {}}}}},
                                  {{"edit", "correct"}, {"lines", {Correction{"q", "b1l1", "a", "c", {}}}}},
                                  {{"edit", "replace"}, {"page", "p"}},
                                  {{"edit", "correct"}, {"lines", {Correction{"p", "b1l1", "x", "y", {}}}}}};
    ASSERT_EQ(corrections_of(edits, "p").size(), 1U);
    EXPECT_EQ(corrections_of(edits, "p")[0].new_text, "y");
    EXPECT_EQ(corrections_of(edits, "q").size(), 1U);
}

TEST(Sources, TheNewScanTakesThePlaceOfOneThatNoOtherPageShows) {
    Item item;
    item.sources.resize(2);
    item.sources[0].sha512 = "multi";
    item.sources[1].sha512 = "single";
    item.pages.resize(3);
    item.pages[0].image = {0, 0};
    item.pages[1].image = {0, 1};
    item.pages[2].image = {1, 0};
    Source fresh;
    fresh.sha512 = "new";
    EXPECT_EQ(exchange_source(item, 2, fresh), 1);
    EXPECT_EQ(item.sources.size(), 2U);
    fresh.sha512 = "newer";
    EXPECT_EQ(exchange_source(item, 0, fresh), 2) << "the file of several pages stays";
    EXPECT_EQ(item.sources[0].sha512, "multi");
}

TEST(Release, HoldsForItsContentAndReasons) {
    Item item;
    item.sources.resize(1);
    item.sources[0].sha512 = "a";
    item.pages.resize(1);
    item.findings.push_back({"group.failed_pages", Severity::Error, {"1"}, false, {}});
    item.edits.push_back({{"edit", "release"}, {"content", item.content_digest()}, {"reasons", item.hold_codes()}});
    EXPECT_NE(item.release(), nullptr);
    item.findings.push_back({"reconcile.security", Severity::Error, {}, false, {}});
    EXPECT_EQ(item.release(), nullptr) << "a reason that nobody released";
    item.findings.pop_back();
    item.sources[0].sha512 = "b";
    EXPECT_EQ(item.release(), nullptr) << "another scan";
}

} // namespace
} // namespace recto::amend
