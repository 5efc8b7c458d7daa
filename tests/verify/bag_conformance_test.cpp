// Our bag validator against the Library of Congress's conformance suite (../shared/data/bagit_conformance), read in place.

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "stages/verify/bag_check.h"

namespace recto::verify {
namespace {

namespace stdfs = std::filesystem;

const std::string kSuite = std::string(RECTO_SHARED_DIR) + "/data/bagit_conformance/";

Report check(const std::string& folder) {
    Report report;
    report.kind = Kind::Bag;
    Issues issues;
    check_bag(*posix_file_system(), folder, {}, report, issues);
    report.issues = issues.take_sorted();
    return report;
}

TEST(BagConformance, WholeSuite) {
    if (!stdfs::exists(kSuite)) GTEST_SKIP() << "shared data absent: " << kSuite;
    std::map<std::string, int> seen;
    for (const auto& version : stdfs::directory_iterator(kSuite)) {
        if (!version.is_directory()) continue;
        for (const auto& kind : stdfs::directory_iterator(version.path())) {
            for (const auto& bag : stdfs::directory_iterator(kind.path())) {
                if (!bag.is_directory()) continue;
                const std::string name = bag.path().string().substr(kSuite.size()), sort = kind.path().filename();
                const Report report = check(bag.path());
                ++seen[sort];
                for (const Issue& issue : report.issues) {
                    EXPECT_NE(find_message("verify." + issue.code), nullptr) << issue.code;
                }
                // A copy of the suite without its hidden files lacks a payload file that the manifest lists: the bag is
                // then bad indeed.
                const bool hidden_lost =
                    name == "v0.97/warning/special-system-files" && !stdfs::exists(bag.path() / "data/.DS_Store");
                if (sort == "invalid" || sort == "linux-only" || sort == "windows-only" || hidden_lost) {
                    // windows-only: paths that are dangerous there only; we refuse them everywhere.
                    EXPECT_FALSE(report.good()) << name << " was accepted";
                } else {
                    EXPECT_TRUE(report.good()) << name << "\n" << report.to_text(Language::English);
                    if (sort == "warning") { EXPECT_GT(report.warnings(), 0U) << name << " brought no warning"; }
                }
            }
        }
    }
    EXPECT_GE(seen["valid"], 24);
    EXPECT_GE(seen["invalid"], 15);
    EXPECT_GE(seen["linux-only"], 6);
    EXPECT_GE(seen["windows-only"], 6);
    EXPECT_GE(seen["warning"], 6);
}

} // namespace
} // namespace recto::verify
