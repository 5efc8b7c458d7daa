#include "stages/encode/formats.h"

#include <cstdint>

namespace recto::encode {
namespace {

FileFormat jpeg(std::string_view head) {
    // SOI, then an APP0 segment "JFIF\0" with the version in two bytes.
    const std::size_t at = head.substr(0, 64).find(std::string_view("JFIF\0", 5));
    if (at == std::string_view::npos || at + 6 >= head.size()) return {"JPEG", "", ""};
    const int major = static_cast<unsigned char>(head[at + 5]), minor = static_cast<unsigned char>(head[at + 6]);
    if (major != 1 || minor > 2) return {"JPEG File Interchange Format", "", ""};
    static constexpr const char* kIds[] = {"fmt/42", "fmt/43", "fmt/44"};
    return {"JPEG File Interchange Format", "1.0" + std::to_string(minor), kIds[minor]};
}

/// PNG's version shows in its ancillary chunks: iTXt came with 1.2; iCCP, sRGB and sPLT with 1.1.
FileFormat png(std::string_view head) {
    int minor = 0;
    for (std::size_t at = 8; at + 12 <= head.size();) {
        std::uint32_t length = 0;
        for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(head[at + i]);
        const std::string_view type = head.substr(at + 4, 4);
        if (type == "iTXt") minor = 2;
        else if (minor == 0 && (type == "iCCP" || type == "sRGB" || type == "sPLT")) minor = 1;
        if (type == "IDAT" || type == "IEND") break;
        at += 12 + std::size_t{length};
    }
    return {"Portable Network Graphics", "1." + std::to_string(minor), "fmt/" + std::to_string(11 + minor)};
}

FileFormat pdf(std::string_view head) {
    const std::size_t at = head.substr(0, 1024).find("%PDF-");
    if (at == std::string_view::npos || at + 8 > head.size()) return {"Portable Document Format", "", ""};
    const std::string version(head.substr(at + 5, 3));
    FileFormat format{"Portable Document Format", version, ""};
    if (version == "2.0") format.pronom = "fmt/1129";
    else if (version.starts_with("1.") && version[2] >= '0' && version[2] <= '7')
        format.pronom = "fmt/" + std::to_string(14 + (version[2] - '0'));
    return format;
}

} // namespace

FileFormat identify_format(std::string_view media_type, std::string_view head) {
    if (media_type == "image/tiff") {
        if (head.size() >= 4 && (head[2] == 43 || head[3] == 43)) return {"BigTIFF", "", ""};
        return {"Tagged Image File Format", "6.0", "fmt/353"};
    }
    if (media_type == "image/jpeg") return jpeg(head);
    if (media_type == "image/png") return png(head);
    if (media_type == "image/jp2") return {"JP2 (JPEG 2000 part 1)", "", "x-fmt/392"};
    if (media_type == "application/pdf") return pdf(head);
    if (media_type == "application/xml") return {"Extensible Markup Language", "1.0", "fmt/101"};
    if (media_type == "application/json") return {"JSON Data Interchange Format", "", "fmt/817"};
    if (media_type == "application/xhtml+xml") return {"Extensible Hypertext Markup Language", "1.0", "fmt/102"};
    if (media_type == "text/tab-separated-values") return {"Tab-separated Values", "", "x-fmt/13"};
    if (media_type == "text/plain") return {"Plain Text File", "", "x-fmt/111"};
    if (media_type == "text/csv") return {"Comma Separated Values", "", "x-fmt/18"};
    return {std::string(media_type), "", ""};
}

std::string language_tag(std::string_view engine_language) {
    const std::string first(engine_language.substr(0, engine_language.find('+')));
    if (first.starts_with("chi_sim") || first == "ch" || first == "zh-Hans" || first == "zh-CN") return "zh-Hans";
    if (first.starts_with("chi_tra") || first == "zh-Hant" || first == "zh-TW") return "zh-Hant";
    if (first == "chi" || first == "zh" || first == "zho") return "zh";
    if (first == "eng" || first == "en") return "en";
    if (first == "jpn" || first == "ja" || first == "japan") return "ja";
    if (first == "kor" || first == "ko" || first == "korean") return "ko";
    if (first == "rus" || first == "ru") return "ru";
    return {};
}

} // namespace recto::encode
