#pragma once

/// The text layer of an OFD page: each printed line a TextObject, its characters where they stand on the page, invisible.

#include "pipeline/core/page_text.h"
#include "stages/package/ofd/ofd_document.h"

namespace recto::ofd {

/// Writes the TextObjects of `text` in reading order into the open layer. The page measures `width_mm` x `height_mm`.
/// Each object has one DeltaX (a vertical line: DeltaY) less than characters. A character beyond U+FFFF, which some readers
/// count as two, is an object of its own and has none.
void write_text(XmlWriter& xml, const PageText& text, double width_mm, double height_mm, Contents& contents);

} // namespace recto::ofd
