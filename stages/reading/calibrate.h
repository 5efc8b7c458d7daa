#pragma once

/// What the confidence of an engine is worth: the share of characters that are right among those of which it says the same.
/// Only on such a scale can engines be compared, and only then does a reviewer know what 95 % means.

#include "pipeline/core/page_text.h"

namespace recto::reading {

/// Tesseract as the reader of whole pages, and where it is asked about lines of which a network is in doubt: those are harder; the
/// network that learnt worn print, which sees several pictures at once (worn_page.h).
enum class Reader { Tiny, Small, Tesseract, SecondOpinion, Together };

/// Replaces the raw confidences (0 to 1) of a line's glyphs, words and itself by calibrated ones: a logistic function of the
/// logits of the glyph's own confidence and of the line's mean, fitted for Chinese characters, for letters, for the marks of lines without Chinese and for all others.
/// Variants are scaled with their glyph. The coefficients come from pages with known text, drawn and real; PERFORMANCE.md says how well
/// they hold on others. Lines without glyphs stay as they are.
void calibrate(TextLine& line, Reader reader);

} // namespace recto::reading
