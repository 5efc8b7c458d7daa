#pragma once

/// What a verification found: a list of issues, for people (text) and programs (JSON).

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/core/finding.h"
#include "pipeline/core/messages.h"

namespace recto::verify {

struct Issue {
    std::string path; ///< File or folder concerned, relative to what was verified; "" for the whole.
    std::string code; ///< "ocfl.E092", "bag.digest", "mets.reference", ...: message row "verify." + code.
    Severity severity = Severity::Error;
    std::vector<std::string> args; ///< Data for the sentence: names, digests, numbers.

    [[nodiscard]] std::string message(Language language) const;
};

/// What was looked at; kinds are persisted by name in reports.
enum class Kind { Unknown, Archive, OcflRoot, OcflObject, Bag, Folder, Handover, Eark, Ofd };
[[nodiscard]] std::string_view
to_string(Kind kind); ///< "unknown", "archive", "ocfl-root", "ocfl-object", "bag", "folder", "handover",
                      ///< "eark", "ofd".

struct Report {
    std::string path; ///< As given.
    Kind kind = Kind::Unknown;
    std::vector<Issue> issues; ///< Sorted by path, code; none twice.
    std::uint64_t objects = 0, files = 0, bytes = 0, images = 0, xml_files = 0, pages = 0; ///< What was checked.

    [[nodiscard]] std::size_t errors() const;
    [[nodiscard]] std::size_t warnings() const;
    [[nodiscard]] bool good() const { return errors() == 0; }
    /// 0 good (perhaps with warnings); 1 something failed; 65 it is nothing that can be verified; 66 it is not there.
    [[nodiscard]] int exit_code() const;
    [[nodiscard]] nlohmann::json to_json() const; ///< {"schema":1,"path","kind","good","counts":{},"issues":[...]}
    /// One line an issue ("error  path: sentence (code)"), then a line that sums up.
    [[nodiscard]] std::string to_text(Language language) const;
};

/// Of several paths: 0 when all are good; a failed check (1) counts before 65 and 66 only if some path could be verified.
[[nodiscard]] int exit_code(const std::vector<Report>& reports);

/// Where checks put what they find. Thread-safe.
class Issues {
  public:
    template <class... Args> void error(std::string path, std::string code, const Args&... args) {
        add({std::move(path), std::move(code), Severity::Error, {std::string(args)...}});
    }
    template <class... Args> void warning(std::string path, std::string code, const Args&... args) {
        add({std::move(path), std::move(code), Severity::Warning, {std::string(args)...}});
    }
    void add(Issue issue);
    [[nodiscard]] std::vector<Issue> take_sorted();

  private:
    std::mutex mutex_;
    std::vector<Issue> list_;
};

} // namespace recto::verify
