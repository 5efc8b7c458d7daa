// Pool, memory leases, journal, lock, events and index, each by itself.

#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <sys/wait.h>
#include <unistd.h>

#include "pipeline/engine/archive.h"
#include "pipeline/engine/journal.h"
#include "pipeline/engine/memory.h"
#include "pipeline/engine/pool.h"
#include "pipeline/engine/progress.h"
#include "pipeline/files/memory_file_system.h"

namespace recto {
namespace {

namespace stdfs = std::filesystem;
using namespace std::chrono_literals;

class TempFolder {
  public:
    TempFolder() : path_(stdfs::temp_directory_path() / ("recto-engine-" + Uuid_())) {
        stdfs::create_directories(path_);
    }
    ~TempFolder() { stdfs::remove_all(path_); }
    std::string path() const { return path_.string(); }

  private:
    static std::string Uuid_() {
        static std::atomic<int> n{0};
        return std::to_string(::getpid()) + "-" + std::to_string(n++);
    }
    stdfs::path path_;
};

TEST(Pool, SaysWhatWaitsAndForHowLong) {
    Pool pool("t", 0);
    EXPECT_EQ(pool.waiting(Priority::Read).length, 0U);
    pool.submit(Priority::Read, [](int) {});
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pool.submit(Priority::Read, [](int) {});
    pool.submit(Priority::Treat, [](int) {});
    EXPECT_EQ(pool.waiting(Priority::Read).length, 2U);
    EXPECT_GE(pool.waiting(Priority::Read).oldest_seconds, 0.02);
    EXPECT_LT(pool.waiting(Priority::Treat).oldest_seconds, pool.waiting(Priority::Read).oldest_seconds);
    EXPECT_EQ(pool.waiting(Priority::Join).length, 0U);
    while (pool.run_one()) {}
    EXPECT_EQ(pool.waiting(Priority::Read).length, 0U);
}

TEST(Pool, LowerPrioritiesFirstAndInOrderWithinOne) {
    Pool pool("test-", 1);
    std::latch hold(1), done(5);
    std::vector<int> order;
    std::mutex mutex;
    pool.submit(Priority::Treat, [&](int) {
        hold.wait();
        done.count_down();
    });
    const auto add = [&](Priority p, int mark) {
        pool.submit(p, [&, mark](int) {
            const std::lock_guard lock(mutex);
            order.push_back(mark);
            done.count_down();
        });
    };
    add(Priority::Read, 4);
    add(Priority::ReadPermanent, 3);
    add(Priority::Join, 2);
    add(Priority::Treat, 1);
    hold.count_down();
    done.wait();
    EXPECT_THAT(order, testing::ElementsAre(1, 2, 3, 4));
}

TEST(Pool, SerialFormRunsOnTheOwnersThreadOnly) {
    Pool pool("test-", 0);
    std::thread::id where;
    pool.submit(Priority::Read, [&](int worker) {
        where = std::this_thread::get_id();
        EXPECT_EQ(worker, 0);
    });
    std::this_thread::sleep_for(10ms);
    EXPECT_EQ(where, std::thread::id());
    EXPECT_TRUE(pool.run_one());
    EXPECT_EQ(where, std::this_thread::get_id());
    EXPECT_FALSE(pool.run_one());
}

TEST(Pool, TasksMaySubmitTasksFromEveryWorker) {
    std::atomic<int> count{0};
    {
        Pool pool("test-", 4);
        std::latch done(400);
        for (int i = 0; i < 100; ++i)
            pool.submit(Priority::Treat, [&](int) {
                for (int k = 0; k < 4; ++k)
                    pool.submit(Priority::Read, [&](int) {
                        ++count;
                        done.count_down();
                    });
            });
        done.wait();
    }
    EXPECT_EQ(count, 400);
}

TEST(Memory, NeverOverBudgetAndTheOversizedRunsAlone) {
    MemoryBudget budget(100);
    std::atomic<int> alone_with{-1};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            for (int k = 0; k < 200; ++k) {
                const auto lease = budget.lease(30 + static_cast<std::size_t>(k % 20));
                EXPECT_LE(budget.in_use(), 100u);
            }
        });
    threads.emplace_back([&] {
        const auto lease = budget.lease(500);
        alone_with = static_cast<int>(budget.in_use());
    });
    threads.clear();
    EXPECT_EQ(alone_with, 500) << "a task above the budget holds it by itself";
    EXPECT_EQ(budget.in_use(), 0u);
    EXPECT_EQ(budget.highest(), 500u);
}

TEST(Memory, StopWakesAWaiter) {
    MemoryBudget budget(10);
    auto held = budget.lease(10);
    std::jthread waiter([&](std::stop_token stop) { (void)budget.lease(5, stop); });
    std::this_thread::sleep_for(5ms);
    waiter.request_stop();
    waiter.join();
    EXPECT_EQ(budget.in_use(), 10u);
}

