#include "stages/reading/stacks.h"

#include <algorithm>
#include <utility>

#include "stages/reading/unicode.h"

namespace recto::reading {

void part_stacks(std::vector<ReadLine>& lines, std::vector<TextRegion>& regions) {
    const std::size_t count = lines.size();
    for (std::size_t i = 0; i < count; ++i) {
        const TextLine& line = lines[i].line;
        if (!line.vertical || std::ranges::any_of(decode_utf8(line.text), is_cjk)) continue;
        const ReadLine stack = std::exchange(lines[i], {});
        std::size_t at = 0;
        for (const Word& word : stack.line.words)
            for (const Glyph& glyph : word.glyphs) {
                const Box& b = glyph.box;
                const bool beside = at > 0 && b.y < lines.back().line.words[0].box.y + b.height / 2;
                if (!beside) {
                    lines.emplace_back().line.words.emplace_back().box = b;
                    const double right = b.x + b.width, bottom = b.y + b.height;
                    regions.push_back({{{{b.x, b.y}, {right, b.y}, {right, bottom}, {b.x, bottom}}}, 1});
                }
                Word& last = lines.back().line.words[0];
                last.text += glyph.text;
                last.glyphs.push_back(glyph);
                lines.back().contrasts.push_back(stack.contrasts[at++]);
            }
    }
    for (std::size_t i = count; i < lines.size(); ++i) {
        Word& word = lines[i].line.words[0];
        for (const Glyph& glyph : word.glyphs)
            word.confidence += glyph.confidence / static_cast<double>(word.glyphs.size());
        refresh_line(lines[i].line);
    }
}

} // namespace recto::reading
