#include "stages/reading/calibrate.h"

#include <algorithm>
#include <cmath>

#include "stages/reading/confidence_trace.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

struct Coefficients {
    double constant, own, line;
};

enum Kind : std::size_t { kHan, kLetter, kMark, kOther };

/// By reader, for Chinese characters, letters, marks of lines without Chinese, and figures and other marks (bench/fit_confidence.sh).
/// Tesseract is not asked about Chinese where another engine is there: one row for all but letters and marks. The clearest of lines
/// says nothing of its marks: a comma is a stop less a speck.
constexpr Coefficients kFit[5][4] = {
    {{-0.25, 0.82, 0.08}, {-1.20, 0.60, 0.91}, {-1.20, 0.60, 0.91}, {-1.20, 0.60, 0.91}},
    {{-0.93, 0.59, 0.53}, {-1.37, 0.58, 0.42}, {-0.42, 0.53, 0.00}, {-0.73, 0.47, 0.30}},
    {{-4.91, 0.93, 0.65}, {-7.54, 1.69, 0.82}, {-4.91, 0.93, 0.65}, {-4.91, 0.93, 0.65}},
    {{-4.91, 0.93, 0.65}, {-9.96, 1.88, 1.11}, {-3.99, 1.27, 0.00}, {-4.91, 0.93, 0.65}},
    {{0.73, 1.29, -0.18}, {-0.03, 0.86, 0.11}, {-0.03, 0.86, 0.11}, {-0.03, 0.86, 0.11}},
};

/// Confidences nearer to 0 or 1 than this are rounding, not knowledge; of letters the small network knows more.
struct Grains {
    double own, line;
};
constexpr Grains kGrains{0.0002, 0.002}, kGrainsOfLetters{0.00005, 0.0005};

double logit(double p, double grain) {
    p = std::clamp(p, grain, 1 - grain);
    return std::log(p / (1 - p));
}

bool begins_han(const std::string& text) {
    const std::u32string points = decode_utf8(text);
    return !points.empty() && is_han(points[0]);
}

/// `chinese`: of a character in a line with Chinese ones.
Kind kind_of(const std::string& text, bool chinese) {
    const std::u32string points = decode_utf8(text);
    if (points.empty() || points[0] == kBadUtf8) return kOther;
    if (is_han(points[0])) return kHan;
    if (is_letter(text)) return kLetter;
    return !chinese && is_latin_mark(text) ? kMark : kOther;
}

/// The share that is right, by the character's own confidence and its line's mean.
double worth(Reader reader, Kind kind, double raw, double line_mean) {
    const Grains& grains = reader == Reader::Small && kind == kLetter ? kGrainsOfLetters : kGrains;
    const double own = logit(raw, grains.own), mean = logit(line_mean, grains.line);
    const auto& fits = kFit[static_cast<std::size_t>(reader)];
    const auto by = [&](const Coefficients& c) { return c.constant + c.own * own + c.line * mean; };
    double sum = by(fits[kind]);
    // Tesseract's letters: flat where it doubts, steep where it is sure. One line through both would make nothing of the former.
    const bool tesseract = reader == Reader::Tesseract || reader == Reader::SecondOpinion;
    if (tesseract && kind == kLetter) sum = std::max(sum, by(fits[kOther]));
    return 1 / (1 + std::exp(-sum));
}

} // namespace

void calibrate(TextLine& line, Reader reader) {
    double sum = 0, count = 0;
    bool chinese = false;
    for (const Word& word : line.words)
        for (const Glyph& glyph : word.glyphs) sum += glyph.confidence, ++count, chinese |= begins_han(glyph.text);
    if (count == 0) return;
    double total = 0;
    for (Word& word : line.words) {
        if (word.glyphs.empty()) continue;
        double of_word = 0;
        for (Glyph& glyph : word.glyphs) {
            const double raw = glyph.confidence;
            glyph.confidence = worth(reader, kind_of(glyph.text, chinese), raw, sum / count);
            trace_reading(glyph, reader, raw, sum / count);
            // What is left of certainty is shared among the rivals as the engine shares it.
            const double rest = (1 - glyph.confidence) / std::max(1e-3, 1 - raw);
            for (Alternative& v : glyph.variants) v.confidence = std::min(1.0, v.confidence * rest);
            of_word += glyph.confidence;
        }
        total += of_word;
        word.confidence = of_word / static_cast<double>(word.glyphs.size());
    }
    line.confidence = total / count;
}

} // namespace recto::reading
