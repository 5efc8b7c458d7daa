#pragma once

/// A store in memory, items put into it, and a writer's calls: what the tests of all package writers begin with.

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "pipeline/files/memory_file_system.h"
#include "stages/package/package.h"

namespace recto::package_test {

class StoredItem : public ::testing::Test {
  protected:
    struct File {
        std::string path, bytes;
    };

    void SetUp() override { ASSERT_TRUE(store_.create()); }

    /// Stores a version of object "urn:uuid:<id>" with these files; state_ is its head then.
    void store(const std::string& id, const std::vector<File>& files) {
        ASSERT_TRUE(fs_->make_folders("/scratch"));
        std::vector<OcflFile> staged;
        for (const File& file : files) {
            const std::string at = "/scratch/" + std::to_string(staged.size());
            ASSERT_TRUE(fs_->write(at, file.bytes));
            staged.push_back({file.path, at, "", false});
        }
        const auto state =
            store_.put("urn:uuid:" + id, staged, {"2026-11-22T17:15:00+08:00", "m", "Recto", "https://example.org"});
        ASSERT_TRUE(state) << state.error().to_string();
        state_ = *state;
    }

    Result<PackageResult> write(FileSystem& fs, const char* kind) {
        const OcflStore store(std::shared_ptr<FileSystem>(std::shared_ptr<void>(), &fs), "/storage");
        return find_package_writer(kind)->write({fs, store, state_, output_, *clock_, settings_});
    }

    template <class T> void set(const std::string& key, T value) {
        for (const SettingBase* s : package_settings())
            if (s->key == key) return settings_.set(*s, value);
        throw std::invalid_argument(key);
    }

    /// Death at every change, then a power cut, then the same call again: the package `path` is whole or absent, and the call
    /// goes on. `call` gives whether it was there already; `whole` looks at the package. More than
    /// `least` changes are made.
    void whole_or_absent_at_every_change(const std::string& path, const std::function<Result<bool>(FileSystem&)>& call,
                                         const std::function<void(int)>& whole, int least) {
        int calls = 1;
        for (int nth = 1; nth <= calls + 1; ++nth) {
            FaultyFileSystem faulty(fs_, FaultyFileSystem::Mode::Death, nth);
            (void)call(faulty);
            calls = std::max(calls, faulty.changes());
            fs_->cut_power(static_cast<std::uint64_t>(nth % 4));
            const bool there = fs_->stat(path).value().exists;
            const auto again = call(*fs_);
            ASSERT_TRUE(again) << nth << ": " << again.error().to_string();
            EXPECT_EQ(*again, there) << nth;
            whole(nth);
            ASSERT_TRUE(fs_->remove_tree("/out"));
            ASSERT_TRUE(fs_->sync("/"));
        }
        EXPECT_GT(calls, least);
    }

    std::shared_ptr<MemoryFileSystem> fs_ = std::make_shared<MemoryFileSystem>();
    OcflStore store_{fs_, "/storage"};
    OcflState state_;
    std::string output_ = "/out";
    Settings settings_;
    std::shared_ptr<const Clock> clock_ =
        fixed_clock(std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000)));
};

} // namespace recto::package_test
