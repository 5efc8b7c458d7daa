#pragma once

/// The text of a PDF by a library other than the one that wrote it: Poppler's pdftotext, a child process with a time limit.
/// (Objects and streams are read by qpdf: Decoder::check_pdf.)

#include <string>

#include "pipeline/core/result.h"

namespace recto::verify {

/// Text in content order, pages ended by U+000C. Errors: "pdf.no_pdftotext" when the program cannot be run,
/// "pdf.damaged" when it refuses the file, "pdf.time_limit".
[[nodiscard]] Result<std::string> pdf_text(const std::string& path, const std::string& program, int seconds);

/// `text` without any white space (ASCII, U+00A0, U+2000 to U+200A, U+3000) and form feeds: what two readers of one page
/// must agree on.
[[nodiscard]] std::string without_white_space(std::string_view text);

} // namespace recto::verify