TEST(JournalTest, IsRefusedOnANetworkFileSystem) {
    const auto fs = std::make_shared<MemoryFileSystem>();
    fs->set_kind({"cifs", true});
    const auto journal = Journal::open(fs, "/archive/work");
    ASSERT_FALSE(journal);
    EXPECT_EQ(journal.error().code, "store.network_file_system");
    EXPECT_EQ(journal.error().file, "/archive/work");
}

TEST(Journal, ResultsSurviveAndTornOnesAreAbsent) {
    TempFolder folder;
    auto fs = posix_file_system();
    const std::string key(64, 'a');
    {
        auto journal = Journal::open(fs, folder.path());
        ASSERT_TRUE(journal) << journal.error().to_string();
        EXPECT_FALSE((*journal)->find(key));
        ASSERT_TRUE((*journal)->put(key, "reading", {{"text", "柳州市"}}));
    }
    auto journal = Journal::open(fs, folder.path());
    ASSERT_TRUE(journal);
    ASSERT_TRUE((*journal)->find(key));
    EXPECT_EQ((*(*journal)->find(key))["text"], "柳州市");
    // Every truncation and every flipped byte reads as absent, never as something else.
    const std::string path = folder.path() + "/records/aa/" + key + ".rec";
    const std::string whole = *fs->read(path);
    for (std::size_t cut = 0; cut < whole.size(); cut += 7) {
        ASSERT_TRUE(fs->write(path, whole.substr(0, cut)));
        EXPECT_FALSE((*journal)->find(key)) << cut;
    }
    for (std::size_t at = whole.find('\n') + 1; at < whole.size(); ++at) {
        std::string bad = whole;
        bad[at] = static_cast<char>(bad[at] ^ 0x20);
        ASSERT_TRUE(fs->write(path, bad));
        EXPECT_FALSE((*journal)->find(key)) << at;
    }
}

TEST(Journal, WorkInProgressOfAKilledProcessIsSuspectButNotOfAnOrderlyEnd) {
    TempFolder folder;
    const auto child = [&](auto&& act) {
        const pid_t pid = fork();
        if (pid == 0) {
            auto journal = Journal::open(posix_file_system(), folder.path());
            if (!journal) _exit(2);
            act(**journal);
            kill(getpid(), SIGKILL);
        }
        int status = 0;
        waitpid(pid, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status));
    };
    child([](Journal& j) {
        (void)j.begin("page:1", "a.tif");
        (void)j.begin("page:2", "b.tif");
        j.end("page:1");
    });
    {
        auto journal = Journal::open(posix_file_system(), folder.path());
        EXPECT_EQ((*journal)->suspects().size(), 1u);
        EXPECT_EQ((*journal)->suspects().at("page:2"), 1);
    }
    child([](Journal& j) { (void)j.begin("page:2", "b.tif"); });
    {
        auto journal = Journal::open(posix_file_system(), folder.path());
        EXPECT_EQ((*journal)->suspects().at("page:2"), 2);
        (*journal)->clear_suspect("page:2");
    }
    child([](Journal& j) {
        (void)j.begin("page:3", "c.tif");
        j.abandon_all();
    });
    auto journal = Journal::open(posix_file_system(), folder.path());
    EXPECT_TRUE((*journal)->suspects().empty());
}

TEST(Journal, DigestIsRememberedForTheSameFileOnly) {
    TempFolder folder;
    auto journal = std::move(*Journal::open(posix_file_system(), folder.path()));
    FileStat stat{true, false, false, 10, 20, 30, 40};
    journal->remember_digest("/a", stat, "abc");
    EXPECT_EQ(journal->recall_digest("/a", stat), "abc");
    for (auto change : {&FileStat::size, &FileStat::inode, &FileStat::device}) {
        FileStat other = stat;
        other.*change += 1;
        EXPECT_FALSE(journal->recall_digest("/a", other));
    }
    stat.mtime_ns += 1;
    EXPECT_FALSE(journal->recall_digest("/a", stat));
}

