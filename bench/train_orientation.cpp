// Makes stages/treatment/orient_weights.inc: trains the small classifier of stages/treatment/orient_model.h on type
// rendered from installed fonts. Fixed seed; about two minutes on one core. Usage:
//   train_orientation OUT.inc FONT...
// Fonts with Han characters are used for Chinese, all for Latin. Lines are rendered, degraded as scans are (blur, noise,
// thin and fat strokes, slight skew), cut by the same code that the stage uses, and turned by quarter turns.

#include <ft2build.h>
#include FT_FREETYPE_H

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "stages/treatment/orient_model.h"

using namespace recto::treat;

namespace {
std::mt19937 engine(20261122);
double uniform(double a, double b) { return std::uniform_real_distribution<double>(a, b)(engine); }
int whole(int a, int b) { return std::uniform_int_distribution<int>(a, b)(engine); }

/// The characters of GB 2312 level 1 (3755, the common ones) and of Big5 level 1 (5401, traditional).
std::vector<char32_t> han() {
    std::vector<char32_t> out;
    const auto add = [&](const char* code, int hi0, int hi1, int lo0, int lo1) {
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
    };
    add("GB2312", 0xB0, 0xD7, 0xA1, 0xFE);
    add("BIG5", 0xA4, 0xC6, 0x40, 0xFE);
    return out;
}

struct Font {
    FT_Face face = nullptr;
    bool han = false;
};

/// Draws `text` on one line (or upright in one column) and returns its ink, tight.
cv::Mat draw(const Font& font, const std::u32string& text, int em, bool column) {
    FT_Set_Pixel_Sizes(font.face, 0, static_cast<FT_UInt>(em));
    cv::Mat canvas(column ? static_cast<int>(text.size() + 2) * em * 5 / 4 + em : em * 3,
                   column ? em * 3 : static_cast<int>(text.size() + 2) * em * 5 / 4 + em, CV_8UC1, cv::Scalar(0));
    double x = em, y = 2 * em;
    const double gap = uniform(-0.02, column ? 0.15 : 0.08) * em;
    for (const char32_t c : text) {
        if (FT_Load_Char(font.face, c, FT_LOAD_RENDER | FT_LOAD_NO_HINTING)) continue;
        const FT_GlyphSlot g = font.face->glyph;
        const int ox = static_cast<int>(std::lround(x)) + g->bitmap_left,
                  oy = static_cast<int>(std::lround(y)) - g->bitmap_top;
        for (unsigned r = 0; r < g->bitmap.rows; ++r)
            for (unsigned k = 0; k < g->bitmap.width; ++k) {
                const int px = ox + static_cast<int>(k), py = oy + static_cast<int>(r);
                if (px < 0 || py < 0 || px >= canvas.cols || py >= canvas.rows) continue;
                auto& v = canvas.at<std::uint8_t>(py, px);
                v = std::max(v, g->bitmap.buffer[static_cast<int>(r) * g->bitmap.pitch + static_cast<int>(k)]);
            }
        if (column) y += em + gap;
        else x += static_cast<double>(g->advance.x) / 64 + gap;
    }
    return canvas;
}

cv::Mat tight(const cv::Mat& ink) {
    cv::Mat mask = ink > 90;
    std::vector<cv::Point> points;
    cv::findNonZero(mask, points);
    if (points.size() < 10) return {};
    return ink(cv::boundingRect(points));
}

std::u32string latin_text(int letters) {
    // English letter frequencies in per mille, a to z.
    static const std::array<double, 26> kFrequency = {82, 15, 28, 43, 127, 22, 20, 61, 70, 2,  8, 40, 24,
                                                      67, 75, 19, 1,  60,  63, 91, 28, 10, 24, 2, 20, 1};
    std::discrete_distribution<int> letter(kFrequency.begin(), kFrequency.end());
    std::u32string out;
    const int kind = whole(0, 9);
    while (static_cast<int>(out.size()) < letters) {
        const int n = whole(2, 9);
        for (int i = 0; i < n; ++i) {
            if (kind == 0) out += static_cast<char32_t>(U'A' + letter(engine));
            else if (kind == 1) out += static_cast<char32_t>(U'0' + whole(0, 9));
            else out += static_cast<char32_t>((i == 0 && whole(0, 5) == 0 ? U'A' : U'a') + letter(engine));
        }
        if (whole(0, 5) == 0) out += U".,;:!?"[whole(0, 5)];
        out += U' ';
    }
    out.resize(static_cast<std::size_t>(letters));
    return out;
}

struct Sample {
    Window window;
    int label;
};

void make(const std::vector<Font>& fonts, const std::vector<char32_t>& characters, std::size_t count,
          std::vector<Sample>& out) {
    std::vector<Window> windows;
    while (out.size() < count) {
        const Font& font = fonts[static_cast<std::size_t>(whole(0, static_cast<int>(fonts.size()) - 1))];
        const bool chinese = font.han && whole(0, 9) < 8;
        const bool column = chinese && whole(0, 1) == 0;
        std::u32string text;
        const int n = chinese ? whole(3, 10) : whole(3, 16);
        if (chinese) {
            static const std::u32string kMarks = U"，。、；：（）《》“”一二三0123456789年月日";
            for (int i = 0; i < n; ++i)
                text += whole(0, 7) == 0
                            ? kMarks[static_cast<std::size_t>(whole(0, static_cast<int>(kMarks.size()) - 1))]
                            : characters[static_cast<std::size_t>(whole(0, static_cast<int>(characters.size()) - 1))];
        } else text = latin_text(n);
        cv::Mat ink = draw(font, text, whole(13, 44), column);
        if (whole(0, 1)) {
            const cv::Mat t = cv::getRotationMatrix2D({ink.cols / 2.0F, ink.rows / 2.0F}, uniform(-1.2, 1.2), 1);
            cv::warpAffine(ink, ink, t, ink.size());
        }
        if (whole(0, 3) == 0) cv::dilate(ink, ink, cv::Mat::ones(whole(1, 2), whole(1, 2), CV_8UC1));
        if (whole(0, 5) == 0) cv::erode(ink, ink, cv::Mat::ones(whole(1, 2), whole(1, 2), CV_8UC1));
        if (whole(0, 2)) cv::GaussianBlur(ink, ink, {0, 0}, uniform(0.3, 1.4));
        if (whole(0, 2) == 0) {
            cv::Mat noise(ink.size(), CV_16SC1), wide;
            cv::randn(noise, 0, uniform(5, 40));
            ink.convertTo(wide, CV_16SC1);
            wide += noise;
            wide.convertTo(ink, CV_8UC1);
        }
        if (whole(0, 2) == 0) cv::threshold(ink, ink, whole(60, 150), 200, cv::THRESH_BINARY);
        else ink *= 200.0 / 255;
        cv::Mat band = tight(ink);
        if (band.empty()) continue;
        // As the stage sees it: a column is first turned clockwise to run across.
        int by = 0;
        if (column) {
            cv::rotate(band.clone(), band, cv::ROTATE_90_CLOCKWISE);
            by = 1;
        }
        if (band.cols < band.rows) continue;
        // The page lies turned by 0 or 180 degrees against that.
        if (whole(0, 1)) {
            cv::rotate(band.clone(), band, cv::ROTATE_180);
            by = (by + 2) % 4;
        }
        windows.clear();
        cut_windows(band, 6, windows);
        for (const Window& w : windows)
            if (out.size() < count) out.push_back({w, by});
    }
}

struct Net {
    std::vector<float> w1 = std::vector<float>(kHidden * kWindowPixels), b1 = std::vector<float>(kHidden);
    std::vector<float> w2 = std::vector<float>(4 * kHidden), b2 = std::vector<float>(4);
};

double forward(const Net& n, const Sample& s, std::array<float, kHidden>& h, std::array<float, 4>& p) {
    for (int i = 0; i < kHidden; ++i) {
        const float* row = n.w1.data() + static_cast<std::ptrdiff_t>(i) * kWindowPixels;
        float v = 0;
        for (int k = 0; k < kWindowPixels; ++k) v += row[k] * s.window[static_cast<std::size_t>(k)];
        h[static_cast<std::size_t>(i)] = std::max(0.0F, v + n.b1[static_cast<std::size_t>(i)]);
    }
    float top = -1e9F, sum = 0;
    for (std::size_t c = 0; c < 4; ++c) {
        float v = n.b2[c];
        for (std::size_t i = 0; i < kHidden; ++i) v += n.w2[c * kHidden + i] * h[i];
        p[c] = v;
        top = std::max(top, v);
    }
    for (auto& v : p) sum += v = std::exp(v - top);
    for (auto& v : p) v /= sum;
    return -std::log(std::max(1e-9F, p[static_cast<std::size_t>(s.label)]));
}
} // namespace

