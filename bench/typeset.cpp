#include "bench/typeset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "bench/chance.h"
#include "bench/receipt.h"

namespace recto::bench {
namespace {
/// The common characters of a double-byte code: GB 2312 level 1 (3755) or Big5 level 1 (5401, traditional).
std::vector<char32_t> han_of(const char* code, int hi0, int hi1, int lo0, int lo1) {
    std::vector<char32_t> out;
    iconv_t cd = iconv_open("UTF-32LE", code);
    for (int hi = hi0; hi <= hi1; ++hi)
        for (int lo = lo0; lo <= lo1; ++lo) {
            char in[2] = {static_cast<char>(hi), static_cast<char>(lo)};
            char32_t c = 0;
            char *ip = in, *op = reinterpret_cast<char*>(&c);
            std::size_t il = 2, ol = 4;
            if (iconv(cd, &ip, &il, &op, &ol) != static_cast<std::size_t>(-1) && c >= 0x4E00 && c <= 0x9FFF)
                out.push_back(c);
        }
    iconv_close(cd);
    return out;
}

const std::vector<std::u32string>& words() {
    static const std::vector<std::u32string> kWords = {
        U"the",    U"of",     U"and",      U"to",      U"in",      U"that",    U"was",      U"his",       U"with",
        U"which",  U"for",    U"from",     U"this",    U"have",    U"not",     U"report",   U"committee", U"under",
        U"letter", U"people", U"between",  U"year",    U"against", U"through", U"question", U"office",    U"would",
        U"being",  U"should", U"member",   U"country", U"they",    U"were",    U"their",    U"been",      U"upon",
        U"der",    U"die",    U"und",      U"nicht",   U"ſich",    U"daß",     U"eine",     U"für",       U"wird",
        U"auch",   U"werden", U"zwiſchen", U"über",    U"König",   U"haben",   U"durch",    U"Regierung", U"Zeit",
        U"les",    U"que",    U"dans",     U"pour",    U"avec",    U"été",     U"société",  U"monsieur",  U"quelques",
        U"et",     U"ad",     U"per",      U"quod",    U"della",   U"para",    U"como",     U"los",       U"een",
        U"total",  U"cash",   U"amount",   U"date",    U"invoice", U"number",  U"thank",    U"you",       U"price"};
    return kWords;
}

std::u32string latin_word(Chance& chance) {
    // English letter frequencies in per mille, a to z.
    static const std::array<int, 26> kPerMille = {82, 15, 28, 43, 127, 22, 20, 61, 70, 2,  8, 40, 24,
                                                  67, 75, 19, 1,  60,  63, 91, 28, 10, 24, 2, 20, 1};
    if (!chance.one_in(3)) return chance.of(words());
    std::u32string out;
    for (int n = chance.whole(2, 10); n > 0; --n) {
        int at = chance.whole(0, 999);
        char32_t c = U'a';
        while (c < U'z' && (at -= kPerMille[c - U'a']) >= 0) ++c;
        out += c;
    }
    return out;
}

std::u32string figures(Chance& chance) {
    std::u32string out;
    const int kind = chance.whole(0, 5);
    const auto digits = [&](int n) {
        while (n-- > 0) out += static_cast<char32_t>(U'0' + chance.whole(0, 9));
    };
    if (kind == 0) out += chance.one_in(2) ? U"RM " : chance.one_in(2) ? U"$" : U"";
    digits(chance.whole(1, 4));
    if (kind <= 2) out += chance.one_in(4) ? U',' : U'.', digits(2);
    if (kind == 3) out += U'/', digits(2), out += U'/', digits(4);
    if (kind == 4) out += U':', digits(2);
    if (kind == 5) digits(4), out += chance.one_in(2) ? U"%" : U"-";
    return out;
}

std::u32string latin_line(Chance& chance, bool capitals, bool numbers, int letters) {
    std::u32string out;
    while (static_cast<int>(out.size()) < letters) {
        std::u32string w = numbers && !chance.one_in(3) ? figures(chance) : latin_word(chance);
        const bool first = chance.one_in(7);
        for (std::size_t i = 0; i < w.size(); ++i)
            if ((capitals || (first && i == 0)) && w[i] >= U'a' && w[i] <= U'z') w[i] -= 32;
        out += w;
        if (chance.one_in(8)) out += U".,;:-!?"[chance.whole(0, 6)];
        out += numbers && chance.one_in(3) ? U"    " : U" ";
    }
    return out;
}

char32_t han_mark(Chance& chance) {
    static const std::u32string kMarks = U"，。，。、；：（）《》“”一二三0123456789年月日";
    return kMarks[static_cast<std::size_t>(chance.whole(0, static_cast<int>(kMarks.size()) - 1))];
}

/// Draws a character with its origin at (x, y); returns its advance, 0 where the font lacks it.
double draw(FT_Face face, char32_t c, double x, double y, cv::Mat& canvas) {
    const FT_UInt glyph = FT_Get_Char_Index(face, c);
    if (glyph == 0 || FT_Load_Glyph(face, glyph, FT_LOAD_RENDER | FT_LOAD_NO_HINTING)) return 0;
    const FT_GlyphSlot g = face->glyph;
    const int ox = static_cast<int>(std::lround(x)) + g->bitmap_left,
              oy = static_cast<int>(std::lround(y)) - g->bitmap_top;
    if (g->bitmap.pixel_mode == FT_PIXEL_MODE_GRAY)
        for (int r = std::max(0, -oy); r < static_cast<int>(g->bitmap.rows) && oy + r < canvas.rows; ++r) {
            auto* row = canvas.ptr<std::uint8_t>(oy + r);
            const auto* from = g->bitmap.buffer + static_cast<std::ptrdiff_t>(r) * g->bitmap.pitch;
            for (int k = std::max(0, -ox); k < static_cast<int>(g->bitmap.width) && ox + k < canvas.cols; ++k)
                row[ox + k] = std::max(row[ox + k], from[k]);
        }
    return static_cast<double>(g->advance.x) / 64;
}

void draw_line(FT_Face face, const std::u32string& text, double x, double y, double gap, cv::Mat& canvas) {
    for (const char32_t c : text) {
        if (x >= canvas.cols) return;
        const double advance = draw(face, c, x, y, canvas);
        if (advance > 0) x += advance + gap;
    }
}

void rule(cv::Mat& canvas, cv::Point a, cv::Point b, int thick, Chance& chance) {
    cv::line(canvas, a, b, cv::Scalar(chance.whole(150, 255)), thick);
}

/// Lines across, Latin or Chinese.
void set_lines(FT_Face face, Kind kind, const std::vector<char32_t>& characters, int em, Chance& chance,
               cv::Mat& canvas) {
    const bool han = kind == Kind::HanLines;
    const double pitch = em * (han ? chance.real(1.05, 2.2) : chance.real(0.95, 1.9));
    const double gap = em * (han ? chance.real(-0.03, 0.15) : chance.real(-0.02, chance.one_in(6) ? 0.3 : 0.05));
    const bool capitals = kind == Kind::Figures ? chance.one_in(2) : chance.one_in(7);
    const bool grid = chance.one_in(9);
    for (double y = em * chance.real(0.6, 1.5); y < canvas.rows; y += pitch * (chance.one_in(10) ? 2 : 1)) {
        const double x = chance.one_in(5) ? canvas.cols * chance.real(0, 0.5) : em * chance.real(-0.5, 1);
        std::u32string text;
        if (han)
            for (int n = chance.one_in(6) ? 6 : canvas.cols / em + 2; n > 0; --n)
                text += chance.one_in(8) ? han_mark(chance) : chance.of(characters);
        else text = latin_line(chance, capitals, kind == Kind::Figures, chance.one_in(6) ? 12 : 3 * canvas.cols / em);
        draw_line(face, text, x, y, gap, canvas);
        if (grid && chance.one_in(2)) {
            const int at = static_cast<int>(y + 0.3 * pitch);
            rule(canvas, {0, at}, {canvas.cols, at}, chance.whole(1, 2), chance);
        }
    }
    if (grid)
        for (int x = chance.whole(0, 4 * em); x < canvas.cols; x += chance.whole(4 * em, 12 * em))
            rule(canvas, {x, 0}, {x, canvas.rows}, chance.whole(1, 2), chance);
}

/// Columns from top to bottom, from right to left; woodblock prints have rules between them, a heavy frame, and notes in
/// two small columns.
void set_columns(FT_Face face, bool woodblock, const std::vector<char32_t>& characters, int em, Chance& chance,
                 cv::Mat& canvas) {
    const double wide = em * (woodblock ? chance.real(1.1, 1.8) : chance.real(1.05, 2.2));
    const double step = em * chance.real(0.85, 1.2);
    const bool rules = woodblock && !chance.one_in(4), notes = woodblock && chance.one_in(3);
    const int heavy = woodblock ? chance.whole(0, em / 6) : 0, thin = chance.whole(1, std::max(1, em / 16));
    const int top = heavy > 0 && chance.one_in(2) ? chance.whole(0, 2 * em) : -10 * em;
    for (double right = canvas.cols - chance.real(0, wide); right > 0; right -= wide) {
        if (rules) {
            const int x = static_cast<int>(std::lround(right));
            rule(canvas, {x, std::max(0, top)}, {x, canvas.rows}, thin, chance);
        }
        double y = chance.one_in(4) ? canvas.rows * chance.real(0, 0.5) : std::max(0, top) + em * chance.real(0.0, 0.6);
        const double end = chance.one_in(8) ? canvas.rows * chance.real(0.2, 1) : canvas.rows + em;
        int small = 0;
        while (y < end) {
            if (small == 0 && notes && chance.one_in(5)) small = chance.whole(2, 8);
            const double x = right - wide / 2;
            if (small > 0) {
                FT_Set_Pixel_Sizes(face, 0, static_cast<FT_UInt>(std::max(8, em * 11 / 20)));
                y += 0.6 * step;
                draw(face, chance.of(characters), x + 0.02 * em, y, canvas);
                draw(face, chance.of(characters), x - 0.55 * em, y, canvas);
                FT_Set_Pixel_Sizes(face, 0, static_cast<FT_UInt>(em));
                --small;
                continue;
            }
            y += step;
            if (!woodblock && chance.one_in(10)) draw(face, U"、。」一"[chance.whole(0, 3)], x - em / 2.0, y, canvas);
            else draw(face, chance.of(characters), x - em / 2.0 + chance.real(-0.06, 0.06) * em, y - 0.1 * em, canvas);
        }
    }
    if (heavy > 0 && top >= 0) rule(canvas, {0, top}, {canvas.cols, top}, heavy + 1, chance);
}

void add_noise(cv::Mat& ink, double deviation, cv::RNG& rng) {
    cv::Mat noise(ink.size(), CV_16SC1), wide;
    rng.fill(noise, cv::RNG::NORMAL, 0, deviation);
    ink.convertTo(wide, CV_16SC1);
    wide += noise;
    wide.convertTo(ink, CV_8UC1);
}

/// Strokes made heavier or thinner by up to a share of the character's size, with ragged edges where the print is old.
void press(cv::Mat& ink, int em, bool woodblock, Chance& chance, cv::RNG& rng) {
    const int reach = std::max(1, static_cast<int>(std::lround(em * chance.real(0.02, woodblock ? 0.08 : 0.05)))) + 1;
    const int shape = chance.one_in(2) ? cv::MORPH_ELLIPSE : cv::MORPH_RECT;
    if (chance.one_in(woodblock ? 2 : 4)) cv::dilate(ink, ink, cv::getStructuringElement(shape, {reach, reach}));
    else if (chance.one_in(8) && em > 20) cv::erode(ink, ink, cv::getStructuringElement(shape, {2, 2}));
    if (!chance.one_in(woodblock ? 2 : 5)) return;
    cv::Mat grain(std::max(2, ink.rows / 2), std::max(2, ink.cols / 2), CV_8UC1);
    rng.fill(grain, cv::RNG::NORMAL, 128, chance.real(20, 70));
    cv::resize(grain, grain, ink.size(), 0, 0, cv::INTER_LINEAR);
    cv::GaussianBlur(ink, ink, {0, 0}, std::max(0.6, em * 0.03));
    cv::Mat wide;
    cv::addWeighted(ink, 1, grain, 0.8, -102, wide);
    cv::threshold(wide, ink, chance.whole(90, 150), 255, cv::THRESH_BINARY);
    cv::GaussianBlur(ink, ink, {0, 0}, 0.6);
}

/// What the scanner adds: few pixels, blur, thermal paper's pale bands, specks, a threshold, grain.
void scan(cv::Mat& ink, int em, Chance& chance, cv::RNG& rng) {
    const double lean = chance.one_in(3) ? 0 : chance.real(-2, 2);
    if (lean != 0) {
        const cv::Mat t = cv::getRotationMatrix2D({ink.cols / 2.0F, ink.rows / 2.0F}, lean, 1);
        cv::warpAffine(ink, ink, t, ink.size());
    }
    if (chance.one_in(3)) { // few pixels a letter, at least some nine
        const double scale = chance.real(std::clamp(9.0 / em, 0.3, 0.95), 1);
        const cv::Size whole = ink.size();
        cv::resize(ink, ink, {}, scale, scale, cv::INTER_AREA);
        if (chance.one_in(2))
            cv::resize(ink, ink, whole, 0, 0, chance.one_in(3) ? cv::INTER_NEAREST : cv::INTER_LINEAR);
    }
    if (!chance.one_in(3)) cv::GaussianBlur(ink, ink, {0, 0}, chance.real(0.3, 0.3 + em / 24.0));
    if (chance.one_in(8)) // thermal paper, worn ribbon
        for (int y = 0; y < ink.rows;) {
            const int high = chance.whole(1, em);
            ink.rowRange(y, std::min(ink.rows, y + high)) *= chance.real(0.3, 1);
            y += high;
        }
    if (chance.one_in(6))
        for (int n = chance.whole(5, ink.cols * ink.rows / 400); n > 0; --n)
            cv::circle(ink, {chance.whole(0, ink.cols - 1), chance.whole(0, ink.rows - 1)}, chance.whole(0, 2),
                       cv::Scalar(chance.one_in(4) ? 0 : 220), -1);
    if (chance.one_in(3)) cv::threshold(ink, ink, chance.whole(60, 160), 255, cv::THRESH_BINARY);
    else if (chance.one_in(2)) add_noise(ink, chance.real(3, 30), rng);
}
} // namespace

const char* name(Kind kind) {
    static constexpr const char* kNames[] = {"Latin",           "figures",   "Chinese lines",
                                             "Chinese columns", "woodblock", "receipt"};
    return kNames[static_cast<int>(kind)];
}

Typesetter::Typesetter(const std::vector<std::string>& fonts)
    : simplified_(han_of("GB2312", 0xB0, 0xD7, 0xA1, 0xFE)), traditional_(han_of("BIG5", 0xA4, 0xC6, 0x40, 0xFE)) {
    FT_Init_FreeType(&library_);
    for (const auto& path : fonts) {
        FT_Face face = nullptr;
        if (FT_New_Face(library_, path.c_str(), 0, &face)) continue;
        faces_.push_back(face);
        const bool han = FT_Get_Char_Index(face, U'其') != 0, latin = FT_Get_Char_Index(face, U'e') != 0;
        if (han) han_.push_back(face);
        if (latin && (!han || han_.size() % 4 == 0)) latin_.push_back(face);
    }
}

Typesetter::~Typesetter() {
    for (FT_Face f : faces_) FT_Done_Face(f);
    FT_Done_FreeType(library_);
}

Block Typesetter::set(std::uint32_t seed, int side) {
    Chance chance(seed);
    cv::RNG rng(seed * 2654435761U + 1);
    static constexpr std::array<Kind, 12> kShares = {
        Kind::Latin,    Kind::Latin,    Kind::Latin,      Kind::Latin,      Kind::Figures,   Kind::Figures,
        Kind::HanLines, Kind::HanLines, Kind::HanColumns, Kind::HanColumns, Kind::Woodblock, Kind::Woodblock};
    Block block;
    block.kind = kShares[static_cast<std::size_t>(chance.whole(0, 11))];
    const bool latin = block.kind == Kind::Latin || block.kind == Kind::Figures, wood = block.kind == Kind::Woodblock;
    FT_Face face = chance.of(latin ? latin_ : han_);
    const bool old = wood || (!latin && FT_Get_Char_Index(face, U'这') == 0) || chance.one_in(3);
    const auto& characters = old ? traditional_ : simplified_;
    const int em =
        std::min(side / 5, wood ? chance.whole(22, 72) : static_cast<int>(13 * std::exp(chance.real(0, 1.4))));
    FT_Set_Pixel_Sizes(face, 0, static_cast<FT_UInt>(em));
    block.ink = cv::Mat(side * chance.whole(8, 12) / 10, side * chance.whole(8, 12) / 10, CV_8UC1, cv::Scalar(0));
    if (latin || block.kind == Kind::HanLines) set_lines(face, block.kind, characters, em, chance, block.ink);
    else set_columns(face, wood, characters, em, chance, block.ink);
    press(block.ink, em, wood, chance, rng);
    scan(block.ink, em, chance, rng);
    return block;
}

Block Typesetter::set_receipt(std::uint32_t seed, int side) {
    Chance chance(seed);
    cv::RNG rng(seed * 2654435761U + 1);
    Block block;
    block.kind = Kind::Receipt;
    block.ink = cv::Mat(side * chance.whole(8, 12) / 10, side * chance.whole(8, 12) / 10, CV_8UC1, cv::Scalar(0));
    FT_Face latin = chance.of(latin_), han = chance.one_in(4) ? chance.of(han_) : nullptr;
    const int em = bench::set_receipt(latin, han, traditional_, chance, block.ink);
    if (chance.one_in(3)) press(block.ink, em, false, chance, rng);
    scan(block.ink, em, chance, rng);
    return block;
}

} // namespace recto::bench
