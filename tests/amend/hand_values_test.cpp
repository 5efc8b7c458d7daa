// Values set by hand outlive a later run, and a changed input asks for a second look.

#include <gmock/gmock.h>

#include "amend/edits.h"
#include "amend/hand_values.h"

namespace recto::amend {
namespace {

constexpr const char* kScan = "5ca4";

Page page_of(const Uuid& item, const std::string& name, int source, double skew, const std::string& split = "") {
    Page p;
    p.id = Uuid::from_name(item, name);
    p.image = {source, 0};
    p.treatment.skew_deg = skew;
    p.treatment.deskewed = skew != 0;
    p.treatment.split = split;
    return p;
}

/// Two scans; the second is the one that a person looked at.
Item item_of(std::vector<Page> second) {
    Item item;
    item.id = Uuid::from_name(Uuid::recto_space(), "item");
    item.sources.resize(2);
    item.sources[0].sha512 = "f1e1d";
    item.sources[1].sha512 = kScan;
    for (auto& s : item.sources) {
        s.images.resize(1);
        s.images[0].width = 1000, s.images[0].height = 1500;
    }
    item.pages.push_back(page_of(item.id, "first", 0, 0));
    for (Page& p : second) item.pages.push_back(std::move(p));
    return item;
}

nlohmann::json set_by_hand(const Page& page, const nlohmann::json& values,
                           const std::vector<PageTreatment>& automatic) {
    return {
        {"edit", "treat"},
        {"pages",
         {{{"page", page.id.to_string()}, {"sha512", kScan}, {"image", 0}, {"values", values}, {"auto", automatic}}}}};
}

class HandValues : public testing::Test {
  protected:
    Uuid id_ = Uuid::from_name(Uuid::recto_space(), "item");
    Item found_ = item_of({page_of(id_, "second", 1, 4.0)});
    std::vector<ImageName> grouped() const {
        std::vector<ImageName> out;
        for (const Page& p : found_.pages) out.push_back(image_of(found_, p));
        return out;
    }
    static std::vector<std::string> codes(const Page& p) {
        std::vector<std::string> out;
        for (const Finding& f : p.findings) out.push_back(f.code);
        return out;
    }
};

TEST_F(HandValues, StandInPlaceOfWhatTheRunFinds) {
    Item stored = item_of({page_of(id_, "second", 1, 1.5)});
    stored.edits.push_back(set_by_hand(stored.pages[1], {{"angle", 1.5}}, {found_.pages[1].treatment}));
    found_.pages[1].findings.push_back({"treat.streak", Severity::Warning, {"3"}, false, {}});
    put_values_on(found_, stored, grouped());
    ASSERT_EQ(found_.pages.size(), 2U);
    EXPECT_DOUBLE_EQ(found_.pages[1].treatment.skew_deg, 1.5);
    EXPECT_EQ(found_.pages[1].id, stored.pages[1].id);
    EXPECT_THAT(codes(found_.pages[1]), testing::ElementsAre("treat.streak")) << "what is said of the image stays";
    EXPECT_DOUBLE_EQ(found_.pages[0].treatment.skew_deg, 0);
}

TEST_F(HandValues, AreLookedAtAgainWhereTreatmentNowFindsSomethingElse) {
    Item stored = item_of({page_of(id_, "second", 1, 1.5)});
    PageTreatment then = found_.pages[1].treatment;
    then.skew_deg = 4.1;
    stored.edits.push_back(set_by_hand(stored.pages[1], {{"angle", 1.5}}, {then}));
    Item same = found_;
    put_values_on(same, stored, grouped());
    EXPECT_THAT(codes(same.pages[1]), testing::IsEmpty()) << "a tenth of a degree is no other finding";
    then.skew_deg = 2;
    stored.edits.back()["pages"][0]["auto"] = std::vector<PageTreatment>{then};
    put_values_on(found_, stored, grouped());
    EXPECT_THAT(codes(found_.pages[1]), testing::ElementsAre("amend.values_review"));
    EXPECT_DOUBLE_EQ(found_.pages[1].treatment.skew_deg, 1.5) << "the person's value stands until they look";
}

TEST_F(HandValues, KeepAPageWholeThatTheRunCutsAndCutOneThatItDoesNot) {
    // The person joined what treatment splits.
    Item stored = item_of({page_of(id_, "left", 1, 0)});
    const std::vector<PageTreatment> halves = {page_of(id_, "", 1, 0, "left").treatment,
                                               page_of(id_, "", 1, 0, "right").treatment};
    stored.edits.push_back(set_by_hand(stored.pages[1], {{"split", "none"}}, halves));
    found_ = item_of({page_of(id_, "left", 1, 0, "left"), page_of(id_, "right", 1, 0, "right")});
    put_values_on(found_, stored, grouped());
    ASSERT_EQ(found_.pages.size(), 2U);
    EXPECT_EQ(found_.pages[1].treatment.split, "");
    EXPECT_THAT(codes(found_.pages[1]), testing::IsEmpty());
    // And the other way round; the further page has the id that it was given.
    stored = item_of({page_of(id_, "second", 1, 0, "left"), page_of(id_, "further", 1, 0, "right")});
    found_ = item_of({page_of(id_, "second", 1, 4.0)});
    stored.edits.push_back(set_by_hand(stored.pages[1], {{"split", 0.5}}, {found_.pages[1].treatment}));
    put_values_on(found_, stored, grouped());
    ASSERT_EQ(found_.pages.size(), 3U);
    EXPECT_EQ(found_.pages[1].id, stored.pages[1].id);
    EXPECT_EQ(found_.pages[2].id, stored.pages[2].id);
    EXPECT_EQ(found_.pages[2].treatment.split, "right");
}

TEST_F(HandValues, GoWhenThePersonGoesBackToAutomatic) {
    Item stored = item_of({page_of(id_, "second", 1, 1.5)});
    stored.edits.push_back(set_by_hand(stored.pages[1], {{"angle", 1.5}}, {found_.pages[1].treatment}));
    EXPECT_NE(standing_values(stored.edits, {kScan, 0}), nullptr);
    EXPECT_EQ(standing_values(stored.edits, {kScan, 1}), nullptr);
    nlohmann::json back = set_by_hand(stored.pages[1], {}, {found_.pages[1].treatment});
    back["pages"][0]["automatic"] = true;
    stored.edits.push_back(back);
    EXPECT_EQ(standing_values(stored.edits, {kScan, 0}), nullptr);
    put_values_on(found_, stored, grouped());
    EXPECT_DOUBLE_EQ(found_.pages[1].treatment.skew_deg, 4.0);
}

TEST_F(HandValues, OfAScanThatIsGoneAreSaidToBeLost) {
    Item stored = item_of({page_of(id_, "second", 1, 1.5)});
    stored.edits.push_back(set_by_hand(stored.pages[1], {{"angle", 1.5}}, {found_.pages[1].treatment}));
    found_.sources[1].sha512 = "another";
    put_values_on(found_, stored, grouped());
    ASSERT_EQ(found_.findings.size(), 1U);
    EXPECT_EQ(found_.findings[0].code, "amend.values_lost");
    EXPECT_DOUBLE_EQ(found_.pages[1].treatment.skew_deg, 4.0);
    const std::string page = stored.pages[1].id.to_string();
    EXPECT_TRUE(values_dropped(stored.edits, page, {"another", 0}));
    EXPECT_FALSE(values_dropped(stored.edits, page, {kScan, 0}));
    EXPECT_FALSE(values_dropped(stored.edits, "another page", {"another", 0}));
}

TEST_F(HandValues, OfTheHalvesOfABookStandBesideEachOther) {
    const Item stored = item_of({page_of(id_, "l", 1, 0, "left"), page_of(id_, "r", 1, 0, "right")});
    const std::string l = stored.pages[1].id.to_string(), r = stored.pages[2].id.to_string();
    nlohmann::json edits = {set_by_hand(stored.pages[1], {{"angle", 1}, {"half", "left"}}, {}),
                            set_by_hand(stored.pages[2], {{"angle", 2}, {"half", "right"}}, {})};
    EXPECT_EQ((*standing_values(edits, {kScan, 0}, l))["values"]["angle"], 1);
    EXPECT_EQ((*standing_values(edits, {kScan, 0}, r))["values"]["angle"], 2);
    edits.push_back(set_by_hand(stored.pages[1], {{"keep", true}}, {}));
    EXPECT_EQ((*standing_values(edits, {kScan, 0}, r))["values"]["keep"], true);
}

} // namespace
} // namespace recto::amend
