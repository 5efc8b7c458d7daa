#include "bench/receipt.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace recto::bench {
namespace {
/// A character's dots on the printer's grid, or its smooth image.
struct Glyph {
    cv::Mat dots; ///< CV_8UC1, 0 or 255; empty: a blank.
    int left = 0, above = 0;
    double advance = 0;
};

/// `smooth`: in grey steps; else as few dots as the size has.
Glyph render(FT_Face face, char32_t c, bool smooth) {
    Glyph g;
    const FT_UInt index = FT_Get_Char_Index(face, c);
    const FT_Int32 how =
        smooth ? FT_LOAD_RENDER | FT_LOAD_NO_HINTING : FT_LOAD_RENDER | FT_LOAD_TARGET_MONO | FT_LOAD_FORCE_AUTOHINT;
    if (index == 0 || FT_Load_Glyph(face, index, how)) return g;
    const FT_Bitmap& bitmap = face->glyph->bitmap;
    g.left = face->glyph->bitmap_left;
    g.above = face->glyph->bitmap_top;
    g.advance = static_cast<double>(face->glyph->advance.x) / 64;
    g.dots = cv::Mat::zeros(static_cast<int>(bitmap.rows), static_cast<int>(bitmap.width), CV_8UC1);
    for (int y = 0; y < g.dots.rows; ++y)
        for (int x = 0; x < g.dots.cols; ++x) {
            const auto* row = bitmap.buffer + static_cast<std::ptrdiff_t>(y) * bitmap.pitch;
            g.dots.at<std::uint8_t>(y, x) =
                bitmap.pixel_mode == FT_PIXEL_MODE_MONO ? ((row[x / 8] >> (7 - x % 8)) & 1 ? 255 : 0) : row[x];
        }
    return g;
}

/// What prints: dots of one size on a grid whose steps differ across and down.
struct Printer {
    bool smooth = false;
    int rows = 9;                            ///< Of dots, of a character.
    double across = 2, down = 2, radius = 1; ///< Pixels.
    double stray = 0, lost = 0;              ///< Share of a step that a dot is off; share of dots that do not print.
    std::vector<double> strength;            ///< Of each needle or heating element, by row of the character.
};

void dot(cv::Mat& canvas, double x, double y, double radius, double strength) {
    const int x0 = std::max(0, static_cast<int>(x - radius - 1)), y0 = std::max(0, static_cast<int>(y - radius - 1));
    const int x1 = std::min(canvas.cols - 1, static_cast<int>(x + radius + 1)),
              y1 = std::min(canvas.rows - 1, static_cast<int>(y + radius + 1));
    for (int v = y0; v <= y1; ++v)
        for (int u = x0; u <= x1; ++u) {
            const double inside = std::clamp(radius + 0.5 - std::hypot(u - x, v - y), 0.0, 1.0);
            auto& at = canvas.at<std::uint8_t>(v, u);
            at = std::max(at, static_cast<std::uint8_t>(255 * inside * strength));
        }
}

/// `x`, `y`: the cell's left end on the base line; `wide`, `high`: how many times as large.
void print(const Glyph& g, const Printer& p, double x, double y, double wide, double high, Chance& chance,
           cv::Mat& canvas) {
    if (p.smooth) {
        if (g.dots.empty() || g.dots.cols * wide < 1 || g.dots.rows * high < 1) return;
        cv::Mat scaled;
        cv::resize(g.dots, scaled, {}, wide, high, cv::INTER_LINEAR);
        const cv::Rect to(static_cast<int>(x + g.left * wide), static_cast<int>(y - g.above * high), scaled.cols,
                          scaled.rows);
        const cv::Rect seen = to & cv::Rect(0, 0, canvas.cols, canvas.rows);
        if (seen.area() > 0) {
            cv::Mat part = canvas(seen);
            cv::max(part, scaled(seen - to.tl()), part);
        }
        return;
    }
    const double radius = p.radius * std::min(1.6, std::sqrt(wide * high));
    for (int r = 0; r < g.dots.rows; ++r)
        for (int k = 0; k < g.dots.cols; ++k) {
            if (g.dots.at<std::uint8_t>(r, k) == 0 || chance.real(0, 1) < p.lost) continue;
            const auto row = static_cast<std::size_t>(std::clamp(p.rows - g.above + r, 0, p.rows + 3));
            dot(canvas, x + (g.left + k + chance.real(-p.stray, p.stray)) * p.across * wide,
                y + (r - g.above + chance.real(-p.stray, p.stray)) * p.down * high, radius, p.strength[row]);
        }
}

Printer a_printer(bool han, Chance& chance) {
    Printer p;
    p.smooth = chance.one_in(3);
    const double letter = 8 * std::exp(chance.real(0, 1.25)); // pixels of a capital
    p.rows = han ? (chance.one_in(2) ? 16 : 24) : chance.whole(7, 13);
    p.down = letter * (han ? 1.5 : 1) / p.rows;
    p.across = p.down * chance.real(0.7, 1.3);
    const double step = std::max(p.down, p.across);
    p.radius = step * (chance.one_in(3) ? chance.real(0.28, 0.42) : chance.real(0.4, 0.8));
    p.stray = chance.one_in(2) ? 0 : chance.real(0, 0.2);
    p.lost = chance.one_in(3) ? chance.real(0, 0.12) : 0;
    p.strength.assign(static_cast<std::size_t>(p.rows) + 4, 1.0);
    if (chance.one_in(3))
        for (double& s : p.strength) s = chance.one_in(8) ? chance.real(0, 0.5) : chance.real(0.6, 1);
    return p;
}

std::u32string digits(Chance& chance, int n) {
    std::u32string out;
    while (n-- > 0) out += static_cast<char32_t>(U'0' + chance.whole(0, 9));
    return out;
}
std::u32string price(Chance& chance) { return digits(chance, chance.whole(1, 3)) + U"." + digits(chance, 2); }

const std::vector<std::u32string>& heads() {
    static const std::vector<std::u32string> kHeads = {
        U"total",   U"cash",       U"change", U"tax",  U"invoice", U"receipt", U"date",     U"time",     U"no",
        U"qty",     U"price",      U"amount", U"item", U"table",   U"cashier", U"rounding", U"subtotal", U"thank you",
        U"please",  U"come again", U"street", U"road", U"market",  U"shop",    U"tel",      U"fax",      U"member",
        U"balance", U"card",       U"goods",  U"sold", U"return",  U"within",  U"days",     U"ticket",   U"station"};
    return kHeads;
}

/// Letters anyhow: names of articles and shops.
std::u32string name_of(Chance& chance) {
    static const std::u32string kOften = U"eeeaaaiiooutnnrrsslldhcmpgbfkwyv";
    std::u32string out;
    for (int words = chance.whole(1, 3); words > 0; --words) {
        if (chance.one_in(3)) out += chance.of(heads());
        else
            for (int n = chance.whole(2, 8); n > 0; --n)
                out += kOften[static_cast<std::size_t>(chance.whole(0, static_cast<int>(kOften.size()) - 1))];
        out += U" ";
    }
    return out;
}
} // namespace

