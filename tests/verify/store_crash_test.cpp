// The OCFL store under deaths, failures and power cuts at every single change it makes. What is left, after a restart and
// recover(), must be the old or the new version and pass our own validator.

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "pipeline/files/memory_file_system.h"
#include "pipeline/files/ocfl.h"
#include "stages/verify/ocfl_check.h"

namespace recto::verify {
namespace {

const std::string kRoot = "/archive/storage", kCrashId = "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8";

const OcflVersionInfo kInfo{"2026-11-22T17:15:00+08:00", "test", "Recto", "https://example.org/recto"};

std::vector<OcflFile> files_of(int version) {
    std::vector<OcflFile> files{{"master/0001.tif", "/scratch/a", "", true},
                                {"metadata/item.json", "/scratch/item" + std::to_string(version), "", false},
                                {"text/档案.txt", "/scratch/text" + std::to_string(version), "", false},
                                {"text/same.txt", "/scratch/same" + std::to_string(version), "", false}};
    if (version == 3) files.erase(files.begin() + 3);
    return files;
}

/// The work folder as it is before version `version` is put (staged files lie there, synced).
void stage(MemoryFileSystem& fs, int version) {
    ASSERT_TRUE(fs.make_folders("/scratch"));
    const std::string n = std::to_string(version);
    ASSERT_TRUE(fs.write("/scratch/a", std::string(5000, 'A')));
    ASSERT_TRUE(fs.write("/scratch/item" + n, "{\"version\":" + n + "}"));
    ASSERT_TRUE(fs.write("/scratch/text" + n, version == 2 ? "text 1" : "text " + n));
    ASSERT_TRUE(fs.write("/scratch/same" + n, "text " + n)); // the same bytes as the other: stored once
    ASSERT_TRUE(sync_tree(fs, "/"));
}

Report verify_all(MemoryFileSystem& fs) {
    Report report;
    Issues issues;
    for (const std::string& object : check_ocfl_root(fs, kRoot, report, issues))
        check_ocfl_object(fs, join_path(kRoot, object), object, {true, 1}, report, issues);
    report.issues = issues.take_sorted();
    return report;
}

std::shared_ptr<MemoryFileSystem> archive_with(int versions) {
    auto fs = std::make_shared<MemoryFileSystem>();
    OcflStore store(fs, kRoot);
    EXPECT_TRUE(store.create());
    for (int v = 1; v <= versions; ++v) {
        stage(*fs, v);
        EXPECT_TRUE(store.put(kCrashId, files_of(v), kInfo));
    }
    stage(*fs, versions + 1);
    return fs;
}

enum class End { Kill, PowerCut, PowerCutByLot };

void crash_at_every_change(int version, End end) {
    int calls = 1;
    for (int nth = 1; nth <= calls + 1; ++nth) {
        for (std::uint64_t seed = 1; seed <= (end == End::PowerCutByLot ? 12U : 1U); ++seed) {
            const auto disk = archive_with(version - 1);
            const auto faulty = std::make_shared<FaultyFileSystem>(disk, FaultyFileSystem::Mode::Death, nth);
            const auto put = OcflStore(faulty, kRoot).put(kCrashId, files_of(version), kInfo);
            calls = std::max(calls, faulty->changes());
            const std::string where = "version " + std::to_string(version) + ", change " + std::to_string(nth) +
                                      ", seed " + std::to_string(seed);
            if (end == End::PowerCut) disk->cut_power();
            if (end == End::PowerCutByLot) disk->cut_power(seed);

            OcflStore store(disk, kRoot);
            ASSERT_TRUE(store.open()) << where;
            const auto recovered = store.recover();
            ASSERT_TRUE(recovered) << where << ": " << recovered.error().to_string();
            const Report report = verify_all(*disk);
            ASSERT_TRUE(report.good()) << where << "\n" << report.to_text(Language::English);
            ASSERT_EQ(report.warnings(), 0U) << where << "\n" << report.to_text(Language::English);
            const auto state = store.state(kCrashId);
            ASSERT_TRUE(state) << where << ": " << state.error().to_string();
            ASSERT_TRUE(state->head == version || state->head == version - 1) << where;
            if (put) { ASSERT_EQ(state->head, version) << where << ": a version that was reported is lost"; }
            const auto again = store.recover();
            ASSERT_TRUE(again) << where;
            ASSERT_TRUE(again->empty()) << where << ": recover() is not idempotent";

            // The run goes on: staged files are made again, the version is stored, the result is the same as ever.
            stage(*disk, version);
            const auto later = store.put(kCrashId, files_of(version), kInfo);
            ASSERT_TRUE(later) << where << ": " << later.error().to_string();
            ASSERT_EQ(later->head, version) << where;
            ASSERT_TRUE(verify_all(*disk).good()) << where;
            const auto undisturbed = archive_with(version);
            ASSERT_EQ(list_files(*disk, kRoot).value(), list_files(*undisturbed, kRoot).value()) << where;
            const std::string inventory = join_path(kRoot, store.object_path(kCrashId) + "/inventory.json");
            ASSERT_EQ(disk->read(inventory).value(), undisturbed->read(inventory).value()) << where;
        }
    }
    EXPECT_GT(calls, 15);
}

TEST(StoreCrash, KilledAtEveryChangeOfAFirstVersion) { crash_at_every_change(1, End::Kill); }
TEST(StoreCrash, KilledAtEveryChangeOfASecondVersion) { crash_at_every_change(2, End::Kill); }
TEST(StoreCrash, KilledAtEveryChangeOfAThirdVersion) { crash_at_every_change(3, End::Kill); }
TEST(StoreCrash, PowerCutAtEveryChangeOfAFirstVersion) { crash_at_every_change(1, End::PowerCut); }
TEST(StoreCrash, PowerCutAtEveryChangeOfASecondVersion) { crash_at_every_change(2, End::PowerCut); }
TEST(StoreCrash, PowerCutThatKeepsSomeChangesFirstVersion) { crash_at_every_change(1, End::PowerCutByLot); }
TEST(StoreCrash, PowerCutThatKeepsSomeChangesSecondVersion) { crash_at_every_change(2, End::PowerCutByLot); }

/// A call that fails once, or for ever, without the process dying: the object is whole, and staged files that were moved
/// are back where they lay as far as the file system lets them.
void fail_at_every_change(int version, FaultyFileSystem::Mode mode, const std::string& code) {
    int calls = 1;
    for (int nth = 1; nth <= calls + 1; ++nth) {
        const auto disk = archive_with(version - 1);
        const auto faulty = std::make_shared<FaultyFileSystem>(disk, mode, nth, code);
        const auto put = OcflStore(faulty, kRoot).put(kCrashId, files_of(version), kInfo);
        calls = std::max(calls, faulty->changes());
        const std::string where = "version " + std::to_string(version) + ", change " + std::to_string(nth);
        if (!put) {
            EXPECT_EQ(put.error().code, code) << where;
            EXPECT_EQ(put.error().retry, code == "io.no_space") << where;
        }
        OcflStore store(disk, kRoot);
        const auto recovered = store.recover();
        ASSERT_TRUE(recovered) << where << ": " << recovered.error().to_string();
        ASSERT_TRUE(verify_all(*disk).good()) << where << "\n" << verify_all(*disk).to_text(Language::English);
        const auto state = store.state(kCrashId);
        ASSERT_TRUE(state) << where;
        if (mode == FaultyFileSystem::Mode::Once && state->head == version - 1) {
            for (const OcflFile& file : files_of(version))
                EXPECT_TRUE(disk->stat(file.staged_path)->exists) << where << ": " << file.staged_path;
            ASSERT_TRUE(store.put(kCrashId, files_of(version), kInfo)) << where; // nothing needs to be made again
            ASSERT_TRUE(verify_all(*disk).good()) << where;
        }
    }
}

TEST(StoreFailure, OnceFirstVersion) { fail_at_every_change(1, FaultyFileSystem::Mode::Once, "io.write"); }
TEST(StoreFailure, OnceSecondVersion) { fail_at_every_change(2, FaultyFileSystem::Mode::Once, "io.no_space"); }
TEST(StoreFailure, ForeverFirstVersion) { fail_at_every_change(1, FaultyFileSystem::Mode::Forever, "io.no_space"); }
TEST(StoreFailure, ForeverSecondVersion) { fail_at_every_change(2, FaultyFileSystem::Mode::Forever, "io.write"); }

TEST(StoreFailure, CreationCutShortAtEveryChangeIsDoneAgain) {
    int calls = 1;
    for (int nth = 1; nth <= calls + 1; ++nth) {
        const auto disk = std::make_shared<MemoryFileSystem>();
        const auto faulty = std::make_shared<FaultyFileSystem>(disk, FaultyFileSystem::Mode::Death, nth);
        (void)OcflStore(faulty, kRoot).create();
        calls = std::max(calls, faulty->changes());
        disk->cut_power(static_cast<std::uint64_t>(nth % 3));
        OcflStore store(disk, kRoot);
        const auto created = store.create();
        ASSERT_TRUE(created) << nth << ": " << created.error().to_string();
        ASSERT_TRUE(store.open()) << nth;
        stage(*disk, 1);
        ASSERT_TRUE(store.put(kCrashId, files_of(1), kInfo)) << nth;
        const Report report = verify_all(*disk);
        ASSERT_TRUE(report.issues.empty()) << nth << "\n" << report.to_text(Language::English);
    }
    EXPECT_GT(calls, 12);
}

TEST(StoreSync, EachFileAndFolderOfAVersionIsSyncedOnceBeforeItIsVisible) {
    const auto disk = archive_with(1);
    ASSERT_TRUE(OcflStore(disk, kRoot).put(kCrashId, files_of(2), kInfo));
    const std::string stage_folder =
        kRoot + "/extensions/recto-staging/urn%3auuid%3a6ba7b810-9dad-11d1-80b4-00c04fd430c8-v2/";
    EXPECT_EQ(disk->sync_count(stage_folder + "version/content/metadata/item.json"), 1);
    EXPECT_EQ(disk->sync_count(stage_folder + "version/content/metadata"), 1);
    EXPECT_EQ(disk->sync_count(stage_folder + "version/content"), 1);
    EXPECT_EQ(disk->sync_count(stage_folder + "version"), 1);
    EXPECT_EQ(disk->sync_count(stage_folder + "version/inventory.json"), 1);
    EXPECT_EQ(disk->sync_count(stage_folder + "inventory.json"), 1);
}

} // namespace
} // namespace recto::verify
