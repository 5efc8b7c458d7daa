/// What a page's doubt says: who is to read it again.

#include "stages/reading/page_view.h"

#include <gtest/gtest.h>

namespace recto::reading {
namespace {

/// A page of one line: `sure` characters, and `other` of a contrast and confidence.
PageView page_of(const std::string& character, int sure, int other, float contrast, double confidence) {
    PageView view(cv::Mat(40, 40, CV_8UC1, cv::Scalar(255)));
    view.regions.emplace_back();
    ReadLine line;
    line.line.words.emplace_back();
    for (int i = 0; i < sure + other; ++i) {
        line.line.words.back().glyphs.push_back({character, {}, i < sure ? 1.0 : confidence});
        line.contrasts.push_back(i < sure ? 150 : contrast);
    }
    view.lines.push_back(line);
    return view;
}

TEST(PageView, ChinesePagesCountAsWornSooner) {
    EXPECT_FALSE(page_of("电", 990, 10, 150, 0.5).worn(false));
    EXPECT_TRUE(page_of("电", 980, 20, 150, 0.5).worn(false));
    EXPECT_FALSE(page_of("e", 980, 20, 150, 0.5).worn(false));
    EXPECT_TRUE(page_of("e", 950, 50, 150, 0.5).worn(false));
    EXPECT_TRUE(page_of("电", 0, 0, 0, 0).worn(false)) << "print was found, and nothing read";
    EXPECT_FALSE(PageView(cv::Mat()).worn(false)) << "an empty page";
}

// Doubt about what is faint says that the print is worn, but not where the other side of the sheet shines through.
TEST(PageView, WhatShinesThroughIsNoWear) {
    PageView view = page_of("电", 900, 100, 40, 0.5);
    EXPECT_TRUE(view.worn(false));
    EXPECT_FALSE(view.worn(true));
    EXPECT_TRUE(page_of("电", 900, 100, 150, 0.5).worn(true)) << "as dark as print";
    // Such a sheet is read from repaired pictures only where much of it is in doubt.
    view = page_of("电", 980, 20, 150, 0.5);
    view.mirrored = 1;
    EXPECT_TRUE(view.shines());
    EXPECT_FALSE(view.worn(view.shines()));
}

TEST(PageView, UnsteadyIsChinesePrintOfWhichTheReaderIsNotQuiteSure) {
    EXPECT_TRUE(page_of("电", 960, 40, 150, 0.9).unsteady());
    EXPECT_FALSE(page_of("电", 980, 20, 150, 0.9).unsteady());
    EXPECT_FALSE(page_of("电", 960, 40, 150, 0.96).unsteady());
    EXPECT_FALSE(page_of("e", 900, 100, 150, 0.9).unsteady());
}

} // namespace
} // namespace recto::reading
