#include "stages/reading/page_number.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "stages/reading/boxes.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

/// What is read of the dash of a page number.
constexpr std::u32string_view kDashes = U"-‐‑‒–—―−－﹣一ー_";

// In heights of the figures:
constexpr double kShortestDash = 0.5, kLongestDash = 2.4, kThickestDash = 0.25, kWidestGap = 1.8;
constexpr double kHigherDash = 0.15;  ///< One than the other.
constexpr double kSpeck = 0.02;       ///< Area, of the square of that height.
constexpr double kAlike = 1.4;        ///< Most that one is longer.
constexpr double kInkOfNumber = 0.02; ///< Least share of its place, which may be wide, that a thin figure covers.
constexpr int kLeastContrast = 25;    ///< Grey levels between print and paper.

/// Where the dashes of a page number are looked for: in heights of its figures, from both of its ends.
constexpr double kDashesWithin = 3.5;
constexpr int kRows = 56; ///< Of the picture in which they are looked for.

bool looks_like_dash(char32_t c) { return kDashes.find(c) != std::u32string_view::npos; }

bool is_figure(const Glyph& glyph) { return glyph.text.size() == 1 && glyph.text[0] >= '0' && glyph.text[0] <= '9'; }

/// The level that a share of the pixels is darker than.
int level_at(const cv::Mat& grey, double share) {
    std::array<int, 256> bins{};
    for (int y = 0; y < grey.rows; ++y)
        for (int x = 0; x < grey.cols; ++x) ++bins[grey.at<std::uint8_t>(y, x)];
    const double wanted = share * static_cast<double>(grey.total());
    int level = 0;
    for (double below = bins[0]; level < 255 && below <= wanted; below += bins[static_cast<std::size_t>(++level)]) {}
    return level;
}

} // namespace

PageNumber page_number(const TextLine& line) {
    PageNumber out;
    std::u32string text = decode_utf8(line.text);
    std::erase(text, U' ');
    if (!text.empty() && looks_like_dash(text.front())) text.erase(0, 1), out.before = true;
    if (!text.empty() && looks_like_dash(text.back())) text.pop_back(), out.after = true;
    const auto is_figure = [](char32_t c) { return c >= U'0' && c <= U'9'; };
    if (text.empty() || text.size() > 4 || !std::ranges::all_of(text, is_figure)) return {};
    out.figures = std::move(text);
    return out;
}

bool is_dash(const TextLine& line) {
    const std::u32string text = decode_utf8(line.text);
    return text.size() == 1 && looks_like_dash(text[0]);
}

std::optional<DashesAround> find_dashes(const cv::Mat& strip, const cv::Rect& figures) {
    const cv::Rect inside = figures & cv::Rect(0, 0, strip.cols, strip.rows);
    if (inside.width < 2 || inside.height < 8) return std::nullopt;
    const int paper = level_at(strip, 0.6), print = level_at(strip(inside), kInkOfNumber);
    if (paper - print < kLeastContrast) return std::nullopt;
    const int between = (paper + print) / 2;
    cv::Mat labels, stats, centres;
    const int n = cv::connectedComponentsWithStats(strip < between, labels, stats, centres, 8, CV_32S);
    const double h = inside.height;
    const auto middle = [](const cv::Rect& r) { return r.y + r.height / 2.0; };
    std::vector<cv::Rect> bars;
    cv::Rect number;
    for (int i = 1; i < n; ++i) {
        const int* s = stats.ptr<int>(i);
        const cv::Rect box(s[cv::CC_STAT_LEFT], s[cv::CC_STAT_TOP], s[cv::CC_STAT_WIDTH], s[cv::CC_STAT_HEIGHT]);
        if (s[cv::CC_STAT_AREA] < kSpeck * h * h) continue;
        const bool level = box.width >= kShortestDash * h && box.width <= kLongestDash * h &&
                           box.height <= kThickestDash * h && std::abs(middle(box) - middle(inside)) <= h / 4;
        if (level) bars.push_back(box);
        else if ((box & inside).empty()) return std::nullopt; // print goes on
        else number |= box;
    }
    if (bars.size() != 2 || number.empty()) return std::nullopt;
    DashesAround out{bars[0], bars[1], number};
    if (out.before.x > out.after.x) std::swap(out.before, out.after);
    const int gap_before = number.x - out.before.br().x, gap_after = out.after.x - number.br().x;
    if (std::min(gap_before, gap_after) < 0 || std::max(gap_before, gap_after) > kWidestGap * h) return std::nullopt;
    const auto [shorter, longer] = std::minmax(out.before.width, out.after.width);
    if (longer > kAlike * shorter || std::abs(middle(out.before) - middle(out.after)) > kHigherDash * h)
        return std::nullopt;
    return out;
}

