// A second copy that is brought up to date: new objects, new versions; deaths and full disks in the middle of it.

#include <functional>

#include "tests/fixity/two_roots.h"

namespace recto::fixity {
namespace {

/// A copy that lacks one object and is two versions behind with the other.
std::unique_ptr<TwoRoots> behind() {
    auto t = std::make_unique<TwoRoots>(1);
    t->mirror();
    EXPECT_TRUE(t->disk->remove_tree(join_path(kCopy, t->object(t->ids[1]).substr(0, 3))));
    for (int v = 2; v <= 3; ++v)
        for (const std::string& id : t->ids) t->put(id, v);
    EXPECT_TRUE(sync_tree(*t->disk, "/"));
    return t;
}

/// A copy without an object, which is what a first copy begins with.
std::unique_ptr<TwoRoots> empty_copy() {
    auto t = std::make_unique<TwoRoots>(2);
    EXPECT_TRUE(OcflStore(t->disk, kCopy).create());
    EXPECT_TRUE(sync_tree(*t->disk, "/"));
    return t;
}

TEST(FixityCopy, AFirstCopyIsBroughtTogether) {
    const auto t = empty_copy();
    const Told told = t->run(kAddMissing, true);
    ASSERT_EQ(told.damage.size(), 2U);
    for (const Damage& d : told.damage) EXPECT_EQ(d.outcome, Outcome::Mended) << d.message(Language::English);
    EXPECT_EQ(told.result.checked, 2U);
    EXPECT_EQ(t->tree(kCopy), t->tree(kArchive));
    ASSERT_EQ(told.events.size(), 1U) << "one event for all that came together";
    EXPECT_EQ(told.events[0].second["objects"].size(), 2U);
    EXPECT_EQ(told.events[0].second["objects"][0]["versions"], 2);
}

TEST(FixityCopy, WhatItLacksIsSaidAndBroughtByteForByte) {
    const auto t = behind();
    const auto before = t->tree(kCopy);
    const Told seen = t->run({}, true);
    ASSERT_EQ(seen.damage.size(), 2U);
    for (const Damage& d : seen.damage) {
        EXPECT_EQ(d.code, d.object == t->object(t->ids[0]) ? "fixity.copy_behind" : "fixity.copy_lacks");
        EXPECT_EQ(d.side, Side::Copy);
    }
    EXPECT_TRUE(seen.events.empty()) << "no damage";
    EXPECT_FALSE(seen.result.stays());
    EXPECT_TRUE(seen.result.waits());
    EXPECT_EQ(t->tree(kCopy), before);

    const Told told = t->run(kAddMissing, true);
    for (const Damage& d : told.damage) EXPECT_EQ(d.outcome, Outcome::Mended) << d.message(Language::English);
    EXPECT_FALSE(told.result.waits());
    EXPECT_EQ(t->tree(kCopy), t->tree(kArchive));
    EXPECT_EQ(t->faults(kCopy), "");
    ASSERT_EQ(told.events.size(), 2U);
    for (const auto& [event, details] : told.events) EXPECT_EQ(event, "replication");
    EXPECT_TRUE(t->run({}, true).damage.empty());
}

TEST(FixityCopy, DamageIsNeverBroughtIntoTheCopy) {
    const auto t = behind();
    const auto before = t->tree(kCopy);
    for (const std::string& id : t->ids)
        ASSERT_TRUE(t->disk->append(join_path(kArchive, t->object(id) + "/v3/content/text/档案.txt"), "?", true));
    const Told told = t->run(kAddMissing, true);
    EXPECT_TRUE(told.result.stays());
    EXPECT_EQ(t->tree(kCopy), before);
}

TEST(FixityCopy, ADamagedCopyIsMendedBeforeItIsBroughtUpToDate) {
    const auto t = behind();
    ASSERT_TRUE(t->disk->append(join_path(kCopy, t->object(t->ids[0]) + "/v1/content/master/0001.tif"), "?", true));
    const auto before = t->tree(kCopy);
    const Told refused = t->run(kAddMissing, true);
    EXPECT_EQ(t->tree(kCopy).at(t->object(t->ids[0]) + "/inventory.json"),
              before.at(t->object(t->ids[0]) + "/inventory.json"));
    EXPECT_TRUE(refused.result.stays());
    Asked both = kRepairCopy;
    both.add_missing = true;
    (void)t->run(both, true);
    EXPECT_EQ(t->tree(kCopy), t->tree(kArchive));
}

TEST(FixityCopy, AnObjectOfTheCopyAloneIsMissingInTheArchive) {
    const auto t = behind();
    t->mirror();
    ASSERT_TRUE(t->disk->remove_tree(join_path(kArchive, t->object(t->ids[0]))));
    const Told told = t->run(kAddMissing, true);
    ASSERT_EQ(told.damage.size(), 1U);
    EXPECT_EQ(told.damage[0].code, "fixity.object_missing");
    EXPECT_EQ(told.damage[0].outcome, Outcome::Mendable);
}

enum class End { Kill, PowerCut, PowerCutByLot, Once, Full };

void adding_disturbed_at_every_change(End end, const std::function<std::unique_ptr<TwoRoots>()>& begin = behind) {
    int calls = 1;
    for (int nth = 1; nth <= calls + 1; ++nth) {
        for (std::uint64_t seed = 1; seed <= (end == End::PowerCutByLot ? 4U : 1U); ++seed) {
            SCOPED_TRACE("change " + std::to_string(nth) + " seed " + std::to_string(seed));
            const auto t = begin();
            const bool there = OcflStore(t->disk, kCopy).state(t->ids[0])->head > 0;
            const auto whole = t->tree(kArchive);
            const auto mode = end == End::Once   ? FaultyFileSystem::Mode::Once
                              : end == End::Full ? FaultyFileSystem::Mode::Forever
                                                 : FaultyFileSystem::Mode::Death;
            const auto faulty =
                std::make_shared<FaultyFileSystem>(t->disk, mode, nth, end == End::Full ? "io.no_space" : "io.write");
            const Told told = t->run(kAddMissing, true, faulty);
            calls = std::max(calls, faulty->changes());
            if (end == End::PowerCut) t->disk->cut_power();
            if (end == End::PowerCutByLot) t->disk->cut_power(seed);
            ASSERT_EQ(t->tree(kArchive), whole);
            ASSERT_TRUE(OcflStore(t->disk, kCopy).recover());
            ASSERT_EQ(t->faults(kCopy), "") << "valid after any end";
            const auto head = OcflStore(t->disk, kCopy).state(t->ids[0]);
            ASSERT_TRUE(head);
            EXPECT_GE(head->head, there ? 1 : 0);
            (void)t->run(kAddMissing, true);
            ASSERT_EQ(t->tree(kCopy), whole);
        }
    }
    EXPECT_GT(calls, 50);
}

TEST(FixityCopy, KilledAtEveryChange) { adding_disturbed_at_every_change(End::Kill); }
TEST(FixityCopy, PowerCutAtEveryChange) { adding_disturbed_at_every_change(End::PowerCut); }
TEST(FixityCopy, PowerCutThatKeepsSomeChanges) { adding_disturbed_at_every_change(End::PowerCutByLot); }
TEST(FixityCopy, AChangeThatFailsOnce) { adding_disturbed_at_every_change(End::Once); }
TEST(FixityCopy, AFullDiskAtEveryChange) { adding_disturbed_at_every_change(End::Full); }

TEST(FixityFirstCopy, KilledAtEveryChange) { adding_disturbed_at_every_change(End::Kill, empty_copy); }
TEST(FixityFirstCopy, PowerCutAtEveryChange) { adding_disturbed_at_every_change(End::PowerCut, empty_copy); }
TEST(FixityFirstCopy, PowerCutThatKeepsSomeChanges) {
    adding_disturbed_at_every_change(End::PowerCutByLot, empty_copy);
}
TEST(FixityFirstCopy, AChangeThatFailsOnce) { adding_disturbed_at_every_change(End::Once, empty_copy); }
TEST(FixityFirstCopy, AFullDiskAtEveryChange) { adding_disturbed_at_every_change(End::Full, empty_copy); }

TEST(FixityCopy, AFullDiskEndsTheRoundAndIsSaid) {
    const auto t = behind();
    // The log is already there; then nothing fits any more.
    (void)t->run({}, true);
    t->disk->set_capacity(0);
    const Told told = t->run(kAddMissing, true);
    ASSERT_TRUE(told.result.ended);
    EXPECT_EQ(told.result.ended->code, "io.no_space");
}

} // namespace
} // namespace recto::fixity
