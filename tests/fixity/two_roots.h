#pragma once

/// An archive's storage and its second copy in memory, for the tests of fixity/.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fixity/round.h"
#include "pipeline/files/memory_file_system.h"
#include "pipeline/files/ocfl.h"
#include "stages/verify/ocfl_check.h"

namespace recto::fixity {

inline const std::string kArchive = "/a/storage", kCopy = "/copy", kQuarantine = "/a/quarantine/now";

/// What a round says and records.
struct Told {
    std::vector<Damage> damage;
    std::vector<std::pair<std::string, nlohmann::json>> events;
    std::vector<Error> problems;
    RoundResult result;
    bool failed = false; ///< The round itself.
};

class TwoRoots {
  public:
    std::shared_ptr<MemoryFileSystem> disk = std::make_shared<MemoryFileSystem>();
    std::vector<std::string> ids{"urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8",
                                 "urn:uuid:7ba7b810-9dad-11d1-80b4-00c04fd430c8"};
    std::chrono::system_clock::time_point now{std::chrono::seconds(1'764'000'000)};

    /// `versions` of each object.
    explicit TwoRoots(int versions = 2) {
        EXPECT_TRUE(OcflStore(disk, kArchive).create());
        for (int v = 1; v <= versions; ++v)
            for (const std::string& id : ids) put(id, v);
    }
    void put(const std::string& id, int v) {
        EXPECT_TRUE(disk->make_folders("/w"));
        const std::string n = std::to_string(v);
        EXPECT_TRUE(disk->write("/w/master", "master of " + id));
        EXPECT_TRUE(disk->write("/w/item", "{\"version\":" + n + "}"));
        EXPECT_TRUE(disk->write("/w/text", "text " + n));
        OcflStore store(disk, kArchive);
        const auto state = store.put(id,
                                     {{"master/0001.tif", "/w/master", "", true},
                                      {"metadata/item.json", "/w/item", "", true},
                                      {"text/档案.txt", "/w/text", "", true}},
                                     {"2026-11-22T17:15:00+08:00", "m", "Recto", "https://example.org"});
        EXPECT_TRUE(state);
        EXPECT_TRUE(sync_tree(*disk, "/"));
    }
    /// The copy as rsync would make it.
    void mirror() {
        EXPECT_TRUE(disk->remove_tree(kCopy));
        copy_tree(kArchive, kCopy);
        EXPECT_TRUE(sync_tree(*disk, "/"));
    }
    void copy_tree(const std::string& from, const std::string& to) {
        const auto files = list_files(*disk, from);
        ASSERT_TRUE(files);
        for (const std::string& file : *files) {
            ASSERT_TRUE(disk->make_folders(parent_path(join_path(to, file))));
            ASSERT_TRUE(disk->write(join_path(to, file), disk->read(join_path(from, file)).value()));
        }
    }
    [[nodiscard]] std::string object(const std::string& id) const { return OcflStore(disk, kArchive).object_path(id); }

    /// Files below a root with their bytes.
    [[nodiscard]] std::map<std::string, std::string> tree(const std::string& root) const {
        std::map<std::string, std::string> out;
        const auto files = list_files(*disk, root);
        if (files)
            for (const std::string& file : *files)
                out[file] = disk->read(join_path(root, file)).value_or("(unreadable)");
        return out;
    }

    Told run(Asked asked, bool with_copy, std::shared_ptr<FileSystem> fs = nullptr, Selection selection = {},
             int stop_after = -1) {
        Told told;
        RoundRequest request;
        request.sides = {kArchive, {}, kQuarantine};
        if (with_copy) request.sides.copy = kCopy;
        request.asked = asked;
        request.selection = selection;
        request.log_path = join_path(parent_path(kArchive), "work/fixity.log");
        RoundHooks hooks;
        hooks.found = [&](const Damage& d) { told.damage.push_back(d); };
        hooks.go_on = [&, n = 0]() mutable { return stop_after < 0 || n++ < stop_after; };
        hooks.pause = [] { return false; };
        hooks.problem = [&](const Error& e) { told.problems.push_back(e); };
        hooks.event = [&](const std::string& event, const nlohmann::json& details) -> Result<void> {
            told.events.emplace_back(event, details);
            return {};
        };
        Rate rate(0, Rate::real_watch());
        RoundStatus status;
        auto round = run_round(fs ? fs : disk, request, rate, *fixed_clock(now), hooks, status);
        told.failed = !round;
        if (round) told.result = std::move(*round);
        return told;
    }

    /// What the validator says of a root: "" when it is good without a warning.
    [[nodiscard]] std::string faults(const std::string& root) const {
        verify::Report report;
        verify::Issues issues;
        for (const std::string& at : verify::check_ocfl_root(*disk, root, report, issues))
            verify::check_ocfl_object(*disk, join_path(root, at), at, {true, 1}, report, issues);
        report.issues = issues.take_sorted();
        return report.issues.empty() ? "" : report.to_text(Language::English);
    }
};

/// Of the damage told, those with this side and place.
inline std::vector<Damage> at(const Told& told, Side side, const std::string& place) {
    std::vector<Damage> out;
    for (const Damage& d : told.damage)
        if (d.side == side && d.place() == place) out.push_back(d);
    return out;
}

inline const Asked kRepair{true, false, false, false, true}, kRepairCopy{false, true, false, false, true},
    kAddMissing{false, false, true, false, true}, kRepairBoth{true, true, false, false, true};

} // namespace recto::fixity
