#pragma once

/// The picture of a separator sheet: A4 at 300 dpi, a QR code of the highest error correction and lines of text in the
/// system's Chinese font.

#include <string>
#include <vector>

#include "pipeline/core/raster.h"
#include "pipeline/core/result.h"

namespace recto::station {

/// `value`: of the code; `lines`: UTF-8, the first one large. Characters that no font of the system has are left out, and
/// `missing` says so. Errors: "missing.font" (no font at all), "encode.barcode". Any thread, one at a time.
Result<Raster> draw_sheet(const std::string& value, const std::vector<std::string>& lines, bool& missing);

} // namespace recto::station
