#include "stages/reading/ppocr_recognize.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

constexpr double kMaxSqueeze = 0.10; ///< A strip may be made this much narrower to fit a bucket ...
constexpr double kMaxStretch = 0.12; ///< ... or this much wider.

double distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

/// Bucket for a natural width; `width` becomes what is really drawn.
int choose_bucket(double natural, int& width) {
    for (int bucket : kStripWidths) {
        if (bucket < natural * (1 - kMaxSqueeze)) continue;
        width = bucket <= natural * (1 + kMaxStretch) ? bucket : static_cast<int>(std::ceil(natural));
        return bucket;
    }
    width = kStripWidths.back();
    return kStripWidths.back();
}

struct Ink {
    std::vector<float> columns, rows;
    int top = 0, bottom = kStripHeight; ///< Rows of the line itself, bottom excluded.
    std::vector<std::uint8_t> contrast; ///< Distance of each pixel from the background, row by row.
    int width = 0;

    /// How far the strokes between two columns stand out: the 12th largest difference, which even a comma has.
    [[nodiscard]] float contrast_of(int left, int right) const {
        std::array<int, 256> bins{};
        for (int y = top; y < bottom; ++y)
            for (int x = left; x < right; ++x) ++bins[contrast[static_cast<std::size_t>(y * width + x)]];
        int value = 255;
        for (int above = bins[255]; value > 0 && above < 12; above += bins[static_cast<std::size_t>(--value)]) {}
        return static_cast<float>(value);
    }
};

/// What counts as ink: this share of the depth of a line's darkest thirtieth, but no less and no more grey steps than these.
constexpr double kInkShare = 0.3;
constexpr int kLeastInk = 22, kMostInk = 40;

/// Where the strip differs from its own background, by column and row.
Ink find_ink(const cv::Mat& strip, int width) {
    cv::Mat grey;
    cv::cvtColor(strip(cv::Rect(0, 0, width, strip.rows)), grey, cv::COLOR_RGB2GRAY);
    const int background = paper_of(grey);
    Ink ink;
    ink.columns.assign(static_cast<std::size_t>(width), 0);
    ink.rows.assign(static_cast<std::size_t>(grey.rows), 0);
    ink.width = width;
    std::vector<std::uint8_t>& contrast = ink.contrast;
    std::array<std::size_t, 256> depths{};
    contrast.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(grey.rows));
    for (int y = 0; y < grey.rows; ++y)
        for (int x = 0; x < width; ++x) {
            const int d = std::abs(grey.at<uchar>(y, x) - background);
            contrast[static_cast<std::size_t>(y * width + x)] = static_cast<std::uint8_t>(d);
            ++depths[static_cast<std::size_t>(d)];
        }
    // Of faint print the thin strokes count as well: an L without its foot would end in a gap.
    int deep = 255;
    for (std::size_t above = depths[255]; deep > 0 && above * 30 < grey.total();
         above += depths[static_cast<std::size_t>(--deep)]) {}
    const int least = std::clamp(static_cast<int>(kInkShare * deep), kLeastInk, kMostInk);
    for (int y = 0; y < grey.rows; ++y)
        for (int x = 0; x < width; ++x)
            if (const int d = contrast[static_cast<std::size_t>(y * width + x)]; d > least)
                ink.rows[static_cast<std::size_t>(y)] += static_cast<float>(d);
    // The line's own rows: outwards from the densest one; a gap of more than 8 rows is the space to the next line.
    const int densest = static_cast<int>(std::max_element(ink.rows.begin(), ink.rows.end()) - ink.rows.begin());
    const float floor = ink.rows[static_cast<std::size_t>(densest)] * 0.03F;
    auto edge = [&](int direction) {
        int last = densest;
        for (int y = densest, gap = 0; y >= 0 && y < grey.rows && gap <= 8; y += direction)
            if (ink.rows[static_cast<std::size_t>(y)] > floor) {
                last = y;
                gap = 0;
            } else {
                ++gap;
            }
        return last;
    };
    ink.top = edge(-1);
    ink.bottom = edge(1) + 1;
    if (ink.bottom - ink.top < 6) {
        ink.top = std::max(0, ink.top - 8);
        ink.bottom = std::min(grey.rows, ink.bottom + 8);
    }
    for (int y = ink.top; y < ink.bottom; ++y)
        for (int x = 0; x < width; ++x)
            if (const int d = contrast[static_cast<std::size_t>(y * width + x)]; d > least)
                ink.columns[static_cast<std::size_t>(x)] += static_cast<float>(d);
    return ink;
}

