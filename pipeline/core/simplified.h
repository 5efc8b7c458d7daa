#pragma once

/// Traditional Chinese characters as their simplified ones, by OpenCC's t2s data, made into a table while building. Any thread.

namespace recto {

/// The simplified form of a traditional character; any other character as it is.
[[nodiscard]] char32_t simplified(char32_t c);

} // namespace recto
