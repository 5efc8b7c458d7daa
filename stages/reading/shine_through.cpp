#include "stages/reading/shine_through.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "stages/reading/page_view.h"
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

/// How faint those are, beside print, that read alike in a mirror by chance.
constexpr float kVeryFaint = 0.42F;
/// One character between two others that leave so much room, in widths of theirs, stands in a line of print: what shines through
/// keeps to no line's places. A 一 of worn print has little ink and reads badly, but it is there.
constexpr double kLeastRoomOfOne = 0.5, kRoomOfOne = 1.6;
/// So much of its place the ink of a comma or a stop and the paper behind it fill.
constexpr double kPlaceOfMark = 0.8;
/// By how many times a mark of print is darker than letters that shine through.
constexpr float kDarkerMark = 1.4F;

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

namespace {

/// A faint character of a line.
struct Faint {
    std::size_t at; ///< Its number in the line.
    const Glyph* glyph;
    float contrast;
};

bool is_mark(const Glyph& glyph) {
    const char32_t c = decode_utf8(glyph.text)[0];
    return !(is_word_letter(c) || (is_cjk(c) && c >= 0x3040 && c < 0xFE30) || c >= 0x20000);
}

/// Whether faint characters that follow each other are no print.
bool is_no_print(const std::vector<Faint>& run, float print, bool shines) {
    double confidence = 0, latin = 0, letters = 0;
    bool chinese = true;
    float darkest = 0;
    for (const Faint& f : run) {
        confidence += f.glyph->confidence;
        latin += is_letter(f.glyph->text);
        // Marks are small and never as dark as letters: by themselves they prove nothing.
        if (is_mark(*f.glyph)) continue;
        ++letters, darkest = std::max(darkest, f.contrast);
        chinese = chinese && is_cjk(decode_utf8(f.glyph->text)[0]);
    }
    if (letters == 0) return false;
    const auto size = static_cast<double>(run.size());
    if (confidence / size < (2 * latin > size ? kBadlyReadLetters : kBadlyRead)) return true;
    return shines && chinese && letters <= kMostAlike && darkest < kVeryFaint * print;
}

/// Room between two characters of Chinese print, in widths of theirs; nothing where one of them is of other print.
std::optional<double> room_between(const Glyph& before, const Glyph& after, bool vertical) {
    if (!(is_chinese(before) || is_mark(before)) || !is_chinese(after)) return std::nullopt;
    const Box &a = before.box, &b = after.box;
    const double one = vertical ? std::max(a.height, b.height) : std::max(a.width, b.width);
    double end = vertical ? a.y + a.height : a.x + a.width;
    if (is_mark(before)) end = std::max(end, (vertical ? a.y : a.x) + kPlaceOfMark * one);
    return ((vertical ? b.y : b.x) - end) / one;
}

/// A mark at the end of such a run that is sure and darker than its letters belongs to the print beside it.
void keep_marks(std::vector<Faint>& run) {
    std::vector<float> letters;
    for (const Faint& f : run)
        if (!is_mark(*f.glyph)) letters.push_back(f.contrast);
    const auto middle = letters.begin() + static_cast<std::ptrdiff_t>(letters.size() / 2);
    std::nth_element(letters.begin(), middle, letters.end());
    const auto of_print = [least = kDarkerMark * *middle](const Faint& f) {
        return is_mark(*f.glyph) && f.glyph->confidence > 0.9 && f.contrast > least;
    };
    while (of_print(run.back())) run.pop_back();
    const auto first = std::ranges::find_if_not(run, of_print);
    run.erase(run.begin(), first);
}

} // namespace

void drop_shine_through(std::vector<ReadLine>& lines, bool shines) {
    const float print = contrast_of_print(lines), faint = kFaintPrint * print;
    if (faint <= 0) return;
    for (ReadLine& l : lines) {
        // Runs of faint characters go when they were badly read as a whole; one doubtful character stays.
        std::vector<bool> drop(l.contrasts.size(), false);
        std::vector<Faint> run;
        const Glyph* before = nullptr; // the run
        const auto close_run = [&](const Glyph* after) {
            const auto room = run.size() == 1 && before != nullptr && after != nullptr
                                  ? room_between(*before, *after, l.line.vertical)
                                  : std::nullopt;
            const bool has_place = room && *room >= kLeastRoomOfOne && *room <= kRoomOfOne;
            const bool has_no_room = room && *room < kLeastRoomOfOne;
            const bool is_over =
                has_no_room && shines && !is_mark(*run[0].glyph) && run[0].contrast < kVeryFaint * print;
            if (!run.empty() && (is_over || (is_no_print(run, print, shines) && !has_place))) {
                keep_marks(run);
                for (const Faint& f : run) drop[f.at] = true;
            }
            run.clear();
            before = after;
        };
        std::size_t i = 0;
        for (const Word& word : l.line.words)
            for (const Glyph& glyph : word.glyphs) {
                if (l.contrasts[i] >= faint) close_run(&glyph);
                else run.push_back({i, &glyph, l.contrasts[i]});
                ++i;
            }
        close_run(nullptr);
        if (std::ranges::find(drop, true) != drop.end()) keep_characters(l, [&](std::size_t k) { return !drop[k]; });
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

std::vector<FaintEnd> faint_ends(const ReadLine& line, const Quad& quad, float faint) {
    std::vector<const Glyph*> glyphs;
    for (const Word& word : line.line.words)
        for (const Glyph& glyph : word.glyphs) glyphs.push_back(&glyph);
    const std::size_t count = glyphs.size();
    std::size_t head = 0, tail = count;
    while (head < count && line.contrasts[head] < faint) ++head;
    while (tail > head && line.contrasts[tail - 1] < faint) --tail;
    // Marks are faint in print, too.
    while (head > 0 && is_mark(*glyphs[head - 1])) --head;
    while (tail < count && is_mark(*glyphs[tail])) ++tail;
    const auto letters = [&](std::size_t from, std::size_t to) {
        return std::count_if(glyphs.begin() + static_cast<std::ptrdiff_t>(from),
                             glyphs.begin() + static_cast<std::ptrdiff_t>(to),
                             [](const Glyph* glyph) { return !is_mark(*glyph); });
    };
    const bool vertical = line.line.vertical;
    const Box region = bounds(quad);
    const double start = vertical ? region.y : region.x, length = vertical ? region.height : region.width;
    // Where one character ends and the next begins, as a share of the region.
    const auto cut_before = [&](std::size_t i) {
        const Box &a = glyphs[i - 1]->box, &b = glyphs[i]->box;
        const double between = vertical ? (a.y + a.height + b.y) / 2 : (a.x + a.width + b.x) / 2;
        return std::clamp((between - start) / length, 0.0, 1.0);
    };
    const auto part = [&](double from, double to) {
        const auto along = [](const Point& a, const Point& b, double t) {
            return Point{a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
        };
        const auto& [a, b, c, d] = quad;
        return vertical ? Quad{{along(a, d, from), along(b, c, from), along(b, c, to), along(a, d, to)}}
                        : Quad{{along(a, b, from), along(a, b, to), along(d, c, to), along(d, c, from)}};
    };
    std::vector<FaintEnd> out;
    if (head == count) return out;
    if (const auto n = letters(0, head); n > 0) out.push_back({0, head, n, part(0, cut_before(head))});
    if (const auto n = letters(tail, count); n > 0) out.push_back({tail, count, n, part(cut_before(tail), 1)});
    return out;
}

void drop_characters(ReadLine& line, std::size_t from, std::size_t to) {
    keep_characters(line, [&](std::size_t i) { return i < from || i >= to; });
}

} // namespace recto::reading
