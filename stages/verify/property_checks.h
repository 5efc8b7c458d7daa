#pragma once

/// Checks of the four properties that look at more than recto verify does: what the description says, what kind the files are,
/// what they hide. One function a check; property_rules.h says which rule uses which.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/messages.h"
#include "pipeline/files/file_system.h"
#include "stages/verify/file_kind.h"
#include "stages/verify/report.h"

namespace recto::verify {

/// An item, or a package without the data of one.
struct PropertyItem {
    std::string name;                         ///< 档号, else its place below what is checked.
    nlohmann::json record;                    ///< What is checked of metadata/item.json; null where there is none.
    std::map<std::string, std::string> files; ///< Path in it -> file.
};

/// A file, opened once for all checks.
struct FileFacts {
    std::string place, ending;  ///< Item and path; "tif".
    Result<FileKind> kind;      ///< By its content.
    Result<HiddenInPdf> hidden; ///< Nothing for what is no PDF; of an OFD that it is signed.
};
/// All files of the items, in their order, by `threads` threads.
[[nodiscard]] std::vector<FileFacts> look_at_files(const std::vector<PropertyItem>& items, int threads);

enum class Verdict { Passed, Failed, NotChecked };

/// Why a rule is not met, or not checked.
struct PropertyReason {
    std::string place; ///< Item, or item and file.
    std::string code;  ///< Row "verify." + code of the messages.
    std::vector<std::string> args;
    [[nodiscard]] std::string message(Language language) const;
};

struct CheckOutcome {
    Verdict verdict = Verdict::Passed;
    std::uint64_t checked = 0; ///< Items or files that were looked at.
    std::vector<PropertyReason> reasons;
    std::string evidence; ///< Program and version of a scan, and the like; may be empty.
};

/// What looks for viruses.
struct VirusScanner {
    std::vector<std::string> words; ///< {"clamdscan", "--fdpass", ...}; empty: viruses are not looked for.
    bool tells_limits = true; ///< It says what it passes over for being too large; one that does not is never believed.
};

struct CheckInput {
    const std::vector<PropertyItem>& items;
    const std::vector<std::string>& with; ///< The rule's parameters.
    const std::string& path;              ///< What is checked.
    const std::vector<FileFacts>&
        files; ///< Of the items; only formats, encryption, active and signatures ask for them.
    const VirusScanner& scanner;
};

using PropertyCheck = CheckOutcome (*)(const CheckInput&);
/// Null when there is none of that name: values, required, serials, pages, content, provenance, formats, encryption, active, signatures,
/// virus, none.
[[nodiscard]] PropertyCheck find_property_check(std::string_view name);
/// Whether the check looks at CheckInput::files.
[[nodiscard]] bool asks_for_files(std::string_view check);

} // namespace recto::verify
