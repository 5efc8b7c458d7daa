// For each_rule.py: one rule of the verifier can be switched off, in this test program only. The linker calls what is here in place
// of Issues::add and find_property_check (tests/CMakeLists.txt, --wrap); the program itself holds no such switch.
//
//   RECTO_TEST_SILENCED=bag.digest       no issue and no reason of this code is made
//   RECTO_TEST_CODES=FILE                at the end: "Suite.Test error code" a line, of each code that a test made the verifier say

#include <array>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "stages/verify/property_checks.h"
#include "stages/verify/report.h"

namespace recto::verify {

// The names that the compiler gives the two functions, as the linker's --wrap wants them.
void real_add(Issues* issues, Issue issue) __asm__("__real__ZN5recto6verify6Issues3addENS0_5IssueE");
void wrapped_add(Issues* issues, Issue issue) __asm__("__wrap__ZN5recto6verify6Issues3addENS0_5IssueE");
PropertyCheck real_find(std::string_view name) __asm__(
    "__real__ZN5recto6verify19find_property_checkESt17basic_string_viewIcSt11char_traitsIcEE");
PropertyCheck wrapped_find(std::string_view name) __asm__(
    "__wrap__ZN5recto6verify19find_property_checkESt17basic_string_viewIcSt11char_traitsIcEE");

namespace {

class Codes {
  public:
    /// Whether what has this code goes on its way.
    bool passes(const std::string& code, std::string_view what) {
        if (silenced_ != nullptr && code == silenced_) return false;
        if (file_ == nullptr) return true;
        const std::lock_guard lock(mutex_);
        if (const auto* test = ::testing::UnitTest::GetInstance()->current_test_info())
            said_.insert(std::string(test->test_suite_name()) + "." + test->name() + " " + std::string(what) + " " +
                         code);
        return true;
    }
    ~Codes() {
        if (file_ == nullptr) return;
        std::ofstream out(file_);
        for (const std::string& line : said_) out << line << '\n';
    }

  private:
    const char* silenced_ = std::getenv("RECTO_TEST_SILENCED");
    const char* file_ = std::getenv("RECTO_TEST_CODES");
    std::mutex mutex_;
    std::set<std::string> said_;
};

Codes& the_codes() {
    static Codes codes;
    return codes;
}

// A check is a plain function, so that each needs one of its own that calls it.
constexpr std::size_t kMostChecks = 32;
std::array<PropertyCheck, kMostChecks> found_checks{};

template <std::size_t I> CheckOutcome without_silenced(const CheckInput& in) {
    CheckOutcome out;
    try {
        out = found_checks[I](in);
    } catch (const nlohmann::json::exception&) { // what check_four_properties makes this reason of
        if (the_codes().passes("properties.malformed", "reason")) throw;
        return out;
    }
    const bool reasons = !out.reasons.empty();
    std::erase_if(out.reasons, [](const PropertyReason& r) { return !the_codes().passes(r.code, "reason"); });
    if (reasons && out.reasons.empty() && out.verdict == Verdict::Failed) out.verdict = Verdict::Passed;
    return out;
}

template <std::size_t... I> constexpr auto each_without_silenced(std::index_sequence<I...>) {
    return std::array<PropertyCheck, sizeof...(I)>{without_silenced<I>...};
}

} // namespace

void wrapped_add(Issues* issues, Issue issue) {
    if (the_codes().passes(issue.code, to_string(issue.severity))) real_add(issues, std::move(issue));
}

PropertyCheck wrapped_find(std::string_view name) {
    static constexpr auto kChecks = each_without_silenced(std::make_index_sequence<kMostChecks>());
    const PropertyCheck check = real_find(name);
    for (std::size_t i = 0; check != nullptr && i < kMostChecks; ++i) {
        if (found_checks[i] == nullptr) found_checks[i] = check;
        if (found_checks[i] == check) return kChecks[i];
    }
    return check;
}

} // namespace recto::verify