int main(int argc, char** argv) {
    if (argc < 3) return std::fprintf(stderr, "usage: train_orientation OUT.inc FONT...\n"), 64;
    cv::setNumThreads(1);
    cv::setRNGSeed(7);
    FT_Library library = nullptr;
    FT_Init_FreeType(&library);
    std::vector<Font> fonts;
    for (int i = 2; i < argc; ++i) {
        Font f;
        if (FT_New_Face(library, argv[i], 0, &f.face)) continue;
        f.han = FT_Get_Char_Index(f.face, U'的') != 0;
        fonts.push_back(f);
        if (f.han) { // Chinese is the harder half, and there are fewer founts of it
            fonts.push_back(f);
            fonts.push_back(f);
        }
    }
    if (fonts.empty()) return std::fprintf(stderr, "no font could be opened\n"), 66;
    const std::vector<char32_t> characters = han();
    std::vector<Sample> training, test;
    make(fonts, characters, 240000, training);
    make(fonts, characters, 12000, test);
    std::fprintf(stderr, "%zu windows\n", training.size());

    Net net;
    for (auto& v : net.w1) v = static_cast<float>(uniform(-1, 1) * std::sqrt(3.0 / kWindowPixels));
    for (auto& v : net.w2) v = static_cast<float>(uniform(-1, 1) * std::sqrt(3.0 / kHidden));
    std::vector<float> m1(net.w1.size(), 0);
    constexpr int kEpochs = 14;
    constexpr int kBatch = 32;
    std::vector<float> g1(net.w1.size());
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
        std::shuffle(training.begin(), training.end(), engine);
        const double rate = 0.06 * (0.5 * (1 + std::cos(3.14159265 * epoch / kEpochs)) + 0.01);
        double loss = 0;
        for (std::size_t at = 0; at + kBatch <= training.size(); at += kBatch) {
            std::fill(g1.begin(), g1.end(), 0.0F);
            std::array<float, kHidden> gb1{};
            std::array<float, 4 * kHidden> g2{};
            std::array<float, 4> gb2{};
            for (std::size_t k = 0; k < kBatch; ++k) {
                const Sample& s = training[at + k];
                std::array<float, kHidden> h{};
                std::array<float, 4> p{};
                loss += forward(net, s, h, p);
                p[static_cast<std::size_t>(s.label)] -= 1;
                std::array<float, kHidden> d{};
                for (std::size_t c = 0; c < 4; ++c) {
                    gb2[c] += p[c];
                    for (std::size_t i = 0; i < kHidden; ++i) {
                        g2[c * kHidden + i] += p[c] * h[i];
                        d[i] += p[c] * net.w2[c * kHidden + i];
                    }
                }
                for (std::size_t i = 0; i < kHidden; ++i) {
                    if (h[i] <= 0) continue;
                    gb1[i] += d[i];
                    float* row = g1.data() + i * kWindowPixels;
                    for (std::size_t q = 0; q < kWindowPixels; ++q) row[q] += d[i] * s.window[q];
                }
            }
            const auto r = static_cast<float>(rate / kBatch), decay = static_cast<float>(rate * 1e-4);
            for (std::size_t i = 0; i < net.w1.size(); ++i) {
                m1[i] = 0.9F * m1[i] + g1[i] * r + net.w1[i] * decay;
                net.w1[i] -= m1[i] * 0.5F;
            }
            for (std::size_t i = 0; i < kHidden; ++i) net.b1[i] -= gb1[i] * r * 3;
            for (std::size_t i = 0; i < 4 * kHidden; ++i) net.w2[i] -= g2[i] * r * 3;
            for (std::size_t c = 0; c < 4; ++c) net.b2[c] -= gb2[c] * r * 3;
        }
        int right = 0;
        for (const Sample& s : test) {
            std::array<float, kHidden> h{};
            std::array<float, 4> p{};
            forward(net, s, h, p);
            right += std::max_element(p.begin(), p.end()) - p.begin() == s.label;
        }
        std::fprintf(stderr, "epoch %d loss %.4f test %.2f %%\n", epoch + 1,
                     loss / static_cast<double>(training.size()), 100.0 * right / static_cast<double>(test.size()));
    }

    std::ofstream out(argv[1]);
    out << "// Made by bench/train_orientation.cpp; do not edit.\n";
    out << "inline constexpr std::int8_t kHiddenWeights[] = {\n";
    std::vector<float> scales(kHidden);
    for (int i = 0; i < kHidden; ++i) {
        float most = 1e-9F;
        for (int k = 0; k < kWindowPixels; ++k)
            most = std::max(most, std::abs(net.w1[static_cast<std::size_t>(i * kWindowPixels + k)]));
        scales[static_cast<std::size_t>(i)] = most / 127;
        for (int k = 0; k < kWindowPixels; ++k) {
            out << std::lround(net.w1[static_cast<std::size_t>(i * kWindowPixels + k)] /
                               scales[static_cast<std::size_t>(i)])
                << ',';
            if (k % 40 == 39) out << '\n';
        }
    }
    const auto list = [&](const char* name, const std::vector<float>& v) {
        out << "};\ninline constexpr float " << name << "[] = {\n";
        for (std::size_t i = 0; i < v.size(); ++i) {
            char text[32];
            std::snprintf(text, sizeof text, "%.6eF,", static_cast<double>(v[i]));
            out << text << (i % 8 == 7 ? "\n" : "");
        }
    };
    list("kHiddenScale", scales);
    list("kHiddenBias", net.b1);
    list("kOutWeights", net.w2);
    list("kOutBias", net.b2);
    out << "};\n";
    return 0;
}
