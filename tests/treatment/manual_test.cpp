// What a person sets is done, exactly and without a veto; what is no value is refused with a reason.

#include <cmath>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "stages/treatment/manual.h"
#include "stages/treatment/treatment.h"
#include "tests/treatment/pages_support.h"

namespace recto::treat {
namespace {

using test::draw_page;
using test::PageSpec;

ImageInfo info_by_hand(const Raster& raster) {
    ImageInfo info;
    info.width = raster.width();
    info.height = raster.height();
    return info;
}

ManualTreatment values(const ManualWords& words, const ImageInfo& info) {
    const auto m = parse_manual(words, info);
    EXPECT_TRUE(m) << (m ? "" : m.error().reason);
    return m ? *m : ManualTreatment{};
}

class ByHand : public testing::Test {
  protected:
    void SetUp() override {
        PageSpec spec;
        spec.bed = true;
        spec.angle_deg = 2.4;
        page_ = draw_page(spec);
        info_ = info_by_hand(page_.raster);
        automatic_ = treat_image(page_.raster, info_, {}, nullptr);
        ASSERT_EQ(automatic_.pages.size(), 1U);
        ASSERT_TRUE(automatic_.pages[0].deskewed && automatic_.pages[0].cropped);
    }
    ImageTreatment treated(const ManualWords& words) {
        const ManualTreatment m = values(words, info_);
        return treat_image(page_.raster, info_, {}, nullptr, &m);
    }
    test::DrawnPage page_;
    ImageInfo info_;
    ImageTreatment automatic_;
};

TEST_F(ByHand, TheAngleIsTakenAsItIsGivenAndTheCropStaysAutomatic) {
    for (const double angle : {-7.25, 0.0, 0.04, 3.0}) {
        const auto t = treated({.turn = "", .angle = std::to_string(angle), .quad = "", .split = "", .keep = ""});
        ASSERT_EQ(t.pages.size(), 1U);
        const PageTreatment& p = t.pages[0];
        EXPECT_DOUBLE_EQ(p.skew_deg, angle);
        EXPECT_EQ(p.deskewed, angle != 0);
        EXPECT_TRUE(p.cropped);
        // A line at that angle in the scan lies level on the page.
        const double r = angle * CV_PI / 180;
        const Point a = p.transform.apply({400, 400}),
                    b = p.transform.apply({400 + 500 * std::cos(r), 400 + 500 * std::sin(r)});
        EXPECT_NEAR(a.y, b.y, 1e-6) << angle;
    }
}

TEST_F(ByHand, KeptMeansEveryPixelInItsPlace) {
    const auto t = treated({.turn = "", .angle = "", .quad = "", .split = "", .keep = "yes"});
    ASSERT_EQ(t.pages.size(), 1U);
    EXPECT_TRUE(t.pages[0].transform.is_identity());
    EXPECT_FALSE(t.pages[0].cropped || t.pages[0].deskewed);
    EXPECT_GT(t.pages[0].ink_ratio, 0) << "it is measured all the same";
}

TEST_F(ByHand, CornersInAnyOrderCropToThemWithTheMargin) {
    const auto quad = "800,300 200,300 200,900 800,900";
    const auto t = treated({.turn = "", .angle = "0", .quad = quad, .split = "", .keep = ""});
    ASSERT_EQ(t.pages.size(), 1U);
    const PageTreatment& p = t.pages[0];
    const double margin = Options{}.crop_margin_mm / 25.4 * page_.raster.dpi.x;
    EXPECT_NEAR(p.transform.width(), 600 + 2 * margin, 2);
    EXPECT_NEAR(p.transform.height(), 600 + 2 * margin, 2);
    const Point corner = p.transform.apply({200, 300});
    EXPECT_NEAR(corner.x, margin, 1);
    EXPECT_NEAR(corner.y, margin, 1);
    EXPECT_THAT(p.findings, testing::Each(testing::Field(&Finding::code, testing::Ne("treat.crop_vetoed"))))
        << "print outside was left out on purpose";
}

TEST_F(ByHand, ATurnIsMadeAndTheRestFollowsIt) {
    const auto t = treated({.turn = "90", .angle = "", .quad = "", .split = "", .keep = ""});
    ASSERT_FALSE(t.pages.empty());
    EXPECT_EQ(t.pages[0].orientation_deg, 90);
    EXPECT_NEAR(t.pages[0].skew_deg, 2.4, 0.1);
}

TEST_F(ByHand, AFoldCutsWhereItIsGiven) {
    const auto share = treated({.turn = "", .angle = "0", .quad = "", .split = "40%", .keep = ""});
    ASSERT_EQ(share.pages.size(), 2U);
    EXPECT_EQ(share.pages[0].split, "left");
    EXPECT_EQ(share.pages[1].split, "right");
    const auto ends = treated({.turn = "", .angle = "0", .quad = "", .split = "600,0 620,1700", .keep = ""});
    ASSERT_EQ(ends.pages.size(), 2U);
    const Quad &l = ends.pages[0].quad, &r = ends.pages[1].quad;
    for (const auto& [mine, other] : {std::pair(1, 0), std::pair(2, 3)}) {
        const Point p = l[static_cast<std::size_t>(mine)], q = r[static_cast<std::size_t>(other)];
        EXPECT_NEAR(p.x, q.x, 1.5) << "the halves share the fold";
        EXPECT_NEAR(p.y, q.y, 1.5);
        EXPECT_NEAR(p.x, 600 + 20 * p.y / 1700, 2) << "it runs through both ends";
    }
    const auto none = treated({.turn = "", .angle = "", .quad = "", .split = "none", .keep = ""});
    EXPECT_EQ(none.pages.size(), 1U);
}

TEST_F(ByHand, WholeLeavesTheBedOn) {
    const auto t = treated({.turn = "", .angle = "0", .quad = "whole", .split = "", .keep = ""});
    ASSERT_EQ(t.pages.size(), 1U);
    EXPECT_EQ(t.pages[0].transform.width(), info_.width);
    EXPECT_EQ(t.pages[0].transform.height(), info_.height);
}

TEST_F(ByHand, NothingGivenIsAutomatic) {
    const ManualTreatment none = values({}, info_);
    EXPECT_TRUE(none.empty());
    const auto t = treat_image(page_.raster, info_, {}, nullptr, &none);
    EXPECT_EQ(nlohmann::json(t), nlohmann::json(automatic_));
}

TEST(ManualValues, AreReadAsPeopleWriteThem) {
    ImageInfo info;
    info.width = 2000, info.height = 3000;
    EXPECT_DOUBLE_EQ(*values({.turn = "", .angle = " +1.50 ", .quad = "", .split = "", .keep = ""}, info).angle_deg,
                     1.5);
    EXPECT_EQ(*values({.turn = "270", .angle = "", .quad = "", .split = "", .keep = "no"}, info).turn_deg, 270);
    const Quad q =
        *values({.turn = "", .angle = "", .quad = "5%,10%;95%,10%;95%,90%;5%,90%", .split = "", .keep = ""}, info).quad;
    EXPECT_DOUBLE_EQ(q[0].x, 100);
    EXPECT_DOUBLE_EQ(q[0].y, 300);
    EXPECT_DOUBLE_EQ(q[2].x, 1900);
    EXPECT_DOUBLE_EQ(q[2].y, 2700);
    EXPECT_TRUE(values({.turn = "", .angle = "", .quad = "整幅", .split = "", .keep = ""}, info).whole);
    EXPECT_DOUBLE_EQ(values({.turn = "", .angle = "", .quad = "", .split = "48.5%", .keep = ""}, info).fold->share,
                     0.485);
    EXPECT_TRUE(values({.turn = "", .angle = "", .quad = "", .split = "none", .keep = ""}, info).one_page);
    for (const ManualWords& w : {ManualWords{"90", "-1.25", "1,2 1000,2 1000,2000 1,2000", "none", ""},
                                 ManualWords{"", "", "", "1000,0 1010,3000", ""}, ManualWords{"", "", "", "", "是"}}) {
        const ManualTreatment m = values(w, info);
        const nlohmann::json j = m;
        EXPECT_EQ(nlohmann::json(j.get<ManualTreatment>()), j) << j.dump();
    }
}

TEST(ManualValues, ThatAreNoneAreRefusedWithTheReason) {
    ImageInfo info;
    info.width = 2000, info.height = 3000;
    const std::pair<ManualWords, const char*> wrong[] = {
        {{"45", "", "", "", ""}, "45"},
        {{"", "46", "", "", ""}, "-45 to 45"},
        {{"", "nan", "", "", ""}, "nan"},
        {{"", "1,5", "", "", ""}, "1,5"},
        {{"", "0x10", "", "", ""}, "0x10"},
        {{"", "1e400", "", "", ""}, "1e400"},
        {{"", "5%", "", "", ""}, "5%"},
        {{"", "", "0,0 10,0 10,10", "", ""}, "four corners"},
        {{"", "", "0,0 2100,0 2100,3000 0,3000", "", ""}, "outside the scan of 2000 x 3000"},
        {{"", "", "0,0 1000,0 300,200 0,2000", "", ""}, "not the corners"},
        {{"", "", "0,0 100,0 100,100 0,100", "", ""}, "hundredth"},
        {{"", "", "0,0 0,0 0,0 0,0", "", ""}, "not the corners"},
        {{"", "", "", "50", ""}, "share of the width"},
        {{"", "", "", "99%", ""}, "5% to 95%"},
        {{"", "", "", "1000,0 1000,40", ""}, "one edge"},
        {{"", "", "whole", "50%", ""}, "one by one"},
        {{"90", "", "", "", "yes"}, "no other values"},
        {{"", "", "", "", "maybe"}, "'yes'"},
    };
    for (const auto& [words, said] : wrong) {
        const auto m = parse_manual(words, info);
        ASSERT_FALSE(m) << said;
        EXPECT_EQ(m.error().code, "by_hand.value");
        EXPECT_THAT(m.error().reason, testing::HasSubstr(said));
    }
}

} // namespace
} // namespace recto::treat