/// Column between two characters with the least ink, the nearest to the middle among equals.
double boundary_between(const std::vector<float>& columns, double left, double right) {
    const int from = std::max(0, static_cast<int>(std::floor(left)));
    const int to = std::min(static_cast<int>(columns.size()) - 1, static_cast<int>(std::ceil(right)));
    const double middle = (left + right) / 2, span = std::max(1.0, (right - left) / 2);
    double best = 1e30, at = middle;
    for (int x = from; x <= to; ++x) {
        const double away = std::abs(x + 0.5 - middle) / span;
        // Near a neighbour's centre a gap is within that character (八, 川), not between the two.
        const double cost = columns[static_cast<std::size_t>(x)] + 30 * away + (away > 0.6 ? 4000 * (away - 0.6) : 0);
        if (cost < best) {
            best = cost;
            at = x + 0.5;
        }
    }
    return at;
}

struct Piece {
    const CtcChar* character;
    double left = 0, right = 0; ///< Columns of its ink.
    double space_before = 0;    ///< Confidence of the network that there is one; 0: it says none.
};

/// Of a space that the network says: it is believed without regard to the ink, whose gap may lie on another letter's side of the
/// places the network gives.
constexpr double kSureSpace = 0.9;

/// Distances between characters that say what the usual one is; what is wider than that by this factor has two in it.
constexpr std::size_t kLeastAdvances = 4;
constexpr double kTwoPlaces = 1.5;

/// Settles the space between two neighbours: the network says it, and the ink has a say in Latin text.
bool keep_space(const Charset& charset, const Piece& a, const Piece& b, double em, double usual_gap) {
    const bool said = b.space_before > 0;
    const char32_t l = charset.code_point(a.character->label), r = charset.code_point(b.character->label);
    const double gap = b.left - a.right;
    const bool left_cjk = is_cjk(l), right_cjk = is_cjk(r);
    if (left_cjk && right_cjk) return gap > 0.9 * em && said; // 第 一 章 is spacing, not words
    if (left_cjk || right_cjk) return said && gap > 0.35 * em;
    if (said) return b.space_before >= kSureSpace || gap > 0.02 * em || usual_gap < 0;
    if (is_word_letter(l) && is_word_letter(r)) return gap > std::max(0.34 * em, 2.5 * usual_gap);
    return gap > std::max(0.55 * em, 3.5 * usual_gap);
}

/// How many Chinese characters have ink over nearly two places: the network left the one beside it out. It overlooks marks in
/// corners, and of 〇〇 it takes one.
int count_skipped(const Charset& charset, const std::vector<Piece>& pieces, double step) {
    std::vector<double> advances;
    const auto chinese = [&](const Piece& p) { return is_cjk(charset.code_point(p.character->label)); };
    for (std::size_t i = 1; i < pieces.size(); ++i)
        if (chinese(pieces[i - 1]) && chinese(pieces[i]))
            advances.push_back((pieces[i].character->position - pieces[i - 1].character->position) * step);
    if (advances.size() < kLeastAdvances) return 0;
    std::ranges::nth_element(advances, advances.begin() + static_cast<std::ptrdiff_t>(advances.size() / 2));
    const double most = kTwoPlaces * advances[advances.size() / 2];
    return static_cast<int>(
        std::ranges::count_if(pieces, [&](const Piece& p) { return chinese(p) && p.right - p.left > most; }));
}

Box box_of(const StripGeometry& g, double left, double right, double top, double bottom, cv::Size page) {
    const std::array<Point, 4> corners = {g.to_page(left, top), g.to_page(right, top), g.to_page(right, bottom),
                                          g.to_page(left, bottom)};
    double x0 = 1e30, y0 = 1e30, x1 = -1e30, y1 = -1e30;
    for (const Point& p : corners) {
        x0 = std::min(x0, p.x), x1 = std::max(x1, p.x);
        y0 = std::min(y0, p.y), y1 = std::max(y1, p.y);
    }
    x0 = std::clamp(x0, 0.0, static_cast<double>(page.width)), x1 = std::clamp(x1, x0, static_cast<double>(page.width));
    y0 = std::clamp(y0, 0.0, static_cast<double>(page.height)),
    y1 = std::clamp(y1, y0, static_cast<double>(page.height));
    return {x0, y0, x1 - x0, y1 - y0};
}

} // namespace

const cv::Mat& Pyramid::level(int level) {
    level = std::clamp(level, 0, 4);
    while (static_cast<int>(levels_.size()) <= level) {
        const cv::Mat& last = levels_.back();
        cv::Mat half;
        cv::resize(last, half, cv::Size(std::max(1, (last.cols + 1) / 2), std::max(1, (last.rows + 1) / 2)), 0, 0,
                   cv::INTER_AREA);
        levels_.push_back(half);
    }
    return levels_[static_cast<std::size_t>(level)];
}

