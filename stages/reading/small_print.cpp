#include "stages/reading/small_print.h"

#include <algorithm>
#include <cmath>

#include "stages/reading/ppocr_detect.h"

namespace recto::reading {

namespace {

/// Letters lower than this many pixels are small. From 13 to 20 a larger picture was measured too: it gains nothing.
constexpr double kSmallPrint = 13;
/// Three times as large was read a little worse.
constexpr double kScale = 2;

} // namespace

double reading_scale(const Raster& page) {
    if (page.empty()) return 1;
    const double pixels = static_cast<double>(page.width()) * page.height();
    if (pixels > kMostToEnlarge) return 1;
    const double height = estimate_text_height(to_grey(page), 1);
    if (height <= 0 || height >= kSmallPrint) return 1;
    return std::min(kScale, std::sqrt(kMostEnlarged / pixels));
}

void put_on_page(PageText& text, double scale, int width, int height) {
    const auto place = [&](Box& b) {
        const double left = std::min(b.x / scale, static_cast<double>(width)),
                     top = std::min(b.y / scale, static_cast<double>(height));
        // The larger picture's last row and column may be a fraction of a pixel beyond the page's.
        b = {left, top, std::min(b.width / scale, width - left), std::min(b.height / scale, height - top)};
    };
    for (TextBlock& block : text.blocks) {
        place(block.box);
        for (TableCell& cell : block.cells) place(cell.box);
        for (TextLine& line : block.lines) {
            place(line.box);
            for (Word& word : line.words) {
                place(word.box);
                for (Glyph& glyph : word.glyphs) place(glyph.box);
            }
        }
    }
    text.width = width;
    text.height = height;
}

} // namespace recto::reading
