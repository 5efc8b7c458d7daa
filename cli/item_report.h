#pragma once

/// The operator's report of items as they are stored: contact sheet, scan beside page, findings, doubtful lines, corrections
/// file. Pictures are made anew from what is stored; nothing in the archive changes.

#include <string>
#include <vector>

#include "config/config.h"
#include "pipeline/core/result.h"

namespace recto::cli {

/// Writes it into `folder` (made when absent, mode 0750). `items`: 档号 or UUID; empty stands for every item. Returns the path of
/// index.html. Errors: "amend.no_item", and those of reading what is stored.
Result<std::string> write_item_report(const std::string& archive, const std::vector<std::string>& items,
                                      const std::string& folder, const Settings& settings);

} // namespace recto::cli
