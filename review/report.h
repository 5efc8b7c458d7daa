#pragma once

/// The report of a run for people: a folder with index.html (contact sheet and findings, opens without a server), the
/// pictures it shows, and run.json for programs. Never part of a package; can be deleted.

#include <string>

#include "pipeline/core/result.h"
#include "pipeline/engine/run.h"
#include "pipeline/files/file_system.h"

namespace recto {

struct ReportContext {
    std::string archive; ///< Path shown to the reader.
    std::string title;   ///< Repository name or code.
    /// Rows for the catalogue section: items of the catalogue that are not scanned, and so on, as finished sentences.
    std::vector<std::string> reconciliation;
    std::vector<std::string> files; ///< Names of further files in the folder (errata list, rescan list), linked.
};

/// Writes the report into `folder` (made when absent). Returns the path of index.html.
Result<std::string> write_report(FileSystem& fs, const std::string& folder, const RunReport& run,
                                 const ReportContext& context);

/// Text with & < > " replaced for HTML.
[[nodiscard]] std::string html_escape(std::string_view text);

} // namespace recto
