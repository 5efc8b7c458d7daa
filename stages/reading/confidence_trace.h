#pragma once

/// What the readers of a character said of it, for bench/fit_confidence.py: "T/raw/mean" of the tiny network (the character's own
/// confidence and its line's mean, as the engine gives them), S of the small one, X of Tesseract alone, O of Tesseract as second
/// opinion, W of worn lines read from several pictures at once; "(a&b)" where two agreed, "(a|b)" where a was taken and not b, "-" where a side had nothing. Nothing is kept but in builds with
/// RECTO_TRACE_CONFIDENCE.

#include "pipeline/core/page_text.h"
#include "stages/reading/calibrate.h"

#ifdef RECTO_TRACE_CONFIDENCE
#include <fmt/format.h>
#endif

namespace recto::reading {

inline void trace_reading([[maybe_unused]] Glyph& glyph, [[maybe_unused]] Reader reader, [[maybe_unused]] double raw,
                          [[maybe_unused]] double line_mean) {
#ifdef RECTO_TRACE_CONFIDENCE
    glyph.trace = fmt::format("{}/{:.8f}/{:.8f}", "TSXOW"[static_cast<int>(reader)], raw, line_mean);
#endif
}

/// `kept`: one of the two.
inline void trace_agreed([[maybe_unused]] Glyph& kept, [[maybe_unused]] const Glyph& one,
                         [[maybe_unused]] const Glyph& other) {
#ifdef RECTO_TRACE_CONFIDENCE
    kept.trace = "(" + one.trace + "&" + other.trace + ")";
#endif
}

inline void trace_disputed([[maybe_unused]] Glyph& taken, [[maybe_unused]] const Glyph* other) {
#ifdef RECTO_TRACE_CONFIDENCE
    taken.trace = "(" + taken.trace + "|" + (other != nullptr ? other->trace : "-") + ")";
#endif
}

} // namespace recto::reading
