#include "stages/encode/tsv.h"

#include <fmt/format.h>

#include "stages/encode/page_grid.h"

namespace recto::encode {

std::string tsv_rows(const PageText& text, int page, int width, int height) {
    const PageGrid grid(text, width, height);
    std::string out;
    const auto row = [&](int level, int block, int paragraph, int line, int word, const Box& box, double confidence,
                         const std::string& said) {
        const PixelBox p = grid.of(box);
        const std::string conf = confidence < 0 ? "-1" : fmt::format("{:.2f}", std::min(confidence, 1.0) * 100);
        out += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", level, page, block, paragraph, line,
                           word, p.left, p.top, p.right - p.left, p.bottom - p.top, conf, said);
    };
    row(1, 0, 0, 0, 0, {0, 0, static_cast<double>(text.width), static_cast<double>(text.height)}, -1, "");
    int block = 0;
    for (const TextBlock& b : text.blocks) {
        row(2, ++block, 0, 0, 0, b.box, -1, "");
        if (b.lines.empty()) continue;
        row(3, block, 1, 0, 0, b.box, -1, "");
        int line = 0;
        for (const TextLine& l : b.lines) {
            row(4, block, 1, ++line, 0, l.box, -1, "");
            int word = 0;
            for (const Word& w : l.words) row(5, block, 1, line, ++word, w.box, w.confidence, w.text);
        }
    }
    return out;
}

} // namespace recto::encode
