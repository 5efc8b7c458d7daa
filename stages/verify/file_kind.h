#pragma once

/// What a file is by its first bytes, whatever its name says; and what a PDF has beside its pages. Any thread.

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/result.h"
#include "stages/verify/pdf_signature.h"

namespace recto::verify {

enum class FileKind { Empty, Tiff, Jpeg, Jp2, Png, Pdf, Zip, Xml, Json, Text, Program, Other };
[[nodiscard]] std::string_view to_string(FileKind kind);

/// Reads the file's first 4 KiB. Program: machine code, or a script that names its interpreter. Error: io.*.
[[nodiscard]] Result<FileKind> kind_of_content(const std::string& file);
/// "tif" of "a/b.TIF"; "" where there is none.
[[nodiscard]] std::string ending_of(std::string_view path);
/// Whether a file of this ending may be of this kind: xlsx and ofd are ZIP, csv is text.
[[nodiscard]] bool ending_fits(std::string_view ending, FileKind kind);

struct HiddenInPdf {
    bool encrypted = false;
    bool locked = false;             ///< It asks for a password: nothing else is known of it.
    std::vector<std::string> active; ///< Each kind once: "JavaScript", "Launch", "EmbeddedFile", "RichMedia", ...
    std::vector<PdfSignature> signatures;
};
/// By qpdf, every object; of one that asks for a password only that. Error: "pdf.damaged".
[[nodiscard]] Result<HiddenInPdf> hidden_in_pdf(const std::string& file);

} // namespace recto::verify