std::vector<StripGeometry> plan_strips(const Quad& quad, bool vertical) {
    const Point start = vertical ? quad[1] : quad[0];
    const Point end = vertical ? quad[2] : quad[1];
    const Point below = vertical ? quad[0] : quad[3];
    const double length = std::max(1.0, distance(start, end)), height = std::max(1.0, distance(start, below));
    const double natural = length * kStripHeight * kCondense / height;
    const double widest = kStripWidths.back() / (1 - kMaxSqueeze);
    const int parts = std::max(1, static_cast<int>(std::ceil(natural / widest)));
    std::vector<StripGeometry> out;
    for (int i = 0; i < parts; ++i) {
        StripGeometry g;
        g.vertical = vertical;
        const double share = 1.0 / parts;
        g.origin = {start.x + (end.x - start.x) * i * share, start.y + (end.y - start.y) * i * share};
        g.bucket = choose_bucket(natural * share, g.width);
        g.along = {(end.x - start.x) * share / g.width, (end.y - start.y) * share / g.width};
        g.across = {(below.x - start.x) / kStripHeight, (below.y - start.y) / kStripHeight};
        out.push_back(g);
    }
    return out;
}

std::vector<StripGeometry> mirrored(std::vector<StripGeometry> strips) {
    for (StripGeometry& g : strips) {
        g.origin = g.to_page(g.width, 0);
        g.along = {-g.along.x, -g.along.y};
    }
    return strips;
}

namespace {

/// The region of a strip, drawn `width` by `height` by one bilinear resampling.
cv::Mat draw_strip(Pyramid& pyramid, const StripGeometry& g, int width, int height) {
    const double reduction = std::hypot(g.across.x, g.across.y);
    int level = 0;
    while (level < 4 && reduction / (1 << level) > 1.6) ++level;
    const cv::Mat& image = pyramid.level(level);
    // Real factor of the level: odd sizes are rounded up.
    const double fx = static_cast<double>(image.cols) / pyramid.size().width;
    const double fy = static_cast<double>(image.rows) / pyramid.size().height;
    // Pixel centres lie at half coordinates; warpAffine counts from pixel centres.
    const cv::Matx23d inverse(g.along.x * fx, g.across.x * fx, (g.origin.x + 0.5 * (g.along.x + g.across.x)) * fx - 0.5,
                              g.along.y * fy, g.across.y * fy,
                              (g.origin.y + 0.5 * (g.along.y + g.across.y)) * fy - 0.5);
    cv::Mat drawn;
    cv::warpAffine(image, drawn, inverse, cv::Size(width, height), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                   cv::BORDER_REPLICATE);
    return drawn;
}

} // namespace

int paper_of(const cv::Mat& grey) {
    std::array<int, 32> bins{};
    for (int y = 0; y < grey.rows; ++y)
        for (int x = 0; x < grey.cols; ++x) ++bins[grey.at<std::uint8_t>(y, x) >> 3];
    return static_cast<int>(std::ranges::max_element(bins) - bins.begin()) * 8 + 4;
}

cv::Mat cut_strip(Pyramid& pyramid, const StripGeometry& g) {
    cv::Mat drawn = draw_strip(pyramid, g, g.width, kStripHeight);
    if (drawn.channels() == 1) cv::cvtColor(drawn, drawn, cv::COLOR_GRAY2RGB);
    if (g.width == g.bucket) return drawn;
    cv::Mat strip(kStripHeight, g.bucket, CV_8UC3, cv::Scalar::all(128));
    drawn.copyTo(strip(cv::Rect(0, 0, g.width, kStripHeight)));
    return strip;
}

cv::Mat cut_line(Pyramid& pyramid, const Quad& quad, bool vertical, int height, StripGeometry& g) {
    const Point start = vertical ? quad[1] : quad[0];
    const Point end = vertical ? quad[2] : quad[1];
    const Point below = vertical ? quad[0] : quad[3];
    const double length = std::max(1.0, distance(start, end)), tall = std::max(1.0, distance(start, below));
    g.vertical = vertical;
    g.origin = start;
    g.width = g.bucket = std::clamp(static_cast<int>(std::lround(length * height / tall)), 1, 16000);
    g.along = {(end.x - start.x) / g.width, (end.y - start.y) / g.width};
    g.across = {(below.x - start.x) / height, (below.y - start.y) / height};
    cv::Mat drawn = draw_strip(pyramid, g, g.width, height);
    if (drawn.channels() == 3) cv::cvtColor(drawn, drawn, cv::COLOR_RGB2GRAY);
    return drawn;
}

