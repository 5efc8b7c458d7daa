#pragma once

/// The file of `recto run --treatments`: values set by hand for pages of a delivery that were never stored.

#include <string>
#include <vector>

#include "amend/given_values.h"
#include "pipeline/core/finding.h"
#include "pipeline/files/decode.h"

namespace recto::cli {

struct GivenFile {
    std::vector<amend::GivenRow> rows; ///< Of all rows that are filled in and right.
    std::vector<Finding> refused;      ///< Of the others: row and reason.
};

/// Reads `file` and checks every row against the files of the delivery: file, image, values that no scan of that size can
/// have. Rows without a value are passed over. `files`: absolute paths. `who` stands where a row names nobody. Errors: those
/// of read_row_file.
Result<GivenFile> read_given_file(const std::string& file, const std::vector<std::string>& files,
                                  const std::string& who, Decoder& decoder);

/// A row that was refused, with the file in front, on stderr.
void tell_row(const std::string& file, const Finding& why);

} // namespace recto::cli
