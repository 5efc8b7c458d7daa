#include "station/sheet_image.h"

#include <algorithm>
#include <memory>

#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include FT_FREETYPE_H
#include <zint.h>

#include "pipeline/files/codes.h"

namespace recto::station {
namespace {

constexpr int kWidth = 2480, kHeight = 3508; ///< A4 at 300 dpi.

/// Path and index of the font that the system shows Chinese in.
bool find_font(std::string& path, int& index) {
    FcPattern* pattern = FcNameParse(reinterpret_cast<const FcChar8*>("sans:lang=zh-cn:scalable=true"));
    if (!pattern) return false;
    FcConfigSubstitute(nullptr, pattern, FcMatchPattern);
    FcDefaultSubstitute(pattern);
    FcResult result = FcResultNoMatch;
    FcPattern* found = FcFontMatch(nullptr, pattern, &result);
    FcPatternDestroy(pattern);
    if (!found) return false;
    FcChar8* file = nullptr;
    const bool ok = FcPatternGetString(found, FC_FILE, 0, &file) == FcResultMatch;
    if (ok) path = reinterpret_cast<const char*>(file);
    if (FcPatternGetInteger(found, FC_INDEX, 0, &index) != FcResultMatch) index = 0;
    FcPatternDestroy(found);
    return ok;
}

/// Draws one line of text centred at `middle`; returns false when a character has no glyph.
class Pen {
  public:
    Result<void> open() {
        std::string path;
        int index = 0;
        if (!find_font(path, index)) return fail("missing.font", "fontconfig knows no font; install fonts-noto-cjk");
        if (FT_Init_FreeType(&library_) != 0 || FT_New_Face(library_, path.c_str(), index, &face_) != 0)
            return fail("missing.font", "the font cannot be read", path);
        return {};
    }
    Pen() = default;
    ~Pen() {
        if (face_) FT_Done_Face(face_);
        if (library_) FT_Done_FreeType(library_);
    }
    Pen(const Pen&) = delete;
    Pen& operator=(const Pen&) = delete;

    bool line(cv::Mat& page, const std::string& text, int size, int baseline) {
        std::vector<char32_t> characters;
        for (std::size_t at = 0; at < text.size();) characters.push_back(next_code_point(text, at));
        // Too long for the sheet: smaller.
        int width = measure(characters, size);
        if (width > kWidth - 300) width = measure(characters, size = size * (kWidth - 300) / width);
        int x = (kWidth - width) / 2;
        bool all = true;
        for (const char32_t c : characters) {
            if (FT_Load_Char(face_, c, FT_LOAD_RENDER) != 0) continue;
            all &= FT_Get_Char_Index(face_, c) != 0;
            const FT_GlyphSlot glyph = face_->glyph;
            for (unsigned row = 0; row < glyph->bitmap.rows; ++row)
                for (unsigned column = 0; column < glyph->bitmap.width; ++column) {
                    const int py = baseline - glyph->bitmap_top + static_cast<int>(row);
                    const int px = x + glyph->bitmap_left + static_cast<int>(column);
                    if (px < 0 || py < 0 || px >= page.cols || py >= page.rows) continue;
                    const unsigned char ink =
                        glyph->bitmap.buffer[row * static_cast<unsigned>(glyph->bitmap.pitch) + column];
                    auto& pixel = page.at<unsigned char>(py, px);
                    pixel = std::min<unsigned char>(pixel, static_cast<unsigned char>(255 - ink));
                }
            x += static_cast<int>(glyph->advance.x >> 6);
        }
        return all;
    }

  private:
    int measure(const std::vector<char32_t>& characters, int size) {
        FT_Set_Pixel_Sizes(face_, 0, static_cast<FT_UInt>(std::max(8, size)));
        int width = 0;
        for (const char32_t c : characters)
            if (FT_Load_Char(face_, c, FT_LOAD_DEFAULT) == 0) width += static_cast<int>(face_->glyph->advance.x >> 6);
        return std::max(1, width);
    }
    FT_Library library_ = nullptr;
    FT_Face face_ = nullptr;
};

} // namespace

Result<Raster> draw_sheet(const std::string& value, const std::vector<std::string>& lines, bool& missing) {
    Raster sheet;
    sheet.mode = ColourMode::Grey;
    sheet.dpi = {300, 300, DpiSource::File};
    sheet.pixels = cv::Mat(kHeight, kWidth, CV_8UC1, cv::Scalar(255));

    const std::unique_ptr<zint_symbol, decltype(&ZBarcode_Delete)> symbol(ZBarcode_Create(), &ZBarcode_Delete);
    if (!symbol) return fail("encode.barcode", "out of memory");
    symbol->symbology = BARCODE_QRCODE;
    symbol->option_1 = 4; // highest error correction: sheets get stained
    symbol->scale = 1;
    const int bad = ZBarcode_Encode_and_Buffer(symbol.get(), reinterpret_cast<const unsigned char*>(value.data()),
                                               static_cast<int>(value.size()), 0);
    if (bad >= ZINT_ERROR || symbol->bitmap_width <= 0) return fail("encode.barcode", symbol->errtxt);
    // At scale 1 zint draws two pixels a module.
    // A good millimetre a module: larger ones are no longer taken for a code by the search of separators, at 200 dpi smaller
    // ones blur.
    const int modules = symbol->bitmap_width / 2, step = 13, side = modules * step;
    const int left = (kWidth - side) / 2, top = 1000;
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
            const int at = 3 * ((y / step * 2) * symbol->bitmap_width + x / step * 2);
            sheet.pixels.at<unsigned char>(top + y, left + x) = symbol->bitmap[at];
        }
    Pen pen;
    RECTO_TRY(pen.open());
    missing = false;
    int baseline = 420;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const int size = i == 0 ? 150 : 80;
        missing |= !pen.line(sheet.pixels, lines[i], size, baseline);
        baseline += i == 0 ? 190 : 120;
    }
    (void)pen.line(sheet.pixels, value, 36, top + side + 160);
    return sheet;
}

} // namespace recto::station
