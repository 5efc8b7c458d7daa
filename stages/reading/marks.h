#pragma once

/// Punctuation as it stands on the page, where the network can only guess its form: a mark of the same look has several code
/// points, and the line around it says which is meant. Letters and figures are never touched, but for a ring that is the figure
/// zero. Pure function, any thread.

#include "pipeline/core/page_text.h"

namespace recto::reading {

/// - A line without Chinese characters has ASCII marks, not full-width ones.
/// - Between Chinese characters, and behind the last of a word, marks are full-width: 办公室：
/// - In vertical lines commas and full stops stand in the upper right corner of their place and look like quotes and degrees; all
///   marks are full-width.
/// - A ring beside a Chinese figure is 〇, and a stroke between one and 〇, 年, 月 or 日 is 一.
/// - Two strokes nearer to each other than Chinese characters stand are a dash typed as two hyphens, not 一一.
/// - A dash as wide as a character is a dash, not a hyphen.
/// - The dashes of a page number are alike.
/// - Brackets are in pairs of one kind, where the network thought of that kind for both.
void settle_marks(TextLine& line);

} // namespace recto::reading
