#pragma once

/// What a check found, in the words that reports, events and exit codes use.

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/core/messages.h"

namespace recto::fixity {

enum class Side { Archive, Copy };
[[nodiscard]] std::string_view to_string(Side side); ///< "archive", "copy".

/// What became of it; by name in reports.
enum class Outcome {
    Stays,     ///< Nothing was asked for, or nothing can be done.
    Mendable,  ///< The other side has it whole; --repair (--repair-copy, --add-missing) was not asked for.
    WouldMend, ///< Asked for, but --dry-run.
    Mended,
    Both,  ///< The other side does not have it whole either: neither was touched.
    Failed ///< Mending did not succeed; `detail` says why.
};
[[nodiscard]] std::string_view
to_string(Outcome outcome); ///< "stays", "mendable", "would_mend", "mended", "both", "failed".

/// Codes: rows "fixity.…" of the message table (docs/FINDINGS.md).
struct Damage {
    Side side = Side::Archive;
    std::string object; ///< Path relative to the storage root; "" for the root's own files.
    std::string path;   ///< Relative to the object, or to the root; "" for the object as a whole.
    std::string code;   ///< "fixity.changed", ...
    std::string detail; ///< Data for the sentence: a reason of the system, version numbers.
    Outcome outcome = Outcome::Stays;
    std::string set_aside; ///< Where the damaged bytes lie now.

    /// Path relative to the storage root.
    [[nodiscard]] std::string place() const;
    /// True when bytes are lost or changed; false when a copy is merely not up to date.
    [[nodiscard]] bool serious() const;
    [[nodiscard]] std::string message(Language language) const; ///< Sentence, and what became of it.
    [[nodiscard]] nlohmann::json to_json() const;
};

} // namespace recto::fixity