TEST(Journal, ADamagedDatabaseIsPutAsideAndANewerOneRefused) {
    TempFolder folder;
    std::ofstream(folder.path() + "/journal.db") << std::string(5000, 'x');
    auto journal = Journal::open(posix_file_system(), folder.path());
    ASSERT_TRUE(journal) << journal.error().to_string();
    EXPECT_TRUE(stdfs::exists(folder.path() + "/journal.db.damaged"));
    journal->reset();
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((folder.path() + "/journal.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, "UPDATE meta SET schema=99", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
    auto newer = Journal::open(posix_file_system(), folder.path());
    ASSERT_FALSE(newer);
    EXPECT_EQ(newer.error().code, "run.journal_newer");
}

TEST(Lock, OneHolderAndTheSecondIsToldWho) {
    TempFolder folder;
    const std::string path = folder.path() + "/lock.json";
    auto first = ArchiveLock::acquire(path, "recto run");
    ASSERT_TRUE(first);
    auto second = ArchiveLock::acquire(path, "recto package");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "run.locked");
    EXPECT_TRUE(second.error().retry);
    EXPECT_THAT(second.error().reason, testing::HasSubstr("recto run, process " + std::to_string(getpid())));
    first->reset();
    EXPECT_TRUE(ArchiveLock::acquire(path, "recto package"));
}

TEST(Lock, ALiveLeaseOfAnotherHostCountsAndADeadOneDoesNot) {
    TempFolder folder;
    const std::string path = folder.path() + "/lock.json";
    const auto leave = [&](std::int64_t until) {
        std::ofstream(path, std::ios::trunc) << nlohmann::json{
            {"what", "recto run"}, {"host", "another-host"}, {"pid", 1}, {"since", "x"}, {"lease_until", until}};
    };
    leave(time(nullptr) + 60);
    EXPECT_FALSE(ArchiveLock::acquire(path, "recto run"));
    leave(time(nullptr) - 1);
    EXPECT_TRUE(ArchiveLock::acquire(path, "recto run"));
}

TEST(Events, ChainHoldsAcrossMonthsAndShowsAnyChange) {
    TempFolder folder;
    auto fs = posix_file_system();
    const auto at = [](long long s) {
        return fixed_clock(std::chrono::system_clock::time_point(std::chrono::seconds(s)));
    };
    for (long long t : {1'700'000'000LL, 1'700'000'001LL, 1'703'000'000LL})
        ASSERT_TRUE(EventLog(fs, folder.path(), at(t)).append("run.begin", {{"run", std::to_string(t)}}));
    EventLog log(fs, folder.path(), at(0));
    EXPECT_EQ(log.verify().value(), 3);
    const std::string first = folder.path() + "/2023-11.jsonl", text = *fs->read(first);
    std::string changed = text;
    changed[changed.find("1700000000")] = '2';
    ASSERT_TRUE(fs->write(first, changed));
    ASSERT_FALSE(log.verify());
    EXPECT_EQ(log.verify().error().code, "events.broken");
    ASSERT_TRUE(fs->write(first, text.substr(text.find('\n') + 1))); // first line removed
    EXPECT_FALSE(log.verify());
    ASSERT_TRUE(fs->write(first, text));
    EXPECT_TRUE(log.verify());
    // A death in mid-append leaves half a line; the log goes on behind it.
    ASSERT_TRUE(fs->append(folder.path() + "/2023-12.jsonl", "{\"half\":", false));
    ASSERT_TRUE(EventLog(fs, folder.path(), at(1'703'000'005)).append("run.end", {}));
    EXPECT_TRUE(log.verify());
}

TEST(Events, TheChainHoldsWithSeveralWriters) {
    TempFolder folder;
    auto fs = posix_file_system();
    const auto clock = fixed_clock(std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000)));
    std::vector<std::jthread> writers; // a log of its own each, as processes have
    for (int w = 0; w < 4; ++w)
        writers.emplace_back([&] {
            EventLog log(fs, folder.path(), clock);
            for (int i = 0; i < 25; ++i) EXPECT_TRUE(log.append("fixity", {{"n", i}}));
        });
    writers.clear();
    EXPECT_EQ(EventLog(fs, folder.path(), clock).verify().value_or(-1), 100);
}

TEST(Index, RowsAreReplacedByIdAndCodesSurvive) {
    TempFolder folder;
    auto fs = posix_file_system();
    const ArchivePaths paths(folder.path());
    ASSERT_TRUE(update_index(*fs, paths,
                             {{"0025-WS·2012-Y-BGS-0001", "u1", "storage/a", "stored", 3},
                              {"0025", "u2", "storage/b", "held", 0},
                              {"a,\"b\"", "u3", "p", "stored", 1}}));
    ASSERT_TRUE(update_index(*fs, paths, {{"1-5", "u2", "storage/b", "stored", 2}}));
    const auto rows = read_index(*fs, paths);
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 3u);
    EXPECT_EQ((*rows)[0].reference_code, "0025-WS·2012-Y-BGS-0001");
    EXPECT_EQ((*rows)[1].reference_code, "1-5");
    EXPECT_EQ((*rows)[1].pages, 2);
    EXPECT_EQ((*rows)[2].reference_code, "a,\"b\"");
}

TEST(Index, NoSpreadsheetRunsACode) {
    TempFolder folder;
    auto fs = posix_file_system();
    const ArchivePaths paths(folder.path());
    ASSERT_TRUE(
        update_index(*fs, paths, {{"=HYPERLINK(1)", "u1", "storage/a", "stored", 3}, {"-5", "u2", "b", "held", 1}}));
    const auto text = fs->read(paths.index());
    ASSERT_TRUE(text);
    EXPECT_NE(text->find("\r\n'=HYPERLINK(1),"), std::string::npos) << *text;
    EXPECT_NE(text->find("\r\n'-5,"), std::string::npos) << *text;
    const auto rows = read_index(*fs, paths);
    ASSERT_TRUE(rows);
    EXPECT_EQ((*rows)[0].reference_code, "-5");
    EXPECT_EQ((*rows)[1].reference_code, "=HYPERLINK(1)");
}

TEST(Progress, Durations) {
    EXPECT_EQ(duration_text(0), "0:00");
    EXPECT_EQ(duration_text(61.4), "1:01");
    EXPECT_EQ(duration_text(3723), "1:02:03");
}

} // namespace
} // namespace recto
