#pragma once

/// Colour of the copies for people: sRGB (grey with sRGB's tone curve), whatever profile the scanner embedded.

#include <string>

#include "pipeline/core/raster.h"
#include "pipeline/core/result.h"

namespace recto::encode {

/// `raster` in sRGB without a profile. Shares the pixels when there is no profile, or one that says sRGB within two levels.
/// A profile that cannot be read, or is of another colour space than the pixels, is an error "encode.profile".
Result<Raster> to_srgb(const Raster& raster);

/// The bytes of the sRGB profile for output intents: always the same (no creation date).
[[nodiscard]] std::string srgb_profile();

} // namespace recto::encode
