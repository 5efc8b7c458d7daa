// Repair from a second copy: what is put back, what is refused, and deaths and full disks in the middle of it.

#include "tests/fixity/two_roots.h"

namespace recto::fixity {
namespace {

void flip(TwoRoots& t, const std::string& path, std::size_t place = 0) {
    std::string bytes = t.disk->read(path).value();
    bytes[place] = static_cast<char>(bytes[place] ^ 0x11);
    ASSERT_TRUE(t.disk->write(path, bytes));
    ASSERT_TRUE(sync_tree(*t.disk, "/"));
}

TEST(FixityRepair, EveryDamagedFileIsPutBackByteForByteAndSetAside) {
    TwoRoots t;
    t.mirror();
    const auto whole = t.tree(kArchive);
    for (const Side side : {Side::Archive, Side::Copy}) {
        const std::string root = side == Side::Archive ? kArchive : kCopy;
        for (const auto& [file, bytes] : whole) {
            SCOPED_TRACE(root + "/" + file);
            flip(t, join_path(root, file), bytes.size() / 2);
            const std::string changed = t.disk->read(join_path(root, file)).value();
            Asked dry = kRepairBoth;
            dry.dry_run = true;
            const Told would = t.run(dry, true);
            ASSERT_EQ(would.damage.size(), 1U);
            EXPECT_EQ(would.damage[0].outcome, Outcome::WouldMend);
            EXPECT_EQ(t.disk->read(join_path(root, file)).value(), changed) << "--dry-run changes nothing";
            const Told other = t.run(side == Side::Archive ? kRepairCopy : kRepair, true);
            ASSERT_EQ(other.damage.size(), 1U);
            EXPECT_EQ(other.damage[0].outcome, Outcome::Mendable) << "the other side's repair does not touch this one";
            EXPECT_EQ(t.disk->read(join_path(root, file)).value(), changed);

            const Told told = t.run(side == Side::Archive ? kRepair : kRepairCopy, true);
            ASSERT_EQ(told.damage.size(), 1U);
            EXPECT_EQ(told.damage[0].place(), file);
            EXPECT_EQ(told.damage[0].side, side);
            EXPECT_EQ(told.damage[0].outcome, Outcome::Mended) << told.damage[0].message(Language::English);
            EXPECT_EQ(t.tree(root), whole);
            EXPECT_EQ(t.faults(root), "");
            EXPECT_EQ(t.disk->read(told.damage[0].set_aside).value_or(""), changed) << "damaged bytes are kept";
            EXPECT_TRUE(told.damage[0].set_aside.starts_with(kQuarantine));
            EXPECT_NE(told.damage[0].message(Language::English).find(told.damage[0].set_aside), std::string::npos);
            EXPECT_FALSE(told.result.stays());
            EXPECT_TRUE(told.result.waits());
            ASSERT_EQ(told.events.size(), 2U);
            EXPECT_EQ(told.events[0].first, "fixity.damage");
            EXPECT_EQ(told.events[1].first, "repair");
            EXPECT_EQ(told.events[1].second["premis"], "recovery");

            ASSERT_TRUE(t.disk->remove(join_path(root, file)));
            const Told missing = t.run(kRepairBoth, true);
            ASSERT_EQ(missing.damage.size(), 1U);
            EXPECT_EQ(missing.damage[0].code, "fixity.missing");
            EXPECT_EQ(missing.damage[0].outcome, Outcome::Mended);
            EXPECT_EQ(missing.damage[0].set_aside, "") << "there was nothing to set aside";
            EXPECT_EQ(t.tree(root), whole);
            EXPECT_TRUE(t.run({}, true).damage.empty());
        }
    }
}

TEST(FixityRepair, WhereBothAreDamagedNothingIsTouched) {
    TwoRoots t;
    t.mirror();
    for (const auto& [file, bytes] : t.tree(kArchive)) {
        // Of inventories see the next test: there the other files of the object still say what is right.
        if (file.ends_with("inventory.json")) continue;
        SCOPED_TRACE(file);
        ASSERT_TRUE(t.disk->remove_tree(kQuarantine));
        flip(t, join_path(kArchive, file), 0);
        flip(t, join_path(kCopy, file), bytes.size() - 1);
        const auto a = t.tree(kArchive), c = t.tree(kCopy);
        const Told told = t.run(kRepairBoth, true);
        for (const Side side : {Side::Archive, Side::Copy}) {
            const auto here = at(told, side, file);
            ASSERT_EQ(here.size(), 1U);
            EXPECT_TRUE(here[0].outcome == Outcome::Both || file.ends_with("inventory.json.sha512"))
                << here[0].message(Language::English);
        }
        EXPECT_TRUE(told.result.stays() || file.ends_with("inventory.json.sha512"));
        if (told.result.stays()) {
            EXPECT_EQ(t.tree(kArchive), a);
            EXPECT_EQ(t.tree(kCopy), c);
            EXPECT_EQ(t.disk->stat(kQuarantine)->exists, false);
        }
        ASSERT_TRUE(t.disk->write(join_path(kArchive, file), bytes));
        ASSERT_TRUE(t.disk->write(join_path(kCopy, file), bytes));
    }
}

TEST(FixityRepair, NoInventoryIsBelievedOnEitherSideNothingIsTouched) {
    TwoRoots t(1);
    t.mirror();
    const std::string object = t.object(t.ids[0]);
    for (const std::string& root : {kArchive, kCopy})
        for (const char* name : {"/inventory.json", "/v1/inventory.json"}) flip(t, join_path(root, object + name), 3);
    flip(t, join_path(kArchive, object + "/v1/content/master/0001.tif"));
    const auto a = t.tree(kArchive), c = t.tree(kCopy);
    const Told told = t.run(kRepairBoth, true);
    ASSERT_EQ(told.damage.size(), 2U);
    for (const Damage& d : told.damage) EXPECT_EQ(d.code, "fixity.no_inventory");
    EXPECT_EQ(t.tree(kArchive), a);
    EXPECT_EQ(t.tree(kCopy), c);
}

TEST(FixityRepair, OneSideWithoutASoundInventoryIsMendedByTheOther) {
    TwoRoots t;
    t.mirror();
    const auto whole = t.tree(kArchive);
    const std::string object = t.object(t.ids[0]);
    for (const char* name : {"/inventory.json", "/v1/inventory.json", "/v2/inventory.json", "/inventory.json.sha512",
                             "/v2/inventory.json.sha512", "/v2/content/text/档案.txt"})
        flip(t, join_path(kArchive, object + name), 3);
    const Told told = t.run(kRepair, true);
    EXPECT_EQ(told.damage.size(), 6U);
    for (const Damage& d : told.damage) EXPECT_EQ(d.outcome, Outcome::Mended) << d.place();
    EXPECT_EQ(t.tree(kArchive), whole);
}

TEST(FixityRepair, AVersionWhoseInventoriesAreAllDamagedIsNotForgotten) {
    for (const Side side : {Side::Archive, Side::Copy}) {
        TwoRoots t;
        t.mirror();
        const auto whole = t.tree(kArchive);
        const std::string root = side == Side::Archive ? kArchive : kCopy, object = t.object(t.ids[0]);
        for (const char* name : {"/inventory.json", "/v2/inventory.json"}) flip(t, join_path(root, object + name), 3);
        const Told told = t.run(kRepairBoth, true);
        ASSERT_EQ(told.damage.size(), 2U) << "the first version is sound, but the object went on";
        EXPECT_EQ(t.tree(kArchive), whole);
        EXPECT_EQ(t.tree(kCopy), whole);
    }
    { // Also where the other side has lost what bears its own first inventory out.
        TwoRoots t;
        t.mirror();
        const auto whole = t.tree(kArchive);
        const std::string object = t.object(t.ids[0]);
        flip(t, join_path(kArchive, object + "/v1/inventory.json.sha512"), 3);
        flip(t, join_path(kCopy, object + "/inventory.json"), 3);
        flip(t, join_path(kCopy, object + "/v2/inventory.json.sha512"), 3);
        EXPECT_EQ(t.run(kRepairBoth, true).damage.size(), 3U);
        EXPECT_EQ(t.tree(kArchive), whole);
        EXPECT_EQ(t.tree(kCopy), whole);
    }
    // Where the other side never had that version, nothing says what is right.
    TwoRoots t(1);
    t.mirror();
    t.put(t.ids[0], 2);
    for (const char* name : {"/inventory.json", "/v2/inventory.json"})
        flip(t, join_path(kArchive, t.object(t.ids[0]) + name), 3);
    const auto a = t.tree(kArchive), c = t.tree(kCopy);
    Asked all = kRepairBoth;
    all.add_missing = true;
    const Told told = t.run(all, true);
    ASSERT_EQ(told.damage.size(), 1U);
    EXPECT_EQ(told.damage[0].code, "fixity.no_inventory");
    EXPECT_EQ(t.tree(kArchive), a);
    EXPECT_EQ(t.tree(kCopy), c);
}

TEST(FixityRepair, AWholeObjectComesBackWholeOrNotAtAll) {
    TwoRoots t;
    t.mirror();
    const auto whole = t.tree(kArchive);
    const std::string object = t.object(t.ids[1]);
    ASSERT_TRUE(t.disk->remove_tree(join_path(kArchive, object)));
    const auto without = t.tree(kArchive);
    flip(t, join_path(kCopy, object + "/v1/content/master/0001.tif"));
    const Told refused = t.run(kRepair, true);
    ASSERT_EQ(at(refused, Side::Archive, object).size(), 1U);
    EXPECT_EQ(at(refused, Side::Archive, object)[0].outcome, Outcome::Both);
    EXPECT_EQ(t.tree(kArchive), without);
    flip(t, join_path(kCopy, object + "/v1/content/master/0001.tif"));
    const Told told = t.run(kRepair, true);
    ASSERT_EQ(told.damage.size(), 1U);
    EXPECT_EQ(told.damage[0].code, "fixity.object_missing");
    EXPECT_EQ(told.damage[0].outcome, Outcome::Mended);
    EXPECT_EQ(t.tree(kArchive), whole);
    EXPECT_EQ(told.events.back().second["premis"], "replication");
}

TEST(FixityRepair, SoundInventoriesThatContradictEachOtherAreReportedOnly) {
    TwoRoots t(1);
    t.mirror();
    t.put(t.ids[0], 2);
    TwoRoots other(1);
    ASSERT_TRUE(other.disk->write("/w/text", "another second version"));
    OcflStore store(other.disk, kArchive);
    ASSERT_TRUE(store.put(t.ids[0], {{"text/档案.txt", "/w/text", "", true}},
                          {"2026-11-23T17:15:00+08:00", "m", "x", "https://x.org"}));
    for (const auto& [file, bytes] : other.tree(kArchive)) {
        ASSERT_TRUE(t.disk->make_folders(parent_path(join_path(kCopy, file))));
        ASSERT_TRUE(t.disk->write(join_path(kCopy, file), bytes));
    }
    flip(t, join_path(kArchive, t.object(t.ids[0]) + "/v1/content/master/0001.tif"));
    const auto a = t.tree(kArchive), c = t.tree(kCopy);
    Asked all = kRepairBoth;
    all.add_missing = true;
    const Told told = t.run(all, true);
    ASSERT_EQ(at(told, Side::Copy, t.object(t.ids[0])).size(), 1U);
    EXPECT_EQ(at(told, Side::Copy, t.object(t.ids[0]))[0].code, "fixity.differs");
    EXPECT_EQ(t.tree(kArchive), a);
    EXPECT_EQ(t.tree(kCopy), c);
}

TEST(FixityRepair, ACopyThatIsBehindStillMendsWhatItHasAndIsMendedItself) {
    TwoRoots t(1);
    t.mirror();
    for (const std::string& id : t.ids) t.put(id, 2);
    const auto a = t.tree(kArchive), c = t.tree(kCopy);
    const std::string object = t.object(t.ids[0]);
    flip(t, join_path(kArchive, object + "/v1/content/master/0001.tif"));
    flip(t, join_path(kCopy, object + "/inventory.json"));
    flip(t, join_path(kCopy, object + "/inventory.json.sha512"));
    const Told told = t.run(kRepairBoth, true);
    EXPECT_EQ(told.damage.size(), 5U) << "three damaged files; two objects behind";
    EXPECT_EQ(t.tree(kArchive), a);
    EXPECT_EQ(t.tree(kCopy), c) << "mended, but not brought further";
    EXPECT_FALSE(told.result.stays());
    flip(t, join_path(kArchive, object + "/v2/content/text/档案.txt"));
    const Told alone = t.run(kRepairBoth, true);
    ASSERT_EQ(at(alone, Side::Archive, object + "/v2/content/text/档案.txt").size(), 1U);
    EXPECT_EQ(at(alone, Side::Archive, object + "/v2/content/text/档案.txt")[0].outcome, Outcome::Stays)
        << "the copy never had it";
}

TEST(FixityRepair, AnArchiveBehindItsCopyIsSaid) {
    TwoRoots t(1);
    const auto old = t.tree(kArchive);
    for (const std::string& id : t.ids) t.put(id, 2);
    t.mirror();
    ASSERT_TRUE(t.disk->remove_tree(kArchive));
    for (const auto& [file, bytes] : old) {
        ASSERT_TRUE(t.disk->make_folders(parent_path(join_path(kArchive, file))));
        ASSERT_TRUE(t.disk->write(join_path(kArchive, file), bytes));
    }
    const Told told = t.run(kRepair, true);
    ASSERT_EQ(told.damage.size(), 2U);
    for (const Damage& d : told.damage) EXPECT_EQ(d.code, "fixity.archive_behind");
    EXPECT_TRUE(told.result.stays());
    EXPECT_EQ(t.tree(kArchive), old);
}

// ---- deaths, failures, full disks ----------------------------------------------------------------------------------

/// Both sides damaged in several places, each at a place where the other is whole.
std::unique_ptr<TwoRoots> damaged_roots() {
    auto t = std::make_unique<TwoRoots>();
    t->mirror();
    const std::string one = t->object(t->ids[0]), two = t->object(t->ids[1]);
    flip(*t, join_path(kArchive, one + "/v1/content/master/0001.tif"));
    flip(*t, join_path(kArchive, one + "/inventory.json"));
    flip(*t, join_path(kArchive, "ocfl_layout.json"));
    EXPECT_TRUE(t->disk->remove(join_path(kCopy, one + "/v2/content/text/档案.txt")));
    flip(*t, join_path(kCopy, one + "/v1/inventory.json.sha512"));
    EXPECT_TRUE(t->disk->remove_tree(join_path(kArchive, two)));
    EXPECT_TRUE(sync_tree(*t->disk, "/"));
    return t;
}

enum class Way { Kill, PowerCut, PowerCutByLot, Once, Forever, Full };

void repair_disturbed_at_every_change(Way way) {
    TwoRoots right;
    const auto whole = right.tree(kArchive);
    int calls = 1;
    for (int nth = 1; nth <= calls + 1; ++nth) {
        for (std::uint64_t seed = 1; seed <= (way == Way::PowerCutByLot ? 4U : 1U); ++seed) {
            SCOPED_TRACE("change " + std::to_string(nth) + " seed " + std::to_string(seed));
            const auto t = damaged_roots();
            const auto before_a = t->tree(kArchive), before_c = t->tree(kCopy);
            const auto mode = way == Way::Once                          ? FaultyFileSystem::Mode::Once
                              : way == Way::Forever || way == Way::Full ? FaultyFileSystem::Mode::Forever
                                                                        : FaultyFileSystem::Mode::Death;
            const auto faulty =
                std::make_shared<FaultyFileSystem>(t->disk, mode, nth, way == Way::Full ? "io.no_space" : "io.write");
            (void)t->run(kRepairBoth, true, faulty);
            calls = std::max(calls, faulty->changes());
            if (way == Way::PowerCut) t->disk->cut_power();
            if (way == Way::PowerCutByLot) t->disk->cut_power(seed);

            // Every file is as before or right; nothing else lies in the objects.
            for (const auto& [root, before] : {std::pair{kArchive, &before_a}, std::pair{kCopy, &before_c}}) {
                for (const auto& [file, bytes] : t->tree(root)) {
                    if (file.starts_with("extensions/recto-staging/")) continue;
                    ASSERT_TRUE(whole.contains(file)) << root << "/" << file;
                    const auto old = before->find(file);
                    ASSERT_TRUE(bytes == whole.at(file) || (old != before->end() && bytes == old->second))
                        << root << "/" << file;
                }
                for (const auto& [file, bytes] : *before)
                    ASSERT_TRUE(t->disk->stat(join_path(root, file))->exists) << root << "/" << file << " is gone";
            }
            // The same command again completes it, as it does after any interruption.
            for (const std::string& root : {kArchive, kCopy}) ASSERT_TRUE(OcflStore(t->disk, root).recover());
            (void)t->run(kRepairBoth, true);
            ASSERT_EQ(t->tree(kArchive), whole);
            ASSERT_EQ(t->tree(kCopy), whole);
            ASSERT_EQ(t->faults(kArchive), "");
            ASSERT_EQ(t->faults(kCopy), "");
        }
    }
    EXPECT_GT(calls, 60);
}

TEST(FixityRepair, KilledAtEveryChange) { repair_disturbed_at_every_change(Way::Kill); }
TEST(FixityRepair, PowerCutAtEveryChange) { repair_disturbed_at_every_change(Way::PowerCut); }
TEST(FixityRepair, PowerCutThatKeepsSomeChanges) { repair_disturbed_at_every_change(Way::PowerCutByLot); }
TEST(FixityRepair, AChangeThatFailsOnce) { repair_disturbed_at_every_change(Way::Once); }
TEST(FixityRepair, ChangesThatFailForEver) { repair_disturbed_at_every_change(Way::Forever); }
TEST(FixityRepair, AFullDiskAtEveryChange) { repair_disturbed_at_every_change(Way::Full); }

} // namespace
} // namespace recto::fixity
