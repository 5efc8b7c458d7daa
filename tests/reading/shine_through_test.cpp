/// What shines through the sheet, beside print in one region.

#include "stages/reading/shine_through.h"

#include <gmock/gmock.h>
#include <opencv2/imgproc.hpp>

namespace recto::reading {
namespace {

using ::testing::ElementsAre;

TEST(ShineThrough, OnlyDarkCharactersStay) {
    ReadLine line;
    for (const auto& [text, contrast] :
         std::vector<std::pair<std::string, float>>{{"技", 150}, {"术", 140}, {"回", 60}, {"员", 130}, {"日", 50}}) {
        const Box box{40.0 * static_cast<double>(line.contrasts.size()), 0, 38, 40};
        if (line.line.words.empty() || text == "日") line.line.words.emplace_back();
        Word& word = line.line.words.back();
        word.box = word.glyphs.empty() ? box : unite(word.box, box);
        word.glyphs.push_back({text, box, 0.8});
        word.text += text;
        line.contrasts.push_back(contrast);
    }
    keep_dark(line, 100);
    EXPECT_EQ(line.line.text, "技术员");
    EXPECT_THAT(line.contrasts, ElementsAre(150, 140, 130));
    ASSERT_EQ(line.line.words.size(), 1U) << "a word of nothing else is gone";
    EXPECT_DOUBLE_EQ(line.line.box.x + line.line.box.width, 158);
    keep_dark(line, 200);
    EXPECT_TRUE(line.line.text.empty());
    EXPECT_TRUE(line.line.words.empty());
}

struct Seen {
    std::string text;
    float contrast;
    double confidence;
};

ReadLine line_of(const std::vector<Seen>& characters) {
    ReadLine line;
    line.line.words.emplace_back();
    Word& word = line.line.words.back();
    for (const Seen& c : characters) {
        const Box box{40.0 * static_cast<double>(line.contrasts.size()), 0, 38, 40};
        word.box = word.glyphs.empty() ? box : unite(word.box, box);
        word.glyphs.push_back({c.text, box, c.confidence});
        word.text += c.text;
        line.contrasts.push_back(c.contrast);
    }
    refresh_line(line.line);
    return line;
}

/// What is left of a line that stands among 20 dark and sure characters.
std::string left_of(const std::vector<Seen>& characters, bool shines) {
    std::vector<ReadLine> lines{line_of(std::vector<Seen>(20, {"电", 150, 1.0})), line_of(characters)};
    drop_shine_through(lines, shines);
    return lines[1].line.text;
}

// Badly read and faint: it goes. Its neighbour's full stop, which is as light as stops are, stays.
TEST(ShineThrough, FaintAndBadlyReadGoes) {
    EXPECT_EQ(
        left_of({{"使", 150, 1}, {"用", 150, 1}, {"。", 85, 1}, {"义", 40, 0.6}, {"会", 45, 0.7}, {"开", 40, 0.4}},
                false),
        "使用。");
    EXPECT_EQ(left_of({{"义", 40, 0.6}, {"会", 45, 0.7}, {"（", 80, 0.99}, {"二", 150, 1}}, false), "（二");
    EXPECT_EQ(left_of({{"义", 40, 0.6}, {"。", 40, 0.95}, {"会", 45, 0.7}}, false), "")
        << "a mark as faint as they are goes with them";
    EXPECT_EQ(left_of({{"上", 150, 1}, {"级", 40, 1}, {"文", 40, 1}, {"件", 40, 1}}, false), "上级文件") << "read well";
}

// The stroke of a worn 一 is thin and badly read, but it stands where the line has room for one character.
TEST(ShineThrough, OneFaintCharacterInItsPlaceStays) {
    EXPECT_EQ(left_of({{"进", 150, 1}, {"一", 40, 0.5}, {"步", 150, 1}}, false), "进一步");
    EXPECT_EQ(left_of({{"一", 40, 0.5}, {"步", 150, 1}}, false), "步") << "before the line";
    EXPECT_EQ(left_of({{"进", 150, 1}, {"义", 40, 0.5}, {"一", 40, 0.5}, {"步", 150, 1}}, false), "进步") << "two";
    std::vector<ReadLine> lines{line_of(std::vector<Seen>(20, {"电", 150, 1.0})),
                                line_of({{"进", 150, 1}, {"一", 40, 0.5}, {"步", 150, 1}})};
    lines[1].line.words[0].glyphs[2].box.x += 30;
    drop_shine_through(lines, false);
    EXPECT_EQ(lines[1].line.text, "进步") << "room for more than one: somewhere, not in a place";
}

// A comma's place holds more paper than ink, and nothing else.
TEST(ShineThrough, WhereThereIsNoRoomForPrintNoneIsRead) {
    const auto left = [](const std::string& text, double confidence, float contrast, double room, bool shines) {
        std::vector<ReadLine> lines{
            line_of(std::vector<Seen>(20, {"电", 150, 1.0})),
            line_of({{"扬", 150, 1}, {"，", 100, 1}, {text, contrast, confidence}, {"并", 150, 1}})};
        lines[1].line.words[0].glyphs[1].box = {42, 25, 8, 12};
        lines[1].line.words[0].glyphs[3].box.x = 42 + room;
        drop_shine_through(lines, shines);
        return lines[1].line.text;
    };
    EXPECT_EQ(left("皇", 0.4, 30, 40, false), "扬，并");
    EXPECT_EQ(left("一", 0.4, 30, 80, false), "扬，一并") << "in a place of its own";
    EXPECT_EQ(left("5", 1, 30, 40, true), "扬，并") << "read well, but much too faint";
    EXPECT_EQ(left("5", 1, 30, 40, false), "扬，5并") << "nothing is known of the sheet";
    EXPECT_EQ(left("5", 1, 80, 40, true), "扬，5并") << "paler print";
}

TEST(ShineThrough, FaintEndsOfALine) {
    const Quad level{{{0, 0}, {240, 0}, {240, 40}, {0, 40}}};
    const ReadLine line =
        line_of({{"意", 40, 1}, {"一", 40, 1}, {"如", 150, 1}, {"有", 150, 1}, {"。", 60, 1}, {"另", 40, 1}});
    const std::vector<FaintEnd> ends = faint_ends(line, level, 90);
    ASSERT_EQ(ends.size(), 2U);
    EXPECT_EQ(ends[0].from, 0U);
    EXPECT_EQ(ends[0].to, 2U);
    EXPECT_EQ(ends[0].letters, 2);
    EXPECT_NEAR(bounds(ends[0].quad).x + bounds(ends[0].quad).width, 79, 1);
    EXPECT_EQ(ends[1].from, 5U) << "the stop, as light as stops are, is the print's";
    EXPECT_EQ(ends[1].to, 6U);
    EXPECT_NEAR(bounds(ends[1].quad).x, 199, 1);
    EXPECT_NEAR(bounds(ends[1].quad).width, 41, 1);
    EXPECT_TRUE(faint_ends(line, level, 30).empty()) << "all of it is dark";
    EXPECT_TRUE(faint_ends(line, level, 200).empty()) << "none of it is";
    ReadLine rest = line;
    drop_characters(rest, ends[1].from, ends[1].to);
    EXPECT_EQ(rest.line.text, "意一如有。");
}

// Characters that look alike in a mirror are read well from behind: few of them go where the sheet is known to shine through.
TEST(ShineThrough, WhatLooksAlikeInAMirrorGoesWhereTheSheetShines) {
    const std::vector<Seen> alike{{"人", 30, 0.97}, {"上", 150, 1}, {"述", 150, 1}};
    EXPECT_EQ(left_of(alike, true), "上述");
    EXPECT_EQ(left_of(alike, false), "人上述");
    EXPECT_EQ(left_of({{"人", 80, 0.97}, {"上", 150, 1}}, true), "人上") << "paler print";
    EXPECT_EQ(left_of({{"电", 150, 1}, {"3", 30, 1}, {"8", 30, 1}}, true), "电38") << "figures of a receipt fade alone";
    EXPECT_EQ(left_of({{"速", 30, 1}, {"办", 30, 1}, {"此", 30, 1}, {"件", 30, 1}}, true), "速办此件")
        << "a note in pencil";
}

/// 20 squares of 40 at a distance of 50 from (100, 80), level or down the page; those from `first` to `last` dark, the others faint.
std::optional<Quad> part(bool vertical, int first, int last) {
    cv::Mat page(1300, 1300, CV_8UC1, cv::Scalar::all(220));
    for (int i = 0; i < 20; ++i) {
        const int at = 100 + 50 * i;
        cv::rectangle(page, vertical ? cv::Rect(80, at, 40, 40) : cv::Rect(at, 80, 40, 40),
                      cv::Scalar::all(i >= first && i <= last ? 40 : 150), 4);
    }
    Pyramid pyramid(page);
    const Quad quad = vertical ? Quad{{{70, 90}, {130, 90}, {130, 1110}, {70, 1110}}}
                               : Quad{{{90, 70}, {1110, 70}, {1110, 130}, {90, 130}}};
    return dark_part(pyramid, quad, vertical, 110);
}

TEST(ShineThrough, TheDarkPartOfARegion) {
    for (const bool vertical : {false, true}) {
        const auto dark = part(vertical, 4, 9);
        ASSERT_TRUE(dark);
        const Box box = bounds(*dark);
        EXPECT_NEAR(vertical ? box.y : box.x, 300, 12);
        EXPECT_NEAR(vertical ? box.y + box.height : box.x + box.width, 590, 12);
        EXPECT_NEAR(vertical ? box.x : box.y, 70, 1);
        EXPECT_NEAR((*dark)[0].x, vertical ? 70 : box.x, 1) << "its corners in the order of the region's";
        EXPECT_NEAR((*dark)[0].y, vertical ? box.y : 70, 1);
        EXPECT_FALSE(part(vertical, 0, 19)) << "all of it";
        EXPECT_FALSE(part(vertical, 20, 20)) << "none of it";
    }
}

} // namespace
} // namespace recto::reading