void to_page(TextLine& line, const StripGeometry& g, cv::Size page) {
    for (Word& word : line.words) {
        for (Glyph& glyph : word.glyphs) {
            const Box b = glyph.box;
            glyph.box = box_of(g, b.x, b.x + b.width, b.y, b.y + b.height, page);
        }
        const Box b = word.box;
        word.box = box_of(g, b.x, b.x + b.width, b.y, b.y + b.height, page);
    }
    line.vertical = g.vertical;
    refresh_line(line);
}

void append(ReadLine& line, ReadLine part) {
    line.line.vertical = part.line.vertical;
    for (Word& word : part.line.words) line.line.words.push_back(std::move(word));
    line.skipped += part.skipped;
    line.contrasts.insert(line.contrasts.end(), part.contrasts.begin(), part.contrasts.end());
}

void refresh_line(TextLine& line) {
    line.text.clear();
    line.confidence = 0;
    std::size_t characters = 0;
    for (std::size_t i = 0; i < line.words.size(); ++i) {
        const Word& word = line.words[i];
        if (i > 0) line.text += ' ';
        line.text += word.text;
        line.box = i == 0 ? word.box : unite(line.box, word.box);
        const std::size_t n = std::max<std::size_t>(1, word.glyphs.size());
        line.confidence += word.confidence * static_cast<double>(n);
        characters += n;
    }
    if (characters > 0) line.confidence /= static_cast<double>(characters);
}

ReadLine build_line(const std::vector<CtcChar>& characters, const Charset& charset, const cv::Mat& strip,
                    const StripGeometry& g, double step, cv::Size page) {
    ReadLine out;
    TextLine& line = out.line;
    line.vertical = g.vertical;
    const Ink ink = find_ink(strip, g.width);
    std::vector<Piece> pieces;
    double space = 0;
    for (const CtcChar& c : characters) {
        const char32_t point = charset.code_point(c.label);
        if (point == U' ' || point == U'\u3000') {
            space = pieces.empty() ? 0 : c.confidence;
            continue;
        }
        pieces.push_back({&c, 0, 0, space});
        space = 0;
    }
    if (pieces.empty()) return out;

    // Limits between neighbours, then each character's own ink within its limits.
    const double em = std::max(8, ink.bottom - ink.top);
    auto centre = [&](std::size_t i) { return std::min<double>(g.width - 0.5, pieces[i].character->position * step); };
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        pieces[i].left = i == 0 ? std::max(0.0, centre(0) - 1.2 * em) : pieces[i - 1].right;
        pieces[i].right = i + 1 == pieces.size()
                              ? std::min<double>(g.width, centre(i) + 1.2 * em)
                              : boundary_between(ink.columns, centre(i), std::max(centre(i), centre(i + 1)));
    }
    std::vector<double> gaps;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        Piece& p = pieces[i];
        int from = static_cast<int>(p.left), to = std::max(from + 1, static_cast<int>(std::ceil(p.right)));
        to = std::min(to, g.width);
        while (from < to - 1 && ink.columns[static_cast<std::size_t>(from)] <= 0) ++from;
        while (to > from + 1 && ink.columns[static_cast<std::size_t>(to - 1)] <= 0) --to;
        if (to > from + 1) { // ink was found: tighten, else keep the limits
            p.left = from;
            p.right = to;
        }
        if (i > 0 && p.space_before == 0 && !is_cjk(charset.code_point(p.character->label)))
            gaps.push_back(p.left - pieces[i - 1].right);
    }
    double usual_gap = -1;
    if (!gaps.empty()) {
        std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2), gaps.end());
        usual_gap = std::max(0.0, gaps[gaps.size() / 2]);
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const Piece& p = pieces[i];
        if (i == 0 || keep_space(charset, pieces[i - 1], p, em, usual_gap)) line.words.emplace_back();
        Word& word = line.words.back();
        Glyph glyph{charset.text(p.character->label), box_of(g, p.left, p.right, ink.top, ink.bottom, page),
                    p.character->confidence};
        for (const CtcChar::Rival& rival : p.character->rivals)
            if (rival.label != 0 && charset.code_point(rival.label) != U' ')
                glyph.variants.push_back({charset.text(rival.label), rival.confidence});
        word.text += glyph.text;
        word.box = word.glyphs.empty() ? glyph.box : unite(word.box, glyph.box);
        word.confidence += glyph.confidence;
        word.glyphs.push_back(std::move(glyph));
        const int from = std::clamp(static_cast<int>(p.left), 0, g.width - 1);
        out.contrasts.push_back(
            ink.contrast_of(from, std::clamp(static_cast<int>(std::ceil(p.right)), from + 1, g.width)));
    }
    for (Word& word : line.words) word.confidence /= static_cast<double>(word.glyphs.size());
    refresh_line(line);
    out.skipped = count_skipped(charset, pieces, step);
    return out;
}

} // namespace recto::reading
