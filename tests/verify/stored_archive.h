#pragma once

/// An object in a store, for tests that put something wrong into it.

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "pipeline/files/memory_file_system.h"
#include "pipeline/files/ocfl.h"
#include "stages/verify/verify.h"

namespace recto::verify {

inline const std::string kStoredId = "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8";

/// A storage root at /s that holds one object of two versions, in memory.
struct StoredArchive {
    std::shared_ptr<MemoryFileSystem> fs = std::make_shared<MemoryFileSystem>();
    std::string object, inventory;

    StoredArchive() {
        OcflStore store(fs, "/s");
        EXPECT_TRUE(store.create());
        for (int v = 1; v <= 2; ++v) {
            EXPECT_TRUE(fs->make_folders("/w"));
            EXPECT_TRUE(fs->write("/w/a", "same"));
            EXPECT_TRUE(fs->write("/w/b", "text " + std::to_string(v)));
            const auto state =
                store.put(kStoredId, {{"master/0001.tif", "/w/a", "", false}, {"text/a.txt", "/w/b", "", false}},
                          {"2026-11-22T17:15:00+08:00", "m", "Recto", "https://example.org"});
            EXPECT_TRUE(state);
            object = "/s/" + state->path;
        }
        inventory = fs->read(object + "/inventory.json").value();
    }
    /// Puts `bytes` in place of the root inventory and the newest version's, with right sidecars.
    void set_inventory(const std::string& bytes, const std::string& newest = "v2") const {
        const std::string sidecar = digest_hex(DigestAlgorithm::Sha512, bytes) + " inventory.json\n";
        for (const std::string& folder : {object, object + "/" + newest}) {
            EXPECT_TRUE(fs->write(folder + "/inventory.json", bytes));
            EXPECT_TRUE(fs->write(folder + "/inventory.json.sha512", sidecar));
        }
    }
    Report verify() { return verify_path("/s", {.threads = 1}, fs.get()); }
};

} // namespace recto::verify
