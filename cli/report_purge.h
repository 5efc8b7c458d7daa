#pragma once

/// recto report --purge: reports of runs hold words of the pages, so they need not lie about for ever.

#include <string>

namespace recto::cli {

/// Removes the reports of runs that ended more than `days` days ago (0: all) and their rescan lists. Not while the archive is
/// in use. Says what went on stderr, as JSON on stdout with `json`. Exit code.
int purge_reports(const std::string& archive, int days, bool json);

} // namespace recto::cli
