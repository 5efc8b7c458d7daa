// Our OCFL validator against the community's fixtures (../shared/data/ocfl_fixtures), which are read in place.

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "stages/verify/ocfl_check.h"

namespace recto::verify {
namespace {

namespace stdfs = std::filesystem;

const std::string kFixtures = std::string(RECTO_SHARED_DIR) + "/data/ocfl_fixtures/";

Report check_object(const std::string& folder) {
    Report report;
    Issues issues;
    check_ocfl_object(*posix_file_system(), folder, "", {}, report, issues);
    report.issues = issues.take_sorted();
    return report;
}

std::set<std::string> codes(const Report& report, Severity severity) {
    std::set<std::string> out;
    for (const Issue& issue : report.issues)
        if (issue.severity == severity) out.insert(issue.code);
    return out;
}

std::string joined(const std::set<std::string>& list) {
    std::string out;
    for (const std::string& one : list) out += one + " ";
    return out;
}

std::set<std::string> codes_in_name(const std::string& name, char letter) {
    std::set<std::string> out;
    for (std::size_t i = 0; i + 4 <= name.size(); ++i) {
        const bool start = i == 0 || name[i - 1] == '_';
        if (start && name[i] == letter &&
            std::all_of(name.begin() + static_cast<long>(i) + 1, name.begin() + static_cast<long>(i) + 4, ::isdigit))
            out.insert("ocfl." + name.substr(i, 4));
    }
    return out;
}

std::vector<std::string> folders(const std::string& kind) {
    std::vector<std::string> out;
    for (const auto& entry : stdfs::directory_iterator(kFixtures + kind)) out.push_back(entry.path().filename());
    std::sort(out.begin(), out.end());
    return out;
}

class OcflFixtures : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!stdfs::exists(kFixtures)) GTEST_SKIP() << "shared data absent: " << kFixtures;
    }
};

TEST_F(OcflFixtures, GoodObjectsAreAccepted) {
    const auto names = folders("good-objects");
    ASSERT_GE(names.size(), 12U);
    for (const std::string& name : names) {
        const Report report = check_object(kFixtures + "good-objects/" + name);
        EXPECT_TRUE(report.good()) << name << ": " << joined(codes(report, Severity::Error));
        for (const std::string& code : codes(report, Severity::Warning))
            EXPECT_TRUE(code == "ocfl.W004" || code == "fixity_unknown") << name << ": " << code;
    }
}

TEST_F(OcflFixtures, ObjectsToWarnOfAreAcceptedWithThatWarning) {
    const auto names = folders("warn-objects");
    ASSERT_GE(names.size(), 13U);
    for (const std::string& name : names) {
        const Report report = check_object(kFixtures + "warn-objects/" + name);
        EXPECT_TRUE(report.good()) << name << ": " << joined(codes(report, Severity::Error));
        const auto seen = codes(report, Severity::Warning);
        for (const std::string& wanted : codes_in_name(name, 'W'))
            EXPECT_TRUE(seen.contains(wanted)) << name << " lacks " << wanted << ", has " << joined(seen);
    }
}

TEST_F(OcflFixtures, BadObjectsAreRefusedWithTheCodeOfTheirName) {
    const auto names = folders("bad-objects");
    ASSERT_GE(names.size(), 50U);
    for (const std::string& name : names) {
        const Report report = check_object(kFixtures + "bad-objects/" + name);
        const auto seen = codes(report, Severity::Error);
        EXPECT_FALSE(seen.empty()) << name << " was accepted";
        for (const std::string& wanted : codes_in_name(name, 'E'))
            EXPECT_TRUE(seen.contains(wanted)) << name << " lacks " << wanted << ", has " << joined(seen);
    }
}

TEST_F(OcflFixtures, EveryIssueHasItsSentenceInBothLanguages) {
    for (const char* kind : {"bad-objects", "warn-objects", "good-objects"}) {
        for (const std::string& name : folders(kind)) {
            for (const Issue& issue : check_object(kFixtures + kind + "/" + name).issues) {
                const Message* row = find_message("verify." + issue.code);
                ASSERT_NE(row, nullptr) << issue.code;
                EXPECT_FALSE(row->chinese.empty()) << issue.code;
            }
        }
    }
}

} // namespace
} // namespace recto::verify
