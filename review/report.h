#pragma once

/// The report of a run for people: a folder of pages that open without a server and stay small however large the run is:
/// index.html (what needs a person first, findings, outliers, items worst first), items/ (contact sheets, before and after),
/// doubts.html (lines that the reader was not sure of, beside their pictures), corrections.csv and treatments.csv to be filled in, and run.json
/// for programs. Never part of a package; can be deleted.

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

} // namespace recto
