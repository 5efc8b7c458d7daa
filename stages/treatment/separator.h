#pragma once

/// Separator sheets: barcodes with a 档号 (Code 128, Code 39, QR, DataMatrix, ... by ZXing) and patch codes (own
/// detector, after Kodak publication A-61599: four bars, wide 0.20 in, narrow bars and spaces 0.08 in, at least 0.75 in
/// long). A barcode on a letter (a parcel label, a registration sticker) is not a separator.

#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/model.h"
#include "pipeline/core/raster.h"
#include "stages/treatment/analysis.h"

namespace recto::treat {

struct Barcode {
    std::string kind;  ///< "code128", "code39", "qr", "datamatrix", "patch-t", ...
    std::string value; ///< UTF-8; empty for patch codes.
    Quad place{};      ///< Work pixels.
};

struct SeparatorSearch {
    std::vector<Barcode> codes; ///< Barcodes read, on a sheet or on a page; those of a 档号's form first.
    Separator separator;        ///< Kind empty when the sheet is no separator.
    bool unreadable = false;    ///< The sheet looks like a separator but no code could be read.
};

/// `work_dpi`: of the work image, for patch widths; 0 when not known.
[[nodiscard]] SeparatorSearch find_separator(const Raster& raster, const Analysis& analysis, double work_dpi);

/// Patch codes in a grey image at `dpi`; kinds "patch-1" "patch-2" "patch-3" "patch-4" "patch-6" "patch-t".
[[nodiscard]] std::vector<Barcode> find_patch_codes(const cv::Mat& grey, double dpi);

/// True for text that looks like a 档号: an ASCII or Chinese code of parts joined by - · . or /, with a digit.
[[nodiscard]] bool looks_like_reference_code(const std::string& value);

} // namespace recto::treat
