#pragma once

/// Writing images. All functions write to memory; deterministic bytes for equal input. Errors: "encode.image".

#include <string>

#include "pipeline/core/raster.h"
#include "pipeline/core/result.h"

namespace recto {

enum class TiffCompression { None, Lzw, Deflate, G4 };

/// Baseline TIFF 6.0: resolution in inches, ICC kept, strips of about 64 KiB to 1 MiB, `software` and `date_time`
/// ("YYYY:MM:DD HH:MM:SS", may be empty) as tags. G4 needs a bilevel raster.
Result<std::string> write_tiff(const Raster& raster, TiffCompression compression, const std::string& software,
                               const std::string& date_time);

/// Raw CCITT G4 data (0 = white, as PDF's CCITTFaxDecode with K -1 and BlackIs1 false wants it) of a bilevel raster.
Result<std::string> write_g4(const Raster& raster);

/// One JBIG2 generic region (ITU-T T.88, lossless; template 0, arithmetic coding, typical prediction) of a bilevel raster, as an
/// embedded stream: page information and region, no file header, which is what PDF's JBIG2Decode wants. Never symbols: those
/// may put one character in another's place.
Result<std::string> write_jbig2(const Raster& raster);

/// JPEG, quality 1 to 100, 4:4:4 for colour unless `subsample`; JFIF density in dpi; ICC kept.
Result<std::string> write_jpeg(const Raster& raster, int quality, bool subsample = false);

/// The pixels that a reader of write_jpeg's bytes gets, without profile: what compression made of the picture.
Result<Raster> read_back_jpeg(const std::string& bytes);

/// PNG; zlib level 1 to 9; pHYs and iCCP kept.
Result<std::string> write_png(const Raster& raster, int level = 6);

/// A small JPEG for reports: the longer side `side` pixels, never enlarged, colours as they are, no profile.
Result<std::string> make_thumbnail(const Raster& raster, int side);

/// One resampling from source to page image (a turn at unchanged scale: Lanczos, see turn.h; anything else: bicubic). Bilevel
/// rasters are rendered through grey and thresholded again; transforms that are exact only move pixels. Outside the source:
/// `fill` (255 = white). The result's dpi is the source's.
Result<Raster> render(const Raster& source, const class Transform& transform, int fill = 255);

/// The image of a page of `scan`, `scale` times as large as the page is, with its dpi. Other than at scale 1 a bilevel page
/// comes grey: thresholds would throw away what the larger picture is made for.
Result<Raster> render_page(const Raster& scan, const struct PageTreatment& page, double scale = 1);

} // namespace recto
