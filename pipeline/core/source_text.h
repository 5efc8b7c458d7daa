#pragma once

/// The text that a source file itself carries for one of its images: the text layer of a PDF page. Nobody has looked yet
/// whether it is what the page shows.

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/core/transform.h"

namespace recto {

struct SourceWord {
    std::string text; ///< UTF-8; what the layer gives as no character is U+FFFD.
    Box box;          ///< Source pixels, by the font's height; may reach beyond the image.
};

struct SourceText {
    std::vector<std::vector<SourceWord>> lines; ///< In the file's order; in each the words as they are read.
    bool printed = false; ///< The page paints text, which is part of its picture: born digital, or a stamp on a scan.
    bool hidden = false;  ///< Some of it is not painted, or painted over: somebody's OCR under or over a scan.
};

void to_json(nlohmann::json& j, const SourceText& t);
void from_json(const nlohmann::json& j, SourceText& t);

} // namespace recto
