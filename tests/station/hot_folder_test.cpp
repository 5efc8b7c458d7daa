// The hot folder with a clock of the test's own: nothing depends on the wall clock, and a step is done or not.

#include "station/hot_folder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "station/rescan_list.h"
#include "station/settings.h"
#include "station/sheet.h"

namespace recto::station {
namespace {

class Hot : public testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/tmp/recto-hot-XXXXXX";
        root_ = ::mkdtemp(name);
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    HotFolder folder(const std::string& watcher = watcher_id()) {
        return HotFolder(posix_file_system(), root_, watcher, settings_, [this] { return now_; });
    }
    void write(const std::string& path, const std::string& text) const {
        std::filesystem::create_directories(std::filesystem::path(root_ + "/" + path).parent_path());
        std::ofstream(root_ + "/" + path) << text;
    }
    void later(double seconds) {
        now_ += std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
    }

    std::string root_;
    Settings settings_;
    Steady now_ = Steady{} + std::chrono::hours(1);
};

TEST_F(Hot, AFileIsWholeWhenItStandsStillOrWasClosed) {
    HotFolder hot = folder();
    ASSERT_TRUE(hot.open());
    write("box/1.tif", "a");
    EXPECT_TRUE(hot.look({})->whole.empty());
    later(1.9);
    EXPECT_TRUE(hot.look({})->whole.empty());
    write("box/1.tif", "ab");
    later(0.2);
    EXPECT_TRUE(hot.look({})->whole.empty()) << "it has grown";
    later(2.1);
    EXPECT_EQ(hot.look({})->whole.size(), 1U);
    write("box/2.tif", "a");
    EXPECT_EQ(hot.look({root_ + "/box/2.tif"})->whole.size(), 1U) << "the first only";
    later(0.2);
    EXPECT_EQ(hot.look({})->whole.size(), 2U) << "closed, and looked at twice";
}

TEST_F(Hot, TheWallClockMayJump) {
    HotFolder hot = folder();
    ASSERT_TRUE(hot.open());
    write("box/1.tif", "a");
    (void)hot.look({});
    // A file dated in the next century, then in 1970: only that it stands still counts.
    std::filesystem::last_write_time(root_ + "/box/1.tif",
                                     std::filesystem::file_time_type::clock::now() + std::chrono::hours(876000));
    later(1);
    EXPECT_TRUE(hot.look({})->whole.empty());
    std::filesystem::last_write_time(root_ + "/box/1.tif",
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(400000));
    later(1.5);
    EXPECT_TRUE(hot.look({})->whole.empty());
    later(2.1);
    EXPECT_EQ(hot.look({})->whole.size(), 1U);
}

TEST_F(Hot, OneWatcherHasAnItemUntilItIsDead) {
    HotFolder a = folder(), b = folder("elsewhere-1-1");
    ASSERT_TRUE(a.open());
    ASSERT_TRUE(b.open());
    write("box/1.tif", "a");
    write("box/2.tif", "b");
    (void)a.look({});
    (void)b.look({});
    later(3);
    const auto of_a = a.look({})->whole, of_b = b.look({})->whole;
    ASSERT_EQ(of_a.size(), 2U);
    const auto claimed = b.claim(of_b[0]);
    ASSERT_TRUE(claimed && *claimed);
    EXPECT_FALSE(*a.claim(of_a[0])) << "gone";
    EXPECT_FALSE(*a.claim(of_a[1])) << "the item is another watcher's";
    EXPECT_TRUE(a.take_over()->empty());
    for (int i = 0; i < 10; ++i) { // while it beats, its claims are its own, however long
        later(30);
        ASSERT_TRUE(b.beat());
        EXPECT_TRUE(a.take_over()->empty());
    }
    later(61);
    const auto taken = a.take_over();
    ASSERT_TRUE(taken);
    ASSERT_EQ(taken->size(), 1U);
    EXPECT_EQ(taken->front().name, "box");
    EXPECT_EQ(a.files(taken->front())->size(), 1U);
    EXPECT_TRUE(*a.claim(of_a[1])) << "the rest of the item follows";
    EXPECT_EQ(a.files(taken->front())->size(), 2U);
}

TEST_F(Hot, NothingIsEverWrittenOver) {
    HotFolder hot = folder();
    ASSERT_TRUE(hot.open());
    for (int n = 0; n < 3; ++n) {
        write("x.tif", std::to_string(n));
        ASSERT_TRUE(hot.set_aside(root_ + "/x.tif", "", "box", {"watch.empty", Severity::Error, {"x.tif"}, false, {}}));
        write("y.tif", std::to_string(n));
        ASSERT_TRUE(hot.done(root_ + "/y.tif", "st1", "box"));
    }
    for (const char* name : {"refused/box/x.tif", "refused/box/x (2).tif", "refused/box/x (3).tif",
                             "refused/box/x (2).tif.reason.txt", "done/st1/box/y.tif", "done/st1/box/y (3).tif"})
        EXPECT_TRUE(std::filesystem::exists(root_ + "/" + name)) << name;
}

TEST_F(Hot, DigestsAreRememberedByAllWatchers) {
    HotFolder a = folder(), b = folder("elsewhere-1-1");
    ASSERT_TRUE(a.open());
    ASSERT_TRUE(b.open());
    ASSERT_TRUE(a.take("abc", "k1", "box", "1.tif"));
    EXPECT_EQ(b.taken_before("abc", "k2", "1.tif"), "box/1.tif");
    EXPECT_EQ(b.taken_before("abc", "k1", "1.tif"), "") << "itself";
    ASSERT_TRUE(b.forget("abc"));
    EXPECT_EQ(b.taken_before("abc", "k2", "1.tif"), "");
}

TEST_F(Hot, AMountPointWithoutItsShareIsNotTheFolder) {
    HotFolder hot = folder();
    ASSERT_TRUE(hot.open());
    EXPECT_TRUE(hot.present());
    std::filesystem::rename(root_, root_ + "-away");
    EXPECT_FALSE(hot.present());
    std::filesystem::rename(root_ + "-away", root_);
    EXPECT_TRUE(hot.present());
}

TEST_F(Hot, TheRescanListSaysEachPageOnceAndWhenItIsDone) {
    const auto rows = [&] {
        RescanList list(posix_file_system(), root_, "三号");
        EXPECT_TRUE(list.load());
        return list.rows();
    };
    RescanList list(posix_file_system(), root_, "三号");
    const RescanRow row{"2026-11-22T10:00:00+08:00",
                        "box",
                        "1.tif",
                        "abc",
                        "",
                        "",
                        1,
                        {{"treat.blurred", Severity::Rescan, {}, false, {}}},
                        false};
    ASSERT_TRUE(list.add(row));
    ASSERT_TRUE(list.add(row));
    ASSERT_TRUE(list.identify("abc", 1, "item", "page"));
    ASSERT_EQ(rows().size(), 1U);
    EXPECT_EQ(rows()[0].page_id, "page");
    std::ofstream(root_ + "/三号.jsonl", std::ios::app) << "{\"torn";
    EXPECT_EQ(rows().size(), 1U);
    ASSERT_TRUE(list.resolve("page"));
    ASSERT_EQ(rows().size(), 1U);
    EXPECT_TRUE(rows()[0].done) << "also behind a torn line";
    EXPECT_TRUE(std::filesystem::exists(list.csv_path()));
}

TEST(Sheet, ReadsWhatItWrites) {
    const SheetTarget page{"085fc9ea-4f0c-5210-8ccb-87584bb5fa3d", "8d289960-eccb-59fb-b08a-e62ce181612a"};
    const auto back = parse_sheet(sheet_value(page));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->item, page.item);
    EXPECT_EQ(back->page, page.page);
    EXPECT_EQ(parse_sheet(sheet_value({page.item, ""}))->page, "");
    for (const char* other : {"", "RECTO1-", "0025-WS·2012-Y-BGS-0001", "RECTO1-085fc9ea-4f0c-5210-8ccb-87584bb5fa3",
                              "RECTO1-085fc9ea-4f0c-5210-8ccb-87584bb5fa3d-"})
        EXPECT_FALSE(parse_sheet(other)) << other;
}

} // namespace
} // namespace recto::station
