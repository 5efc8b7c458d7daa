#pragma once

/// One picture of a page, what was read from it, and how far that can be trusted: it decides who reads the page again. One thread.

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>

#include "stages/reading/ppocr_detect.h"
#include "stages/reading/ppocr_recognize.h"

namespace recto::reading {

/// Confidence below which a character, or a line as a whole, is in doubt.
inline constexpr double kDoubtful = 0.75;

/// Of Chinese characters and their marks (is_cjk).
[[nodiscard]] bool is_chinese(const Glyph& glyph);
/// Letters, not figures, are most of it.
[[nodiscard]] bool is_in_letters(const TextLine& line);
/// Of a character that should be read again. Marks of Latin print are in doubt in the clearest of lines.
[[nodiscard]] bool is_doubtful(const Glyph& glyph);
/// A character of it is in doubt, or was left out, or none was read.
[[nodiscard]] bool is_doubtful(const ReadLine& line);

/// Summed over characters: how many are right beyond those that are wrong, by their confidences.
[[nodiscard]] inline double worth_of(const Glyph& glyph) { return std::max(0.0, 2 * glyph.confidence - 1); }

[[nodiscard]] inline double worth_of(const TextLine& line) {
    double sum = 0;
    for (const Word& word : line.words)
        for (const Glyph& g : word.glyphs) sum += worth_of(g);
    return sum;
}

struct PageView {
    explicit PageView(cv::Mat picture) : pyramid(std::move(picture)) {}

    Pyramid pyramid;
    std::vector<TextRegion> regions;
    std::vector<ReadLine> lines;                 ///< One a region.
    std::vector<std::optional<ReadLine>> better; ///< Likewise, where the better network was asked beside another.
    double text_height = 0;                      ///< Pixels; 0: not known.
    int mirrored = 0; ///< Lines that read better in a mirror: they stand on the sheet's other side.

    template <typename F> void each_glyph(F&& f) const {
        for (const ReadLine& l : lines)
            for (const Word& word : l.line.words)
                for (const Glyph& g : word.glyphs) f(g);
    }
    /// Of all its characters.
    [[nodiscard]] double worth() const;
    /// As many of its characters are Chinese as others, or more; also where none was read.
    [[nodiscard]] bool is_chinese() const;
    [[nodiscard]] bool shines() const { return mirrored > 0; }
    /// Much of its print was read in doubt, or none where print was found. `may_shine`: what is faint says nothing, for it may
    /// stand on the sheet's other side.
    [[nodiscard]] bool worn(bool may_shine) const;
    /// Of more of its Chinese print than of clean print the reader was not quite sure: of such print it takes some characters for
    /// others without a doubt (自 for 白).
    [[nodiscard]] bool unsteady() const;
};

} // namespace recto::reading