std::u32string receipt_line(Chance& chance, int cells) {
    const auto wide = static_cast<std::size_t>(cells);
    std::u32string left, right;
    switch (chance.whole(0, 9)) {
    case 0: return std::u32string(wide, U"-=*-_."[chance.whole(0, 5)]);
    case 1: left = name_of(chance) + digits(chance, chance.whole(3, 9)); break;
    case 2:
        left = digits(chance, 2) + U"/" + digits(chance, 2) + U"/" + digits(chance, 4) + U" " + digits(chance, 2) +
               U":" + digits(chance, 2);
        break;
    case 3: left = digits(chance, chance.whole(6, 13)); break;
    case 4:
    case 5: left = name_of(chance), right = price(chance); break;
    case 6: left = digits(chance, 1) + U" x " + price(chance), right = price(chance); break;
    case 7: left = chance.of(heads()) + U":", right = (chance.one_in(2) ? U"RM" : U"$") + price(chance); break;
    default: left = name_of(chance);
    }
    while (left.size() + right.size() < wide && !right.empty()) left += U' ';
    return left + right;
}

int set_receipt(FT_Face latin, FT_Face han, const std::vector<char32_t>& characters, Chance& chance, cv::Mat& canvas) {
    const Printer p = a_printer(han != nullptr, chance);
    const bool capitals = !chance.one_in(3), cells = !p.smooth || chance.one_in(2);
    // A capital is 0.7 of its size high; a Han character fills its size.
    const int size = p.smooth ? static_cast<int>(p.rows * p.down / (han ? 1 : 0.7)) : han ? p.rows : p.rows * 10 / 7;
    const double across = p.smooth ? 1 : p.across, down = p.smooth ? 1 : p.down;
    const double cell = size * across * chance.real(0.55, 0.75) * (han ? 0.85 : 1);
    const int pitch = static_cast<int>(size * down * chance.real(0.95, 1.6));
    const int columns = std::max(8, static_cast<int>(canvas.cols / std::max(2.0, cell)) - 1);
    for (FT_Face face : {latin, han})
        if (face) FT_Set_Pixel_Sizes(face, 0, static_cast<FT_UInt>(std::max(6, size)));
    for (int y = pitch; y < canvas.rows + pitch / 2; y += pitch) {
        std::u32string text;
        const bool in_han = han && !chance.one_in(3);
        if (in_han)
            for (int n = chance.whole(2, std::max(3, columns / 2)); n > 0; --n) text += chance.of(characters);
        else text = receipt_line(chance, columns);
        if (in_han && chance.one_in(2)) text += U"  " + price(chance);
        if (capitals)
            for (char32_t& c : text)
                if (c >= U'a' && c <= U'z') c -= 32;
        const bool large = chance.one_in(12);
        const double wide = large || chance.one_in(30) ? 2 : 1, high = large && chance.one_in(2) ? 2 : 1;
        double x = chance.one_in(3) ? canvas.cols * chance.real(0, 0.4) : cell * chance.real(-0.5, 1);
        for (const char32_t c : text) {
            if (x >= canvas.cols) break;
            const bool of_han = in_han && c >= U'一';
            const Glyph g = render(of_han ? han : latin, c, p.smooth);
            print(g, p, x, y, wide, high, chance, canvas);
            x += wide * (of_han ? size * across * 1.05 : cells ? cell : g.advance * across);
        }
        if (high > 1) y += pitch;
        if (chance.one_in(8)) y += pitch;
    }
    if (chance.one_in(6)) { // a threshold that follows the paper leaves only the rims of heavy strokes
        cv::Mat inner;
        cv::GaussianBlur(canvas, inner, {0, 0}, std::max(0.8, size * down * 0.05));
        cv::addWeighted(canvas, 1, inner, -chance.real(0.5, 0.9), 0, canvas);
        canvas *= 1.6;
    }
    if (chance.one_in(4)) // rows of heating elements, or a ribbon, that fade
        for (int y = 0; y < canvas.rows;) {
            const int rows = chance.whole(1, std::max(2, pitch / 2));
            if (chance.one_in(3)) canvas.rowRange(y, std::min(canvas.rows, y + rows)) *= chance.real(0.1, 0.8);
            y += rows;
        }
    return std::max(6, static_cast<int>(size * down));
}

} // namespace recto::bench
