#pragma once

/// The font of the invisible text layer, made by code: glyph 0 a box (.notdef), glyph 1 blank. 1000 units an em.

#include <string>

namespace recto::encode {

/// A TrueType file (head, hhea, maxp, hmtx, loca, glyf, cmap, post). Always the same bytes. Any thread.
[[nodiscard]] std::string blank_font();

} // namespace recto::encode
