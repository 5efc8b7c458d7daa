#include "stages/reading/shine_through.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "stages/reading/unicode.h"

namespace recto::reading {

float contrast_of_print(const std::vector<ReadLine>& lines) {
    std::vector<float> sure;
    for (const ReadLine& l : lines) {
        std::size_t i = 0;
        for (const Word& w : l.line.words)
            for (const Glyph& glyph : w.glyphs)
                if (const float c = l.contrasts[i++]; glyph.confidence > 0.95) sure.push_back(c);
    }
    if (sure.size() < 20) return 0;
    const auto middle = sure.begin() + static_cast<std::ptrdiff_t>(sure.size() / 2);
    std::nth_element(sure.begin(), middle, sure.end());
    return *middle;
}

namespace {

/// Mean confidence below which a run of faint characters is not print. Two readers that agree on a letter are less sure than two
/// that agree on a Chinese character (vote.h).
constexpr double kBadlyRead = 0.85, kBadlyReadLetters = 0.75;

/// Leaves the characters of a line of which `stays` (their number in the line) is true.
template <typename F> void keep_characters(ReadLine& read, F&& stays) {
    std::vector<float> contrasts;
    std::size_t i = 0;
    for (Word& word : read.line.words) {
        Word kept;
        for (Glyph& glyph : word.glyphs) {
            const std::size_t at = i++;
            if (!stays(at)) continue;
            kept.text += glyph.text;
            kept.confidence += glyph.confidence;
            kept.box = kept.glyphs.empty() ? glyph.box : unite(kept.box, glyph.box);
            kept.glyphs.push_back(std::move(glyph));
            contrasts.push_back(read.contrasts[at]);
        }
        if (!kept.glyphs.empty()) kept.confidence /= static_cast<double>(kept.glyphs.size());
        word = std::move(kept);
    }
    std::erase_if(read.line.words, [](const Word& word) { return word.glyphs.empty(); });
    read.contrasts = std::move(contrasts);
    refresh_line(read.line);
}

} // namespace

void drop_shine_through(std::vector<ReadLine>& lines) {
    const float faint = kFaintPrint * contrast_of_print(lines);
    if (faint <= 0) return;
    for (ReadLine& l : lines) {
        bool changed = false;
        // Runs of faint characters go when they were badly read as a whole; one doubtful character stays.
        std::vector<bool> drop(l.contrasts.size(), false);
        std::vector<std::pair<std::size_t, const Glyph*>> run;
        double confidence = 0;
        auto close_run = [&] {
            // Marks are small and never as dark as letters: by themselves they prove nothing.
            const bool letters = std::ranges::any_of(run, [](const auto& at) {
                const char32_t c = decode_utf8(at.second->text)[0];
                return is_word_letter(c) || (is_cjk(c) && c >= 0x3040 && c < 0xFE30) || c >= 0x20000;
            });
            const auto latin = std::ranges::count_if(run, [](const auto& at) { return is_letter(at.second->text); });
            const auto size = static_cast<double>(run.size());
            const double least = 2 * static_cast<double>(latin) > size ? kBadlyReadLetters : kBadlyRead;
            if (letters && confidence / size < least) {
                for (const auto& at : run) drop[at.first] = true;
                changed = true;
            }
            run.clear();
            confidence = 0;
        };
        std::size_t i = 0;
        for (const Word& word : l.line.words)
            for (const Glyph& glyph : word.glyphs) {
                if (l.contrasts[i] >= faint) close_run();
                else run.emplace_back(i, &glyph), confidence += glyph.confidence;
                ++i;
            }
        close_run();
        if (changed) keep_characters(l, [&](std::size_t k) { return !drop[k]; });
    }
}

void keep_dark(ReadLine& line, float least) {
    keep_characters(line, [&](std::size_t i) { return line.contrasts[i] >= least; });
}

std::optional<Quad> dark_part(Pyramid& pyramid, const Quad& quad, bool vertical, float least) {
    constexpr int kRows = 2 * kStripHeight; // thin strokes pale where a line is drawn smaller than it is
    StripGeometry g;
    const cv::Mat line = cut_line(pyramid, quad, vertical, kRows, g);
    const int paper = paper_of(line);
    // Stretches of dark columns, across the gaps between characters.
    constexpr int kGap = kRows, kLeastRows = 2, kMargin = kRows / 8;
    int from = -1, to = -1, best_from = 0, best_to = 0;
    for (int x = 0; x < line.cols; ++x) {
        int dark = 0;
        for (int y = 0; y < line.rows; ++y) dark += std::abs(line.at<std::uint8_t>(y, x) - paper) >= least ? 1 : 0;
        if (dark < kLeastRows) continue;
        if (from < 0 || x - to > kGap) from = x;
        to = x + 1;
        if (to - from > best_to - best_from) best_from = from, best_to = to;
    }
    best_from = std::max(0, best_from - kMargin), best_to = std::min(line.cols, best_to + kMargin);
    if (best_to - best_from < kRows / 2 || best_to - best_from > line.cols - kRows / 2) return std::nullopt;
    const auto at = [&](int x, int y) { return g.to_page(x, y); };
    const Point a = at(best_from, 0), b = at(best_to, 0), c = at(best_to, kRows), d = at(best_from, kRows);
    return vertical ? Quad{{d, a, b, c}} : Quad{{a, b, c, d}};
}

} // namespace recto::reading
