#pragma once

/// JPEG data that lies in another container. Internal to pipeline/files.

#include <optional>

#include "pipeline/files/decode_internal.h"

namespace recto::files {

struct JpegOptions {
    std::optional<bool> inverted; ///< Samples are stored inverted; unset: as the Adobe marker says.
    Bytes icc;                    ///< Profile of the container; it goes before the one in the data.
};

/// `in.bytes` is the JPEG data. The dpi of the result is what the data itself says.
Result<Raster> decode_jpeg_stream(const Input& in, int index, const JpegOptions& options);

} // namespace recto::files
