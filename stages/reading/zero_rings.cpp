#include "stages/reading/zero_rings.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

/// Sides of a ring's inside, of the height of characters, and how far they may differ.
constexpr double kSmallestInside = 0.45, kLargestInside = 1.0, kMostOblong = 1.25;
/// Share of its square that the inside fills: a circle .785, a square nearly all, a rhomb half.
constexpr double kLeastFilled = 0.68, kMostFilled = 0.87;
/// Sides of the outline, of its inside's: ink that hangs on to a ring makes it another character (中, 申, 白).
constexpr double kMostBesides = 1.35;
/// A shape, not a network, says so.
constexpr double kRingConfidence = 0.9;
/// Of their height: so long ink is that of two characters.
constexpr double kTwoPlacesLong = 1.45;
/// Likewise: a zero that was read so near to a ring may be it.
constexpr double kNextPlace = 1.4;

bool is_zero(const std::string& text) {
    return text == "〇" || text == "○" || text == "O" || text == "0" || text == "o";
}

bool is_figure_of_place(const std::string& text) {
    const std::u32string points = decode_utf8(text);
    return points.size() == 1 &&
           std::u32string_view(U"〇○零一二三四五六七八九十百千").find(points[0]) != std::u32string_view::npos;
}

} // namespace

std::vector<double> find_rings(const cv::Mat& picture, double em) {
    cv::Mat ink, labels, stats, middles;
    cv::threshold(picture, ink, 0, 255, cv::THRESH_BINARY_INV | cv::THRESH_OTSU);
    if (2 * cv::countNonZero(ink) > static_cast<int>(ink.total())) return {};
    const int n = cv::connectedComponentsWithStats(255 - ink, labels, stats, middles, 4, CV_32S);
    cv::Mat outlines, outline_stats, outline_middles;
    cv::connectedComponentsWithStats(ink, outlines, outline_stats, outline_middles, 8, CV_32S);
    std::vector<double> out;
    for (int i = 1; i < n; ++i) {
        const cv::Rect box(stats.at<int>(i, cv::CC_STAT_LEFT), stats.at<int>(i, cv::CC_STAT_TOP),
                           stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT));
        const double least = std::min(box.width, box.height), most = std::max(box.width, box.height);
        if (least < kSmallestInside * em || most > kLargestInside * em || most > kMostOblong * least) continue;
        const double area = stats.at<int>(i, cv::CC_STAT_AREA), filled = area / box.area();
        if (filled < kLeastFilled || filled > kMostFilled) continue;
        if (box.x == 0 || box.y == 0 || box.br().x == picture.cols || box.br().y == picture.rows) continue;
        // The outline is the ink to its left, and is little larger than the inside.
        int left = box.x - 1;
        const int row = box.y + box.height / 2;
        while (left >= 0 && outlines.at<int>(row, left) == 0) --left;
        if (left < 0) continue;
        const int outline = outlines.at<int>(row, left);
        const double wide = outline_stats.at<int>(outline, cv::CC_STAT_WIDTH),
                     high = outline_stats.at<int>(outline, cv::CC_STAT_HEIGHT);
        if (wide > kMostBesides * box.width || high > kMostBesides * box.height) continue;
        out.push_back(box.x + box.width / 2.0);
    }
    std::ranges::sort(out);
    return out;
}

