// Rules of OCFL for which the community's fixtures have no object, or none that breaks that rule alone: one inventory, or one
// entry of a folder, changed at a time.

#include <functional>
#include <set>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/verify/stored_archive.h"

namespace recto::verify {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

std::set<std::string> codes_of(const Report& report, Severity severity) {
    std::set<std::string> out;
    for (const Issue& issue : report.issues) {
        EXPECT_NE(find_message("verify." + issue.code), nullptr) << issue.code;
        if (issue.severity == severity) out.insert(issue.code);
    }
    return out;
}
std::set<std::string> errors_of(const Report& report) { return codes_of(report, Severity::Error); }
std::set<std::string> warnings_of(const Report& report) { return codes_of(report, Severity::Warning); }

/// The archive with its inventory (of the root and of the head version, sidecars right) changed.
Report with_inventory(const std::function<void(json&)>& change) {
    StoredArchive archive;
    json inventory = json::parse(archive.inventory);
    change(inventory);
    archive.set_inventory(inventory.dump(2));
    return archive.verify();
}

TEST(OcflRules, EachFaultOfAnInventoryIsNamed) {
    const auto first_digest = [](const json& map) { return map.begin().key(); };
    const std::vector<std::pair<std::vector<std::string>, std::function<void(json&)>>> faults{
        {{"ocfl.E009"},
         [](json& j) { // v2 and v3
             j["versions"]["v3"] = j["versions"]["v2"];
             j["versions"].erase("v1");
             j["head"] = "v3";
         }},
        {{"ocfl.E011", "ocfl.E012", "ocfl.E013"}, [](json& j) { j["versions"]["v02"] = j["versions"]["v2"]; }},
        {{"ocfl.E018"}, [](json& j) { j["contentDirectory"] = ".."; }},
        {{"ocfl.E038"}, [](json& j) { j["type"] = "https://ocfl.io/0.9/spec/#inventory"; }},
        {{"ocfl.E042"}, [&](json& j) { j["manifest"][first_digest(j["manifest"])] = {"v1/elsewhere/a"}; }},
        {{"ocfl.E043"}, [](json& j) { j.erase("versions"); }},
        {{"ocfl.E044"}, [](json& j) { j["versions"] = json::array(); }},
        {{"ocfl.E047"}, [](json& j) { j["versions"]["v1"] = 1; }},
        {{"ocfl.E048"}, [](json& j) { j["versions"]["v1"].erase("created"); }},
        {{"ocfl.E051"}, [&](json& j) { j["versions"]["v1"]["state"][first_digest(j["manifest"])] = "a.txt"; }},
        {{"ocfl.E057"}, [](json& j) { j["fixity"] = {{"md5", {{"d41d8cd98f00b204e9800998ecf8427e", {"v1/none"}}}}}; }},
        {{"ocfl.E094"}, [](json& j) { j["versions"]["v1"]["message"] = 7; }},
        {{"ocfl.E111"}, [](json& j) { j["fixity"] = json::array(); }},
    };
    for (const auto& [codes, change] : faults) {
        const Report report = with_inventory(change);
        EXPECT_THAT(errors_of(report), IsSupersetOf(codes)) << report.to_text(Language::English);
    }
    const Report unknown =
        with_inventory([](json& j) { j["fixity"] = {{"whirlpool2", {{"00", {"v1/content/master/0001.tif"}}}}}; });
    EXPECT_THAT(warnings_of(unknown), Contains("fixity_unknown"));
    EXPECT_TRUE(unknown.good()) << unknown.to_text(Language::English);
}

TEST(OcflRules, WhatLiesInAnObjectAndDoesNotBelongThere) {
    const auto with_file = [](const std::string& path, const std::string& bytes) {
        StoredArchive archive;
        EXPECT_TRUE(archive.fs->write(archive.object + "/" + path, bytes));
        return archive.verify();
    };
    EXPECT_THAT(errors_of(with_file("0=ocfl_object_9.9", "ocfl_object_9.9\n")), ElementsAre("ocfl.E004"));
    EXPECT_THAT(errors_of(with_file("0=something", "something\n")), Contains("ocfl.E006"));
    // Git keeps no empty folders, so no fixture has one.
    const auto with_folder = [](const std::string& path) {
        StoredArchive archive;
        EXPECT_TRUE(archive.fs->make_folders(archive.object + "/" + path));
        return archive.verify();
    };
    EXPECT_THAT(errors_of(with_folder("v2/content/empty")), ElementsAre("ocfl.E024"));
    // Version 3 takes nothing new in.
    StoredArchive archive;
    json inventory = json::parse(archive.inventory);
    inventory["versions"]["v3"] = inventory["versions"]["v2"];
    inventory["head"] = "v3";
    ASSERT_TRUE(archive.fs->make_folders(archive.object + "/v3/content"));
    archive.set_inventory(inventory.dump(2), "v3");
    EXPECT_THAT(errors_of(archive.verify()), testing::IsEmpty());
    EXPECT_THAT(warnings_of(archive.verify()), ElementsAre("ocfl.W003"));
}

TEST(OcflRules, WhatLiesInAStorageRootAndDoesNotBelongThere) {
    const auto verified = [](const std::function<void(MemoryFileSystem&)>& change) {
        StoredArchive archive;
        change(*archive.fs);
        return archive.verify();
    };
    const Report stray = verified([](auto& fs) { ASSERT_TRUE(fs.write("/s/notes.doc", "x")); });
    EXPECT_THAT(warnings_of(stray), ElementsAre("stray_file"));
    EXPECT_TRUE(stray.good());
    EXPECT_THAT(errors_of(verified([](auto& fs) { ASSERT_TRUE(fs.make_folders("/s/000/111")); })),
                ElementsAre("ocfl.E073"));
    EXPECT_THAT(errors_of(verified([](auto& fs) { ASSERT_TRUE(fs.write("/s/extensions/a.txt", "x")); })),
                ElementsAre("ocfl.E112"));
    EXPECT_THAT(warnings_of(verified([](auto& fs) { ASSERT_TRUE(fs.make_folders("/s/extensions/of-ours")); })),
                ElementsAre("ocfl.W016"));
    EXPECT_THAT(warnings_of(verified([](auto& fs) {
                    ASSERT_TRUE(fs.write("/s/ocfl_layout.json", R"({"extension":"of-ours","description":"x"})"));
                })),
                ElementsAre("ocfl.W016"));
    EXPECT_THAT(
        warnings_of(verified([](auto& fs) { ASSERT_TRUE(fs.make_folders("/s/extensions/recto-staging/a-v2")); })),
        ElementsAre("store_unfinished"));
}

} // namespace
} // namespace recto::verify
