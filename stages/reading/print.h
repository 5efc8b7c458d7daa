#pragma once

/// What is printed on a page, as an engine reads it: seals, rules and tables found, lines put in order, and text that is not to
/// be trusted as a whole left out.

#include "pipeline/core/page_text.h"
#include "pipeline/core/raster.h"
#include "pipeline/core/result.h"
#include "pipeline/core/settings.h"
#include "stages/reading/ocr_engine.h"

namespace recto::reading {

/// `ink`: share of the page that is ink, -1: not known; it tells a blank page from one that cannot be read. Errors: as
/// OcrSession::read. The session's thread.
[[nodiscard]] Result<PageText> read_print(OcrSession& session, const OcrEngine& engine, const Settings& settings,
                                          const Raster& raster, double ink, const Limits& limits);

/// A page on which nothing was read yet.
[[nodiscard]] PageText empty_page(const OcrEngine& engine, const Settings& settings, const Raster& raster);

/// Sets the page's confidence, the mean over its letters, and returns their number.
double mean_confidence(PageText& page);

} // namespace recto::reading