namespace {

/// Where along its line a box lies; the other direction stays as it is.
struct Along {
    bool vertical;
    [[nodiscard]] double from(const Box& b) const { return vertical ? b.y : b.x; }
    [[nodiscard]] double to(const Box& b) const { return vertical ? b.y + b.height : b.x + b.width; }
    void set(Box& b, double from, double to) const {
        if (vertical) b.y = from, b.height = to - from;
        else b.x = from, b.width = to - from;
    }
};

/// A ring on the page, and whether a glyph of the line has been found to be it.
struct Ring {
    double middle;
    bool read = false;
};

/// A zero takes the first ring near to it that no other has; it may have been read at its neighbour's place. Another character
/// whose ink seems to reach over rings beside it ends before them.
void claim(Glyph& glyph, std::vector<Ring>& rings, const Along& along, double em) {
    const double from = along.from(glyph.box), to = along.to(glyph.box), middle = (from + to) / 2;
    if (is_zero(glyph.text)) {
        const auto near = std::ranges::find_if(
            rings, [&](const Ring& ring) { return !ring.read && std::abs(ring.middle - middle) < kNextPlace * em; });
        if (near == rings.end()) return;
        near->read = true;
        along.set(glyph.box, near->middle - em / 2, near->middle + em / 2);
        return;
    }
    double own_from = from, own_to = to;
    for (Ring& ring : rings) {
        if (ring.middle <= from || ring.middle >= to) continue;
        if (to - from < kTwoPlacesLong * em) ring.read = true; // part of it, or misread
        else if (ring.middle < middle) own_from = std::max(own_from, ring.middle + em / 2);
        else own_to = std::min(own_to, ring.middle - em / 2);
    }
    if (own_to - own_from > em / 4) along.set(glyph.box, own_from, own_to);
}

/// The region with room for a character more at either end: the detector misses a ring there.
Quad longer(const Quad& quad, bool vertical, double by_pixels) {
    const std::array<std::size_t, 4> ends =
        vertical ? std::array<std::size_t, 4>{1, 2, 0, 3} : std::array<std::size_t, 4>{0, 1, 3, 2};
    Quad out = quad;
    for (const std::size_t side : {0U, 2U}) {
        const Point from = quad[ends[side]], to = quad[ends[side + 1]];
        const double length = std::max(1.0, std::hypot(to.x - from.x, to.y - from.y));
        const Point by{(to.x - from.x) / length * by_pixels, (to.y - from.y) / length * by_pixels};
        out[ends[side]] = {from.x - by.x, from.y - by.y};
        out[ends[side + 1]] = {to.x + by.x, to.y + by.y};
    }
    return out;
}

} // namespace

void add_zero_rings(ReadLine& line, Pyramid& pyramid, const Quad& quad) {
    std::vector<Word>& words = line.line.words;
    const bool figures = std::ranges::any_of(words, [](const Word& w) {
        return std::ranges::any_of(w.glyphs, [](const Glyph& g) { return is_figure_of_place(g.text); });
    });
    if (!figures) return;
    StripGeometry g;
    const std::size_t below = line.line.vertical ? 0 : 3, start = line.line.vertical ? 1 : 0;
    const double across = std::hypot(quad[below].x - quad[start].x, quad[below].y - quad[start].y);
    if (across < 1) return;
    const cv::Mat picture =
        cut_line(pyramid, longer(quad, line.line.vertical, across), line.line.vertical, kStripHeight, g);
    const Along along{line.line.vertical};
    std::vector<Ring> rings;
    // Boxes are as high as the ink of the line.
    const double em = std::min(across, along.vertical ? line.line.box.width : line.line.box.height);
    for (const double x : find_rings(picture, em / across * kStripHeight)) {
        const Point middle = g.to_page(x, kStripHeight / 2.0);
        rings.push_back({along.vertical ? middle.y : middle.x});
    }
    for (Word& word : words)
        for (Glyph& glyph : word.glyphs) claim(glyph, rings, along, em);
    for (const Ring& ring : rings) {
        if (ring.read) continue;
        // Behind the last glyph that begins before it; at the start of the first word where none does.
        std::size_t at_word = 0, at = 0, contrast = 0, all = 0;
        const Glyph *before = nullptr, *after = nullptr;
        for (std::size_t w = 0; w < words.size(); ++w)
            for (std::size_t k = 0; k < words[w].glyphs.size(); ++k, ++all) {
                const Glyph& glyph = words[w].glyphs[k];
                if (along.from(glyph.box) < ring.middle)
                    before = &glyph, after = nullptr, at_word = w, at = k + 1, contrast = all + 1;
                else if (after == nullptr) after = &glyph;
            }
        const bool beside = (before != nullptr && is_figure_of_place(before->text)) ||
                            (after != nullptr && is_figure_of_place(after->text));
        if (!beside) continue;
        Glyph zero{"〇", (before != nullptr ? before : after)->box, kRingConfidence};
        along.set(zero.box, ring.middle - em / 2, ring.middle + em / 2);
        Word& word = words[at_word];
        const float depth = line.contrasts[contrast > 0 ? contrast - 1 : 0];
        line.contrasts.insert(line.contrasts.begin() + static_cast<std::ptrdiff_t>(contrast), depth);
        word.box = unite(word.box, zero.box);
        word.glyphs.insert(word.glyphs.begin() + static_cast<std::ptrdiff_t>(at), std::move(zero));
        word.text.clear();
        word.confidence = 0;
        for (const Glyph& glyph : word.glyphs) word.text += glyph.text, word.confidence += glyph.confidence;
        word.confidence /= static_cast<double>(word.glyphs.size());
    }
    refresh_line(line.line);
}

} // namespace recto::reading
