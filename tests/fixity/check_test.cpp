// Every byte of a storage root, flipped; files missing, added, cut, unreadable; what is chosen when; the rate.

#include "tests/fixity/two_roots.h"

namespace recto::fixity {
namespace {

TEST(FixityCheck, AnUntouchedRootIsGood) {
    TwoRoots t;
    t.mirror();
    const Told told = t.run({}, true);
    ASSERT_FALSE(told.failed);
    EXPECT_TRUE(told.damage.empty()) << (told.damage.empty() ? "" : told.damage[0].place() + " " + told.damage[0].code);
    EXPECT_TRUE(told.events.empty());
    EXPECT_TRUE(told.problems.empty());
    EXPECT_EQ(told.result.checked, 2U);
    EXPECT_EQ(told.result.files, 2 * t.tree(kArchive).size());
    EXPECT_FALSE(told.result.stays());
    EXPECT_FALSE(told.result.waits());
}

void one_flipped_byte_is_found(bool with_copy) {
    TwoRoots t;
    if (with_copy) t.mirror();
    const auto whole = t.tree(kArchive);
    ASSERT_GT(whole.size(), 20U);
    for (const auto& [file, bytes] : whole) {
        for (const std::size_t place : {std::size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
            for (const int mask : {0x01, 0x20, 0xFF}) {
                SCOPED_TRACE(file + " @" + std::to_string(place) + " ^" + std::to_string(mask));
                std::string changed = bytes;
                changed[place] = static_cast<char>(changed[place] ^ mask);
                ASSERT_TRUE(t.disk->write(join_path(kArchive, file), changed));
                const Told told = t.run({}, with_copy);
                ASSERT_FALSE(told.failed);
                ASSERT_EQ(told.damage.size(), 1U) << "and nothing else is blamed";
                EXPECT_EQ(told.damage[0].place(), file);
                EXPECT_EQ(told.damage[0].side, Side::Archive);
                EXPECT_EQ(told.damage[0].code, "fixity.changed");
                EXPECT_EQ(told.damage[0].outcome, with_copy ? Outcome::Mendable : Outcome::Stays);
                EXPECT_TRUE(told.result.stays());
                ASSERT_EQ(told.events.size(), 1U);
                EXPECT_EQ(told.events[0].first, "fixity.damage");
                EXPECT_EQ(told.events[0].second["files"][0]["code"], "fixity.changed");
            }
        }
        ASSERT_TRUE(t.disk->write(join_path(kArchive, file), bytes));
    }
}

TEST(FixityCheck, OneFlippedByteAnywhereIsFoundAndNamed) { one_flipped_byte_is_found(false); }
TEST(FixityCheck, OneFlippedByteIsFoundBesideACopy) { one_flipped_byte_is_found(true); }

TEST(FixityCheck, MissingAndCutFilesAreNamed) {
    TwoRoots t;
    for (const auto& [file, bytes] : t.tree(kArchive)) {
        SCOPED_TRACE(file);
        ASSERT_TRUE(t.disk->write(join_path(kArchive, file), bytes.substr(0, bytes.size() / 2)));
        const Told cut = t.run({}, false);
        ASSERT_EQ(cut.damage.size(), 1U);
        EXPECT_EQ(cut.damage[0].place(), file);
        EXPECT_EQ(cut.damage[0].code, "fixity.changed");
        ASSERT_TRUE(t.disk->remove(join_path(kArchive, file)));
        const Told gone = t.run({}, false);
        ASSERT_EQ(gone.damage.size(), 1U);
        EXPECT_EQ(gone.damage[0].place(), file);
        EXPECT_EQ(gone.damage[0].code, "fixity.missing");
        ASSERT_TRUE(t.disk->write(join_path(kArchive, file), bytes));
    }
}

TEST(FixityCheck, FilesThatBelongToNothingAreNamed) {
    TwoRoots t;
    const std::string object = t.object(t.ids[0]);
    for (const std::string& file :
         {std::string("x"), std::string("abc"), std::string("extensions/x"),
          "extensions/" + std::string(OcflStore::kLayout) + "/config.json.bak", object.substr(0, 3) + "/x",
          object + "/x", object + "/v1/x", object + "/v1/inventory.json.md5", object + "/v2/content/x",
          object + "/v3/content/x", object + "/logs/x", std::string("xyz/abc/def/object/0=ocfl_object_1.1")}) {
        SCOPED_TRACE(file);
        ASSERT_TRUE(t.disk->make_folders(parent_path(join_path(kArchive, file))));
        ASSERT_TRUE(t.disk->write(join_path(kArchive, file), "?"));
        const Told told = t.run(Asked{.locked = true}, false);
        ASSERT_EQ(told.damage.size(), 1U);
        EXPECT_TRUE(file == told.damage[0].place() || file.starts_with(told.damage[0].place() + "/"));
        EXPECT_EQ(told.damage[0].code, "fixity.extra");
        EXPECT_TRUE(told.result.stays());
        ASSERT_TRUE(t.disk->remove(join_path(kArchive, file)));
        for (std::string at = parent_path(file); !at.empty(); at = parent_path(at))
            (void)t.disk->remove(join_path(kArchive, at));
    }
}

TEST(FixityCheck, AnObjectThatIsGoneIsKnownFromOtherRecords) {
    TwoRoots t;
    ASSERT_TRUE(t.run({}, false).damage.empty());
    ASSERT_TRUE(t.disk->remove_tree(join_path(kArchive, t.object(t.ids[0]))));
    const Told told = t.run({}, false);
    ASSERT_EQ(told.damage.size(), 1U);
    EXPECT_EQ(told.damage[0].code, "fixity.object_missing");
    EXPECT_EQ(told.damage[0].place(), t.object(t.ids[0]));
}

/// Some files and folders cannot be read, as on a failing disk.
class FailingDisk final : public FileSystem {
  public:
    FailingDisk(std::shared_ptr<FileSystem> inner, std::string bad) : inner_(std::move(inner)), bad_(std::move(bad)) {}
    using FileSystem::copy;
    Result<FileStat> stat(const std::string& p) override { return inner_->stat(p); }
    Result<std::vector<std::string>> list(const std::string& p) override {
        if (p == bad_) return error(p);
        return inner_->list(p);
    }
    Result<std::string> read(const std::string& p) override {
        if (p == bad_) return error(p);
        return inner_->read(p);
    }
    Result<void> write(const std::string& p, std::string_view b) override { return inner_->write(p, b); }
    Result<void> append(const std::string& p, std::string_view b, bool s) override { return inner_->append(p, b, s); }
    Result<std::string> copy(const std::string& from, const std::string& to, DigestAlgorithm d) override {
        if (from == bad_) return error(from);
        return inner_->copy(from, to, d);
    }
    Result<std::string> digest(const std::string& p, DigestAlgorithm d) override {
        if (p == bad_) return error(p);
        return inner_->digest(p, d);
    }
    Result<void> make_folders(const std::string& p) override { return inner_->make_folders(p); }
    Result<void> rename(const std::string& from, const std::string& to) override {
        if (from == bad_) bad_ = to; // the bad sectors go along
        else if (to == bad_) bad_.clear();
        return inner_->rename(from, to);
    }
    Result<void> remove(const std::string& p) override { return inner_->remove(p); }
    Result<void> remove_tree(const std::string& p) override { return inner_->remove_tree(p); }
    Result<void> sync(const std::string& p) override { return inner_->sync(p); }
    Result<std::uint64_t> free_bytes(const std::string& p) override { return inner_->free_bytes(p); }

  private:
    static tl::unexpected<Error> error(const std::string& p) { return fail("io.read", "read: Input/output error", p); }
    std::shared_ptr<FileSystem> inner_;
    std::string bad_;
};

TEST(FixityCheck, WhatCannotBeReadIsSaidAndTheRoundGoesOn) {
    TwoRoots t;
    for (const auto& [file, bytes] : t.tree(kArchive)) {
        SCOPED_TRACE(file);
        const Told told = t.run({}, false, std::make_shared<FailingDisk>(t.disk, join_path(kArchive, file)));
        ASSERT_EQ(told.damage.size(), 1U);
        EXPECT_EQ(told.damage[0].place(), file);
        EXPECT_EQ(told.result.checked, 2U);
        EXPECT_EQ(told.damage[0].code, "fixity.unreadable");
    }
    const std::string folder = t.object(t.ids[0]) + "/v1/content";
    const Told told = t.run({}, false, std::make_shared<FailingDisk>(t.disk, join_path(kArchive, folder)));
    EXPECT_GE(told.damage.size(), 4U) << "each file below it, and the folder";
    for (const Damage& d : told.damage) EXPECT_EQ(d.code, "fixity.unreadable") << d.place();
    EXPECT_EQ(told.result.checked, 2U);
}

TEST(FixityCheck, AnUnreadableFileIsSetAsideAsItIsAndMended) {
    TwoRoots t;
    t.mirror();
    const auto whole = t.tree(kArchive);
    const std::string file = t.object(t.ids[1]) + "/v1/content/master/0001.tif";
    const Told told = t.run(kRepair, true, std::make_shared<FailingDisk>(t.disk, join_path(kArchive, file)));
    ASSERT_EQ(told.damage.size(), 1U);
    EXPECT_EQ(told.damage[0].outcome, Outcome::Mended);
    EXPECT_EQ(t.disk->read(told.damage[0].set_aside).value_or(""), whole.at(file));
    EXPECT_EQ(t.tree(kArchive), whole);
}

TEST(FixityCheck, WithoutAnInventoryThatCanBeBelievedNothingIsClaimed) {
    TwoRoots t(1);
    for (const char* name : {"/inventory.json", "/v1/inventory.json"})
        ASSERT_TRUE(t.disk->append(join_path(kArchive, t.object(t.ids[0]) + name), "x", true));
    const Told told = t.run({}, false);
    ASSERT_EQ(told.damage.size(), 1U);
    EXPECT_EQ(told.damage[0].code, "fixity.no_inventory");
}

TEST(FixityCheck, AnObjectThatIsBeingWrittenIsNotBlamed) {
    TwoRoots t;
    const std::string object = t.object(t.ids[0]);
    const std::string note = kArchive + "/extensions/recto-staging/" + file_name(object) + "-v3";
    ASSERT_TRUE(t.disk->make_folders(note));
    ASSERT_TRUE(t.disk->make_folders(join_path(kArchive, object + "/v3/content")));
    ASSERT_TRUE(t.disk->write(join_path(kArchive, object + "/v3/content/x"), "new"));
    const Told told = t.run({}, false);
    EXPECT_TRUE(told.damage.empty());
    EXPECT_EQ(told.result.busy, 1U);
    EXPECT_EQ(told.result.checked, 1U);
    EXPECT_EQ(t.run(Asked{.locked = true}, false).damage.size(), 1U) << "with the lock held nobody writes";
}

// ---- which, when, how fast -----------------------------------------------------------------------------------------

std::vector<std::string> names(int count) {
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) {
        const std::string h = digest_hex(DigestAlgorithm::Sha256, std::to_string(i));
        out.push_back(h.substr(0, 3) + "/" + h.substr(3, 3) + "/" + h.substr(6, 3) + "/o" + std::to_string(i));
    }
    std::sort(out.begin(), out.end());
    return out;
}

TEST(FixityChoice, AShareTakesThoseCheckedLongestAgoAndTheDamagedFirst) {
    const auto fs = std::make_shared<MemoryFileSystem>();
    const auto all = names(24);
    const std::chrono::system_clock::time_point now{std::chrono::seconds(1'764'000'000)};
    {
        CheckLog log(fs, "/fixity.log");
        ASSERT_TRUE(log.begin("earlier"));
        for (std::size_t i = 0; i < all.size(); ++i)
            ASSERT_TRUE(log.add(all[i], 1'700'000'000 + static_cast<std::int64_t>((i * 7) % 24), i != 5));
        ASSERT_TRUE(log.end());
    }
    CheckLog log(fs, "/fixity.log");
    const auto again = log.begin("now");
    ASSERT_TRUE(again);
    EXPECT_FALSE(*again);
    Selection s = parse_share("1/6").value();
    const auto chosen = choose(all, s, log, now);
    ASSERT_EQ(chosen.size(), 4U);
    EXPECT_EQ(chosen[0], all[5]) << "damaged";
    EXPECT_EQ(chosen[1], all[0]);  // 0 * 7 % 24 == 0
    EXPECT_EQ(chosen[2], all[7]);  // 7 * 7 % 24 == 1
    EXPECT_EQ(chosen[3], all[14]); // 14 * 7 % 24 == 2
    s = parse_share("1/1").value();
    s.older_than_days = 741;
    EXPECT_EQ(choose(all, s, log, now).size(), 1U) << "nothing is as old as that but what is damaged";
    s.older_than_days = 740;
    EXPECT_EQ(choose(all, s, log, now).size(), all.size());
    for (const char* bad : {"", "1", "0/3", "2/1", "a/b", "1/0", "-1/3", "1/3x"}) EXPECT_FALSE(parse_share(bad)) << bad;
}

TEST(FixityChoice, ATwelfthAMonthGoesThroughAllWithinAYearEvenWhenTheLogIsLost) {
    const auto all = names(600);
    std::set<std::string> seen;
    for (int month = 0; month < 12; ++month) {
        CheckLog none(std::make_shared<MemoryFileSystem>(), "/fixity.log");
        const std::chrono::system_clock::time_point day{std::chrono::seconds(1'764'000'000 + month * 2'629'800LL)};
        const auto chosen = choose(all, parse_share("1/12").value(), none, day);
        EXPECT_EQ(chosen.size(), 50U);
        seen.insert(chosen.begin(), chosen.end());
    }
    EXPECT_GT(seen.size(), 560U) << "shares are even to within what chance spreads";
}

TEST(FixityChoice, AStoppedRoundGoesOnAndARoundThatEndedBeginsAnew) {
    TwoRoots t;
    for (int i = 0; i < 4; ++i) t.ids.push_back("urn:uuid:" + std::to_string(i)), t.put(t.ids.back(), 1);
    const Told first = t.run({}, false, nullptr, {}, 2);
    EXPECT_EQ(first.result.checked, 2U);
    EXPECT_EQ(first.result.left, 4U);
    EXPECT_FALSE(first.result.went_on);
    const Told second = t.run({}, false);
    EXPECT_TRUE(second.result.went_on);
    EXPECT_EQ(second.result.checked, 4U);
    EXPECT_EQ(second.result.left, 0U);
    const Told third = t.run({}, false);
    EXPECT_FALSE(third.result.went_on);
    EXPECT_EQ(third.result.checked, 6U);
    // Two shares of a third, each of which stops once: six of six, none twice.
    const Selection third_of_all = parse_share("1/3").value();
    EXPECT_EQ(t.run({}, false, nullptr, third_of_all, 1).result.left, 1U);
    EXPECT_EQ(t.run({}, false, nullptr, third_of_all).result.checked, 1U);
    EXPECT_EQ(t.run({}, false, nullptr, third_of_all).result.checked, 2U);
}

TEST(FixityChoice, DamageIsToldAgainByTheCallThatGoesOn) {
    TwoRoots t;
    for (const std::string& id : t.ids)
        ASSERT_TRUE(t.disk->append(join_path(kArchive, t.object(id) + "/v1/content/master/0001.tif"), "x", true));
    EXPECT_EQ(t.run({}, false, nullptr, {}, 1).damage.size(), 1U);
    const Told told = t.run({}, false); // the first call may have been killed before anybody heard of it
    EXPECT_EQ(told.damage.size(), 2U);
    EXPECT_TRUE(told.result.stays());
}

TEST(FixityChoice, ATornOrForeignLogCostsChecksOnly) {
    TwoRoots t;
    ASSERT_EQ(t.run({}, false, nullptr, {}, 1).result.checked, 1U);
    const std::string file = join_path(join_path("/a", "work"), "fixity.log");
    const std::string log = t.disk->read(file).value();
    for (std::size_t length = 0; length <= log.size(); ++length) {
        ASSERT_TRUE(t.disk->write(file, log.substr(0, length)));
        const Told told = t.run({}, false);
        ASSERT_FALSE(told.failed);
        EXPECT_TRUE(told.damage.empty());
        EXPECT_EQ(told.result.checked, length == log.size() ? 1U : 2U) << length;
        EXPECT_EQ(t.run({}, false).result.checked, 2U) << "the log is whole again";
    }
    ASSERT_TRUE(t.disk->write(file, std::string("\0\xff\n\n\t\t\t\n", 8)));
    EXPECT_EQ(t.run({}, false).result.checked, 2U);
}

TEST(FixityChoice, KilledAtEveryChangeACheckLosesOneObjectAtMost) {
    TwoRoots base;
    for (int nth = 1; nth <= 6; ++nth) {
        TwoRoots t;
        const auto faulty = std::make_shared<FaultyFileSystem>(t.disk, FaultyFileSystem::Mode::Death, nth);
        (void)t.run({}, false, faulty);
        const Told again = t.run({}, false);
        EXPECT_TRUE(again.damage.empty()) << nth;
        EXPECT_EQ(t.tree(kArchive), base.tree(kArchive)) << nth;
        EXPECT_EQ(t.run({}, false).result.checked, 2U) << nth;
    }
}

TEST(FixityRate, BytesAreNeverReadFasterThanAsked) {
    Rate::Time now{};
    Rate rate(1000, {[&] { return now; }, [&](std::chrono::nanoseconds t) { now += t; }});
    for (int i = 0; i < 100; ++i) rate.spend(100);
    const auto seconds = [&] { return std::chrono::duration<double>(now.time_since_epoch()).count(); };
    EXPECT_NEAR(seconds(), 10, 0.3);
    now += std::chrono::hours(1); // what was not used is not saved up
    const auto begin = now;
    for (int i = 0; i < 100; ++i) rate.spend(100);
    EXPECT_NEAR(std::chrono::duration<double>(now - begin).count(), 10, 0.3);
    EXPECT_EQ(rate.spent(), 20000U);
    Rate free(0, {[&] { return now; }, [&](std::chrono::nanoseconds) { ADD_FAILURE() << "waits without a limit"; }});
    free.spend(1 << 30);
}

} // namespace
} // namespace recto::fixity
