#pragma once

/// Verification of what is stored and what leaves: an archive, an OCFL storage root or object, a BagIt bag, a folder
/// package, an OFD file. Recognised by content. Nothing is changed. Bad input makes issues, never a crash.
///
/// Checked of each, as far as it has it: OCFL or BagIt structure and digests (ocfl_check.h, bag_check.h), XML against
/// schemas, METS references and fixity, item.json against the files and against METS, images decode wholly, the PDF opens
/// and its text is that of the text file, ALTO boxes lie in their image, page counts agree.

#include <functional>
#include <memory>
#include <string>

#include "pipeline/core/raster.h"
#include "pipeline/core/result.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/file_system.h"
#include "stages/verify/report.h"

namespace recto::verify {

struct Options {
    bool digests = true; ///< Recompute them (reads every byte).
    bool content = true; ///< Look into items: XML, METS, item.json, images, PDF, text.
    int threads = 0;     ///< 0: as many as the machine has, at most 8.

    /// Decodes image `index` (from 0) of a file wholly. Called from one thread at a time for each of `threads`. Empty:
    /// reported as not checked.
    std::function<Result<Raster>(const std::string& path, int index)> decode{};
    /// Reads a PDF wholly and gives its number of pages: check_pdf_here, or Decoder::check_pdf for files of unknown origin.
    std::function<Result<int>(const std::string& path)> check_pdf = [](const std::string& path) {
        return check_pdf_here(path);
    };

    /// Folder of XML schemas (scripts/deps-schemas.txt says which files). "": RECTO_SCHEMAS of the environment, else
    /// `default_schema_folder`. Where a schema is not there the check is reported as not done, by a warning.
    std::string schema_folder{}, default_schema_folder{};

    std::string pdftotext =
        "pdftotext";       ///< Program of Poppler; when it cannot be run the comparison is reported as not done.
    int pdf_seconds = 120; ///< Time limit for it, a file.
};

/// Verifies one path. `fs` null: the real file system; images and PDF are looked at only there.
[[nodiscard]] Report verify_path(const std::string& path, const Options& options = {}, FileSystem* fs = nullptr);

} // namespace recto::verify
