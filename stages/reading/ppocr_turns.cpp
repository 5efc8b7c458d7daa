/// Which way up, by reading: print is read in the four directions that it may lie in.

#include <algorithm>
#include <cmath>

#include "stages/reading/ppocr_page.h"

namespace recto::reading {

namespace {

/// So many lines are read, the longest ones.
constexpr std::size_t kMostTurned = 12;
/// Of its height: shorter ones may be a single character, which says nothing of the direction of its line.
constexpr double kLineLength = 2.5;

/// The region as it lies once the page was turned clockwise by so many quarters.
Quad turned(const Quad& q, std::size_t quarters) {
    Quad out;
    for (std::size_t i = 0; i < 4; ++i) out[i] = q[(i + 4 - quarters) % 4];
    return out;
}

double length(const Quad& q) { return std::hypot(q[1].x - q[0].x, q[1].y - q[0].y); }
double height(const Quad& q) { return std::hypot(q[3].x - q[0].x, q[3].y - q[0].y); }

/// Characters of a line that are right beyond those that are wrong, by their confidences.
struct Worth {
    double chinese = 0, other = 0;
};

Worth worth_by_script(const ReadLine& line) {
    Worth out;
    for (const Word& word : line.line.words)
        for (const Glyph& g : word.glyphs) (is_chinese(g) ? out.chinese : out.other) += worth_of(g);
    return out;
}

/// The networks learnt columns from characters that lie on their sides, and read those as well as upright ones. So Chinese print
/// always reads well in two directions, a quarter apart, and neither is the better one.
void leave_both(TurnScores& chinese) {
    const auto pair = [&](std::size_t q) { return chinese[q] + chinese[(q + 3) % 4]; };
    std::size_t best = 0;
    for (std::size_t q = 1; q < 4; ++q)
        if (pair(q) > pair(best)) best = q;
    chinese[best] = chinese[(best + 3) % 4] = pair(best) / 2;
}

} // namespace

Result<TurnScores> PpocrPageReader::try_turns(const Raster& raster, const Limits& limits) {
    TurnScores scores{}, chinese{};
    if (raster.empty()) return scores;
    Pyramid pyramid(raster.pixels);
    double text_height = 0;
    RECTO_ASSIGN(std::vector<TextRegion> regions, detect(pyramid, text_height, limits));
    std::erase_if(regions, [](const TextRegion& r) {
        const double w = length(r.quad), h = height(r.quad);
        return std::min(w, h) < 2 || std::max(w, h) < kLineLength * std::min(w, h);
    });
    const auto longer = [](const TextRegion& r) { return std::max(length(r.quad), height(r.quad)); };
    std::ranges::stable_sort(regions, std::greater{}, longer);
    if (regions.size() > kMostTurned) regions.resize(kMostTurned);
    for (const TextRegion& region : regions)
        for (std::size_t quarters = 0; quarters < 4; ++quarters) {
            if (limits.expired()) return expired_error(limits, "while lines were read in four directions");
            const Quad quad = turned(region.quad, quarters);
            const bool column = height(quad) > length(quad);
            const ReadLine line =
                column ? recognize_upright(0, pyramid, quad) : recognize(0, pyramid, plan_strips(quad, false));
            const Worth worth = worth_by_script(line);
            chinese[quarters] += worth.chinese;
            if (!column) scores[quarters] += worth.other; // nothing else stands in columns
        }
    leave_both(chinese);
    for (std::size_t quarters = 0; quarters < 4; ++quarters) scores[quarters] += chinese[quarters];
    return scores;
}

} // namespace recto::reading
