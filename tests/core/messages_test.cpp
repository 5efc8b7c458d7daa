// The message table: whole in both languages, and every code that a finding uses is in it.

#include "pipeline/core/messages.h"

#include <cctype>
#include <fstream>
#include <iostream>
#include <iterator>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "tests/core/source_tree.h"

namespace recto {
namespace {

/// Which arguments a sentence shows: {} counts up from 0, {n} is the n-th. False in `well_formed` for other braces.
std::set<int> arguments(std::string_view sentence, bool& well_formed) {
    std::set<int> out;
    int next = 0;
    for (std::size_t i = 0; i < sentence.size(); ++i) {
        if (sentence[i] == '}') well_formed = false;
        if (sentence[i] != '{') continue;
        if (i + 1 < sentence.size() && sentence[i + 1] == '}') {
            out.insert(next++);
            ++i;
        } else if (i + 2 < sentence.size() && std::isdigit(static_cast<unsigned char>(sentence[i + 1])) &&
                   sentence[i + 2] == '}') {
            out.insert(sentence[i + 1] - '0');
            i += 2;
        } else {
            well_formed = false;
        }
    }
    return out;
}

bool has_chinese(std::string_view text) {
    // UTF-8 of U+3000 and above begins with 0xE3 or more.
    for (const char c : text)
        if (static_cast<unsigned char>(c) >= 0xE3) return true;
    return false;
}

TEST(Messages, EveryRowIsWholeInBothLanguages) {
    std::set<std::string_view> ids;
    ASSERT_GT(all_messages().size(), 300U);
    const std::regex id_form("[a-z_]+(\\.[A-Za-z0-9_-]+)+");
    for (const Message& row : all_messages()) {
        SCOPED_TRACE(std::string(row.id));
        EXPECT_TRUE(ids.insert(row.id).second) << "the id stands twice";
        EXPECT_TRUE(std::regex_match(row.id.begin(), row.id.end(), id_form));
        EXPECT_FALSE(row.english.empty());
        EXPECT_FALSE(row.chinese.empty());
        bool well_formed = true;
        EXPECT_EQ(arguments(row.english, well_formed), arguments(row.chinese, well_formed))
            << "the languages show different arguments";
        EXPECT_TRUE(well_formed) << "a brace that is no argument";
        EXPECT_TRUE(has_chinese(row.chinese)) << "not Chinese: " << row.chinese;
    }
}

// docs/FINDINGS.md names every finding about scans, and nothing that is none.
TEST(Messages, FindingsStandInTheirDocument) {
    std::ifstream file(RECTO_SOURCE_DIR "/docs/FINDINGS.md");
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    ASSERT_FALSE(text.empty());
    for (const Message& row : all_messages()) {
        if (!row.id.starts_with("treat.") && !row.id.starts_with("group.")) continue;
        EXPECT_NE(text.find("| `" + std::string(row.id) + "` |"), std::string::npos) << row.id;
    }
    const std::regex code("\\| `([a-z_.0-9]+)` \\|");
    int codes = 0;
    for (std::sregex_iterator it(text.begin(), text.end(), code), end; it != end; ++it, ++codes) {
        const Message* row = find_message((*it)[1].str());
        ASSERT_NE(row, nullptr) << (*it)[1].str();
        EXPECT_NE(text.find(std::string(row->chinese)), std::string::npos) << row->id << ": another sentence";
    }
    EXPECT_GT(codes, 50);
}

TEST(Messages, ArgumentsFillInOrderOrByNumber) {
    const std::vector<std::string> args{"A", "B"};
    EXPECT_EQ(format_message(Language::English, "group.duplicate", args),
              "Page A looks the same as page B. If it was scanned twice, remove one.");
    EXPECT_EQ(format_message(Language::English, "no.such", args), "no.such A B");
    EXPECT_EQ(find_message("no.such"), nullptr);
    ASSERT_NE(find_message("group.duplicate"), nullptr);
    EXPECT_EQ(find_message("group.duplicate")->id, "group.duplicate");
    // A message whose arguments were forgotten is shown with a hole, it does not fail.
    EXPECT_EQ(format_message(Language::English, "group.duplicate", {}),
              "Page  looks the same as page . If it was scanned twice, remove one.");
    // Arguments are data: braces in them stay.
    EXPECT_EQ(format_message(Language::English, "group.no_pages", std::vector<std::string>{"{}{0}"}).substr(0, 5),
              "{}{0}");
}

TEST(Messages, LanguageComesFromTheEnvironment) {
    for (const char* name : {"RECTO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"}) unsetenv(name);
    EXPECT_EQ(language_from_environment(), Language::English);
    setenv("LANG", "zh_CN.UTF-8", 1);
    EXPECT_EQ(language_from_environment(), Language::Chinese);
    setenv("LC_ALL", "C.UTF-8", 1);
    EXPECT_EQ(language_from_environment(), Language::English);
    setenv("RECTO_LANG", "zh", 1);
    EXPECT_EQ(language_from_environment(), Language::Chinese);
    for (const char* name : {"RECTO_LANG", "LC_ALL", "LANG"}) unsetenv(name);

    const Language before = ui_language();
    set_ui_language(Language::Chinese);
    EXPECT_EQ(tr("decode.empty"), find_message("decode.empty")->chinese);
    set_ui_language(before);
}

/// Line comments blanked out, so that examples in comments are no code.
std::string without_comments(const std::string& text) { return std::regex_replace(text, std::regex("//[^\n]*"), ""); }

std::set<std::string> codes(const std::string& text, const std::regex& pattern) {
    std::set<std::string> out;
    for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) out.insert((*it)[1]);
    return out;
}

/// The ways a finding is written down: Finding{"a.b", ...}, helpers named finding/remark/note..., f.code = "a.b", and any
/// code that stands before a severity.
TEST(Messages, EveryCodeOfAFindingIsInTheTable) {
    const std::string code = "\"([a-z]+\\.[a-z0-9_.-]+)\"";
    const std::regex patterns[] = {
        std::regex("\\bFinding(?:\\s+\\w+)?\\s*\\{\\s*" + code),
        std::regex("\\b(?:make_finding|add_finding|finding|remark)\\(\\s*" + code),
        std::regex("\\.code\\s*=\\s*" + code),
        std::regex(code + "\\s*,\\s*(?:recto::)?Severity::"),
        std::regex("\\?\\s*" + code + "\\s*:\\s*\"[a-z.0-9_-]+\"\\s*,\\s*Severity::"),
        // These areas name findings and errors only: their stages' settings begin with "treatment" and "grouping".
        std::regex("\"((?:decode|treat|group|reconcile)\\.[a-z0-9_-]+)\""),
    };
    std::set<std::string> seen;
    for (const auto& file : source_tree::read(source_tree::kProduct)) {
        const std::string text = without_comments(file.text);
        for (const std::regex& pattern : patterns) {
            for (const std::string& c : codes(text, pattern)) {
                if (c == "group.code") continue; // catalogue/lists.cpp: the beginning of two codes.
                seen.insert(c);
                EXPECT_NE(find_message(c), nullptr)
                    << file.path << ": no row for \"" << c << "\" in pipeline/core/messages.def";
            }
        }
    }
    EXPECT_GT(seen.size(), 50U);
}

/// Errors show their reason as well, so a missing row is told, not failed; stages/verify translates its own ("verify.").
TEST(Messages, CodesOfErrorsAreToldWhenMissing) {
    const std::regex pattern("\\bfail(?:_retry)?\\(\\s*\"([a-z]+\\.[a-z0-9_.-]+)\"");
    std::size_t seen = 0;
    for (const auto& file : source_tree::read(source_tree::kProduct)) {
        for (const std::string& c : codes(without_comments(file.text), pattern)) {
            ++seen;
            if (!find_message(c) && !find_message("verify." + c))
                std::cout << "no row for \"" << c << "\" (" << file.path << ")\n";
        }
    }
    EXPECT_GT(seen, 50U);
}

} // namespace
} // namespace recto
