// Values that come with a delivery: found by file and image, put on once, refused by row.

#include "amend/given_values.h"

#include <gmock/gmock.h>
#include <opencv2/imgproc.hpp>

#include "amend/edits.h"
#include "amend/hand_values.h"

namespace recto::amend {
namespace {

Source source_of(const std::string& name, int images) {
    Source s;
    s.path = "/in/box/" + name;
    s.original_name = name;
    s.sha512 = "sum of " + name;
    s.images.resize(static_cast<std::size_t>(images));
    for (ImageInfo& i : s.images) i.width = 600, i.height = 900, i.dpi = {100, 100, DpiSource::File};
    return s;
}

/// a.tif with two images, b.tif with an open book, as grouping leaves them.
Item grouped() {
    Item item;
    item.id = Uuid::from_name(Uuid::recto_space(), "given");
    item.sources = {source_of("a.tif", 2), source_of("b.tif", 1)};
    const auto add = [&](int source, int index, const std::string& split) {
        Page p;
        p.order = static_cast<int>(item.pages.size()) + 1;
        p.id = Uuid::from_name(item.id, std::to_string(p.order));
        p.image = {source, index};
        p.treatment.split = split;
        p.treatment.transform = Transform(600, 900);
        if (!split.empty()) {
            const double l = split == "left" ? 0 : 300;
            p.treatment.quad = {{{l, 0}, {l + 300, 0}, {l + 300, 900}, {l, 900}}};
        }
        item.pages.push_back(p);
    };
    add(0, 0, "");
    add(0, 1, "");
    add(1, 0, "left");
    add(1, 0, "right");
    return item;
}

GivenRow row(int number, const std::string& file, int image, treat::ManualWords words, const std::string& half = "") {
    GivenRow r;
    r.path = "/in/box/" + file;
    r.image = image;
    r.half = half;
    r.values.row = number;
    r.values.words = std::move(words);
    r.values.who = "王五";
    return r;
}

class Given : public testing::Test {
  protected:
    GivenValues values(std::vector<GivenRow> rows) {
        return {std::move(rows), settings_, *clock_, [this](const Source&, int) -> Result<Raster> {
                    ++decoded_;
                    Raster r;
                    r.pixels = cv::Mat(900, 600, CV_8UC1, cv::Scalar(250));
                    for (int y = 150; y < 750; y += 24)
                        for (int x = 80; x < 520; x += 12)
                            cv::rectangle(r.pixels, cv::Rect(x, y, 7, 10), cv::Scalar(20), -1);
                    r.dpi = {100, 100, DpiSource::File};
                    return r;
                }};
    }
    static std::vector<std::string> told(const GivenValues& v) {
        std::vector<std::string> out;
        for (const Refusal& r : v.refused()) {
            EXPECT_THAT(r.why.english(), testing::HasSubstr("Row " + std::to_string(r.row)));
            out.push_back(std::to_string(r.row) + " " + r.why.code);
        }
        return out;
    }
    Settings settings_;
    std::shared_ptr<const Clock> clock_ =
        fixed_clock(std::chrono::system_clock::time_point(std::chrono::seconds(1'760'000'000)));
    int decoded_ = 0;
};

TEST_F(Given, StandInTheLedgerAsIfTheyHadBeenSetLater) {
    Item item = grouped();
    GivenValues v = values({row(2, "a.tif", 2, {"", "1.5", "", "", ""})});
    const auto done = v.put_on(item);
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_TRUE(*done);
    EXPECT_DOUBLE_EQ(item.pages[1].treatment.skew_deg, 1.5);
    EXPECT_EQ(item.pages[0].treatment.skew_deg, 0);
    ASSERT_EQ(item.edits.size(), 1U);
    EXPECT_EQ(item.edits[0]["edit"], "treat");
    EXPECT_EQ(item.edits[0]["who"], "王五");
    const nlohmann::json* entry = standing_values(item.edits, {"sum of a.tif", 1});
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ((*entry)["values"]["angle"], 1.5);
    EXPECT_EQ((*entry)["page"], item.pages[1].id.to_string());
    EXPECT_EQ((*entry)["auto"].size(), 1U) << "what treatment finds by itself is kept for a second look";
    EXPECT_THAT(told(v), testing::IsEmpty());
    // The next run with the same file has nothing to do, and decodes nothing.
    decoded_ = 0;
    EXPECT_FALSE(*v.put_on(item));
    EXPECT_EQ(decoded_, 0);
    // What a person set since then stands.
    item.edits.push_back({{"edit", "treat"},
                          {"pages",
                           {{{"page", item.pages[1].id.to_string()},
                             {"sha512", "sum of a.tif"},
                             {"image", 1},
                             {"values", {{"angle", 3}}},
                             {"auto", nlohmann::json::array()}}}}});
    EXPECT_FALSE(*v.put_on(item));
    EXPECT_EQ(item.edits.size(), 2U);
    // Another value in the file is a new wish.
    GivenValues other = values({row(2, "a.tif", 2, {"", "2", "", "", ""})});
    EXPECT_TRUE(*other.put_on(item));
    EXPECT_DOUBLE_EQ(item.pages[1].treatment.skew_deg, 2);
}

TEST_F(Given, AWrongRowLeavesItsItemAloneAndIsNamed) {
    Item item = grouped();
    GivenValues v = values({row(2, "a.tif", 1, {"90", "", "", "", ""}), row(3, "a.tif", 2, {"", "99", "", "", ""}),
                            row(4, "c.tif", 1, {"", "1", "", "", ""})});
    EXPECT_FALSE(*v.put_on(item));
    EXPECT_TRUE(item.edits.empty());
    EXPECT_EQ(item.pages[0].treatment.orientation_deg, 0);
    EXPECT_THAT(told(v), testing::ElementsAre("3 by_hand.bad_value", "4 by_hand.not_reached"));
    EXPECT_THAT(v.refused()[0].why.english(), testing::HasSubstr("angle '99'"));
}

TEST_F(Given, HalvesOfAnOpenBookAreNamed) {
    Item item = grouped();
    GivenValues unsaid = values({row(2, "b.tif", 1, {"", "1", "", "", ""})});
    EXPECT_FALSE(*unsaid.put_on(item));
    EXPECT_THAT(told(unsaid), testing::ElementsAre("2 by_hand.bad_value"));
    GivenValues right = values({row(2, "b.tif", 1, {"", "1", "", "", ""}, "right")});
    EXPECT_TRUE(*right.put_on(item));
    EXPECT_EQ(item.pages[2].treatment.skew_deg, 0);
    EXPECT_DOUBLE_EQ(item.pages[3].treatment.skew_deg, 1);
    GivenValues joined = values({row(2, "b.tif", 1, {"", "", "", "none", ""})});
    EXPECT_TRUE(*joined.put_on(item));
    EXPECT_EQ(item.pages.size(), 3U);
    GivenValues none = values({row(5, "a.tif", 1, {"", "1", "", "", ""}, "left")});
    EXPECT_FALSE(*none.put_on(item));
    EXPECT_THAT(told(none), testing::ElementsAre("5 by_hand.bad_value"));
}

TEST_F(Given, OutliveALaterRunWithoutTheFile) {
    Item item = grouped();
    GivenValues v = values({row(2, "a.tif", 2, {"", "1.5", "", "", ""})});
    ASSERT_TRUE(*v.put_on(item));
    Item later = grouped();
    put_values_on(later, item, {{"sum of a.tif", 0}, {"sum of a.tif", 1}, {"sum of b.tif", 0}, {"sum of b.tif", 0}});
    EXPECT_DOUBLE_EQ(later.pages[1].treatment.skew_deg, 1.5);
}

} // namespace
} // namespace recto::amend