double confidence_of_figures(const TextLine& line) {
    if (page_number(line).figures.empty()) return line.confidence;
    double sum = 0, count = 0;
    for (const Word& word : line.words)
        for (const Glyph& glyph : word.glyphs)
            if (is_figure(glyph)) sum += glyph.confidence, ++count;
    return sum / std::max(1.0, count);
}

void complete_page_numbers(std::vector<ReadLine>& lines, const std::vector<TextRegion>& regions, Pyramid& pyramid,
                           double least_confidence) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const TextLine& line = lines[i].line;
        const PageNumber number = page_number(line);
        if (line.vertical || number.figures.empty() || (number.before && number.after)) continue;
        const Box own = bounds(regions[i].quad);
        const auto is_beside = [&](const TextLine& other) {
            return &other != &line && !other.text.empty() && other.box.y < own.y + 1.5 * own.height &&
                   other.box.y + other.box.height > own.y - 0.5 * own.height;
        };
        const auto is_print = [&](const ReadLine& l) {
            return l.line.confidence >= least_confidence && !is_dash(l.line) && is_beside(l.line);
        };
        if (std::ranges::any_of(lines, is_print)) continue;

        std::vector<Glyph> figures;
        std::vector<float> contrasts;
        std::size_t at = 0;
        for (const Word& word : line.words)
            for (const Glyph& glyph : word.glyphs) {
                const float contrast = lines[i].contrasts[at++];
                if (!is_figure(glyph)) continue;
                figures.push_back(glyph);
                contrasts.push_back(contrast);
            }
        if (figures.empty()) continue;
        Box here = figures.front().box;
        for (const Glyph& glyph : figures) here = unite(here, glyph.box);
        const double aside = kDashesWithin * here.height, above = 0.3 * here.height;
        const double left = here.x - aside, right = here.x + here.width + aside, top = here.y - above,
                     bottom = here.y + here.height + above;
        StripGeometry g;
        const cv::Mat strip =
            cut_line(pyramid, {{{left, top}, {right, top}, {right, bottom}, {left, bottom}}}, false, kRows, g);
        const double scale = strip.rows / (bottom - top);
        const cv::Rect inside(cvRound(aside * scale), cvRound(above * scale), cvRound(here.width * scale),
                              cvRound(here.height * scale));
        const auto dashes = find_dashes(strip, inside);
        if (!dashes) continue;
        ReadLine whole;
        const auto add = [&](std::string text, const Box& box, double confidence, float contrast) {
            Word word;
            word.text = text;
            word.box = box;
            word.confidence = confidence;
            word.glyphs.push_back({std::move(text), box, confidence, {}});
            whole.line.words.push_back(std::move(word));
            whole.contrasts.push_back(contrast);
        };
        const auto on_page = [&](const cv::Rect& r) {
            return Box{left + r.x / scale, here.y, r.width / scale, here.height};
        };
        add("—", on_page(dashes->before), line.confidence, contrasts.front());
        Word middle;
        middle.box = on_page(dashes->number);
        for (std::size_t k = 0; k < figures.size(); ++k) {
            Box& box = figures[k].box; // it may have taken in a dash
            const double from = std::clamp(box.x, middle.box.x, middle.box.x + middle.box.width);
            const double to = std::clamp(box.x + box.width, from, middle.box.x + middle.box.width);
            if (to > from) box.x = from, box.width = to - from;
            else box.x = middle.box.x, box.width = middle.box.width;
            middle.text += figures[k].text;
            middle.confidence += figures[k].confidence / static_cast<double>(figures.size());
            middle.glyphs.push_back(figures[k]);
            whole.contrasts.push_back(contrasts[k]);
        }
        whole.line.words.push_back(std::move(middle));
        add("—", on_page(dashes->after), line.confidence, contrasts.front());
        refresh_line(whole.line);
        for (ReadLine& l : lines) // found as lines by themselves
            if (is_dash(l.line) && is_beside(l.line) && share_within(l.line.box, {whole.line.box}) > 0.5) l = {};
        lines[i] = std::move(whole);
    }
}

} // namespace recto::reading
