#pragma once

/// Print of the sheet's other side that shines through, told from print by how dark it is. Pure functions, any thread.

#include <optional>
#include <vector>

#include "stages/reading/ppocr_recognize.h"

namespace recto::reading {

/// The contrast of the page's print: the median over characters that are nearly sure; 0 when there are fewer than 20, too few
/// to say.
[[nodiscard]] float contrast_of_print(const std::vector<ReadLine>& lines);
/// What has less than this share of it is faint.
inline constexpr float kFaintPrint = 0.62F;
/// Most characters together that read alike in a mirror by chance.
inline constexpr int kMostAlike = 3;

/// Drops characters that are both much fainter than the confident print of the page and badly recognised: bleed-through
/// and shadows of other sheets. Lines that lose all their characters become empty. `shines`: known of the sheet; up to three much
/// fainter Chinese characters together then go too where they were read well, as those are that look alike in a mirror (干, 人).
void drop_shine_through(std::vector<ReadLine>& lines, bool shines);

/// What is at least as dark as `least` (grey steps between stroke and paper) stays of a line.
void keep_dark(ReadLine& line, float least);

/// The faint characters at one end of a line that has darker ones, too.
struct FaintEnd {
    std::size_t from, to;   ///< Their numbers in the line, the last one's by one more.
    std::ptrdiff_t letters; ///< How many are no marks.
    Quad quad;              ///< Where they stand: the region's part.
};
/// Those with a letter. `quad`: the line's region; `faint`: grey steps between stroke and paper that print has at least.
[[nodiscard]] std::vector<FaintEnd> faint_ends(const ReadLine& line, const Quad& quad, float faint);

/// Takes characters out of a line, by their numbers.
void drop_characters(ReadLine& line, std::size_t from, std::size_t to);

/// The longest part of a region along which ink is at least that dark; nothing where that is all of it or next to none.
[[nodiscard]] std::optional<Quad> dark_part(Pyramid& pyramid, const Quad& quad, bool vertical, float least);

} // namespace recto::reading
