#include "stages/package/ofd/ofd_image.h"

#include "pipeline/files/image_out.h"

namespace recto::ofd {

bool is_baseline_jpeg(std::string_view bytes) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    if (bytes.size() < 4 || at(0) != 0xFF || at(1) != 0xD8 || !bytes.ends_with("\xFF\xD9")) return false;
    for (std::size_t i = 2; i + 9 < bytes.size();) {
        if (at(i) != 0xFF) return false;
        const unsigned marker = at(i + 1);
        if (marker == 0xFF) { // filling
            ++i;
            continue;
        }
        const std::size_t length = at(i + 2) << 8 | at(i + 3);
        if (marker == 0xC0) return at(i + 4) == 8 && (at(i + 9) == 1 || at(i + 9) == 3);
        const bool other_frame = marker > 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
        if (other_frame || marker == 0xDA || length < 2) return false;
        i += 2 + length;
    }
    return false;
}

Result<Picture> encode_picture(const Raster& raster, int quality) {
    if (raster.mode == ColourMode::Bilevel) {
        RECTO_ASSIGN(std::string bytes, write_png(raster, 9));
        return Picture{std::move(bytes), "PNG", "png"};
    }
    RECTO_ASSIGN(std::string bytes, write_jpeg(raster, quality, true)); // as the access PDF has it
    return Picture{std::move(bytes), "JPEG", "jpg"};
}

} // namespace recto::ofd
