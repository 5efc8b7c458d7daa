#pragma once

/// ALTO back into the text of a page. Pure functions, any thread.

#include <string>
#include <string_view>

#include "pipeline/core/page_text.h"
#include "pipeline/core/result.h"

namespace recto {

/// The words of a stored page: what reading found, in the pixels of the image that the ALTO file names. Reads what
/// Recto wrote and any ALTO 4 of the same shape. Errors: "encode.alto".
[[nodiscard]] Result<PageText> page_text_from_alto(std::string_view xml);
/// Logical path of the image whose pixels those are ("access/X.pdf#page=3" for the PDF's own); "" where it names none.
[[nodiscard]] std::string image_of_alto(std::string_view xml);

} // namespace recto
