#pragma once

/// Names of file formats as PREMIS wants them, with their PRONOM identifiers (https://www.nationalarchives.gov.uk/PRONOM).

#include <string>
#include <string_view>

namespace recto::encode {

struct FileFormat {
    std::string name, version;
    std::string pronom; ///< "fmt/353"; empty where the content does not say which of several it is.
};

/// By media type and the file's first bytes (as many as there are, 64 KiB is plenty; may be empty).
[[nodiscard]] FileFormat identify_format(std::string_view media_type, std::string_view head);

/// BCP 47 tags of what an OCR engine was asked to read ("chi_sim+eng" -> "zh-Hans", "en"), the first first; unknown
/// names are left out.
[[nodiscard]] std::string language_tag(std::string_view engine_language);

} // namespace recto::encode
