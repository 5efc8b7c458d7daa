#pragma once

/// The picture of a page as an OFD file holds it.

#include <string>
#include <string_view>

#include "pipeline/core/raster.h"
#include "pipeline/core/result.h"

namespace recto::ofd {

/// Whether the bytes are a baseline JPEG of 8 bits, grey or in three colours, to its end: what every reader shows.
[[nodiscard]] bool is_baseline_jpeg(std::string_view bytes);

struct Picture {
    std::string bytes;
    std::string format;    ///< "JPEG", "PNG": as the resource names it.
    std::string extension; ///< "jpg", "png"
};

/// Compressed anew: bi-level as PNG, which keeps every pixel at a fraction of the size; all else as JPEG. Errors: "encode.image".
[[nodiscard]] Result<Picture> encode_picture(const Raster& raster, int quality);

} // namespace recto::ofd
