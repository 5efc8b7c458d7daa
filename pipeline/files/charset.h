#pragma once

/// Text out in the character sets of Chinese standards, for receivers who ask for them. Any thread.

#include <string>
#include <string_view>

#include "pipeline/core/result.h"

namespace recto {

/// `utf8` in "UTF-8", "GB18030" or "GB2312" (EUC-CN: 6,763 characters, no traditional ones). Nothing is put in place of what
/// the set cannot hold: that is "text.charset", whose reason is the first such character; so is a set of another name.
[[nodiscard]] Result<std::string> to_charset(std::string_view utf8, const std::string& charset);

} // namespace recto
